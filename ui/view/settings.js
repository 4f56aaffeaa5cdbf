// Settings: where to, what is kept and shown, how it looks and speaks, and what to tell those who help.

import { h, said } from "../dom.js";
import { save, setTo } from "../settings.js";
import { ask, open, state } from "../store.js";
import { has, t } from "../speak.js";
import { copyDiagnostics } from "../remedies.js";
import { bandwidth } from "./bandwidth.js";
import { button, choice } from "./button.js";
import { failureNote } from "./failure.js";
import { page } from "./page.js";
import { named, nameOf, standingSign, standingWords } from "./standing.js";

/** @typedef {import("../types.d.ts").Destination} Destination */
/** @typedef {import("../types.d.ts").Settings} Settings */

export function settings() {
  return page({
    screen: "settings",
    title: t("settings.title"),
    narrow: true,
    body: [
      block("destinations", destinations()),
      block("privacy", privacy()),
      block("sending", sending()),
      block("look", look()),
      block("help", help()),
    ],
  });
}

/** @param {string} name @param {any} inside */
const block = (name, inside) =>
  h(
    "section",
    { class: "block", key: name, "aria-labelledby": `settings-${name}` },
    h("h2", { id: `settings-${name}` }, t(`settings.${name}`)),
    h("div", { class: "cards" }, inside),
  );

/** @param {keyof Settings} name @param {string[]} values */
function setting(name, values) {
  const now = String(setTo(name));
  return h(
    "div",
    { class: "card row", key: name },
    h(
      "div",
      { class: "what" },
      h("h3", {}, t(`settings.${name}`)),
      h("p", { class: "soft small" }, t(`settings.${name}_words`)),
    ),
    choice(
      name,
      t(`settings.${name}`),
      now,
      values.map((one) => [one, t(`settings.${name}.${one}`)]),
      (value) => save(name, value),
      "tall",
    ),
  );
}

/** @param {"autostart" | "notifications"} name */
function toggle(name) {
  return h(
    "label",
    { class: "card row toggle", key: name },
    h(
      "span",
      { class: "what" },
      h("span", { class: "strong block-line" }, t(`settings.${name}`)),
      h("span", { class: "soft small block-line" }, t(`settings.${name}_words`)),
    ),
    h(
      "span",
      { class: "tick" },
      h("input", {
        type: "checkbox",
        checked: Boolean(setTo(name)),
        "data-do": name,
        // What the box says by now, not what it said when it was drawn.
        onchange: (/** @type {any} */ event) => save(name, event.target.checked),
      }),
      h("span", { class: "box", "aria-hidden": "true" }),
    ),
  );
}

function destinations() {
  const { destinations: all, practice } = state();
  return [
    all.map(destination),
    all.length === 0 ? h("p", { class: "soft", key: "none" }, t("settings.no_destinations")) : null,
    named().length > 1 || state().settings.standard_destination === "" ? standard() : null,
    h(
      "div",
      { class: "buttons", key: "acts" },
      button("destination_new", t("settings.add"), () => open({ kind: "destination", id: null }), {
        look: all.length === 0 ? "first" : "",
        icon: "plus",
      }),
      practice.running ? null : button("practice_start", t("settings.practice"), () => ask("practice_start")),
    ),
  ];
}

/** @param {Destination} one */
function destination(one) {
  const name = nameOf(one);
  return h(
    "article",
    { class: "card", key: one.id },
    h(
      "div",
      { class: "row-inside" },
      h(
        "div",
        { class: "what" },
        h("h3", {}, said(name)),
        one.practice
          ? h("p", { class: "soft small" }, t("destination.practice_words"))
          : [h("p", { class: "soft small" }, said(one.url)), h("p", { class: "soft small" }, signsIn(one))],
        h("p", { class: "state-word" }, standingSign(one), h("span", {}, standingWords(one))),
      ),
      h(
        "div",
        { class: "buttons" },
        one.standing === "needs_sign_in" && one.failure?.code !== "sign_in_needed"
          ? button("sign_in", t("action.sign_in"), () => open({ kind: "sign_in", id: one.id }), {
              look: "first",
              label: t("destination.sign_in_to", { name }),
            })
          : null,
        one.practice
          ? null
          : button("destination_edit", t("destination.edit"), () => open({ kind: "destination", id: one.id }), {
              label: t("destination.edit_name", { name }),
            }),
        button("destination_forget", t("destination.forget"), () => open({ kind: "forget", id: one.id }), {
          look: "danger",
          label: t("destination.forget_name", { name }),
        }),
      ),
    ),
    one.failure
      ? failureNote(one.failure, {
          context: { destination: one.id },
          look: one.standing === "offline" ? "calm" : "bad",
        })
      : null,
  );
}

/** How, and for how long. @param {Destination} one */
function signsIn({ sign_in: kind, user }) {
  const key = `settings.signs_in.${kind}`;
  return has(key) ? t(key, { user: user ?? "" }) : null;
}

/** Where nobody has said, it is asked as well. */
const standard = () =>
  h(
    "label",
    { class: "card row", key: "standard" },
    h(
      "span",
      { class: "what" },
      h("span", { class: "strong block-line" }, t("settings.standard")),
      h("span", { class: "soft small block-line" }, t("settings.standard_words")),
    ),
    h(
      "select",
      {
        value: setTo("standard_destination") ?? "",
        "data-do": "standard_destination",
        onchange: (/** @type {any} */ event) => save("standard_destination", event.target.value),
      },
      h("option", { value: "" }, t("settings.standard_ask")),
      named().map((one) => h("option", { key: one.id, value: one.name, translate: "no" }, nameOf(one))),
    ),
  );

const privacy = () => [
  setting("names", ["short", "hidden"]),
  setting("cover", ["never", "five", "fifteen"]),
  setting("spool", ["removable", "always", "never"]),
];

function sending() {
  return [state().platform.touch ? null : toggle("autostart"), toggle("notifications"), bandwidth()];
}

const look = () => [
  setting("appearance", ["system", "dark", "light", "contrast"]),
  setting("language", ["system", "en", "de"]),
];

function help() {
  const { platform } = state();
  return [
    h(
      "div",
      { class: "card row", key: "diagnostics" },
      h(
        "div",
        { class: "what" },
        h("h3", {}, t("settings.diagnostics")),
        h("p", { class: "soft small" }, t("settings.diagnostics_words")),
      ),
      button("diagnostics", t("action.diagnostics"), () => void copyDiagnostics(), { icon: "copy" }),
    ),
    h(
      "div",
      { class: "card row", key: "about" },
      h(
        "div",
        { class: "what" },
        h("h3", {}, t("settings.about", { version: platform.version })),
        h("p", { class: "soft small" }, t("settings.about_words")),
      ),
    ),
  ];
}
