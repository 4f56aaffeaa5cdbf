// Eject: where the system can, and nothing of the disc has still to be read; else why not.

import { h } from "../dom.js";
import { ask, state } from "../store.js";
import { t } from "../speak.js";
import { button } from "./button.js";

/** The button for a volume that is in this computer now. @param {string | null} id @param {string} [look] */
export function eject(id, look = "") {
  const volume = state().volumes.find((one) => one.id === id);
  if (!volume?.can_eject) return null;
  if (volume.in_use) return h("p", { class: "soft small", key: "keep in" }, t("volume.keep_in"));
  return button("eject", t("action.eject"), () => ask("eject", { volume: id }), { icon: "eject", look });
}
