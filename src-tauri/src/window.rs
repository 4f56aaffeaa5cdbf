//! The window itself: made here and not in the configuration, so that it leaves nothing on the disk; drops on it; and
//! closing, which keeps what waits going.

use crate::shell::Shell;
use crate::view::DropState;
use crate::{arriving, quit};
use tauri::webview::WebviewWindowBuilder;
use tauri::{AppHandle, DragDropEvent, Manager, Runtime, WebviewUrl, Window, WindowEvent};

/// The label of the one window.
pub(crate) const MAIN: &str = "main";

/// Makes it, or brings it to the front.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(MAIN) {
        #[cfg(desktop)]
        {
            window.show()?;
            window.unminimize()?;
        }
        return window.set_focus();
    }
    let builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()));
    #[cfg(desktop)]
    let builder = builder
        .title("RelayPACS")
        .inner_size(1280.0, 800.0)
        .min_inner_size(360.0, 480.0)
        // Shown by the page once it has something to show.
        .center();
    unkept(builder, app).build()?;
    Ok(())
}

/// Makes it where there is none, and leaves it at the foot of the screen.
#[cfg(desktop)]
pub(crate) fn show_minimised<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    if app.get_webview_window(MAIN).is_some() {
        // Somebody was quicker, and wants to see it.
        return Ok(());
    }
    show(app)?;
    app.get_webview_window(MAIN).map_or(Ok(()), |window| window.minimize())
}

/// A web view that keeps nothing: no cookies, no cache, no storage. What it shows is of patients.
#[cfg(not(feature = "test-seam"))]
fn unkept<'a, R: Runtime, M: Manager<R>>(
    builder: WebviewWindowBuilder<'a, R, M>,
    _app: &AppHandle<R>,
) -> WebviewWindowBuilder<'a, R, M> {
    builder.incognito(true)
}

/// WebKitGTK lets itself be driven in a lasting context only, so a test gets one in the home of the test.
#[cfg(feature = "test-seam")]
fn unkept<'a, R: Runtime, M: Manager<R>>(
    builder: WebviewWindowBuilder<'a, R, M>,
    app: &AppHandle<R>,
) -> WebviewWindowBuilder<'a, R, M> {
    if std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_none() {
        return builder.incognito(true);
    }
    builder.data_directory(app.state::<Shell>().place.join("webview"))
}

/// What happens to the window.
pub(crate) fn happened<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    let app = window.app_handle();
    #[expect(clippy::wildcard_enum_match_arm, reason = "the events are the system's, not ours")]
    match event {
        WindowEvent::DragDrop(event) => dropped(app, event),
        WindowEvent::CloseRequested { api, .. } => {
            // With a tray the work goes on behind it; without one the person has to be asked.
            api.prevent_close();
            quit::window_closed(app, window);
        }
        _ => {}
    }
}

fn dropped<R: Runtime>(app: &AppHandle<R>, event: &DragDropEvent) {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the events are the system's, not ours")]
    let over = match event {
        DragDropEvent::Enter { paths, .. } => !paths.is_empty(),
        DragDropEvent::Over { .. } => return,
        DragDropEvent::Drop { paths, .. } => {
            arriving::look(app, paths.clone());
            false
        }
        _ => false,
    };
    let drop = if over { DropState::Over } else { DropState::None };
    app.state::<Shell>().board.change(|state| state.drop = drop);
}
