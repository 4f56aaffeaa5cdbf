// A dialog: takes the focus, gives it back to where it came from, closes with Escape.

import { h } from "../dom.js";
import { close, ui } from "../store.js";
import { t } from "../speak.js";
import { button } from "./button.js";
import { refusal } from "./failure.js";

/** @type {WeakMap<Element, Element | null>} */
const cameFrom = new WeakMap();
let count = 0;
/** @type {WeakMap<object, string>} */
const ids = new WeakMap();

/** @param {any} el */
function show(el) {
  cameFrom.set(el, document.activeElement);
  el.showModal();
  const first =
    el.querySelector("[data-focus]") ?? el.querySelector("input, select, .ends .button, .inside .button, .button");
  first?.focus();
}

/** @param {any} el */
function giveBack(el) {
  const back = /** @type {any} */ (cameFrom.get(el));
  // The dialog leaves the page just after this; only then can what lies behind it take the focus.
  queueMicrotask(() => {
    const open = [...document.querySelectorAll("dialog[open]")].pop();
    const behind = open ?? document.querySelector("main") ?? document;
    if (back?.isConnected && back !== document.body) back.focus();
    // Where another dialog left with it, that one may have given the focus back already.
    else if (!behind.contains(document.activeElement)) /** @type {any} */ (behind.querySelector("h1, h2, .button"))?.focus();
  });
}

/**
 * @param {import("../store.js").Dialog} self @param {any} title @param {any} body @param {any} [ends]
 * @param {{ look?: string, top?: any, ended?: () => void, away?: () => void, [attribute: string]: any }} [more]
 *   `ended`: it has left the page. `away`: what closing it without an answer does, by whichever way
 */
export function dialog(self, title, body, ends, { look = "", top, ended, away = () => close(self), ...more } = {}) {
  if (!ids.has(self)) ids.set(self, `dialog-${++count}`);
  const id = /** @type {string} */ (ids.get(self));
  return h(
    "dialog",
    {
      key: id,
      class: look || null,
      "data-dialog": self.kind,
      "aria-labelledby": id,
      mount: show,
      unmount: (/** @type {any} */ el) => {
        ended?.();
        giveBack(el);
      },
      oncancel: (/** @type {Event} */ event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        away();
      },
      // A browser may close a dialog without asking; then it is closed here too.
      onclose: away,
      ...more,
    },
    h(
      "div",
      { class: "top", key: "top" },
      h("h2", { id, tabindex: "-1" }, title),
      top,
      button("close", t("dialog.close"), away, { look: "plain" }),
    ),
    h("div", { class: "inside", key: "inside" }, ui.dialogs.at(-1) === self ? refusal() : null, body),
    ends ? h("div", { class: "ends", key: "ends" }, ends) : null,
    // What lies behind a dialog is not spoken while it is open, so it has a voice of its own.
    h("div", { class: "unseen", key: "voice", role: "status", "aria-live": "polite", "data-voice": true }),
  );
}
