// How far something is. Read out as a share, never spoken at every step.

import { h } from "../dom.js";

/** @param {string} label @param {number | null} part from 0 to 1; null: nobody knows yet @param {string} [look] */
export const bar = (label, part, look = "") =>
  h(
    "div",
    {
      class: `bar ${part === null ? "busy" : look}`.trim(),
      role: "progressbar",
      "aria-label": label,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": part === null ? null : Math.floor(part * 100),
    },
    h("i", { vars: { "--part": part === null ? "1" : String(look === "waits" ? 1 : part) } }),
  );
