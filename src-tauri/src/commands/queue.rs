//! Commands about what waits and what came of it.

use super::not_saved;
use crate::papers::HistoryFilter;
use crate::queue::QueueWish;
use crate::shell::{Answer, Shell};
use crate::view::{Page, PriorityWord, QueueGroup, QueueStudy};
use crate::{dialogs, papers};
use relaypacs_model::{Code, Fault};
use tauri::{AppHandle, Runtime, State};

/// A page of the queue.
///
/// # Errors
/// Those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn queue_studies(
    shell: State<'_, Shell>,
    offset: u64,
    limit: u32,
) -> Answer<Page<QueueStudy>> {
    shell.queue_studies(offset, limit).await
}

/// One study of the queue, or of those that left it in this session; `null` where it is neither.
///
/// # Errors
/// Those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn queue_study(shell: State<'_, Shell>, study: i64) -> Answer<Option<QueueStudy>> {
    shell.queue_study(study).await
}

/// Images of a study that need a person, by reason.
///
/// # Errors
/// Those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn queue_groups(shell: State<'_, Shell>, study: i64) -> Answer<Vec<QueueGroup>> {
    shell.queue_groups(study).await
}

/// Carries out a wish for these studies, or for the whole queue.
///
/// # Errors
/// [`Code::StudyUnknown`], and those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn queue_wish(
    shell: State<'_, Shell>,
    wish: QueueWish,
    studies: Option<Vec<i64>>,
) -> Answer<()> {
    shell.queue_wish(wish, studies).await
}

/// Sends studies somewhere else.
///
/// # Errors
/// [`Code::StudyUnknown`], [`Code::DestinationUnknown`], and those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn queue_move(
    shell: State<'_, Shell>,
    studies: Vec<i64>,
    destination: i64,
) -> Answer<()> {
    shell.queue_move(studies, destination).await
}

/// How urgent a study is.
///
/// # Errors
/// [`Code::StudyUnknown`], and those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn queue_priority(
    shell: State<'_, Shell>,
    study: i64,
    priority: PriorityWord,
) -> Answer<()> {
    shell.queue_priority(study, priority).await
}

/// Takes finished rows off the list.
#[tauri::command(rename_all = "snake_case")]
pub(crate) fn queue_put_away(shell: State<'_, Shell>, receipt: u64) {
    shell.queue_put_away(receipt);
}

/// The end of a send was read; the next one that was not is shown.
#[tauri::command(rename_all = "snake_case")]
pub(crate) fn done_put_away(shell: State<'_, Shell>, receipt: u64) {
    shell.unread(|unread| unread.put_away(receipt));
}

/// Ejects a disc or stick.
///
/// # Errors
/// [`Code::SourceGone`], [`Code::StillNeeded`], [`Code::NotEjected`].
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn eject(shell: State<'_, Shell>, volume: String) -> Answer<()> {
    Ok(shell.eject(&volume).await?)
}

/// Saves a receipt where a person chooses; false where they thought better of it.
///
/// # Errors
/// [`Code::ReceiptUnknown`], [`Code::ReceiptNotSaved`].
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn receipt_save<R: Runtime>(app: AppHandle<R>, receipt: u64) -> Answer<bool> {
    let text = papers::receipt(&app, receipt).await?;
    save(&app, &format!("receipt-{receipt}.txt"), &text).await
}

/// Saves the history, as it is filtered, as CSV.
///
/// # Errors
/// [`Code::ReceiptNotSaved`], and those of the ledger.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn history_csv<R: Runtime>(
    app: AppHandle<R>,
    filter: HistoryFilter,
) -> Answer<bool> {
    let text = papers::history_csv(&app, &filter).await?;
    save(&app, "history.csv", &text).await
}

/// Saves the overview as CSV.
///
/// # Errors
/// [`Code::ReceiptNotSaved`], and those of the ledger.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn overview_csv<R: Runtime>(app: AppHandle<R>, days: Option<u32>) -> Answer<bool> {
    let text = papers::overview_csv(&app, days).await?;
    save(&app, "overview.csv", &text).await
}

async fn save<R: Runtime>(app: &AppHandle<R>, name: &str, text: &str) -> Answer<bool> {
    let Some(place) = dialogs::choose_place(app, name).await else { return Ok(false) };
    let text = text.to_owned();
    let written = tokio::task::spawn_blocking(move || std::fs::write(place, text)).await;
    let written = written.map_err(|error| Fault::with(Code::Internal, error))?;
    written.map_err(|error| not_saved(&error))?;
    Ok(true)
}
