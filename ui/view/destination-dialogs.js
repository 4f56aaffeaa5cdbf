// The dialogs about a destination: new or changed, forgotten, signed in to.

import { h, said } from "../dom.js";
import { ask, close, redraw, state } from "../store.js";
import { t } from "../speak.js";
import { button } from "./button.js";
import { check, checkedList, draftOf, form, isComplete } from "./destination-form.js";
import { dialog } from "./dialog.js";
import { nameOf } from "./standing.js";

/** @typedef {import("../store.js").Dialog} Dialog */

/** @param {Dialog} self */
const destinationOf = (self) => state().destinations.find(({ id }) => id === self.id) ?? null;

/** @param {Dialog} self */
export function destinationDialog(self) {
  self.draft ??= draftOf(destinationOf(self));
  const save = async () => {
    if (!isComplete(self.draft)) return;
    if ((await ask("destination_save", { draft: self.draft }, () => void save())) !== undefined) close(self);
  };
  const why = isComplete(self.draft) ? null : "form-why";
  return dialog(
    self,
    t(self.id === null ? "destination.new" : "destination.edit"),
    [
      form(self.draft, self),
      checkedList(self),
      why ? h("p", { class: "soft small", id: why, key: "why" }, t("destination.why")) : null,
    ],
    [
      button("destination_check", t("destination.check"), () => check(self), { why }),
      button("destination_save", t("destination.save"), save, { look: "first", why }),
    ],
  );
}

/** Why it cannot be forgotten yet, as far as that is known here; the rest is refused with its reason.
 * @param {import("../types.d.ts").Destination} one */
function neededBy(one) {
  const { review } = state();
  if (review && review.destination === one.name) return t("forget.review", { name: review.name });
  return one.waiting_studies > 0 ? t("forget.waiting", { n: one.waiting_studies }) : null;
}

/** @param {Dialog} self */
export function forgetDialog(self) {
  const one = destinationOf(self);
  if (!one) return null;
  const why = neededBy(one);
  const forget = async () => {
    if (neededBy(one)) return;
    close(self);
    await ask("destination_forget", { id: one.id });
  };
  return dialog(
    self,
    [t("forget.title"), " ", said(nameOf(one))],
    [h("p", {}, t("forget.words")), why ? h("p", { class: "bad", id: "forget-why", key: "why" }, why) : null],
    [
      button("forget_keep", t("forget.keep"), () => close(self), { look: "first", "data-focus": true }),
      button("forget_confirm", t("destination.forget"), forget, { look: "danger", why: why ? "forget-why" : null }),
    ],
  );
}

/** @param {Dialog} self */
export function signInDialog(self) {
  const one = destinationOf(self);
  if (!one) return null;
  const kind = state().sign_in_kinds.find(({ kind }) => kind === one.sign_in) ?? { kind: one.sign_in, fields: [] };
  // It wants a sign-in and has none: that is chosen in its form.
  if (kind.fields.length === 0) return destinationDialog(self);
  self.values ??= Object.fromEntries(kind.fields.map(({ name }) => [name, name === "user" ? (one.user ?? "") : ""]));
  const missing = () => kind.fields.some(({ name, required }) => required && !self.values[name]);
  const signIn = async () => {
    if (missing()) return;
    const again = () => void signIn();
    if ((await ask("destination_sign_in", { id: one.id, values: self.values }, again)) !== undefined) close(self);
  };
  return dialog(
    self,
    [t("sign_in.title"), " ", said(nameOf(one))],
    h(
      "form",
      { id: "sign-in", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void signIn()) },
      kind.fields.map((field) =>
        h(
          "label",
          { class: "field", key: field.name },
          h("span", { class: "label" }, t(`sign_in.${field.name}`)),
          h("input", {
            type: field.secret ? "password" : "text",
            value: self.values[field.name],
            required: field.required,
            autocomplete: "off",
            spellcheck: "false",
            "data-do": `sign_in_${field.name}`,
            oninput: (/** @type {any} */ event) => ((self.values[field.name] = event.target.value), redraw()),
          }),
        ),
      ),
      h("p", { class: "soft small" }, t("sign_in.kept")),
    ),
    button("sign_in_confirm", t("action.sign_in"), () => {}, {
      look: "first",
      // Enter in a field does what the button does.
      type: "submit",
      form: "sign-in",
      "aria-disabled": missing() ? "true" : null,
    }),
  );
}
