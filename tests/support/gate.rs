//! A gate in front of an archive: lets everything through until it is shut, then holds requests that store. For tests
//! that must catch a sender in the act.

use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A running gate. It ends with the process; dropping it opens it.
#[derive(Debug)]
pub struct Gate {
    port: u16,
    bar: Arc<Bar>,
}

#[derive(Debug, Default)]
struct Bar {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    shut: bool,
    held: usize,
}

impl Gate {
    /// A gate before this port of this machine, open.
    ///
    /// # Errors
    /// There is no free port.
    pub fn before(port: u16) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for the gate")?;
        let gate = Self { port: listener.local_addr()?.port(), bar: Arc::default() };
        let bar = gate.bar.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let bar = bar.clone();
                std::thread::spawn(move || pass(&client, port, &bar));
            }
        });
        Ok(gate)
    }

    /// Where to knock.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Holds every POST from now on, until the gate is opened.
    pub fn shut(&self) {
        self.bar.state().shut = true;
    }

    /// Lets everything through again, what is held first.
    pub fn open(&self) {
        self.bar.state().shut = false;
        self.bar.changed.notify_all();
    }

    /// Waits until a request is held.
    ///
    /// # Errors
    /// None came in time.
    pub fn wait_until_held(&self, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        let mut state = self.bar.state();
        while state.held == 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("no request came to the gate in time");
            }
            let waited = self.bar.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

impl Bar {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins with its method in a read of its own: nobody sends the next one before the answer.
    fn hold(&self, bytes: &[u8]) {
        if !bytes.starts_with(b"POST ") {
            return;
        }
        let mut state = self.state();
        state.held += usize::from(state.shut);
        self.changed.notify_all();
        while state.shut {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.held = 0;
    }
}

/// One connection, both ways, until one side ends it.
fn pass(client: &TcpStream, port: u16, bar: &Arc<Bar>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
    std::thread::scope(|scope| {
        scope.spawn(|| copy(&server, client, |_| {}));
        copy(client, &server, |bytes| bar.hold(bytes));
    });
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, each: impl Fn(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = buffer.get(..length).unwrap_or_default();
        each(bytes);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
