// How a send ended: never greener than it is, and never gone before somebody has read it.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { newPage, settle, start, visit } from "./browser.js";

let run;
before(async () => void (run = await start()));
after(() => run.end());

const GREEN = ".verdict.ok, .note.ok";

/** What the end of a send says, on its own screen and in the queue. @param {string} fake */
async function ended(fake) {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake });
  const title = await page.locator("h1").innerText();
  const body = await page.locator("main").innerText();
  const green = (await page.locator(GREEN).count()) > 0;
  await page.evaluate(() => (location.hash = "queue"));
  await page.locator('main[data-screen="queue"]').waitFor();
  assert.equal((await page.locator(GREEN).count()) > 0, green, "the queue says the same");
  assert.ok((await page.locator("main").innerText()).includes(title), "in the same words");
  assert.deepEqual(wrong, []);
  await page.close();
  return { title, body, green };
}

test("all of it is there: green, and the disc can go", async () => {
  const { title, body, green } = await ended("done");
  assert.equal(title, "All 1,150 images are in Main PACS.");
  assert.match(body, /You can give the disc back\./);
  assert.ok(green);
});

test("a send of which some was taken out names both numbers and is not green", async () => {
  const { title, body, green } = await ended("done_partly");
  assert.equal(title, "1,100 of 1,150 images are in Main PACS. 50 were taken out by a person.");
  assert.doesNotMatch(body, /You can give the disc back|\bAll\b|Look at them in the queue/);
  assert.ok(!green);
});

test("a send that was taken out whole says that nothing is there", async () => {
  const { title, body, green } = await ended("done_cancelled");
  assert.equal(title, "0 of 1,150 images are in Main PACS. 1,150 were taken out by a person.");
  assert.doesNotMatch(body, /You can give the disc back|\bAll\b/);
  assert.ok(!green);
});

test("what the disc's index lists and the disc lacks keeps the end from being green", async () => {
  const { title, body, green } = await ended("done_but");
  assert.match(title, /^All 1,150 images that were found are in Main PACS, but something else is missing/);
  assert.match(body, /index lists 1 file that is not on the disc/);
  assert.doesNotMatch(body, /not needed any more|You can give|Not in the PACS/);
  assert.ok(!green);
});

test("a source of which nobody knows the name has words", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "done" });
  const verdict = async (some) => {
    await page.evaluate((some) => globalThis.fake.change({ done: { ...globalThis.fake.state.done, ...some } }), some);
    await settle(page);
    return page.locator(".verdict").innerText();
  };
  const unnamed = { source: null, volume: null };
  assert.equal((await verdict(unnamed)).trim(), "The source is not needed any more.");
  assert.match(await verdict({ ...unnamed, complete: false }), /^Nothing more is read from the source/);
  assert.match(await verdict({ ...unnamed, complete: false, disc_can_go: false }), /^Keep the source until/);
  assert.match(await verdict({ source: "CT 3", complete: true, disc_can_go: true }), /^CT 3 is not needed/);
  await page.close();
});

test("the next end is shown when the one before was read, and each is put away by its own receipt", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "done_missing" });
  await page.evaluate(() => globalThis.fake.unread.push(globalThis.fake.endOfSend({ receipt: 121, images: 7, in_archive: 7 })));
  assert.match(await page.locator("h1").innerText(), /^1,279 of 1,289 images .* 5 were taken out by a person\.$/);
  await page.locator('[data-do="done_put_away"]').click();
  await page.locator("h1", { hasText: "All 7 images are in Main PACS." }).waitFor();
  await page.locator('[data-do="done_put_away"]').click();
  await page.locator('main[data-screen="send"]').waitFor();
  assert.deepEqual(
    await page.evaluate(() => globalThis.fake.calls.filter(([name]) => name === "done_put_away")),
    [
      ["done_put_away", { receipt: 118 }],
      ["done_put_away", { receipt: 121 }],
    ],
  );
  await page.close();
});

test("a study of which some was taken out is never told as wholly there, and can be put away", async () => {
  const { page } = await newPage(run.browser);
  // High enough for every row: those out of sight are not in the page.
  await page.setViewportSize({ width: 1280, height: 3000 });
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  const row = (id) => page.locator(`[data-study="${id}"]`);
  const partly = await row(10).innerText();
  assert.match(partly, /50 of 100 images are in Main PACS\. 50 were taken out by a person\. Nothing of this study/);
  assert.match(partly, /Partly taken out/);
  assert.doesNotMatch(partly, /\bAll\b|Confirmed/);
  assert.match(await row(11).innerText(), /0 of 12 images are in Main PACS\. 12 were taken out by a person\./);
  await row(10).locator('[data-do="queue_details"]').click();
  await page.locator('[data-do="queue_put_away"]').click();
  await row(10).waitFor({ state: "detached" });
  assert.equal(await row(11).count(), 1, "only the rows of its receipt");
  await page.close();
});

test("a disc is not given back while images of it that went elsewhere need a person, however complete the rest is", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "done" });
  await page.evaluate(() => globalThis.fake.change({ done: { ...globalThis.fake.state.done, disc_can_go: false } }));
  const main = page.locator("main");
  await main.getByText("went to another destination need you").waitFor();
  assert.match(await main.innerText(), /All 1,150 images are in Main PACS[\s\S]*Keep the disc until this is solved/);
  assert.doesNotMatch(await main.innerText(), /give the disc back/);
  assert.equal(await page.locator(".verdict.ok").count(), 0);
  await page.locator('main [data-do="go_queue"]').click();
  await page.locator('main[data-screen="queue"]').waitFor();
  assert.equal(await page.locator("main .note.ok", { hasText: "All 1,150" }).count(), 0, "nor green there");
  assert.deepEqual(wrong, []);
  await page.close();
});

test("what a disc lacked is told in the history, too, when nobody remembers the day", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "history", hash: "history" });
  const rows = page.locator("article.sent");
  await rows.first().waitFor();
  const lacking = rows.filter({ hasText: "Receipt 633" });
  assert.match(await lacking.innerText(), /All that was found/);
  assert.equal(await lacking.locator(".state-word.ok").count(), 0, "it is not green");
  await lacking.locator('[data-do="sent_details"]').click();
  const dialog = page.locator("dialog[data-dialog=sent]");
  assert.match(await dialog.innerText(), /lists 2 files that are not on the disc.*1 file could not be used/s);
  await page.keyboard.press("Escape");
  await page.locator('[data-do="history_verdict"]').selectOption("found");
  await page.waitForFunction(() => document.querySelectorAll("article.sent").length === 2);
  assert.match(await rows.nth(0).innerText(), /Receipt 633/);
  await rows.nth(1).locator('[data-do="sent_details"]').click();
  assert.match(await dialog.innerText(), /whether an image is missing is not known/);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("an index that could be read only in part is told, and the end is not green", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "done" });
  await page.evaluate(() =>
    globalThis.fake.change({ done: { ...globalThis.fake.state.done, complete: false, index_partly: true } }),
  );
  await page.locator("main").getByText("whether an image is missing is not known").waitFor();
  assert.equal(await page.locator(".verdict.ok").count(), 0);
  assert.deepEqual(wrong, []);
  await page.close();
});
