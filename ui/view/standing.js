// Where we stand with each destination, in the head of every screen; all of it and what to do about it in a dialog.

import { h, said } from "../dom.js";
import { state, ui, open, ask, go, close } from "../store.js";
import { t, duration } from "../speak.js";
import { sign } from "./sign.js";
import { button } from "./button.js";
import { failureNote } from "./failure.js";
import { dialog } from "./dialog.js";

/** @typedef {import("../types.d.ts").Destination} Destination */

/** @type {Record<string, [string, string]>} sign and tone */
const LOOK = {
  ready: ["check", "ok"],
  offline: ["offline", "wait"],
  needs_sign_in: ["key", "wait"],
  trouble: ["cross", "bad"],
  unknown: ["dash", ""],
};
const WORST_FIRST = ["trouble", "needs_sign_in", "offline", "unknown", "ready"];

/** Those that something can be sent to: one that was only given to the command line has no name, and cannot be chosen. */
export const named = () => state().destinations.filter((one) => one.name !== null);

/** What a person calls it. @param {Destination} destination */
export function nameOf(destination) {
  // Where a person's destination has the usual name, a number stands behind it.
  if (destination.practice) return `${t("destination.practice")}${destination.name?.match(/ \d+$/)?.[0] ?? ""}`;
  if (destination.name) return destination.name;
  try {
    return new URL(destination.url).host;
  } catch {
    return destination.url;
  }
}

/** The words of its standing. @param {Destination} one */
export function standingWords(one) {
  const seconds = one.tries_again_at ? Math.ceil((one.tries_again_at - ui.now) / 1000) : 0;
  if (one.standing === "offline" && seconds > 0) return t("standing.offline_until", { time: duration(seconds) });
  return t(`standing.${one.standing}`);
}

/** @param {Destination} one */
export const standingSign = (one) => sign(...LOOK[one.standing]);

export function standing() {
  const all = state().destinations;
  if (all.length === 0) return null;
  const show = () => open({ kind: "standing" });
  const sorted = [...all].sort((a, b) => WORST_FIRST.indexOf(a.standing) - WORST_FIRST.indexOf(b.standing));
  const few = sorted.slice(0, ui.wide ? 2 : 1);
  return few.map((one, at) =>
    h(
      "button",
      { type: "button", class: "pill", key: `standing ${one.id}`, "data-do": "standing", onclick: show },
      standingSign(one),
      h(
        "span",
        {},
        said(nameOf(one)),
        " ",
        standingWords(one),
        at === few.length - 1 && all.length > few.length
          ? ` ${t("standing.more", { n: all.length - few.length })}`
          : null,
      ),
    ),
  );
}

/** @param {import("../store.js").Dialog} self */
export function standingDialog(self) {
  const body = state().destinations.map((one) =>
    h(
      "div",
      { class: "cards", key: one.id },
      h(
        "div",
        { class: "card row" },
        standingSign(one),
        h(
          "div",
          { class: "what" },
          h("h3", {}, said(nameOf(one))),
          h("p", { class: "soft small" }, standingWords(one)),
          one.waiting_studies > 0
            ? h("p", { class: "soft small" }, t("standing.waiting", { n: one.waiting_studies }))
            : null,
        ),
        one.standing === "needs_sign_in" && one.failure?.code !== "sign_in_needed"
          ? button("sign_in", t("action.sign_in"), () => open({ kind: "sign_in", id: one.id }), { look: "first" })
          : one.standing === "ready" || one.failure
            ? null
            : button("destination_try_now", t("action.try_now"), () => ask("destination_try_now", { id: one.id })),
      ),
      one.failure
        ? failureNote(one.failure, {
            context: { destination: one.id },
            look: one.standing === "offline" ? "calm" : "bad",
          })
        : null,
    ),
  );
  const settings = () => {
    close(self);
    go("settings");
  };
  return dialog(self, t("standing.title"), body, button("settings", t("standing.settings"), settings));
}
