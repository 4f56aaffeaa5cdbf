//! The system's dialogs.

use std::path::PathBuf;
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};
use tokio::sync::oneshot;

fn dialog<R: Runtime>(app: &AppHandle<R>) -> FileDialogBuilder<R> {
    let dialog = app.dialog().file();
    #[cfg(desktop)]
    if let Some(window) = app.get_webview_window(crate::window::MAIN) {
        return dialog.set_parent(&window);
    }
    dialog
}

/// A system without a dialog for folders, or one that fails, counts as a person who thought better of it.
async fn asked<T: Default + Send + 'static>(
    ask: impl FnOnce(Box<dyn FnOnce(Option<T>) + Send>),
) -> T {
    let (answer, wait) = oneshot::channel();
    ask(Box::new(move |chosen| {
        let _ = answer.send(chosen.unwrap_or_default());
    }));
    wait.await.unwrap_or_default()
}

pub(super) async fn folders<R: Runtime>(app: &AppHandle<R>) -> Vec<PathBuf> {
    #[cfg(desktop)]
    {
        paths(app, asked(|answer| dialog(app).pick_folders(answer)).await).await
    }
    #[cfg(mobile)]
    {
        let _ = app;
        Vec::new()
    }
}

pub(super) async fn files<R: Runtime>(app: &AppHandle<R>) -> Vec<PathBuf> {
    paths(app, asked(|answer| dialog(app).pick_files(answer)).await).await
}

pub(super) async fn certificates<R: Runtime>(app: &AppHandle<R>) -> Option<PathBuf> {
    let (answer, wait) = oneshot::channel();
    dialog(app).add_filter("PEM", &["pem", "crt", "cer"]).pick_file(move |chosen| {
        let _ = answer.send(chosen);
    });
    let chosen = wait.await.ok().flatten()?;
    paths(app, vec![chosen]).await.pop()
}

pub(super) async fn place<R: Runtime>(app: &AppHandle<R>, name: &str) -> Option<PathBuf> {
    let (answer, wait) = oneshot::channel();
    dialog(app).set_file_name(name).save_file(move |chosen| {
        let _ = answer.send(chosen);
    });
    wait.await.ok().flatten()?.into_path().ok()
}

/// What was chosen, as files that can be read for as long as they are needed.
async fn paths<R: Runtime>(app: &AppHandle<R>, chosen: Vec<FilePath>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for file in chosen {
        match file.into_path_or_copy(app).await {
            Ok(path) => paths.push(path),
            Err(error) => tracing::warn!(kind = ?error.kind(), "a chosen file could not be read"),
        }
    }
    paths
}

trait OrCopy {
    async fn into_path_or_copy<R: Runtime>(self, app: &AppHandle<R>) -> std::io::Result<PathBuf>;
}

impl OrCopy for FilePath {
    /// A path stays what it is. A `content:` address of Android can be read now and perhaps never again, so what it
    /// leads to is copied into the app's own spool at once.
    async fn into_path_or_copy<R: Runtime>(self, app: &AppHandle<R>) -> std::io::Result<PathBuf> {
        let url = match self {
            Self::Path(path) => return Ok(path),
            Self::Url(url) => url,
        };
        if let Ok(path) = url.to_file_path() {
            return Ok(path);
        }
        let app = app.clone();
        let copied = tokio::task::spawn_blocking(move || copy(&app, FilePath::Url(url)));
        copied.await.map_err(std::io::Error::other)?
    }
}

fn copy<R: Runtime>(app: &AppHandle<R>, from: FilePath) -> std::io::Result<PathBuf> {
    use tauri_plugin_fs::{FsExt, OpenOptions};
    let mut options = OpenOptions::new();
    options.read(true);
    let mut source = app.fs().open(from, options)?;
    let folder = app.state::<crate::shell::Shell>().place.join("spool").join("chosen");
    std::fs::create_dir_all(&folder)?;
    let token = crate::token::new().map_err(std::io::Error::other)?;
    let place = folder.join(token);
    std::io::copy(&mut source, &mut std::fs::File::create(&place)?)?;
    Ok(place)
}
