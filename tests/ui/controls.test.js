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

test("where a review goes is settled before it is sent, and it is not sent where that was refused", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review", hash: "send" });
  await page.locator('[data-do="tick"]').first().check({ force: true });
  const order = () =>
    page.evaluate(() =>
      globalThis.fake.calls.map(([name]) => name).filter((name) => /^review_(destination|send)$/.test(name)),
    );
  await page.evaluate(() => {
    const { fake } = globalThis;
    fake.waits.review_destination = new Promise((answer) => (fake.answer = answer));
    fake.refusals.review_destination = "destination_unknown";
  });
  await page.locator('[data-do="review_destination"]').selectOption({ label: "Clinic B" });
  await page.locator('[data-do="review_send"]').click();
  await settle(page);
  assert.deepEqual(await order(), ["review_destination"]);
  await page.evaluate(() => globalThis.fake.answer());
  await page.locator('.toast [data-code="destination_unknown"]').waitFor();
  await settle(page);
  assert.deepEqual(await order(), ["review_destination"], "it would have gone where it was not to go");
  await page.evaluate(() => {
    const { fake } = globalThis;
    fake.waits = Object.assign(fake.waits, { review_destination: null });
    delete fake.refusals.review_destination;
  });
  await page.locator('[data-do="review_destination"]').selectOption({ label: "Clinic B" });
  await page.locator('[data-do="review_send"]').click();
  await screen(page, "queue");
  assert.deepEqual(await order(), ["review_destination", "review_destination", "review_send"]);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("after a destination was refused, Send goes at once where the button says", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review", hash: "send" });
  await page.locator('[data-do="tick"]').first().check({ force: true });
  await page.evaluate(() => (globalThis.fake.refusals.review_destination = "destination_unknown"));
  await page.locator('[data-do="review_destination"]').selectOption({ label: "Clinic B" });
  await page.locator('.toast [data-code="destination_unknown"]').waitFor();
  await settle(page);
  assert.match(await page.locator('[data-do="review_send"]').innerText(), /Main PACS/);
  await page.locator('[data-do="review_send"]').click();
  await screen(page, "queue");
  assert.equal((await asked(page, "review_send")).length, 1);
  await page.close();
});

test("a Send that was refused and is tried again sends what is ticked by then", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review", hash: "send" });
  const tick = (at) => page.locator('[data-do="tick"]').nth(at);
  await tick(0).check({ force: true });
  await tick(1).check({ force: true });
  await page.evaluate(() => (globalThis.fake.refusals.review_send = "disk_full"));
  await page.locator('[data-do="review_send"]').click();
  await page.locator('.toast [data-do="remedy_retry"]').waitFor();
  await tick(0).uncheck({ force: true });
  await page.evaluate(() => delete globalThis.fake.refusals.review_send);
  await page.locator('.toast [data-do="remedy_retry"]').click();
  await screen(page, "queue");
  const sent = (await asked(page, "review_send")).map(([, { studies }]) => studies.length);
  assert.deepEqual(sent, [2, 1], "not the one that was unticked");
  await page.close();
});

test("a disc that is dropped on another screen is looked into where that can be seen", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "settings" });
  await page.evaluate(() => {
    const looking = { name: "Disc", files: 1, images: 1, studies: 1, patients: 1, skipped: 0, seconds: 0 };
    globalThis.fake.change({ looking });
  });
  await screen(page, "looking");
  await page.close();

  // So small that nobody was told that it was looked into.
  const { page: quick } = await newPage(run.browser);
  await visit(quick, run.url, { fake: "review", hash: "settings" });
  await quick.evaluate(() => {
    const { change, state } = globalThis.fake;
    change({ review: { ...state.review, id: state.review.id + 1 } });
  });
  await screen(quick, "review");
  await quick.close();
});

test("two fingers change window and level by as much as they move", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review", hash: "send" });
  await page.locator('[data-do="view"]').first().click();
  const glass = page.locator(".glass");
  await glass.waitFor();
  await settle(page);
  const levels = () =>
    page.evaluate(() => ["center", "width"].map((name) => Number(document.querySelector(`[data-do=view_${name}]`).value)));
  const before = await levels();
  await glass.evaluate((one) => {
    one.setPointerCapture = () => {};
    const at = (kind, pointerId, clientX, clientY) =>
      one.dispatchEvent(new PointerEvent(kind, { pointerId, clientX, clientY, pointerType: "touch", bubbles: true }));
    at("pointerdown", 1, 100, 100);
    at("pointerdown", 2, 300, 100);
    for (let n = 1; n <= 5; n += 1) {
      at("pointermove", 1, 100, 100 + n);
      at("pointermove", 2, 300, 100 + n);
    }
    at("pointerup", 1, 100, 105);
    at("pointerup", 2, 300, 105);
  });
  await settle(page);
  const after = await levels();
  assert.equal(after[1], before[1], "nothing moved sideways");
  assert.ok(Math.abs(after[0] - before[0]) < before[1] / 4, `${before} became ${after}`);
  assert.notEqual(after[0], before[0]);
  await page.close();
});

test("the passphrase is taken by Enter, a new one typed twice as well", async () => {
  for (const [fake, fields] of [
    ["locked", ["once"]],
    ["locked_new", ["once", "again"]],
  ]) {
    const { page } = await newPage(run.browser);
    await visit(page, run.url, { fake });
    for (const name of fields) await page.locator(`[data-do="passphrase_${name}"]`).fill("long enough");
    await page.keyboard.press("Enter");
    await settle(page);
    assert.deepEqual(await asked(page, "unlock"), [["unlock", { passphrase: "long enough" }]]);
    await page.close();
  }
});
