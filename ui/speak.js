// Says things in the person's language: words with their numbers, plural forms, dates, sizes. All text a person reads
// comes from `words/`, through here.

import en from "./words/en.js";
import de from "./words/de.js";

/** @typedef {Record<string, string | { one: string, other: string }>} Words */

/** @type {Record<string, Words>} */
const LANGUAGES = { en, de };
const FALLBACK = { en: "en-GB", de: "de-DE" };
/** Scripts written from right to left: a name in one is set apart, so that the sentence around it keeps its order. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

let words = LANGUAGES.en;
export let language = "en";
let locale = FALLBACK.en;
let plural = new Intl.PluralRules(locale);
/** @type {Map<string, any>} */
const formats = new Map();

/** "system" takes the first of the person's languages that we speak. @param {string} wanted */
export function useLanguage(wanted) {
  const theirs = navigator.languages ?? [];
  const short = (/** @type {string} */ one) => one.slice(0, 2).toLowerCase();
  const chosen = wanted === "system" ? theirs.map(short).find((one) => one in LANGUAGES) ?? "en" : wanted;
  if (chosen === language && formats.size > 0) return;
  language = chosen in LANGUAGES ? chosen : "en";
  words = LANGUAGES[language];
  locale = theirs.find((one) => short(one) === language) ?? FALLBACK[/** @type {"en"} */ (language)];
  plural = new Intl.PluralRules(locale);
  formats.clear();
  document.documentElement.lang = language;
}

/**
 * The words of a key. `{n}` picks the plural form; other values stand where their names do; numbers are written out.
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const entry = words[key] ?? LANGUAGES.en[key] ?? key;
  const form = typeof entry === "string" ? entry : entry[/** @type {"one"} */ (plural.select(Number(values.n)))] ?? entry.other;
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    if (typeof value === "number") return number(value);
    return RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value;
  });
}

/** Whether there are words for a key. @param {string} key */
export const has = (key) => key in words;

/** @template T @param {string} name @param {() => T} make @returns {T} */
function format(name, make) {
  if (!formats.has(name)) formats.set(name, make());
  return formats.get(name);
}

/** @param {number} value */
export const number = (value) => format("number", () => new Intl.NumberFormat(locale)).format(value);

/** A share from 0 to 1; never rounded up to a whole that it is not. @param {number} share */
export function percent(share) {
  const whole = share >= 1 ? 1 : Math.floor(share * 1000) / 1000;
  return format("percent", () => new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 })).format(whole);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** @param {number} value @param {string} tail */
function sized(value, tail) {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const shown = value / 1000 ** step;
  const digits = step > 0 && (shown < 10 || (shown < 100 && (step > 2 || tail))) ? 1 : 0;
  const options = { style: /** @type {const} */ ("unit"), unit: UNITS[step] + tail, maximumFractionDigits: digits };
  return format(`${step}${tail}${digits}`, () => new Intl.NumberFormat(locale, options)).format(shown);
}

/** @param {number} value in bytes */
export const bytes = (value) => sized(value, "");

/** @param {number} value in bytes per second */
export const rate = (value) => sized(value, "-per-second");

/** How long, roughly, as one would say it. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return t("time.seconds", { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t("time.minutes", { n: Math.round(seconds / 60) });
  if (seconds < 172800) return t("time.hours", { n: Math.round(seconds / 3600) });
  return t("time.days", { n: Math.round(seconds / 86400) });
}

/** How long ago. @param {number} then @param {number} now both in milliseconds */
export function ago(then, now) {
  const seconds = Math.max(0, (now - then) / 1000);
  return seconds < 60 ? t("time.just_now") : t("time.ago", { time: duration(seconds) });
}

/** @param {number} at milliseconds since 1970 */
export const moment = (at) =>
  format("moment", () => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" })).format(at);

/** A DICOM date (YYYYMMDD), as people write it; what is not one is shown as it is. @param {string} da */
export function dicomDate(da) {
  const parts = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(da.trim());
  if (!parts) return da;
  const day = new Date(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])));
  return format("day", () => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" })).format(day);
}

/** A day (YYYY-MM-DD), short. @param {string} day */
export function shortDay(day) {
  const options = /** @type {const} */ ({ day: "numeric", month: "short", timeZone: "UTC" });
  return format("short", () => new Intl.DateTimeFormat(locale, options)).format(new Date(`${day}T00:00:00Z`));
}

/** A DICOM time (HHMM...). @param {string} tm */
export function dicomTime(tm) {
  const parts = /^(\d{2}):?(\d{2})/.exec(tm.trim());
  return parts ? `${parts[1]}:${parts[2]}` : "";
}

/** Parts of a line with a dot between, leaving out what is not there. @param {...(string | null | undefined | false)} parts */
export const line = (...parts) => parts.filter(Boolean).join(" · ");
