//! What is around the window: the notifications, the tray and the start of the session, with a desktop's own services
//! in the place of a desktop.

use crate::driver::Window;
use anyhow::{Context, Result};
use relaypacs_practice_pacs::{Options, PracticePacs};
use relaypacs_tests::fixture::{Instance, Kind, Person, Script, write_series};
use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

/// What a desktop was told to show.
type Told = Arc<Mutex<Vec<String>>>;

/// The service that shows notifications (Desktop Notifications Specification 1.2).
struct Notifications(Told);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &self,
        _app_name: &str,
        _replaces: u32,
        _icon: &str,
        summary: &str,
        body: &str,
        _actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        self.0.lock().unwrap().push(format!("{summary}|{body}|{hints:?}"));
        1
    }

    fn get_capabilities(&self) -> Vec<String> {
        vec!["body".into()]
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        ("desk".into(), "RelayPACS".into(), "1".into(), "1.2".into())
    }

    fn close_notification(&self, _id: u32) {}
}

/// Who keeps account of the icons in the tray, and shows them.
struct Watcher(Told);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    /// `service` is a path of the sender's, or a name on the bus.
    fn register_status_notifier_item(
        &self,
        #[zbus(header)] header: zbus::message::Header<'_>,
        service: &str,
    ) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        self.0.lock().unwrap().push(format!("{sender} {service}"));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// The session's bus of this window.
fn bus(window: &Window) -> Result<Builder<'static>> {
    let address = window.variable("DBUS_SESSION_BUS_ADDRESS")?;
    Ok(Builder::address(address.as_str())?)
}

fn shows_notifications(window: &Window) -> Result<(Connection, Told)> {
    let told = Told::default();
    let service = bus(window)?
        .name("org.freedesktop.Notifications")?
        .serve_at("/org/freedesktop/Notifications", Notifications(Arc::clone(&told)))?;
    Ok((service.build()?, told))
}

fn shows_icons(window: &Window) -> Result<(Connection, Told)> {
    let told = Told::default();
    let service = bus(window)?
        .name("org.kde.StatusNotifierWatcher")?
        .serve_at("/StatusNotifierWatcher", Watcher(Arc::clone(&told)))?;
    Ok((service.build()?, told))
}

#[test]
fn the_system_tells_of_the_end_of_a_send_without_a_patient_in_it_and_nothing_where_it_is_not_wanted()
 {
    let folder = tempfile::tempdir().unwrap();
    let (disc, store) = (folder.path().join("disc"), folder.path().join("store"));
    let person = Person::new(Script::Latin1, 1);
    write_series(&disc, 5, 20_000, &Instance::new(Kind::Ct).seed(31).person(&person)).unwrap();
    let archive = PracticePacs::start(Options::in_folder(store)).unwrap();
    let mut window = Window::open().unwrap();
    let (_service, told) = shows_notifications(&window).unwrap();
    window.sends_to(&archive.root()).unwrap();
    window.hands().unwrap().look_away().unwrap();
    window.looks_inside(&disc).unwrap();
    window.press("review_send").unwrap();
    window.until("the notification", |_| Ok(!told.lock().unwrap().is_empty())).unwrap();
    let said = told.lock().unwrap().clone();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("RelayPACS|All 5 images are in Main PACS."), "{said:?}");
    for secret in [person.shown_name.as_str(), person.id.as_str(), "1.2.", "disc"] {
        assert!(!said[0].contains(secret), "{secret}: {said:?}");
    }

    window.press("done_put_away").unwrap();
    window.go("settings").unwrap();
    window.press("notifications").unwrap();
    window
        .until("it to be off", |window| Ok(window.count("[data-do=notifications]:checked")? == 0))
        .unwrap();
    window.go("send").unwrap();
    window.looks_inside(&disc).unwrap();
    window.press("review_send").unwrap();
    window.screen_is("done").unwrap();
    assert_eq!(told.lock().unwrap().len(), 1, "nobody wants to be told");
}

#[test]
fn behind_its_icon_it_is_there_and_is_brought_back_and_ended_from_there() {
    let mut window = Window::open().unwrap();
    window.practises().unwrap();
    // Nobody shows icons yet; closing asks anew.
    let (bus, told) = shows_icons(&window).unwrap();
    let hands = window.hands().unwrap();
    hands.close().unwrap();
    window.until("the icon", |_| Ok(!told.lock().unwrap().is_empty())).unwrap();
    window.until("the window to be away", |_| Ok(!hands.is_shown()?)).unwrap();
    window.photograph("behind-the-icon").unwrap();
    assert!(!window.processes().unwrap().is_empty(), "it goes on");

    let item = told.lock().unwrap()[0].clone();
    let menu = Menu::of(&bus, &item).unwrap();
    menu.choose("Open RelayPACS").unwrap();
    window.until("the window to be back", |_| hands.is_shown()).unwrap();
    window.screen_is("send").unwrap();
    menu.choose("Quit").unwrap();
    window.until("the end", |window| Ok(window.processes()?.is_empty())).unwrap();
    for book in ["queue.db", "ledger.db"] {
        assert!(!window.home().join(format!("{book}-wal")).exists(), "{book} was left open");
    }
}

#[test]
fn a_disc_that_is_dropped_on_it_is_looked_into() {
    let folder = tempfile::tempdir().unwrap();
    write_series(folder.path(), 3, 20_000, &Instance::new(Kind::Ct).seed(32)).unwrap();
    let mut window = Window::open().unwrap();
    window.practises().unwrap();
    let hands = window.hands().unwrap();
    let over = || {
        window.until("the place to drop", |window| Ok(window.count("section.over")? == 1))?;
        window.photograph("dragged-over")
    };
    hands.drop(folder.path(), over).unwrap();
    window.screen_is("review").unwrap();
    window.until("its study", |window| Ok(window.count("[data-do=tick]")? == 1)).unwrap();
}

#[test]
fn it_starts_with_the_session_while_that_is_wanted() {
    let mut window = Window::open().unwrap();
    window.practises().unwrap();
    window.go("settings").unwrap();
    let entry = window.home().join(".config/autostart/RelayPACS.desktop");
    assert!(!entry.exists());
    window.press("autostart").unwrap();
    let said = || fs::read_to_string(&entry).unwrap_or_default();
    window.until("the entry", |_| Ok(said().contains("relaypacs-app --hidden"))).unwrap();
    let said = said();
    assert!(!said.contains("passphrase") && !said.contains("only for a test"), "{said}");
    window.press("autostart").unwrap();
    window.until("no entry", |_| Ok(!entry.exists())).unwrap();

    // Where the system refuses, it is said, and the setting does not claim what is not so.
    let folder = entry.parent().unwrap();
    fs::remove_dir(folder).unwrap();
    fs::write(folder, "in the way").unwrap();
    window.press("autostart").unwrap();
    window.says("could not be changed").unwrap();
    window
        .until("it to be off", |window| Ok(window.count("[data-do=autostart]:checked")? == 0))
        .unwrap();
}

/// The menu of an icon (com.canonical.dbusmenu).
struct Menu {
    proxy: Proxy<'static>,
}

impl Menu {
    /// Of an item as it registered itself: who, and at which path.
    fn of(bus: &Connection, item: &str) -> Result<Self> {
        let (sender, path) = item.split_once(' ').context("no item")?;
        let (sender, path) = (sender.to_owned(), path.to_owned());
        let icon = Proxy::new(bus, sender.clone(), path, "org.kde.StatusNotifierItem")?;
        let menu: OwnedObjectPath = icon.get_property("Menu")?;
        Ok(Self { proxy: Proxy::new(bus, sender, menu, "com.canonical.dbusmenu")? })
    }

    /// Chooses the entry of this label.
    fn choose(&self, label: &str) -> Result<()> {
        type Entry = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let properties: Vec<&str> = vec!["label"];
        let (_, (_, _, entries)): (u32, Entry) =
            self.proxy.call("GetLayout", &(0, -1, properties))?;
        for entry in entries {
            let (id, properties, _) = Entry::try_from(entry)?;
            let Some(label_of) = properties.get("label") else { continue };
            if <&str>::try_from(&**label_of).is_ok_and(|one| one.replace('_', "") == label) {
                self.proxy.call::<_, _, ()>("Event", &(id, "clicked", Value::from(0), 0u32))?;
                return Ok(());
            }
        }
        anyhow::bail!("no entry {label}")
    }
}
