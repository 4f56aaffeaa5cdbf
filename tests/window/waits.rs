//! An archive that is away, or fails over one study: what waits says so, and what a person does with it meanwhile is seen at
//! once.

use crate::driver::Window;
use relaypacs_practice_pacs::Kind::Search;
use relaypacs_practice_pacs::{Fault, Faults, Options, PracticePacs, Which};
use relaypacs_tests::fixture::{Instance, Kind, write_series};
use relaypacs_tests::orthanc::dead_port;

#[test]
fn what_is_wished_for_a_study_that_waits_is_shown_though_nothing_else_happens() {
    let folder = tempfile::tempdir().unwrap();
    write_series(folder.path(), 3, 20_000, &Instance::new(Kind::Ct).seed(5)).unwrap();
    let mut window = Window::open().unwrap();
    let nowhere = format!("http://127.0.0.1:{}/dicom-web", dead_port().unwrap());
    window.sends_to(&nowhere).unwrap();
    window.looks_inside(folder.path()).unwrap();
    window.press("review_send").unwrap();
    window.screen_is("queue").unwrap();
    let states = |window: &mut Window, state: &str, many: u64| {
        let selector = format!("article [data-state={state}]");
        window.until(state, |window| Ok(window.count(&selector)? == many)).unwrap();
    };
    states(&mut window, "waiting", 1);

    window.press("queue_details").unwrap();
    window.press_in("dialog", "study_priority_stat").unwrap();
    window.until("its new urgency", |window| Ok(window.count("article .chip")? == 1)).unwrap();
    window.press_in("dialog", "queue_pause").unwrap();
    states(&mut window, "paused", 1);
    window.photograph("queue-one-paused").unwrap();
    window.press_in("dialog", "queue_resume").unwrap();
    states(&mut window, "waiting", 1);
    window.press_in("dialog", "close").unwrap();

    // Whoever quits with work left is asked, though nothing goes out.
    window.hands().unwrap().close().unwrap();
    window.until("the question", |window| Ok(window.count("[data-dialog=quit]")? == 1)).unwrap();
    window.press("quit_stay").unwrap();
    window.until("no question", |window| Ok(window.count("[data-dialog=quit]")? == 0)).unwrap();
}

#[test]
fn a_study_that_the_archive_fails_over_says_so_beside_one_that_went_and_goes_when_it_is_tried() {
    let (folder, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let of = |study: u32| Instance::new(Kind::Ct).seed(6).study(study);
    for study in [1, 2] {
        let place = folder.path().join(study.to_string());
        write_series(&place, 3, 20_000, &of(study)).unwrap();
    }
    let archive = PracticePacs::start(Options::in_folder(store.path())).unwrap();
    let over = Fault::FailsOver { study: of(1).study_uid(), code: 500 };
    let mut window = Window::open().unwrap();
    window.sends_to(&archive.root()).unwrap();
    archive.set_faults(Faults::default().with(Search, Which::All, over));
    window.looks_inside(folder.path()).unwrap();
    // Both are of one patient, and ticked.
    window.press("review_send").unwrap();
    window.screen_is("queue").unwrap();
    let waits = "[data-state=waiting]";
    let one_waits = |window: &mut Window| {
        Ok(window.count(waits)? == 1 && window.count("[data-state=confirmed]")? == 1)
    };
    window.until("one to wait and the other to be there", one_waits).unwrap();
    window.says("The PACS had a fault of its own.").unwrap();
    // Where we stand with the archive itself.
    window.says("Main PACS ready").unwrap();
    window.photograph("queue-one-left-alone").unwrap();
    assert_eq!(archive.stored(), 3);

    archive.set_faults(Faults::default());
    window.press_in(&format!("article:has({waits})"), "queue_details").unwrap();
    window.press_in("dialog", "remedy_try_now").unwrap();
    window.says("All 6 images are in Main PACS.").unwrap();
    assert_eq!(archive.stored(), 6);
}
