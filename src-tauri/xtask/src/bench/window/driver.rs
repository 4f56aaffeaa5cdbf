//! As much of WebDriver as measuring takes: start the window, run a script in its page, go to another page.

use crate::desk::Desk;
use anyhow::{Context, Result, bail};
use relaypacs_tests::http::Http;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A driver with one session: a window under control.
pub(super) struct Driven {
    driver: Child,
    http: Http,
    session: String,
}

impl Driven {
    /// Starts the program at this desk, through WebKitWebDriver.
    ///
    /// # Errors
    /// There is no WebKitWebDriver, or the window does not come.
    pub(super) fn start(desk: &Desk, program: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = desk.program("WebKitWebDriver".as_ref());
        command.arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = command.spawn().context("WebKitWebDriver did not start")?;
        let mut driven = Self { driver, http: Http::new(port), session: String::new() };
        let begun = Instant::now();
        while driven.http.get("/status").is_err() {
            if begun.elapsed() > Duration::from_secs(30) {
                bail!("WebKitWebDriver does not answer");
            }
            sleep(Duration::from_millis(50));
        }
        // No browserName: WebKitWebDriver takes another program than its own only without.
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "webkitgtk:browserOptions": { "binary": program, "args": [] } } } });
        let made = driven.post("/session", &wanted)?;
        let session = made.get("sessionId").and_then(Value::as_str);
        driven.session = session.context("no session")?.to_owned();
        let limits = json!({ "script": 600_000, "pageLoad": 60_000 });
        driven.post(&format!("/session/{}/timeouts", driven.session), &limits)?;
        Ok(driven)
    }

    /// Runs a script; what it hands to `done` is the answer.
    ///
    /// # Errors
    /// The script threw, or never called `done`.
    pub(super) fn run(&self, script: &str) -> Result<Value> {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        let body = json!({ "script": script, "args": [] });
        self.post(&format!("/session/{}/execute/async", self.session), &body)
    }

    /// Goes to another page.
    ///
    /// # Errors
    /// It cannot be gone to.
    pub(super) fn go(&self, address: &str) -> Result<()> {
        let body = json!({ "url": address });
        self.post(&format!("/session/{}/url", self.session), &body).map(drop)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.http.post(path, "application/json", body.to_string().as_bytes())?;
        let json = answer.json()?;
        let value = json.get("value").cloned().unwrap_or(Value::Null);
        if answer.status != 200 {
            bail!("WebDriver {path}: {value}");
        }
        Ok(value)
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.http.delete(&format!("/session/{}", self.session));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
