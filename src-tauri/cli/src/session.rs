//! What a command starts from: the home folder, its key, the switch that Ctrl-C turns.

use crate::args::Common;
use crate::{json, people, secrets};
use relaypacs_model::{Code, Fault};
use relaypacs_relay::{Home, Reader, Relay, Stop, log};

/// One run of the program.
pub(crate) struct Session {
    common: Common,
    /// Turned by Ctrl-C or a request to end.
    pub(crate) stop: Stop,
}

impl Session {
    /// Takes what every command takes, and listens for Ctrl-C from now on.
    pub(crate) fn new(common: Common) -> Self {
        let stop = Stop::new();
        tokio::spawn(stop_on_request(stop.clone()));
        Self { common, stop }
    }

    /// True where programs read standard output.
    pub(crate) fn json(&self) -> bool {
        self.common.json
    }

    /// The home folder, made if needed.
    pub(crate) fn home(&self) -> Result<Home, Fault> {
        let usual = || {
            Home::usual_folder()
                .ok_or_else(|| Fault::with(Code::HomeNotWritable, "give --home DIR"))
        };
        let folder = self.common.home.clone().map_or_else(usual, Ok)?;
        let home = Home::open(&folder)?;
        log::start(&home, self.common.log);
        Ok(home)
    }

    /// The relay, with the right to work the queue.
    pub(crate) async fn relay(&self) -> Result<Relay, Fault> {
        let home = self.home()?;
        let relay = Relay::open(&home, &secrets::key_source(&self.common)?).await?;
        if let Some(set_aside) = relay.queue_set_aside() {
            people::fault(&set_aside.fault());
            if self.json() {
                json::set_aside(set_aside);
            }
        }
        Ok(relay)
    }

    /// The relay's books, to look at only: works while another process is at work.
    pub(crate) fn reader(&self) -> Result<Reader, Fault> {
        let home = self.home()?;
        Reader::open(&home, &secrets::key_source(&self.common)?)
    }
}

/// The first request ends the run in order, the second ends the program.
async fn stop_on_request(stop: Stop) {
    requested().await;
    people::say("Stopping. What is not confirmed stays in the queue; once more ends at once.");
    stop.stop();
    requested().await;
    std::process::exit(130);
}

#[cfg(unix)]
async fn requested() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut end) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = end.recv() => {}
    }
}

#[cfg(not(unix))]
async fn requested() {
    let _ = tokio::signal::ctrl_c().await;
}
