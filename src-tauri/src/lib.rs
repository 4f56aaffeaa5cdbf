//! The window: a thin shell over the relay. It translates, shows and asks, and decides nothing about images.
//!
//! This room knows the relay, the words of the model, the practice archive and Tauri. It must not know how a request to an
//! archive or a table of the queue looks. What leaves it for the web view is a type of `view`, and nothing else.

mod arriving;
mod awake;
mod board;
mod commands;
mod destinations;
mod diagnostics;
mod dialogs;
mod done;
mod looking;
mod notices;
mod opening;
mod paces;
mod papers;
mod people;
mod pictures;
mod practice;
mod queue;
mod quit;
mod rate;
mod review;
mod serving;
mod settings;
mod shell;
mod sources;
mod sql;
mod token;
mod tray;
pub mod view;
mod volumes;
mod window;
mod words;

#[cfg(test)]
mod tests;

use shell::Shell;
use std::path::PathBuf;
use tauri::{AppHandle, Builder, Manager, RunEvent, Runtime};

/// Started with the session, the window stays closed until somebody asks for it, where an icon says that it runs.
const HIDDEN: &str = "--hidden";

/// The argument with which this program starts itself to decode pixels.
pub const PREVIEW_WORKER: &str = relaypacs_preview::worker::ARGUMENT;

/// The process in which pixels are decoded: it ends with the one that started it.
#[must_use]
pub fn preview_worker() -> std::process::ExitCode {
    relaypacs_preview::worker::run()
}

/// Runs until somebody quits.
#[cfg_attr(mobile, tauri::mobile_entry_point)]
pub fn run() {
    // The TLS of the whole process; that another part was quicker is no fault.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = with_commands(with_plugins(Builder::default()))
        .register_asynchronous_uri_scheme_protocol(pictures::SCHEME, pictures::answer)
        .on_window_event(window::happened)
        .setup(|app| Ok(begin(app.handle())?))
        .build(tauri::generate_context!());
    match built {
        Ok(app) => app.run(happened),
        Err(error) => complain(&error),
    }
}

/// Without a window there is no other place to say it.
#[expect(clippy::print_stderr, reason = "there is no window to say it in")]
fn complain(error: &tauri::Error) {
    eprintln!("RelayPACS could not start: {error}");
}

/// What the plugins do is called from Rust. Of all of them the web view may use one command: `sql`'s select, with
/// the window's own questions.
fn with_plugins<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    // First, so that a second start ends before it does anything.
    #[cfg(desktop)]
    let builder = builder.plugin(tauri_plugin_single_instance::init(|app, arguments, folder| {
        arriving::second_start(app, arguments, &folder);
    }));
    #[cfg(desktop)]
    let builder = builder
        .plugin(tauri_plugin_autostart::Builder::new().arg(HIDDEN).app_name("RelayPACS").build())
        .plugin(tauri_plugin_window_state::Builder::new().build());
    with_everyday_plugins(builder)
}

fn with_everyday_plugins<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    builder
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_fs::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .plugin(tauri_plugin_os::init())
        .plugin(sql::OnlyQuestions::of(tauri_plugin_sql::Builder::default().build()))
}

fn with_commands<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    builder.invoke_handler(tauri::generate_handler![
        commands::subscribe,
        commands::unlock,
        commands::reopen,
        commands::choose_folder,
        commands::choose_files,
        commands::look_volume,
        commands::look_recent,
        commands::look_again,
        commands::stop_looking,
        commands::review_studies,
        commands::review_series,
        commands::review_images,
        commands::review_skipped,
        commands::review_destination,
        commands::review_send,
        commands::review_discard,
        commands::picture,
        commands::queue_studies,
        commands::queue_study,
        commands::queue_groups,
        commands::queue_wish,
        commands::queue_move,
        commands::queue_priority,
        commands::queue_put_away,
        commands::done_put_away,
        commands::eject,
        commands::receipt_save,
        commands::history_csv,
        commands::overview_csv,
        commands::destination_check,
        commands::destination_save,
        commands::destination_forget,
        commands::destination_try_now,
        commands::destination_sign_in,
        commands::choose_ca,
        commands::practice_start,
        commands::practice_look,
        commands::settings_save,
        commands::diagnostics,
        commands::recents_clear,
        commands::quit,
        commands::quit_stay,
        commands::notice_put_away,
    ])
}

/// The window first, everything that may take its time behind it.
fn begin<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let place = opening::place(app).unwrap_or_else(|| PathBuf::from("relaypacs-home"));
    app.manage(Shell::new(place, cfg!(mobile)));
    let hidden = cfg!(desktop) && std::env::args_os().any(|word| word == HIDDEN);
    if !hidden {
        window::show(app)?;
    }
    #[cfg(desktop)]
    tauri::async_runtime::spawn(tray::begin(app.clone(), hidden));
    app.state::<Shell>().volumes.watch(app);
    let given = arriving::at_start();
    let later = app.clone();
    tauri::async_runtime::spawn(async move {
        opening::at_start(later.clone()).await;
        arriving::look(&later, given);
    });
    tauri::async_runtime::spawn(awake::while_sending(app.clone()));
    tauri::async_runtime::spawn(quit::when_told(app.clone()));
    Ok(())
}

fn happened<R: Runtime>(app: &AppHandle<R>, event: RunEvent) {
    match event {
        // The last window is gone, which is no reason to stop sending; `quit` ends the process with a code.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::Exit => quit::at_exit(app),
        #[cfg(any(target_os = "macos", target_os = "ios", target_os = "android"))]
        RunEvent::Opened { urls } => {
            let paths = urls.iter().filter_map(|url| url.to_file_path().ok()).collect();
            arriving::look(app, paths);
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => {
            if let Err(error) = window::show(app) {
                tracing::warn!(%error, "the window could not be shown");
            }
        }
        _ => {
            let _ = app;
        }
    }
}
