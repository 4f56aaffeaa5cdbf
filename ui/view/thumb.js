// A small picture that opens the viewer. The sign behind it is what is seen where there is no picture: a list scrolls
// past hundreds of those, and none of them is worth a drawing of the whole page.

import { h } from "../dom.js";
import { pictureUrl } from "../backend.js";
import { sign } from "./sign.js";

/** Tokens that gave no picture: they are not asked for again. @type {Set<string>} */
const none = new Set();
const WRITTEN = new Set(["SR", "DOC", "OT", "PR", "KO", "AU"]);

/**
 * @param {string | null} token @param {string | undefined} modality @param {string} label @param {() => void} act
 * @param {{ tabindex?: string | null, big?: boolean }} [more]
 */
export function thumb(token, modality, label, act, { tabindex = null, big = false } = {}) {
  /** @param {Event} event */
  const fails = (event) => {
    if (token) none.add(token);
    /** @type {HTMLElement} */ (event.target).hidden = true;
  };
  return h(
    "button",
    {
      type: "button",
      class: `thumb ${big ? "big" : ""}`.trim(),
      tabindex,
      "aria-label": label,
      "data-do": "view",
      onclick: act,
    },
    sign(WRITTEN.has(modality ?? "") ? "report" : "image"),
    token && !none.has(token)
      ? h("img", {
          key: token,
          src: pictureUrl(token, { edge: big ? 512 : 192 }),
          alt: "",
          loading: "lazy",
          decoding: "async",
          draggable: "false",
          onerror: fails,
        })
      : null,
  );
}
