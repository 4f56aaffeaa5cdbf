// The fake's ledger: a year of invented sends, and answers to the window's own questions about them.

import * as sql from "/ledger-sql.js";

const DAY = 86_400_000;
const MODALITIES = ["CT", "MR", "CR", "US", "CT+SR", "XA", "MG"];
const DESTINATIONS = ["Main PACS", "Main PACS", "Main PACS", "Clinic B", "practice"];
const PRIORITIES = ["routine", "routine", "routine", "urgent", "stat"];

/** The same numbers every time. */
function* dice(seed) {
  for (let value = seed; ;) {
    value = (value * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield value / 2_147_483_648;
  }
}

function make() {
  const roll = dice(7);
  const next = (n) => Math.floor(roll.next().value * n);
  const rows = [];
  for (let n = 0; n < 640; n += 1) {
    const instances = 1 + next(1200);
    const lost = next(14) === 0 ? 1 + next(3) : 0;
    const waiting = n < 3 ? 4 : 0;
    const at = Date.now() - Math.floor(n * 0.35 * DAY) - next(DAY / 4);
    const sent = waiting === 0;
    rows.push({
      study: (0x10000000 + n * 7919).toString(16).padEnd(64, "a"),
      receipt: 640 - n,
      destination: DESTINATIONS[next(5)],
      modality: sent ? MODALITIES[next(7)] : null,
      priority: sent ? PRIORITIES[next(5)] : null,
      at,
      queued: sent ? at - 20_000 - next(300_000) : null,
      confirmed: sent ? at : null,
      instances,
      in_the_archive: Math.max(0, instances - lost - waiting),
      waiting,
      not_in_the_archive: Math.min(lost, instances),
      bytes: instances * 524_288,
      listed_missing: n === 7 ? 2 : 0,
      index_partly: n === 8 ? 1 : 0,
      to_look_at: n === 7 ? 1 : 0,
    });
  }
  return rows;
}

const ROWS = make();
const since = (values) => ROWS.filter((row) => row.confirmed !== null && row.confirmed >= values[0]);

function filtered([destination, modality, verdict, at, like]) {
  const wanted = like?.slice(1, -1).replace(/!(.)/g, "$1").toLowerCase();
  const gaps = (row) => row.listed_missing + row.index_partly + row.to_look_at;
  const verdictOf = (row) =>
    row.not_in_the_archive > 0 ? "incomplete" : row.waiting > 0 ? "waiting" : gaps(row) > 0 ? "found" : "complete";
  return ROWS.filter(
    (row) =>
      (destination === null || row.destination === destination) &&
      (modality === null || row.modality === modality) &&
      (verdict === null || verdictOf(row) === verdict) &&
      (at === null || row.at >= at) &&
      (like === null ||
        [row.destination, row.modality, row.receipt].some((one) => String(one ?? "").toLowerCase().includes(wanted))),
  );
}

function days(values) {
  const groups = new Map();
  for (const row of since(values)) {
    const day = new Date(row.at).toISOString().slice(0, 10);
    const key = [day, row.destination, row.modality, row.priority].join("|");
    const group = groups.get(key) ?? {
      day,
      destination: row.destination,
      modality: row.modality,
      priority: row.priority,
      studies: 0,
      images: 0,
      images_in_archive: 0,
      bytes: 0,
    };
    group.studies += 1;
    group.images += row.instances;
    group.images_in_archive += row.in_the_archive;
    group.bytes += row.bytes;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => a.day.localeCompare(b.day));
}

function outcomes([study]) {
  const row = ROWS.find((one) => one.study === study);
  const lost = row?.not_in_the_archive ?? 0;
  const there = { outcome: "confirmed", proof: "listed", code: null, http_status: 200, count: row?.in_the_archive ?? 0 };
  const refused = { outcome: "rejected", proof: null, code: "sop_class_not_supported", http_status: 409, count: lost };
  return lost > 0 ? [there, refused] : [there];
}

/** Statement -> its answer, and the answer where nothing was ever sent. @type {Map<string, [(values: any[]) => any[], any[]]>} */
const ANSWERS = new Map([
  [sql.HISTORY_TOTAL, [(values) => [{ total: filtered(values).length }], [{ total: 0 }]]],
  [sql.HISTORY, [(values) => filtered(values).slice(values[6], values[6] + values[5]), []]],
  [sql.DESTINATIONS, [() => [...new Set(ROWS.map((row) => row.destination))].map((word) => ({ word })), []]],
  [sql.MODALITIES, [() => MODALITIES.map((word) => ({ word })), []]],
  [sql.OUTCOMES, [outcomes, []]],
  [sql.LAST_CONFIRMED, [() => [{ at: Date.now() - 12 * 60_000 }], [{ at: null }]]],
  [sql.BY_DAY, [days, []]],
  [sql.SUCCESS, [() => [{ tried: 100_000, there: 99_940 }], []]],
  [sql.MEDIAN, [() => [{ took: 187_000 }], []]],
]);

/** As the shell does, it knows the window's own statements and no others.
 * @param {string} query @param {any[]} values @param {boolean} none nothing was ever sent */
export function answer(query, values, none) {
  const known = ANSWERS.get(query);
  if (!known) throw new Error("this is none of the window's questions");
  return none ? known[1] : known[0](values);
}
