// History: what was sent, without a patient in it. Read from the ledger's views.

import { h, said } from "../dom.js";
import { ask, open, state, change, redraw } from "../store.js";
import { bytes, line, moment, rate, t } from "../speak.js";
import * as ledger from "../ledger.js";
import { button } from "./button.js";
import { page } from "./page.js";
import { rows } from "./rows.js";
import { sign } from "./sign.js";

/** @typedef {import("../ledger.js").Sent} Sent */

/** @type {import("../ledger.js").Filter} */
const filter = { destination: "", modality: "", verdict: "", days: null, search: "" };
/** What the rows are of: grows when the filter or the ledger changes. */
let revision = 0;
let known = -1;
/** @type {{ destinations: string[], modalities: string[] }} */
let offers = { destinations: [], modalities: [] };

const list = rows({
  fetch: (offset, limit) => ledger.history(filter, Date.now(), offset, limit),
  row: sentRow,
  key: (/** @type {Sent} */ one) => `${one.receipt} ${one.study}`,
  height: 76,
});

/** @param {Partial<typeof filter>} some */
function narrow(some) {
  Object.assign(filter, some);
  list.reset();
  revision += 1;
  redraw();
}

/** Asks anew when the ledger may have changed. */
function fresh() {
  const now = state().ledger;
  if (known === now) return;
  known = now;
  revision += 1;
  ledger.filters().then(
    (found) => {
      offers = found;
      redraw();
    },
    () => change({}),
  );
}

export function history() {
  fresh();
  return page({
    screen: "history",
    title: t("history.title"),
    acts: button("history_csv", t("history.csv"), () => ask("history_csv", { filter })),
    body: [
      h("p", { class: "soft small", key: "promise" }, t("history.promise")),
      h(
        "form",
        {
          class: "filters",
          role: "search",
          key: "filters",
          onsubmit: (/** @type {Event} */ event) => event.preventDefault(),
        },
        fields(),
      ),
      h("div", { key: "list", class: "sent-list" }, list.view(t("history.list"), revision)),
      list.length() === 0 ? nothing() : null,
    ],
  });
}

function nothing() {
  const narrowed = filter.destination || filter.modality || filter.verdict || filter.days || filter.search;
  return h(
    "div",
    { class: "empty", key: "empty" },
    sign("history"),
    h("h2", {}, t(narrowed ? "history.none" : "history.empty")),
    narrowed
      ? button("history_all", t("history.all"), () =>
          narrow({ destination: "", modality: "", verdict: "", days: null, search: "" }),
        )
      : h("p", {}, t("history.empty_words")),
  );
}

function fields() {
  const data = (/** @type {string[]} */ words) => words.map((one) => [one, one, "no"]);
  return [
    h(
      "label",
      { class: "field wide", key: "search" },
      h("span", { class: "label" }, t("history.search")),
      h("input", {
        type: "search",
        value: filter.search,
        maxlength: "100",
        "data-do": "history_search",
        oninput: (/** @type {any} */ event) => narrow({ search: event.target.value }),
      }),
    ),
    pick(
      "destination",
      filter.destination,
      [["", t("history.any_destination")], ...data(offers.destinations)],
      (destination) => narrow({ destination }),
    ),
    pick("modality", filter.modality, [["", t("history.any_modality")], ...data(offers.modalities)], (modality) =>
      narrow({ modality }),
    ),
    pick(
      "verdict",
      filter.verdict,
      [
        ["", t("history.any_verdict")],
        ...["complete", "found", "waiting", "incomplete"].map((one) => [one, t(`verdict.${one}`)]),
      ],
      (verdict) => narrow({ verdict }),
    ),
    pick(
      "days",
      String(filter.days ?? ""),
      [["", t("period.all")], ...[7, 30, 90].map((n) => [String(n), t("period.days", { n })])],
      (days) => narrow({ days: days ? Number(days) : null }),
    ),
  ];
}

/** @param {string} name @param {string} value @param {string[][]} choices value, words, "no" for data @param {(value: string) => void} act */
const pick = (name, value, choices, act) =>
  h(
    "label",
    { class: "field", key: name },
    h("span", { class: "label" }, t(`history.by_${name}`)),
    h(
      "select",
      { value, "data-do": `history_${name}`, onchange: (/** @type {any} */ event) => act(event.target.value) },
      choices.map(([one, words, translate]) =>
        h("option", { key: one, value: one, translate: translate ?? null }, words),
      ),
    ),
  );

/** @param {Sent} one */
export function verdictOf(one) {
  if (one.not_in_the_archive > 0) return "incomplete";
  if (one.waiting > 0) return "waiting";
  return one.listed_missing + one.index_partly + one.to_look_at > 0 ? "found" : "complete";
}

/** @param {Sent} one */
export function verdictWord(one) {
  const verdict = verdictOf(one);
  const look = /** @type {const} */ ({
    complete: ["check", "ok"],
    found: ["warn", "wait"],
    waiting: ["clock", "wait"],
    incomplete: ["cross", "bad"],
  })[verdict];
  return h("span", { class: `state-word ${look[1]}` }, sign(look[0]), h("span", {}, t(`verdict.${verdict}`)));
}

/** @param {Sent} one @param {number} _at @param {boolean} tab */
function sentRow(one, _at, tab) {
  const took = one.confirmed === null || one.queued === null ? 0 : (one.confirmed - one.queued) / 1000;
  return h(
    "article",
    { class: "card sent" },
    h("span", { class: "mod", translate: "no" }, one.modality || "?"),
    h(
      "div",
      { class: "what" },
      h("h2", {}, h("span", { translate: "no" }, moment(one.at)), " · ", said(one.destination)),
      h(
        "p",
        { class: "soft small" },
        line(
          t("sent.images", { n: one.instances, there: one.in_the_archive }),
          bytes(one.bytes),
          took > 0 && one.bytes > 0 && rate(one.bytes / took),
          t("done.receipt_number", { number: String(one.receipt) }),
        ),
      ),
    ),
    verdictWord(one),
    h(
      "div",
      { class: "buttons" },
      button("sent_details", t("queued.details"), () => open({ kind: "sent", sent: one }), {
        tabindex: tab ? null : "-1",
        "data-row": true,
        label: t("sent.details_of", { when: moment(one.at), number: String(one.receipt) }),
      }),
    ),
  );
}
