// The foot of a review: the sum, how long, when the disc can come out; where to, how urgent; Send, or why not yet.

import { h } from "../dom.js";
import { ask, change, failureOf, go, open, refuse, state, ui } from "../store.js";
import { bytes, duration, line, t } from "../speak.js";
import { chosen, sums } from "../ticks.js";
import { speak } from "../voice.js";
import { button, choice } from "./button.js";
import { named, nameOf } from "./standing.js";

/** @typedef {import("../types.d.ts").ReviewHead} ReviewHead */

/** @param {ReviewHead} head */
export function reviewFoot(head) {
  const sum = sums();
  const to = goal(head);
  const why = whyNot(head);
  return [
    h(
      "div",
      { class: "grow", key: "sum" },
      h("p", { class: "strong" }, sumLine(sum)),
      why
        ? h("p", { class: "small wait", id: "why-not", key: "why" }, why)
        : h("p", { class: "soft small", key: "when" }, line(...when(head, sum.bytes))),
    ),
    ui.rail ? reviewHow(head) : null,
    h(
      "div",
      { class: "buttons", key: "acts" },
      button("review_discard", t("review.discard"), () => ask("review_discard")),
      to || head.studies === 0 || named().length > 0
        ? button("review_send", to ? t("review.send_to", { name: nameOf(to) }) : t("review.send"), press, {
            look: "first",
            "aria-disabled": why ? "true" : null,
            "aria-describedby": why ? "why-not" : null,
          })
        : button("destination_new", t("settings.add"), () => open({ kind: "destination", id: null }), {
            look: "first",
          }),
    ),
  ];
}

/** @param {ReviewHead} head */
const goal = (head) => named().find((one) => one.name === head.destination) ?? null;

/** Why nothing can be sent now, in words; null where it can. @param {ReviewHead} head */
function whyNot(head) {
  if (head.studies === 0) return t("review.why_empty");
  if (sums().studies === 0) return t("review.why_untick");
  return goal(head) ? null : t("review.why_no_destination");
}

function press() {
  const head = state().review;
  if (!head) return;
  const why = whyNot(head);
  if (why) speak.say(why);
  else void send(head.id);
}

/** Where to and how urgent: in the foot where there is room, else under the list. @param {ReviewHead} head */
export const reviewHow = (head) => [
  named().length > 0 ? destinationChoice(head) : null,
  choice(
    "priority",
    t("priority.label"),
    ui.priority ?? "routine",
    ["routine", "urgent", "stat"].map((one) => [one, t(`priority.${one}`)]),
    (priority) => change({ priority }),
  ),
];

/** @param {{ studies: number, images: number, bytes: number, patients: number | null }} sum */
const sumLine = (sum) =>
  sum.studies === 0
    ? t("review.nothing_ticked")
    : line(
        t("n.studies", { n: sum.studies }),
        sum.patients !== null && sum.patients > 1 && t("n.patients", { n: sum.patients }),
        t("n.images", { n: sum.images }),
        bytes(sum.bytes),
      );

/** How long it takes, and when the source is free again. @param {ReviewHead} head @param {number} size */
function when(head, size) {
  const takes = head.bytes_per_second ? t("review.takes", { time: duration(size / head.bytes_per_second) }) : null;
  if (head.source === "folder" || head.source === "files") return [takes];
  if (!head.will_spool) return [takes, t("review.keep_in")];
  return [takes, t("review.free_early")];
}

/** @param {ReviewHead} head */
function destinationChoice(head) {
  const all = named();
  const value = goal(head);
  if (all.length === 1 && value) return null;
  return h(
    "label",
    { class: "field inline", key: "destination" },
    h("span", { class: "unseen" }, t("review.to")),
    h(
      "select",
      {
        value: String(ui.towards ?? value?.id ?? ""),
        "data-do": "review_destination",
        onchange: (/** @type {any} */ event) => choose(head.id, Number(event.target.value)),
      },
      value ? null : h("option", { value: "" }, t("review.choose_destination")),
      all.map((one) => h("option", { key: one.id, value: String(one.id), translate: "no" }, nameOf(one))),
    ),
  );
}

/** The last choice in a review; ends with whether it was taken. @type {{ review: number, taken: Promise<boolean> }} */
let choosing = { review: -1, taken: Promise.resolve(true) };
const NOTHING_CHOSEN = choosing;

/** One choice after the other: what is asked for at the same time may be done in any order. @param {number} review
 * @param {number} id */
function choose(review, id) {
  const one = named().find((other) => other.id === id);
  if (!one) return;
  change({ towards: id });
  const taken = choosing.taken.then(async () => {
    const answer = await ask("review_destination", { name: one.name }, () => choose(review, id));
    if (ui.towards === id) change({ towards: null });
    return answer !== undefined;
  });
  const mine = { review, taken };
  choosing = mine;
  // Once it is known how that went, the button says where to: only who pressed before that is held back.
  void taken.then(() => {
    if (choosing === mine) choosing = NOTHING_CHOSEN;
  });
}

/** @param {number} review */
async function send(review) {
  if (ui.handing) return;
  change({ handing: true });
  const before = state().done?.receipt;
  try {
    // Never to where a person has just said that it is not to go.
    if (choosing.review !== review || (await choosing.taken)) {
      const values = { review, studies: await chosen(), priority: ui.priority ?? "routine" };
      const answer = await ask("review_send", values, () => void send(review));
      const { done } = state();
      // A small one may have come to its end already.
      if (answer !== undefined) go(done && done.receipt !== before ? "send" : "queue");
    }
  } catch (cause) {
    refuse(failureOf(cause));
  }
  change({ handing: false });
}
