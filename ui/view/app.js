// Which screen it is.

import { h } from "../dom.js";
import { store, ui } from "../store.js";
import { t } from "../speak.js";
import { rail } from "./rail.js";
import { toast } from "./failure.js";
import { dialogs } from "./dialogs.js";
import { send } from "./send.js";
import { looking } from "./looking.js";
import { review } from "./review.js";
import { done } from "./done.js";
import { queue } from "./queue.js";
import { history } from "./history.js";
import { overview } from "./overview.js";
import { settings } from "./settings.js";
import { firstStart } from "./first.js";
import { locked } from "./locked.js";
import { broken, starting } from "./broken.js";

/** @param {import("../types.d.ts").State} state */
function sending(state) {
  if (state.looking) return looking();
  if (state.review) return review();
  if (state.done) return done();
  return send();
}

/** @type {Record<string, (state: import("../types.d.ts").State) => any>} */
const SCREENS = { send: sending, queue, history, overview, settings };
/** @type {Record<string, () => any>} */
const STAGES = { locked, broken, starting };

/** The first start ends when the person has seen its last step, not when the first destination is saved; it does not
 * stand in the way of one who looks at something already. It comes back for one who put it off and then opened a disc:
 * without a destination there is nowhere to go with it. @param {import("../types.d.ts").State} state */
function isFirst(state) {
  const isStage = state.stage === "first_start";
  if (isStage) ui.first ??= true;
  const needed = isStage && state.notice?.code === "destination_unknown";
  return (ui.first === true || needed) && !state.looking && !state.review;
}

export function app() {
  const { state } = store;
  const alone = state ? STAGES[state.stage] : starting;
  if (alone) return [h("div", { class: "app alone", key: "app" }, alone()), toast(), state ? dialogs() : null];
  const now = /** @type {import("../types.d.ts").State} */ (state);
  if (isFirst(now)) return [h("div", { class: "app alone", key: "app" }, firstStart()), toast(), dialogs()];
  return [
    h(
      "div",
      { class: "app", key: "app" },
      h("a", { class: "skip button first", href: "#main", key: "skip", onclick: skip }, t("skip")),
      rail(),
      (SCREENS[ui.screen] ?? sending)(now),
    ),
    toast(),
    dialogs(),
    now.drop === "over"
      ? h("section", { class: "over", key: "over", "aria-label": t("drop.over") }, h("p", {}, t("drop.over")))
      : null,
  ];
}

/** Past the rail. The address stays as it is: it names the screen. @param {Event} event */
function skip(event) {
  event.preventDefault();
  /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
}
