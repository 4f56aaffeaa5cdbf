// The main job by keyboard alone, and what is heard on the way.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { newPage, settle, start, visit } from "./browser.js";

let run;
before(async () => void (run = await start()));
after(() => run.end());

const step = (page) => page.evaluate(() => globalThis.fake.step());
const focused = (page) =>
  page.evaluate(() => document.activeElement?.getAttribute("data-do") ?? document.activeElement?.tagName ?? "");
const heard = async (page) => {
  await settle(page);
  return page.evaluate(() => document.getElementById("voice")?.textContent ?? "");
};
const screen = (page, name) => page.locator(`main[data-screen="${name}"]`).waitFor();

/** Tab after tab, as a person would, until the focus is on what is wanted. */
async function tabTo(page, wanted, most = 60) {
  for (let n = 0; n < most; n += 1) {
    if ((await focused(page)) === wanted) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`no way by Tab to ${wanted}; the focus is on ${await focused(page)}`);
}

test("a disc goes to the PACS by keyboard alone: look, tick, preview, send, wait, done, receipt", async () => {
  const { page, wrong } = await newPage(run.browser);
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, run.url, { fake: "send" });
  await tabTo(page, "look_volume");
  await page.keyboard.press("Enter");
  await screen(page, "looking");
  assert.equal(await focused(page), "H1", "the focus is on the heading of the new screen");
  assert.match(await heard(page), /Looking inside/);
  while ((await step(page)) > 0);
  await screen(page, "review");
  assert.match(await heard(page), /Found 3 studies of 2 patients, 1,284 images/);

  // Two patients: nothing is ticked, and Send says why it does nothing.
  assert.equal(await page.locator(":checked[data-do=tick]").count(), 0);
  await tabTo(page, "review_send");
  assert.equal(await page.locator('[data-do="review_send"]').getAttribute("aria-disabled"), "true");
  assert.match(await page.locator("#why-not").innerText(), /Tick at least one study/);
  await page.keyboard.press("Enter");
  assert.match(await heard(page), /Tick at least one study/);
  assert.deepEqual(await page.evaluate(() => globalThis.fake.calls.filter(([name]) => name === "review_send")), []);

  await page.keyboard.press("Shift+Tab");
  for (let n = 0; n < 60 && (await focused(page)) !== "tick"; n += 1) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Home");
  await settle(page);
  assert.match(
    await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? ""),
    /Chest with contrast.*MÜLLER/,
  );
  await page.keyboard.press("Space");
  await settle(page);
  assert.equal(await page.locator(":checked[data-do=tick]").count(), 1);
  assert.match(await page.locator(".foot").innerText(), /1 study · 1,148 images · 602 MB/);

  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "view");
  await page.keyboard.press("Enter");
  const glass = page.locator(".glass");
  await glass.waitFor();
  await page.locator(".glass[data-shown='0'] img").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.className), "glass", "the picture has the focus");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("PageDown");
  await page.locator(".glass[data-shown='11'] img").waitFor();
  await page.keyboard.press("]");
  await page.locator(".glass img[src*='width=']").waitFor();
  await page.keyboard.press("Escape");
  await glass.waitFor({ state: "detached" });
  assert.equal(await focused(page), "view", "the focus is back where it came from");

  await tabTo(page, "priority_routine");
  await page.keyboard.press("ArrowRight");
  await tabTo(page, "review_send");
  await page.keyboard.press("Enter");
  await screen(page, "queue");
  const sent = await page.evaluate(() => globalThis.fake.calls.find(([name]) => name === "review_send")[1]);
  assert.deepEqual(sent, { review: 1, studies: [1], priority: "urgent" });
  await step(page);
  assert.match(await heard(page), /Sending has begun/);
  await page.evaluate(() => (document.getElementById("voice").textContent = ""));
  await step(page);
  await step(page);
  assert.equal(await heard(page), "", "no percent is spoken");

  await tabTo(page, "queue_pause");
  await page.keyboard.press("Enter");
  await page.locator("[data-state=paused]").waitFor();
  await tabTo(page, "queue_resume");
  await page.keyboard.press("Enter");
  while ((await step(page)) > 0);
  await screen(page, "done");
  assert.match(await heard(page), /All 1,148 images are in Main PACS/);
  assert.match(await page.locator("h1").innerText(), /All 1,148 images are in Main PACS/);
  assert.match(await page.locator(".verdict").innerText(), /You can give the disc back/);
  await tabTo(page, "receipt_save");
  await page.keyboard.press("Enter");
  assert.deepEqual(await page.evaluate(() => globalThis.fake.calls.at(-1)), ["receipt_save", { receipt: 119 }]);
  await tabTo(page, "done_put_away");
  await page.keyboard.press("Enter");
  await screen(page, "send");
  assert.deepEqual(wrong, []);
  await page.close();
});

test("one patient: everything is ticked, and all of it is sent without naming each study", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review_one" });
  assert.equal(await page.locator(":checked[data-do=tick]").count(), 2);
  await page.locator('[data-do="review_send"]').click();
  await screen(page, "queue");
  assert.deepEqual(await page.evaluate(() => globalThis.fake.calls.find(([name]) => name === "review_send")[1]), {
    review: 1,
    studies: null,
    priority: "routine",
  });
  await page.close();
});

test("asked each time, a review goes nowhere until a person has said where to", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review_ask" });
  const send = page.locator('[data-do="review_send"]');
  const sent = () => page.evaluate(() => globalThis.fake.calls.filter(([name]) => name === "review_send").length);
  assert.equal(await send.getAttribute("aria-disabled"), "true");
  assert.equal(await page.locator("#why-not").innerText(), "Choose where to send first.");
  await send.click({ force: true });
  assert.match(await heard(page), /Choose where to send first/);
  assert.equal(await sent(), 0);
  const choice = page.locator('[data-do="review_destination"]');
  assert.deepEqual(await choice.locator("option").allInnerTexts(), ["Where to?", "Main PACS", "Clinic B"]);
  await choice.selectOption("Clinic B");
  await page.locator('[data-do="review_send"]:not([aria-disabled])').click();
  await screen(page, "queue");
  assert.equal(await sent(), 1);
  await page.close();
});

test("to ask each time is a choice of its own in Settings, and is shown as such", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "review_ask", hash: "settings" });
  const standard = page.locator('[data-do="standard_destination"]');
  assert.equal(await standard.inputValue(), "");
  const options = await standard.locator("option").allInnerTexts();
  assert.deepEqual(options, ["Ask each time", "Main PACS", "Clinic B"], "what has no name cannot be chosen");
  const saved = () =>
    page.evaluate(() => globalThis.fake.calls.findLast(([name]) => name === "settings_save")[1].changed);
  await standard.selectOption("Main PACS");
  assert.equal((await saved()).standard_destination, "Main PACS");
  await standard.selectOption("");
  assert.equal((await saved()).standard_destination, "");
  await page.close();
});

test("looking can be stopped, and it is said that it ended", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "looking" });
  await page.locator('[data-do="stop_looking"]').click();
  await screen(page, "send");
  assert.match(await heard(page), /Looking has ended/);
  await page.close();
});

test("cancelling says what is in the PACS already and does nothing until it is confirmed", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  await page.locator('[data-do="queue_details"]').first().click();
  await page.locator('[data-do="queue_cancel"]').click();
  assert.match(
    await page.locator("dialog[data-dialog=cancel]").innerText(),
    /812 of 1,148 images have already gone to Main PACS/,
  );
  await page.keyboard.press("Escape");
  const wishes = () => page.evaluate(() => globalThis.fake.calls.filter(([name]) => name === "queue_wish"));
  assert.deepEqual(await wishes(), []);
  await page.locator('[data-do="queue_cancel"]').click();
  await page.locator('[data-do="cancel_confirm"]').click();
  await page.locator("dialog").first().waitFor({ state: "detached" });
  assert.deepEqual(await wishes(), [["queue_wish", { wish: "cancel", studies: [1] }]]);
  await page.close();
});

test("what changes is heard: a destination that goes offline, a disc put in, a study that needs a person", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "send" });
  await page.evaluate(() =>
    globalThis.fake.change({
      destinations: globalThis.fake.state.destinations.map((one) => ({ ...one, standing: "offline" })),
    }),
  );
  assert.match(await heard(page), /Main PACS: offline/);
  await page.evaluate(() =>
    globalThis.fake.change({
      volumes: [
        ...globalThis.fake.state.volumes,
        {
          id: "v9",
          label: "NEW_DISC",
          kind: "optical",
          read_only: true,
          bytes: null,
          hint: "dicom",
          can_eject: true,
          in_use: false,
        },
      ],
    }),
  );
  assert.match(await heard(page), /NEW_DISC was put in/);
  await page.evaluate(() => globalThis.fake.queued({ needs_person: 2 }));
  assert.match(await heard(page), /2 images need you/);
  await page.close();
});

test("a passphrase that is wrong is explained, and the right one opens", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "locked" });
  await page.locator('[data-do="passphrase_once"]').fill("wrong");
  await page.keyboard.press("Enter");
  await page.locator('[data-code="wrong_key"]').waitFor();
  await page.locator('[data-do="passphrase_once"]').fill("open sesame");
  await page.keyboard.press("Enter");
  await screen(page, "send");
  await page.close();
});

test("a first start leads to the practice PACS and the sample disc", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "first_start" });
  await page.locator('[data-do="practice_start"]').click();
  await page.locator('[data-do="practice_look"]').click();
  await screen(page, "looking");
  while ((await step(page)) > 0);
  await screen(page, "review");
  await page.close();
});

test("a destination is added: checked in words, then saved with what was typed", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "settings", hash: "settings" });
  await page.locator('[data-do="destination_new"]').click();
  assert.equal(await page.locator('dialog [data-do="destination_save"]').getAttribute("aria-disabled"), "true");
  await page.locator('[data-do="draft_name"]').fill("North");
  await page.locator('[data-do="draft_url"]').fill("https://north.example/dicom-web");
  await page.locator('[data-do="draft_kind"]').selectOption("basic");
  await page.locator('[data-do="draft_user"]').fill("desk");
  await page.locator('[data-do="draft_password"]').fill("secret");
  await page.locator('[data-do="destination_check"]').click();
  assert.match(
    await page.locator(".checks").innerText(),
    /The server answers[\s\S]*The connection is secure[\s\S]*It takes images/,
  );
  await page.locator('[data-do="destination_save"]').click();
  await page.locator("dialog").waitFor({ state: "detached" });
  const { draft } = await page.evaluate(() => globalThis.fake.calls.find(([name]) => name === "destination_save")[1]);
  assert.deepEqual(draft, {
    id: null,
    name: "North",
    url: "https://north.example/dicom-web",
    sign_in: { kind: "basic", values: { user: "desk", password: "secret" } },
    ca: null,
    read_back: "none",
  });
  await page.close();
});

test("a disc that went away before all was copied is asked back, and not said to be free", async () => {
  const { page, wrong } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  await page.evaluate(() => {
    const { change, state } = globalThis.fake;
    change({ queue: { ...state.queue, sources: [{ ...state.queue.sources[0], gone: 338 }] } });
  });
  const note = page.locator(".note", { hasText: "went away too early" });
  await note.waitFor();
  assert.match(await note.innerText(), /338 images were not copied yet and wait[\s\S]*put it back in/);
  assert.doesNotMatch(await note.innerText(), /can come out/);
  assert.match(await heard(page), /went away too early/);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("quitting with work left asks first, and staying is the first answer", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "queue", hash: "queue" });
  await page.evaluate(() => globalThis.fake.change({ quitting: true }));
  await page.locator("dialog[data-dialog=quit]").waitFor();
  assert.equal(await focused(page), "quit_stay");
  await page.keyboard.press("Enter");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.close();
});

test("a refusal within a dialog is explained in the dialog and spoken there", async () => {
  const { page } = await newPage(run.browser);
  await visit(page, run.url, { fake: "settings", hash: "settings" });
  await page.evaluate(() => (globalThis.fake.refusals.destination_sign_in = "sign_in_needed"));
  await page.locator('[data-do="remedy_sign_in"]').first().click();
  await page.locator('[data-do="sign_in_user"]').fill("desk");
  await page.locator('[data-do="sign_in_password"]').fill("wrong");
  await page.locator('[data-do="sign_in_confirm"]').click();
  await page.locator('dialog [data-code="sign_in_needed"]').waitFor();
  await settle(page);
  assert.match(await page.locator("dialog [data-voice]").innerText(), /does not accept the sign-in/);
  assert.equal(await page.locator(".toast").count(), 0);
  await page.close();
});
