// The end of a send in one sentence, for whoever looks, whoever stayed in the queue, and whoever listens.

import { t } from "../speak.js";

/** @typedef {import("../types.d.ts").Done} Done */

/** Never "all" where a person took some out, nor without a "but" where something is missing elsewhere. @param {Done} end */
export function endSentence({ complete, images: n, in_archive: there, cancelled, destination }) {
  if (complete) return t("done.all", { n, destination });
  if (n > 0 && there === n) return t("done.all_found", { n, destination });
  const some = t("done.some", { n, there, destination });
  return cancelled > 0 ? `${some} ${t("n.taken_out", { n: cancelled })}` : some;
}
