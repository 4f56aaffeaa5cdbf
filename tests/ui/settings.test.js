// Settings: what was chosen last is what is set, and what is refused is explained where it can be put right.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { newPage, settle, start, visit } from "./browser.js";

let run;
before(async () => void (run = await start()));
after(() => run.end());

/** What was asked of the backend under this name. */
const asked = (page, command) =>
  page.evaluate((command) => globalThis.fake.calls.filter(([name]) => name === command), command);
const screen = (page, name) => page.locator(`main[data-screen="${name}"]`).waitFor();

test("a destination that is still needed is not forgotten, and it is said what to do first", async () => {
  const { page } = await newPage(run.browser);
  const forget = async (name, words) => {
    await page.locator("article.card").filter({ hasText: name }).locator('[data-do="destination_forget"]').click();
    const confirm = page.locator('dialog [data-do="forget_confirm"]');
    assert.equal(await confirm.getAttribute("aria-disabled"), words ? "true" : null);
    if (words) assert.match(await page.locator("#forget-why").innerText(), words);
    await confirm.evaluate((button) => button.click());
    await settle(page);
    if (words) await page.locator('[data-do="forget_keep"]').click();
  };
  await visit(page, run.url, { fake: "review", hash: "settings" });
  await forget("Clinic B", /1 study still waits for it[\s\S]*cancel it/);
  await forget("Main PACS", /What was found on CD · MED_IMG_0423 is to go there/);
  assert.deepEqual(await asked(page, "destination_forget"), []);

  // What only the core knows of it is refused with words of its own, and the way there.
  await visit(page, run.url, { fake: "settings", hash: "settings" });
  await page.evaluate(() => (globalThis.fake.refusals.destination_forget = "destination_in_use"));
  await forget("Main PACS", null);
  const refusal = page.locator('.toast [data-code="destination_in_use"]');
  assert.match(await refusal.innerText(), /still needed[\s\S]*then forget it/);
  await refusal.locator('[data-do="remedy_queue"]').click();
  await screen(page, "queue");
  await page.close();
});

test("a setting is what the last click on it said, however quick, and what it was where that is refused", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "settings", hash: "settings" });
  const box = page.locator('[data-do="autostart"]');
  const wanted = async () => (await asked(page, "settings_save")).map(([, { changed }]) => changed.autostart);
  const click = (times) =>
    box.evaluate((one, times) => {
      for (let n = 0; n < times; n += 1) one.click();
    }, times);
  assert.equal(await box.isChecked(), true);
  await click(2);
  await settle(page);
  assert.deepEqual(await wanted(), [false, true]);
  assert.equal(await box.isChecked(), true);

  // Nothing is asked for while an earlier wish has no answer.
  await page.evaluate(() => {
    const { fake } = globalThis;
    fake.waits.settings_save = new Promise((answer) => (fake.answer = answer));
  });
  await click(3);
  await settle(page);
  assert.deepEqual(await wanted(), [false, true, false]);
  assert.equal(await box.isChecked(), false, "it is shown at once");
  await page.evaluate(() => globalThis.fake.answer());
  await settle(page);
  assert.deepEqual(await wanted(), [false, true, false, true, false]);
  assert.equal(await page.evaluate(() => globalThis.fake.state.settings.autostart), false);

  await page.evaluate(() => (globalThis.fake.refusals.settings_save = "autostart_not_changed"));
  await click(1);
  await page.locator('.toast [data-code="autostart_not_changed"]').waitFor();
  await settle(page);
  assert.equal(await box.isChecked(), false, "nothing was changed");
  assert.deepEqual(wrong, []);
  await page.close();
});

test("how much of the line is taken, and when, is chosen in Settings and told while it holds", async () => {
  const { page, wrong } = await newPage(run.browser);
  await page.clock.install({ time: new Date(2026, 10, 27, 8, 30) });
  await visit(page, run.url, { fake: "queue", hash: "settings" });
  const pick = async (name, value) => {
    await page.locator(`[data-do="bandwidth_${name}"]`).selectOption(value);
    await settle(page);
    return page.evaluate(() => globalThis.fake.state.settings.bandwidth);
  };
  const sub = async () => {
    await page.evaluate(() => (location.hash = "queue"));
    await screen(page, "queue");
    await settle(page);
    const text = await page.locator("main header").innerText();
    await page.evaluate(() => (location.hash = "settings"));
    await screen(page, "settings");
    return text;
  };
  assert.doesNotMatch(await sub(), /limited/);
  assert.deepEqual(await pick("rate", "20"), { megabits: 20, from: 0, until: 0 });
  assert.match(await sub(), /limited to 20 Mbit\/s/);
  assert.deepEqual(await pick("when", "hours"), { megabits: 20, from: 7, until: 19 });
  assert.match(await sub(), /limited to 20 Mbit\/s until 19:00/);
  assert.deepEqual(await pick("from", "9"), { megabits: 20, from: 9, until: 19 });
  assert.doesNotMatch(await sub(), /limited/, "it is half past eight");
  assert.deepEqual(await pick("until", "0"), { megabits: 20, from: 9, until: 0 });
  assert.deepEqual(await pick("rate", "5"), { megabits: 5, from: 9, until: 0 });
  const hours = await page.locator('[data-do="bandwidth_from"] option').allInnerTexts();
  assert.deepEqual([hours.length, hours.includes("from 00:00")], [23, false], "from an hour until the same would be all day");
  assert.deepEqual(await pick("when", "day"), { megabits: 5, from: 0, until: 0 });
  assert.equal(await pick("rate", ""), null);
  assert.equal(await page.locator('[data-do="bandwidth_when"]').count(), 0);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("an answer about an address that was changed meanwhile, or asked about once more, is not shown", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "settings", hash: "settings" });
  await page.locator('[data-do="destination_new"]').click();
  await page.locator('[data-do="draft_name"]').fill("North");
  await page.locator('[data-do="draft_url"]').fill("https://north.example/dicom-web");
  const hold = () =>
    page.evaluate(() => {
      const { fake } = globalThis;
      fake.waits.destination_check = new Promise((answer) => (fake.answer = answer));
    });
  const answer = async () => {
    await page.evaluate(() => globalThis.fake.answer());
    await settle(page);
  };
  const found = () => page.locator(".checks").count();
  await hold();
  await page.locator('[data-do="destination_check"]').click();
  await page.locator('[data-do="draft_url"]').fill("https://south.example/dicom-web");
  await answer();
  assert.equal(await found(), 0, "nobody asked south");
  await page.locator('[data-do="destination_check"]').click();
  await settle(page);
  assert.equal(await found(), 1);

  // A refusal that comes late is not of what was typed since, and what is refused here is changed here.
  await hold();
  await page.locator('[data-do="destination_check"]').click();
  await page.evaluate(() => (globalThis.fake.refusals.destination_check = "no_store_here"));
  await page.locator('[data-do="draft_url"]').fill("https://west.example/dicom-web");
  await answer();
  assert.equal(await page.locator('dialog [data-code="no_store_here"]').count(), 0);
  await page.locator('[data-do="destination_check"]').click();
  await page.locator('dialog [data-code="no_store_here"]').waitFor();
  assert.equal(await page.locator('dialog [data-do^="remedy_"]').count(), 0, "it would take away what was typed");
  assert.equal(await page.locator('[data-do="draft_name"]').inputValue(), "North");
  assert.deepEqual(wrong, []);
  await page.close();
});

test("what is refused can be tried again, and that is what is tried", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "settings" });
  await page.evaluate(() => (globalThis.fake.refusals.settings_save = "disk_full"));
  await page.locator('[data-do="notifications"]').evaluate((one) => one.click());
  await page.locator('.toast [data-do="remedy_retry"]').waitFor();
  await page.evaluate(() => delete globalThis.fake.refusals.settings_save);
  await page.locator('.toast [data-do="remedy_retry"]').click();
  await settle(page);
  assert.equal((await asked(page, "settings_save")).length, 2);
  assert.equal(await page.evaluate(() => globalThis.fake.state.settings.notifications), false);
  assert.deepEqual(await asked(page, "queue_wish"), [], "nothing else was");
  await page.close();
});
