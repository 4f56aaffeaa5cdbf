// What is odd about a study, a series or an image: sign, colour and words together.

import { h } from "../dom.js";
import { t } from "../speak.js";
import { sign } from "./sign.js";

/** @typedef {import("../types.d.ts").Warning} Warning */

const BAD = new Set(["damaged", "unreadable", "conflict", "mixed_identity"]);

/** @param {Warning} one */
export function warningLine(one) {
  const tone = BAD.has(one.kind) ? "bad" : "wait";
  const icon = { bad: "cross", wait: "warn" }[tone];
  return h(
    "p",
    { class: `warning ${tone}`, key: one.kind, "data-warning": one.kind },
    sign(icon),
    h("span", {}, t(`warning.${one.kind}`, { n: one.count, of: one.of ?? one.count })),
  );
}
