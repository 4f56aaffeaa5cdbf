// English: the three sentences of every code. What happened, is anything lost, what to do now; plain words, no blame.

const KEPT = "Nothing is lost: it waits in the queue.";
const ON_SOURCE = "Nothing is lost: the image is still on the source.";
const NOTHING = "Nothing was sent or changed.";
const TRIES = "RelayPACS tries again by itself; there is nothing to do.";
const ASK = "Ask the people who run the PACS, and give them the code and the numbers.";

/** Code: what happened, is anything lost, what to do now. @type {Record<string, [string, string, string]>} */
const SENTENCES = {
  refused_by_archive: ["The PACS refused this image.", ON_SOURCE, ASK],
  not_understood: [
    "The PACS could not read this image.",
    ON_SOURCE,
    "Look at it in a viewer; if it opens, ask the people who run the PACS.",
  ],
  data_set_mismatch: [
    "The PACS says that this image breaks the rules of its kind (SOP class).",
    ON_SOURCE,
    "Ask where the image was made for a correct copy, or ask the people who run the PACS to accept it.",
  ],
  sop_class_not_supported: ["The PACS does not take this kind of object (SOP class).", ON_SOURCE, ASK],
  transfer_syntax_not_supported: ["The PACS does not take this kind of compression (transfer syntax).", ON_SOURCE, ASK],
  forbidden_by_policy: ["A rule of the PACS forbids this image, often a patient ID that conflicts.", ON_SOURCE, ASK],
  too_large_for_archive: [
    "This one image is larger than the PACS accepts in a request.",
    ON_SOURCE,
    "Ask the people who run the PACS, or the proxy before it, to raise the limit; then retry.",
  ],
  dropped_by_archive: [
    "The PACS said that it stored this image, but it does not list it.",
    ON_SOURCE,
    "Ask the people who run the PACS whether a filter drops it; then retry.",
  ],
  differs_in_archive: [
    "The PACS has a different image under the same identity (SOP Instance UID).",
    "Nothing is lost: both are unchanged, yours on the source, theirs in the PACS.",
    "Compare the two; a person has to decide which one is right.",
  ],
  differs_in_source: [
    "The source has different images under the same identity (SOP Instance UID).",
    "Nothing is lost: none of them was sent.",
    "Compare them; a person has to decide which one is right.",
  ],
  not_comparable: [
    "The PACS already lists this image, but would not show it for comparison.",
    ON_SOURCE,
    "Compare the image in the PACS with the one on the source; a person has to decide.",
  ],
  stored_with_warning: [
    "The PACS stored this image but changed or dropped something in it.",
    "The image is in the PACS; the original is still on the source.",
    "Look at the image in the PACS and ask the people who run it what was changed.",
  ],

  source_not_found: [
    "There is nothing at this place any more.",
    NOTHING,
    "Check that the disc or stick is in, or choose another place.",
  ],
  source_unreadable: [
    "This place could not be read.",
    NOTHING,
    "Clean the disc or try another drive; check that you may open the folder.",
  ],
  source_gone: [
    "The source is not there any more.",
    KEPT,
    "Put the disc or stick back in, or bring the folder back; then retry.",
  ],
  source_changed: [
    "The file is not what it was when it was looked at.",
    "Nothing is lost: the changed file was not counted as sent.",
    "Look inside the source again and send it anew.",
  ],
  cannot_be_read: [
    "This image cannot be read: its place on the disc is damaged.",
    "The other images are not affected; this one is only on the disc.",
    "Clean the disc or try another drive, then retry; or ask for another copy of the disc.",
  ],
  copy_damaged: [
    "The encrypted copy of this image on this computer is damaged, and its source is not there.",
    "Nothing is lost: the image is still on its disc or stick, and it waits in the queue.",
    "Put the disc or stick back in, then retry.",
  ],
  nothing_to_send: [
    "There is no image here that can be sent.",
    "Nothing was sent; each file and its reason is listed.",
    "Check that it is the right disc or folder, or choose another.",
  ],
  not_ejected: [
    "The disc or stick was not ejected.",
    "Nothing is lost: it is as it was.",
    "Close what else uses it and eject it again, or take it out by hand.",
  ],
  still_needed: [
    "This disc or stick has still to be read.",
    "Nothing is lost: it was left in.",
    "Leave it in until it says here that it can come out.",
  ],

  destination_unknown: [
    "There is no destination of this name.",
    NOTHING,
    "Choose one of those in Settings, or add it.",
  ],
  destination_not_usable: [
    "This destination cannot be used as it is.",
    NOTHING,
    "Correct its name and address, and try again.",
  ],
  destination_in_use: [
    "This destination is still needed: studies in the queue, or found and not decided yet, are to go there.",
    NOTHING,
    "Let them finish, send them somewhere else, or cancel them; then forget it.",
  ],
  name_not_found: [
    "The PACS's name was not found on the network.",
    KEPT,
    "Check the network and the spelling of the address; RelayPACS goes on trying.",
  ],
  unreachable: ["The PACS does not answer at this address.", KEPT, TRIES],
  tls_not_trusted: [
    "The PACS's certificate is not trusted, so nothing was said to it.",
    KEPT,
    "Check the address; for a hospital's own authority, choose its certificate in Settings.",
  ],
  tls_failed: ["No secure connection to the PACS came about.", KEPT, ASK],
  sign_in_needed: ["The PACS does not accept the sign-in.", KEPT, "Sign in again; what waits then goes on by itself."],
  forbidden: ["The PACS does not let this user store images.", KEPT, ASK],
  no_store_here: [
    "Something answers at this address, but it takes no images.",
    KEPT,
    "Check the address of the DICOMweb service, down to its path.",
  ],
  redirected: [
    "The address points on to another one, and images are not sent where you did not say.",
    KEPT,
    "If the other address is right, enter that one.",
  ],
  archive_full: ["The PACS has no room left.", KEPT, ASK],
  archive_busy: ["The PACS asks to wait.", KEPT, TRIES],
  archive_failed: ["The PACS had a fault of its own.", KEPT, TRIES],
  answer_not_understood: ["The PACS's answer could not be read, so it proves nothing.", KEPT, TRIES],
  connection_lost: ["The connection broke before the PACS answered.", KEPT, TRIES],
  stalled: ["Nothing moved on the connection for too long.", KEPT, TRIES],
  cannot_confirm: [
    "The PACS cannot be asked what it holds, so nothing can be confirmed.",
    "Nothing is lost: it stays in the queue and on the source.",
    ASK,
  ],
  credential_file: [
    "A file for the connection, such as a certificate, could not be read.",
    NOTHING,
    "Choose the file again in Settings.",
  ],

  queue_in_use: ["Another RelayPACS is working on this queue.", NOTHING, "Let it finish or close it; then try again."],
  no_key: [
    "There is no key to open the queue: this system's key store did not give it.",
    NOTHING,
    "Unlock the system's key store, then try again.",
  ],
  wrong_key: ["This passphrase does not open the queue.", NOTHING, "Type the passphrase that the queue was made with."],
  queue_damaged: [
    "The queue's database is damaged and was set aside.",
    "What was confirmed is in the PACS; the damaged file is kept.",
    "Send the source again: what is already there is not sent twice.",
  ],
  queue_salvaged: [
    "The queue's database was damaged; all that waited in it was read and goes on in a new one.",
    "Nothing is lost; the damaged file is kept.",
    "There is nothing to do for the images. Have the disk of this computer checked.",
  ],
  queue_partly_salvaged: [
    "The queue's database was damaged; what could be read of it goes on in a new one.",
    "What could not be read is not waited for any more; the damaged file is kept.",
    "Send the source again: what is already there is not sent twice. Have the disk of this computer checked.",
  ],
  queue_too_new: [
    "This queue was made by a newer RelayPACS.",
    "Nothing is lost: the queue is as it was.",
    "Use the newer program.",
  ],
  disk_full: [
    "The disk of this computer is full.",
    "Nothing is lost: what was queued stays queued.",
    "Make room, then retry.",
  ],
  home_not_writable: [
    "RelayPACS cannot write to its own folder.",
    NOTHING,
    "Ask who looks after this computer to give you access; then try again.",
  ],
  ledger_broken: [
    "The ledger was changed from outside, or is damaged.",
    "The PACS and the queue are not affected.",
    "Keep the file as it is and tell the person responsible for data protection.",
  ],
  receipt_not_saved: [
    "The receipt could not be saved in this place.",
    "Nothing is lost: what was sent stands in the ledger.",
    "Save it in a folder that you may write to.",
  ],
  receipt_unknown: ["There is no receipt of this number.", NOTHING, "Look in the history for the right one."],
  study_unknown: ["This study is not in the queue any more.", NOTHING, "Look in the queue for what is."],
  review_changed: [
    "What was ticked is not part of what is shown now.",
    NOTHING,
    "Look at what is shown, tick what is to be sent, and send once more.",
  ],

  autostart_not_changed: [
    "Whether RelayPACS starts with the computer could not be changed.",
    "Nothing is lost: it is as it was.",
    "Change it where this computer lists what starts with it, or ask who looks after it.",
  ],
  stopped: [
    "Stopped by you.",
    "Nothing is lost: what was not confirmed waits in the queue.",
    "Go on whenever you like.",
  ],
  internal: [
    "RelayPACS made a mistake.",
    "What was confirmed is in the PACS; the rest stays in the queue.",
    "Try again; if it happens again, copy the diagnostics for those who help you.",
  ],
};

/** @param {Record<string, [string, string, string]>} sentences @returns {Record<string, string>} */
export const keyed = (sentences) =>
  Object.fromEntries(
    Object.entries(sentences).flatMap(([code, [happened, lost, now]]) => [
      [`code.${code}.happened`, happened],
      [`code.${code}.lost`, lost],
      [`code.${code}.now`, now],
    ]),
  );

export default keyed(SENTENCES);
