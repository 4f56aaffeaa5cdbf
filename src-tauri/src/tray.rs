//! The tray: RelayPACS is there while its window is closed.
//!
//! On Linux an icon can be put up that nobody shows. So whether somebody would is asked anew at the start and each time
//! that the window is to go behind the icon, and is never taken for granted.

use crate::shell::Shell;
#[cfg(desktop)]
use crate::{quit, window, words};
#[cfg(desktop)]
use std::panic::{AssertUnwindSafe, catch_unwind};
use tauri::{AppHandle, Manager, Runtime};
#[cfg(desktop)]
use tauri::{
    menu::{Menu, MenuItem},
    tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent},
};

#[cfg(target_os = "linux")]
mod host;

#[cfg(desktop)]
const TRAY: &str = "relaypacs";

/// Puts the icon up where somebody shows it. Where nobody does, a start that was to show no window shows a minimised
/// one: nothing else would say that RelayPACS runs.
#[cfg(desktop)]
pub(crate) async fn begin<R: Runtime>(app: AppHandle<R>, hidden: bool) {
    let there = is_there(&app).await;
    begun(&app, hidden, there);
}

#[cfg(desktop)]
fn begun<R: Runtime>(app: &AppHandle<R>, hidden: bool, there: bool) {
    if hidden
        && !there
        && let Err(error) = window::show_minimised(app)
    {
        tracing::warn!(%error, "the window could not be shown");
    }
}

/// True where there is an icon to bring the window back. It is put up as soon as somebody shows it.
pub(crate) async fn is_there<R: Runtime>(app: &AppHandle<R>) -> bool {
    #[cfg(target_os = "linux")]
    let there = host::is_there().await && stands(app).await;
    #[cfg(all(desktop, not(target_os = "linux")))]
    let there = stands(app).await;
    #[cfg(mobile)]
    let there = false;
    app.state::<Shell>().board.change(|state| state.platform.tray = there);
    there
}

/// The icon stands, perhaps since just now. Put up on the main thread, as its library wants it.
#[cfg(desktop)]
async fn stands<R: Runtime>(app: &AppHandle<R>) -> bool {
    let (told, stands) = tokio::sync::oneshot::channel();
    let main = app.clone();
    let asked = app.run_on_main_thread(move || {
        let stands = main.tray_by_id(TRAY).is_some() || without_panic(|| put_up(&main));
        // Where nobody waits for it any more the program ends.
        let _ = told.send(stands);
    });
    asked.is_ok() && stands.await.unwrap_or(false)
}

/// The library that draws the icon is looked for when it is first used, and panics where it is not installed.
#[cfg(desktop)]
fn without_panic(put_up: impl FnOnce() -> tauri::Result<()>) -> bool {
    match catch_unwind(AssertUnwindSafe(put_up)) {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::info!(%error, "there is no tray");
            false
        }
        Err(_) => {
            tracing::info!("there is no tray: its library is not installed");
            false
        }
    }
}

#[cfg(desktop)]
fn put_up<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let mut tray = TrayIconBuilder::with_id(TRAY)
        .tooltip("RelayPACS")
        .menu(&menu(app)?)
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| match event.id().as_ref() {
            "open" => open_window(app),
            "quit" => quit::asked(app),
            _ => {}
        })
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                open_window(tray.app_handle());
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)?;
    Ok(())
}

/// Its menu, in the language that is set.
#[cfg(desktop)]
fn menu<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<Menu<R>> {
    let words = words::words(app.state::<Shell>().kept.settings().language);
    let open = MenuItem::with_id(app, "open", words.open, true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", words.quit, true, None::<&str>)?;
    Menu::with_items(app, &[&open, &quit])
}

/// The language may be another one now.
#[cfg(desktop)]
pub(crate) fn say_anew<R: Runtime>(app: &AppHandle<R>) {
    let main = app.clone();
    let asked = app.run_on_main_thread(move || {
        let Some(tray) = main.tray_by_id(TRAY) else { return };
        if let Err(error) = menu(&main).and_then(|menu| tray.set_menu(Some(menu))) {
            tracing::warn!(%error, "the tray keeps its words");
        }
    });
    if let Err(error) = asked {
        tracing::warn!(%error, "the tray keeps its words");
    }
}

#[cfg(desktop)]
fn open_window<R: Runtime>(app: &AppHandle<R>) {
    if let Err(error) = window::show(app) {
        tracing::warn!(%error, "the window could not be shown");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::app;

    #[test]
    fn a_start_without_a_window_gets_one_where_no_icon_would_bring_it_back() {
        let home = tempfile::tempdir().unwrap();
        let app = app(home.path());
        let shown = || app.get_webview_window(window::MAIN).is_some();
        begun(app.handle(), true, true);
        assert!(!shown(), "the icon brings it back");
        begun(app.handle(), false, false);
        assert!(!shown(), "it is shown already, and not twice");
        begun(app.handle(), true, false);
        assert!(shown(), "nothing says that it runs");
    }

    #[test]
    fn an_icon_whose_library_is_missing_is_no_icon_and_no_panic() {
        assert!(!without_panic(|| panic!("Failed to load ayatana-appindicator3")));
        assert!(!without_panic(|| Err(tauri::Error::WindowNotFound)));
        assert!(without_panic(|| Ok(())));
    }
}
