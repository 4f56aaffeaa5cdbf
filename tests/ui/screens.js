// The screens that are looked at: which recorded state, where, and what is opened on it.

/** @type {{ name: string, fake: string, hash?: string, open?: string[], query?: Record<string, string> }[]} */
export const SCREENS = [
  { name: "starting", fake: "starting" },
  { name: "locked", fake: "locked" },
  { name: "locked-new", fake: "locked_new" },
  { name: "broken", fake: "broken" },
  { name: "first-start", fake: "first_start" },
  { name: "first-start-address", fake: "first_start", open: ["first_address"] },
  { name: "first-start-ready", fake: "first_start", open: ["practice_start"] },
  { name: "send", fake: "send" },
  { name: "send-busy", fake: "send_busy" },
  { name: "send-empty", fake: "send_empty" },
  { name: "drop", fake: "drop" },
  { name: "looking", fake: "looking" },
  { name: "review", fake: "review" },
  { name: "review-one", fake: "review_one" },
  { name: "review-ask", fake: "review_ask" },
  { name: "review-names", fake: "review_names" },
  { name: "review-many", fake: "review_many" },
  { name: "review-empty", fake: "review_empty" },
  { name: "review-study", fake: "review", open: ["show_study"] },
  { name: "review-viewer", fake: "review", open: ["view"] },
  { name: "review-skipped", fake: "review", open: ["show_skipped"] },
  { name: "queue", fake: "queue", hash: "queue" },
  { name: "queue-paused", fake: "queue", hash: "queue", open: ["queue_pause_all"] },
  { name: "queue-empty", fake: "queue_empty", hash: "queue" },
  { name: "queue-many", fake: "queue_many", hash: "queue" },
  { name: "queue-details", fake: "queue", hash: "queue", open: ["queue_details:3"] },
  { name: "queue-cancel", fake: "queue", hash: "queue", open: ["queue_cancel_all"] },
  { name: "done", fake: "done" },
  { name: "done-missing", fake: "done_missing" },
  { name: "done-but", fake: "done_but" },
  { name: "done-partly", fake: "done_partly" },
  { name: "done-cancelled", fake: "done_cancelled" },
  { name: "history", fake: "history", hash: "history" },
  { name: "history-empty", fake: "history_empty", hash: "history" },
  { name: "history-details", fake: "history", hash: "history", open: ["sent_details"] },
  { name: "overview", fake: "overview", hash: "overview" },
  { name: "overview-table", fake: "overview", hash: "overview", open: ["table_by_modality"] },
  { name: "overview-empty", fake: "overview_empty", hash: "overview" },
  { name: "settings", fake: "settings", hash: "settings" },
  { name: "settings-destination", fake: "settings", hash: "settings", open: ["destination_new"] },
  { name: "settings-forget", fake: "settings", hash: "settings", open: ["destination_forget:1"] },
  { name: "standing", fake: "settings", open: ["standing"] },
];

/** Opens what a screen opens: each by its `data-do`, the first unless `:n` says which. @param {import("playwright-core").Page} page @param {string[]} [names] */
export async function opened(page, names = []) {
  for (const one of names) {
    const [name, which] = one.split(":");
    await page
      .locator(`[data-do="${name}"]`)
      .nth(Number(which ?? 0))
      .click();
  }
}
