// Something that happened to the queue or the home folder and that a person has to know, until they put it away.

import { state, ask } from "../store.js";
import { t } from "../speak.js";
import { button } from "./button.js";
import { failureNote } from "./failure.js";

export function notice() {
  const { notice: failure } = state();
  if (!failure) return null;
  return failureNote(failure, {
    // A look is repeated; else it was the sending that met with it.
    context: { again: state().notice_of_look ? () => void ask("look_again") : retryAll },
    after: button("notice_put_away", t("notice.put_away"), () => ask("notice_put_away")),
  });
}

const retryAll = () => void ask("queue_wish", { wish: "retry", studies: null });
