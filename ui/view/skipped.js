// What on a source is not sent, and why, file by file.

import { h, said } from "../dom.js";
import { call } from "../backend.js";
import { state } from "../store.js";
import { bytes, t } from "../speak.js";
import { dialog } from "./dialog.js";
import { technical } from "./failure.js";
import { rows } from "./rows.js";

/** @typedef {import("../types.d.ts").Skipped} Skipped */
/** @typedef {Partial<Record<import("../types.d.ts").SkipReason, number>>} Reasons */

/** What belongs on a disc and is nobody's picture; the rest somebody should look at. */
const PLAIN = new Set(["not_dicom", "dicomdir", "empty", "duplicate", "link"]);

/** @param {Reasons} reasons @param {(reason: string) => boolean} counts */
const sum = (reasons, counts) =>
  Object.entries(reasons).reduce((all, [reason, n]) => (counts(reason) ? all + n : all), 0);

/** @param {Reasons} reasons */
export const plainSkips = (reasons) => sum(reasons, (reason) => PLAIN.has(reason));

/** @param {Reasons} reasons */
export const worrySkips = (reasons) => sum(reasons, (reason) => !PLAIN.has(reason));

const list = rows({
  fetch: (offset, limit) => call("review_skipped", { offset, limit }),
  row: (/** @type {Skipped} */ one, _, tab) =>
    h(
      "div",
      { class: "skipped", tabindex: tab ? "0" : "-1", "data-row": true },
      h("p", {}, said(one.path)),
      h(
        "p",
        { class: "soft small" },
        t(`skip.${one.reason}`),
        one.detail ? [" · ", technical(one.detail)] : null,
        " · ",
        h("span", { translate: "no" }, bytes(one.bytes)),
      ),
    ),
  key: (one) => one.path,
  height: 64,
});

/** @param {import("../store.js").Dialog} self */
export function skippedDialog(self) {
  const head = state().review;
  const total = head ? sum(head.skipped, () => true) : 0;
  return dialog(
    self,
    t("skipped.title", { n: total }),
    list.view(t("skipped.list"), head?.revision ?? 0, total),
    null,
    { look: "long" },
  );
}
