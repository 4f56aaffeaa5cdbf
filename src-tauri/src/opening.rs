//! Opening the home: by the system's key store, or by a passphrase that a person types.

use crate::shell::{Opened, Shell};
use crate::view::{Failure, Stage};
use crate::{arriving, destinations, practice, serving, sql};
use relaypacs_model::{Code, Fault, Secret};
use relaypacs_relay::{Home, KeyKept, KeySource, Relay, log};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tauri::{AppHandle, Manager, Runtime};

/// Another process may be at work on this home and end: so often it is looked for.
const AGAIN: Duration = Duration::from_secs(3);

/// Where the home is: the same for the window and the command line.
pub(crate) fn place<R: Runtime>(app: &AppHandle<R>) -> Option<PathBuf> {
    std::env::var_os("RELAYPACS_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(Home::usual_folder)
        .or_else(|| app.path().app_local_data_dir().ok())
}

/// Opens the home at the start, and waits for another process that has it.
pub(crate) async fn at_start<R: Runtime>(app: AppHandle<R>) {
    loop {
        let Err(fault) = again(&app).await else { return };
        tracing::warn!(code = fault.code.as_str(), "the home is not open");
        if fault.code != Code::QueueInUse {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Opens the home as a start does.
///
/// # Errors
/// Those of [`open`].
pub(crate) async fn again<R: Runtime>(app: &AppHandle<R>) -> Result<(), Fault> {
    let given = std::env::var("RELAYPACS_PASSPHRASE").ok().filter(|text| !text.is_empty());
    open(app, given.map(Secret::new)).await
}

/// Opens the home and begins to work what waits in it. The board says how it went. What failed can be asked for again,
/// and goes on where it failed; what is open stays as it is.
///
/// # Errors
/// Those of [`Relay::open`], and of what needs the home; the board shows them too.
pub(crate) async fn open<R: Runtime>(
    app: &AppHandle<R>,
    passphrase: Option<Secret>,
) -> Result<(), Fault> {
    let shell = app.state::<Shell>();
    let _turn = shell.opening.lock().await;
    let typed = passphrase.is_some();
    let opened = match shell.opened() {
        Ok(opened) => opened,
        Err(_) => match unlocked(&shell, passphrase).await {
            Ok(opened) => opened,
            Err(locked) => {
                refused(&shell, &locked, typed);
                return Err(locked.fault);
            }
        },
    };
    if shell.board.read(|state| matches!(state.stage, Stage::Open | Stage::FirstStart)) {
        return Ok(());
    }
    begin(app, opened).await.inspect_err(|fault| {
        shell.board.change(|state| {
            state.stage = Stage::Broken;
            state.failure = Some(Failure::from(fault));
        });
    })
}

/// The home did not open: where a passphrase would help it is asked for.
fn refused(shell: &Shell, Locked { fault, kept }: &Locked, typed: bool) {
    let by_store = *kept == KeyKept::Store;
    #[expect(clippy::wildcard_enum_match_arm, reason = "no passphrase helps against the others")]
    let ask = match fault.code {
        Code::NoKey => !by_store,
        Code::WrongKey => typed && !by_store,
        _ => false,
    };
    shell.board.change(|state| {
        state.stage = if ask { Stage::Locked } else { Stage::Broken };
        // Nothing went wrong where nobody was asked yet.
        state.failure = (typed || !ask).then(|| Failure::from(fault));
        state.platform.has_key_store = by_store;
        state.new_passphrase = *kept == KeyKept::New;
    });
}

/// A home that did not open.
struct Locked {
    fault: Fault,
    /// How its key is kept, where that could be read.
    kept: KeyKept,
}

async fn unlocked(shell: &Shell, passphrase: Option<Secret>) -> Result<Opened, Locked> {
    let plain = |fault| Locked { fault, kept: KeyKept::Passphrase };
    let home = Home::open(&shell.place).map_err(plain)?;
    log::start(&home, tracing::Level::INFO);
    let kept = KeyKept::of(&home).map_err(plain)?;
    let source = match (passphrase, kept) {
        (Some(passphrase), _) => KeySource::Passphrase(passphrase),
        (None, KeyKept::Passphrase) => {
            return Err(plain(Fault::with(Code::NoKey, "this queue was made with a passphrase")));
        }
        (None, KeyKept::New | KeyKept::Store) => KeySource::Store,
    };
    let relay = Relay::open(&home, &source).await.map_err(|fault| Locked { fault, kept })?;
    Ok(Opened { home, relay: Arc::new(relay) })
}

/// The home is open: everything that needs it begins. Where this fails it can be called again.
async fn begin<R: Runtime>(app: &AppHandle<R>, opened: Opened) -> Result<(), Fault> {
    let shell = app.state::<Shell>();
    let set_aside = opened.relay.queue_set_aside();
    shell.kept.read_again();
    // Not while the board is held: whoever changes them holds them first, then the board.
    let settings = shell.kept.settings();
    settings.apply(&opened.relay);
    shell.board.change(|state| state.settings = settings);
    shell.open(opened.clone());
    sql::publish(app, &opened.home.ledger()).await?;
    // Before anything is sent: its address may be another one than last time.
    practice::at_start(&shell).await;
    destinations::refresh(&shell).await?;
    if let Err(fault) = destinations::settle_standard(&shell) {
        tracing::warn!(code = fault.code.as_str(), "the standard destination was not written down");
    }
    shell.board.change(|state| {
        let known = state.destinations.iter().any(|destination| destination.name.is_some());
        state.stage = if known { Stage::Open } else { Stage::FirstStart };
        state.failure = None;
        if let Some(set_aside) = set_aside {
            state.note(&set_aside.fault(), false);
        }
    });
    serving::begin(app.clone());
    destinations::ask_all(app);
    arriving::go_on(app);
    Ok(())
}
