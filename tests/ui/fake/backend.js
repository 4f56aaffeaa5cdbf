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
/** @type {(() => void)[]} */
let plan = [];

function change(some) {
  Object.assign(state, some);
  told(structuredClone(some));
}

function step() {
  plan.shift()?.();
  return plan.length;
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
  counts(0)();
  plan = [
    counts(1),
    counts(2),
    counts(3),
    () =>
      change({
        looking: null,
        review: reviewHead({
          name,
          destination: state.destinations[0]?.name ?? null,
          skipped: { not_dicom: 27, dicomdir: 1, unreadable: 3 },
        }),
      }),
  ];
  return true;
}

function queued(some) {
  const open = (rows ?? []).filter((row) => row.state !== "confirmed" && row.state !== "cancelled");
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

function send({ studies: ids, priority }) {
  const chosen = studies(scenario, state.review.studies, 0, 500).filter(({ id }) => ids === null || ids.includes(id));
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
        done: endOfSend({ receipt: 119, images: count, in_archive: count, studies: chosen.length, already_there: 0 }),
      });
    },
  ];
  return null;
}

function wish({ wish: what, studies: ids }) {
  if (what === "pause" || what === "resume") return pause(ids, what === "pause");
  const to = { retry: "queued", cancel: "cancelled" }[what];
  rows = (rows ?? []).map((row) =>
    (ids === null || ids.includes(row.id)) && to && row.state !== "confirmed"
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
  review_studies: ({ offset, limit }) => ({
    total: state.review?.studies ?? 0,
    rows: studies(scenario, state.review?.studies ?? 0, offset, limit),
  }),
  review_series: ({ study }) => series(study),
  review_images: ({ series: uid, offset, limit }) => images(uid, offset, limit),
  review_skipped: ({ offset, limit }) => ({
    total: 31,
    rows: Array.from({ length: Math.max(0, Math.min(limit, 31 - offset)) }, (_, at) => ({
      path: `VIEWER/FILE${String(offset + at).padStart(4, "0")}.DLL`,
      reason: at === 3 ? "unreadable" : "not_dicom",
      detail: "",
      bytes: 40_960,
    })),
  }),
  review_destination: ({ name }) => (
    change({ review: { ...state.review, destination: name, revision: state.review.revision + 1 } }),
    null
  ),
  review_send: send,
  review_discard: () => (change({ review: null }), null),
  picture: ({ token }) => header(token),
  queue_studies: ({ offset, limit }) => page(rows, offset, limit),
  queue_groups: ({ study }) => groups(study),
  queue_wish: wish,
  queue_priority: ({ study, priority }) => (
    (rows = (rows ?? []).map((row) => (row.id === study ? { ...row, priority } : row))),
    queued({}),
    null
  ),
  done_put_away: () => (change({ done: null }), null),
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
  destination_save: ({ draft }) => (
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
        },
      ],
    }),
    null
  ),
  destination_forget: ({ id }) => {
    const one = state.destinations.find((one) => one.id === id);
    if (one.waiting_studies > 0 || (state.review && state.review.destination === one.name))
      throw failure("destination_in_use");
    change({ destinations: state.destinations.filter((one) => one.id !== id) });
    return null;
  },
  destination_sign_in: ({ id }) => (
    change({ destinations: state.destinations.map((one) => (one.id === id ? { ...one, standing: "ready" } : one)) }),
    null
  ),
  practice_start: () => (
    change({
      stage: "open",
      practice: { running: true, sample: true },
      destinations: [{ ...recorded("send").destinations[0], name: "Practice PACS", practice: true }],
    }),
    null
  ),
  settings_save: ({ settings }) => (change({ settings }), null),
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

Object.assign(window, { fake: { state, step, change, calls, refusals, failure, queued } });
if (query.has("run")) setInterval(step, 900);
