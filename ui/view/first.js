// The first start: three steps, then Send. An address, or the practice PACS for those who only want to try.

import { h } from "../dom.js";
import { ask, change, state, ui } from "../store.js";
import { t } from "../speak.js";
import { button } from "./button.js";
import { check, checkedList, draftOf, form, isComplete } from "./destination-form.js";
import { page } from "./page.js";
import { sign } from "./sign.js";

/** @type {import("./destination-form.js").Place} */
const place = {};

export function firstStart() {
  const step = ui.step ?? 1;
  return page({
    screen: "first_start",
    alone: true,
    narrow: true,
    title: t("first.title"),
    sub: t("first.step", { at: step, of: 3 }),
    body: [steps(step), step === 1 ? choose() : step === 2 ? address() : ready()],
  });
}

/** @param {number} at */
const steps = (at) =>
  h(
    "ol",
    { class: "steps", key: "steps" },
    [1, 2, 3].map((n) =>
      h(
        "li",
        { key: n, class: n <= at ? "on" : null, "aria-current": n === at ? "step" : null },
        h("span", {}, t(`first.step.${n}`)),
      ),
    ),
  );

/** @param {number} step */
const turn = (step) => {
  change({ step });
  requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus());
};

async function practice() {
  if (ui.starting) return;
  change({ starting: true });
  const answer = await ask("practice_start", {}, () => void practice());
  change({ starting: false });
  if (answer !== undefined) turn(3);
}

function later() {
  if (state().notice) ask("notice_put_away");
  change({ first: false });
}

const choose = () => [
  h("p", { key: "welcome", class: "lead" }, t("first.welcome")),
  h(
    "div",
    { class: "cards", key: "ways" },
    h(
      "div",
      { class: "card row" },
      sign("send", "big-sign"),
      h(
        "div",
        { class: "what" },
        h("h2", {}, t("first.address")),
        h("p", { class: "soft small" }, t("first.address_words")),
      ),
      button("first_address", t("first.address_go"), () => turn(2), { look: "first" }),
    ),
    h(
      "div",
      { class: "card row" },
      sign("optical", "big-sign"),
      h(
        "div",
        { class: "what" },
        h("h2", {}, t("first.practice")),
        h("p", { class: "soft small" }, t("first.practice_words")),
      ),
      button("practice_start", ui.starting ? t("first.practice_starting") : t("first.practice_go"), practice),
    ),
  ),
  h("p", { key: "promise", class: "soft small" }, t("first.promise")),
  button("first_later", t("first.later"), later, { look: "plain" }),
];

function address() {
  place.draft ??= draftOf(null);
  const why = isComplete(place.draft) ? null : "form-why";
  const save = async () => {
    if (!place.draft || !isComplete(place.draft)) return;
    if ((await ask("destination_save", { draft: place.draft }, () => void save())) !== undefined) turn(3);
  };
  return [
    form(place.draft, place),
    checkedList(place),
    why ? h("p", { class: "soft small", id: why, key: "why" }, t("destination.why")) : null,
    h(
      "div",
      { class: "buttons", key: "acts" },
      button("first_back", t("first.back"), () => turn(1)),
      button("destination_check", t("destination.check"), () => check(place), {
        why,
        look: place.checked ? "" : "first",
      }),
      button("destination_save", t("first.save"), save, { why, look: place.checked ? "first" : "" }),
    ),
  ];
}

async function look() {
  if ((await ask("practice_look", {}, () => void look())) !== undefined) change({ first: false });
}

function ready() {
  const { practice: with_practice } = state();
  return [
    h("div", { class: "verdict ok", key: "verdict" }, sign("check"), h("p", {}, t("first.ready"))),
    h("p", { key: "words" }, t("first.ready_words")),
    h(
      "div",
      { class: "buttons", key: "acts" },
      with_practice.running ? button("practice_look", t("first.sample"), look, { look: "first" }) : null,
      button("first_end", t("first.end"), () => change({ first: false }), {
        look: with_practice.running ? "" : "first",
      }),
    ),
  ];
}
