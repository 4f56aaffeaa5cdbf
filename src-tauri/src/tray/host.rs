//! Whether somebody shows icons: a question to the session's bus. Stock GNOME has nobody who does.

use std::time::Duration;
use zbus::Connection;
use zbus::zvariant::OwnedValue;

/// Where hosts of icons are registered, by the name that all desktops use.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// Whoever closes the window waits for the answer; the tests, of which several use the machine at once, wait longer.
const PATIENCE: Duration = Duration::from_secs(if cfg!(feature = "test-seam") { 30 } else { 1 });

/// Asks the bus of the session. Without a bus, or without an answer in time, nobody shows icons.
pub(super) async fn is_there() -> bool {
    let asked = async { ask(&Connection::session().await?).await };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(there)) => there,
        Ok(Err(_)) | Err(_) => {
            tracing::info!("the session's bus does not say whether somebody shows icons");
            false
        }
    }
}

async fn ask(bus: &Connection) -> zbus::Result<bool> {
    let dbus = "org.freedesktop.DBus";
    let has_owner =
        bus.call_method(Some(dbus), "/org/freedesktop/DBus", Some(dbus), "NameHasOwner", &WATCHER);
    // Only one that runs is asked further: a call would start one.
    if !has_owner.await?.body().deserialize::<bool>()? {
        return Ok(false);
    }
    let has_host = bus.call_method(
        Some(WATCHER),
        "/StatusNotifierWatcher",
        Some("org.freedesktop.DBus.Properties"),
        "Get",
        &(WATCHER, "IsStatusNotifierHostRegistered"),
    );
    match has_host.await {
        Ok(answer) => Ok(bool::try_from(answer.body().deserialize::<OwnedValue>()?)?),
        // A watcher that does not keep account of its hosts is one itself.
        Err(zbus::Error::MethodError(..)) => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use zbus::connection::Builder;

    /// A bus of its own.
    struct Bus {
        daemon: Child,
        address: String,
        _folder: tempfile::TempDir,
    }

    impl Bus {
        fn start() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let config = folder.path().join("bus.conf");
            std::fs::write(&config, relaypacs_tests::bus::CONFIG).unwrap();
            let mut daemon = Command::new("dbus-daemon")
                .arg(format!("--config-file={}", config.display()))
                .args(["--nofork", "--print-address=1"])
                .stdout(Stdio::piped())
                .spawn()
                .expect("dbus-daemon is needed");
            let mut address = String::new();
            BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
            Self { daemon, address: address.trim().to_owned(), _folder: folder }
        }

        fn join(&self) -> Builder<'_> {
            Builder::address(self.address.as_str()).unwrap()
        }
    }

    impl Drop for Bus {
        fn drop(&mut self) {
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        }
    }

    struct Watcher {
        has_host: bool,
    }

    #[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
    impl Watcher {
        #[zbus(property)]
        fn is_status_notifier_host_registered(&self) -> bool {
            self.has_host
        }
    }

    #[tokio::test]
    async fn a_host_is_there_where_a_watcher_runs_that_has_one_or_keeps_no_account() {
        let bus = Bus::start();
        let me = bus.join().build().await.unwrap();
        assert!(!ask(&me).await.unwrap(), "nobody watches");
        for has_host in [false, true] {
            let watcher = bus.join().serve_at("/StatusNotifierWatcher", Watcher { has_host });
            let watcher = watcher.unwrap().name(WATCHER).unwrap().build().await.unwrap();
            assert_eq!(ask(&me).await.unwrap(), has_host);
            watcher.release_name(WATCHER).await.unwrap();
        }
        let other = bus.join().serve_at("/elsewhere", Watcher { has_host: false });
        let _other = other.unwrap().name(WATCHER).unwrap().build().await.unwrap();
        assert!(ask(&me).await.unwrap(), "it keeps no account of its hosts");
    }
}
