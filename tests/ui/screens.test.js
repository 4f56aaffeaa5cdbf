// Every screen in every theme at every size: a picture of each, nothing cut, targets large enough, axe content, no error.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { newPage, settle, start, visit } from "./browser.js";
import { faults } from "./look.js";
import { opened, SCREENS } from "./screens.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "target", "ui-screenshots");
const THEMES = ["dark", "light", "contrast"];
const SIZES = [
  { width: 360, height: 800 },
  { width: 820, height: 1180, touch: true },
  { width: 1280, height: 800 },
  { width: 2560, height: 1440 },
];
const AXE_ALL = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] };
const AXE_COLOUR = { runOnly: { type: "rule", values: ["color-contrast"] }, resultTypes: ["violations"] };

let run;
before(async () => {
  await mkdir(PICTURES, { recursive: true });
  run = await start();
});
after(() => run.end());

/** One screen at one size: opened once, then dressed in every theme; what is wrong with it. */
async function look(page, wrong, screen, size) {
  wrong.length = 0;
  await visit(page, run.url, { fake: screen.fake, hash: screen.hash });
  await opened(page, screen.open);
  await settle(page);
  await page.evaluate(AXE);
  const found = [];
  for (const theme of THEMES) {
    await page.evaluate((appearance) => globalThis.fake.change({ settings: { ...globalThis.fake.state.settings, appearance } }), theme);
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const say = (fault) => found.push(`${screen.name} ${size.width} ${theme}: ${fault}`);
    await page.screenshot({ path: join(PICTURES, `${screen.name}-${size.width}x${size.height}-${theme}.jpg`), type: "jpeg", quality: 85 });
    // Places do not change with the theme, nor colours with the size.
    if (theme === "dark") (await page.evaluate(faults, { touch: size.touch ?? false })).forEach(say);
    if (theme !== "dark" && size.width !== 1280) continue;
    const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), theme === "dark" ? AXE_ALL : AXE_COLOUR);
    for (const one of violations) say(`axe ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
  }
  return [...found, ...wrong.map((fault) => `${screen.name} ${size.width}: ${fault}`)];
}

/** Where room is least: the smallest window, and a phone on its side, in the language with the longer words. */
for (const size of [{ width: 320, height: 640 }, { width: 740, height: 360 }]) {
  test(`every screen is whole at ${size.width} x ${size.height} in German`, async () => {
    const context = await run.browser.newContext({ viewport: size, hasTouch: true, locale: "de-DE", reducedMotion: "reduce" });
    const { page, wrong } = await newPage(context);
    const all = [];
    for (const screen of SCREENS.filter(({ name }) => name.includes(process.env.SCREEN ?? ""))) {
      wrong.length = 0;
      await visit(page, run.url, { fake: screen.fake, hash: screen.hash, language: "de" });
      await opened(page, screen.open);
      await settle(page);
      await page.screenshot({ path: join(PICTURES, `${screen.name}-${size.width}x${size.height}-german.jpg`), type: "jpeg", quality: 85 });
      all.push(...[...(await page.evaluate(faults, { touch: true })), ...wrong].map((fault) => `${screen.name}: ${fault}`));
    }
    await context.close();
    assert.ok(all.length === 0, `${all.length} faults\n${all.join("\n")}`);
  });
}

for (const size of SIZES) {
  test(`every screen is whole at ${size.width} x ${size.height} in every theme`, async () => {
    const context = await run.browser.newContext({ viewport: { width: size.width, height: size.height }, hasTouch: size.touch ?? false, locale: "en-GB", reducedMotion: "reduce" });
    const { page, wrong } = await newPage(context);
    const all = [];
    for (const screen of SCREENS.filter(({ name }) => name.includes(process.env.SCREEN ?? ""))) all.push(...(await look(page, wrong, screen, size)));
    await context.close();
    assert.ok(all.length === 0, `${all.length} faults\n${all.join("\n")}`);
  });
}
