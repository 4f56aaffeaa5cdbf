//! WebDriver (W3C): as much of it as driving one window takes. Whoever uses it starts the driver.

use crate::http::Http;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::Path;

/// One driver, with at most one window under control.
#[derive(Debug)]
pub struct WebDriver {
    http: Http,
    session: Option<String>,
}

impl WebDriver {
    /// The driver at this port of this machine, whether or not it answers yet.
    #[must_use]
    pub fn at(port: u16) -> Self {
        Self { http: Http::new(port), session: None }
    }

    /// True once it answers.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.http.get("/status").is_ok_and(|answer| answer.status == 200)
    }

    /// Starts this program, in which the driver then has a window.
    ///
    /// # Errors
    /// The window does not come.
    pub fn begin(&mut self, program: &Path) -> Result<()> {
        // No browserName: WebKitWebDriver takes another program than its own only without.
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "webkitgtk:browserOptions": { "binary": program, "args": [] },
        } } });
        let answer = self.ask("POST", "/session", &wanted)?;
        let session = answer.get("sessionId").and_then(Value::as_str);
        self.session = Some(session.context("no session")?.to_owned());
        // Nothing that is looked at here takes as long; what waits says by itself when it gives up.
        self.command("timeouts", &json!({ "script": 600_000, "pageLoad": 60_000 }))?;
        Ok(())
    }

    /// Lets the driver forget the window, which may be gone already.
    pub fn end(&mut self) {
        if let Some(session) = self.session.take() {
            // The driver may have noticed by itself.
            let _ = self.http.delete(&format!("/session/{session}"));
        }
    }

    /// Runs a script in the page; what it returns is the answer.
    ///
    /// # Errors
    /// It threw.
    pub fn run(&self, script: &str, arguments: &Value) -> Result<Value> {
        self.command("execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// The same for a script that calls its last argument with the answer, later.
    ///
    /// # Errors
    /// It threw, or never called it.
    pub fn wait_for(&self, script: &str, arguments: &Value) -> Result<Value> {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.command("execute/async", &json!({ "script": script, "args": arguments }))
    }

    /// Goes to another page.
    ///
    /// # Errors
    /// It cannot be gone to.
    pub fn go(&self, address: &str) -> Result<()> {
        self.command("url", &json!({ "url": address })).map(drop)
    }

    fn command(&self, path: &str, body: &Value) -> Result<Value> {
        let session = self.session.as_deref().context("no session")?;
        self.ask("POST", &format!("/session/{session}/{path}"), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let kind = [("Content-Type", "application/json")];
        let answer = self.http.request(method, path, &kind, &serde_json::to_vec(body)?);
        let answer = answer.with_context(|| format!("{method} {path}"))?;
        let mut json = answer.json()?;
        ensure!(answer.status == 200, "{method} {path}: {} {json:.600}", answer.status);
        Ok(json.get_mut("value").map(Value::take).unwrap_or_default())
    }
}
