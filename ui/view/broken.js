// Before there is anything to show: it starts, or it cannot and says why.

import { h } from "../dom.js";
import { ask, state, ui } from "../store.js";
import { t } from "../speak.js";
import { copyDiagnostics, reopen } from "../remedies.js";
import { bar } from "./bar.js";
import { button } from "./button.js";
import { failureText } from "./failure.js";
import { page } from "./page.js";
import { sign } from "./sign.js";

export const starting = () =>
  page({
    screen: "starting",
    alone: true,
    narrow: true,
    title: t("starting.title"),
    body: bar(t("starting.title"), null),
  });

/** Whatever it is, the way on is the same: mend it, try again. What else a code offers needs a queue that is open. */
export function broken() {
  const failure = state().failure ?? { code: "internal", message: "", hint: "", detail: "" };
  return page({
    screen: "broken",
    alone: true,
    narrow: true,
    title: t("broken.title"),
    body: [
      h("p", { key: "words" }, t("broken.words")),
      h(
        "div",
        { class: "note bad", key: `failure ${failure.code}`, "data-code": failure.code },
        sign("cross"),
        failureText(failure),
      ),
      h(
        "div",
        { class: "buttons", key: "acts" },
        button("reopen", ui.reopening ? t("broken.trying") : t("action.reopen"), () => void reopen(), {
          look: "first",
          "aria-disabled": ui.reopening ? "true" : null,
        }),
        button("diagnostics", t("action.diagnostics"), () => void copyDiagnostics()),
        button("quit", t("quit.quit"), () => ask("quit", { even_with_work: true })),
      ),
    ],
  });
}
