// Send: where to take images from. Nothing goes anywhere from here.

import { h, said } from "../dom.js";
import { ask, change, go, open, redraw, state, ui } from "../store.js";
import { ago, bytes, line, t } from "../speak.js";
import { lastConfirmed } from "../ledger.js";
import { button } from "./button.js";
import { page } from "./page.js";
import { sign, sourceSign } from "./sign.js";

/** @typedef {import("../types.d.ts").Volume} Volume */
/** @typedef {import("../types.d.ts").Recent} Recent */

export function send() {
  const { volumes, recents, destinations, platform, practice } = state();
  return page({
    screen: "send",
    title: t("send.title"),
    body: [
      h(
        "section",
        { class: "drop", key: "drop", "aria-labelledby": "drop-words" },
        sign("send"),
        h("h2", { id: "drop-words" }, platform.touch ? t("send.choose") : t("send.drop")),
        h("p", {}, t("send.promise")),
        h(
          "div",
          { class: "buttons" },
          platform.can_choose_folder
            ? button("choose_folder", t("send.choose_folder"), () => ask("choose_folder"), { icon: "folder" })
            : null,
          button("choose_files", t("send.choose_files"), () => ask("choose_files"), { icon: "files" }),
        ),
      ),
      destinations.length === 0 ? noDestination() : null,
      volumes.length > 0
        ? h(
            "section",
            { class: "block", key: "volumes" },
            h("h2", {}, t("send.here")),
            h("ul", { class: "cards" }, volumes.map(volume)),
          )
        : h("p", { class: "soft", key: "volumes none" }, t("send.no_volumes")),
      practice.running && practice.sample ? practiceCard() : null,
      recents.length > 0 ? recentBlock(recents) : null,
    ],
    foot: h("p", { class: "soft small grow" }, idle()),
  });
}

const noDestination = () =>
  h(
    "div",
    { class: "note calm", key: "no destination" },
    sign("warn"),
    h(
      "div",
      { class: "what" },
      h("p", { class: "strong" }, t("send.no_destination")),
      h("p", { class: "soft small" }, t("send.no_destination_but")),
    ),
    button("destination_new", t("settings.add"), () => open({ kind: "destination", id: null })),
  );

const practiceCard = () =>
  h(
    "div",
    { class: "card row", key: "practice" },
    sign("optical", "big-sign"),
    h("div", { class: "what" }, h("h2", {}, t("send.sample")), h("p", { class: "soft small" }, t("send.sample_words"))),
    button("practice_look", t("send.look"), () => ask("practice_look"), {
      label: t("send.look_at", { name: t("send.sample") }),
    }),
  );

/** @param {Volume} one */
function volume(one) {
  const dicom = one.hint !== "unknown";
  return h(
    "li",
    { class: "card row", key: one.id },
    sign(sourceSign(one.kind), "big-sign"),
    h(
      "div",
      { class: "what" },
      h("h3", {}, t(`volume.${one.kind}`), " · ", said(one.label || t("volume.no_label"))),
      h(
        "p",
        { class: "soft small" },
        line(t(`volume.hint.${one.hint}`), one.bytes !== null && bytes(one.bytes), one.in_use && t("volume.in_use")),
      ),
    ),
    h(
      "div",
      { class: "buttons" },
      one.can_eject && !one.in_use
        ? button("eject", t("action.eject"), () => ask("eject", { volume: one.id }), {
            look: "plain",
            label: t("action.eject_name", { name: one.label }),
          })
        : null,
      button("look_volume", t("send.look"), () => ask("look_volume", { id: one.id }), {
        look: dicom ? "first" : "",
        label: t("send.look_at", { name: one.label }),
      }),
    ),
  );
}

/** @param {Recent[]} recents */
const recentBlock = (recents) =>
  h(
    "section",
    { class: "block", key: "recents" },
    h("h2", {}, t("send.recent")),
    h(
      "ul",
      { class: "cards" },
      recents.map((one) =>
        h(
          "li",
          { class: "card row", key: one.id },
          sign("folder", "big-sign"),
          h(
            "div",
            { class: "what" },
            h("h3", {}, said(one.name)),
            h("p", { class: "soft small" }, ago(one.at, ui.now)),
          ),
          button("look_recent", t("send.look"), () => ask("look_recent", { id: one.id }), {
            label: t("send.look_at", { name: one.name }),
          }),
        ),
      ),
    ),
    button("recents_clear", t("send.recent_clear"), () => ask("recents_clear"), { look: "plain" }),
  );

/** `as`: what the ledger was when it was asked. @type {{ as: number | null, at: number | null }} */
const last = { as: null, at: null };

/** What is on its way, or when the last study was confirmed. */
function idle() {
  const { queue, ledger } = state();
  if (queue.studies > 0) {
    return [
      t("send.waiting", { n: queue.studies }),
      " ",
      button("go_queue", t("send.show_queue"), () => go("queue"), { look: "plain" }),
    ];
  }
  if (last.as !== ledger) {
    last.as = ledger;
    lastConfirmed().then(
      (at) => {
        last.at = at;
        redraw();
      },
      () => change({}),
    );
  }
  return last.at ? t("send.idle_since", { time: ago(last.at, ui.now) }) : t("send.idle");
}
