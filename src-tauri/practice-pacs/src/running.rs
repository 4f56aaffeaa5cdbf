//! Starting and stopping: a thread with a runtime of its own, so that it can be used from a program with another one or
//! with none.

use crate::archive::Archive;
use crate::director::Director;
use crate::exchange::Shared;
use crate::faults::Faults;
use crate::requests::{Counts, Logged, Requests};
use crate::route::Parts;
use crate::serve::serve;
use crate::uid::Uid;
use crate::wire::{End, Wire};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// Small, so that a slow or stalled reader is felt by the sender soon, and large enough not to slow down a quick one.
const RECEIVE_BUFFER: u32 = 256 * 1024;

/// How to sign in at the practice archive.
#[derive(Clone, PartialEq, Eq)]
pub enum SignIn {
    /// HTTP Basic.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// A bearer token.
    Bearer {
        /// The token.
        token: String,
    },
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn(..)")
    }
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The folder where instances are kept. It is made where it is missing.
    pub store: PathBuf,
    /// What goes wrong.
    pub faults: Faults,
    /// Who may come in; nobody is asked where there is none.
    pub sign_in: Option<SignIn>,
    /// Whether DICOMweb is there. Off, it is an Orthanc without the plugin.
    pub dicomweb: bool,
    /// Whether Orthanc's own REST interface is there.
    pub orthanc_rest: bool,
    /// Whether a stored instance is flushed to the disk before it is answered for.
    pub sync: bool,
}

impl Options {
    /// A free port, no faults, no sign-in, DICOMweb only, everything flushed.
    #[must_use]
    pub fn in_folder(store: impl Into<PathBuf>) -> Self {
        Self {
            port: 0,
            store: store.into(),
            faults: Faults::default(),
            sign_in: None,
            dicomweb: true,
            orthanc_rest: false,
            sync: true,
        }
    }
}

/// The practice archive.
#[derive(Debug)]
pub struct PracticePacs;

impl PracticePacs {
    /// Opens the folder, listens on 127.0.0.1 (and nowhere else: there is no sign-in that would deserve the name and no
    /// TLS), and serves until it is stopped or dropped.
    ///
    /// # Errors
    /// The folder cannot be used, or the port is taken.
    pub fn start(options: Options) -> io::Result<Running> {
        let archive = Arc::new(Archive::open(&options.store, options.sync)?);
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::channel();
        // A runtime must neither begin nor end inside another one; on a thread of its own it does not.
        let thread =
            std::thread::Builder::new().name("practice-pacs".into()).spawn(move || match begin(
                options, archive,
            ) {
                Ok((runtime, listener, shared)) => {
                    if ready.send(Ok(shared.clone())).is_ok() {
                        run(runtime, &listener, &shared, stopped);
                    }
                }
                Err(error) => drop(ready.send(Err(error))),
            })?;
        let shared = started.recv().map_err(io::Error::other)??;
        Ok(Running { shared, stop: Some(stop), thread: Some(thread) })
    }
}

fn begin(
    options: Options,
    archive: Arc<Archive>,
) -> io::Result<(Runtime, TcpListener, Arc<Shared>)> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(listen(options.port))?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Shared {
        archive,
        director: Mutex::new(Director::new(options.faults)),
        requests: Requests::default(),
        sign_in: options.sign_in,
        parts: Parts { dicomweb: options.dicomweb, orthanc_rest: options.orthanc_rest },
        root: format!("http://{address}/dicom-web"),
        address,
    });
    Ok((runtime, listener, shared))
}

/// A practice archive that runs. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.shared.address
    }

    /// The root of its DICOMweb service.
    #[must_use]
    pub fn root(&self) -> String {
        self.shared.root.clone()
    }

    /// Other faults from now on; their rules count from 1.
    pub fn set_faults(&self, faults: Faults) {
        *self.shared.director() = Director::new(faults);
    }

    /// Sums since the start; `fired` since the faults were set.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { fired: self.shared.director().fired(), ..self.shared.requests.counts() }
    }

    /// The requests that have ended, the last 100,000 of them.
    #[must_use]
    pub fn log(&self) -> Vec<Logged> {
        self.shared.requests.log()
    }

    /// How many instances are stored.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.shared.archive.count()
    }

    /// Study, Series and SOP Instance UID of each stored instance, sorted.
    #[must_use]
    pub fn instances(&self) -> Vec<(String, String, String)> {
        let records = self.shared.archive.list(None, None);
        let text = |uid: &Uid| uid.as_str().to_owned();
        records.iter().map(|r| (text(&r.study), text(&r.series), text(&r.sop))).collect()
    }

    /// The file of a stored instance, by its SOP Instance UID.
    #[must_use]
    pub fn file_of(&self, sop_instance_uid: &str) -> Option<PathBuf> {
        let record = self.shared.archive.find(&Uid::parse(sop_instance_uid)?)?;
        Some(self.shared.archive.path_of(&record))
    }

    /// Takes an instance out of the archive; false where there is none.
    ///
    /// # Errors
    /// Its file cannot be removed.
    pub fn remove(&self, sop_instance_uid: &str) -> io::Result<bool> {
        match Uid::parse(sop_instance_uid) {
            Some(uid) => self.shared.archive.remove(&uid),
            None => Ok(false),
        }
    }

    /// Ends all connections and returns when nothing runs any more.
    pub fn stop(mut self) {
        self.end();
    }

    /// Serves until it is stopped from outside (another thread, or the end of the process).
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // So that it can start again at once on the port where it was. Elsewhere the option means something else.
    socket.set_reuseaddr(cfg!(unix))?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(1024)
}

fn run(
    runtime: Runtime,
    listener: &TcpListener,
    shared: &Arc<Shared>,
    mut stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                accepted = listener.accept() => accept(accepted, shared).await,
            }
        }
    });
    // Connections end here; what is being written to the disk may finish.
    runtime.shutdown_timeout(Duration::from_secs(5));
}

async fn accept(accepted: io::Result<(TcpStream, SocketAddr)>, shared: &Arc<Shared>) {
    let Ok((stream, _)) = accepted else {
        // No descriptors left, for one: give the connections that hold them a moment.
        tokio::time::sleep(Duration::from_millis(20)).await;
        return;
    };
    let end = End::default();
    if shared.director().refuses() {
        shared.requests.refused();
        end.reset();
        drop(Wire::new(stream, end));
        return;
    }
    // Only a delay of small answers if it fails.
    let _ = stream.set_nodelay(true);
    let wire = TokioIo::new(Wire::new(stream, end.clone()));
    let shared = shared.clone();
    tokio::spawn(async move {
        let service = service_fn(move |request| serve(shared.clone(), end.clone(), request));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).max_buf_size(256 * 1024);
        // How a connection ends is told by the log.
        let _ = http.serve_connection(wire, service).await;
    });
}
