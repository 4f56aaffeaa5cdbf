//! The tray: RelayPACS is there while its window is closed.

#[cfg(desktop)]
use crate::words::Words;
#[cfg(desktop)]
use crate::{quit, window};
use tauri::{AppHandle, Runtime};
#[cfg(desktop)]
use tauri::{
    menu::{Menu, MenuItem},
    tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent},
};

#[cfg(desktop)]
const TRAY: &str = "relaypacs";

/// Puts the icon up. A desktop without a tray has none, and closing the window then asks to quit.
#[cfg(desktop)]
pub(crate) fn put_up<R: Runtime>(app: &AppHandle<R>, words: &Words) -> tauri::Result<()> {
    let open = MenuItem::with_id(app, "open", words.open, true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", words.quit, true, None::<&str>)?;
    let menu = Menu::with_items(app, &[&open, &quit])?;
    let mut tray = TrayIconBuilder::with_id(TRAY)
        .tooltip("RelayPACS")
        .menu(&menu)
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

#[cfg(desktop)]
fn open_window<R: Runtime>(app: &AppHandle<R>) {
    if let Err(error) = window::show(app) {
        tracing::warn!(%error, "the window could not be shown");
    }
}

/// True where there is an icon to bring the window back.
pub(crate) fn is_there<R: Runtime>(app: &AppHandle<R>) -> bool {
    #[cfg(desktop)]
    return app.tray_by_id(TRAY).is_some();
    #[cfg(mobile)]
    {
        let _ = app;
        false
    }
}
