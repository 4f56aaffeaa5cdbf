//! How it starts and ends: with a passphrase, for the second time, and by being told to while it sends.

use crate::driver::{LIMIT, Window};
use relaypacs_practice_pacs::{Options, PracticePacs, Running};
use relaypacs_tests::fixture::{Instance, Kind, write_series};
use relaypacs_tests::gate::Gate;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const IMAGES: u32 = 12;

/// A disc of one study, and an archive that has nothing yet.
struct Place {
    disc: PathBuf,
    archive: Running,
    _folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (disc, store) = (folder.path().join("disc"), folder.path().join("store"));
        write_series(&disc, IMAGES, 20_000, &Instance::new(Kind::Ct).seed(9)).unwrap();
        let archive = PracticePacs::start(Options::in_folder(store)).unwrap();
        Self { disc, archive, _folder: folder }
    }
}

#[test]
fn without_a_key_store_a_new_passphrase_is_asked_for_twice_and_only_that_one_opens_it_again() {
    let mut window = Window::open_locked().unwrap();
    window.screen_is("locked").unwrap();
    window.photograph("locked-new").unwrap();
    window.type_into("passphrase_once", "three grey mice").unwrap();
    window.type_into("passphrase_again", "three grey mise").unwrap();
    let disabled = "[data-do=unlock][aria-disabled=true]";
    window
        .until("two that differ not to be taken", |window| Ok(window.count(disabled)? == 1))
        .unwrap();
    window.type_into("passphrase_again", "three grey mice").unwrap();
    window.press("unlock").unwrap();
    window.screen_is("first_start").unwrap();
    window.kill().unwrap();

    window.start().unwrap();
    window.screen_is("locked").unwrap();
    assert_eq!(window.count("[data-do=passphrase_again]").unwrap(), 0, "it is not a new one");
    window.type_into("passphrase_once", "four grey mice").unwrap();
    window.press("unlock").unwrap();
    window.until("the refusal", |window| Ok(window.text("main")?.contains("wrong_key"))).unwrap();
    window.photograph("locked-refused").unwrap();
    window.type_into("passphrase_once", "three grey mice").unwrap();
    window.press("unlock").unwrap();
    window.screen_is("first_start").unwrap();
}

#[test]
fn what_a_disc_lacked_is_told_after_its_end_was_read_and_the_program_started_anew() {
    let place = Place::new();
    let mut window = Window::open().unwrap();
    window.sends_to(&place.archive.root()).unwrap();
    // One image more, of which only the beginning could be copied.
    let whole = Instance::new(Kind::Ct).seed(9).number(77, 77).bytes();
    fs::write(place.disc.join("TORN"), &whole[..200]).unwrap();
    window.looks_inside(&place.disc).unwrap();
    window.press("review_send").unwrap();
    window.screen_is("done").unwrap();
    window.says("1 file could not be used").unwrap();
    window.press("done_put_away").unwrap();
    window.kill().unwrap();

    window.start().unwrap();
    window.screen_is("send").unwrap();
    window.go("history").unwrap();
    window.says("All that was found").unwrap();
    window.press("sent_details").unwrap();
    window.says("1 file could not be used").unwrap();
    window.photograph("history-of-a-torn-disc").unwrap();
}

#[test]
fn a_second_start_hands_over_what_it_was_given_and_ends() {
    let place = Place::new();
    let mut window = Window::open().unwrap();
    window.sends_to(&place.archive.root()).unwrap();
    let before = window.processes().unwrap();
    assert!(window.start_again_with(&place.disc).unwrap().success());
    window.screen_is("review").unwrap();
    window.until("its study", |window| Ok(window.count("[data-do=tick]")? == 1)).unwrap();
    let first = before.first().unwrap();
    assert!(window.processes().unwrap().contains(first), "the first one shows it");
}

#[test]
fn told_to_end_while_it_sends_it_closes_its_books_and_the_next_start_goes_on() {
    let place = Place::new();
    let gate = Gate::before(place.archive.addr().port()).unwrap();
    let mut window = Window::open().unwrap();
    window.sends_to(&format!("http://127.0.0.1:{}/dicom-web", gate.port())).unwrap();
    window.looks_inside(&place.disc).unwrap();
    gate.shut();
    window.press("review_send").unwrap();
    gate.wait_until_held(LIMIT).unwrap();
    window.end().unwrap();
    // SQLite takes its log away when the last connection is closed, and only then.
    for book in ["queue.db", "ledger.db"] {
        assert!(window.home().join(book).is_file(), "{book}");
        assert!(!window.home().join(format!("{book}-wal")).exists(), "{book} was left open");
    }
    gate.open();
    window.start().unwrap();
    window.screen_is("done").unwrap();
    assert_eq!(place.archive.counts().stored, u64::from(IMAGES));
}
