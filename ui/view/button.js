// A button. `data-do` names what it does: tests and scripts hold on to that, not to the words.

import { h } from "../dom.js";
import { sign } from "./sign.js";

/**
 * @param {string} does @param {string} words @param {(event: any) => void} act
 * @param {{ look?: string, icon?: string, why?: string | null, label?: string, [attribute: string]: any }} [more]
 *   `look`: first, danger, plain. `why`: the id of the element that says why it cannot be used now; `act` looks for itself,
 *   since the person may be quicker than the drawing. `label`: fuller words for those who hear it without what stands
 *   around it.
 */
export function button(does, words, act, { look = "", icon, why, label, ...more } = {}) {
  return h(
    "button",
    {
      type: "button",
      class: `button ${look}`.trim(),
      "data-do": does,
      "aria-disabled": why ? "true" : null,
      "aria-describedby": why ?? null,
      "aria-label": label ?? null,
      onclick: act,
      ...more,
    },
    icon ? sign(icon) : null,
    h("span", {}, words),
  );
}

/** One of a few: a group of radio buttons in a row. @param {string} name @param {string} label @param {string} value
 * @param {[string, string][]} choices value and words @param {(value: string) => void} choose @param {string} [look] */
export const choice = (name, label, value, choices, choose, look = "") =>
  h(
    "div",
    { class: `seg ${look}`.trim(), role: "radiogroup", "aria-label": label },
    choices.map(([one, words]) =>
      h(
        "label",
        { key: one },
        h("input", { type: "radio", name, value: one, checked: one === value, "data-do": `${name}_${one}`, onchange: () => choose(one) }),
        h("span", {}, words),
      ),
    ),
  );
