// How much of the line sending may take: chosen in Settings, told in the Queue while it holds.

import { h } from "../dom.js";
import { save, setTo } from "../settings.js";
import { state, ui } from "../store.js";
import { t } from "../speak.js";

/** @typedef {import("../types.d.ts").Bandwidth} Bandwidth */

/** Megabits a second, from a telephone line on. */
const RATES = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/** When others work, for most. */
const WORKING_HOURS = { from: 7, until: 19 };
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** @param {number} hour */
const clock = (hour) => `${String(hour).padStart(2, "0")}:00`;

/** The limit that holds in this moment, in words; null where none does. */
export function limitNow() {
  const { bandwidth } = state().settings;
  if (!bandwidth) return null;
  const { megabits, from, until } = bandwidth;
  if (from === until) return t("queue.limit", { megabits });
  const hour = new Date(ui.now).getHours();
  const holds = from < until ? hour >= from && hour < until : hour >= from || hour < until;
  return holds ? t("queue.limit_until", { megabits, until: clock(until) }) : null;
}

export function bandwidth() {
  const now = setTo("bandwidth");
  const rates = now && !RATES.includes(now.megabits) ? [now.megabits, ...RATES] : RATES;
  return h(
    "div",
    { class: "card row", key: "bandwidth", role: "group", "aria-labelledby": "bandwidth-title" },
    h(
      "div",
      { class: "what" },
      h("h3", { id: "bandwidth-title" }, t("settings.bandwidth")),
      h("p", { class: "soft small" }, t("settings.bandwidth_words")),
    ),
    h(
      "div",
      { class: "buttons" },
      pick("bandwidth_rate", String(now?.megabits ?? ""), [
        ["", t("settings.bandwidth.line")],
        ...rates.map(
          (megabits) =>
            /** @type {[string, string]} */ ([String(megabits), t("settings.bandwidth.most", { megabits })]),
        ),
      ]),
      now ? when(now) : null,
    ),
  );
}

/** @param {Bandwidth} now */
function when(now) {
  const all = now.from === now.until;
  // From an hour until the same one would be all day.
  const hours = (/** @type {number} */ other, /** @type {string} */ key) =>
    HOURS.filter((hour) => hour !== other).map(
      (hour) => /** @type {[string, string]} */ ([String(hour), t(key, { hour: clock(hour) })]),
    );
  return [
    pick("bandwidth_when", all ? "day" : "hours", [
      ["day", t("settings.bandwidth.day")],
      ["hours", t("settings.bandwidth.hours")],
    ]),
    all ? null : pick("bandwidth_from", String(now.from), hours(now.until, "settings.bandwidth.from_hour")),
    all ? null : pick("bandwidth_until", String(now.until), hours(now.from, "settings.bandwidth.until_hour")),
  ];
}

/** What each of the boxes changes. @type {Record<string, (now: Bandwidth | null, value: string) => Bandwidth | null>} */
const CHANGES = {
  bandwidth_rate: (now, value) =>
    value === "" ? null : { ...(now ?? { from: 0, until: 0 }), megabits: Number(value) },
  bandwidth_when: (now, value) => now && { ...now, ...(value === "day" ? { from: 0, until: 0 } : WORKING_HOURS) },
  bandwidth_from: (now, value) => now && { ...now, from: Number(value) },
  bandwidth_until: (now, value) => now && { ...now, until: Number(value) },
};

/** @param {string} name @param {string} value @param {[string, string][]} choices */
const pick = (name, value, choices) =>
  h(
    "select",
    {
      key: name,
      value,
      "data-do": name,
      "aria-label": t(`settings.${name}`),
      onchange: (/** @type {any} */ event) => save("bandwidth", CHANGES[name](setTo("bandwidth"), event.target.value)),
    },
    choices.map(([one, words]) => h("option", { key: one, value: one }, words)),
  );
