//! Closing and quitting. Closing the window keeps the work going in the tray; quitting with work left asks first; and
//! whoever quits waits for the lanes, so that nothing is left half said and the books are closed.

use crate::shell::{Shell, lock};
use crate::{practice, sql, tray};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tauri::{AppHandle, Manager, Runtime, Window};

/// A lane that does not come to its end is left behind: the queue is made for that.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at whether somebody still reads.
const READS_END: Duration = Duration::from_millis(10);

/// The window was closed: it hides where there is a tray to bring it back, and quits where there is none.
pub(crate) fn window_closed<R: Runtime>(app: &AppHandle<R>, window: &Window<R>) {
    let (app, window) = (app.clone(), window.clone());
    tauri::async_runtime::spawn(async move {
        let tray = tray::is_there(&app).await;
        closed(&app, &window, tray);
    });
}

fn closed<R: Runtime>(app: &AppHandle<R>, window: &Window<R>, tray: bool) {
    if !tray {
        return asked(app);
    }
    #[cfg(desktop)]
    if let Err(error) = window.hide() {
        tracing::warn!(%error, "the window could not be hidden");
    }
    #[cfg(mobile)]
    let _ = window;
}

/// A person asks to quit: at once where nothing is left to do, else the window asks back.
pub(crate) fn asked<R: Runtime>(app: &AppHandle<R>) {
    let shell = app.state::<Shell>();
    if !has_work(&shell) {
        now(app);
        return;
    }
    shell.board.change(|state| state.quitting = true);
    if let Err(error) = crate::window::show(app) {
        tracing::warn!(%error, "the window could not be shown");
    }
}

/// True while something waits that would go on by itself.
pub(crate) fn has_work(shell: &Shell) -> bool {
    shell.board.read(|state| state.queue.unfinished > 0 || state.queue.sending)
}

/// Ends everything and the process.
pub(crate) fn now<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // Who asks a second time waits for the first one's end: the process must not go from under open books.
        if begins_to_end(&app) {
            end_in_time(&app).await;
            app.state::<Shell>().ended.send_replace(true);
            app.exit(0);
        }
    });
}

/// The process ends without having been asked to (the menu of macOS, the end of its session): what [`now`] would have
/// done is done before that.
pub(crate) fn at_exit<R: Runtime>(app: &AppHandle<R>) {
    if begins_to_end(app) {
        return tauri::async_runtime::block_on(end_in_time(app));
    }
    let mut ended = app.state::<Shell>().ended.subscribe();
    tauri::async_runtime::block_on(async {
        // Where somebody else ends it already. In vain after the same patience.
        let _ = tokio::time::timeout(PATIENCE, ended.wait_for(|ended| *ended)).await;
    });
}

/// True once, for the first one who ends the process.
fn begins_to_end<R: Runtime>(app: &AppHandle<R>) -> bool {
    !app.state::<Shell>().ending.swap(true, Ordering::AcqRel)
}

async fn end_in_time<R: Runtime>(app: &AppHandle<R>) {
    if tokio::time::timeout(PATIENCE, end(app)).await.is_err() {
        tracing::warn!("not everything came to its end in time");
    }
}

/// Brings everything to its end: what looks, what sends, what reads, and the books last.
async fn end<R: Runtime>(app: &AppHandle<R>) {
    let shell = app.state::<Shell>();
    shell.turns.stop();
    shell.volumes.end();
    if let Err(fault) = shell.discard().await {
        tracing::warn!(
            code = fault.code.as_str(),
            "a review was left for the next start to take out"
        );
    }
    shell.serving.end().await;
    sql::withdraw(app).await;
    practice::stop(&shell);
    shell.recents.clear();
    lock(&shell.serving.seen).clear();
    if let Some(opened) = shell.close() {
        // Who is still reading ends by itself, and nobody begins any more.
        while Arc::strong_count(&opened.relay) > 1 {
            tokio::time::sleep(READS_END).await;
        }
        // The last one closes the books, which waits for their thread.
        let _ = tokio::task::spawn_blocking(move || drop(opened)).await;
    }
}

/// The session ends or somebody sends a signal: the same as quitting, without asking.
pub(crate) async fn when_told<R: Runtime>(app: AppHandle<R>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut ended), Ok(mut interrupted)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return;
        };
        tokio::select! {
            _ = ended.recv() => {}
            _ = interrupted.recv() => {}
        }
        now(&app);
    }
    #[cfg(not(unix))]
    let _ = app;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{app, window};

    #[test]
    fn a_window_that_no_icon_would_bring_back_asks_before_it_goes_with_work_left() {
        let home = tempfile::tempdir().unwrap();
        let app = app(home.path());
        let main = window(&app, "main").as_ref().window();
        let shell = app.state::<Shell>();
        let asks = || shell.board.read(|state| state.quitting);
        shell.board.change(|state| state.queue.sending = true);
        closed(app.handle(), &main, true);
        assert!(!asks(), "it goes on behind the icon");
        closed(app.handle(), &main, false);
        assert!(asks(), "it would have been lost");
    }
}
