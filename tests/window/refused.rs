//! An image that the archive refuses: explained, tried again, and then all of it is there.

use crate::driver::Window;
use relaypacs_practice_pacs::{Faults, Options, PracticePacs};
use relaypacs_tests::fixture::{Instance, Kind, write_series};

#[test]
fn a_refused_image_is_explained_and_goes_when_it_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (disc, store) = (folder.path().join("disc"), folder.path().join("store"));
    write_series(&disc, 8, 20_000, &Instance::new(Kind::Ct).seed(3)).unwrap();
    let archive = PracticePacs::start(Options::in_folder(store)).unwrap();
    let refuses = "[[rule]]\non = \"store\"\ndo = { reason = { code = 290, parts = [2] } }\n";
    archive.set_faults(Faults::parse(refuses).unwrap());
    let mut window = Window::open().unwrap();
    window.sends_to(&archive.root()).unwrap();
    window.looks_inside(&disc).unwrap();
    window.press("review_send").unwrap();
    // The end of the send says that something is missing; the queue says what.
    window.screen_is("done").unwrap();
    window.photograph("done-refused").unwrap();
    window.press("done_put_away").unwrap();
    window.go("queue").unwrap();
    window
        .until("who needs a person", |window| Ok(window.count("[data-state=needs_person]")? == 1))
        .unwrap();
    window.press("queue_details").unwrap();
    window.says("0122").unwrap();
    window.photograph("queue-refused").unwrap();
    archive.set_faults(Faults::default());
    window.press_in("[role=dialog], dialog", "queue_retry").unwrap();
    window.until("all of it to be there", |_| Ok(archive.counts().stored == 8)).unwrap();
}
