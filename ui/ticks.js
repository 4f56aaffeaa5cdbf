// Which studies of a review are ticked. With one patient all are, until the person unticks; with more than one, none are,
// until the person ticks: nobody's images go along by chance.

import { call } from "./backend.js";
import { redraw, state, ui } from "./store.js";

/** @typedef {import("./types.d.ts").ReviewStudy} ReviewStudy */
/** @typedef {import("./types.d.ts").ReviewHead} ReviewHead */

/** `but`: those that are not as the rest. @type {{ all: boolean, but: Map<number, ReviewStudy> }} */
let ticks = { all: false, but: new Map() };

/** What is opened from a review ends with it. */
const OF_REVIEW = new Set(["viewer", "detail", "skipped"]);

/** Another review is shown than before, or none: nothing that was ticked or opened belongs to it.
 * @param {ReviewHead | null} head */
export function reviewChanged(head) {
  ticks = { all: head !== null && head.patients <= 1, but: new Map() };
  ui.priority = "routine";
  ui.study = null;
  ui.dialogs = ui.dialogs.filter(({ kind }) => !OF_REVIEW.has(kind));
}

/** @param {number} id */
export const isTicked = (id) => ticks.all !== ticks.but.has(id);

/** @param {ReviewStudy} study */
export function tick(study) {
  if (!ticks.but.delete(study.id)) ticks.but.set(study.id, study);
  redraw();
}

/** @param {boolean} all */
export function tickAll(all) {
  ticks = { all, but: new Map() };
  redraw();
}

/** The sums of what is ticked. `patients` is null where it cannot be known without asking for every row. */
export function sums() {
  const head = /** @type {ReviewHead} */ (state().review);
  const those = [...ticks.but.values()];
  const add = (/** @type {"images" | "bytes"} */ what) => those.reduce((sum, one) => sum + one[what], 0);
  const patients = new Set(those.map(({ patient }) => patient.key)).size;
  if (!ticks.all) return { studies: those.length, images: add("images"), bytes: add("bytes"), patients };
  return {
    studies: head.studies - those.length,
    images: head.images - add("images"),
    bytes: head.bytes - add("bytes"),
    patients: those.length === 0 || head.patients <= 1 ? head.patients : null,
  };
}

/** The ids to send; null means all of them. @returns {Promise<number[] | null>} */
export async function chosen() {
  const { all, but } = ticks;
  if (!all) return [...but.keys()];
  if (but.size === 0) return null;
  /** @type {number[]} */
  const ids = [];
  for (let offset = 0; ; offset += 500) {
    const { total, rows } = await call("review_studies", { offset, limit: 500 });
    for (const { id } of rows) if (!but.has(id)) ids.push(id);
    if (rows.length === 0 || offset + rows.length >= total) return ids;
  }
}
