// Deutsch: die drei Sätze zu jedem Code. Was ist geschehen, ist etwas verloren, was ist jetzt zu tun.

import { keyed } from "./en-codes.js";

const KEPT = "Nichts ist verloren: Es wartet in der Warteschlange.";
const ON_SOURCE = "Nichts ist verloren: Das Bild ist noch auf der Quelle.";
const NOTHING = "Es wurde nichts gesendet oder geändert.";
const TRIES = "RelayPACS versucht es von selbst wieder; es ist nichts zu tun.";
const ASK = "Fragen Sie die Betreuer des PACS und nennen Sie ihnen den Code und die Nummern.";

/** @type {Record<string, [string, string, string]>} */
const SENTENCES = {
  refused_by_archive: ["Das PACS hat dieses Bild abgelehnt.", ON_SOURCE, ASK],
  not_understood: [
    "Das PACS konnte dieses Bild nicht lesen.",
    ON_SOURCE,
    "Sehen Sie es in einem Betrachter an; öffnet es sich, fragen Sie die Betreuer des PACS.",
  ],
  data_set_mismatch: [
    "Das PACS meldet, dass dieses Bild den Regeln seiner Art (SOP Class) nicht entspricht.",
    ON_SOURCE,
    "Bitten Sie dort, wo das Bild entstand, um eine korrekte Kopie, oder die Betreuer des PACS, es anzunehmen.",
  ],
  sop_class_not_supported: ["Das PACS nimmt diese Art von Objekt (SOP Class) nicht an.", ON_SOURCE, ASK],
  transfer_syntax_not_supported: [
    "Das PACS nimmt diese Art der Kompression (Transfer Syntax) nicht an.",
    ON_SOURCE,
    ASK,
  ],
  forbidden_by_policy: [
    "Eine Regel des PACS verbietet dieses Bild, oft wegen einer Patienten-ID, die nicht zusammenpasst.",
    ON_SOURCE,
    ASK,
  ],
  too_large_for_archive: [
    "Dieses eine Bild ist größer, als das PACS in einer Anfrage annimmt.",
    ON_SOURCE,
    "Bitten Sie die Betreuer des PACS oder des Proxys davor, die Grenze anzuheben; wiederholen Sie es dann.",
  ],
  dropped_by_archive: [
    "Das PACS hat gemeldet, dieses Bild gespeichert zu haben, führt es aber nicht.",
    ON_SOURCE,
    "Fragen Sie die Betreuer des PACS, ob ein Filter es verwirft; wiederholen Sie es dann.",
  ],
  differs_in_archive: [
    "Das PACS hat unter derselben Kennung (SOP Instance UID) ein anderes Bild.",
    "Nichts ist verloren: Beide sind unverändert, Ihres auf der Quelle, das andere im PACS.",
    "Vergleichen Sie beide; ein Mensch muss entscheiden, welches stimmt.",
  ],
  differs_in_source: [
    "Die Quelle hat unter derselben Kennung (SOP Instance UID) verschiedene Bilder.",
    "Nichts ist verloren: Keines davon wurde gesendet.",
    "Vergleichen Sie sie; ein Mensch muss entscheiden, welches stimmt.",
  ],
  not_comparable: [
    "Das PACS führt dieses Bild schon, gibt es aber nicht zum Vergleich heraus.",
    ON_SOURCE,
    "Vergleichen Sie das Bild im PACS mit dem auf der Quelle; ein Mensch muss entscheiden.",
  ],
  stored_with_warning: [
    "Das PACS hat dieses Bild gespeichert, aber etwas darin geändert oder weggelassen.",
    "Das Bild ist im PACS; das Original ist noch auf der Quelle.",
    "Sehen Sie das Bild im PACS an und fragen Sie dessen Betreuer, was geändert wurde.",
  ],

  source_not_found: [
    "An dieser Stelle ist nichts mehr.",
    NOTHING,
    "Prüfen Sie, ob CD oder Stick eingelegt ist, oder wählen Sie eine andere Stelle.",
  ],
  source_unreadable: [
    "Diese Stelle konnte nicht gelesen werden.",
    NOTHING,
    "Reinigen Sie die CD oder nehmen Sie ein anderes Laufwerk; prüfen Sie, ob Sie den Ordner öffnen dürfen.",
  ],
  source_gone: [
    "Die Quelle ist nicht mehr da.",
    KEPT,
    "Legen Sie CD oder Stick wieder ein oder bringen Sie den Ordner zurück; wiederholen Sie es dann.",
  ],
  source_changed: [
    "Die Datei ist nicht mehr die, die angesehen wurde.",
    "Nichts ist verloren: Die geänderte Datei gilt nicht als gesendet.",
    "Sehen Sie noch einmal in die Quelle hinein und senden Sie sie neu.",
  ],
  cannot_be_read: [
    "Dieses Bild ist nicht lesbar: Seine Stelle auf der CD ist beschädigt.",
    "Die anderen Bilder sind nicht betroffen; dieses eine ist nur auf der CD.",
    "Reinigen Sie die CD oder nehmen Sie ein anderes Laufwerk und wiederholen Sie es; oder bitten Sie um eine neue Kopie der CD.",
  ],
  copy_damaged: [
    "Die verschlüsselte Kopie dieses Bildes auf diesem Computer ist beschädigt, und die Quelle ist nicht da.",
    "Nichts ist verloren: Das Bild ist noch auf CD oder Stick und wartet in der Warteschlange.",
    "Legen Sie CD oder Stick wieder ein und wiederholen Sie es dann.",
  ],
  nothing_to_send: [
    "Hier ist kein Bild, das gesendet werden kann.",
    "Es wurde nichts gesendet; jede Datei ist mit ihrem Grund aufgeführt.",
    "Prüfen Sie, ob es die richtige CD oder der richtige Ordner ist, oder wählen Sie etwas anderes.",
  ],
  not_ejected: [
    "CD oder Stick ließ sich nicht auswerfen.",
    "Nichts ist verloren: Es ist alles, wie es war.",
    "Schließen Sie, was sie sonst noch benutzt, und werfen Sie noch einmal aus, oder nehmen Sie sie von Hand heraus.",
  ],
  still_needed: [
    "Von dieser CD oder diesem Stick muss noch gelesen werden.",
    "Nichts ist verloren: Sie wurde nicht ausgeworfen.",
    "Lassen Sie sie eingelegt, bis hier steht, dass sie heraus kann.",
  ],

  destination_unknown: [
    "Es gibt kein Ziel mit diesem Namen.",
    NOTHING,
    "Wählen Sie eines in den Einstellungen oder fügen Sie es hinzu.",
  ],
  destination_not_usable: [
    "Dieses Ziel kann so nicht verwendet werden.",
    NOTHING,
    "Berichtigen Sie Namen und Adresse und versuchen Sie es noch einmal.",
  ],
  destination_in_use: [
    "Dieses Ziel wird noch gebraucht: Studien aus der Warteschlange, oder gefundene und noch nicht entschiedene, sollen dorthin.",
    NOTHING,
    "Lassen Sie sie fertig werden, senden Sie sie an ein anderes Ziel oder brechen Sie sie ab; entfernen Sie es danach.",
  ],
  name_not_found: [
    "Der Name des PACS wurde im Netz nicht gefunden.",
    KEPT,
    "Prüfen Sie das Netz und die Schreibweise der Adresse; RelayPACS versucht es weiter.",
  ],
  unreachable: ["Das PACS antwortet unter dieser Adresse nicht.", KEPT, TRIES],
  tls_not_trusted: [
    "Dem Zertifikat des PACS wird nicht vertraut, deshalb wurde ihm nichts mitgeteilt.",
    KEPT,
    "Prüfen Sie die Adresse; bei einer eigenen Zertifizierungsstelle des Hauses wählen Sie deren Zertifikat in den Einstellungen.",
  ],
  tls_failed: ["Es kam keine sichere Verbindung zum PACS zustande.", KEPT, ASK],
  sign_in_needed: [
    "Das PACS nimmt die Anmeldung nicht an.",
    KEPT,
    "Melden Sie sich neu an; was wartet, geht dann von selbst weiter.",
  ],
  forbidden: ["Das PACS lässt diesen Benutzer keine Bilder speichern.", KEPT, ASK],
  no_store_here: [
    "Unter dieser Adresse antwortet etwas, aber es nimmt keine Bilder an.",
    KEPT,
    "Prüfen Sie die Adresse des DICOMweb-Dienstes bis zu ihrem Pfad.",
  ],
  redirected: [
    "Die Adresse verweist auf eine andere, und Bilder gehen nicht dorthin, wohin Sie sie nicht geschickt haben.",
    KEPT,
    "Ist die andere Adresse richtig, geben Sie diese ein.",
  ],
  archive_full: ["Das PACS hat keinen Platz mehr.", KEPT, ASK],
  archive_busy: ["Das PACS bittet zu warten.", KEPT, TRIES],
  archive_failed: ["Das PACS hatte selbst einen Fehler.", KEPT, TRIES],
  answer_not_understood: ["Die Antwort des PACS war nicht lesbar und beweist deshalb nichts.", KEPT, TRIES],
  connection_lost: ["Die Verbindung brach ab, bevor das PACS geantwortet hat.", KEPT, TRIES],
  stalled: ["Auf der Verbindung hat sich zu lange nichts bewegt.", KEPT, TRIES],
  cannot_confirm: [
    "Das PACS kann nicht gefragt werden, was es hat; deshalb lässt sich nichts bestätigen.",
    "Nichts ist verloren: Es bleibt in der Warteschlange und auf der Quelle.",
    ASK,
  ],
  credential_file: [
    "Eine Datei für die Verbindung, etwa ein Zertifikat, konnte nicht gelesen werden.",
    NOTHING,
    "Wählen Sie die Datei in den Einstellungen noch einmal.",
  ],

  queue_in_use: [
    "Ein anderes RelayPACS arbeitet an dieser Warteschlange.",
    NOTHING,
    "Lassen Sie es fertig werden oder schließen Sie es; versuchen Sie es dann noch einmal.",
  ],
  no_key: [
    "Es gibt keinen Schlüssel für die Warteschlange: Der Schlüsselspeicher des Systems hat ihn nicht herausgegeben.",
    NOTHING,
    "Entsperren Sie den Schlüsselspeicher des Systems und versuchen Sie es dann noch einmal.",
  ],
  wrong_key: [
    "Diese Passphrase öffnet die Warteschlange nicht.",
    NOTHING,
    "Geben Sie die Passphrase ein, mit der die Warteschlange angelegt wurde.",
  ],
  queue_damaged: [
    "Die Datenbank der Warteschlange ist beschädigt und wurde beiseitegelegt.",
    "Was bestätigt war, ist im PACS; die beschädigte Datei ist aufbewahrt.",
    "Senden Sie die Quelle noch einmal: Was schon da ist, wird nicht doppelt gesendet.",
  ],
  queue_salvaged: [
    "Die Datenbank der Warteschlange war beschädigt; alles, was darin wartete, wurde gelesen und geht in einer neuen weiter.",
    "Nichts ist verloren; die beschädigte Datei ist aufbewahrt.",
    "Für die Bilder ist nichts zu tun. Lassen Sie die Festplatte dieses Computers prüfen.",
  ],
  queue_partly_salvaged: [
    "Die Datenbank der Warteschlange war beschädigt; was davon lesbar war, geht in einer neuen weiter.",
    "Auf das, was nicht lesbar war, wird nicht mehr gewartet; die beschädigte Datei ist aufbewahrt.",
    "Senden Sie die Quelle noch einmal: Was schon da ist, wird nicht doppelt gesendet. Lassen Sie die Festplatte prüfen.",
  ],
  queue_too_new: [
    "Diese Warteschlange wurde von einem neueren RelayPACS angelegt.",
    "Nichts ist verloren: Die Warteschlange ist, wie sie war.",
    "Verwenden Sie das neuere Programm.",
  ],
  disk_full: [
    "Der Speicher dieses Computers ist voll.",
    "Nichts ist verloren: Was in der Warteschlange war, bleibt darin.",
    "Schaffen Sie Platz und wiederholen Sie es dann.",
  ],
  home_not_writable: [
    "RelayPACS kann in seinen eigenen Ordner nicht schreiben.",
    NOTHING,
    "Bitten Sie die Betreuer dieses Computers um Zugriff; versuchen Sie es dann noch einmal.",
  ],
  ledger_broken: [
    "Das Protokoll wurde von außen geändert oder ist beschädigt.",
    "Das PACS und die Warteschlange sind nicht betroffen.",
    "Lassen Sie die Datei, wie sie ist, und informieren Sie den Datenschutzbeauftragten.",
  ],
  receipt_not_saved: [
    "Der Beleg konnte an dieser Stelle nicht gespeichert werden.",
    "Nichts ist verloren: Was gesendet wurde, steht im Protokoll.",
    "Speichern Sie ihn in einem Ordner, in den Sie schreiben dürfen.",
  ],
  receipt_unknown: ["Es gibt keinen Beleg mit dieser Nummer.", NOTHING, "Suchen Sie den richtigen im Verlauf."],
  study_unknown: [
    "Diese Studie ist nicht mehr in der Warteschlange.",
    NOTHING,
    "Sehen Sie in der Warteschlange nach, was darin ist.",
  ],
  review_changed: [
    "Was angekreuzt war, gehört nicht zu dem, was jetzt gezeigt wird.",
    NOTHING,
    "Sehen Sie an, was gezeigt wird, kreuzen Sie an, was gesendet werden soll, und senden Sie noch einmal.",
  ],

  autostart_not_changed: [
    "Ob RelayPACS mit dem Computer startet, ließ sich nicht ändern.",
    "Nichts ist verloren: Es ist, wie es war.",
    "Ändern Sie es dort, wo der Computer seine Startprogramme führt, oder fragen Sie seine Betreuer.",
  ],
  stopped: [
    "Von Ihnen angehalten.",
    "Nichts ist verloren: Was nicht bestätigt ist, wartet in der Warteschlange.",
    "Machen Sie weiter, wann Sie möchten.",
  ],
  internal: [
    "RelayPACS hat einen Fehler gemacht.",
    "Was bestätigt war, ist im PACS; der Rest bleibt in der Warteschlange.",
    "Versuchen Sie es noch einmal; geschieht es wieder, kopieren Sie die Diagnose für Ihre Helfer.",
  ],
};

export default keyed(SENTENCES);
