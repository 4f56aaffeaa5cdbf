// A failure: what happened, is anything lost, what to do now, and a button that does it.

import { h, said } from "../dom.js";
import { t, has } from "../speak.js";
import { change, ui } from "../store.js";
import { remedy } from "../remedies.js";
import { sign } from "./sign.js";
import { button } from "./button.js";

/** @typedef {import("../types.d.ts").Failure} Failure */

/** The three sentences. A code that we have no words for says what the backend said. @param {Failure} failure */
export function sentences(failure) {
  const key = `code.${failure.code}`;
  if (isWorded(failure)) return ["happened", "lost", "now"].map((part) => t(`${key}.${part}`));
  const own = [failure.message, failure.hint].filter(Boolean);
  return own.length > 0 ? own : ["happened", "lost", "now"].map((part) => t(`code.internal.${part}`));
}

/** @param {Failure} failure @param {{ extra?: string | null }} [more] */
export const failureText = (failure, { extra } = {}) =>
  h(
    "div",
    { class: "what failure" },
    sentences(failure).map((sentence, at) =>
      h("p", { class: at === 0 ? "happened" : null, lang: isWorded(failure) ? null : "en" }, sentence),
    ),
    h(
      "p",
      { class: "soft small" },
      t("failure.code"),
      " ",
      said(failure.code),
      extra ? said(` · ${extra}`) : null,
    ),
    failure.detail ? h("p", { class: "soft small" }, technical(failure.detail)) : null,
  );

/** What the core says to those who look closer: in English in every language, and marked as that. @param {string} detail */
export const technical = (detail) => [t("failure.detail"), " ", said(detail, { lang: "en" })];

/** @param {Failure} failure */
const isWorded = (failure) => has(`code.${failure.code}.happened`);

/**
 * @param {Failure} failure
 * @param {{ context?: import("../remedies.js").Context, after?: any, extra?: string | null, look?: string }} [more]
 */
export function failureNote(failure, { context = {}, after, extra, look = "bad" } = {}) {
  const act = remedy(failure, context);
  return h(
    "div",
    { class: `note ${look}`, key: `failure ${failure.code}`, "data-code": failure.code },
    sign(look === "bad" ? "cross" : "warn"),
    failureText(failure, { extra }),
    h("div", { class: "buttons" }, act ? button(`remedy_${act.name}`, act.words, act.act) : null, after),
  );
}

/** Dialogs in which a destination is typed. */
const FORMS = ["destination", "sign_in"];

/** The last refusal of a command. */
export function refusal() {
  const { failure, again } = ui;
  if (!failure) return null;
  const away = () => change({ failure: null, again: null });
  const form = ui.first === true || FORMS.includes(ui.dialogs.at(-1)?.kind ?? "");
  return failureNote(failure, {
    context: { then: away, again: again ?? undefined, form },
    after: button("failure_put_away", t("failure.put_away"), away),
  });
}

/** The same, over whatever screen it happened on; in a dialog it stands in the dialog. */
export function toast() {
  if (!ui.failure || ui.dialogs.length > 0) return null;
  return h("section", { class: "toast", key: "toast", "aria-label": t("failure.label") }, refusal());
}
