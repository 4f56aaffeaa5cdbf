// The twin of `ui/backend.js` without a shell: recorded states, and a small machine that does what the commands ask, one
// step at a time. `?fake=<state>` picks the state; `&run` takes the steps by itself; tests take them with `fake.step()`.

import { recorded, reviewHead, endOfSend, failure, volumes } from "/fake/states.js";
import { header, images, series, studies } from "/fake/people.js";
import { everyState, groups, page } from "/fake/queue.js";
import { answer } from "/fake/ledger.js";

const query = new URLSearchParams(location.search);
const scenario = query.get("fake") ?? "send";
const state = recorded(scenario);
for (const name of ["appearance", "language", "names"]) if (query.has(name)) state.settings[name] = query.get(name);

/** @type {(change: any) => void} */
let told = () => {};
/** @type {any[] | null} */
let rows =
  scenario === "queue_many" ? null : scenario.startsWith("queue") && scenario !== "queue_empty" ? everyState() : [];
/** Studies that were paused by themselves. @type {Set<number>} */
const alone = new Set((rows ?? []).filter((row) => row.state === "paused").map(({ id }) => id));
/** What was asked of us, for tests to look at. @type {[string, any][]} */
const calls = [];
/** Codes to refuse the next commands with. @type {Record<string, string>} */
const refusals = {};
/** Studies on pages that nobody looks at. @type {Map<number, any>} */
const away = new Map();
/** What the next commands wait for. @type {Record<string, Promise<void>>} */
const waits = {};
/** @type {(() => void)[]} */
let plan = [];
/** `SkipReason::needs_a_person` of the core. */
const NEED_A_LOOK = ["damaged", "unreadable", "conflict", "no_uid", "encrypted_archive", "unsafe_archive", "too_large"];
/** Ends behind the one that is shown. @type {any[]} */
const unread = [];
/** How many reviews there were, and how often the one that is shown went elsewhere. */
let reviews = state.review ? 1 : 0;
let moves = 0;

/** No number of a study is given twice: those of each review begin further on. */
const base = () => (state.review.id - 1) * 100_000;
/** Rows at another destination are other ones, and their pictures have other tokens. @param {string | null} token */
const moved = (token) => (token && moves > 0 ? `${token}~${moves}` : token);

function listed(offset, limit) {
  if (!state.review) throw failure("study_unknown");
  const asked = ({ kind }) => moves === 0 || !["already_there", "partly_there"].includes(kind);
  return studies(scenario, state.review.studies, offset, limit).map((study) => ({
    ...study,
    id: base() + study.id,
    picture: moved(study.picture),
    // Another archive is asked anew.
    warnings: study.warnings.filter(asked),
  }));
}

/** The study of a number of this review, counted from 1. @param {number} id */
function known(id) {
  if (!state.review) throw failure("study_unknown");
  const number = id - base();
  if (!Number.isInteger(number) || number < 1 || number > state.review.studies) throw failure("review_changed");
  return number;
}

function imagesOf({ study, series: uid, offset, limit }) {
  const number = known(study);
  if (uid !== null && !series(number).some((one) => one.uid === uid)) throw failure("review_changed");
  return images(uid, offset, limit);
}

function change(some) {
  Object.assign(state, some);
  told(structuredClone(some));
}

/** The volumes, of which one has still to be read, or none. */
const reading = (id) => state.volumes.map((one) => ({ ...one, in_use: one.id === id }));

function step() {
  plan.shift()?.();
  return plan.length;
}

const named = () => state.destinations.filter((one) => one.name !== null);

/** Where a new review goes by itself. */
function goal() {
  const standard = state.settings.standard_destination;
  if (standard === "") return null;
  if (named().some((one) => one.name === standard)) return standard;
  return named().length === 1 ? named()[0].name : null;
}

function look(name) {
  const counts = (n) => () =>
    change({
      looking: {
        name,
        files: 400 * n,
        images: 380 * n,
        studies: n,
        patients: Math.min(2, n),
        skipped: 8 * n,
        seconds: 12 * n,
      },
    });
  change({ review: null });
  counts(0)();
  plan = [
    counts(1),
    counts(2),
    counts(3),
    () => {
      moves = 0;
      change({
        looking: null,
        volumes: reading("v1"),
        review: reviewHead({
          id: (reviews += 1),
          name,
          destination: goal(),
          skipped: { not_dicom: 27, dicomdir: 1 },
          listed_missing: 0,
          unlisted: 0,
        }),
      });
    },
  ];
  return true;
}

function queued(some) {
  const open = (rows ?? []).filter((row) => !["confirmed", "partly", "cancelled"].includes(row.state));
  change({
    queue: {
      ...state.queue,
      revision: state.queue.revision + 1,
      studies: open.length,
      images: open.reduce((sum, row) => sum + row.images, 0),
      ...some,
    },
  });
}

function send({ review, studies: ids, priority }) {
  if (!state.review) throw failure("study_unknown");
  if (review !== state.review.id) throw failure("review_changed");
  if (state.review.destination === null) throw failure("destination_unknown");
  if (ids?.length === 0 || state.review.studies === 0) throw failure("nothing_to_send");
  ids?.forEach(known);
  const chosen = listed(0, 500).filter(({ id }) => ids === null || ids.includes(id));
  rows = chosen.map((study) => ({
    ...everyState()[1],
    id: study.id,
    name: "MÜLLER, A.",
    description: study.description,
    modality: study.modalities.join("+"),
    priority,
    images: study.images,
    images_done: 0,
    bytes: study.bytes,
    bytes_done: 0,
    state: "queued",
  }));
  const all = (some) => () => {
    rows = (rows ?? []).map((row) => (row.state === "cancelled" ? row : { ...row, ...some(row) }));
    queued({ sending: true });
  };
  const part = (share) =>
    all((row) => ({
      state: "sending",
      images_done: Math.round(row.images * share),
      bytes_done: Math.round(row.bytes * share),
      bytes_per_second: 38_400_000,
      seconds_left: Math.round(9 * (1 - share)),
    }));
  const count = chosen.reduce((sum, { images: n }) => sum + n, 0);
  const { name: source, volume, listed_missing, skipped } = state.review;
  const skipped_to_look_at = NEED_A_LOOK.reduce((sum, reason) => sum + (skipped[reason] ?? 0), 0);
  change({ review: null });
  queued({});
  plan = [
    part(0.1),
    part(0.4),
    part(0.7),
    all((row) => ({ state: "stored", images_done: row.images, bytes_done: row.bytes })),
    () => {
      rows = (rows ?? []).map((row) => ({
        ...row,
        name: "—",
        state: "confirmed",
        in_archive: row.images,
        receipt: 119,
      }));
      queued({ sending: false });
      change({
        volumes: reading(null),
        done: endOfSend({
          receipt: 119,
          images: count,
          in_archive: count,
          studies: chosen.length,
          already_there: 0,
          complete: listed_missing === 0 && skipped_to_look_at === 0,
          listed_missing,
          skipped_to_look_at,
          source,
          volume,
        }),
      });
    },
  ];
  return null;
}

function wish({ wish: what, studies: ids }) {
  if (what === "pause" || what === "resume") return pause(ids, what === "pause");
  const to = { retry: "queued", cancel: "cancelled" }[what];
  rows = (rows ?? []).map((row) =>
    (ids === null || ids.includes(row.id)) && to && row.receipt === null
      ? { ...row, state: to, failure: null }
      : row,
  );
  queued({});
  return null;
}

/** As in the core: a study goes on where neither it nor the whole queue is paused. */
function pause(ids, paused) {
  (ids ?? []).forEach((id) => (paused ? alone.add(id) : alone.delete(id)));
  const all = ids === null ? paused : state.queue.paused;
  const shown = (row) => {
    if (["confirmed", "cancelled", "needs_person"].includes(row.state)) return row.state;
    return all || alone.has(row.id) ? "paused" : row.state === "paused" ? "sending" : row.state;
  };
  rows = (rows ?? []).map((row) => ({ ...row, state: shown(row) }));
  queued({ paused: all });
  return null;
}

const COMMANDS = {
  choose_folder: () => look("Folder"),
  choose_files: () => look("Files"),
  look_volume: ({ id }) => look(volumes().find((one) => one.id === id)?.label ?? "Disc"),
  look_recent: () => look("From City Hospital"),
  look_again: () => look(state.review?.name ?? "Disc"),
  practice_look: () => look("Sample disc"),
  stop_looking: () => ((plan = []), change({ looking: null }), null),
  review_studies: ({ offset, limit }) => ({ rows: listed(offset, limit), total: state.review.studies }),
  review_series: ({ study }) => series(known(study)).map((one) => ({ ...one, picture: moved(one.picture) })),
  review_images: imagesOf,
  review_skipped: ({ offset, limit }) => ({
    total: 31,
    rows: Array.from({ length: Math.max(0, Math.min(limit, 31 - offset)) }, (_, at) => ({
      path: `VIEWER/FILE${String(offset + at).padStart(4, "0")}.DLL`,
      reason: at === 3 ? "unreadable" : "not_dicom",
      detail: at === 3 ? "the file ends within its header" : "",
      bytes: 40_960,
    })),
  }),
  review_destination: ({ name }) => {
    if (!named().some((one) => one.name === name)) throw failure("destination_unknown");
    moves += 1;
    change({ review: { ...state.review, destination: name, revision: state.review.revision + 1 } });
    return null;
  },
  review_send: send,
  review_discard: () => (change({ review: null, volumes: reading(null) }), null),
  picture: ({ token }) => header(token),
  queue_studies: ({ offset, limit }) => page(rows, offset, limit),
  queue_study: ({ study }) => away.get(study) ?? (rows ?? []).find((row) => row.id === study) ?? null,
  queue_groups: ({ study }) => groups(study),
  queue_wish: wish,
  queue_priority: ({ study, priority }) => (
    (rows = (rows ?? []).map((row) => (row.id === study ? { ...row, priority } : row))),
    queued({}),
    null
  ),
  queue_put_away: ({ receipt }) => ((rows = (rows ?? []).filter((row) => row.receipt !== receipt)), queued({}), null),
  // The next one that was not read, where there is one.
  done_put_away: ({ receipt }) => {
    if (state.done?.receipt === receipt) change({ done: unread.shift() ?? null });
    return null;
  },
  eject: ({ volume }) => {
    const one = state.volumes.find(({ id }) => id === volume);
    if (!one) throw failure("source_gone");
    if (one.in_use) throw failure("still_needed");
    change({ volumes: state.volumes.filter(({ id }) => id !== volume) });
    return null;
  },
  destination_check: () => ({
    software: "Orthanc 1.12.4",
    speaks: "dicomweb",
    tls: "public",
    signed_in: true,
    can_store: true,
    can_confirm: true,
    can_compare: false,
    notes: [],
  }),
  destination_save: ({ draft }) => {
    const edited = state.destinations.find(({ id }) => id === draft.id);
    const taken = named().some(({ id, name }) => id !== draft.id && name === draft.name.trim());
    const reserved = draft.name.trim().toLowerCase() === "practice pacs" && edited?.name !== draft.name.trim();
    if (taken || reserved || edited?.practice) throw failure("destination_not_usable");
    change({
      stage: "open",
      destinations: [
        ...state.destinations.filter(({ id }) => id !== draft.id),
        {
          ...recorded("send").destinations[0],
          id: draft.id ?? 9,
          name: draft.name,
          url: draft.url,
          sign_in: draft.sign_in.kind,
          standing: "unknown",
        },
      ],
    });
    return null;
  },
  destination_forget: ({ id }) => {
    const one = state.destinations.find((one) => one.id === id);
    if (one.waiting_studies > 0 || (state.review && state.review.destination === one.name))
      throw failure("destination_in_use");
    change({ destinations: state.destinations.filter((one) => one.id !== id) });
    return null;
  },
  destination_sign_in: ({ id }) => (
    change({ destinations: state.destinations.map((one) => (one.id === id ? { ...one, standing: "unknown", failure: null } : one)) }),
    null
  ),
  practice_start: () => (
    change({
      stage: "open",
      practice: { running: true, sample: true },
      destinations: [
        ...state.destinations.filter((one) => !one.practice),
        { ...recorded("send").destinations[0], id: 8, name: "Practice PACS", practice: true, standing: "unknown" },
      ],
    }),
    null
  ),
  settings_save: ({ changed }) => {
    const standard = changed.standard_destination;
    if (standard && !named().some((one) => one.name === standard)) throw failure("destination_unknown");
    change({ settings: { ...state.settings, ...changed } });
    return null;
  },
  notice_put_away: () => (change({ notice: null }), null),
  reopen: () => {
    if (state.failure) throw state.failure;
    change({ stage: "open", destinations: recorded("send").destinations });
    return null;
  },
  unlock: ({ passphrase }) => {
    if (passphrase !== "open sesame") throw failure("wrong_key");
    change({ stage: "open" });
    return null;
  },
  diagnostics: () => "RelayPACS 0.4.0\nlinux\nqueue: 0 studies",
  quit_stay: () => (change({ quitting: false }), null),
};

export async function call(command, values = {}) {
  calls.push([command, structuredClone(values)]);
  if (waits[command]) await waits[command];
  if (refusals[command]) throw failure(refusals[command]);
  return structuredClone(COMMANDS[command] ? COMMANDS[command](values) : null);
}

export async function subscribe(tell) {
  told = tell;
  told(structuredClone(state));
}

export const select = async (sql, values = []) => structuredClone(answer(sql, values, scenario.endsWith("_empty")));

export function pictureUrl(token, options = {}) {
  const set = Object.entries({ frame: 0, edge: 256, ...options }).filter(([, value]) => value !== null);
  return `/picture/${encodeURIComponent(token)}?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`;
}

/** What was copied. */
export async function copy(text) {
  calls.push(["copy", text]);
}

/** Takes a study off the list: to a page that nobody looks at, or away. @param {number} id @param {any} some */
function beyond(id, some) {
  const row = away.get(id) ?? (rows ?? []).find((one) => one.id === id);
  rows = (rows ?? []).filter((one) => one.id !== id);
  if (some) away.set(id, { ...row, ...some });
  else away.delete(id);
  queued({});
}

Object.assign(window, { fake: { beyond, state, step, change, calls, refusals, waits, failure, queued, unread, endOfSend } });
if (query.has("run")) setInterval(step, 900);
