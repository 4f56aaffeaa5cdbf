//! A small HTTP client for this machine: one request a connection, no TLS. For asking archives what they have, not for
//! testing how we send.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// A client for one port of 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Http {
    port: u16,
    authorization: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }
}

impl Http {
    /// Without sign-in.
    #[must_use]
    pub fn new(port: u16) -> Self {
        Self { port, authorization: None }
    }

    /// With HTTP Basic.
    #[must_use]
    pub fn basic(port: u16, user: &str, password: &str) -> Self {
        let pair = base64(format!("{user}:{password}").as_bytes());
        Self { port, authorization: Some(format!("Basic {pair}")) }
    }

    /// GET
    ///
    /// # Errors
    /// No connection, or no HTTP.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.request("GET", path, &[], b"")
    }

    /// POST
    ///
    /// # Errors
    /// No connection, or no HTTP.
    pub fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Answer> {
        self.request("POST", path, &[("Content-Type", content_type)], body)
    }

    /// DELETE
    ///
    /// # Errors
    /// No connection, or no HTTP.
    pub fn delete(&self, path: &str) -> Result<Answer> {
        self.request("DELETE", path, &[], b"")
    }

    /// Any request. The answer has to begin and go on within two minutes each.
    ///
    /// # Errors
    /// No connection, or no HTTP.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
            .context("connecting to this machine")?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        stream.set_write_timeout(Some(Duration::from_secs(120)))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", self.port);
        let length = body.len().to_string();
        let own = [("Connection", "close"), ("Content-Length", length.as_str())];
        let authorization =
            self.authorization.iter().map(|value| ("Authorization", value.as_str()));
        for (name, value) in own.into_iter().chain(authorization).chain(headers.iter().copied()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.write_all(body)?;
        read_answer(&mut BufReader::new(stream))
    }
}

fn read_answer(from: &mut impl BufRead) -> Result<Answer> {
    let first = line(from)?;
    let mut words = first.split(' ');
    ensure!(words.next().is_some_and(|w| w.starts_with("HTTP/1.")), "the answer is not HTTP");
    let status = words.next().unwrap_or_default().parse().context("the status is no number")?;
    let mut headers = Vec::new();
    loop {
        let line = line(from)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').context("a header has a colon")?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if answer.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        answer.body = chunks(from)?;
    } else if let Some(length) = answer.header("content-length") {
        let length: usize = length.parse().context("the length is no number")?;
        answer.body = vec![0; length];
        from.read_exact(&mut answer.body).context("the answer ends too early")?;
    } else if status != 204 {
        from.read_to_end(&mut answer.body)?;
    }
    Ok(answer)
}

fn chunks(from: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).context("a chunk has a size")?;
        let mut chunk = vec![0; size];
        from.read_exact(&mut chunk)?;
        body.extend_from_slice(&chunk);
        ensure!(line(from)?.is_empty(), "a chunk ends with a line break");
        if size == 0 {
            return Ok(body);
        }
    }
}

fn line(from: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    if from.by_ref().take(64 * 1024).read_line(&mut line)? == 0 {
        bail!("the connection was closed before the answer was whole");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let held =
            three.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let six = (held >> (18 - 6 * place) & 63) as usize;
            let letter = ALPHABET.get(six).filter(|_| place <= three.len()).unwrap_or(&b'=');
            text.push(char::from(*letter));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (text, wanted) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("relay:relay", "cmVsYXk6cmVsYXk="),
        ] {
            assert_eq!(base64(text.as_bytes()), wanted);
        }
    }

    #[test]
    fn chunked_and_counted_answers_are_read() {
        let read = |text: &str| read_answer(&mut text.as_bytes());
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        assert_eq!(read(chunked).unwrap().body, b"abcde");
        let counted = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX: y\r\n\r\nno";
        let answer = read(counted).unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.header("x")),
            (404, &b"no"[..], Some("y"))
        );
        assert!(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nno").is_err());
        assert!(read("").is_err());
    }
}
