//! A proxy that refuses every request with one certain instance in it, as a whole and without a word about which: what
//! a gateway before an archive does. Everything else passes.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::spawn;

/// A running proxy. It ends with the process.
#[derive(Debug)]
pub struct Censor {
    port: u16,
    refused: Arc<AtomicU64>,
}

impl Censor {
    /// A proxy before this port of this machine that refuses bodies with `needle` in them.
    ///
    /// # Errors
    /// There is no free port.
    pub fn before(port: u16, needle: &str) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for the censor")?;
        let censor = Self { port: listener.local_addr()?.port(), refused: Arc::default() };
        let (refused, needle) = (censor.refused.clone(), Arc::<[u8]>::from(needle.as_bytes()));
        spawn(move || {
            for client in listener.incoming().flatten() {
                let (refused, needle) = (refused.clone(), needle.clone());
                // A connection that breaks is the business of those at its ends.
                spawn(move || pass(client, port, &needle, &refused).ok());
            }
        });
        Ok(censor)
    }

    /// Where to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many requests were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }
}

/// Request by request, as long as the connection lasts.
fn pass(mut client: TcpStream, port: u16, needle: &[u8], refused: &AtomicU64) -> Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let (mut back, mut away) = (server.try_clone()?, client.try_clone()?);
    spawn(move || {
        // Either side may be gone already.
        let _ = std::io::copy(&mut back, &mut away);
        let _ = away.shutdown(Shutdown::Both);
    });
    while let Some(request) = read_request(&mut client)? {
        if request.windows(needle.len()).any(|window| window == needle) {
            refused.fetch_add(1, Ordering::SeqCst);
            client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?;
        } else {
            server.write_all(&request)?;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
    Ok(())
}

/// A whole request, head and body; nothing where the connection ended before one.
fn read_request(client: &mut TcpStream) -> Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(None);
        }
        request.extend_from_slice(&byte);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: u64 = length.map_or(Ok(0), |text| text.trim().parse()).context("a length")?;
    client.take(length).read_to_end(&mut request)?;
    Ok(Some(request))
}
