// The fake's ledger: a year of invented sends, and answers to the window's own questions about them.

const DAY = 86_400_000;
const MODALITIES = ["CT", "MR", "CR", "US", "CT+SR", "XA", "MG"];
const DESTINATIONS = ["Main PACS", "Main PACS", "Main PACS", "Clinic B", "practice"];
const PRIORITIES = ["routine", "routine", "routine", "urgent", "stat"];

/** The same numbers every time. */
function* dice(seed) {
  for (let value = seed; ; ) {
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
    rows.push({ study: (0x10000000 + n * 7919).toString(16).padEnd(64, "a"), receipt: 640 - n, destination: DESTINATIONS[next(5)], modality: sent ? MODALITIES[next(7)] : null, priority: sent ? PRIORITIES[next(5)] : null, at, queued: sent ? at - 20_000 - next(300_000) : null, confirmed: sent ? at : null, instances, in_the_archive: Math.max(0, instances - lost - waiting), waiting, not_in_the_archive: Math.min(lost, instances), bytes: instances * 524_288 });
  }
  return rows;
}

const ROWS = make();
const since = (values) => ROWS.filter((row) => row.confirmed !== null && row.confirmed >= values[0]);

function filtered(query, values) {
  const value = (column) => {
    const found = new RegExp(`[( ]${column} (?:=|>=|LIKE) \\$(\\d+)`).exec(query.slice(query.lastIndexOf("WHERE")));
    return found ? values[Number(found[1]) - 1] : undefined;
  };
  const [destination, modality, at] = [value("destination"), value("modality"), value("at")];
  const search = /LIKE/.test(query) ? String(value("destination")).replaceAll("%", "").toLowerCase() : null;
  return ROWS.filter((row) => {
    if (search !== null) return `${row.destination} ${row.modality} ${row.receipt}`.toLowerCase().includes(search);
    if (destination !== undefined && row.destination !== destination) return false;
    if (modality !== undefined && row.modality !== modality) return false;
    if (at !== undefined && row.at < at) return false;
    if (/waiting > 0/.test(query) && row.waiting === 0) return false;
    if (/AND not_in_the_archive > 0/.test(query) && row.not_in_the_archive === 0) return false;
    if (/AND not_in_the_archive = 0 AND waiting = 0/.test(query) && row.not_in_the_archive + row.waiting > 0) return false;
    return true;
  });
}

function days(values) {
  const groups = new Map();
  for (const row of since(values)) {
    const day = new Date(row.at).toISOString().slice(0, 10);
    const key = [day, row.destination, row.modality, row.priority].join("|");
    const group = groups.get(key) ?? { day, destination: row.destination, modality: row.modality, priority: row.priority, studies: 0, images: 0, images_in_archive: 0, bytes: 0 };
    group.studies += 1;
    group.images += row.instances;
    group.images_in_archive += row.in_the_archive;
    group.bytes += row.bytes;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => a.day.localeCompare(b.day));
}

/** @param {string} query @param {any[]} values @param {boolean} none nothing was ever sent */
export function answer(query, values, none) {
  if (/count\(\*\) AS total/.test(query)) return [{ total: none ? 0 : filtered(query, values).length }];
  if (/max\(at\)/.test(query)) return [{ at: none ? null : Date.now() - 12 * 60_000 }];
  if (none) return [];
  if (/DISTINCT destination/.test(query)) return [...new Set(ROWS.map((row) => row.destination))].map((word) => ({ word }));
  if (/DISTINCT modality/.test(query)) return MODALITIES.map((word) => ({ word }));
  if (/FROM view_line/.test(query) && /GROUP BY outcome/.test(query)) {
    const row = ROWS.find((one) => one.study === values[0]);
    return [{ outcome: "confirmed", proof: "listed", code: null, http_status: 200, count: row?.in_the_archive ?? 0 }, ...(row?.not_in_the_archive ? [{ outcome: "rejected", proof: null, code: "sop_class_not_supported", http_status: 409, count: row.not_in_the_archive }] : [])];
  }
  if (/view_statistics/.test(query)) return [{ tried: 100_000, there: 99_940 }];
  if (/AS took/.test(query)) return [{ took: 187_000 }];
  if (/AS day/.test(query)) return days(values);
  const rows = filtered(query, values);
  const [limit, offset] = values.slice(-2);
  return rows.slice(offset, offset + limit);
}
