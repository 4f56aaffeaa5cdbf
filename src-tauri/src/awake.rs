//! Keeping the computer awake while images go out. It may sleep while they wait.

#[cfg(desktop)]
use crate::shell::Shell;
#[cfg(desktop)]
use tauri::Manager;
use tauri::{AppHandle, Runtime};

/// For as long as the program runs.
#[cfg(desktop)]
pub(crate) async fn while_sending<R: Runtime>(app: AppHandle<R>) {
    let mut board = app.state::<Shell>().board.watch();
    let mut awake: Option<keepawake::KeepAwake> = None;
    loop {
        let sending = board.borrow_and_update().queue.sending;
        if sending != awake.is_some() {
            let held = awake.take();
            // Both ask the system over a bus, which may take its time.
            let changed = tokio::task::spawn_blocking(move || {
                drop(held);
                sending.then(keep).flatten()
            });
            awake = changed.await.unwrap_or_default();
            if sending && awake.is_none() {
                // Without a word from the system there is nothing to try again for this send.
                let _ = board.wait_for(|state| !state.queue.sending).await;
                continue;
            }
        }
        if board.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(desktop)]
fn keep() -> Option<keepawake::KeepAwake> {
    let kept = keepawake::Builder::default()
        .idle(true)
        .reason("Sending images")
        .app_name("RelayPACS")
        .app_reverse_domain("org.relaypacs.desk")
        .create();
    kept.map_err(|_| tracing::info!("the system cannot be kept awake")).ok()
}

/// A phone sleeps as it likes; what waits goes on when the app is open again.
#[cfg(mobile)]
pub(crate) async fn while_sending<R: Runtime>(_app: AppHandle<R>) {}
