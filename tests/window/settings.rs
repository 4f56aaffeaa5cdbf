//! Settings, by its own controls: how it looks, speaks and shows names, and where to; and all of it at the next start.

use crate::driver::Window;
use relaypacs_tests::orthanc::Orthanc;
use serde_json::json;

const NAMES: &str =
    "return [...document.querySelectorAll('article.card h3')].map((one) => one.textContent)";

fn type_draft(window: &mut Window, name: &str, root: &str) {
    window.type_into("draft_name", name).unwrap();
    window.type_into("draft_url", root).unwrap();
    window.press_in("[role=dialog], dialog", "destination_save").unwrap();
}

fn names_are(window: &mut Window, wanted: &[&str]) {
    let wanted = json!(wanted);
    window.until("the destinations", |window| Ok(window.run(NAMES, json!([]))? == wanted)).unwrap();
}

#[test]
fn how_it_looks_and_speaks_is_chosen_at_once_and_kept() {
    let mut window = Window::open().unwrap();
    window.practises().unwrap();
    window.go("settings").unwrap();
    // One right after the other: none takes another back.
    for choice in ["appearance_light", "names_hidden", "spool_never", "language_de"] {
        window.press(choice).unwrap();
    }
    let page = "return [document.documentElement.lang, document.documentElement.dataset.theme]";
    let is_so = |window: &mut Window| Ok(window.run(page, json!([]))? == json!(["de", "light"]));
    window.until("German and light", is_so).unwrap();
    window.photograph("settings-light-german").unwrap();
    window.kill().unwrap();
    window.start().unwrap();
    window.screen_is("send").unwrap();
    window.until("German and light again", is_so).unwrap();
    window.go("settings").unwrap();
    for choice in ["names_hidden", "spool_never"] {
        assert_eq!(window.count(&format!("[data-do={choice}]:checked")).unwrap(), 1, "{choice}");
    }
}

#[test]
fn a_destination_is_added_renamed_and_forgotten_and_never_takes_the_place_of_another() {
    let orthanc = Orthanc::start().unwrap();
    let mut window = Window::open().unwrap();
    window.practises().unwrap();
    window.go("settings").unwrap();
    window.press("destination_new").unwrap();
    type_draft(&mut window, "Practice PACS", &orthanc.root());
    window
        .until("the refusal", |window| Ok(window.text("body")?.contains("destination_not_usable")))
        .unwrap();
    window.photograph("settings-name-taken").unwrap();
    names_are(&mut window, &["Practice PACS"]);
    type_draft(&mut window, "Main PACS", &orthanc.root());
    // By name.
    names_are(&mut window, &["Main PACS", "Practice PACS"]);
    window.press_in("article.card:nth-of-type(1)", "destination_edit").unwrap();
    type_draft(&mut window, "Ward", &orthanc.root());
    names_are(&mut window, &["Practice PACS", "Ward"]);
    window.press_in("article.card:nth-of-type(2)", "destination_forget").unwrap();
    window.press("forget_confirm").unwrap();
    names_are(&mut window, &["Practice PACS"]);
}
