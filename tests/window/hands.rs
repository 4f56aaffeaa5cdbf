//! The person at the display: closes the window, looks away from it, drops files on it. As the X server and GTK know
//! it, with no window manager in between.

use crate::driver::LIMIT;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::Instant;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, InputFocus,
    MapState, PropMode, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_FROM_PARENT, CURRENT_TIME, NONE};

/// Its hands.
pub(crate) struct Hands {
    display: RustConnection,
    root: Window,
    /// A window of its own, which is never shown: files are dragged out of it.
    own: Window,
}

impl Hands {
    /// At this display.
    pub(crate) fn at(display: &str) -> Result<Self> {
        let (display, screen) = x11rb::connect(Some(display)).context("the display")?;
        let root = display.setup().roots.get(screen).context("no screen")?.root;
        let own = display.generate_id()?;
        let (kind, how) = (WindowClass::INPUT_OUTPUT, CreateWindowAux::new());
        display
            .create_window(0, own, root, 0, 0, 1, 1, 0, kind, COPY_FROM_PARENT, &how)?
            .check()?;
        Ok(Self { display, root, own })
    }

    fn atom(&self, name: &str) -> Result<Atom> {
        Ok(self.display.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }

    /// The windows of the program that could be seen: those that files can be dropped on, which GTK's helpers are not.
    fn windows(&self) -> Result<Vec<Window>> {
        let aware = self.atom("XdndAware")?;
        let mut found = Vec::new();
        for one in self.display.query_tree(self.root)?.reply()?.children {
            let property =
                self.display.get_property(false, one, aware, AtomEnum::ANY, 0, 1)?.reply();
            if property.is_ok_and(|property| property.type_ != NONE) {
                found.push(one);
            }
        }
        Ok(found)
    }

    /// The window that is shown, if one is.
    fn shown(&self) -> Result<Option<Window>> {
        for one in self.windows()? {
            let attributes = self.display.get_window_attributes(one)?.reply();
            if attributes.is_ok_and(|one| one.map_state == MapState::VIEWABLE) {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// Whether a window is shown.
    pub(crate) fn is_shown(&self) -> Result<bool> {
        Ok(self.shown()?.is_some())
    }

    /// Presses its cross.
    pub(crate) fn close(&self) -> Result<()> {
        let window = self.shown()?.context("no window is shown")?;
        let words = [self.atom("WM_DELETE_WINDOW")?, CURRENT_TIME, 0, 0, 0];
        self.tell(window, "WM_PROTOCOLS", words)
    }

    /// Looks at something else: what is typed goes to nobody.
    pub(crate) fn look_away(&self) -> Result<()> {
        Ok(self.display.set_input_focus(InputFocus::NONE, NONE, CURRENT_TIME)?.check()?)
    }

    /// Drags a folder over the window and drops it there (the XDND protocol, version 5). `over` is called while it is
    /// held above it.
    pub(crate) fn drop(&self, folder: &Path, over: impl FnOnce() -> Result<()>) -> Result<()> {
        let window = self.shown()?.context("no window is shown")?;
        let [selection, list, copy] =
            ["XdndSelection", "text/uri-list", "XdndActionCopy"].map(|name| self.atom(name));
        let (selection, list, copy) = (selection?, list?, copy?);
        let (status, finished) = (self.atom("XdndStatus")?, self.atom("XdndFinished")?);
        let uris = format!("file://{}\r\n", folder.display());
        self.display.set_selection_owner(self.own, selection, CURRENT_TIME)?.check()?;
        self.tell(window, "XdndEnter", [self.own, 5 << 24, list, 0, 0])?;
        let place = (700 << 16) | 450;
        self.tell(window, "XdndPosition", [self.own, 0, place, CURRENT_TIME, copy])?;
        self.serve_until(status, uris.as_bytes())?;
        over()?;
        self.tell(window, "XdndDrop", [self.own, 0, CURRENT_TIME, 0, 0])?;
        self.serve_until(finished, uris.as_bytes())
    }

    /// Hands out what is dragged to whoever asks for it, until the window says this.
    fn serve_until(&self, word: Atom, dragged: &[u8]) -> Result<()> {
        let end = Instant::now() + LIMIT;
        loop {
            ensure!(Instant::now() < end, "the window does not answer what is dragged over it");
            match self.display.poll_for_event()? {
                Some(Event::SelectionRequest(asked)) => self.hand_over(&asked, dragged)?,
                Some(Event::ClientMessage(message)) if message.type_ == word => return Ok(()),
                Some(_) => {}
                None => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        }
    }

    fn hand_over(&self, asked: &SelectionRequestEvent, dragged: &[u8]) -> Result<()> {
        let SelectionRequestEvent { requestor, property, target, selection, time, .. } = *asked;
        self.display.change_property8(PropMode::REPLACE, requestor, property, target, dragged)?;
        let answer = SelectionNotifyEvent {
            response_type: x11rb::protocol::xproto::SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time,
            requestor,
            selection,
            target,
            property,
        };
        self.display.send_event(false, requestor, EventMask::NO_EVENT, answer)?.check()?;
        Ok(())
    }

    fn tell(&self, window: Window, kind: &str, words: [u32; 5]) -> Result<()> {
        let message = ClientMessageEvent::new(32, window, self.atom(kind)?, words);
        self.display.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
        Ok(())
    }
}
