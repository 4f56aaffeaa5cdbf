// A study of the history, opened: what became of its images, and the receipt.

import { h, said } from "../dom.js";
import { ask, failureOf, redraw, refuse } from "../store.js";
import { bytes, duration, moment, rate, t } from "../speak.js";
import * as ledger from "../ledger.js";
import { button } from "./button.js";
import { dialog } from "./dialog.js";
import { lacks } from "./lacks.js";
import { verdictWord } from "./history.js";

/** @typedef {import("../ledger.js").Sent} Sent */

/** @type {WeakMap<object, { outcome: string, proof: string | null, code: string | null, count: number }[]>} */
const known = new WeakMap();
/** @type {WeakSet<object>} */
const asked = new WeakSet();

/** @param {import("../store.js").Dialog} self */
export function sentDialog(self) {
  /** @type {Sent} */
  const one = self.sent;
  if (!asked.has(self)) {
    asked.add(self);
    ledger.outcomes(one.study, one.receipt).then(
      (found) => {
        known.set(self, found);
        redraw();
      },
      (cause) => refuse(failureOf(cause)),
    );
  }
  const took = one.confirmed === null || one.queued === null ? 0 : (one.confirmed - one.queued) / 1000;
  const pair = (/** @type {string} */ key, /** @type {any} */ value) =>
    value ? [h("dt", { key: `dt ${key}` }, t(key)), h("dd", { key }, said(value))] : null;
  return dialog(
    self,
    t("done.receipt_number", { number: String(one.receipt) }),
    [
      h("p", {}, verdictWord(one)),
      h(
        "dl",
        { class: "pairs" },
        pair("sent.queued", one.queued === null ? null : moment(one.queued)),
        pair("sent.confirmed", one.confirmed === null ? null : moment(one.confirmed)),
        pair("sent.destination", one.destination),
        pair("sent.modality", one.modality),
        pair("priority.label", one.priority ? t(`priority.${one.priority}`) : null),
        pair("sent.size", bytes(one.bytes)),
        took > 0
          ? [pair("sent.took", duration(took)), one.bytes > 0 ? pair("sent.rate", rate(one.bytes / took)) : null]
          : null,
        pair("sent.study", one.study),
      ),
      lacks({ ...one, index_partly: one.index_partly > 0, skipped_to_look_at: one.to_look_at }),
      h("h3", {}, t("sent.outcomes")),
      h(
        "ul",
        { class: "outcomes" },
        (known.get(self) ?? []).map((line, at) =>
          h(
            "li",
            { key: at },
            h("span", { class: "strong" }, t("n.images", { n: line.count })),
            ": ",
            t(`outcome.${line.outcome}`),
            line.code ? [" – ", t(`code.${line.code}.happened`)] : null,
          ),
        ),
      ),
    ],
    button("receipt_save", t("done.receipt"), () => ask("receipt_save", { receipt: one.receipt }), { icon: "receipt" }),
  );
}
