// Queue: one row a study, what it does and what it needs; all of it can be paused and goes on by itself.

import { h } from "../dom.js";
import { call } from "../backend.js";
import { ask, go, open, state, ui } from "../store.js";
import { bytes, duration, line, rate, t } from "../speak.js";
import { limitNow } from "./bandwidth.js";
import { bar } from "./bar.js";
import { button } from "./button.js";
import { doneNote } from "./done.js";
import { eject } from "./eject.js";
import { page } from "./page.js";
import { queuedRow, resumeAll } from "./queued.js";
import { rows } from "./rows.js";
import { sign } from "./sign.js";

/** @typedef {import("../types.d.ts").QueueStudy} QueueStudy */
/** @typedef {import("../types.d.ts").QueueHead} QueueHead */

export const list = rows({
  fetch: (offset, limit) => call("queue_studies", { offset, limit }),
  row: queuedRow,
  key: (/** @type {QueueStudy} */ study) => study.id,
  height: 110,
});

export function queue() {
  const head = state().queue;
  return page({
    screen: "queue",
    title: t("queue.title"),
    sub:
      head.studies > 0
        ? line(
            t("n.studies", { n: head.studies }),
            t("n.images", { n: head.images }),
            head.bytes_left > 0 && t("queue.left", { size: bytes(head.bytes_left) }),
            head.bytes_per_second !== null && rate(head.bytes_per_second),
            head.bytes_left > 0 && limitNow(),
            head.seconds_left !== null && t("queue.time_left", { time: duration(head.seconds_left) }),
          )
        : null,
    acts: head.studies > 0 ? wholeQueue(head) : null,
    body: [
      h("div", { class: "cards", key: "notes" }, doneNote(), head.sources.map(sourceNote)),
      h("div", { key: "list", class: "queued-list" }, list.view(t("queue.list"), head.revision)),
      head.studies === 0 && list.length() === 0 ? empty() : null,
      ui.rail ? null : h("div", { key: "foot", class: "cards" }, foot(head)),
    ],
    foot: ui.rail ? foot(head) : null,
  });
}

/** @param {QueueHead} head */
const wholeQueue = (head) =>
  head.paused
    ? resumeAll("first")
    : button("queue_pause_all", t("queue.pause_all"), () => ask("queue_wish", { wish: "pause", studies: null }), {
        icon: "pause",
      });

/** Under the list where there is little room. @param {QueueHead} head */
const foot = (head) => [
  h("p", { class: "soft small grow", key: "words" }, t(footWords(head))),
  head.studies > 0 ? h("div", { class: "buttons", key: "acts" }, rest(head)) : null,
];

/** @param {QueueHead} head */
function footWords(head) {
  if (head.paused) return "queue.paused_foot";
  return state().platform.tray ? "queue.foot" : "queue.foot_open";
}

/** What is wanted less often for the whole queue. @param {QueueHead} head */
const rest = (head) => [
  head.needs_person > 0
    ? button("queue_retry_all", t("queue.retry_all"), () => ask("queue_wish", { wish: "retry", studies: null }))
    : null,
  button("queue_cancel_all", t("queue.cancel_all"), () => open({ kind: "cancel", study: null })),
];

/** Can the disc come out? @param {import("../types.d.ts").SourceFree} source */
function sourceNote(source) {
  const gone = source.gone > 0;
  return h(
    "div",
    { class: `note ${source.free ? "ok" : gone ? "" : "calm"}`, key: `source ${source.import}` },
    sign(source.free ? "check" : "optical"),
    h(
      "div",
      { class: "what" },
      h(
        "p",
        { class: "strong" },
        t(source.free ? "source.free" : gone ? "source.gone" : "source.copying", { name: source.name }),
      ),
      source.free || gone
        ? h("p", { class: "soft small" }, gone ? t("source.gone_words", { n: source.gone }) : t("source.free_words"))
        : [
            h("p", { class: "soft small" }, t("source.copied", { n: source.of, done: source.copied })),
            bar(t("source.bar"), source.of > 0 ? source.copied / source.of : 0),
          ],
    ),
    source.free ? eject(source.volume) : null,
  );
}

const empty = () =>
  h(
    "div",
    { class: "empty", key: "empty" },
    sign("check"),
    h("h2", {}, t("queue.empty")),
    h("p", {}, t("queue.empty_words")),
    button("go_send", t("queue.go_send"), () => go("send"), { look: "first" }),
  );
