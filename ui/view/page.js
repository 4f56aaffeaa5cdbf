// A screen's frame: head with its one heading, content that scrolls, foot.

import { h } from "../dom.js";
import { standing } from "./standing.js";
import { notice } from "./notice.js";

/**
 * @param {{ screen: string, title: any, sub?: any, acts?: any, aside?: any, body: any, foot?: any, narrow?: boolean,
 *   alone?: boolean }} parts `alone`: before there is anything to stand with (no destinations shown)
 */
export function page({ screen, title, sub, acts, aside, body, foot, narrow, alone }) {
  return h(
    "main",
    { id: "main", key: screen, "data-screen": screen },
    h(
      "header",
      { class: "head", key: "head" },
      h("div", { class: "titles" }, h("h1", { tabindex: "-1" }, title), sub ? h("p", { class: "soft small" }, sub) : null),
      h("div", { class: "acts" }, acts, alone ? null : standing()),
    ),
    h(
      "div",
      { class: aside ? "cols" : "col", key: "cols" },
      h("div", { class: "scroll", key: "scroll" }, h("div", { class: `measure stack ${narrow ? "narrow" : ""}`.trim() }, alone ? null : notice(), body)),
      aside ? h("aside", { class: "aside", key: "aside", "aria-label": aside.label }, aside.body) : null,
    ),
    foot ? h("footer", { class: "foot", key: "foot" }, foot) : null,
  );
}
