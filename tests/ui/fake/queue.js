// The fake's queue: one study in every state, or ten thousand.

import { failure } from "./states.js";

const row = (id, name, description, modality, state, images, images_done, bytes, some = {}) => ({
  id,
  name,
  description,
  modality,
  priority: "routine",
  destination: "Main PACS",
  images,
  images_done,
  bytes,
  bytes_done: images > 0 ? Math.round((bytes * images_done) / images) : 0,
  bytes_per_second: null,
  seconds_left: null,
  state,
  failure: null,
  waiting_for: null,
  tries_again_at: null,
  failed: 0,
  in_archive: 0,
  taken_out: 0,
  // What is over and has no name any more has left this computer.
  erased: name === "—",
  receipt: null,
  ...some,
});

export const everyState = () => [
  row(1, "MÜLLER, A.", "Chest with contrast", "CT", "sending", 1148, 812, 602_000_000, {
    priority: "stat",
    bytes_per_second: 38_400_000,
    seconds_left: 5,
    in_archive: 640,
  }),
  row(2, "MÜLLER, A.", "Chest PA and lateral", "CR", "stored", 2, 2, 28_000_000),
  row(3, "OKAFOR, C.", "Abdomen", "US", "waiting", 96, 0, 1_100_000_000, {
    destination: "Clinic B",
    waiting_for: "Clinic B",
    failure: failure("unreachable"),
    tries_again_at: Date.now() + 24_000,
  }),
  row(4, "LINDQVIST, E.", "Knee left", "MR", "needs_person", 1695, 1693, 880_000_000, {
    failure: failure("sop_class_not_supported"),
    failed: 2,
    in_archive: 1693,
  }),
  row(5, "לוי, ד.", "ברך שמאל", "MR", "copying", 240, 0, 120_000_000, { priority: "urgent" }),
  row(6, "山田, 太.", "胸部X線撮影", "CR", "asking", 2, 0, 28_000_000),
  row(
    7,
    "WOLFESCHLEGELSTEINHAUSENBERGERDORFF-VORALTERNWARENGEWISSENHAFT, H.",
    "Computed tomography of the thorax, abdomen and pelvis with oral and intravenous contrast",
    "CT+SR",
    "queued",
    940,
    0,
    490_000_000,
  ),
  row(8, "SILVA, M.", "Mammography", "MG", "paused", 8, 3, 240_000_000),
  row(9, "—", "Coronary angiogram", "XA", "confirmed", 42, 42, 96_000_000, { in_archive: 42, receipt: 117 }),
  row(10, "—", "", "OT", "partly", 100, 50, 6_000_000, { in_archive: 50, taken_out: 50, receipt: 116 }),
  row(11, "—", "", "OT", "cancelled", 12, 0, 6_000_000, { taken_out: 12, receipt: 115 }),
];

const many = (n) =>
  row(
    n + 1,
    `PATIENT ${n + 1}, T.`,
    `Study number ${n + 1}`,
    ["CT", "MR", "CR", "US"][n % 4],
    n === 0 ? "sending" : "queued",
    120,
    n === 0 ? 40 : 0,
    64_000_000,
  );

/** @param {any[] | null} rows @param {number} offset @param {number} limit */
export function page(rows, offset, limit) {
  if (rows) return { total: rows.length, rows: structuredClone(rows.slice(offset, offset + limit)) };
  return {
    total: 10_000,
    rows: Array.from({ length: Math.max(0, Math.min(limit, 10_000 - offset)) }, (_, at) => many(offset + at)),
  };
}

export const groups = (id) =>
  id === 4
    ? [
        {
          failure: failure("sop_class_not_supported"),
          outcome: "rejected",
          count: 2,
          http_status: 409,
          dicom_reason: 0x0122,
          images: [
            { number: "412", series: "9" },
            { number: "413", series: "9" },
          ],
          can_retry: true,
        },
      ]
    : [];
