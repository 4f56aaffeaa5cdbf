import { chromium } from "playwright-core";
import { serve } from "./server.js";
const args = process.argv.slice(2);
const { url, close } = await serve();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox","--disable-gpu","--disable-quic","--no-first-run","--disable-background-networking","--disable-component-update","--disable-sync"] });
for (const one of args) {
  const [fake, size="1280x800", theme="dark", hash="", ...acts] = one.split(",");
  const [width,height]=size.split("x").map(Number);
  const page = await browser.newPage({ viewport:{width,height}, hasTouch: size==="820x1180" });
  page.on("console", m=>console.log(fake, m.type(), m.text())); page.on("pageerror", e=>console.log(fake,"ERR",e.message, e.stack));
  await page.goto(`${url}/?fake=${fake}&appearance=${theme}#${hash}`);
  await page.waitForSelector("main"); await page.waitForTimeout(500);
  for (const a of acts) { await page.locator(`[data-do="${a}"]`).first().click(); await page.waitForTimeout(400); }
  await page.screenshot({ path: `/tmp/shots/${fake}-${size}-${theme}${acts.length?'-'+acts.join('-'):''}.png` });
  await page.close();
}
await browser.close(); await close();
