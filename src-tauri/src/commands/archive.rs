//! Commands about destinations and the practice archive.

use crate::shell::{Answer, Shell};
use crate::view::{Checked, DestinationDraft};
use crate::{arriving, destinations, dialogs, looking, practice};
use serde::Serialize;
use std::collections::BTreeMap;
use tauri::{AppHandle, Manager, Runtime, State};

/// Asks the archive of a draft whether it would take images.
///
/// # Errors
/// What is wrong with it, in a code.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn destination_check(
    shell: State<'_, Shell>,
    draft: DestinationDraft,
) -> Answer<Checked> {
    destinations::check_draft(&shell, draft).await
}

/// Saves a draft.
///
/// # Errors
/// `destination_not_usable`, and those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn destination_save<R: Runtime>(
    app: AppHandle<R>,
    draft: DestinationDraft,
) -> Answer<()> {
    destinations::save_draft(&app.state::<Shell>(), draft).await?;
    destinations::ask_all(&app);
    arriving::go_on(&app);
    Ok(())
}

/// Forgets a destination.
///
/// # Errors
/// `destination_unknown`; `destination_in_use` while studies, of a review too, are to go there.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn destination_forget(shell: State<'_, Shell>, id: i64) -> Answer<()> {
    destinations::forget(&shell, id).await
}

/// Tries a destination now and not later.
///
/// # Errors
/// Those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn destination_try_now(shell: State<'_, Shell>, id: i64) -> Answer<()> {
    destinations::try_now(&shell, id).await
}

/// Signs in anew.
///
/// # Errors
/// `destination_not_usable`, `destination_unknown`, and those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn destination_sign_in(
    shell: State<'_, Shell>,
    id: i64,
    values: BTreeMap<String, String>,
) -> Answer<()> {
    destinations::sign_in(&shell, id, values).await
}

/// A file of certificates that was chosen: a name to show, and a token for `DestinationDraft.ca`.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub(crate) struct ChosenCa {
    token: String,
    name: String,
}

/// A dialog for a file of certificates.
///
/// # Errors
/// None but those of the program itself.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn choose_ca<R: Runtime>(app: AppHandle<R>) -> Answer<Option<ChosenCa>> {
    let Some(file) = dialogs::choose_certificates(&app).await else { return Ok(None) };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let token = app.state::<Shell>().authorities.put(file)?;
    Ok(Some(ChosenCa { token, name }))
}

/// Starts the practice archive and saves it as a destination.
///
/// # Errors
/// Those of the disk and of the network on this machine.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn practice_start<R: Runtime>(app: AppHandle<R>) -> Answer<()> {
    practice::start(&app.state::<Shell>()).await?;
    destinations::ask_all(&app);
    arriving::go_on(&app);
    Ok(())
}

/// Makes the sample disc and looks inside it.
///
/// # Errors
/// Those of the disk and of looking.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn practice_look<R: Runtime>(app: AppHandle<R>) -> Answer<()> {
    let folder = practice::sample(&app.state::<Shell>()).await?;
    Ok(looking::look(&app, vec![folder])?)
}
