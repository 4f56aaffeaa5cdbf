// A study in the queue: what, how far, in which state, and the one thing that is most likely wanted now.

import { h, said } from "../dom.js";
import { ask, open, state } from "../store.js";
import { bytes, duration, line, rate, t } from "../speak.js";
import { bar } from "./bar.js";
import { button } from "./button.js";
import { sentences } from "./failure.js";
import { sign } from "./sign.js";

/** @typedef {import("../types.d.ts").QueueStudy} QueueStudy */

/** Sign, tone, bar. @type {Record<QueueStudy["state"], [string, string, string]>} */
const LOOK = {
  copying: ["down", "accent", ""],
  asking: ["ask", "accent", ""],
  queued: ["clock", "", ""],
  sending: ["up", "accent", ""],
  stored: ["half", "ok", "done"],
  waiting: ["clock", "wait", "waits"],
  paused: ["pause", "wait", "stopped"],
  needs_person: ["cross", "bad", "trouble"],
  confirmed: ["check", "ok", "done"],
  partly: ["half", "wait", "stopped"],
  cancelled: ["dash", "", "stopped"],
};

/** @param {QueueStudy} study */
export const isOver = ({ state }) => state === "confirmed" || state === "partly" || state === "cancelled";

/** Whose it is and what it is, as the setting lets it be shown. @param {QueueStudy} study */
export const queuedTitle = (study) => [
  said(study.name),
  " · ",
  study.description ? said(study.description) : t("study.no_description"),
];

/** @param {QueueStudy} study */
export const plainTitle = (study) => `${study.name} · ${study.description || t("study.no_description")}`;

/** @param {QueueStudy} study */
function stateText(study) {
  if (study.state === "waiting" && study.waiting_for) return t("state.waiting_for", { name: study.waiting_for });
  if (study.state === "needs_person" && study.failed > 0) return t("state.failed", { n: study.failed });
  // Going on with it alone would change nothing.
  if (study.state === "paused" && state().queue.paused) return t("queue.paused_all");
  return t(`state.${study.state}`);
}

/** @param {QueueStudy} study */
export function stateWord(study) {
  const [icon, tone] = LOOK[study.state];
  return h(
    "span",
    { class: `state-word ${tone}`.trim(), "data-state": study.state },
    sign(icon),
    h("span", {}, stateText(study)),
  );
}

/** Of a study that is over: what is there, what is not, and whether anything is left here. @param {QueueStudy} study */
function ended({ state, images: n, in_archive: there, taken_out, destination, erased }) {
  return [
    state === "confirmed" ? t("queued.confirmed", { n, destination }) : t("queued.there", { n, there, destination }),
    taken_out > 0 ? t("n.taken_out", { n: taken_out }) : null,
    erased ? t("queued.nothing_left") : null,
  ]
    .filter(Boolean)
    .join(" ");
}

/** @param {QueueStudy} study */
function progress(study) {
  const { images, images_done, bytes: size, bytes_done } = study;
  if (isOver(study)) return ended(study);
  return line(
    t("queued.images", { n: images, done: images_done }),
    bytes_done > 0 && bytes_done < size ? t("queued.bytes", { done: bytes(bytes_done), of: bytes(size) }) : bytes(size),
    study.state === "sending" && study.bytes_per_second !== null && rate(study.bytes_per_second),
    study.state === "sending" &&
      study.seconds_left !== null &&
      t("queue.time_left", { time: duration(study.seconds_left) }),
    study.state === "stored" && t("queued.stored"),
    study.state === "waiting" && t("queued.kept"),
  );
}

/** Why it waits: its destination may be well, and fail over this one study. @param {QueueStudy} study */
const waitsFor = ({ state, failure }) =>
  state === "waiting" && failure ? h("p", { class: "soft small" }, sentences(failure)[0]) : null;

/** @param {QueueStudy} study @param {number} at @param {boolean} tab */
export function queuedRow(study, at, tab) {
  const tabindex = tab ? null : "-1";
  const part = isOver(study)
    ? study.in_archive / Math.max(1, study.images)
    : study.bytes > 0 ? study.bytes_done / study.bytes : study.images > 0 ? study.images_done / study.images : 0;
  const title = plainTitle(study);
  return h(
    "article",
    { class: `card queued ${study.state === "needs_person" ? "bad-edge" : ""}`.trim(), "data-study": study.id },
    h("span", { class: "mod", translate: "no" }, study.modality || "?"),
    h(
      "div",
      { class: "what" },
      h(
        "h2",
        {},
        queuedTitle(study),
        study.priority === "routine" ? null : [" ", h("span", { class: "chip" }, t(`priority.${study.priority}`))],
      ),
      h("p", { class: "soft small" }, progress(study)),
      waitsFor(study),
      study.failure && study.state === "needs_person"
        ? h(
            "p",
            { class: "warning bad" },
            sign("cross"),
            h("span", {}, sentences(study.failure)[0]),
          )
        : bar(t("queued.bar", { study: title }), part, LOOK[study.state][2]),
    ),
    stateWord(study),
    h(
      "div",
      { class: "buttons" },
      likely(study, title, tabindex),
      button("queue_details", t("queued.details"), () => open({ kind: "queued", id: study.id, study }), {
        tabindex,
        "data-row": true,
        label: t("queued.details_of", { study: title }),
      }),
    ),
  );
}

/** @param {string} [look] */
export const resumeAll = (look) =>
  button("queue_resume_all", t("queue.resume_all"), () => ask("queue_wish", { wish: "resume", studies: null }), {
    icon: "play",
    look,
  });

/** What is most likely wanted now. @param {QueueStudy} study @param {string} title @param {string | null} tabindex */
function likely(study, title, tabindex) {
  const wish = (/** @type {string} */ one, /** @type {string} */ words) =>
    button(`queue_${one}`, words, () => ask("queue_wish", { wish: one, studies: [study.id] }), {
      tabindex,
      label: t("queued.act_on", { act: words, study: title }),
    });
  if (study.state === "paused") return state().queue.paused ? null : wish("resume", t("queued.resume"));
  if (study.state === "needs_person")
    return wish("retry", study.failed > 0 ? t("queued.retry", { n: study.failed }) : t("action.retry"));
  if (isOver(study))
    return study.receipt === null
      ? null
      : button("receipt_save", t("queued.receipt"), () => ask("receipt_save", { receipt: study.receipt }), {
          tabindex,
          label: t("queued.receipt_of", { study: title }),
        });
  if (study.state === "stored" || study.state === "waiting") return null;
  return wish("pause", t("queued.pause"));
}
