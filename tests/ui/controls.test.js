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

test("a study that waits says why, and trying it now tries this one, however well its destination is", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  const row = page.locator('article[data-study="3"]');
  assert.match(await row.innerText(), /The PACS does not answer at this address\./);
  await row.locator('[data-do="queue_details"]').click();
  await page.locator('dialog [data-do="remedy_try_now"]').click();
  await settle(page);
  assert.deepEqual(await asked(page, "queue_wish"), [["queue_wish", { wish: "retry", studies: [3] }]]);
  assert.deepEqual(await asked(page, "destination_try_now"), []);
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
