// What the Rust side says to the window. Written to be generated from `src-tauri/src/view.rs`; names and absences (null)
// are as serde writes them.

export interface Failure { code: string; message: string; hint: string; detail?: string }
export type Priority = "routine" | "urgent" | "stat";
export type Outcome =
  | "confirmed" | "verified" | "committed" | "already_there" | "rejected" | "conflict" | "changed" | "source_gone"
  | "waiting" | "cancelled";
export type SkipReason =
  | "not_dicom" | "dicomdir" | "damaged" | "unreadable" | "empty" | "duplicate" | "conflict" | "no_uid"
  | "encrypted_archive" | "unsafe_archive" | "too_large" | "link";

export interface State {
  stage: "starting" | "locked" | "first_start" | "open" | "broken";
  failure: Failure | null;
  notice: Failure | null;
  platform: Platform;
  settings: Settings;
  destinations: Destination[];
  sign_in_kinds: SignInKind[];
  volumes: Volume[];
  recents: Recent[];
  looking: Looking | null;
  review: ReviewHead | null;
  queue: QueueHead;
  done: Done | null;
  practice: { running: boolean; sample: boolean };
  drop: "none" | "over";
  /** The person asked to quit while work is left: the window asks back. */
  quitting: boolean;
  /** Locked only: there is no queue yet, the passphrase is being chosen. */
  new_passphrase: boolean;
}
export interface Platform { os: string; version: string; touch: boolean; can_choose_folder: boolean; has_key_store: boolean }
export interface Settings {
  appearance: "system" | "dark" | "light" | "contrast";
  language: "system" | "en" | "de";
  names: "short" | "hidden";
  autostart: boolean;
  notifications: boolean;
  spool: "removable" | "always" | "never";
  standard_destination: string | null;
}
export interface Destination {
  id: number; name: string | null; url: string; sign_in: string; user: string | null; has_ca: boolean;
  read_back: "none" | "sample" | "every";
  standing: "ready" | "offline" | "needs_sign_in" | "trouble" | "unknown";
  failure: Failure | null; tries_again_at: number | null; waiting_studies: number; practice: boolean;
}
export interface SignInKind { kind: string; fields: { name: string; secret: boolean; required: boolean }[] }
export interface DestinationDraft {
  id: number | null; name: string; url: string; sign_in: { kind: string; values: Record<string, string> };
  ca: string | null; read_back: "none" | "sample" | "every";
}
export interface Checked {
  software: string | null; speaks: "dicomweb" | "orthanc_dicomweb" | "orthanc_rest";
  tls: "loopback" | "public" | "private_ca"; signed_in: boolean; can_store: boolean; can_confirm: boolean;
  can_compare: boolean; notes: string[];
}
export interface Volume {
  id: string; label: string; kind: "optical" | "stick" | "disk"; read_only: boolean; bytes: number | null;
  hint: "dicomdir" | "dicom" | "unknown"; can_eject: boolean; in_use: boolean;
}
export interface Recent { id: string; name: string; at: number }
export interface Looking {
  name: string; files: number; images: number; studies: number; patients: number; skipped: number; seconds: number;
}
export interface ReviewHead {
  revision: number; name: string; source: "optical" | "stick" | "folder" | "files" | "archive"; volume: string | null;
  files: number; seconds: number; patients: number; studies: number; series: number; images: number; bytes: number;
  skipped: Partial<Record<SkipReason, number>>; listed_missing: number; unlisted: number; destination: string | null;
  will_spool: boolean; bytes_per_second: number | null; read_bytes_per_second: number | null;
}
export interface ReviewStudy {
  id: number; patient: Patient; modalities: string[]; description: string; date: string; time: string;
  institution: string; accession: string; series: number; images: number; bytes: number; picture: string | null;
  warnings: Warning[]; same_patient_as_previous: boolean;
}
export interface Patient { name: string; id: string; issuer: string; birth_date: string; sex: string; key: string }
export interface Warning {
  kind:
    | "already_there" | "partly_there" | "other_bytes_there" | "damaged" | "unreadable" | "duplicate" | "conflict"
    | "not_in_index" | "missing_from_disc" | "mixed_identity" | "no_patient_id" | "queued_already";
  count: number; of: number | null; text: string | null;
}
export interface ReviewSeries {
  uid: string; number: string; modality: string; description: string; images: number; bytes: number;
  picture: string | null; warnings: Warning[];
}
export interface ReviewImage {
  picture: string; number: string; frames: number; bytes: number;
  kind: "image" | "report" | "document" | "waveform" | "other"; warning: Warning | null;
}
export interface Picture {
  frames: number; rows: number; columns: number; modality: string; center: number | null; width: number | null;
  unit: string | null; placeholder: { code: string } | null; lines: { tag: string; name: string; value: string }[];
}
export interface Skipped { path: string; reason: SkipReason; detail: string; bytes: number }
export interface Page<Row> { total: number; rows: Row[] }
export interface QueueHead {
  revision: number; studies: number; images: number; bytes: number; bytes_left: number; bytes_per_second: number | null;
  seconds_left: number | null; paused: boolean; sending: boolean; needs_person: number; source_free: SourceFree | null;
}
export interface SourceFree { name: string; free: boolean; copied: number; of: number; volume: string | null }
export interface QueueStudy {
  id: number; name: string; description: string; modality: string; priority: Priority; destination: string;
  images: number; images_done: number; bytes: number; bytes_done: number; bytes_per_second: number | null;
  seconds_left: number | null;
  state:
    | "copying" | "asking" | "queued" | "sending" | "stored" | "waiting" | "paused" | "needs_person" | "confirmed"
    | "cancelled";
  failure: Failure | null; waiting_for: string | null; tries_again_at: number | null; failed: number;
  in_archive: number; receipt: number | null;
}
export interface QueueGroup {
  failure: Failure; outcome: Outcome; count: number; http_status: number | null; dicom_reason: number | null;
  images: { number: string; series: string }[]; can_retry: boolean;
}
export interface Done {
  receipt: number; destination: string; images: number; in_archive: number; already_there: number; studies: number;
  bytes: number; seconds: number; complete: boolean; not_there: { outcome: Outcome; count: number; code: string | null }[];
  listed_missing: number; skipped_to_look_at: number; source: string; volume: string | null; disc_can_go: boolean;
}
