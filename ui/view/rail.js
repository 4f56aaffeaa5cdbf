// The way between the screens: a rail at the left, a bar at the bottom where there is little room.

import { h } from "../dom.js";
import { state, ui } from "../store.js";
import { t, number } from "../speak.js";
import { sign } from "./sign.js";

const SCREENS = ["send", "queue", "history", "overview", "settings"];

export function rail() {
  const { queue } = state();
  const badge = queue.studies;
  const needs = queue.needs_person > 0 ? `, ${t("rail.needs_person", { n: queue.needs_person })}` : "";
  return h(
    "nav",
    { class: "rail", key: "rail", "aria-label": t("rail.label") },
    SCREENS.map((screen) =>
      h(
        "a",
        { href: `#${screen}`, key: screen, "data-do": `go_${screen}`, "aria-current": ui.screen === screen ? "page" : null },
        sign(screen),
        h("span", {}, t(`rail.${screen}`)),
        screen === "queue" && badge > 0
          ? [h("span", { class: `badge ${queue.needs_person > 0 ? "bad" : ""}`.trim(), "aria-hidden": "true", translate: "no" }, badge > 999 ? `${number(999)}+` : number(badge)), h("span", { class: "unseen" }, t("rail.waiting", { n: badge }), needs)]
          : null,
      ),
    ),
  );
}
