// The form of a destination. The sign-in's fields come from the backend's list of kinds: another kind is data, not code.

import { h, said } from "../dom.js";
import { ask, failureOf, redraw, state } from "../store.js";
import { call } from "../backend.js";
import { has, t } from "../speak.js";
import { speak } from "../voice.js";
import { button, choice } from "./button.js";
import { failureNote } from "./failure.js";
import { sign } from "./sign.js";

/** @typedef {import("../types.d.ts").Destination} Destination */
/** @typedef {import("../types.d.ts").DestinationDraft} Draft */
/** @typedef {import("../types.d.ts").Checked} Checked */
/** What belongs to the form besides the draft. @typedef {{ [more: string]: any, ca_name?: string, checked?: Checked | null,
 *  refused?: import("../types.d.ts").Failure | null, checking?: object | null }} Place */

/** @param {Destination | null} one @returns {Draft} */
export function draftOf(one) {
  return {
    id: one?.id ?? null,
    name: one?.name ?? "",
    url: one?.url ?? "",
    sign_in: {
      kind: one?.sign_in ?? state().sign_in_kinds[0]?.kind ?? "none",
      values: one?.user ? { user: one.user } : {},
    },
    ca: null,
    read_back: one?.read_back ?? "none",
  };
}

/** Whether the secrets of a saved one are kept where none are typed: another server or another user gets none of them.
 * @param {Draft} draft */
function keepsSecrets({ id, url, sign_in }) {
  const old = state().destinations.find((one) => one.id === id);
  if (!old || old.sign_in !== sign_in.kind || (old.user ?? "") !== (sign_in.values.user ?? "")) return false;
  const origin = (/** @type {string} */ one) => (URL.canParse(one.trim()) ? new URL(one.trim()).origin : one);
  return origin(old.url) === origin(url);
}

/** Whether there is enough to ask the server. A saved one keeps its secrets: they need not be typed again. @param {Draft} draft */
export function isComplete(draft) {
  const kind = state().sign_in_kinds.find(({ kind }) => kind === draft.sign_in.kind);
  const keeps = keepsSecrets(draft);
  const fields = kind?.fields.every(
    ({ name, required, secret }) => !required || draft.sign_in.values[name] || (secret && keeps),
  );
  return draft.url.trim() !== "" && draft.name.trim() !== "" && fields !== false;
}

/** @param {Draft} draft @param {Place} place */
export function form(draft, place) {
  const set = (/** @type {Partial<Draft>} */ some) => {
    Object.assign(draft, some);
    // Whatever was found, or is being asked, was of what stood here before.
    Object.assign(place, { checked: null, refused: null, checking: null });
    redraw();
  };
  const kinds = state().sign_in_kinds;
  return h(
    "form",
    {
      class: "form",
      key: "form",
      onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void check({ ...place, draft }, place)),
    },
    text("name", t("destination.name"), draft.name, t("destination.name_hint"), (name) => set({ name })),
    text("url", t("destination.url"), draft.url, t("destination.url_hint"), (url) => set({ url }), {
      type: "url",
      inputmode: "url",
    }),
    h(
      "label",
      { class: "field", key: "kind" },
      h("span", { class: "label" }, t("destination.sign_in")),
      h(
        "select",
        {
          value: draft.sign_in.kind,
          "data-do": "draft_kind",
          onchange: (/** @type {any} */ event) => set({ sign_in: { kind: event.target.value, values: {} } }),
        },
        kinds.map(({ kind }) =>
          h("option", { key: kind, value: kind }, has(`sign_in.kind.${kind}`) ? t(`sign_in.kind.${kind}`) : kind),
        ),
      ),
    ),
    (kinds.find(({ kind }) => kind === draft.sign_in.kind)?.fields ?? []).map((field) =>
      text(
        field.name,
        has(`sign_in.${field.name}`) ? t(`sign_in.${field.name}`) : field.name,
        draft.sign_in.values[field.name] ?? "",
        field.secret && keepsSecrets(draft) ? t("destination.secret_kept") : null,
        (value) => set({ sign_in: { ...draft.sign_in, values: { ...draft.sign_in.values, [field.name]: value } } }),
        { type: field.secret ? "password" : "text" },
      ),
    ),
    h(
      "details",
      { key: "more", class: "more" },
      h("summary", { "data-do": "draft_more" }, t("destination.more")),
      h(
        "div",
        { class: "field" },
        h("span", { class: "label" }, t("destination.ca")),
        h(
          "div",
          { class: "buttons" },
          button("choose_ca", t("destination.choose_ca"), () => chooseCa(set, place)),
          h("span", { class: "soft small" }, place.ca_name ? said(place.ca_name) : t("destination.ca_words")),
        ),
      ),
      h(
        "div",
        { class: "field" },
        h("span", { class: "label" }, t("destination.read_back")),
        choice(
          "read_back",
          t("destination.read_back"),
          draft.read_back,
          ["none", "sample", "every"].map((one) => [one, t(`destination.read_back.${one}`)]),
          (value) => set({ read_back: /** @type {"none"} */ (value) }),
          "tall",
        ),
        h("span", { class: "soft small" }, t("destination.read_back_words")),
      ),
    ),
  );
}

/** @param {string} name @param {string} label @param {string} value @param {string | null} hint @param {(value: string) => void} act @param {Record<string, any>} [more] */
const text = (name, label, value, hint, act, more = {}) =>
  h(
    "label",
    { class: "field", key: name },
    h("span", { class: "label" }, label),
    h("input", {
      type: "text",
      value,
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      maxlength: "2000",
      "data-do": `draft_${name}`,
      oninput: (/** @type {any} */ event) => act(event.target.value),
      ...more,
    }),
    hint ? h("span", { class: "soft small" }, hint) : null,
  );

/** @param {(some: Partial<Draft>) => void} set @param {Place} place */
async function chooseCa(set, place) {
  const chosen = await ask("choose_ca", {}, () => void chooseCa(set, place));
  if (!chosen) return;
  place.ca_name = chosen.name;
  set({ ca: chosen.token });
}

/** Asks the server what it can do; the answer or the refusal stands in the form. @param {Place} from @param {Place} [place] */
export async function check(from, place = from) {
  if (!isComplete(from.draft)) return;
  const asked = {};
  Object.assign(place, { checking: asked, checked: null, refused: null });
  redraw();
  /** @type {Partial<Place>} */
  const found = await call("destination_check", { draft: from.draft }).then(
    (checked) => ({ checked }),
    (cause) => ({ refused: failureOf(cause) }),
  );
  // Changed meanwhile, or asked once more: it says nothing of what stands there now.
  if (place.checking !== asked) return;
  Object.assign(place, found, { checking: null });
  if (found.refused) speak.failure(found.refused);
  else speak.say(t("checked.said"));
  redraw();
}

/** What the check found, in words. @param {Place} place */
export function checkedList(place) {
  if (place.checking) return h("p", { class: "soft", key: "checking" }, t("checked.asking"));
  if (place.refused) return h("div", { key: "refused" }, failureNote(place.refused, { context: { form: true, again: () => void check(place) } }));
  const found = place.checked;
  if (!found) return null;
  const yes = (/** @type {boolean} */ is, /** @type {string} */ key) =>
    h(
      "li",
      { key, class: "checked" },
      sign(is ? "check" : "warn", is ? "ok" : "wait"),
      h("span", {}, t(`checked.${key}.${is ? "yes" : "no"}`)),
    );
  return h(
    "ul",
    { class: "checks", key: "checks", "aria-label": t("checked.label") },
    h(
      "li",
      { key: "reached", class: "checked" },
      sign("check", "ok"),
      h("span", {}, t("checked.reached"), found.software ? [" ", said(found.software)] : null),
    ),
    h("li", { key: "tls", class: "checked" }, sign("check", "ok"), h("span", {}, t(`checked.tls.${found.tls}`))),
    yes(found.signed_in, "signed_in"),
    yes(found.can_store, "store"),
    yes(found.can_confirm, "confirm"),
    yes(found.can_compare, "compare"),
    found.notes.map((key) =>
      h(
        "li",
        { key, class: "checked" },
        sign("warn", "wait"),
        h("span", {}, has(`checked.note.${key}`) ? t(`checked.note.${key}`) : said(key)),
      ),
    ),
  );
}
