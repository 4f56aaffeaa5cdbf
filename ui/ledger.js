// What History and Overview ask of the ledger: its published views only, which hold no patient.

import { select } from "./backend.js";
import * as sql from "./ledger-sql.js";

const DAY = 86_400_000;

/**
 * `at`: when it was confirmed, or when something was last known of it; `confirmed`: null before; in milliseconds.
 * `listed_missing`, `index_partly`, `to_look_at`: what its source lacks, as far as the scan could tell.
 * @typedef {{ destination: string, modality: string, verdict: string, days: number | null, search: string }} Filter
 * @typedef {{ study: string, receipt: number, destination: string, modality: string | null, priority: string | null,
 *   at: number, queued: number | null, confirmed: number | null, instances: number, in_the_archive: number,
 *   waiting: number, not_in_the_archive: number, bytes: number, listed_missing: number, index_partly: number,
 *   to_look_at: number }} Sent
 * @typedef {{ day: string, destination: string, modality: string, priority: string, studies: number, images: number,
 *   images_in_archive: number, bytes: number }} Day
 */

/** The values of a filter, as the statements number them. @param {Filter} filter @param {number} now */
function values({ destination, modality, verdict, days, search }, now) {
  const words = search.trim();
  // No wildcards of the person's: % and _ are looked for as they are.
  const wanted = words ? `%${words.replace(/[%_!]/g, "!$&")}%` : null;
  return [destination || null, modality || null, verdict || null, days ? now - days * DAY : null, wanted];
}

/** @param {Filter} filter @param {number} now @param {number} offset @param {number} limit @returns {Promise<{ total: number, rows: Sent[] }>} */
export async function history(filter, now, offset, limit) {
  const these = values(filter, now);
  const [{ total }] = await select(sql.HISTORY_TOTAL, these);
  return { total, rows: await select(sql.HISTORY, [...these, limit, offset]) };
}

/** What there is to filter by. @returns {Promise<{ destinations: string[], modalities: string[] }>} */
export async function filters() {
  const words = (/** @type {any[]} */ rows) => rows.map(({ word }) => word).filter(Boolean);
  return { destinations: words(await select(sql.DESTINATIONS)), modalities: words(await select(sql.MODALITIES)) };
}

/** What became of the images of a study in a receipt. @param {string} study @param {number} receipt
 * @returns {Promise<{ outcome: string, proof: string | null, code: string | null, http_status: number | null, count: number }[]>} */
export const outcomes = (study, receipt) => select(sql.OUTCOMES, [study, receipt]);

/** When the last study was confirmed, in milliseconds since 1970. @returns {Promise<number | null>} */
export async function lastConfirmed() {
  const [row] = await select(sql.LAST_CONFIRMED);
  return row?.at ?? null;
}

/** The first moment of a period of so many days that ends today (UTC, as the ledger counts days). @param {number | null} days @param {number} now */
const begin = (days, now) => (days === null ? 0 : (Math.floor(now / DAY) - days + 1) * DAY);

/** What reached an archive, day by day. @param {number | null} days @param {number} now @returns {Promise<Day[]>} */
export const byDay = (days, now) => select(sql.BY_DAY, [begin(days, now)]);

/** How many images were tried and came to an end, and how many of them are in an archive.
 * @param {number | null} days @param {number} now @returns {Promise<{ tried: number, there: number }>} */
export async function success(days, now) {
  const rows = await select(sql.SUCCESS, [new Date(begin(days, now)).toISOString().slice(0, 10)]);
  return rows[0] ?? { tried: 0, there: 0 };
}

/** The time from queued to confirmed that half of the studies stayed under, in seconds. @param {number | null} days
 * @param {number} now @returns {Promise<number | null>} */
export async function medianToConfirmed(days, now) {
  const [row] = await select(sql.MEDIAN, [begin(days, now)]);
  return row ? row.took / 1000 : null;
}
