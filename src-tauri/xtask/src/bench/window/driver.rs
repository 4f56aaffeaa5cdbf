//! A window under control, at a desk.

use crate::desk::Desk;
use anyhow::{Context, Result, bail};
use relaypacs_tests::webdriver::WebDriver;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A driver and its window.
pub(super) struct Driven {
    driver: Child,
    page: WebDriver,
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
        let mut driven = Self { driver, page: WebDriver::at(port) };
        let begun = Instant::now();
        while !driven.page.is_ready() {
            if begun.elapsed() > Duration::from_secs(30) {
                bail!("WebKitWebDriver does not answer");
            }
            sleep(Duration::from_millis(50));
        }
        driven.page.begin(program)?;
        Ok(driven)
    }

    /// Runs a script; what it hands to `done` is the answer.
    ///
    /// # Errors
    /// The script threw, or never called `done`.
    pub(super) fn run(&self, script: &str) -> Result<Value> {
        self.page.wait_for(script, &json!([]))
    }

    /// Goes to another page.
    ///
    /// # Errors
    /// It cannot be gone to.
    pub(super) fn go(&self, address: &str) -> Result<()> {
        self.page.go(address)
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.page.end();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
