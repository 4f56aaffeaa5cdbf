// One browser for all tests of a file, and pages that note everything that is wrong on them.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./server.js";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser: the one that is named, or the first of the usual ones that is there. */
function chromiumPath() {
  if (process.env.RELAYPACS_CHROMIUM) return process.env.RELAYPACS_CHROMIUM;
  const places = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error("no Chromium in PATH; name one in RELAYPACS_CHROMIUM");
  return found;
}

/** Starts server and browser; `end` stops both. */
export async function start({ marked = false } = {}) {
  const server = await serve({ marked });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
  const end = async () => {
    await browser.close();
    await server.close();
  };
  return { browser, url: server.url, end };
}

/** A page that keeps what went wrong: console errors (refusals of the policy among them) and exceptions. */
export async function newPage(context) {
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || /Content Security Policy/.test(message.text())) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error.stack ?? error)));
  return { page, wrong };
}

/** Opens a recorded state and waits until nothing is asked for any more. */
export async function visit(page, url, { fake, hash = "send", appearance = "dark", language = "en", ...more }) {
  const query = new URLSearchParams({ fake, appearance, language, ...more });
  await page.goto("about:blank");
  await page.goto(`${url}/?${query}#${hash}`);
  await page.waitForSelector("main[data-screen]:not([data-screen=starting]), main[data-screen=starting]");
  await settle(page);
}

/** Until all that was asked for is drawn: answers of the fake come within microtasks, drawings within frames. */
export const settle = (page) =>
  page.evaluate(async () => {
    const frame = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    let before = "";
    for (let same = 0; same < 3; ) {
      await frame();
      const now = `${document.body.innerText.length} ${document.querySelectorAll("*").length}`;
      same = now === before ? same + 1 : 0;
      before = now;
    }
  });
