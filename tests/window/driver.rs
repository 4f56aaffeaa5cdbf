//! The built window, driven over WebDriver: WebKitWebDriver starts it as a person's session would, on a display and
//! a bus of its own, so that several tests can run at once and none meets the desktop that it runs on.

use crate::hands::Hands;
use crate::screen;
use anyhow::{Context, Result, bail, ensure};
use relaypacs_tests::bus;
use relaypacs_tests::webdriver::WebDriver;
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The display, in pixels.
const DISPLAY: (usize, usize) = (1_440, 900);
/// How long anything may take that a person would wait for. Generous: the machine may be busy with other tests.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);
/// Between two looks at whether something has come about.
const LOOK: Duration = Duration::from_millis(50);

/// A window on a home of its own.
pub(crate) struct Window {
    driver: Child,
    page: WebDriver,
    home: TempDir,
    screenshots: PathBuf,
}

impl Window {
    /// Starts the driver and opens the window on a new home, whose passphrase it is given.
    pub(crate) fn open() -> Result<Self> {
        Self::open_with(Some("only for a test"))
    }

    /// The same on a machine that has no key store and where nobody gave a passphrase.
    pub(crate) fn open_locked() -> Result<Self> {
        Self::open_with(None)
    }

    fn open_with(passphrase: Option<&str>) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("relaypacs-window-").tempdir()?;
        let (driver, page) = start_driver(home.path(), passphrase)?;
        let screenshots = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("no root")?
            .join("target/window-screenshots");
        fs::create_dir_all(&screenshots)?;
        let mut window = Self { driver, page, home, screenshots };
        window.start()?;
        Ok(window)
    }

    /// Opens the window, again perhaps, and waits for its first screen.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.page.begin(Path::new(env!("CARGO_BIN_EXE_relaypacs-app")))?;
        self.until("the first screen", |window| {
            let screen = window.screen()?;
            Ok(!screen.is_empty() && screen != "starting")
        })
    }

    /// Kills the program as a power cut would, and lets the driver forget it.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.signal("-9")
    }

    /// Tells the program to end, as the end of a session does, waits for that, and lets the driver forget it.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.signal("-TERM")
    }

    fn signal(&mut self, signal: &str) -> Result<()> {
        let pids = self.processes()?;
        ensure!(!pids.is_empty(), "the program does not run");
        for pid in pids {
            Command::new("kill").args([signal, &pid.to_string()]).status()?;
        }
        self.until("the program is gone", |window| Ok(window.processes()?.is_empty()))?;
        self.page.end();
        Ok(())
    }

    /// Starts the program once more, on the same desktop, with a path, and waits for this second start to end.
    pub(crate) fn start_again_with(&mut self, path: &Path) -> Result<ExitStatus> {
        let mut second = Command::new(env!("CARGO_BIN_EXE_relaypacs-app"))
            .arg(path)
            .env_clear()
            .envs(self.environment()?)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut status = None;
        self.until("the second start to end", |_| {
            status = second.try_wait()?;
            Ok(status.is_some())
        })?;
        status.context("it did not end")
    }

    /// The programs that run on the home of this window.
    pub(crate) fn processes(&self) -> Result<Vec<u32>> {
        let home = format!("RELAYPACS_HOME={}", self.home.path().display());
        let program = fs::canonicalize(env!("CARGO_BIN_EXE_relaypacs-app"))?;
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")?.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let ours = fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program);
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            let here = environment.split(|byte| *byte == 0).any(|pair| pair == home.as_bytes());
            if ours && here {
                found.push(pid);
            }
        }
        Ok(found)
    }

    /// A variable of the environment that the program runs in.
    pub(crate) fn variable(&self, name: &str) -> Result<String> {
        let mut pairs = self.environment()?.into_iter();
        Ok(pairs.find(|(one, _)| *one == name).context("no such variable")?.1)
    }

    fn environment(&self) -> Result<Vec<(String, String)>> {
        let first = *self.processes()?.first().context("the program does not run")?;
        let environment = fs::read(format!("/proc/{first}/environ"))?;
        let text = String::from_utf8_lossy(&environment);
        let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The hands of the person at its display.
    pub(crate) fn hands(&self) -> Result<Hands> {
        Hands::at(&self.variable("DISPLAY")?)
    }

    /// The home that the window works on.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// What the next dialog of the system answers.
    pub(crate) fn dialog_gives(&self, path: &Path) -> Result<()> {
        let text = path.to_str().context("a path that is no text")?;
        Ok(fs::write(self.home.path().join("dialog"), text)?)
    }

    /// The screen that is shown.
    pub(crate) fn screen(&mut self) -> Result<String> {
        let found =
            self.run("return document.querySelector('main')?.dataset.screen ?? ''", json!([]))?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// Waits for a screen.
    pub(crate) fn screen_is(&mut self, wanted: &str) -> Result<()> {
        self.until(&format!("the screen {wanted}"), |window| Ok(window.screen()? == wanted))
    }

    /// Presses a button (or whatever has this `data-do`), as soon as it is there and can be pressed.
    pub(crate) fn press(&mut self, does: &str) -> Result<()> {
        self.press_in("", does)
    }

    /// The same within an element.
    pub(crate) fn press_in(&mut self, within: &str, does: &str) -> Result<()> {
        // Through the page: WebKitGTK of some distributions cannot move a mouse.
        let script = "const one = document.querySelector(arguments[0]); \
             if (!one || one.getAttribute('aria-disabled') === 'true') return false; one.click(); return true;";
        let selector = format!("{within} [data-do=\"{does}\"]");
        self.until(&format!("to press {selector}"), |window| {
            Ok(window.run(script, json!([selector]))? == json!(true))
        })
    }

    /// Types into a field.
    pub(crate) fn type_into(&mut self, does: &str, text: &str) -> Result<()> {
        let script = "const one = document.querySelector(arguments[0]); if (!one) return false; \
             one.focus(); one.value = arguments[1]; \
             one.dispatchEvent(new Event('input', { bubbles: true })); \
             one.dispatchEvent(new Event('change', { bubbles: true })); return true;";
        let selector = format!("[data-do=\"{does}\"]");
        self.until(&format!("to type into {does}"), |window| {
            Ok(window.run(script, json!([selector, text]))? == json!(true))
        })
    }

    /// Saves a destination as the form does, and goes past the first start.
    pub(crate) fn sends_to(&mut self, root: &str) -> Result<()> {
        let draft = json!({ "draft": { "id": null, "name": "Main PACS", "url": root,
            "sign_in": { "kind": "none", "values": {} }, "ca": null, "read_back": "none" } });
        let answer = self.call("destination_save", draft)?;
        ensure!(answer["refused"].is_null(), "{answer}");
        self.press("first_later")?;
        self.screen_is("send")
    }

    /// The first start, with the practice archive.
    pub(crate) fn practises(&mut self) -> Result<()> {
        self.press("practice_start")?;
        self.press("first_end")?;
        self.screen_is("send")
    }

    /// Looks inside a folder that the system's dialog gives.
    pub(crate) fn looks_inside(&mut self, folder: &Path) -> Result<()> {
        self.dialog_gives(folder)?;
        self.call("choose_folder", json!({}))?;
        self.screen_is("review")
    }

    /// Goes to a place by the rail.
    pub(crate) fn go(&mut self, place: &str) -> Result<()> {
        let script = "const one = document.querySelector(arguments[0]); if (!one) return false; one.click(); return true;";
        let selector = format!(
            "nav [data-do=\"go_{place}\"], nav [href=\"#{place}\"], nav [data-place=\"{place}\"]"
        );
        self.until(&format!("to go to {place}"), |window| {
            Ok(window.run(script, json!([selector]))? == json!(true))
        })?;
        self.screen_is(place)
    }

    /// The text of what a selector finds first.
    pub(crate) fn text(&mut self, selector: &str) -> Result<String> {
        let found = self.run(
            "return document.querySelector(arguments[0])?.textContent ?? ''",
            json!([selector]),
        )?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// How many elements a selector finds.
    pub(crate) fn count(&mut self, selector: &str) -> Result<u64> {
        let found =
            self.run("return document.querySelectorAll(arguments[0]).length", json!([selector]))?;
        found.as_u64().context("no number")
    }

    /// Waits for a text on the page.
    pub(crate) fn says(&mut self, text: &str) -> Result<()> {
        self.until(&format!("the words {text:?}"), |window| Ok(window.text("body")?.contains(text)))
    }

    /// Calls a command as the page does; a refusal comes as `{"refused": ..}`.
    pub(crate) fn call(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let script = "window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then( \
             (value) => done({ value: value === undefined ? null : value }), \
             (refused) => done({ refused: refused instanceof Error ? String(refused) : refused }));";
        self.page.wait_for(script, &json!([command, arguments]))
    }

    /// Runs a script in the page.
    pub(crate) fn run(&mut self, script: &str, arguments: Value) -> Result<Value> {
        self.page.run(script, &arguments)
    }

    /// Keeps a picture of the window, to be looked at.
    pub(crate) fn photograph(&mut self, name: &str) -> Result<()> {
        let dump = self.home.path().join("Xvfb_screen0");
        screen::photograph(&dump, &self.screenshots.join(format!("{name}.png")), DISPLAY)
    }

    /// Looks again and again, until something has come about.
    pub(crate) fn until(
        &mut self,
        what: &str,
        mut fits: impl FnMut(&mut Self) -> Result<bool>,
    ) -> Result<()> {
        let end = Instant::now() + LIMIT;
        while !fits(self)? {
            if Instant::now() > end {
                let _ = self.photograph("stuck");
                let page = self.text("body").unwrap_or_default();
                bail!("waited for {what}; the page says: {page:.1500}");
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.page.end();
        for pid in self.processes().unwrap_or_default() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
        end_group(&mut self.driver);
    }
}

/// The driver, its display and its bus are one group.
fn end_group(driver: &mut Child) {
    let _ = Command::new("kill").args(["-9", "--", &format!("-{}", driver.id())]).status();
    let _ = driver.wait();
}

/// A driver that answers. The port was free when it was chosen; where somebody else took it before the driver came to it,
/// another one is.
fn start_driver(home: &Path, passphrase: Option<&str>) -> Result<(Child, WebDriver)> {
    for _ in 0..3 {
        let (mut driver, port) = spawn_driver(home, passphrase)?;
        let (page, began) = (WebDriver::at(port), Instant::now());
        while began.elapsed() < LIMIT / 3 && driver.try_wait()?.is_none() {
            if page.is_ready() {
                return Ok((driver, page));
            }
            std::thread::sleep(LOOK);
        }
        end_group(&mut driver);
    }
    bail!("no driver answers")
}

/// On a display and a bus of its own.
fn spawn_driver(home: &Path, passphrase: Option<&str>) -> Result<(Child, u16)> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let config = home.join("bus.conf");
    fs::write(&config, bus::CONFIG)?;
    let driver = Command::new("xvfb-run")
        .arg("--auto-servernum")
        .arg(format!("--server-args=-ac -screen 0 {}x{}x24 -fbdir {}", DISPLAY.0, DISPLAY.1, home.display()))
        .arg("dbus-run-session")
        .arg(format!("--config-file={}", config.display()))
        .args(["--", "WebKitWebDriver", "--host=127.0.0.1"])
        .arg(format!("--port={port}"))
        .env("RELAYPACS_HOME", home)
        .env("RELAYPACS_PASSPHRASE", passphrase.unwrap_or_default())
        .env("RELAYPACS_TEST_DIALOG", home.join("dialog"))
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("LANG", "C.UTF-8")
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("NO_AT_BRIDGE", "1")
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("xvfb-run, dbus-run-session and WebKitWebDriver are needed: cargo xtask test installs them")?;
    Ok((driver, port))
}
