// Long lists, foreign names, hostile text: only what is seen is in the page, and what is in the page is text.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { newPage, settle, start, visit } from "./browser.js";

let run;
before(async () => void (run = await start()));
after(() => run.end());

for (const [fake, hash, name] of [
  ["review_many", "send", "studies"],
  ["queue_many", "queue", "queued-list"],
]) {
  test(`10,000 studies: a few dozen rows are in the page and each says its place (${hash})`, async () => {
    const { page, wrong } = await newPage(run.browser);
    await page.setViewportSize({ width: 1280, height: 800 });
    await visit(page, run.url, { fake, hash });
    const rows = page.locator(`.${name} [role=listitem]`);
    const count = await rows.count();
    assert.ok(count >= 10 && count <= 120, `${count} rows`);
    assert.equal(await rows.first().getAttribute("aria-setsize"), "10000");
    await rows.first().locator("[data-row]").focus();
    await page.keyboard.press("End");
    await page.locator('[aria-posinset="10000"] [data-row]:focus').waitFor();
    await page.keyboard.press("ArrowUp");
    await page.locator('[aria-posinset="9999"] [data-row]:focus').waitFor();
    await page.keyboard.press("Home");
    await page.locator('[aria-posinset="1"] [data-row]:focus').waitFor();
    assert.ok((await rows.count()) <= 160);
    const tabs = await page
      .locator(`.${name} button:not([tabindex="-1"]), .${name} input:not([tabindex="-1"])`)
      .count();
    assert.ok(tabs <= 4, `${tabs} of a long list's controls are in the tab order`);
    assert.deepEqual(wrong, []);
    await page.close();
  });
}

test("scrolling through 10,000 studies asks page by page, and never for all", async (context) => {
  const { page } = await newPage(run.browser);
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, run.url, { fake: "review_many" });
  const measured = await page.evaluate(async () => {
    const scroller = document.querySelector(".scroll");
    const gaps = [];
    let last = performance.now();
    for (let n = 0; n < 180; n += 1) {
      scroller.scrollTop += n < 120 ? 90 : scroller.scrollHeight / 80;
      await new Promise((next) => requestAnimationFrame(next));
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    gaps.sort((a, b) => a - b);
    return { median: gaps[90], p95: gaps[171], worst: gaps[179] };
  });
  await settle(page);
  context.diagnostic(
    `frames while scrolling: median ${measured.median.toFixed(1)} ms, 95 % under ${measured.p95.toFixed(1)} ms, worst ${measured.worst.toFixed(1)} ms`,
  );
  const asked = await page.evaluate(() =>
    globalThis.fake.calls.filter(([name]) => name === "review_studies").map(([, values]) => values.limit),
  );
  assert.ok(asked.length > 3 && asked.every((limit) => limit <= 50), String(asked));
  assert.ok((await page.locator(".studies [role=listitem]").count()) <= 160);
  await page.close();
});

test("what is in sight after scrolling says what is true now, and not what was true when it came", async () => {
  const { page } = await newPage(run.browser);
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, run.url, { fake: "review_many" });
  const rows = page.locator(".studies [role=listitem]");
  const all = page.locator('[data-do="tick_all"]');
  for (let n = 1; n <= 3; n += 1) {
    await page.locator(".scroll").evaluate((box, to) => (box.scrollTop = to), n * 2500);
    await settle(page);
    await all.evaluate((button) => button.click());
    await settle(page);
    const ticked = await page.locator(".studies :checked[data-do=tick]").count();
    assert.equal(ticked, n % 2 === 1 ? await rows.count() : 0, `${n}`);
  }
  await page.close();
});

test("all but one of 10,000 are sent by their numbers", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review_many" });
  await page.locator('[data-do="tick_all"]').click();
  await page.locator('[data-do="tick"]').first().click({ force: true });
  await settle(page);
  assert.match(await page.locator(".foot").innerText(), /9,999 studies/);
  await page.locator('[data-do="review_send"]').click();
  await page.locator('main[data-screen="queue"]').waitFor();
  const { studies } = await page.evaluate(() => globalThis.fake.calls.find(([name]) => name === "review_send")[1]);
  assert.equal(studies.length, 9999);
  assert.ok(!studies.includes(1));
  await page.close();
});

test("nothing found is said in three sentences, and there is nothing to send", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review_empty" });
  await page.locator('[data-code="nothing_to_send"]').waitFor();
  assert.equal(await page.locator('[data-do="review_send"]').getAttribute("aria-disabled"), "true");
  await page.close();
});

test("what a disc says is shown as text, in its own direction, and never acted on", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review_names" });
  const text = await page.locator(".studies").innerText();
  for (const name of [
    "<img src=x onerror=alert(1)>",
    "<script>document.title='owned'</script>",
    "山田, 太郎",
    "לוי, דוד",
    "كوهين, عائشة",
    "김, 희중",
    "No name",
    "Study without a description",
  ])
    assert.ok(text.includes(name), name);
  assert.equal(await page.locator("main img:not([src^='/picture/']), main script, main i:not(.bar i)").count(), 0);
  assert.doesNotMatch(await page.title(), /owned/);
  const direction = (name) =>
    page
      .locator("bdi", { hasText: name })
      .first()
      .evaluate((el) => getComputedStyle(el).direction);
  assert.equal(await direction("לוי, דוד"), "rtl");
  assert.equal(await direction("山田, 太郎"), "ltr");
  assert.deepEqual(wrong, []);
  await page.close();
});

test("pictures scrolled past are given up, and the last good one stays until the next is whole", async () => {
  const { page } = await newPage(run.browser);
  const finished = new Set();
  const aborted = new Set();
  let hold = false;
  const held = [];
  await page.route("**/picture/i-*", async (route) => {
    if (hold) held.push(route);
    else await route.continue();
  });
  page.on("requestfailed", (request) => aborted.add(request.url()));
  page.on("requestfinished", (request) => finished.add(request.url()));
  await visit(page, run.url, { fake: "review" });
  await page.locator('[data-do="view"]').first().click();
  await page.locator(".glass[data-shown='0'] img").waitFor();
  await settle(page);
  hold = true;
  for (let n = 0; n < 12; n += 1) await page.keyboard.press("PageDown");
  await settle(page);
  assert.equal(await page.locator(".glass img").count(), 1, "the last good picture stays");
  assert.equal(await page.locator(".glass").getAttribute("data-shown"), "0");
  hold = false;
  const here = await page.evaluate(() => document.querySelector('[data-do="view_image"]').value);
  for (const route of held) await route.continue().catch(() => {});
  await page.locator(`.glass[data-shown='${here}'] img`).waitFor();
  assert.ok(aborted.size > 10, `${aborted.size} pictures were given up`);
  await page.close();
});
