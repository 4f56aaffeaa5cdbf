// Review: what was found, patient by patient; what is ticked is sent, and only when the person says so.

import { h, said } from "../dom.js";
import { call } from "../backend.js";
import { ask, open, state, ui } from "../store.js";
import { duration, t } from "../speak.js";
import { sums, tickAll } from "../ticks.js";
import { button } from "./button.js";
import { failureNote } from "./failure.js";
import { page } from "./page.js";
import { rows } from "./rows.js";
import { sign } from "./sign.js";
import { studyRow } from "./study.js";
import { detail } from "./detail.js";
import { reviewFoot, reviewHow } from "./review-foot.js";
import { plainSkips, worrySkips } from "./skipped.js";

/** @typedef {import("../types.d.ts").ReviewStudy} ReviewStudy */
/** @typedef {import("../types.d.ts").ReviewHead} ReviewHead */

const list = rows({
  fetch: (offset, limit) => call("review_studies", { offset, limit }),
  row: studyRow,
  key: (/** @type {ReviewStudy} */ study) => study.id,
  height: 140,
});
/** The review that is listed. @type {number | null} */
let listed = null;

export function review() {
  const head = /** @type {ReviewHead} */ (state().review);
  if (listed !== head.id) list.reset();
  listed = head.id;
  // As its row says it now: what the PACS has of it, and where its picture is, change with the destination.
  const known = list.known();
  const study = known.find(({ id }) => id === ui.study?.id) ?? ui.study ?? (ui.wide ? (known[0] ?? null) : null);
  return page({
    screen: "review",
    title: [t("review.title"), " ", said(head.name)],
    sub: t("review.looked", { files: t("n.files", { n: head.files }), time: duration(head.seconds) }),
    aside: ui.wide && study ? { label: t("review.detail"), body: detail(study) } : null,
    body: [
      h(
        "div",
        { key: "notes", class: "cards" },
        head.studies === 0 ? failureNote({ code: "nothing_to_send", message: "", hint: "", detail: "" }, { look: "wait" }) : null,
        head.patients > 1 ? manyPatients(head) : null,
        warnings(head),
      ),
      h("div", { key: "list", class: "studies" }, list.view(t("review.list"), head.revision, head.studies)),
      also(head),
      ui.rail ? null : h("div", { key: "how", class: "buttons" }, reviewHow(head)),
    ],
    foot: reviewFoot(head),
  });
}

/** @param {ReviewHead} head */
function manyPatients(head) {
  const all = sums().studies === head.studies;
  return h(
    "div",
    { class: "note", key: "patients" },
    sign("warn"),
    h("p", { class: "what" }, h("b", {}, t("review.many", { n: head.patients })), " ", t("review.many_tick")),
    button("tick_all", all ? t("review.untick_all") : t("review.tick_all", { n: head.studies }), () => tickAll(!all)),
  );
}

/** @param {ReviewHead} head */
function warnings(head) {
  const worry = worrySkips(head.skipped);
  if (head.listed_missing === 0 && worry === 0) return null;
  return h(
    "div",
    { class: "note", key: "worry" },
    sign("warn"),
    h(
      "div",
      { class: "what" },
      worry > 0 ? h("p", {}, t("review.skipped_worry", { n: worry })) : null,
      head.listed_missing > 0 ? h("p", {}, t("review.listed_missing", { n: head.listed_missing })) : null,
    ),
    worry > 0
      ? button("show_skipped", t("review.show_them"), () => open({ kind: "skipped" }), {
          label: t("review.show_skipped"),
        })
      : null,
  );
}

/** What else lies on the source, in one quiet line. @param {ReviewHead} head */
function also(head) {
  const plain = plainSkips(head.skipped);
  return h(
    "div",
    { class: "also soft small", key: "also" },
    plain > 0
      ? [
          h("span", {}, t("review.also", { n: plain })),
          button("show_skipped", t("review.show_them"), () => open({ kind: "skipped" }), {
            look: "plain",
            label: t("review.show_skipped"),
          }),
        ]
      : null,
    head.unlisted > 0 ? h("span", {}, t("review.unlisted", { n: head.unlisted })) : null,
    button("look_again", t("review.look_again"), () => ask("look_again"), { look: "plain" }),
  );
}
