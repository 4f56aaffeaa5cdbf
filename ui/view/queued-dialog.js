// A study in the queue, opened: everything that can be done with it, and what needs a person, reason by reason.

import { h, said } from "../dom.js";
import { call } from "../backend.js";
import { ask, close, failureOf, open, redraw, refuse, state } from "../store.js";
import { t } from "../speak.js";
import { button, choice } from "./button.js";
import { dialog } from "./dialog.js";
import { failureNote } from "./failure.js";
import { list } from "./queue.js";
import { isOver, plainTitle, queuedTitle, resumeAll, stateWord } from "./queued.js";
import { named, nameOf } from "./standing.js";

/** @typedef {import("../store.js").Dialog} Dialog */
/** @typedef {import("../types.d.ts").QueueStudy} QueueStudy */
/** @typedef {import("../types.d.ts").QueueGroup} QueueGroup */

/** `as`: what the study was like when they were asked for. @type {WeakMap<Dialog, { as: string, groups: QueueGroup[] | null }>} */
const asked = new WeakMap();

/** @param {Dialog} self @param {QueueStudy} study @returns {QueueGroup[] | null} */
function groupsOf(self, study) {
  const as = `${study.state} ${study.failed}`;
  const known = asked.get(self);
  if (known?.as === as) return known.groups;
  asked.set(self, { as, groups: known?.groups ?? null });
  call("queue_groups", { study: self.id }).then(
    (groups) => {
      asked.set(self, { as, groups });
      redraw();
    },
    (cause) => refuse(failureOf(cause)),
  );
  return known?.groups ?? null;
}

/** The row as it is now: of the pages that are there, else asked for by itself. One that is nowhere any more (moved to
 * another destination, put away) leaves nothing to show. @param {Dialog} self @returns {QueueStudy} */
function rowOf(self) {
  const known = list.known().find(({ id }) => id === self.id);
  if (known) return known;
  const { revision } = state().queue;
  if (self.asked === revision) return self.study;
  self.asked = revision;
  call("queue_study", { study: self.id }).then(
    (found) => {
      if (found === null) close(self);
      else Object.assign(self, { study: found });
      redraw();
    },
    (cause) => refuse(failureOf(cause)),
  );
  return self.study;
}

/** @param {Dialog} self */
export function queuedDialog(self) {
  const study = rowOf(self);
  self.study = study;
  const groups = groupsOf(self, study);
  return dialog(self, queuedTitle(study), [
    h(
      "p",
      { key: "state" },
      stateWord(study),
      " ",
      h("span", { class: "soft small" }, t("queued.to"), " ", said(study.destination)),
    ),
    study.failure && (groups?.length ?? 0) === 0
      ? failureNote(study.failure, {
          context: { study: study.id },
          look: study.state === "needs_person" ? "bad" : "calm",
        })
      : null,
    groups === null
      ? h("p", { class: "soft", key: "loading" }, t("loading"))
      : groups.map((group, at) => groupBlock(group, at, study)),
    isOver(study) ? over(study, self) : wishes(study, self),
  ]);
}

/** @param {QueueGroup} group @param {number} at @param {QueueStudy} study */
function groupBlock(group, at, study) {
  const numbers = [
    group.http_status !== null ? `HTTP ${group.http_status}` : "",
    group.dicom_reason !== null ? `DICOM ${group.dicom_reason.toString(16).toUpperCase().padStart(4, "0")}H` : "",
  ]
    .filter(Boolean)
    .join(", ");
  const more = group.count - group.images.length;
  return h(
    "section",
    { class: "block", key: `group ${at}` },
    h("h3", {}, t("n.images", { n: group.count }), ": ", t(`outcome.${group.outcome}`)),
    failureNote(group.failure, {
      context: { study: study.id, numbers },
      extra: numbers,
      after: group.can_retry
        ? button("queue_retry", t("queued.retry", { n: group.count }), () =>
            ask("queue_wish", { wish: "retry", studies: [study.id] }),
          )
        : null,
    }),
    h(
      "p",
      { class: "soft small which" },
      t("queued.which"),
      " ",
      group.images.map((one, index) => [
        index > 0 ? ", " : null,
        t("queued.image", { series: one.series || "–", number: one.number || "–" }),
      ]),
      more > 0 ? ` ${t("queued.and_more", { n: more })}` : null,
    ),
  );
}

/** @param {QueueStudy} study @param {Dialog} self */
const over = (study, self) =>
  study.receipt === null
    ? null
    : h(
        "div",
        { class: "buttons", key: "over" },
        button("receipt_save", t("done.receipt"), () => ask("receipt_save", { receipt: study.receipt }), {
          icon: "receipt",
        }),
        button(
          "queue_put_away",
          t("queued.put_away"),
          () => (close(self), ask("queue_put_away", { receipt: study.receipt })),
        ),
      );

/** Elsewhere it is another row of the queue. @param {QueueStudy} study @param {number} destination @param {Dialog} self */
async function move(study, destination, self) {
  const again = () => void move(study, destination, self);
  if ((await ask("queue_move", { studies: [study.id], destination }, again)) !== undefined) close(self);
  else redraw();
}

/** @param {QueueStudy} study @param {Dialog} self */
function wishes(study, self) {
  const wish = (/** @type {string} */ one) => () => ask("queue_wish", { wish: one, studies: [study.id] });
  const others = named();
  const paused = study.state === "paused";
  return [
    h(
      "div",
      { class: "field", key: "priority" },
      h("span", { class: "label" }, t("priority.label")),
      choice(
        "study_priority",
        t("priority.label"),
        study.priority,
        ["routine", "urgent", "stat"].map((one) => [one, t(`priority.${one}`)]),
        (priority) => ask("queue_priority", { study: study.id, priority }),
      ),
    ),
    others.length > 1
      ? h(
          "label",
          { class: "field", key: "move" },
          h("span", { class: "label" }, t("queued.move")),
          h(
            "select",
            {
              value: String(
                others.find((one) => nameOf(one) === study.destination || one.name === study.destination)?.id ?? "",
              ),
              "data-do": "queue_move",
              onchange: (/** @type {any} */ event) => void move(study, Number(event.target.value), self),
            },
            others.map((one) => h("option", { key: one.id, value: String(one.id), translate: "no" }, nameOf(one))),
          ),
        )
      : null,
    h(
      "div",
      { class: "buttons", key: "acts" },
      paused && state().queue.paused
        ? resumeAll()
        : button(
            paused ? "queue_resume" : "queue_pause",
            t(paused ? "queued.resume" : "queued.pause"),
            wish(paused ? "resume" : "pause"),
            { icon: paused ? "play" : "pause" },
          ),
      button("queue_first", t("queued.first"), wish("first"), { icon: "up" }),
      button("queue_cancel", t("queued.cancel"), () => open({ kind: "cancel", study, from: self }), { look: "danger" }),
    ),
  ];
}

/** Says what is in the PACS already, and what cancelling does. @param {Dialog} self */
export function cancelDialog(self) {
  /** The row as it is now: while a person thinks, more is sent. @type {QueueStudy | null} */
  const study = self.study && (list.known().find(({ id }) => id === self.study.id) ?? self.study);
  const act = async () => {
    close(self);
    if (self.from) close(self.from);
    await ask("queue_wish", { wish: "cancel", studies: study ? [study.id] : null });
  };
  return dialog(
    self,
    study ? t("cancel.title") : t("cancel.title_all"),
    [
      study ? h("p", { class: "strong" }, said(plainTitle(study))) : null,
      h(
        "p",
        {},
        study
          ? t("cancel.there", { n: study.images, there: study.images_done, destination: study.destination })
          : t("cancel.there_all", { n: state().queue.studies }),
      ),
      h("p", {}, t("cancel.erased")),
    ],
    [
      button("cancel_keep", t("cancel.keep"), () => close(self), { look: "first", "data-focus": true }),
      button("cancel_confirm", study ? t("cancel.yes") : t("cancel.yes_all"), act, { look: "danger" }),
    ],
  );
}
