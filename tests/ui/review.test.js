// A review: what is ticked belongs to it and to no other, wherever it goes; pictures come, or it is said why not.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { newPage, settle, start, visit } from "./browser.js";

let run;
before(async () => void (run = await start()));
after(() => run.end());

const called = (page, wanted) =>
  page.evaluate((name) => globalThis.fake.calls.filter(([one]) => one === name).map(([, values]) => values), wanted);
const ticked = (page) => page.locator(":checked[data-do=tick]").count();

test("another destination: the same studies stay ticked and are sent, and their pictures are asked for anew", async () => {
  const { page, wrong } = await newPage(run.browser);
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, run.url, { fake: "review" });
  await page.locator('[data-do="show_study"]').first().click();
  await page.locator('[data-do="tick_all"]').click();
  await page.locator('[data-do="tick"]').last().click({ force: true });
  await settle(page);
  const sum = await page.locator(".foot .strong").first().innerText();
  assert.match(sum, /2 studies/);
  assert.equal(await page.locator("[data-warning=already_there]").count(), 1);
  await page.locator('[data-do="review_destination"]').selectOption("2");
  await page.locator("[data-warning=already_there]").waitFor({ state: "detached" });
  await settle(page);
  assert.equal(await ticked(page), 2);
  assert.equal(await page.locator('[data-do="tick"]').last().isChecked(), false);
  assert.equal(await page.locator(".foot .strong").first().innerText(), sum);
  const token = (within) =>
    page
      .locator(`${within} img`)
      .first()
      .evaluate((img) => new URL(img.src).pathname);
  assert.equal(await token(".detail"), await token(".studies"), "the study beside the list is as its row says it now");
  assert.equal((await called(page, "review_series")).length, 2, "its series as well");
  await page.locator('[data-do="review_send"]').click();
  await page.locator('main[data-screen="queue"]').waitFor();
  assert.deepEqual(await called(page, "review_send"), [{ review: 1, studies: [1, 2], priority: "routine" }]);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("another review of the same name, told in one beat: nothing ticked or opened before belongs to it", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review" });
  await page.locator('[data-do="tick_all"]').click();
  await page.locator('[data-do="view"]').first().click();
  await page.locator(".glass[data-shown='0'] img").waitFor();
  await page.evaluate(() => globalThis.fake.change({ review: { ...globalThis.fake.state.review, id: 2, revision: 9 } }));
  await page.locator("dialog").waitFor({ state: "detached" });
  await settle(page);
  assert.equal(await ticked(page), 0);
  assert.equal(await page.locator('[data-do="review_send"]').getAttribute("aria-disabled"), "true");
  await page.locator('[data-do="tick"]').first().click({ force: true });
  await page.locator('[data-do="review_send"]').click();
  await page.locator('main[data-screen="queue"]').waitFor();
  const [{ review, studies }] = await called(page, "review_send");
  assert.deepEqual({ review, studies }, { review: 2, studies: [100_001] });
  assert.deepEqual(wrong, []);
  await page.close();
});

test("all of what was seen is not all of what is there now: that is refused, and said", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review_one" });
  // The next review is there, and the page has not heard of it yet.
  await page.evaluate(() => (globalThis.fake.state.review.id = 2));
  await page.locator('[data-do="review_send"]').click();
  await page.locator('.toast [data-code="review_changed"]').waitFor();
  await page.locator('main[data-screen="review"]').waitFor();
  await page.close();
});

test("what the PACS lists is not said to be the same", async () => {
  for (const [language, claim] of [
    ["en", /identical/i],
    ["de", /identisch/i],
  ]) {
    const { page } = await newPage(run.browser);
    await visit(page, run.url, { fake: "review", language });
    const warning = page.locator("[data-warning=already_there]").first();
    assert.doesNotMatch(await warning.innerText(), claim);
    assert.match((await warning.getAttribute("class")) ?? "", /\bwait\b/, "and is not green");
    await page.close();
  }
});

test("the pictures of a study are shown from its own picture, and what has none says so", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review" });
  await page.locator('.studies [data-do="view"]').first().click();
  await page.locator(".glass[data-shown='0'] img").waitFor();
  assert.deepEqual((await called(page, "review_images"))[0], { study: 1, series: null, offset: 0, limit: 100 });
  await page.keyboard.press("End");
  const instead = page.locator(".stage .instead");
  await instead.waitFor();
  assert.match(await instead.innerText(), /A report, not a picture/);
  assert.equal(await page.locator(".stage .late").count(), 0, "nothing is waited for");
  await page.keyboard.press("ArrowUp");
  await page.locator(".glass[data-shown='1146'] img").waitFor();
  await page.keyboard.press("ArrowDown");
  await instead.waitFor();
  assert.equal(await page.locator(".stage .late").count(), 0);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("images that cannot be listed are asked for once, and it is said that they cannot be shown", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review" });
  await page.evaluate(() => (globalThis.fake.refusals.review_images = "source_gone"));
  await page.locator('.studies [data-do="view"]').first().click();
  await page.locator(".stage .instead").waitFor();
  await settle(page);
  assert.equal((await called(page, "review_images")).length, 1);
  await page.locator('dialog [data-do="close"]').click();
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.close();
});

test("series that are refused can be asked for again, and nobody is told to wait for them", async () => {
  const { page, wrong } = await newPage(run.browser);
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, run.url, { fake: "review" });
  await page.evaluate(() => (globalThis.fake.refusals.review_series = "review_changed"));
  await page.locator('[data-do="show_study"]').nth(1).click();
  const again = page.locator('.detail [data-do="ask_again"]');
  await again.waitFor();
  assert.equal(await page.locator(".detail .series").count(), 0);
  assert.doesNotMatch(await page.locator(".detail").innerText(), /Loading/);
  await page.evaluate(() => delete globalThis.fake.refusals.review_series);
  await again.click();
  await page.locator(".detail .series").first().waitFor();
  assert.equal(await page.locator("[data-code=review_changed]").count(), 0, "the refusal is over");
  assert.deepEqual(wrong, []);
  await page.close();
});

test("where there is no picture, its sign is seen", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review" });
  const thumb = page.locator(".studies .thumb").first();
  await thumb.locator("img").evaluate((img) => img.dispatchEvent(new Event("error")));
  await settle(page);
  assert.equal(await thumb.locator("img:visible").count(), 0);
  assert.equal(await thumb.locator("svg:visible").count(), 1);
  await page.locator('[data-do="tick_all"]').click();
  await settle(page);
  assert.equal(await thumb.locator("img").count(), 0, "and it is not asked for again");
  await page.close();
});
