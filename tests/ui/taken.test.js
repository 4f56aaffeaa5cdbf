// What a person takes out or takes away: a disc that is not needed any more, a list as it is shown, a detail for those
// who look closer.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { newPage, settle, start, visit } from "./browser.js";

let run;
before(async () => void (run = await start()));
after(() => run.end());

const calls = (page, wanted) =>
  page.evaluate((name) => globalThis.fake.calls.filter(([one]) => one === name).map(([, values]) => values), wanted);
const change = (page, some) => page.evaluate((one) => globalThis.fake.change(one), some);

test("a disc that has still to be read is not ejected anywhere, and it is said why", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "done" });
  await page.locator('[data-do="eject"]').waitFor();
  const volumes = await page.evaluate(() => globalThis.fake.state.volumes);
  const read = (in_use) => volumes.map((one) => ({ ...one, in_use: in_use && one.id === "v1" }));
  await change(page, { volumes: read(true) });
  await settle(page);
  assert.equal(await page.locator('[data-do="eject"]').count(), 0);
  assert.match(await page.locator("main").innerText(), /Something of this disc has still to be read\. Leave it in\./);
  await change(page, { volumes: read(false) });
  await page.locator('[data-do="eject"]').click();
  await settle(page);
  assert.deepEqual(await calls(page, "eject"), [{ volume: "v1" }]);
  assert.equal(await page.locator('[data-do="eject"]').count(), 0, "it is out");

  await visit(page, run.url, { fake: "send_busy" });
  const cards = page.locator("main .card.row");
  assert.match(await cards.first().innerText(), /has still to be read, leave it in/);
  assert.equal(await cards.first().locator('[data-do="eject"]').count(), 0);
  assert.equal(await cards.nth(1).locator('[data-do="eject"]').count(), 1);

  await visit(page, run.url, { fake: "queue", hash: "queue" });
  const queue = await page.evaluate(() => globalThis.fake.state.queue);
  await change(page, { queue: { ...queue, sources: [{ ...queue.sources[0], free: true }] } });
  await settle(page);
  assert.equal(await page.locator('[data-do="eject"]').count(), 0, "another send has still to read it");
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a disc that the system did not eject is explained in its own words", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "send", language: "de" });
  await page.evaluate(() => (globalThis.fake.refusals.eject = "not_ejected"));
  await page.locator('[data-do="eject"]').first().click();
  const note = page.locator('.toast [data-code="not_ejected"]');
  await note.waitFor();
  assert.match(await note.innerText(), /ließ sich nicht auswerfen[\s\S]*Nichts ist verloren[\s\S]*von Hand heraus/);
  await page.close();
});

test("the history is exported as it is filtered and searched", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "history", hash: "history" });
  await page.locator('[data-do="history_modality"]').selectOption("MR");
  await page.locator('[data-do="history_verdict"]').selectOption("incomplete");
  await page.locator('[data-do="history_days"]').selectOption("30");
  await page.locator('[data-do="history_search"]').fill("Main");
  await page.locator('[data-do="history_csv"]').click();
  await settle(page);
  assert.deepEqual(await calls(page, "history_csv"), [
    { filter: { destination: "", modality: "MR", verdict: "incomplete", days: 30, search: "Main" } },
  ]);
  await page.close();
});

test("what the core says in English is marked as that, also in a German window", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review", language: "de" });
  const notice = { code: "not_ejected", message: "", hint: "", detail: "another program still uses it" };
  await change(page, { notice });
  const detail = page.locator('[data-code="not_ejected"] [lang="en"]');
  await detail.waitFor();
  assert.equal(await detail.innerText(), "another program still uses it");
  assert.match(await page.locator('[data-code="not_ejected"]').innerText(), /Technische Angabe: another program/);
  await change(page, { notice: null });
  await page.locator('[data-do="show_skipped"]').first().click();
  const skipped = page.locator('.skipped [lang="en"]').first();
  await skipped.waitFor();
  assert.equal(await skipped.innerText(), "the file ends within its header");
  await change(page, { notice: { code: "brand_new", message: "It rained.", hint: "Wait.", detail: "" } });
  await settle(page);
  assert.equal(await page.locator('[data-code="brand_new"] p[lang="en"]').count(), 2);
  await page.close();
});

test("of two discs each is told by itself: that the second is copied takes nothing back of the first", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  await page.evaluate(() => {
    const { change, state } = globalThis.fake;
    const [first] = state.queue.sources;
    const second = { ...first, import: 13, name: "CD · SECOND", copied: 3 };
    change({ queue: { ...state.queue, sources: [{ ...first, free: true }, second] } });
  });
  await settle(page);
  const notes = await page.locator("main .note").allInnerTexts();
  assert.equal(notes.filter((text) => /can come out/.test(text) && /MED_IMG_0423/.test(text)).length, 1, notes.join());
  assert.equal(notes.filter((text) => /SECOND/.test(text) && /3 of 1,150/.test(text)).length, 1, notes.join());
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a study whose details are open is followed out of the list, and gone when it is nowhere", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  await page.locator('article[data-study="1"] [data-do="queue_details"]').click();
  const dialog = page.locator("dialog[data-dialog=queued]");
  await dialog.locator('[data-do="queue_pause"]').waitFor();
  // Confirmed, it stands behind everything that waits, on a page that is not there.
  await page.evaluate(() => globalThis.fake.beyond(1, { state: "confirmed", name: "—", images_done: 1148, erased: true }));
  await dialog.locator("[data-state=confirmed]").waitFor();
  assert.equal(await dialog.locator('[data-do="queue_pause"]').count(), 0, "there is nothing to pause");
  await page.evaluate(() => globalThis.fake.beyond(1, null));
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(wrong, []);
  await page.close();
});
