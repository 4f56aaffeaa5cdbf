//! A desk to start the window at: a screen, a session bus and a home folder of its own, all gone afterwards.

use crate::screen::{Picture, Screen, difference};
use anyhow::{Context, Result, bail, ensure};
use relaypacs_tests::bus;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at the screen.
pub(crate) const LOOK: Duration = Duration::from_millis(8);

/// A screen that does not change for so long is at rest.
const REST: Duration = Duration::from_millis(1_500);

/// Pictures are the same where no more than this differs: a caret may blink.
const SAME: f64 = 0.004;

/// A screen, a session bus, a home.
pub(crate) struct Desk {
    /// The screen.
    pub(crate) screen: Screen,
    bus: Child,
    address: String,
    /// The person's home folder; RelayPACS keeps its own in it.
    pub(crate) home: PathBuf,
}

impl Desk {
    /// Lays one out in a folder, which is emptied first.
    ///
    /// # Errors
    /// Xvfb or dbus-daemon is missing or does not start.
    pub(crate) fn lay(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let home = folder.join("home");
        fs::create_dir_all(&home)?;
        let screen = Screen::start(&folder.join("screen"))?;
        let config = folder.join("bus.conf");
        fs::write(&config, bus::CONFIG)?;
        let mut bus = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address=1"])
            .arg(format!("--config-file={}", config.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("dbus-daemon did not start")?;
        let out = bus.stdout.take().context("no output of dbus-daemon")?;
        let mut address = String::new();
        BufReader::new(out).read_line(&mut address)?;
        Ok(Self { screen, bus, address: address.trim().to_owned(), home })
    }

    /// A program as a person at this desk would start it. There is no key store at it, so there is a passphrase.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.screen.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("HOME", &self.home)
            .env("RELAYPACS_HOME", self.kept())
            .env("RELAYPACS_PASSPHRASE", "only for this desk")
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for folder in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            command.env_remove(folder);
        }
        command
    }

    /// Where RelayPACS keeps what is this person's.
    pub(crate) fn kept(&self) -> PathBuf {
        self.home.join("relaypacs")
    }

    /// Saves a destination at this desk, as one who has worked at it before has one. Nothing is sent to it.
    ///
    /// # Errors
    /// The command line refuses.
    pub(crate) fn knows_an_archive(&self, relaypacs: &Path) -> Result<()> {
        let mut save = self.program(relaypacs);
        save.args(["destination", "add", "Main PACS", "http://127.0.0.1:9/dicom-web"]);
        let status = save.status()?;
        ensure!(status.success(), "saving a destination: {status}");
        Ok(())
    }

    /// Waits until there is nothing on the screen.
    ///
    /// # Errors
    /// Something stays on it.
    pub(crate) fn is_bare(&self, patience: Duration) -> Result<()> {
        let begun = Instant::now();
        while !is_blank(&self.screen.look()?.sample()) {
            ensure!(begun.elapsed() < patience, "the window stays on the screen");
            sleep(LOOK);
        }
        Ok(())
    }

    /// Waits until the screen shows something (something other than `before`, where that is given) and has come to rest.
    ///
    /// # Errors
    /// It does not come to rest in time.
    pub(crate) fn settled(&self, before: Option<&[u32]>, patience: Duration) -> Result<Settled> {
        let begun = Instant::now();
        let mut last = self.screen.look()?.sample();
        let (mut first, mut complete) = (None, Duration::ZERO);
        loop {
            let at = begun.elapsed();
            let now = self.screen.look()?.sample();
            if difference(&last, &now) > SAME {
                last = now;
                complete = at;
            }
            let is_there =
                before.map_or_else(|| !is_blank(&last), |old| difference(old, &last) > SAME);
            if is_there {
                let first = *first.get_or_insert(at);
                if at > complete + REST {
                    return Ok(Settled { first, complete, picture: self.screen.look()? });
                }
            }
            if at > patience {
                bail!("the screen did not come to rest in {} s", patience.as_secs());
            }
            sleep(LOOK);
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// A screen at rest.
pub(crate) struct Settled {
    /// From the call to the first picture of what was waited for.
    pub(crate) first: Duration,
    /// From the call to the last change.
    pub(crate) complete: Duration,
    /// What it shows.
    pub(crate) picture: Picture,
}

/// One colour over (nearly) all of it: a bare screen, or a window that was not painted yet.
fn is_blank(sample: &[u32]) -> bool {
    sample.first().is_none_or(|first| {
        sample.iter().filter(|pixel| *pixel != first).count() * 100 <= sample.len()
    })
}

/// A program that is ended with its desk.
pub(crate) struct Started(pub(crate) Child);

impl Started {
    /// Asks it to end, and waits.
    ///
    /// # Errors
    /// It does not end in time.
    pub(crate) fn end(mut self) -> Result<()> {
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let begun = Instant::now();
        while self.0.try_wait()?.is_none() {
            if begun.elapsed() > Duration::from_secs(15) {
                bail!("the window does not end when it is asked to");
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_with_a_caret_alone_is_blank_and_one_with_a_button_is_not() {
        let mut sample = vec![0x0e_13_18; 10_000];
        sample[5_000..5_050].fill(0xff_ff_ff);
        assert!(is_blank(&sample));
        sample[5_000..5_500].fill(0x4c_c2_ff);
        assert!(!is_blank(&sample));
    }
}
