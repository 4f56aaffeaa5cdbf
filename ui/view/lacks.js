// What a source lacks, as far as the scan of it could tell: it keeps an end from being green, on the day and years later.

import { h } from "../dom.js";
import { t } from "../speak.js";
import { sign } from "./sign.js";

/** @param {{ listed_missing: number, index_partly: boolean, skipped_to_look_at: number }} source */
export const lacks = ({ listed_missing, index_partly, skipped_to_look_at }) => [
  listed_missing > 0 ? note("listed", t("done.listed_missing", { n: listed_missing })) : null,
  index_partly ? note("partly", t("done.index_partly")) : null,
  skipped_to_look_at > 0 ? note("skipped", t("done.skipped", { n: skipped_to_look_at })) : null,
];

/** @param {string} key @param {string} words */
const note = (key, words) => h("div", { class: "note", key }, sign("warn"), h("p", { class: "what" }, words));
