// Speaks to those who listen instead of look: when a state changes, never at every percent.

import { t } from "./speak.js";
import { endSentence } from "./view/ended.js";
import { sentences } from "./view/failure.js";
import { nameOf } from "./view/standing.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Failure} Failure */

/** @type {string[]} */
let waiting = [];

/** @param {string} words */
function say(words) {
  waiting.push(words);
  if (waiting.length > 1) return;
  // Words that come together are spoken together; the same words twice have to be new words for the page.
  requestAnimationFrame(() => {
    // The voice of the dialog on top, where one is open: what lies behind it is silent.
    const place =
      [...document.querySelectorAll("dialog[open] > [data-voice]")].pop() ?? document.getElementById("voice");
    if (place) {
      const line = document.createElement("p");
      line.textContent = waiting.join(" ");
      place.replaceChildren(line);
    }
    waiting = [];
  });
}

/** @param {State | null} before @param {State} now */
function looking(before, now) {
  if (now.looking && !before?.looking) say(t("voice.looking"));
  if (now.review && !before?.review) {
    const { studies, patients, images } = now.review;
    say(
      t("voice.found", {
        studies: t("n.studies", { n: studies }),
        patients: t("n.patients", { n: patients }),
        images: t("n.images", { n: images }),
      }),
    );
  }
  if (before?.looking && !now.looking && !now.review) say(t("voice.looking_ended"));
  if (now.drop === "over" && before?.drop !== "over") say(t("drop.over"));
}

/** @param {State} before @param {State} now */
function sending(before, now) {
  const [was, is] = [before.queue, now.queue];
  if (is.sending && !was.sending) say(t("voice.sending"));
  if (is.paused !== was.paused) say(t(is.paused ? "voice.paused" : "voice.resumed"));
  if (is.needs_person > was.needs_person) say(t("rail.needs_person", { n: is.needs_person }));
  for (const source of is.sources) {
    const known = was.sources.find((one) => one.import === source.import);
    if (source.free && !known?.free) say(t("source.free", { name: source.name }));
    if (source.gone && !known?.gone) say(t("source.gone", { name: source.name }));
  }
  if (now.done && now.done.receipt !== before.done?.receipt) say(endSentence(now.done));
}

/** @param {State} before @param {State} now */
function destinations(before, now) {
  for (const one of now.destinations) {
    const was = before.destinations.find(({ id }) => id === one.id);
    if (was && was.standing !== one.standing) say(`${nameOf(one)}: ${t(`standing.${one.standing}`)}`);
  }
  for (const one of now.volumes) {
    if (!before.volumes.some(({ id }) => id === one.id)) say(t("voice.volume_came", { name: one.label }));
  }
  for (const one of before.volumes) {
    if (!now.volumes.some(({ id }) => id === one.id)) say(t("voice.volume_gone", { name: one.label }));
  }
}

export const speak = {
  say,
  /** @param {Failure} failure */
  failure: (failure) => say(sentences(failure).join(" ")),
  /** What of a change is worth saying. @param {State | null} before @param {State} now */
  changed(before, now) {
    looking(before, now);
    if (now.notice && now.notice.code !== before?.notice?.code) speak.failure(now.notice);
    if (!before) return;
    sending(before, now);
    destinations(before, now);
  },
};
