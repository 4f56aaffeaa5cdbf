// For every code: the button that does what to do now, or none. One table; its words are `action.<name>`.

import { ask, change, close, go, open, refuse, failureOf, state, store, ui } from "./store.js";
import { call, copy } from "./backend.js";
import { t } from "./speak.js";
import { speak } from "./voice.js";

/** @typedef {import("./types.d.ts").Failure} Failure */
/**
 * Where a failure is shown: the study or destination it is of, numbers for those who run the archive, how to do what was
 * refused once more, what to do after; `form`: where what has to be changed is typed.
 * @typedef {{ study?: number, destination?: number, numbers?: string, again?: () => void, form?: boolean,
 *   then?: () => void }} Context
 */

/** Code -> name of the action; null: it mends itself, or there is nothing to press. @type {Record<string, string | null>} */
export const REMEDIES = {
  refused_by_archive: "copy",
  not_understood: "copy",
  data_set_mismatch: "copy",
  sop_class_not_supported: "copy",
  transfer_syntax_not_supported: "copy",
  forbidden_by_policy: "copy",
  too_large_for_archive: "retry",
  dropped_by_archive: "retry",
  differs_in_archive: "copy",
  differs_in_source: "copy",
  not_comparable: "copy",
  stored_with_warning: "copy",
  source_not_found: "choose",
  source_unreadable: "choose",
  source_gone: "retry",
  source_changed: "choose",
  cannot_be_read: "retry",
  copy_damaged: "retry",
  nothing_to_send: "choose",
  not_ejected: null,
  autostart_not_changed: null,
  still_needed: "queue",
  destination_unknown: "destinations",
  destination_not_usable: "destinations",
  destination_in_use: "queue",
  name_not_found: "try_now",
  unreachable: "try_now",
  tls_not_trusted: "destinations",
  tls_failed: "copy",
  sign_in_needed: "sign_in",
  forbidden: "copy",
  no_store_here: "destinations",
  redirected: "destinations",
  archive_full: "copy",
  archive_busy: "try_now",
  archive_failed: "try_now",
  answer_not_understood: "try_now",
  connection_lost: "try_now",
  stalled: "try_now",
  cannot_confirm: "copy",
  credential_file: "destinations",
  queue_in_use: "reopen",
  no_key: "reopen",
  wrong_key: null,
  queue_damaged: "choose",
  queue_salvaged: null,
  queue_partly_salvaged: "choose",
  queue_too_new: null,
  disk_full: "retry",
  home_not_writable: "retry",
  ledger_broken: "diagnostics",
  receipt_not_saved: "save",
  receipt_unknown: "history",
  study_unknown: "queue",
  review_changed: null,
  stopped: "resume",
  internal: "diagnostics",
};

/** Copies what those who run the archive, or we, need to know. @param {string} text */
async function copied(text) {
  try {
    await copy(text);
    open({ kind: "said", title: t("copied.title"), words: t("copied.words"), text });
  } catch {
    open({ kind: "said", title: t("copied.not"), words: t("copied.by_hand"), text });
  }
}

export async function copyDiagnostics() {
  const text = await ask("diagnostics");
  if (text !== undefined) await copied(text);
}

/** Opens the home once more. How that went is on the screen by then; it is spoken for those who hear it. */
export async function reopen() {
  if (ui.reopening) return;
  change({ reopening: true });
  try {
    await call("reopen");
  } catch (cause) {
    speak.failure(failureOf(cause));
  }
  change({ reopening: false });
}

/** @param {string} screen */
const show = (screen) => {
  close();
  change({ dialogs: [] });
  go(screen);
};

/** @param {number} [known] */
function signIn(known) {
  const one = state().destinations.find(({ id, standing }) =>
    known === undefined ? standing === "needs_sign_in" : id === known,
  );
  if (one) open({ kind: "sign_in", id: one.id });
  else show("settings");
}

/** @param {number} [known] */
function tryNow(known) {
  const those = state().destinations.filter(({ id, standing }) =>
    known === undefined ? standing !== "ready" : id === known,
  );
  those.forEach(({ id }) => ask("destination_try_now", { id }));
}

/** @type {Record<string, (failure: Failure, context: Context) => void>} */
const ACTS = {
  copy: (failure, { numbers }) => void copied(`RelayPACS ${failure.code}${numbers ? ` ${numbers}` : ""}`),
  retry: (_, { again, study }) => (again ? again() : void ask("queue_wish", { wish: "retry", studies: [study] })),
  choose: () => {
    show("send");
    ask(state().platform.can_choose_folder ? "choose_folder" : "choose_files");
  },
  destinations: () => show("settings"),
  try_now: (_, { again, destination, study }) => {
    if (again && destination === undefined) again();
    // It may wait alone, and its destination be well.
    else if (study !== undefined) void ask("queue_wish", { wish: "retry", studies: [study] });
    else tryNow(destination);
  },
  sign_in: (_, { destination }) => signIn(destination),
  reopen: () => void reopen(),
  diagnostics: () => void copyDiagnostics(),
  save: (_, { again }) => (again ? again() : show("history")),
  history: () => show("history"),
  queue: () => show("queue"),
  resume: () => void ask("queue_wish", { wish: "resume", studies: null }),
};

/** What a button would do at a place where it does not help. @param {string} name @param {Context} context */
function isIdle(name, { study, again, form }) {
  // Nobody knows what to do once more.
  if (name === "retry") return study === undefined && !again;
  // What it leads to would take away what was typed, and what has to be changed stands right there.
  return form === true && (name === "destinations" || name === "sign_in" || (name === "try_now" && !again));
}

/** The button of a failure. @param {Failure} failure @param {Context} context */
export function remedy(failure, context) {
  const name = failure.code in REMEDIES ? REMEDIES[failure.code] : "diagnostics";
  if (name === null || !store.state || isIdle(name, context)) return null;
  const act = () => {
    context.then?.();
    try {
      ACTS[name](failure, context);
    } catch (cause) {
      refuse(failureOf(cause));
    }
  };
  return { name, words: t(`action.${name}`), act };
}
