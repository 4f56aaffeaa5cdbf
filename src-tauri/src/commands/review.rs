//! Commands about sources and what was found on them.

use crate::shell::{Answer, Shell};
use crate::view::{Page, Picture, PriorityWord, ReviewImage, ReviewSeries, ReviewStudy, Skipped};
use crate::{dialogs, looking, pictures};
use relaypacs_model::{Code, Fault};
use tauri::{AppHandle, Manager, Runtime, State};

/// A dialog for folders; true where one was chosen and is looked into.
///
/// # Errors
/// Those of looking.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn choose_folder<R: Runtime>(app: AppHandle<R>) -> Answer<bool> {
    let chosen = dialogs::choose_folder(&app).await;
    look_at(&app, chosen)
}

/// A dialog for files; true where some were chosen and are looked into.
///
/// # Errors
/// Those of looking.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn choose_files<R: Runtime>(app: AppHandle<R>) -> Answer<bool> {
    let chosen = dialogs::choose_files(&app).await;
    look_at(&app, chosen)
}

fn look_at<R: Runtime>(app: &AppHandle<R>, chosen: Vec<std::path::PathBuf>) -> Answer<bool> {
    if chosen.is_empty() {
        return Ok(false);
    }
    looking::look(app, chosen)?;
    Ok(true)
}

/// Looks inside a disc or stick.
///
/// # Errors
/// [`Code::SourceGone`] where it is not there any more, and those of looking.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn look_volume<R: Runtime>(app: AppHandle<R>, id: String) -> Answer<()> {
    let root = app.state::<Shell>().root_of(&id).ok_or_else(|| Fault::new(Code::SourceGone))?;
    Ok(looking::look(&app, vec![root])?)
}

/// Looks inside a folder of this session again.
///
/// # Errors
/// [`Code::SourceNotFound`], and those of looking.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn look_recent<R: Runtime>(app: AppHandle<R>, id: String) -> Answer<()> {
    let folder = app.state::<Shell>().recents.get(&id);
    Ok(looking::look(&app, vec![folder.ok_or_else(|| Fault::new(Code::SourceNotFound))?])?)
}

/// Looks inside the same source once more.
///
/// # Errors
/// [`Code::SourceNotFound`] where there was none, and those of looking.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn look_again<R: Runtime>(app: AppHandle<R>) -> Answer<()> {
    let paths = app.state::<Shell>().turns.last();
    Ok(looking::look(&app, paths.ok_or_else(|| Fault::new(Code::SourceNotFound))?)?)
}

/// Stops looking.
#[tauri::command(rename_all = "snake_case")]
pub(crate) fn stop_looking(shell: State<'_, Shell>) {
    shell.turns.stop();
}

/// A page of what was found.
///
/// # Errors
/// Those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn review_studies(
    shell: State<'_, Shell>,
    offset: u64,
    limit: u32,
) -> Answer<Page<ReviewStudy>> {
    shell.review_studies(offset, limit).await
}

/// The series of a study.
///
/// # Errors
/// Those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn review_series(
    shell: State<'_, Shell>,
    study: i64,
) -> Answer<Vec<ReviewSeries>> {
    shell.review_series(study).await
}

/// A page of the images of a study, or of one of its series.
///
/// # Errors
/// Those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn review_images(
    shell: State<'_, Shell>,
    study: i64,
    series: Option<String>,
    offset: u64,
    limit: u32,
) -> Answer<Page<ReviewImage>> {
    shell.review_images(study, series.as_deref(), offset, limit).await
}

/// A page of the files that will not be sent.
///
/// # Errors
/// [`Code::StudyUnknown`] where nothing is held.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn review_skipped(
    shell: State<'_, Shell>,
    offset: u64,
    limit: u32,
) -> Answer<Page<Skipped>> {
    shell.review_skipped(offset, limit)
}

/// Another destination for what was found.
///
/// # Errors
/// [`Code::DestinationUnknown`], and those of the queue.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn review_destination(shell: State<'_, Shell>, name: String) -> Answer<()> {
    shell.review_destination(&name).await
}

/// Sends these studies of a review, or all of it.
///
/// # Errors
/// [`Code::NothingToSend`], [`Code::ReviewChanged`], and those of the disk; then it can be asked again.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn review_send(
    shell: State<'_, Shell>,
    review: i64,
    studies: Option<Vec<i64>>,
    priority: PriorityWord,
) -> Answer<()> {
    shell.review_send(review, studies, priority).await
}

/// Sends nothing of it.
///
/// # Errors
/// Those of the disk.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn review_discard(shell: State<'_, Shell>) -> Answer<()> {
    Ok(shell.discard().await?)
}

/// What is known of a picture.
///
/// # Errors
/// [`Code::StudyUnknown`] for a token of nothing, and those of reading.
#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn picture(shell: State<'_, Shell>, token: String) -> Answer<Picture> {
    pictures::describe(&shell, &token).await
}
