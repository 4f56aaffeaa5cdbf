//! The commands: argument in, view or `Failure` out, and nothing else. What they do is done in the rooms beside.
//!
//! Each is under the access control list: `names.rs` lists them for the build, the capabilities grant them, and a test
//! holds that this list, the handler and what the UI calls are the same.

#[cfg(test)]
pub(crate) mod names;

mod archive;
mod queue;
mod review;

pub(crate) use archive::*;
pub(crate) use queue::*;
pub(crate) use review::*;

use crate::shell::{Answer, Shell};
#[cfg(desktop)]
use crate::tray;
use crate::view::{Destination, Failure, Settings, Standard};
use crate::{diagnostics, opening, quit as quitting, settings};
use relaypacs_model::{Code, Fault, Secret};
use serde_json::{Map, Value};
use tauri::ipc::Channel;
use tauri::{AppHandle, Runtime, State};

/// The whole state, and then what changes of it, for as long as the page lives.
///
/// # Errors
/// None; the type is that of all commands.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn subscribe<R: Runtime>(
    app: AppHandle<R>,
    channel: Channel<Value>,
) -> Answer<()> {
    tauri::async_runtime::spawn(async move {
        let shell = tauri::Manager::state::<Shell>(&app);
        shell.board.listen(|news| channel.send(news).is_ok()).await;
    });
    Ok(())
}

/// Opens a locked home.
///
/// # Errors
/// [`Code::WrongKey`], and whatever keeps a home from opening.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn unlock<R: Runtime>(app: AppHandle<R>, passphrase: String) -> Answer<()> {
    Ok(opening::open(&app, Some(Secret::new(passphrase))).await?)
}

/// Tries once more to open a home that did not open. One that is open stays as it is.
///
/// # Errors
/// Whatever keeps a home from opening.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn reopen<R: Runtime>(app: AppHandle<R>) -> Answer<()> {
    Ok(opening::again(&app).await?)
}

/// Saves what a person set.
///
/// # Errors
/// Those of the disk; [`Code::AutostartNotChanged`]. Then nothing is changed.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn settings_save<R: Runtime>(
    app: AppHandle<R>,
    shell: State<'_, Shell>,
    changed: Map<String, Value>,
) -> Answer<()> {
    let wanted = |before: &Settings, changed| {
        let settings = settings::with(before, changed)?;
        if let Standard::Named(name) = &settings.standard_destination {
            let is_it = |row: &Destination| row.name.as_ref() == Some(name);
            if !shell.board.read(|state| state.destinations.iter().any(is_it)) {
                return Err(Fault::new(Code::DestinationUnknown));
            }
        }
        if settings.autostart != before.autostart {
            start_with_session(&app, settings.autostart)?;
        }
        Ok(settings)
    };
    let tell = |settings: &Settings| {
        if let Ok(relay) = shell.relay() {
            settings.apply(&relay);
        }
        shell.board.change(|state| {
            state.settings = settings.clone();
            // Names may be shown another way now.
            state.queue.revision += 1;
        });
    };
    let starts = changed.contains_key("autostart");
    if let Err(refused) = shell.kept.change(|before| wanted(before, changed), tell) {
        if starts {
            // What could not be kept does not begin either; why it could not be kept is what the person is told.
            let _ = start_with_session(&app, shell.kept.settings().autostart);
        }
        return Err(refused.into());
    }
    #[cfg(desktop)]
    tray::say_anew(&app);
    Ok(())
}

#[cfg(desktop)]
fn start_with_session<R: Runtime>(app: &AppHandle<R>, wanted: bool) -> Result<(), Fault> {
    use tauri_plugin_autostart::ManagerExt;
    let launcher = app.autolaunch();
    if launcher.is_enabled().unwrap_or(false) == wanted {
        return Ok(());
    }
    let done = if wanted { launcher.enable() } else { launcher.disable() };
    // Its words may name a folder of the person's.
    done.map_err(|_| Fault::new(Code::AutostartNotChanged))
}

#[cfg(mobile)]
fn start_with_session<R: Runtime>(_app: &AppHandle<R>, _wanted: bool) -> Result<(), Fault> {
    Ok(())
}

/// What a person can send to those who help, without a patient in it.
///
/// # Errors
/// None; the type is that of all commands.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn diagnostics(shell: State<'_, Shell>) -> Answer<String> {
    Ok(diagnostics::text(&shell))
}

/// Forgets the folders of this session.
#[tauri::command(rename_all = "snake_case")]
pub(crate) fn recents_clear(shell: State<'_, Shell>) {
    shell.recents.clear();
    shell.board.change(|state| state.recents = Vec::new());
}

/// The notice was read.
#[tauri::command(rename_all = "snake_case")]
pub(crate) fn notice_put_away(shell: State<'_, Shell>) {
    shell.board.change(|state| state.notice = None);
}

/// Quits, or has the window ask back where work is left.
#[tauri::command(rename_all = "snake_case")]
pub(crate) fn quit<R: Runtime>(app: AppHandle<R>, even_with_work: bool) {
    if even_with_work {
        quitting::now(&app);
    } else {
        quitting::asked(&app);
    }
}

/// The person stays after all.
#[tauri::command(rename_all = "snake_case")]
pub(crate) fn quit_stay(shell: State<'_, Shell>) {
    shell.board.change(|state| state.quitting = false);
}

/// Something that the disk would not do.
fn not_saved(error: &std::io::Error) -> Failure {
    Failure::from(Fault::with(Code::ReceiptNotSaved, error.kind()))
}
