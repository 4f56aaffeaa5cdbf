//! From nothing to "all images are in the PACS", with the practice archive and the sample disc: what a newcomer does.

use crate::driver::Window;
use std::fs;

#[test]
fn a_newcomer_gets_from_nothing_to_a_receipt_with_the_practice_archive() {
    let mut window = Window::open().unwrap();
    window.screen_is("first_start").unwrap();
    window.press("practice_start").unwrap();
    window.press("practice_look").unwrap();
    window.screen_is("review").unwrap();
    window.until("pictures", |window| Ok(window.count("img")? > 0)).unwrap();
    window.says("Nowhere General").unwrap();
    window.photograph("review").unwrap();
    // Three patients are on the disc: nothing is ticked for anybody.
    assert_eq!(window.count("[data-do=tick]:checked").unwrap(), 0);
    window.press("tick_all").unwrap();
    window.press("review_send").unwrap();
    window.screen_is("done").unwrap();
    window.photograph("done").unwrap();
    window.says("All 62 images are in Practice PACS.").unwrap();
    window.says("is not needed any more.").unwrap();
    let receipt = window.home().join("receipt.txt");
    window.dialog_gives(&receipt).unwrap();
    window.press("receipt_save").unwrap();
    let said = || fs::read_to_string(&receipt).unwrap_or_default();
    let whole = "All 62 images are in Practice PACS";
    window.until("the receipt", |_| Ok(said().contains(whole))).unwrap();
    window.press("done_put_away").unwrap();
    for place in ["history", "overview", "settings", "queue", "send"] {
        window.go(place).unwrap();
        window.photograph(&format!("after-{place}")).unwrap();
    }
    window.go("history").unwrap();
    window.says("Practice PACS").unwrap();
}

#[test]
fn the_practice_archive_runs_again_at_the_next_start() {
    let mut window = Window::open().unwrap();
    window.practises().unwrap();
    window.kill().unwrap();
    window.start().unwrap();
    window.screen_is("send").unwrap();
    // It is asked whether it is there before anybody wants to send.
    window.says("Practice PACS ready").unwrap();
    // The sample disc goes through the archive that runs again, perhaps at another port.
    window.call("practice_look", serde_json::json!({})).unwrap();
    window.screen_is("review").unwrap();
    window.press("tick_all").unwrap();
    window.press("review_send").unwrap();
    window.screen_is("done").unwrap();
}
