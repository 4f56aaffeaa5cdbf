// Charts as drawings, each with its table behind: those who cannot see the drawing, or want the numbers, open that.

import { h, said } from "../dom.js";
import { ui } from "../store.js";
import { number, t } from "../speak.js";

/** @typedef {{ name: string, images: number, there: number, studies: number }} Group */

/** @param {string} key @param {string} title @param {Group[]} groups @param {any} drawing @param {boolean} data whether names are data */
const framed = (key, title, groups, drawing, data) =>
  h(
    "section",
    { class: `card chart ${key}`, key, "aria-labelledby": `chart-${key}` },
    h("h2", { id: `chart-${key}` }, title),
    drawing,
    h("p", { class: "legend small", "aria-hidden": "true" }, h("i", { class: "there" }), t("chart.there"), h("i", { class: "not" }), t("chart.not_there")),
    h(
      "details",
      { key: "table" },
      h("summary", { "data-do": `table_${key}` }, t("chart.table")),
      h(
        "div",
        { class: "table", tabindex: "0", role: "group", "aria-label": title },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ["name", "studies", "images", "there"].map((one) => h("th", { scope: "col", key: one }, t(`chart.${one}`))))),
          h("tbody", {}, groups.map((one) => h("tr", { key: one.name }, h("th", { scope: "row" }, data ? said(one.name) : h("span", { translate: "no" }, one.name)), [one.studies, one.images, one.there].map((value, at) => h("td", { key: at, translate: "no" }, number(value)))))),
        ),
      ),
    ),
  );

/** Upright, over time. @param {string} key @param {string} title @param {Group[]} groups */
export function columns(key, title, groups) {
  // Drawn about as wide as it is shown, so that its figures keep their size.
  const wide = Math.max(260, Math.round(innerWidth - (ui.rail ? 190 : 66)));
  const [high, foot] = [wide > 900 ? 260 : 190, 22];
  const top = nice(Math.max(1, ...groups.map((one) => one.images)));
  // Room for the figures at the left.
  const edge = 52;
  const step = (wide - edge) / groups.length;
  const y = (/** @type {number} */ value) => high - (value / top) * (high - 14);
  const labels = Math.max(1, Math.ceil(groups.length / Math.max(3, Math.floor(wide / 80))));
  const drawing = h(
    "svg",
    { viewBox: `0 0 ${wide} ${high + foot}`, class: "drawing", "aria-hidden": "true", focusable: "false" },
    [0, top / 2, top].map((value) => [
      h("line", { key: `line ${value}`, class: "grid", x1: edge, x2: wide, y1: y(value), y2: y(value) }),
      h("text", { key: `value ${value}`, x: edge - 8, y: y(value) + 4, class: "axis", "text-anchor": "end", translate: "no" }, value > 0 ? number(Math.round(value)) : ""),
    ]),
    groups.map((one, at) => {
      const x = edge + at * step + step * 0.18;
      const width = step * 0.64;
      return [
        h("rect", { key: `there ${at}`, class: "there", x, width, y: y(one.there), height: high - y(one.there), rx: Math.min(3, width / 3) }),
        one.images > one.there ? h("rect", { key: `not ${at}`, class: "not", x, width, y: y(one.images), height: Math.max(2, y(one.there) - y(one.images)) }) : null,
        at % labels === 0 ? h("text", { key: `name ${at}`, class: "axis", x: edge + at * step + step / 2, y: high + 16, "text-anchor": "middle", translate: "no" }, one.name) : null,
      ];
    }),
  );
  return framed(key, title, groups, drawing, false);
}

/** Lying, side by side. @param {string} key @param {string} title @param {Group[]} groups @param {boolean} data */
export function bars(key, title, groups, data) {
  const top = Math.max(1, ...groups.map((one) => one.images));
  const shown = groups.slice(0, 8);
  const drawing = h(
    "div",
    { class: "lying", "aria-hidden": "true" },
    shown.map((one, at) =>
      h(
        "div",
        { class: "lying-row", key: at },
        h("span", { class: "small name" }, data ? said(one.name) : h("span", {}, one.name)),
        h(
          "svg",
          { viewBox: "0 0 100 10", preserveAspectRatio: "none", class: "lying-bar", focusable: "false" },
          h("rect", { class: "there", x: 0, y: 0, width: (one.there / top) * 100, height: 10 }),
          one.images > one.there ? h("rect", { class: "not", x: (one.there / top) * 100, y: 0, width: Math.max(0.8, ((one.images - one.there) / top) * 100), height: 10 }) : null,
        ),
        h("span", { class: "small value", translate: "no" }, number(one.images)),
      ),
    ),
  );
  return framed(key, title, groups, drawing, data);
}

/** A round number at or above. @param {number} value */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((one) => one * power).find((one) => one >= value) ?? value;
}
