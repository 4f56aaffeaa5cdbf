// Before there is anything to show: it starts, or it cannot and says why.

import { h } from "../dom.js";
import { ask, store } from "../store.js";
import { t } from "../speak.js";
import { copyDiagnostics, REMEDIES } from "../remedies.js";
import { bar } from "./bar.js";
import { button } from "./button.js";
import { failureNote } from "./failure.js";
import { page } from "./page.js";

export const starting = () =>
  page({
    screen: "starting",
    alone: true,
    narrow: true,
    title: t("starting.title"),
    body: bar(t("starting.title"), null),
  });

export function broken() {
  const failure = store.state?.failure ?? { code: "internal", message: "", hint: "", detail: "" };
  return page({
    screen: "broken",
    alone: true,
    narrow: true,
    title: t("broken.title"),
    body: [
      h("p", { key: "words" }, t("broken.words")),
      failureNote(failure),
      h(
        "div",
        { class: "buttons", key: "acts" },
        REMEDIES[failure.code] === "reload" ? null : button("reload", t("action.reload"), () => location.reload()),
        REMEDIES[failure.code] === "diagnostics"
          ? null
          : button("diagnostics", t("action.diagnostics"), () => void copyDiagnostics()),
        button("quit", t("quit.quit"), () => ask("quit", { even_with_work: true })),
      ),
    ],
  });
}
