//! What the web view may not do, tried from inside it: commands that it has no right to, statements that the ledger's
//! connection does not take, and files that must not be left behind.

use crate::driver::Window;
use serde_json::{Value, json};

fn select(window: &mut Window, query: &str) -> Value {
    let arguments = json!({ "db": "sqlite:ledger", "query": query, "values": [] });
    window.call("plugin:sql|select", arguments).unwrap()
}

#[test]
fn the_page_asks_its_own_questions_of_the_ledger_and_nothing_else() {
    let mut window = Window::open().unwrap();
    let copy = window.home().join("copy.db").display().to_string();
    let queue = window.home().join("queue.db").display().to_string();
    // One of its own questions, word for word.
    let question = "SELECT max(at) AS at FROM view_sent";
    let answered = select(&mut window, question);
    assert_eq!(answered["value"], json!([{ "at": null }]), "{answered}");
    for query in [
        format!("ATTACH '{queue}' AS other"),
        format!("VACUUM INTO '{copy}'"),
        "PRAGMA query_only = 0".to_owned(),
        "PRAGMA table_info(event)".to_owned(),
        "DELETE FROM event RETURNING *".to_owned(),
        "INSERT INTO event (at) VALUES (1)".to_owned(),
        "SELECT * FROM event".to_owned(),
        "SELECT * FROM sqlite_master".to_owned(),
        "SELECT * FROM view_history".to_owned(),
        "WITH view_history AS (SELECT * FROM event) SELECT * FROM view_history".to_owned(),
        "WITH view_history AS (SELECT at FROM event) SELECT * FROM view_history".to_owned(),
        "WITH RECURSIVE view_line AS (SELECT * FROM line) SELECT * FROM view_line".to_owned(),
        "SELECT * FROM (WITH view_line AS (SELECT content FROM line) SELECT * FROM view_line)"
            .to_owned(),
        "WITH \"view_history\" AS (SELECT mac FROM seal) SELECT * FROM [view_history]".to_owned(),
        "with View_History as (select * from Event) select * from VIEW_HISTORY".to_owned(),
        "CREATE TEMP VIEW view_history AS SELECT * FROM event".to_owned(),
        format!("{question}; DELETE FROM event"),
    ] {
        let answer = select(&mut window, &query);
        assert!(!answer["refused"].is_null(), "{query} was let through: {answer}");
    }
    assert!(!window.home().join("copy.db").exists());
    for (command, arguments) in [
        ("plugin:sql|load", json!({ "db": format!("sqlite:{queue}") })),
        (
            "plugin:sql|execute",
            json!({ "db": "sqlite:ledger", "query": "DELETE FROM event", "values": [] }),
        ),
        ("plugin:sql|close", json!({ "db": "sqlite:ledger" })),
        (
            "plugin:sql|select",
            json!({ "db": format!("sqlite:{queue}"), "query": "SELECT 1", "values": [] }),
        ),
    ] {
        let answer = window.call(command, arguments).unwrap();
        assert!(!answer["refused"].is_null(), "{command} was let through: {answer}");
    }
    let answered = select(&mut window, question);
    assert_eq!(answered["value"], json!([{ "at": null }]), "and it still works");
}

#[test]
fn the_page_has_no_right_to_files_dialogs_programs_or_the_network() {
    let mut window = Window::open().unwrap();
    for (command, arguments) in [
        ("plugin:fs|read_text_file", json!({ "path": "/etc/hostname" })),
        ("plugin:fs|exists", json!({ "path": "/etc/hostname" })),
        ("plugin:dialog|open", json!({ "options": {} })),
        ("plugin:opener|open_path", json!({ "path": "/etc/hostname" })),
        ("plugin:opener|open_url", json!({ "url": "https://example.org" })),
        ("plugin:os|hostname", json!({})),
        ("plugin:notification|notify", json!({ "options": { "title": "x" } })),
        ("plugin:autostart|enable", json!({})),
        ("plugin:window-state|save_window_state", json!({ "flags": 1 })),
        (
            "plugin:event|listen",
            json!({ "event": "tauri://drag-drop", "target": { "kind": "Any" }, "handler": 1 }),
        ),
        (
            "plugin:webview|create_webview_window",
            json!({ "options": { "label": "x", "url": "https://example.org" } }),
        ),
    ] {
        let answer = window.call(command, arguments).unwrap();
        let refused = answer["refused"].as_str().unwrap_or_default();
        assert!(refused.contains("not allowed"), "{command}: {answer}");
    }
    let reaches = "try { const one = new XMLHttpRequest(); one.open('GET', arguments[0], false); one.send(); \
         return one.status; } catch (error) { return 'refused'; }";
    assert_eq!(window.run(reaches, json!(["http://127.0.0.1:9/"])).unwrap(), "refused");
    let inline = "const one = document.createElement('script'); one.textContent = 'window.__inline = 1'; \
         document.head.append(one); return window.__inline ?? 'refused'";
    assert_eq!(window.run(inline, json!([])).unwrap(), "refused");
}
