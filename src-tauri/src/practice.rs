//! The practice archive in this process, and the sample disc: for a first try and for training.

use crate::destinations;
use crate::shell::{Answer, Shell, lock};
use relaypacs_model::{ArchiveRoot, Code, Destination, Fault, ReadBack, SignIn};
use relaypacs_practice_pacs::{Options, PracticePacs, Running};
use std::path::PathBuf;

/// The folder of the sample disc, in the home.
const SAMPLE: &str = "sample-disc";

/// The name of its destination.
pub(crate) const NAME: &str = "Practice PACS";

/// Starts it where its destination is known from an earlier time.
pub(crate) async fn at_start(shell: &Shell) {
    shell.board.change(|state| state.practice.sample = shell.place.join(SAMPLE).is_dir());
    let known = match shell.relay() {
        Ok(relay) => relay.destinations().await.unwrap_or_default(),
        Err(_) => return,
    };
    let row =
        known.into_iter().find(|row| row.name.as_ref().is_some_and(|name| name.as_str() == NAME));
    let Some(row) = row else { return };
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

/// Stops it.
pub(crate) fn stop(shell: &Shell) {
    if let Some(running) = lock(&shell.practice).take() {
        running.stop();
    }
    shell.board.change(|state| state.practice.running = false);
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
        relaypacs_sample::sample_disc(&fresh, 1).map_err(std::io::Error::other)?;
        std::fs::rename(&fresh, &place)
    });
    let made = made.await.map_err(|error| Fault::with(Code::Internal, error))?;
    made.map_err(|error| Fault::with(Code::HomeNotWritable, error.kind()))?;
    shell.board.change(|state| state.practice.sample = true);
    Ok(folder)
}

/// Runs it at this port if it is free, else at another one, and saves the destination that leads to it.
async fn run(shell: &Shell, port: u16) -> Result<(), Fault> {
    let folder = shell.opened()?.home.practice();
    let root = {
        let mut practice = lock(&shell.practice);
        match practice.as_ref() {
            Some(running) => running.root(),
            None => practice.insert(listen(folder, port)?).root(),
        }
    };
    let destination = Destination {
        label: NAME.to_owned(),
        root: ArchiveRoot::parse(&root).map_err(|fault| Fault::with(Code::Internal, fault))?,
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    };
    destinations::save(shell, NAME, destination).await?;
    shell.board.change(|state| state.practice.running = true);
    Ok(())
}

fn listen(folder: PathBuf, port: u16) -> Result<Running, Fault> {
    let options = |port| Options { port, ..Options::in_folder(folder.clone()) };
    PracticePacs::start(options(port)).or_else(|_| PracticePacs::start(options(0))).map_err(
        |error| {
            Fault::with(
                Code::Internal,
                format_args!("the practice archive did not start: {}", error.kind()),
            )
        },
    )
}
