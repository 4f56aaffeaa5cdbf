// A study of a review: its tick, a picture, what it is, what is odd about it. The first of a patient says whose it is.

import { h, said } from "../dom.js";
import { change, open, ui } from "../store.js";
import { bytes, dicomDate, line, t } from "../speak.js";
import { isTicked, tick } from "../ticks.js";
import { warningLine } from "./warning.js";
import { thumb } from "./thumb.js";

/** @typedef {import("../types.d.ts").ReviewStudy} ReviewStudy */
/** @typedef {import("../types.d.ts").Patient} Patient */

/** @param {ReviewStudy} study @param {number} at @param {boolean} tab */
export function studyRow(study, at, tab) {
  const ticked = isTicked(study.id);
  const tabindex = tab ? null : "-1";
  const title = study.description || t("study.no_description");
  const shown = ui.wide && ui.study?.id === study.id;
  return [
    study.same_patient_as_previous ? null : patientHead(study.patient),
    h(
      "article",
      { class: `card study ${ticked ? "ticked" : ""} ${shown ? "shown" : ""}`.trim() },
      h(
        "label",
        { class: "tick" },
        h("input", { type: "checkbox", checked: ticked, tabindex, "data-row": true, "data-do": "tick", "aria-label": t("study.tick", { study: title, patient: study.patient.name }), onchange: () => tick(study) }),
        h("span", { class: "box", "aria-hidden": "true" }),
      ),
      thumb(study.picture, study.modalities[0], t("study.pictures_of", { study: title }), () => open({ kind: "viewer", study, series: null }), { tabindex }),
      h(
        "div",
        { class: "what" },
        h(
          "button",
          { type: "button", class: "title", tabindex, "data-do": "show_study", "aria-pressed": ui.wide ? String(shown) : null, onclick: () => show(study) },
          h("span", { class: "mods" }, study.modalities.map((one) => h("span", { class: "mod", translate: "no", key: one }, one))),
          h("span", { class: "strong" }, study.description ? said(study.description) : title),
        ),
        h("p", { class: "soft small" }, said(line(dicomDate(study.date), study.institution)), " · ", t("n.series", { n: study.series })),
        study.warnings.map(warningLine),
      ),
      h("div", { class: "num" }, h("span", { class: "strong" }, t("n.images", { n: study.images })), h("span", { class: "soft small", translate: "no" }, bytes(study.bytes))),
    ),
  ];
}

/** @param {ReviewStudy} study */
function show(study) {
  change({ study });
  if (!ui.wide) open({ kind: "detail", study });
}

/** @param {Patient} patient */
export const patientHead = (patient) =>
  h(
    "h2",
    { class: "patient" },
    said(patient.name || t("patient.no_name")),
    " ",
    h("small", { class: "soft" }, patient.id ? [t("patient.id"), " ", said(patient.id)] : t("patient.no_id"), patientTail(patient)),
  );

/** @param {Patient} patient */
function patientTail({ birth_date, sex }) {
  const tail = line(birth_date && dicomDate(birth_date), sex);
  return tail ? [" · ", said(tail)] : null;
}


