// What History and Overview ask of the ledger: its published views only, which hold no patient.

import { select } from "./backend.js";

const DAY = 86_400_000;

/**
 * `at`: when it was confirmed, or when something was last known of it; `confirmed`: null before; in milliseconds.
 * @typedef {{ destination: string, modality: string, verdict: string, days: number | null, search: string }} Filter
 * @typedef {{ study: string, receipt: number, destination: string, modality: string | null, priority: string | null,
 *   at: number, queued: number | null, confirmed: number | null, instances: number, in_the_archive: number,
 *   waiting: number, not_in_the_archive: number, bytes: number }} Sent
 * @typedef {{ day: string, destination: string, modality: string, priority: string, studies: number, images: number,
 *   images_in_archive: number, bytes: number }} Day
 */

/** Every study of every receipt, and what is known of it once it reached an archive. */
const STUDIES = `(SELECT tried.study AS study, tried.receipt AS receipt, tried.destination AS destination,
    sent.modality AS modality, sent.priority AS priority, sent.queued AS queued, sent.at AS confirmed, tried.last AS last,
    coalesce(sent.at, (SELECT at FROM view_line WHERE view_line.number = tried.last)) AS at, tried.instances AS instances,
    tried.in_the_archive AS in_the_archive, tried.waiting AS waiting, tried.not_in_the_archive AS not_in_the_archive,
    tried.bytes AS bytes
  FROM view_study AS tried LEFT JOIN view_sent AS sent ON sent.receipt = tried.receipt AND sent.study = tried.study)`;

const VERDICTS = /** @type {Record<string, string>} */ ({
  complete: "not_in_the_archive = 0 AND waiting = 0",
  waiting: "waiting > 0 AND not_in_the_archive = 0",
  incomplete: "not_in_the_archive > 0",
});

/** @param {Filter} filter @param {number} now */
function where({ destination, modality, verdict, days, search }, now) {
  /** @type {string[]} */
  const terms = ["1 = 1"];
  /** @type {any[]} */
  const values = [];
  const add = (/** @type {string} */ term, /** @type {any} */ value) => {
    values.push(value);
    terms.push(term.replaceAll("?", `$${values.length}`));
  };
  if (destination) add("destination = ?", destination);
  if (modality) add("modality = ?", modality);
  if (verdict in VERDICTS) terms.push(VERDICTS[verdict]);
  if (days) add("at >= ?", now - days * DAY);
  const words = search.trim();
  // No wildcards of the person's: % and _ are looked for as they are.
  if (words) add("(destination LIKE ? ESCAPE '!' OR modality LIKE ? ESCAPE '!' OR CAST(receipt AS TEXT) LIKE ? ESCAPE '!')", `%${words.replace(/[%_!]/g, "!$&")}%`);
  return { text: terms.join(" AND "), values };
}

/** @param {Filter} filter @param {number} now @param {number} offset @param {number} limit @returns {Promise<{ total: number, rows: Sent[] }>} */
export async function history(filter, now, offset, limit) {
  const { text, values } = where(filter, now);
  const [{ total }] = await select(`SELECT count(*) AS total FROM ${STUDIES} WHERE ${text}`, values);
  const place = `LIMIT $${values.length + 1} OFFSET $${values.length + 2}`;
  const rows = await select(`SELECT * FROM ${STUDIES} WHERE ${text} ORDER BY last DESC ${place}`, [...values, limit, offset]);
  return { total, rows };
}

/** What there is to filter by. @returns {Promise<{ destinations: string[], modalities: string[] }>} */
export async function filters() {
  const destinations = await select("SELECT DISTINCT destination AS word FROM view_receipt ORDER BY destination LIMIT 200");
  const modalities = await select("SELECT DISTINCT modality AS word FROM view_sent ORDER BY modality LIMIT 200");
  const words = (/** @type {any[]} */ rows) => rows.map(({ word }) => word).filter(Boolean);
  return { destinations: words(destinations), modalities: words(modalities) };
}

/** What became of the images of a study in a receipt. @param {string} study @param {number} receipt
 * @returns {Promise<{ outcome: string, proof: string | null, code: string | null, http_status: number | null, count: number }[]>} */
export const outcomes = (study, receipt) =>
  select(
    `SELECT outcome, proof, code, http_status, count(*) AS count FROM view_line WHERE study = $1 AND receipt = $2
      GROUP BY outcome, proof, code, http_status ORDER BY count DESC LIMIT 100`,
    [study, receipt],
  );

/** When the last study was confirmed, in milliseconds since 1970. @returns {Promise<number | null>} */
export async function lastConfirmed() {
  const [row] = await select("SELECT max(at) AS at FROM view_sent");
  return row?.at ?? null;
}

/** The first moment of a period of so many days that ends today (UTC, as the ledger counts days). @param {number | null} days @param {number} now */
const begin = (days, now) => (days === null ? 0 : (Math.floor(now / DAY) - days + 1) * DAY);

/** What reached an archive, day by day. @param {number | null} days @param {number} now @returns {Promise<Day[]>} */
export const byDay = (days, now) =>
  select(
    `SELECT date(at / 1000, 'unixepoch') AS day, destination, modality, priority, count(*) AS studies, sum(images) AS images,
        sum(images_in_archive) AS images_in_archive, sum(bytes) AS bytes
      FROM view_sent WHERE at >= $1 GROUP BY 1, 2, 3, 4 ORDER BY 1`,
    [begin(days, now)],
  );

/** How many images were tried and came to an end, and how many of them are in an archive.
 * @param {number | null} days @param {number} now @returns {Promise<{ tried: number, there: number }>} */
export async function success(days, now) {
  const rows = await select(
    `SELECT coalesce(sum(instances), 0) AS tried, coalesce(sum(CASE WHEN outcome IN ('confirmed', 'verified', 'committed',
        'already_there') THEN instances ELSE 0 END), 0) AS there
      FROM view_statistics WHERE outcome <> 'waiting' AND day >= $1`,
    [new Date(begin(days, now)).toISOString().slice(0, 10)],
  );
  return rows[0] ?? { tried: 0, there: 0 };
}

/** The time from queued to confirmed that half of the studies stayed under, in seconds. @param {number | null} days
 * @param {number} now @returns {Promise<number | null>} */
export async function medianToConfirmed(days, now) {
  const [row] = await select(
    `SELECT at - queued AS took FROM view_sent WHERE at >= $1 ORDER BY took LIMIT 1
      OFFSET (SELECT count(*) / 2 FROM view_sent WHERE at >= $1)`,
    [begin(days, now)],
  );
  return row ? row.took / 1000 : null;
}
