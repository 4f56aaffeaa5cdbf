//! The access control list as the build made it from the capabilities, asked through the real context.

use super::{app, window};
use serde_json::{Value, json};
use tauri::WebviewWindow;
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response};
use tauri::webview::InvokeRequest;

pub(super) fn ask(
    window: &WebviewWindow<MockRuntime>,
    command: &str,
    arguments: Value,
) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.into(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::Json(arguments),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_string(),
    };
    get_ipc_response(window, request).map(|body| body.deserialize().unwrap())
}

fn is_forbidden(answer: &Result<Value, Value>) -> bool {
    answer
        .as_ref()
        .is_err_and(|refused| refused.as_str().is_some_and(|text| text.contains("not allowed")))
}

#[test]
fn the_page_may_select_and_nothing_else_of_any_plugin() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path());
    let main = window(&app, "main");
    let select = json!({ "db": "sqlite:ledger", "query": "SELECT 1", "values": [] });
    let answer = ask(&main, "plugin:sql|select", select);
    assert!(answer.is_err() && !is_forbidden(&answer), "the ledger is not open yet: {answer:?}");
    for (command, arguments) in [
        ("plugin:sql|load", json!({ "db": "sqlite:x.db" })),
        ("plugin:sql|execute", json!({ "db": "sqlite:ledger", "query": "SELECT 1", "values": [] })),
        ("plugin:sql|close", json!({ "db": null })),
        ("plugin:fs|read_file", json!({ "path": "/etc/hostname" })),
        ("plugin:fs|write_text_file", json!({})),
        ("plugin:dialog|open", json!({ "options": {} })),
        ("plugin:dialog|save", json!({ "options": {} })),
        ("plugin:opener|open_url", json!({ "url": "https://example.org" })),
        ("plugin:notification|notify", json!({ "options": {} })),
        ("plugin:os|hostname", json!({})),
        ("plugin:event|listen", json!({ "event": "x", "target": { "kind": "Any" }, "handler": 1 })),
        ("plugin:window|close", json!({ "label": "main" })),
        ("plugin:app|version", json!({})),
    ] {
        let answer = ask(&main, command, arguments);
        assert!(is_forbidden(&answer), "{command}: {answer:?}");
    }
}

#[test]
fn the_page_asks_its_own_questions_of_the_ledger_and_no_others() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path());
    let main = window(&app, "main");
    let passphrase = relaypacs_model::Secret::new("a passphrase for a test");
    let opened = tauri::async_runtime::block_on(async {
        let home = relaypacs_relay::Home::open(home.path()).unwrap();
        let key = relaypacs_relay::KeySource::Passphrase(passphrase);
        let relay = relaypacs_relay::Relay::open(&home, &key).await.unwrap();
        crate::sql::publish(app.handle(), &home.ledger()).await.unwrap();
        relay
    });
    let select = |query: &str| {
        let arguments = json!({ "db": "sqlite:ledger", "query": query, "values": [] });
        ask(&main, "plugin:sql|select", arguments)
    };
    assert_eq!(select("SELECT max(at) AS at FROM view_sent"), Ok(json!([{ "at": null }])));
    for query in [
        "WITH view_history AS (SELECT at FROM event) SELECT * FROM view_history",
        "SELECT * FROM view_history",
        "SELECT max(at) AS at FROM view_sent ",
        "SELECT max(at) AS at FROM view_sent; SELECT 1",
        "SELECT 1",
        "",
    ] {
        let refused = json!("this is none of the window's questions");
        assert_eq!(select(query), Err(refused), "{query}");
    }
    let without = ask(&main, "plugin:sql|select", json!({ "db": "sqlite:ledger", "values": [] }));
    assert!(without.is_err());
    drop(opened);
}

#[test]
fn our_own_commands_are_for_the_one_window() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path());
    let (main, other) = (window(&app, "main"), window(&app, "other"));
    assert_eq!(ask(&main, "quit_stay", json!({})), Ok(Value::Null));
    assert!(is_forbidden(&ask(&other, "quit_stay", json!({}))));
    assert!(is_forbidden(&ask(&main, "no_such_command", json!({}))));
}

#[test]
fn a_refusal_is_a_code_with_words() {
    let home = tempfile::tempdir().unwrap();
    let app = app(home.path());
    let main = window(&app, "main");
    let refused = ask(&main, "review_studies", json!({ "offset": 0, "limit": 10 })).unwrap_err();
    assert_eq!(refused["code"], "study_unknown");
    assert!(refused["message"].as_str().is_some_and(|text| text.ends_with('.')), "{refused}");
    assert!(refused["hint"].is_string());
}
