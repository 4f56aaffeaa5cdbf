// What a person sets: shown at once, saved one after the other, and back again where it is refused.

import { ask, redraw, state } from "./store.js";

/** @typedef {import("./types.d.ts").Settings} Settings */

/** What was chosen and is not saved yet. @type {Map<string, any>} */
const chosen = new Map();
/** Ends when all that was chosen is saved or refused. */
let saving = Promise.resolve();

/** What is set, or about to be. @template {keyof Settings} Name @param {Name} name @returns {Settings[Name]} */
export const setTo = (name) => (chosen.has(name) ? chosen.get(name) : state().settings[name]);

/**
 * Saves one of them. One is saved after the other: what is asked for at the same time may be done in any order, and a quick
 * change of mind would be lost.
 * @param {keyof Settings} name @param {any} value
 */
export function save(name, value) {
  chosen.set(name, value);
  redraw();
  saving = saving.then(async () => {
    const answer = await ask("settings_save", { changed: { [name]: value } }, () => save(name, value));
    const saved = answer !== undefined;
    if (saved) state().settings = { ...state().settings, [name]: value };
    if (chosen.get(name) === value) chosen.delete(name);
    redraw();
  });
}
