// Locked: the queue is encrypted and this system has no key store, so a passphrase opens it.

import { h } from "../dom.js";
import { change, failureOf, redraw, state, ui } from "../store.js";
import { call } from "../backend.js";
import { t } from "../speak.js";
import { speak } from "../voice.js";
import { button } from "./button.js";
import { failureNote } from "./failure.js";
import { page } from "./page.js";

/** Kept nowhere but here, and only until it was said. */
const typed = { once: "", again: "" };
/** @type {import("../types.d.ts").Failure | null} */
let refused = null;

export function locked() {
  const fresh = state().new_passphrase === true;
  const differs = fresh && typed.again !== "" && typed.again !== typed.once;
  const failure = refused ?? state().failure;
  return page({
    screen: "locked",
    alone: true,
    narrow: true,
    title: t(fresh ? "locked.title_new" : "locked.title"),
    body: [
      h("p", { key: "words" }, t(fresh ? "locked.words_new" : "locked.words")),
      failure ? failureNote(failure) : null,
      h(
        "form",
        {
          class: "form",
          key: "form",
          onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void unlock()),
        },
        field("once", t("locked.passphrase"), fresh),
        fresh ? field("again", t("locked.again"), fresh) : null,
        differs ? h("p", { class: "warning wait", key: "differs" }, t("locked.differs")) : null,
        h(
          "div",
          { class: "buttons", key: "acts" },
          button(
            "unlock",
            ui.unlocking ? t("locked.opening") : t(fresh ? "locked.set" : "locked.open"),
            () => {},
            // Enter in a field does what the button does.
            { type: "submit", look: "first", icon: "lock", "aria-disabled": isReady() ? null : "true" },
          ),
        ),
      ),
      h("p", { class: "soft small", key: "kept" }, t("locked.kept")),
    ],
  });
}

/** @param {"once" | "again"} name @param {string} label @param {boolean} fresh */
const field = (name, label, fresh) =>
  h(
    "label",
    { class: "field", key: name },
    h("span", { class: "label" }, label),
    h("input", {
      type: "password",
      value: typed[name],
      autocomplete: fresh ? "new-password" : "current-password",
      "data-do": `passphrase_${name}`,
      oninput: (/** @type {any} */ event) => ((typed[name] = event.target.value), redraw()),
    }),
  );

const isReady = () =>
  !ui.unlocking && typed.once !== "" && (state().new_passphrase !== true || typed.again === typed.once);

async function unlock() {
  if (!isReady()) return;
  refused = null;
  change({ unlocking: true });
  try {
    await call("unlock", { passphrase: typed.once });
    Object.assign(typed, { once: "", again: "" });
  } catch (cause) {
    refused = failureOf(cause);
    speak.failure(refused);
    typed.again = "";
  }
  change({ unlocking: false });
}
