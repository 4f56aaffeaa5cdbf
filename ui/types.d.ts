// What the Rust side says to the window. Made from src-tauri/src/view.rs by `cargo xtask types`; not to be edited.

export type Code = "refused_by_archive" | "not_understood" | "data_set_mismatch" | "sop_class_not_supported" | "transfer_syntax_not_supported" | "forbidden_by_policy" | "too_large_for_archive" | "dropped_by_archive" | "differs_in_archive" | "differs_in_source" | "not_comparable" | "stored_with_warning" | "source_not_found" | "source_unreadable" | "source_gone" | "source_changed" | "cannot_be_read" | "copy_damaged" | "nothing_to_send" | "not_ejected" | "still_needed" | "destination_unknown" | "destination_not_usable" | "destination_in_use" | "name_not_found" | "unreachable" | "tls_not_trusted" | "tls_failed" | "sign_in_needed" | "forbidden" | "no_store_here" | "redirected" | "archive_full" | "archive_busy" | "archive_failed" | "answer_not_understood" | "connection_lost" | "stalled" | "cannot_confirm" | "credential_file" | "queue_in_use" | "no_key" | "wrong_key" | "queue_damaged" | "queue_partly_salvaged" | "queue_salvaged" | "queue_too_new" | "disk_full" | "home_not_writable" | "ledger_broken" | "receipt_not_saved" | "receipt_unknown" | "study_unknown" | "review_changed" | "autostart_not_changed" | "stopped" | "internal";

export type Outcome = "confirmed" | "verified" | "committed" | "already_there" | "rejected" | "conflict" | "changed" | "source_gone" | "waiting" | "cancelled";

export type SkipReason = "not_dicom" | "dicomdir" | "damaged" | "unreadable" | "empty" | "duplicate" | "conflict" | "no_uid" | "encrypted_archive" | "unsafe_archive" | "too_large" | "link";

export type Priority = "routine" | "urgent" | "stat";

export type ReadBack = "none" | "sample" | "every";

export type Failure = { 
/**
 * What to tell apart.
 */
code: Code, 
/**
 * What happened, and whether anything is lost.
 */
message: string, 
/**
 * What to do now.
 */
hint: string, 
/**
 * What only the place that met it can know: a host, a number. Never patient data. May be empty.
 */
detail: string, };

export type State = { 
/**
 * How far the program is with itself.
 */
stage: Stage, 
/**
 * Why it is `broken`, or why a passphrase was not taken.
 */
failure: Failure | null, 
/**
 * Something that happened and that a person should have read.
 */
notice: Failure | null, 
/**
 * Whether that was met with by looking inside a source, which can be repeated.
 */
notice_of_look: boolean, 
/**
 * What this machine is and can do.
 */
platform: Platform, 
/**
 * What the person set.
 */
settings: Settings, 
/**
 * Where images can go.
 */
destinations: Array<Destination>, 
/**
 * The ways to sign in; the form for a destination is built from them.
 */
sign_in_kinds: Array<SignInKind>, 
/**
 * Discs and sticks of this computer.
 */
volumes: Array<Volume>, 
/**
 * Folders that were looked at in this session.
 */
recents: Array<Recent>, 
/**
 * Whether something is held over the window to be dropped.
 */
drop: DropState, 
/**
 * Counts while a source is looked at.
 */
looking: Looking | null, 
/**
 * What was found, until it is sent or discarded.
 */
review: ReviewHead | null, 
/**
 * What waits.
 */
queue: QueueHead, 
/**
 * The first send that came to its end and was not put away.
 */
done: Done | null, 
/**
 * Grows when the ledger has something new of what was sent.
 */
ledger: number, 
/**
 * The practice archive in this process.
 */
practice: Practice, 
/**
 * True where a person asked to quit while work is left: the window asks back.
 */
quitting: boolean, 
/**
 * While `locked`: there is no queue yet, so that the passphrase is a new one.
 */
new_passphrase: boolean, };

export type Stage = "starting" | "locked" | "first_start" | "open" | "broken";

export type Platform = { 
/**
 * The operating system.
 */
os: "linux" | "windows" | "macos" | "android" | "ios", 
/**
 * The version of this program.
 */
version: string, 
/**
 * True where fingers are the first way to point.
 */
touch: boolean, 
/**
 * False where the system has no dialog for folders.
 */
can_choose_folder: boolean, 
/**
 * False where the queue's key has to come from a passphrase.
 */
has_key_store: boolean, 
/**
 * True where closing the window leaves an icon that brings it back, and sending goes on behind it.
 */
tray: boolean, };

export type Settings = { 
/**
 * The theme.
 */
appearance: Appearance, 
/**
 * The language.
 */
language: Language, 
/**
 * How much of a patient's name the queue shows.
 */
names: Names, 
/**
 * After how many minutes without a touch what is on the screen is covered.
 */
cover: Cover, 
/**
 * Whether RelayPACS starts with the session.
 */
autostart: boolean, 
/**
 * Whether the system says when a study is confirmed or needs a person.
 */
notifications: boolean, 
/**
 * What is copied to this computer before it is sent.
 */
spool: Spool, 
/**
 * How much of the line sending may take; null: all of it.
 */
bandwidth: Bandwidth | null, 
/**
 * Where a review goes by itself: the name of a destination; empty to ask each time; null where nobody has said yet.
 */
standard_destination: string | null, };

export type Bandwidth = { 
/**
 * Megabits a second, from 1 on.
 */
megabits: number, 
/**
 * The hour of the day from which it holds, 0 to 23.
 */
from: number, 
/**
 * The hour until which it holds; that of `from`: all day.
 */
until: number, };

export type Appearance = "system" | "dark" | "light" | "contrast";

export type Language = "system" | "en" | "de";

export type Names = "short" | "hidden";

export type Cover = "never" | "five" | "fifteen";

export type Spool = "removable" | "always" | "never";

export type Destination = { 
/**
 * Its number in the queue.
 */
id: number, 
/**
 * Its name; `null` for one that was given in place.
 */
name: string | null, 
/**
 * The root of its DICOMweb service.
 */
url: string, 
/**
 * The kind of sign-in, a `SignInKind.kind`.
 */
sign_in: string, 
/**
 * Who signs in, where the kind has a user.
 */
user: string | null, 
/**
 * True where it has a certificate authority of its own.
 */
has_ca: boolean, 
/**
 * How much is read back and compared.
 */
read_back: ReadBack, 
/**
 * Where we stand with it.
 */
standing: Standing, 
/**
 * Why it is not `ready`.
 */
failure: Failure | null, 
/**
 * When it is tried again, in milliseconds since 1970.
 */
tries_again_at: number | null, 
/**
 * Studies that wait for it.
 */
waiting_studies: number, 
/**
 * True for the practice archive in this process.
 */
practice: boolean, };

export type Standing = "ready" | "offline" | "needs_sign_in" | "trouble" | "unknown";

export type SignInKind = { 
/**
 * A word.
 */
kind: string, 
/**
 * What has to be typed.
 */
fields: Array<SignInField>, };

export type SignInField = { 
/**
 * A word.
 */
name: string, 
/**
 * True where it is not to be shown.
 */
secret: boolean, 
/**
 * True where it cannot be left out.
 */
required: boolean, };

export type DestinationDraft = { 
/**
 * The one that is edited; `null` for a new one.
 */
id: number | null, 
/**
 * Its name.
 */
name: string, 
/**
 * The root of its DICOMweb service.
 */
url: string, 
/**
 * How to sign in.
 */
sign_in: SignInDraft, 
/**
 * The token that `choose_ca` gave; `null` to leave it as it is.
 */
ca: string | null, 
/**
 * How much is read back and compared.
 */
read_back: ReadBack, };

export type SignInDraft = { 
/**
 * A `SignInKind.kind`.
 */
kind: string, 
/**
 * Its fields. A secret that is left out on an edited destination stays as it is.
 */
values: Record<string, string>, };

export type ChosenCa = { token: string, name: string, };

export type Checked = { 
/**
 * The product and its version, where it says so.
 */
software: string | null, 
/**
 * How it is spoken to.
 */
speaks: "dicomweb" | "orthanc_dicomweb" | "orthanc_rest", 
/**
 * How the connection is protected.
 */
tls: "loopback" | "public" | "private_ca", 
/**
 * True where it took the sign-in.
 */
signed_in: boolean, 
/**
 * True where it takes images, as far as can be told without sending one.
 */
can_store: boolean, 
/**
 * True where it can be asked what it holds.
 */
can_confirm: boolean, 
/**
 * True where what it holds can be compared with ours.
 */
can_compare: boolean, 
/**
 * Keys of words for whatever else is worth saying.
 */
notes: Array<string>, };

export type Volume = { 
/**
 * Opaque.
 */
id: string, 
/**
 * Its name, as the system shows it.
 */
label: string, 
/**
 * What it is.
 */
kind: VolumeKind, 
/**
 * True where nothing can be written on it.
 */
read_only: boolean, 
/**
 * Bytes in use, where the system tells.
 */
bytes: number | null, 
/**
 * What seems to be on it.
 */
hint: VolumeHint, 
/**
 * True where the system can eject it.
 */
can_eject: boolean, 
/**
 * True while something is read from it, or has yet to be.
 */
in_use: boolean, };

export type VolumeKind = "optical" | "stick" | "disk";

export type VolumeHint = "dicomdir" | "dicom" | "unknown";

export type Recent = { 
/**
 * Opaque.
 */
id: string, 
/**
 * Its last path component.
 */
name: string, 
/**
 * When, in milliseconds since 1970.
 */
at: number, };

export type DropState = "none" | "over";

export type Practice = { 
/**
 * True while it runs in this process.
 */
running: boolean, 
/**
 * True where there is a sample disc.
 */
sample: boolean, };

export type Looking = { 
/**
 * The name of the source.
 */
name: string, 
/**
 * Files so far.
 */
files: number, 
/**
 * Images so far.
 */
images: number, 
/**
 * Studies so far.
 */
studies: number, 
/**
 * Patients so far.
 */
patients: number, 
/**
 * Files that will not be sent, so far.
 */
skipped: number, 
/**
 * Seconds so far.
 */
seconds: number, };

export type ReviewHead = { 
/**
 * Which review this is, for `review_send`. Another one for whatever is looked at after it, the same wherever it goes.
 */
id: number, 
/**
 * Grows when rows may have changed.
 */
revision: number, 
/**
 * The name of the source.
 */
name: string, 
/**
 * What the source is.
 */
source: SourceKind, 
/**
 * The volume it lies on, where it is one that can be taken out.
 */
volume: string | null, 
/**
 * Files that were looked at.
 */
files: number, 
/**
 * How long it took.
 */
seconds: number, 
/**
 * Patients.
 */
patients: number, 
/**
 * Studies.
 */
studies: number, 
/**
 * Series.
 */
series: number, 
/**
 * Images that can be sent.
 */
images: number, 
/**
 * Their bytes.
 */
bytes: number, 
/**
 * Files that will not be sent, by reason.
 */
skipped: Partial<Record<SkipReason, number>>, 
/**
 * Files that the disc's index lists and the disc lacks.
 */
listed_missing: number, 
/**
 * Images that the disc's index does not list.
 */
unlisted: number, 
/**
 * The name of the destination it goes to.
 */
destination: string | null, 
/**
 * True where the images are copied to this computer first.
 */
will_spool: boolean, 
/**
 * How quick this destination was the last time.
 */
bytes_per_second: number | null, };

export type SourceKind = "optical" | "stick" | "folder" | "files" | "archive";

export type ReviewStudy = { 
/**
 * Its number, for `review_series`, `review_images` and `review_send`: the same wherever the review goes, and never
 * that of a study of another review.
 */
id: number, 
/**
 * Who it is about.
 */
patient: Patient, 
/**
 * The modalities of its series.
 */
modalities: Array<string>, 
/**
 * (0008,1030)
 */
description: string, 
/**
 * (0008,0020), a DICOM DA.
 */
date: string, 
/**
 * (0008,0030), a DICOM TM.
 */
time: string, 
/**
 * (0008,0080)
 */
institution: string, 
/**
 * (0008,0050)
 */
accession: string, 
/**
 * Series.
 */
series: number, 
/**
 * Images.
 */
images: number, 
/**
 * Their bytes.
 */
bytes: number, 
/**
 * The token of a picture that stands for it.
 */
picture: string | null, 
/**
 * What a person should know before it is sent.
 */
warnings: Array<Warning>, 
/**
 * True where the row before it is about the same patient.
 */
same_patient_as_previous: boolean, };

export type Patient = { 
/**
 * `FAMILY, Given`.
 */
name: string, 
/**
 * (0010,0020)
 */
id: string, 
/**
 * (0010,0021)
 */
issuer: string, 
/**
 * (0010,0030), as written.
 */
birth_date: string, 
/**
 * (0010,0040)
 */
sex: string, 
/**
 * Opaque; equal for the same person.
 */
key: string, };

export type Warning = { 
/**
 * What it is.
 */
kind: WarningKind, 
/**
 * How many images it is about.
 */
count: number, 
/**
 * Of how many, where that says something.
 */
of: number | null, };

export type WarningKind = "already_there" | "partly_there" | "damaged" | "unreadable" | "duplicate" | "conflict" | "mixed_identity" | "no_patient_id" | "queued_already" | "text_doubtful";

export type ReviewSeries = { 
/**
 * Opaque, for `review_images`.
 */
uid: string, 
/**
 * (0020,0011)
 */
number: string, 
/**
 * (0008,0060)
 */
modality: string, 
/**
 * (0008,103E)
 */
description: string, 
/**
 * Images.
 */
images: number, 
/**
 * Their bytes.
 */
bytes: number, 
/**
 * The token of a picture that stands for it.
 */
picture: string | null, 
/**
 * What a person should know.
 */
warnings: Array<Warning>, };

export type ReviewImage = { 
/**
 * The token of its picture.
 */
picture: string, 
/**
 * (0020,0013)
 */
number: string, 
/**
 * (0028,0008)
 */
frames: number, 
/**
 * Its bytes.
 */
bytes: number, 
/**
 * What a person should know.
 */
warning: Warning | null, };

export type Picture = { 
/**
 * Frames, at least 1 where there are pixels.
 */
frames: number, 
/**
 * (0028,0010)
 */
rows: number, 
/**
 * (0028,0011)
 */
columns: number, 
/**
 * (0008,0060)
 */
modality: string, 
/**
 * (0028,1050), the first.
 */
center: number | null, 
/**
 * (0028,1051), the first.
 */
width: number | null, 
/**
 * The unit of a value, such as `HU`.
 */
unit: string | null, 
/**
 * Set where there is nothing to show.
 */
placeholder: Placeholder | null, 
/**
 * A few lines of the header.
 */
lines: Array<HeaderLine>, };

export type Placeholder = { 
/**
 * The UI has words under `placeholder.<code>`.
 */
code: string, };

export type HeaderLine = { 
/**
 * `(0010,0010)`
 */
tag: string, 
/**
 * The keyword.
 */
name: string, 
/**
 * The value, shortened.
 */
value: string, };

export type Skipped = { 
/**
 * Where it is, from the source down.
 */
path: string, 
/**
 * Why.
 */
reason: SkipReason, 
/**
 * Why, for those who look closer: in English, and not of the words of the window.
 */
detail: string, 
/**
 * Its bytes.
 */
bytes: number, };

export type QueueHead = { 
/**
 * Grows when rows may have changed.
 */
revision: number, 
/**
 * Studies that have not come to their end.
 */
studies: number, 
/**
 * Their images.
 */
images: number, 
/**
 * Their bytes.
 */
bytes: number, 
/**
 * Those of them that have yet to be stored.
 */
bytes_left: number, 
/**
 * Over the last seconds; `null` while nothing moves.
 */
bytes_per_second: number | null, 
/**
 * At this rate; `null` where it cannot be told.
 */
seconds_left: number | null, 
/**
 * True where a person paused the whole queue.
 */
paused: boolean, 
/**
 * True while bytes go out.
 */
sending: boolean, 
/**
 * Images that need a person.
 */
needs_person: number, 
/**
 * Images that have not come to their end: quitting would leave them.
 */
unfinished: number, 
/**
 * Whether the sources of what is in the queue can come out.
 */
sources: Array<SourceFree>, };

export type SourceFree = { 
/**
 * Its import.
 */
import: number, 
/**
 * The name of the source.
 */
name: string, 
/**
 * True once nothing more is read from it.
 */
free: boolean, 
/**
 * Images that wait for it, where it went away before all was copied.
 */
gone: number, 
/**
 * Images copied.
 */
copied: number, 
/**
 * Of how many.
 */
of: number, 
/**
 * The volume, where it is one that can be taken out.
 */
volume: string | null, };

export type QueueStudy = { 
/**
 * Its number, for wishes.
 */
id: number, 
/**
 * The patient's family name and initial, or a dash.
 */
name: string, 
/**
 * (0008,1030)
 */
description: string, 
/**
 * The modalities of its series.
 */
modality: string, 
/**
 * How urgent it is.
 */
priority: Priority, 
/**
 * Where it goes.
 */
destination: string, 
/**
 * Images.
 */
images: number, 
/**
 * Those of them that have left for good: stored, confirmed, or there before.
 */
images_done: number, 
/**
 * Bytes.
 */
bytes: number, 
/**
 * Bytes of those that are done.
 */
bytes_done: number, 
/**
 * Over the last seconds.
 */
bytes_per_second: number | null, 
/**
 * At this rate.
 */
seconds_left: number | null, 
/**
 * Where it stands.
 */
state: StudyState, 
/**
 * Why it waits or needs a person.
 */
failure: Failure | null, 
/**
 * The destination it waits for.
 */
waiting_for: string | null, 
/**
 * When it is tried again, in milliseconds since 1970.
 */
tries_again_at: number | null, 
/**
 * Images that need a person.
 */
failed: number, 
/**
 * Images that are proven to be in the archive.
 */
in_archive: number, 
/**
 * Images that a person took out.
 */
taken_out: number, 
/**
 * True once this computer has nothing of it any more.
 */
erased: boolean, 
/**
 * Its receipt, once everything on that came to its end.
 */
receipt: number | null, };

export type StudyState = "copying" | "asking" | "queued" | "sending" | "stored" | "waiting" | "paused" | "needs_person" | "confirmed" | "partly" | "cancelled";

export type QueueGroup = { 
/**
 * The reason.
 */
failure: Failure, 
/**
 * How they ended.
 */
outcome: Outcome, 
/**
 * How many.
 */
count: number, 
/**
 * The HTTP status of the answer.
 */
http_status: number | null, 
/**
 * Failure Reason (0008,1197) of the answer.
 */
dicom_reason: number | null, 
/**
 * At most 50 of them.
 */
images: Array<GroupImage>, 
/**
 * True where trying again makes sense.
 */
can_retry: boolean, };

export type GroupImage = { 
/**
 * (0020,0013)
 */
number: string, 
/**
 * (0020,0011)
 */
series: string, };

export type Done = { 
/**
 * Its import: one may end in several parts, each with a receipt of its own.
 */
import: number, 
/**
 * Its receipt.
 */
receipt: number, 
/**
 * Where it went.
 */
destination: string, 
/**
 * Images.
 */
images: number, 
/**
 * Those of them that are proven to be in the archive.
 */
in_archive: number, 
/**
 * Those of them that a person took out.
 */
cancelled: number, 
/**
 * Those of them that were there before.
 */
already_there: number, 
/**
 * Studies.
 */
studies: number, 
/**
 * Bytes.
 */
bytes: number, 
/**
 * From the click on Send to the last proof.
 */
seconds: number, 
/**
 * True where all images are in the archive, the disc's index lists no other, and no file needs a look.
 */
complete: boolean, 
/**
 * What is not there, by outcome and reason.
 */
not_there: Array<NotThere>, 
/**
 * Files that the disc's index lists and the disc lacks.
 */
listed_missing: number, 
/**
 * True where that index is damaged and could be read only in part.
 */
index_partly: boolean, 
/**
 * Skipped files that a person should look at.
 */
skipped_to_look_at: number, 
/**
 * The name of the source, where it has one.
 */
source: string | null, 
/**
 * The volume, where it is one that can be taken out.
 */
volume: string | null, 
/**
 * True where nothing more is read from the source, which is not to say that all of it is in the archive.
 */
disc_can_go: boolean, };

export type NotThere = { 
/**
 * How they ended.
 */
outcome: Outcome, 
/**
 * How many.
 */
count: number, 
/**
 * Why.
 */
code: Code | null, };

export type Page<T> = { 
/**
 * How many rows the whole list has.
 */
total: number, 
/**
 * The rows that were asked for.
 */
rows: Array<T>, };
