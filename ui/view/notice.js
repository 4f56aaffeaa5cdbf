// Something that happened to the queue or the home folder and that a person has to know, until they put it away.

import { state, ask } from "../store.js";
import { t } from "../speak.js";
import { button } from "./button.js";
import { failureNote } from "./failure.js";

export function notice() {
  const { notice: failure } = state();
  if (!failure) return null;
  return failureNote(failure, {
    // It was the sending that met with it.
    context: { again: () => void ask("queue_wish", { wish: "retry", studies: null }) },
    after: button("notice_put_away", t("notice.put_away"), () => ask("notice_put_away")),
  });
}
