// Every code, shown to a person in every language: three sentences, and the button that does what the third one says.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import en from "../../ui/words/en.js";
import de from "../../ui/words/de.js";
import { newPage, start, visit } from "./browser.js";
import { faults } from "./look.js";
import { UI } from "./server.js";

const CODES = [
  ...readFileSync(join(UI, "../src-tauri/core/model/src/code.rs"), "utf8").matchAll(/^ {4}[A-Z]\w+ = "(\w+)",$/gm),
].map((found) => found[1]);
/** What a person does about them is done elsewhere. */
const NOTHING_TO_PRESS = [
  "wrong_key",
  "queue_too_new",
  "queue_salvaged",
  "review_changed",
  "not_ejected",
  "autostart_not_changed",
];
let run;
before(async () => void (run = await start()));
after(() => run.end());

for (const [language, words] of Object.entries({ en, de })) {
  test(`every code says what happened, whether anything is lost and what to do now (${language})`, async () => {
    const context = await run.browser.newContext({ viewport: { width: 360, height: 800 } });
    const { page, wrong } = await newPage(context);
    await visit(page, run.url, { fake: "send", language });
    const withoutButton = [];
    for (const code of CODES) {
      await page.evaluate((notice) => globalThis.fake.change({ notice }), { code, message: "raw", hint: "raw" });
      const note = page.locator(`[data-code="${code}"]`);
      await note.waitFor();
      const text = await note.innerText();
      for (const part of ["happened", "lost", "now"])
        assert.ok(text.includes(words[`code.${code}.${part}`]), `${code} ${part}: ${text}`);
      assert.ok(text.includes(code), `${code} does not show its code`);
      if ((await note.locator('[data-do^="remedy_"]').count()) === 0) withoutButton.push(code);
      assert.deepEqual(await page.evaluate(faults, {}), [], code);
    }
    assert.deepEqual(
      withoutButton.filter((code) => !NOTHING_TO_PRESS.includes(code)),
      [],
    );
    assert.deepEqual(wrong, []);
    await context.close();
  });
}

test("a code that the pages do not know yet shows what the core says", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "send" });
  await page.evaluate(() =>
    globalThis.fake.change({ notice: { code: "brand_new", message: "It rained. Nothing is lost.", hint: "Wait." } }),
  );
  const text = await page.locator('[data-code="brand_new"]').innerText();
  assert.match(text, /It rained\. Nothing is lost\.\s+Wait\./);
  await page.close();
});

test("a refused command is explained where the person is, and can be put away", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "send" });
  await page.evaluate(() => (globalThis.fake.refusals.look_volume = "source_unreadable"));
  await page.locator('[data-do="look_volume"]').first().click();
  await page.locator('.toast [data-code="source_unreadable"]').waitFor();
  assert.match(await page.locator("#voice").innerText(), /This place could not be read/);
  await page.locator('[data-do="failure_put_away"]').click();
  await page.locator(".toast").waitFor({ state: "detached" });
  await page.close();
});
