// While a source is looked at: what was found up to now, and a way to stop.

import { h, said } from "../dom.js";
import { ask, state } from "../store.js";
import { duration, number, t } from "../speak.js";
import { bar } from "./bar.js";
import { button } from "./button.js";
import { page } from "./page.js";

export function looking() {
  const now = /** @type {import("../types.d.ts").Looking} */ (state().looking);
  const tiles = ["patients", "studies", "images", "files"].map((what) => {
    const count = now[/** @type {"files"} */ (what)];
    return h("div", { key: what, class: "tile" }, h("dt", {}, t(`looking.${what}`)), h("dd", { translate: "no" }, number(count)));
  });
  return page({
    screen: "looking",
    title: [t("looking.title"), " ", said(now.name)],
    body: [
      bar(t("looking.bar"), null),
      h("dl", { class: "tiles" }, tiles),
      h("p", { class: "soft" }, t("looking.since", { time: duration(now.seconds) }), now.skipped > 0 ? ` ${t("looking.skipped", { n: now.skipped })}` : null),
      h("p", {}, t("looking.promise")),
    ],
    foot: [h("p", { class: "soft small grow" }, t("looking.stop_any_time")), button("stop_looking", t("looking.stop"), () => ask("stop_looking"))],
  });
}
