// All that is read comes from the words: with every word between marks, whatever is not is data or a figure.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { newPage, settle, start, visit } from "./browser.js";
import { opened, SCREENS } from "./screens.js";

let run;
before(async () => void (run = await start({ marked: true })));
after(() => run.end());

/** What can be read or heard on the page and is neither marked nor data. */
function unmarked() {
  const found = [];
  // Figures and their units are written by the browser, in the person's language.
  const rest = (text) => text.replace(/\u27e6[\s\S]*\u27e7/gu, "").replace(/[\d.,]+\s?([kMGT]?B|byte|Byte)(\/s)?/gu, "");
  const fine = (text) => /^[^\p{L}]*$/u.test(rest(text));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement?.closest("[translate=no], script")) continue;
    if (!fine(node.data)) found.push(node.data);
  }
  for (const el of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      const text = el.getAttribute(name);
      if (text && !fine(text)) found.push(`${name}: ${text}`);
    }
  }
  return found;
}

for (const language of ["en", "de"]) {
  test(`no text is written anywhere but in the words (${language})`, async () => {
    const context = await run.browser.newContext({ viewport: { width: 1280, height: 800 } });
    const { page, wrong } = await newPage(context);
    const all = [];
    for (const screen of SCREENS.filter(({ name }) => name !== "review-many" && name !== "queue-many")) {
      await visit(page, run.url, { fake: screen.fake, hash: screen.hash, language });
      await opened(page, screen.open);
      await settle(page);
      assert.equal(await page.evaluate(() => document.documentElement.lang), language);
      all.push(...(await page.evaluate(unmarked)).map((text) => `${screen.name}: ${text}`));
    }
    assert.deepEqual(all, []);
    assert.deepEqual(wrong, []);
    await context.close();
  });
}
