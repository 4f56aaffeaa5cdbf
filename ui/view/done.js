// Done: is it all in the PACS, and can the disc go back?

import { h } from "../dom.js";
import { ask, go, state } from "../store.js";
import { bytes, duration, line, t } from "../speak.js";
import { button } from "./button.js";
import { eject } from "./eject.js";
import { endSentence } from "./ended.js";
import { lacks } from "./lacks.js";
import { page } from "./page.js";
import { sign } from "./sign.js";

/** @typedef {import("../types.d.ts").Done} Done */

export function done() {
  const end = /** @type {Done} */ (state().done);
  const good = isGood(end);
  const save = () => ask("receipt_save", { receipt: end.receipt });
  return page({
    screen: "done",
    title: endSentence(end),
    narrow: true,
    body: [
      h(
        "div",
        { class: `verdict ${good ? "ok" : "bad"}`, key: "verdict" },
        sign(good ? "check" : "warn"),
        h("p", {}, disc(end)),
      ),
      end.not_there.length > 0 ? missing(end) : null,
      end.complete && !good ? elsewhere() : null,
      h("p", { class: "soft", key: "counts" }, counts(end)),
      lacks(end),
      h(
        "div",
        { class: "buttons", key: "acts" },
        eject(end.volume, good ? "first" : ""),
        button("receipt_save", t("done.receipt"), save, { icon: "receipt" }),
        button("done_put_away", t("done.another"), () => ask("done_put_away", { receipt: end.receipt }), {
          icon: "send",
          look: end.volume && good ? "" : "first",
        }),
      ),
    ],
  });
}

/** All of it is there, and nothing of the same source that went elsewhere needs a person. @param {Done} end */
const isGood = (end) => end.complete && end.disc_can_go;

/** May the disc go back? @param {Done} end */
function disc(end) {
  const { complete, disc_can_go, volume, source } = end;
  const of = (/** @type {string} */ disc, /** @type {string} */ named, /** @type {string} */ unnamed) =>
    volume ? t(disc) : source ? t(named, { name: source }) : t(unnamed);
  if (!disc_can_go) return of("done.keep_disc", "done.keep_source", "done.keep_unnamed");
  if (complete) return of("done.disc_can_go", "done.source_free", "done.unnamed_free");
  return of("done.read_disc", "done.read_source", "done.read_unnamed");
}

/** @param {Done} end */
const missing = (end) =>
  h(
    "section",
    { class: "block", key: "missing" },
    h("h2", {}, t("done.not_there")),
    h(
      "ul",
      { class: "cards" },
      end.not_there.map((one, at) =>
        h(
          "li",
          { class: "card row", key: at },
          sign("cross", "bad"),
          h(
            "div",
            { class: "what" },
            h("p", { class: "strong" }, t("n.images", { n: one.count }), ": ", t(`outcome.${one.outcome}`)),
            one.code ? h("p", { class: "soft small" }, t(`code.${one.code}.happened`)) : null,
          ),
        ),
      ),
    ),
    end.not_there.some(({ outcome }) => outcome !== "cancelled")
      ? button("go_queue", t("done.look"), () => go("queue"))
      : null,
  );

const elsewhere = () =>
  h(
    "div",
    { class: "note", key: "elsewhere" },
    sign("warn"),
    h("p", { class: "what" }, t("done.elsewhere")),
    button("go_queue", t("done.look"), () => go("queue")),
  );

/** @param {Done} end */
const counts = (end) =>
  line(
    t("n.studies", { n: end.studies }),
    t("n.images", { n: end.images }),
    bytes(end.bytes),
    t("done.took", { time: duration(end.seconds) }),
    end.already_there > 0 && t("done.already_there", { n: end.already_there }),
    t("done.receipt_number", { number: String(end.receipt) }),
  );

/** The head of the queue says it too, to those who stayed there. */
export function doneNote() {
  const end = state().done;
  if (!end) return null;
  return h(
    "div",
    { class: `note ${isGood(end) ? "ok" : "bad"}`, key: "done" },
    sign(isGood(end) ? "check" : "warn"),
    h("p", { class: "what" }, endSentence(end)),
    button("show_done", t("done.show"), () => go("send")),
  );
}
