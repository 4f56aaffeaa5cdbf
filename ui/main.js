// The beginning: subscribe, take the whole state, draw; then draw what changes.

import { subscribe } from "./backend.js";
import { draw } from "./dom.js";
import { change, drawBy, redraw, store, ui } from "./store.js";
import { useLanguage } from "./speak.js";
import { speak } from "./voice.js";
import { reviewChanged } from "./ticks.js";
import { coverInTime, watch } from "./cover.js";
import { app } from "./view/app.js";

const SCREENS = ["send", "queue", "history", "overview", "settings"];
const media = {
  wide: matchMedia("(min-width: 1100px)"),
  rail: matchMedia("(min-width: 900px)"),
  light: matchMedia("(prefers-color-scheme: light)"),
  contrast: matchMedia("(prefers-contrast: more)"),
};

/** The theme that is wanted: the person's, or the system's. */
function dress() {
  const wanted = store.state?.settings.appearance ?? "system";
  const system = media.contrast.matches ? "contrast" : media.light.matches ? "light" : "dark";
  document.documentElement.dataset.theme = wanted === "system" ? system : wanted;
}

function measure() {
  change({ wide: media.wide.matches, rail: media.rail.matches });
}

/** The screen that the address names. What was refused belongs to the screen before. */
function turn() {
  const named = location.hash.slice(1);
  const screen = SCREENS.includes(named) ? named : "send";
  if (screen !== ui.screen) change({ screen, failure: null, turned: true });
}

/** @param {any} some */
function told(some) {
  const before = store.state;
  store.state = before ? { ...before, ...some } : { drop: "none", quitting: false, new_passphrase: false, ...some };
  const now = /** @type {import("./types.d.ts").State} */ (store.state);
  useLanguage(now.settings.language);
  dress();
  speak.changed(before, now);
  if (before?.review?.id !== now.review?.id) reviewChanged(now.review);
  // Wherever a disc was dropped: it is looked into where that can be seen.
  const isNew = now.review && now.review.id !== before?.review?.id;
  if (before && ((now.looking && !before.looking) || isNew)) location.hash = "send";
  // What stands on that screen before an end does is not left for it.
  if (
    before &&
    now.done &&
    !now.looking &&
    !now.review &&
    now.done.receipt !== before.done?.receipt &&
    ui.screen === "queue" &&
    ui.dialogs.length === 0
  ) {
    location.hash = "send";
  }
  redraw();
}

/** @type {string | null} */
let where = null;

/** Draws, and gives the focus to the heading of a screen that is new: what is read out next begins there. */
function show() {
  const root = /** @type {Element} */ (document.getElementById("app"));
  draw(root, app());
  const main = /** @type {HTMLElement | null} */ (root.querySelector("main"));
  const here = main?.dataset.screen ?? null;
  if (here === where) return;
  const first = where === null || where === "starting";
  where = here;
  const heading = /** @type {HTMLElement | null} */ (main?.querySelector("h1") ?? null);
  document.title = heading ? `${heading.textContent} – RelayPACS` : "RelayPACS";
  if (!first && ui.dialogs.length === 0) heading?.focus({ preventScroll: true });
}

/** Times that count down or up are drawn anew now and then, while somebody can see them. */
setInterval(() => {
  coverInTime();
  if (document.visibilityState === "hidden" || !store.state) return;
  const counts = store.state.destinations.some(({ tries_again_at }) => tries_again_at !== null);
  if (counts || Date.now() - ui.now > 30_000) change({ now: Date.now() });
}, 1000);

useLanguage("system");
drawBy(show);
for (const one of Object.values(media)) {
  one.addEventListener("change", () => {
    measure();
    dress();
  });
}
addEventListener("resize", redraw);
addEventListener("hashchange", turn);
dress();
measure();
turn();
watch();
subscribe(told);
