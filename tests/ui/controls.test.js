// What a control says is what it does, or it is not there and the page says why.

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

test("trying again opens the home once more, as often as it takes, and a page loaded anew would not have", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "broken" });
  for (const code of ["home_not_writable", "no_key", "disk_full", "queue_damaged", "internal"]) {
    await page.evaluate((code) => globalThis.fake.change({ failure: globalThis.fake.failure(code) }), code);
    const before = (await asked(page, "reopen")).length;
    await page.locator('[data-do="reopen"]').click();
    await settle(page);
    assert.equal((await asked(page, "reopen")).length, before + 1, code);
    assert.equal(await page.locator(`main [data-code="${code}"]`).count(), 1);
    assert.equal(await page.locator(".toast").count(), 0, "it is said once");
    assert.equal(await page.locator('[data-do^="remedy_"]').count(), 0, "nothing that needs an open queue");
  }
  assert.match(await page.locator("#voice").innerText(), /RelayPACS made a mistake/);
  await page.evaluate(() => (globalThis.fake.state.failure = null));
  await page.locator('[data-do="reopen"]').click();
  await screen(page, "send");
  assert.deepEqual(wrong, []);
  await page.close();
});

for (const [way, close] of Object.entries({
  "its button": (page) => page.locator('dialog[data-dialog=quit] [data-do="close"]').click(),
  Escape: (page) => page.keyboard.press("Escape"),
})) {
  test(`closing the question about quitting by ${way} stays`, async () => {
    const { page } = await newPage(run.browser);
    await visit(page, run.url, { fake: "queue", hash: "queue" });
    await page.evaluate(() => globalThis.fake.change({ quitting: true }));
    await page.locator("dialog[data-dialog=quit]").waitFor();
    await close(page);
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.deepEqual(await asked(page, "quit_stay"), [["quit_stay", {}]]);
    assert.deepEqual(await asked(page, "quit"), []);
    await page.close();
  });
}

test("while the whole queue is paused no study offers to go on alone, and all go on together", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  const study = (id) => page.locator(`article[data-study="${id}"]`);
  await page.locator('[data-do="queue_pause_all"]').click();
  await study(1).locator("[data-state=paused]").waitFor();
  await settle(page);
  assert.equal(await page.locator('[data-do="queue_resume"]').count(), 0);
  assert.match(await study(1).innerText(), /Whole queue paused/);
  await study(1).locator('[data-do="queue_details"]').click();
  assert.equal(await page.locator('dialog [data-do="queue_resume"]').count(), 0);
  await page.locator('dialog [data-do="queue_resume_all"]').click();
  await study(1).locator("[data-state=sending]").waitFor();
  await page.keyboard.press("Escape");
  // It was paused by itself before.
  assert.match(await study(8).innerText(), /Paused/);
  await study(8).locator('[data-do="queue_resume"]').click();
  await study(8).locator("[data-state=sending]").waitFor();
  await page.close();
});

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

test("that sending goes on behind a closed window is said only where there is a tray", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  const words = page.locator("body");
  assert.match(await words.innerText(), /when the window is closed/);
  await page.evaluate(() => globalThis.fake.change({ platform: { ...globalThis.fake.state.platform, tray: false } }));
  await settle(page);
  assert.doesNotMatch(await words.innerText(), /when the window is closed/);
  await page.close();
});

test("names are covered once nobody has touched the screen for as long as was set, and no sooner", async () => {
  const { page } = await newPage(run.browser);
  await page.clock.install();
  await visit(page, run.url, { fake: "review", hash: "send" });
  const covered = () => page.locator("dialog.cover").count();
  /** What lies on top where a patient is named. */
  const onTop = () =>
    page.locator(".patient").first().evaluate((one) => {
      const { left, top, height } = one.getBoundingClientRect();
      return document.elementFromPoint(left + 4, top + height / 2)?.closest("dialog, .patient")?.tagName;
    });
  await page.clock.fastForward("30:00");
  assert.equal(await covered(), 0, "nobody asked for it");
  await page.evaluate(() =>
    globalThis.fake.change({ settings: { ...globalThis.fake.state.settings, cover: "five" } }),
  );
  await page.mouse.move(200, 200);
  await page.clock.fastForward("04:00");
  await page.mouse.move(300, 200);
  await page.clock.fastForward("04:00");
  assert.equal(await covered(), 0, "it was touched between");
  assert.notEqual(await onTop(), "DIALOG");
  await page.clock.fastForward("01:30");
  await page.locator("dialog.cover").waitFor();
  assert.equal(await onTop(), "DIALOG", "a name can be seen");
  await page.keyboard.press("Enter");
  await page.locator("dialog.cover").waitFor({ state: "detached" });
  assert.notEqual(await onTop(), "DIALOG");
  await page.close();
});
