// What is on the screen is covered once nobody has touched it for as long as a person set. It is no lock: the next press
// of its button shows everything again, as it was left.

import { change, store, ui } from "./store.js";

const MINUTE = 60_000;
/** @type {Record<string, number>} */
const AFTER = { five: 5 * MINUTE, fifteen: 15 * MINUTE };
const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel"];

let touched = Date.now();

/** Notes every touch from now on. */
export function watch() {
  for (const touch of TOUCHES) addEventListener(touch, () => (touched = Date.now()), { capture: true, passive: true });
}

/** Covers, where it is time. */
export function coverInTime() {
  const after = AFTER[store.state?.settings.cover ?? "never"];
  if (after && !ui.covered && Date.now() - touched >= after) change({ covered: true });
}

export function uncover() {
  touched = Date.now();
  change({ covered: false });
}
