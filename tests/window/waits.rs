//! An archive that is away: what a person does with a study meanwhile is seen at once, though nothing moves.

use crate::driver::Window;
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
