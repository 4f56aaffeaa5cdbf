// The dialogs that are open, the last on top.

import { h } from "../dom.js";
import { ask, state, ui } from "../store.js";
import { t } from "../speak.js";
import { uncover } from "../cover.js";
import { button } from "./button.js";
import { dialog } from "./dialog.js";
import { standingDialog } from "./standing.js";
import { viewer } from "./viewer.js";
import { detailDialog } from "./detail.js";
import { skippedDialog } from "./skipped.js";
import { queuedDialog, cancelDialog } from "./queued-dialog.js";
import { destinationDialog, forgetDialog, signInDialog } from "./destination-dialogs.js";
import { sentDialog } from "./sent-dialog.js";

/** @typedef {import("../store.js").Dialog} Dialog */

/** Something to read, and a text to take along. @param {Dialog} self */
const saidDialog = (self) =>
  dialog(self, self.title, [
    h("p", {}, self.words),
    self.text ? h("pre", { class: "text", tabindex: "0", translate: "no" }, self.text) : null,
  ]);

const QUIT = { kind: "quit" };
/** The backend opened it, so the backend closes it. */
const stay = () => void (state().quitting && ask("quit_stay"));

/** @param {Dialog} self */
const quitDialog = (self) =>
  dialog(
    self,
    t("quit.title"),
    [h("p", {}, t("quit.waits", { n: state().queue.studies })), h("p", {}, t("quit.safe"))],
    [
      button("quit_stay", t("quit.stay"), stay, { look: "first", "data-focus": true }),
      button("quit", t("quit.quit"), () => ask("quit", { even_with_work: true })),
    ],
    { away: stay },
  );

const COVER = { kind: "cover" };

/** @param {Dialog} self */
const coverDialog = (self) =>
  dialog(
    self,
    t("cover.title"),
    [h("p", {}, t("cover.words"))],
    [button("uncover", t("cover.show"), uncover, { look: "first", "data-focus": true })],
    { look: "cover", away: uncover },
  );

/** @type {Record<string, (self: Dialog) => any>} */
const KINDS = {
  said: saidDialog,
  standing: standingDialog,
  viewer,
  detail: detailDialog,
  skipped: skippedDialog,
  queued: queuedDialog,
  cancel: cancelDialog,
  destination: destinationDialog,
  forget: forgetDialog,
  sign_in: signInDialog,
  sent: sentDialog,
};

export function dialogs() {
  return [
    ui.dialogs.map((one) => KINDS[one.kind]?.(one)),
    state().quitting ? quitDialog(QUIT) : null,
    ui.covered ? coverDialog(COVER) : null,
  ];
}
