// What the window knows: `state` as the backend tells it, `ui` as the person left it. Whoever changes either calls for a
// drawing; drawings are bound to the screen's own rhythm.

import { call } from "./backend.js";
import { speak } from "./voice.js";

/** @typedef {import("./types.d.ts").State} State */
/** @typedef {import("./types.d.ts").Failure} Failure */

/**
 * What the person did in this window and nobody else needs to know.
 * @typedef {{ kind: string, [more: string]: any }} Dialog
 * @type {{ screen: string, dialogs: Dialog[], failure: Failure | null, wide: boolean, rail: boolean, now: number,
 *   [more: string]: any }}
 */
export const ui = { screen: "send", dialogs: [], failure: null, wide: true, rail: true, now: Date.now() };

/** @type {{ state: State | null }} */
export const store = { state: null };

/** The state; only called by views that are drawn once there is one. @returns {State} */
export function state() {
  if (!store.state) throw new Error("drawn before the first state");
  return store.state;
}

let asked = false;
let turn = 0;
/** @type {() => void} */
let drawing = () => {};

/** @param {() => void} draw */
export function drawBy(draw) {
  drawing = draw;
}

/** Which state of things is drawn: what was drawn of the same things at the same turn need not be drawn again. */
export const turnNow = () => turn;

/** Draws once, before the next picture on the screen, however often it is asked for. */
export function redraw() {
  turn += 1;
  redrawMoved();
}

/** The same, where nothing is different but which part of it is in sight. */
export function redrawMoved() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    drawing();
  });
}

/** @param {Record<string, any>} some */
export function change(some) {
  Object.assign(ui, some);
  redraw();
}

/** @param {string} screen */
export function go(screen) {
  if (ui.screen === screen) return;
  location.hash = screen;
}

/** @param {Dialog} dialog */
export function open(dialog) {
  ui.dialogs = [...ui.dialogs, dialog];
  redraw();
}

/** Closes one dialog, or the one on top. @param {Dialog} [dialog] */
export function close(dialog) {
  ui.dialogs = dialog ? ui.dialogs.filter((one) => one !== dialog) : ui.dialogs.slice(0, -1);
  Object.assign(ui, { failure: null, again: null });
  redraw();
}

/** What a refusal is, whoever refused. @param {any} cause @returns {Failure} */
export function failureOf(cause) {
  if (cause && typeof cause === "object" && typeof cause.code === "string") return cause;
  return { code: "internal", message: "", hint: "", detail: "" };
}

/**
 * Asks the backend to do something. A refusal is shown with its three sentences; the answer is then `undefined`. `again`:
 * what a button that tries again does; it is for the caller to say where more than asking belongs to it.
 * @param {string} command @param {Record<string, any>} [values] @param {() => void} [again] @returns {Promise<any>}
 */
export async function ask(command, values, again = () => void ask(command, values)) {
  try {
    return await call(command, values);
  } catch (cause) {
    refuse(failureOf(cause), again);
    return undefined;
  }
}

/** `again`: does what was refused once more. @param {Failure} failure @param {(() => void) | null} [again] */
export function refuse(failure, again = null) {
  change({ failure, again });
  speak.failure(failure);
}
