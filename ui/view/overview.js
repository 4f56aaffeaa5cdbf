// Overview: how much, how well, how fast; by day, modality, destination and priority. Every chart has its table.

import { h } from "../dom.js";
import { ask, change, failureOf, redraw, refuse, state, ui } from "../store.js";
import { bytes, duration, number, percent, shortDay, t } from "../speak.js";
import * as ledger from "../ledger.js";
import { button, choice } from "./button.js";
import { bars, columns } from "./chart.js";
import { page } from "./page.js";
import { sign } from "./sign.js";

/** @typedef {import("../ledger.js").Day} Day */

const PERIODS = [7, 14, 30, 90, 180];
/** @type {{ asked: string, days: Day[] | null, median: number | null, success: { tried: number, there: number } }} */
const known = { asked: "", days: null, median: null, success: { tried: 0, there: 0 } };

/** @param {number | null} period */
function fresh(period) {
  const now = `${period} ${state().ledger}`;
  if (known.asked === now) return;
  known.asked = now;
  const at = Date.now();
  Promise.all([ledger.byDay(period, at), ledger.medianToConfirmed(period, at), ledger.success(period, at)]).then(
    ([days, median, success]) => {
      if (known.asked !== now) return;
      Object.assign(known, { days, median, success });
      redraw();
    },
    (cause) => {
      Object.assign(known, { days: [], median: null });
      refuse(failureOf(cause));
    },
  );
}

export function overview() {
  const period = ui.period === undefined ? 30 : ui.period;
  fresh(period);
  const { days } = known;
  return page({
    screen: "overview",
    title: t("overview.title"),
    acts: button("overview_csv", t("history.csv"), () => ask("overview_csv", { days: period })),
    body: [
      choice(
        "period",
        t("overview.period"),
        String(period ?? "all"),
        [
          ...PERIODS.map((n) => /** @type {[string, string]} */ ([String(n), t("period.days", { n })])),
          ["all", t("period.all")],
        ],
        (one) => change({ period: one === "all" ? null : Number(one) }),
        "tall",
      ),
      days === null
        ? h("p", { class: "soft", key: "loading" }, t("loading"))
        : days.length === 0
          ? empty()
          : [tiles(days), charts(days, period)],
    ],
  });
}

const empty = () =>
  h(
    "div",
    { class: "empty", key: "empty" },
    sign("overview"),
    h("h2", {}, t("overview.empty")),
    h("p", {}, t("overview.empty_words")),
  );

/** @param {Day[]} days @param {(day: Day) => number} of */
const sum = (days, of) => days.reduce((all, day) => all + of(day), 0);

/** @param {Day[]} days */
function tiles(days) {
  const { tried, there } = known.success;
  const tile = (/** @type {string} */ key, /** @type {string} */ value) =>
    h("div", { class: "tile", key }, h("dt", {}, t(`overview.${key}`)), h("dd", { translate: "no" }, value));
  return h(
    "dl",
    { class: "tiles", key: "tiles" },
    tile("studies", number(sum(days, (day) => day.studies))),
    tile("images", number(sum(days, (day) => day.images))),
    tile("bytes", bytes(sum(days, (day) => day.bytes))),
    tile("success", tried > 0 ? percent(there / tried) : "–"),
    h(
      "div",
      { class: "tile", key: "median" },
      h("dt", {}, t("overview.median")),
      h("dd", {}, known.median === null ? "–" : duration(known.median)),
    ),
  );
}

/** @param {Day[]} days @param {(day: Day) => string} by */
function grouped(days, by) {
  /** @type {Map<string, { name: string, images: number, there: number, studies: number }>} */
  const groups = new Map();
  for (const day of days) {
    const name = by(day);
    const group = groups.get(name) ?? { name, images: 0, there: 0, studies: 0 };
    group.images += day.images;
    group.there += day.images_in_archive;
    group.studies += day.studies;
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** Every day of the period, also those on which nothing was sent; weeks where days would be too many.
 * @param {Day[]} days @param {number | null} period */
function timeline(days, period) {
  const DAY = 86_400_000;
  const at = (/** @type {string} */ day) => Date.parse(`${day}T00:00:00Z`);
  const last = Math.floor(Date.now() / DAY) * DAY;
  const span = period ?? Math.round((last - at(days[0].day)) / DAY) + 1;
  const width = span <= 31 ? 1 : span <= 200 ? 7 : 30;
  const count = Math.ceil(span / width);
  const slots = Array.from({ length: count }, (_, index) => ({
    name: new Date(last - (count * width - 1 - index * width) * DAY).toISOString().slice(0, 10),
    images: 0,
    there: 0,
    studies: 0,
  }));
  for (const day of days) {
    const slot = slots[count - 1 - Math.floor((last - at(day.day)) / DAY / width)];
    if (!slot) continue;
    slot.images += day.images;
    slot.there += day.images_in_archive;
    slot.studies += day.studies;
  }
  return { slots: slots.map((slot) => ({ ...slot, name: shortDay(slot.name) })), width };
}

/** @param {Day[]} days */
const byUrgency = (days) =>
  ["routine", "urgent", "stat"].flatMap((priority) =>
    grouped(
      days.filter((day) => day.priority === priority),
      () => t(`priority.${priority}`),
    ),
  );

/** @param {Day[]} days @param {number | null} period */
function charts(days, period) {
  const { slots, width } = timeline(days, period);
  const most = (/** @type {import("./chart.js").Group[]} */ groups) => groups.sort((a, b) => b.images - a.images);
  return h(
    "div",
    { class: "charts", key: "charts" },
    columns(
      "by_time",
      t(width === 1 ? "overview.by_day" : width === 7 ? "overview.by_week" : "overview.by_month"),
      slots,
    ),
    h(
      "div",
      { class: "beside", key: "beside" },
      bars("by_modality", t("overview.by_modality"), most(grouped(days, (day) => day.modality || "?")), true),
      bars("by_destination", t("overview.by_destination"), most(grouped(days, (day) => day.destination)), true),
      bars("by_priority", t("overview.by_priority"), byUrgency(days), false),
    ),
  );
}
