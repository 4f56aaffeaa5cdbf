// One study of a review, closer: picture, identity, series.

import { h, said } from "../dom.js";
import { call } from "../backend.js";
import { change, failureOf, open, redraw, refuse, state } from "../store.js";
import { bytes, dicomDate, dicomTime, line, t } from "../speak.js";
import { button } from "./button.js";
import { dialog } from "./dialog.js";
import { thumb } from "./thumb.js";
import { warningLine } from "./warning.js";

/** @typedef {import("../types.d.ts").ReviewStudy} ReviewStudy */
/** @typedef {import("../types.d.ts").ReviewSeries} ReviewSeries */

/** The series of the study that was asked for last: null while they are fetched, "refused" where they are not to be had.
 * @type {{ which: string | null, series: ReviewSeries[] | "refused" | null }} */
const asked = { which: null, series: null };

/** @param {ReviewStudy} study */
function seriesOf(study) {
  // The pictures of another destination's rows are other ones.
  const which = `${study.id} ${state().review?.destination}`;
  if (asked.which === which) return asked.series;
  Object.assign(asked, { which, series: null });
  call("review_series", { study: study.id }).then(
    (series) => {
      if (asked.which === which) asked.series = series;
      redraw();
    },
    (cause) => {
      if (asked.which === which) asked.series = "refused";
      refuse(failureOf(cause));
    },
  );
  return null;
}

/** @param {ReviewStudy} study */
export function detail(study) {
  const { patient } = study;
  const series = seriesOf(study);
  const view = (/** @type {ReviewSeries | null} */ one) => () => open({ kind: "viewer", study, series: one });
  const title = study.description || t("study.no_description");
  return h(
    "div",
    { class: "detail", key: `study ${study.id}`, "data-study": study.id },
    thumb(study.picture, study.modalities[0], t("study.pictures_of", { study: title }), view(null), { big: true }),
    h("h2", {}, study.description ? said(study.description) : title),
    h(
      "dl",
      { class: "pairs" },
      pair("patient.name", patient.name || t("patient.no_name")),
      pair("patient.id", patient.id ? line(patient.id, patient.issuer) : t("patient.no_id")),
      pair("patient.born", line(dicomDate(patient.birth_date), patient.sex)),
      pair("study.date", `${dicomDate(study.date)} ${dicomTime(study.time)}`.trim()),
      pair("study.institution", study.institution),
      pair("study.accession", study.accession),
    ),
    study.warnings.map(warningLine),
    h("h2", { class: "series-title" }, t("study.series")),
    series === null
      ? h("p", { class: "soft" }, t("loading"))
      : series === "refused"
        ? button("ask_again", t("action.reopen"), askAgain)
        : h("ul", { class: "cards" }, series.map((one) => seriesLine(one, view(one)))),
  );
}

/** Asks once more for what was refused. */
function askAgain() {
  asked.which = null;
  change({ failure: null });
}

/** @param {ReviewSeries} one @param {() => void} view opens its pictures */
const seriesLine = (one, view) =>
  h(
    "li",
    { key: one.uid, class: "series" },
    thumb(
      one.picture,
      one.modality,
      t("series.pictures_of", { number: one.number || "–", description: one.description }),
      view,
    ),
    h(
      "div",
      { class: "what" },
      h(
        "p",
        {},
        h("span", { class: "mod", translate: "no" }, one.modality || "?"),
        " ",
        h(
          "span",
          { class: "strong" },
          one.number ? said(one.number) : null,
          " ",
          one.description ? said(one.description) : t("series.no_description"),
        ),
      ),
      h(
        "p",
        { class: "soft small" },
        t("n.images", { n: one.images }),
        " · ",
        h("span", { translate: "no" }, bytes(one.bytes)),
      ),
      one.warnings.map(warningLine),
    ),
  );

/** @param {string} key @param {string} value */
const pair = (key, value) => (value ? [h("dt", { key: `dt ${key}` }, t(key)), h("dd", { key }, said(value))] : null);

/** Where there is no room beside the list. @param {import("../store.js").Dialog} self */
export const detailDialog = (self) => dialog(self, t("review.detail"), detail(self.study));
