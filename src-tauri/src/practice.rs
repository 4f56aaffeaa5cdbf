//! The practice archive in this process, and the sample disc: for a first try and for training.

use crate::destinations;
use crate::shell::{Answer, Shell, lock};
use relaypacs_model::{ArchiveRoot, Code, Destination, Fault, ReadBack, SignIn};
use relaypacs_practice_pacs::{Options, PracticePacs, Running};
use relaypacs_relay::DestinationRow;
use std::path::{Path, PathBuf};

/// The folder of the sample disc, in the home.
const SAMPLE: &str = "sample-disc";

/// The folder of its images, in the home. That of the command line is another one, and stays.
const STORE: &str = "practice-window";

/// The name of its destination; where a person's has it already, a number follows.
const NAME: &str = "Practice PACS";

/// True for a name that is kept for the practice archive, however it is written.
pub(crate) fn is_its_name(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case(NAME)
}

/// Starts it where its destination is known from an earlier time.
pub(crate) async fn at_start(shell: &Shell) {
    shell.board.change(|state| state.practice.sample = shell.place.join(SAMPLE).is_dir());
    // Killed, it left what it had.
    forget(shell);
    let known = match shell.relay() {
        Ok(relay) => relay.destinations().await.unwrap_or_default(),
        Err(_) => return,
    };
    let Some(row) = known.into_iter().find(|row| row.practice) else { return };
    let port = row.destination.root.url().port().unwrap_or(0);
    if let Err(fault) = run(shell, port).await {
        tracing::warn!(code = fault.code.as_str(), "the practice archive did not start");
    }
}

/// Starts it and saves it as a destination.
pub(crate) async fn start(shell: &Shell) -> Answer<()> {
    run(shell, 0).await?;
    Ok(())
}

/// Stops it, and forgets what it was given: somebody may have tried it with the images of a patient.
pub(crate) fn stop(shell: &Shell) {
    let mut practice = lock(&shell.practice);
    if let Some(running) = practice.take() {
        running.stop();
    }
    forget(shell);
    shell.board.change(|state| state.practice.running = false);
}

fn forget(shell: &Shell) {
    if let Err(error) = empty(&shell.place.join(STORE)) {
        tracing::warn!(error = %error.kind(), "the practice archive keeps what it has");
    }
}

fn empty(store: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(store) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the sample disc where there is none, and says where it is.
///
/// # Errors
/// [`Code::HomeNotWritable`].
pub(crate) async fn sample(shell: &Shell) -> Result<PathBuf, Fault> {
    let folder = shell.place.join(SAMPLE);
    let place = folder.clone();
    // Made beside and renamed, so that a half made one is never taken for one.
    let made = tokio::task::spawn_blocking(move || {
        if place.is_dir() {
            return Ok(());
        }
        let fresh = place.with_extension("new");
        if fresh.is_dir() {
            std::fs::remove_dir_all(&fresh)?;
        }
        // A first try ends with everything in the PACS, so nothing is missing from it.
        relaypacs_sample::whole_sample_disc(&fresh, 1).map_err(std::io::Error::other)?;
        std::fs::rename(&fresh, &place)
    });
    let made = made.await.map_err(|error| Fault::with(Code::Internal, error))?;
    made.map_err(|error| Fault::with(Code::HomeNotWritable, error.kind()))?;
    shell.board.change(|state| state.practice.sample = true);
    Ok(folder)
}

/// Runs it at this port if it is free, else at another one, and saves the destination that leads to it.
async fn run(shell: &Shell, port: u16) -> Result<(), Fault> {
    let relay = shell.relay()?;
    let root = {
        let mut practice = lock(&shell.practice);
        match practice.as_ref() {
            Some(running) => running.root(),
            None => practice.insert(listen(&shell.place.join(STORE), port)?).root(),
        }
    };
    let name = name_among(&relay.destinations().await?);
    let destination = Destination {
        label: name.clone(),
        root: ArchiveRoot::parse(&root).map_err(|fault| Fault::with(Code::Internal, fault))?,
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    };
    relay.save_practice(&name, destination).await?;
    shell.board.change(|state| state.practice.running = true);
    destinations::refresh(shell).await
}

/// The name that its destination has, or the first one that is free for it.
fn name_among(rows: &[DestinationRow]) -> String {
    let name_of = |row: &DestinationRow| row.name.as_ref().map(|name| name.as_str().to_owned());
    let is_free = |name: &String| !rows.iter().any(|row| name_of(row).as_ref() == Some(name));
    let fresh = || (2..).map(|n| format!("{NAME} {n}")).find(is_free);
    let usual = Some(NAME.to_owned()).filter(is_free).or_else(fresh);
    rows.iter().find(|row| row.practice).and_then(name_of).or(usual).unwrap_or_default()
}

/// It begins with nothing, or not at all.
fn listen(store: &Path, port: u16) -> Result<Running, Fault> {
    let fault = |error: std::io::Error| {
        Fault::with(
            Code::Internal,
            format_args!("the practice archive did not start: {}", error.kind()),
        )
    };
    empty(store).map_err(fault)?;
    let options = |port| Options { port, ..Options::in_folder(store) };
    PracticePacs::start(options(port)).or_else(|_| PracticePacs::start(options(0))).map_err(fault)
}

#[cfg(test)]
mod tests;
