//! A network with weather: a proxy before a port of this machine with delay and bandwidth, whose connections break by
//! chance, and which loses answers. The same seed gives the same chances; which connection meets which is left to time.

use crate::chance::Chance;
use anyhow::{Context, Result};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// What is read at a time.
const PIECE: usize = 16 << 10;
/// Pieces on their way in one direction of one connection: what a long line holds.
const ON_THE_WAY: usize = 64;
/// What a connection can hold before the line takes it, in bytes: little, so that what is taken has nearly left.
const HELD: usize = 64 << 10;
/// The line's bucket: so much of unused time is made up for, so that a proxy that wakes late does not narrow the line.
const MADE_UP: Duration = Duration::from_millis(50);

/// How the weather is.
#[derive(Debug, Clone, Copy)]
pub struct Forecast {
    /// From here to there and back.
    pub round_trip: Duration,
    /// In each direction, over all connections.
    pub bytes_per_second: u64,
    /// A connection breaks after about so many bytes towards the archive; between half and one and a half of it.
    pub cut_every: Option<u64>,
    /// This share of connections breaks within its first 100 kB.
    pub dying: f64,
    /// This share of answers is lost, with their connections.
    pub lost_answers: f64,
    /// Chance.
    pub seed: u64,
}

/// What has happened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Happened {
    /// Connections that were made.
    pub connections: u64,
    /// Those that broke.
    pub cuts: u64,
    /// Answers that were lost.
    pub lost_answers: u64,
    /// Bytes that left for the archive, all protocols' included.
    pub bytes: u64,
}

/// A running proxy. It ends with the process.
#[derive(Debug)]
pub struct Weather {
    port: u16,
    sky: Arc<Sky>,
}

#[derive(Debug)]
struct Sky {
    forecast: Forecast,
    chance: Mutex<Chance>,
    /// When the line is free again, towards the archive and back.
    lines: [Mutex<Instant>; 2],
    connections: AtomicU64,
    cuts: AtomicU64,
    lost: AtomicU64,
    bytes: AtomicU64,
}

impl Weather {
    /// Weather before a port.
    ///
    /// # Errors
    /// There is no free port.
    pub fn before(port: u16, forecast: Forecast) -> Result<Self> {
        let listener = listen().context("a port for the weather")?;
        let now = Instant::now();
        let sky = Arc::new(Sky {
            forecast,
            chance: Mutex::new(Chance::new(forecast.seed)),
            lines: [Mutex::new(now), Mutex::new(now)],
            connections: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        });
        let weather = Self { port: listener.local_addr()?.port(), sky: sky.clone() };
        spawn(move || {
            for client in listener.incoming().flatten() {
                let sky = sky.clone();
                spawn(move || connect(client, port, &sky));
            }
        });
        Ok(weather)
    }

    /// Where to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What has happened so far.
    #[must_use]
    pub fn happened(&self) -> Happened {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Happened {
            connections: get(&self.sky.connections),
            cuts: get(&self.sky.cuts),
            lost_answers: get(&self.sky.lost),
            bytes: get(&self.sky.bytes),
        }
    }
}

impl Sky {
    fn chance(&self) -> MutexGuard<'_, Chance> {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After how many bytes towards the archive a new connection breaks.
    fn breaks_after(&self) -> Option<u64> {
        let mut chance = self.chance();
        if chance.happens(self.forecast.dying) {
            return Some((chance.part() * 100_000.0) as u64);
        }
        let every = self.forecast.cut_every? as f64;
        Some((every * (0.5 + chance.part())) as u64)
    }

    /// Waits until so many bytes are through, one after the other as on a line that all connections share.
    fn takes(&self, way: Way, bytes: usize) {
        let needs =
            Duration::from_secs_f64(bytes as f64 / self.forecast.bytes_per_second.max(1) as f64);
        let line = match way {
            Way::There => &self.lines[0],
            Way::Back => &self.lines[1],
        };
        let free = {
            let mut free = line.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            *free = (*free).max(now.checked_sub(MADE_UP).unwrap_or(now)) + needs;
            *free
        };
        sleep(free.saturating_duration_since(Instant::now()));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// One connection with its two ends.
#[derive(Clone)]
struct Ends {
    client: Arc<TcpStream>,
    archive: Arc<TcpStream>,
}

impl Ends {
    fn cut(&self) {
        // They may be gone already.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.archive.shutdown(Shutdown::Both);
    }
}

/// A port whose connections hold little by themselves; they inherit that from it.
fn listen() -> Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_recv_buffer_size(HELD)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(128)?;
    Ok(socket.into())
}

fn connect(client: TcpStream, port: u16, sky: &Arc<Sky>) {
    sky.connections.fetch_add(1, Ordering::Relaxed);
    // The hand-shake takes a round trip.
    sleep(sky.forecast.round_trip);
    let Ok(archive) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
    let ends = Ends { client: Arc::new(client), archive: Arc::new(archive) };
    // Only slower where it fails.
    let _ = ends.client.set_nodelay(true);
    let _ = ends.archive.set_nodelay(true);
    for way in [Way::There, Way::Back] {
        let (ends, sky) = (ends.clone(), sky.clone());
        spawn(move || travel(way, &ends, &sky));
    }
}

/// Takes bytes in at one end; they come out at the other after their time.
fn travel(way: Way, ends: &Ends, sky: &Arc<Sky>) {
    let (from, to) = match way {
        Way::There => (&ends.client, &ends.archive),
        Way::Back => (&ends.archive, &ends.client),
    };
    let (send, receive) = sync_channel::<(Instant, Vec<u8>)>(ON_THE_WAY);
    let far = to.clone();
    let arriving = spawn(move || arrive(&far, &receive));
    depart(way, from, ends, sky, &send);
    drop(send);
    let _ = arriving.join();
    // One direction ends with what was on its way; the other goes on until its own end.
    let _ = to.shutdown(Shutdown::Write);
}

fn depart(
    way: Way,
    from: &TcpStream,
    ends: &Ends,
    sky: &Sky,
    send: &SyncSender<(Instant, Vec<u8>)>,
) {
    let mut left = if way == Way::There { sky.breaks_after() } else { None };
    let mut piece = vec![0; PIECE];
    let mut from = from;
    while let Ok(n @ 1..) = from.read(&mut piece) {
        let begins = piece.starts_with(b"HTTP/1.1 ");
        if way == Way::Back && begins && sky.chance().happens(sky.forecast.lost_answers) {
            sky.lost.fetch_add(1, Ordering::Relaxed);
            return ends.cut();
        }
        sky.takes(way, n);
        if way == Way::There {
            sky.bytes.fetch_add(n as u64, Ordering::Relaxed);
        }
        if let Some(bytes) = &mut left {
            *bytes = bytes.saturating_sub(n as u64);
            if *bytes == 0 {
                sky.cuts.fetch_add(1, Ordering::Relaxed);
                return ends.cut();
            }
        }
        let content = piece.get(..n).unwrap_or_default().to_vec();
        if send.send((Instant::now() + sky.forecast.round_trip / 2, content)).is_err() {
            return;
        }
    }
}

fn arrive(to: &TcpStream, receive: &Receiver<(Instant, Vec<u8>)>) {
    let mut to = to;
    for (due, content) in receive {
        sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&content).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAIR: Forecast = Forecast {
        round_trip: Duration::from_millis(60),
        bytes_per_second: 1_000_000,
        cut_every: None,
        dying: 0.0,
        lost_answers: 0.0,
        seed: 1,
    };

    /// A server that takes `bytes` and answers.
    fn server(bytes: usize) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        spawn(move || {
            for mut one in listener.incoming().flatten() {
                let mut body = vec![0; bytes];
                if one.read_exact(&mut body).is_ok() {
                    one.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                }
            }
        });
        port
    }

    fn told(forecast: Forecast, bytes: usize) -> (Option<String>, Duration, Happened) {
        let weather = Weather::before(server(bytes), forecast).unwrap();
        let began = Instant::now();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, weather.port())).unwrap();
        let sent = stream.write_all(&vec![7; bytes]);
        let mut answer = String::new();
        let read = sent.and_then(|()| stream.read_to_string(&mut answer));
        let whole = read.is_ok() && answer.contains("200");
        (whole.then_some(answer), began.elapsed(), weather.happened())
    }

    #[test]
    fn bytes_take_their_time_and_arrive() {
        let (answer, took, happened) = told(FAIR, 300_000);
        assert!(answer.is_some());
        // Hand-shake, 0.3 s for the bytes, and there and back; what the line makes up for after a late start is little.
        assert!(took >= Duration::from_millis(340), "{took:?}");
        assert_eq!((happened.connections, happened.cuts, happened.bytes), (1, 0, 300_000));
    }

    #[test]
    fn connections_break_and_answers_are_lost() {
        let (answer, _, happened) = told(Forecast { cut_every: Some(100_000), ..FAIR }, 300_000);
        assert!(answer.is_none() && happened.cuts == 1 && happened.bytes < 200_000, "{happened:?}");
        let (answer, _, happened) = told(Forecast { lost_answers: 1.0, ..FAIR }, 1_000);
        assert!(answer.is_none() && happened.lost_answers == 1, "{happened:?}");
        let (answer, _, happened) = told(Forecast { dying: 1.0, ..FAIR }, 300_000);
        assert!(answer.is_none() && happened.bytes <= 100_000 + PIECE as u64, "{happened:?}");
    }
}
