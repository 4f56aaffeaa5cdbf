//! An HTTP/1.1 server over raw sockets, for answers that no well-behaved server gives.

use std::future::Future;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request whose head was read and whose body may still be in the socket.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) content_length: usize,
    /// Requests of this server so far, from 0.
    pub(crate) number: usize,
}

impl Request {
    pub(crate) fn is_check(&self) -> bool {
        self.head.starts_with("GET /rs/studies?limit=1 ") || self.head.starts_with("GET /rs/info ")
    }

    pub(crate) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// A server on a free port that hands each request to `act`, which answers on the bare socket. A connection is kept
/// for the next request as long as `act` says true.
pub(crate) struct Server {
    pub(crate) root: String,
    pub(crate) requests: Arc<Mutex<Vec<Request>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start<F, A>(act: F) -> Self
    where
        F: Fn(Request, TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = Option<TcpStream>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let root = format!("http://{}/rs", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, act) = (Arc::clone(&requests), Arc::new(act));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (seen, act) = (Arc::clone(&seen), Arc::clone(&act));
                tokio::spawn(async move {
                    let mut kept = Some(socket);
                    while let Some(mut socket) = kept {
                        let Some(mut request) = read_head(&mut socket).await else { return };
                        {
                            let mut seen = seen.lock().expect("a lock");
                            request.number = seen.len();
                            seen.push(request.clone());
                        }
                        kept = act(request, socket).await;
                    }
                });
            }
        });
        Self { root, requests, task }
    }

    /// Answers the check as a plain DICOMweb archive, and leaves every other request to `act`.
    pub(crate) async fn dicomweb<F, A>(act: F) -> Self
    where
        F: Fn(Request, TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = Option<TcpStream>> + Send + 'static,
    {
        let act = Arc::new(act);
        Self::start(move |request, mut socket| {
            let act = Arc::clone(&act);
            async move {
                if !request.is_check() {
                    return act(request, socket).await;
                }
                let found = request.head.starts_with("GET /rs/studies");
                let (status, body) = if found { ("200 OK", "[]") } else { ("404 Not Found", "") };
                respond(&mut socket, status, "", body).await;
                Some(socket)
            }
        })
        .await
    }

    pub(crate) fn posts(&self) -> usize {
        let seen = self.requests.lock().expect("a lock");
        seen.iter().filter(|request| request.head.starts_with("POST")).count()
    }
}

pub(crate) async fn read_head(socket: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some(Request { head, content_length: length.unwrap_or(0), number: 0 })
}

pub(crate) async fn read_body(
    socket: &mut (impl AsyncRead + Unpin),
    length: usize,
) -> Option<Vec<u8>> {
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.ok()?;
    Some(body)
}

pub(crate) async fn respond(
    socket: &mut (impl AsyncWrite + Unpin),
    status: &str,
    headers: &str,
    body: &str,
) {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
    let _ = socket.write_all(answer.as_bytes()).await;
    let _ = socket.flush().await;
}

/// A store response that refers to all of these UIDs.
pub(crate) fn stored<S: AsRef<str>>(uids: &[S]) -> String {
    let items: Vec<String> = uids
        .iter()
        .map(|uid| format!(r#"{{"00081155":{{"vr":"UI","Value":["{}"]}}}}"#, uid.as_ref()))
        .collect();
    format!(r#"{{"00081199":{{"vr":"SQ","Value":[{}]}}}}"#, items.join(","))
}
