//! A disc of two patients goes to Orthanc: looked into, ticked, previewed, sent, paused, resumed, killed, gone on with,
//! while the archive comes and goes.

use crate::driver::{LIMIT, Window};
use relaypacs_tests::fixture::{Instance, Kind, Person, Script, write_series};
use relaypacs_tests::gate::Gate;
use relaypacs_tests::orthanc::{Orthanc, Setup, dead_port};
use serde_json::json;
use std::path::Path;

const IMAGES: u32 = 60;

/// Two patients, one study each.
fn disc(folder: &Path) {
    for (number, script) in [(1, Script::Latin1), (2, Script::Utf8)] {
        let person = Person::new(script, number);
        let first = Instance::new(Kind::Ct).seed(7).person(&person).study(number);
        write_series(&folder.join(format!("P{number}")), IMAGES, 60_000, &first).unwrap();
    }
}

/// Fills in the form of the first start.
fn first_destination(window: &mut Window, root: &str) {
    window.press("first_address").unwrap();
    window.type_into("draft_name", "Main PACS").unwrap();
    window.type_into("draft_url", root).unwrap();
    window.press("destination_check").unwrap();
    window.until("what the check found", |window| Ok(window.count("ul.checks li")? > 3)).unwrap();
    window.photograph("destination-checked").unwrap();
    window.press("destination_save").unwrap();
    window.press("first_end").unwrap();
    window.screen_is("send").unwrap();
}

fn look_inside(window: &mut Window, folder: &Path) {
    window.dialog_gives(folder).unwrap();
    window.press("choose_folder").unwrap();
    window.screen_is("review").unwrap();
    window.until("both studies", |window| Ok(window.count("[data-do=tick]")? == 2)).unwrap();
}

#[test]
fn a_disc_of_two_patients_is_sent_through_pauses_a_kill_and_an_archive_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    disc(folder.path());
    // It comes back at the same port.
    let port = Some(dead_port().unwrap());
    let mut orthanc = Orthanc::with(Setup { port, ..Setup::default() }).unwrap();
    let gate = Gate::before(orthanc.port()).unwrap();
    let root = format!("http://127.0.0.1:{}/dicom-web", gate.port());
    let mut window = Window::open().unwrap();
    first_destination(&mut window, &root);
    look_inside(&mut window, folder.path());
    assert_eq!(
        window.count("[data-do=tick]:checked").unwrap(),
        0,
        "two patients, nothing is ticked"
    );
    window.press("tick").unwrap();
    window.photograph("review-two-patients").unwrap();
    // While the gate is shut the first batch hangs in the air.
    gate.shut();
    window.press("review_send").unwrap();
    gate.wait_until_held(LIMIT).unwrap();
    window.go("queue").unwrap();
    window.press("queue_pause_all").unwrap();
    window.until("paused", |window| Ok(window.count("[data-state=paused]")? == 1)).unwrap();
    window.photograph("queue-paused").unwrap();
    window.press("queue_resume_all").unwrap();
    window.until("resumed", |window| Ok(window.count("[data-state=paused]")? == 0)).unwrap();
    // The power goes while images are on their way.
    window.kill().unwrap();
    orthanc.restart().unwrap();
    gate.open();
    window.start().unwrap();
    window
        .until("all of the one study to be there", |_| Ok(orthanc.count()? == u64::from(IMAGES)))
        .unwrap();
    window.screen_is("done").unwrap();
    window.photograph("done-after-kill").unwrap();
    window.press("done_put_away").unwrap();

    // The archive is away; the other patient's study waits and goes on by itself.
    look_inside(&mut window, folder.path());
    window.press("tick_all").unwrap();
    gate.shut();
    window.press("review_send").unwrap();
    gate.wait_until_held(LIMIT).unwrap();
    orthanc.restart().unwrap();
    gate.open();
    window
        .until("both studies to be there", |_| Ok(orthanc.count()? == u64::from(2 * IMAGES)))
        .unwrap();
    window.screen_is("done").unwrap();
    window.press("done_put_away").unwrap();
    window.go("history").unwrap();
    window
        .until("what was sent", |window| Ok(window.count("[data-do=sent_details]")? > 0))
        .unwrap();
    window.photograph("history").unwrap();
    window.go("overview").unwrap();
    window.photograph("overview").unwrap();
}

#[test]
fn the_viewer_opens_from_the_picture_of_a_study_and_shows_all_of_its_images() {
    let folder = tempfile::tempdir().unwrap();
    disc(folder.path());
    let mut window = Window::open().unwrap();
    window.practises().unwrap();
    window.looks_inside(folder.path()).unwrap();
    window.press_in(".studies", "view").unwrap();
    let shown = "const one = document.querySelector('.glass img'); \
         return Boolean(one && one.complete && one.naturalWidth > 0)";
    window
        .until("a picture in the viewer", |window| Ok(window.run(shown, json!([]))? == json!(true)))
        .unwrap();
    let last = "return Number(document.querySelector('[data-do=view_image]').max)";
    assert_eq!(window.run(last, json!([])).unwrap(), json!(IMAGES - 1));
    assert_eq!(window.count(".stage .instead").unwrap(), 0, "nothing stands in its place");
    window.photograph("viewer").unwrap();
    window.press_in("dialog", "close").unwrap();
    window.until("the viewer to close", |window| Ok(window.count("dialog")? == 0)).unwrap();
}

#[test]
fn pictures_are_shown_before_anything_is_sent_and_their_addresses_end_with_the_review() {
    let folder = tempfile::tempdir().unwrap();
    disc(folder.path());
    let orthanc = Orthanc::start().unwrap();
    let mut window = Window::open().unwrap();
    first_destination(&mut window, &orthanc.root());
    look_inside(&mut window, folder.path());
    let shown = "return [...document.querySelectorAll('img')].filter((one) => one.complete && one.naturalWidth > 0)\
         .map((one) => one.src)";
    window
        .until("a picture of each study", |window| {
            Ok(window.run(shown, json!([]))?.as_array().is_some_and(|all| all.len() >= 2))
        })
        .unwrap();
    let address = window.run(shown, json!([])).unwrap()[0].as_str().unwrap().to_owned();
    window.press("review_discard").unwrap();
    window.screen_is("send").unwrap();
    let again = "const one = new Image(); window.__again = 'waits'; one.onload = () => { window.__again = 'shown'; }; \
         one.onerror = () => { window.__again = 'gone'; }; one.src = arguments[0].replace('edge=', 'edge=1'); return true";
    window.run(again, json!([address])).unwrap();
    window
        .until("the address to be of no use", |window| {
            let state = window.run("return window.__again", json!([]))?;
            assert_ne!(state, "shown", "a picture outlived its review");
            Ok(state == "gone")
        })
        .unwrap();
    assert_eq!(orthanc.count().unwrap(), 0, "nothing was sent");
}
