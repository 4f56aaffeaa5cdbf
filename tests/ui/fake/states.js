// Recorded states: what the shell would say. Every person in here is invented.

/** @typedef {import("../../../ui/types.d.ts").State} State */

const MINUTE = 60_000;
const now = Date.now();

export const failure = (code) => ({
  code,
  message: "What the core said.",
  hint: "What the core said to do.",
  detail: "",
});

export const destinations = () => [
  {
    id: 1,
    name: "Main PACS",
    url: "https://pacs.hospital.example/dicom-web",
    sign_in: "basic",
    user: "cd-desk",
    has_ca: false,
    read_back: "none",
    standing: "ready",
    failure: null,
    tries_again_at: null,
    waiting_studies: 0,
    practice: false,
  },
  {
    id: 2,
    name: "Clinic B",
    url: "https://clinic-b.example/dicom-web",
    sign_in: "bearer",
    user: null,
    has_ca: true,
    read_back: "sample",
    standing: "offline",
    failure: failure("unreachable"),
    tries_again_at: now + 24_000,
    waiting_studies: 1,
    practice: false,
  },
];

/** Given to the command line in place, and still at work. */
const inPlace = () => ({ ...destinations()[0], id: 5, name: null, url: "https://in-place.example/dicom-web" });

/** @returns {State} */
export const empty = () => ({
  stage: "open",
  failure: null,
  notice: null,
  notice_of_look: false,
  platform: { os: "linux", version: "0.4.0", touch: false, can_choose_folder: true, has_key_store: true, tray: true },
  settings: {
    appearance: "system",
    language: "system",
    names: "short",
    cover: "never",
    autostart: true,
    notifications: true,
    spool: "removable",
    bandwidth: null,
    standard_destination: "Main PACS",
  },
  destinations: destinations().slice(0, 1),
  sign_in_kinds: [
    { kind: "none", fields: [] },
    {
      kind: "basic",
      fields: [
        { name: "user", secret: false, required: true },
        { name: "password", secret: true, required: true },
      ],
    },
    { kind: "bearer", fields: [{ name: "token", secret: true, required: true }] },
  ],
  volumes: [],
  recents: [],
  looking: null,
  review: null,
  queue: {
    revision: 1,
    studies: 0,
    images: 0,
    bytes: 0,
    bytes_left: 0,
    bytes_per_second: null,
    seconds_left: null,
    paused: false,
    sending: false,
    needs_person: 0,
    unfinished: 0,
    sources: [],
  },
  done: null,
  ledger: 0,
  practice: { running: false, sample: false },
  drop: "none",
  quitting: false,
  new_passphrase: false,
});

export const volumes = () => [
  {
    id: "v1",
    label: "MED_IMG_0423",
    kind: "optical",
    read_only: true,
    bytes: 630_000_000,
    hint: "dicomdir",
    can_eject: true,
    in_use: false,
  },
  {
    id: "v2",
    label: "KINGSTON",
    kind: "stick",
    read_only: false,
    bytes: 14_200_000_000,
    hint: "unknown",
    can_eject: true,
    in_use: false,
  },
];

/** As they are while the first of them has still to be read. */
const volumesInUse = () => volumes().map((one) => ({ ...one, in_use: one.id === "v1" }));

export const recents = () => [
  { id: "r1", name: "From City Hospital", at: now - 42 * MINUTE },
  { id: "r2", name: "טומוגרפיה 2026", at: now - 3 * 24 * 60 * MINUTE },
];

export const reviewHead = (some = {}) => ({
  id: 1,
  revision: 1,
  name: "CD · MED_IMG_0423",
  source: "optical",
  volume: "v1",
  files: 1312,
  seconds: 41,
  patients: 2,
  studies: 3,
  series: 13,
  images: 1284,
  bytes: 701_000_000,
  skipped: { not_dicom: 27, dicomdir: 1, duplicate: 1, unreadable: 3 },
  listed_missing: 1,
  unlisted: 2,
  destination: "Main PACS",
  will_spool: true,
  bytes_per_second: 2_600_000,
  ...some,
});

const done = (some) => ({
  import: 12,
  receipt: 118,
  destination: "Main PACS",
  images: 1150,
  in_archive: 1150,
  cancelled: 0,
  already_there: 2,
  studies: 2,
  bytes: 630_000_000,
  seconds: 247,
  complete: true,
  not_there: [],
  listed_missing: 0,
  index_partly: false,
  skipped_to_look_at: 0,
  source: "CD · MED_IMG_0423",
  volume: "v1",
  disc_can_go: true,
  ...some,
});

const queueHead = (some) => ({
  ...empty().queue,
  studies: 9,
  images: 4184,
  bytes: 3_900_000_000,
  bytes_left: 2_100_000_000,
  bytes_per_second: 38_400_000,
  seconds_left: 55,
  sending: true,
  needs_person: 2,
  unfinished: 1840,
  sources: [{ import: 12, name: "CD · MED_IMG_0423", free: false, gone: 0, copied: 812, of: 1150, volume: "v1" }],
  ...some,
});

/** Scenario -> what differs from an empty window. @type {Record<string, () => any>} */
const SCENARIOS = {
  starting: () => ({ stage: "starting" }),
  locked: () => ({ stage: "locked", destinations: [], platform: { ...empty().platform, has_key_store: false } }),
  locked_new: () => ({ stage: "locked", new_passphrase: true, destinations: [] }),
  broken: () => ({ stage: "broken", failure: failure("home_not_writable"), destinations: [] }),
  first_start: () => ({ stage: "first_start", destinations: [] }),
  send: () => ({ volumes: volumes(), recents: recents() }),
  send_busy: () => ({
    volumes: volumesInUse(),
    destinations: destinations(),
    queue: queueHead({}),
    notice: failure("queue_damaged"),
  }),
  send_empty: () => ({ destinations: [] }),
  drop: () => ({ volumes: volumes(), drop: "over" }),
  looking: () => ({
    looking: { name: "CD · MED_IMG_0423", files: 612, images: 580, studies: 2, patients: 1, skipped: 12, seconds: 17 },
  }),
  review: () => ({ review: reviewHead(), destinations: destinations(), volumes: volumesInUse() }),
  review_one: () => ({
    review: reviewHead({
      patients: 1,
      studies: 2,
      series: 6,
      images: 1150,
      bytes: 630_000_000,
      skipped: {},
      listed_missing: 0,
      unlisted: 0,
    }),
  }),
  review_ask: () => ({
    review: reviewHead({ patients: 1, studies: 2, series: 6, images: 1150, destination: null, bytes_per_second: null }),
    destinations: [...destinations(), inPlace()],
    settings: { ...empty().settings, standard_destination: "" },
  }),
  review_names: () => ({ review: reviewHead({ patients: 7, studies: 8, images: 96, bytes: 52_000_000 }) }),
  review_many: () => ({
    review: reviewHead({ patients: 2500, studies: 10_000, series: 40_000, images: 1_000_000, bytes: 520_000_000_000 }),
  }),
  review_empty: () => ({ review: reviewHead({ patients: 0, studies: 0, series: 0, images: 0, bytes: 0 }) }),
  queue: () => ({ queue: queueHead({}), destinations: destinations(), volumes: volumesInUse() }),
  queue_empty: () => ({}),
  queue_many: () => ({
    queue: queueHead({ studies: 10_000, images: 1_200_000, bytes: 640_000_000_000, sources: [] }),
  }),
  done: () => ({ done: done({}), volumes: volumes() }),
  done_missing: () => ({
    volumes: volumes(),
    done: done({
      images: 1289,
      in_archive: 1279,
      cancelled: 5,
      studies: 3,
      complete: false,
      disc_can_go: false,
      listed_missing: 1,
      skipped_to_look_at: 3,
      not_there: [
        { outcome: "rejected", count: 2, code: "sop_class_not_supported" },
        { outcome: "conflict", count: 3, code: "differs_in_archive" },
        { outcome: "cancelled", count: 5, code: null },
      ],
    }),
  }),
  // All that was found is there; the disc lacks something, and the name of the source is not known.
  done_but: () => ({ done: done({ complete: false, listed_missing: 1, source: null, volume: null }) }),
  done_partly: () => ({
    done: done({
      in_archive: 1100,
      cancelled: 50,
      complete: false,
      not_there: [{ outcome: "cancelled", count: 50, code: null }],
    }),
  }),
  done_cancelled: () => ({
    done: done({
      in_archive: 0,
      cancelled: 1150,
      already_there: 0,
      complete: false,
      not_there: [{ outcome: "cancelled", count: 1150, code: null }],
    }),
  }),
  history: () => ({}),
  history_empty: () => ({}),
  overview: () => ({}),
  overview_empty: () => ({}),
  settings: () => ({
    settings: { ...empty().settings, bandwidth: { megabits: 20, from: 7, until: 19 } },
    destinations: [
      ...destinations(),
      {
        ...destinations()[0],
        id: 3,
        name: "Radiology East",
        url: "https://east.example/dicom-web",
        standing: "needs_sign_in",
        failure: failure("sign_in_needed"),
      },
      {
        ...destinations()[0],
        id: 4,
        name: "Practice PACS",
        url: "http://127.0.0.1:4711/dicom-web",
        sign_in: "none",
        user: null,
        practice: true,
      },
    ],
  }),
};

/** @param {string} name @returns {State} */
export function recorded(name) {
  const make = SCENARIOS[name];
  if (!make) throw new Error(`no recorded state ${name}`);
  return { ...empty(), ...make() };
}

export const endOfSend = done;
