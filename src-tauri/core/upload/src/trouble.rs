//! What went wrong between us and an archive, in codes. URLs, UIDs, headers and bodies never get in here.

use crate::{Scope, verdict};
use relaypacs_model::{Code, Fault, Reason};
use std::error::Error;
use std::io;
use std::time::Duration;

/// Why a question to an archive has no answer, or none of use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {}", reason.code.as_str(), detail)]
pub struct Trouble {
    /// How far it reaches.
    pub scope: Scope,
    /// Why.
    pub reason: Reason,
    /// The archive asked for at least this wait.
    pub retry_after: Option<Duration>,
    /// What the code cannot say, such as "the certificate has expired". Safe to show and to log. May be empty.
    pub detail: String,
}

impl Trouble {
    /// Trouble with the destination as a whole.
    #[must_use]
    pub fn with_destination(reason: Reason, retry_after: Option<Duration>) -> Self {
        let scope = Scope::Destination { reason, after: retry_after };
        Self { scope, reason, retry_after, detail: reason.numbers() }
    }

    /// Trouble with what was asked, not with the destination.
    #[must_use]
    pub fn with_question(reason: Reason) -> Self {
        Self { scope: Scope::Instances, reason, retry_after: None, detail: reason.numbers() }
    }

    /// What a status means for a question.
    #[must_use]
    pub fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        let reason = Reason::new(verdict::code_of(status)).with_status(status);
        Self::with_destination(reason, retry_after)
    }

    /// The same with words that the code cannot know.
    #[must_use]
    pub fn saying(self, detail: &str) -> Self {
        Self { detail: detail.to_owned(), ..self }
    }
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        Self::with(trouble.reason.code, trouble.detail)
    }
}

/// How an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) detail: &'static str,
    /// No connection came about: nothing can have been said.
    pub(crate) unsent: bool,
}

impl Failure {
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if error.is_dns() {
            return Self { code: Code::NameNotFound, detail: "", unsent: true };
        }
        let (code, detail) = cause(error).unwrap_or((Code::ConnectionLost, ""));
        if !error.is_connect() {
            return Self { code, detail, unsent: false };
        }
        let is_tls = matches!(code, Code::TlsNotTrusted | Code::TlsFailed);
        let code = if is_tls { code } else { Code::Unreachable };
        Self { code, detail, unsent: true }
    }

    pub(crate) fn stalled() -> Self {
        Self { code: Code::Stalled, detail: "", unsent: false }
    }

    pub(crate) fn trouble(self) -> Trouble {
        Trouble::with_destination(Reason::new(self.code), None).saying(self.detail)
    }
}

/// The first error in the chain that says something we can tell apart.
fn cause(error: &(dyn Error + 'static)) -> Option<(Code, &'static str)> {
    let mut next = Some(error);
    let mut found = None;
    while let Some(error) = next {
        next = error.source();
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(of_tls(tls));
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            found = of_io(io.kind()).or(found);
            // `source` of an IO error skips the error that it wraps.
            if let Some(inner) = io.get_ref() {
                next = Some(inner);
            }
        }
    }
    found
}

fn of_io(kind: io::ErrorKind) -> Option<(Code, &'static str)> {
    use io::ErrorKind as Kind;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are open-ended")]
    match kind {
        Kind::ConnectionRefused => Some((Code::Unreachable, "connection refused")),
        Kind::NetworkUnreachable => Some((Code::Unreachable, "no route to the network")),
        Kind::HostUnreachable => Some((Code::Unreachable, "no route to the host")),
        Kind::NetworkDown => Some((Code::Unreachable, "the network is down")),
        Kind::AddrNotAvailable => Some((Code::Unreachable, "no address to connect from")),
        Kind::TimedOut => Some((Code::Stalled, "timed out")),
        Kind::ConnectionReset => Some((Code::ConnectionLost, "connection reset")),
        Kind::ConnectionAborted => Some((Code::ConnectionLost, "connection aborted")),
        Kind::BrokenPipe => Some((Code::ConnectionLost, "connection closed")),
        Kind::UnexpectedEof => Some((Code::ConnectionLost, "connection closed")),
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> (Code, &'static str) {
    use rustls::CertificateError as Certificate;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are open-ended")]
    match error {
        rustls::Error::InvalidCertificate(certificate) => {
            let detail = match certificate {
                Certificate::Expired | Certificate::ExpiredContext { .. } => {
                    "the certificate has expired"
                }
                Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                    "the certificate is not valid yet"
                }
                Certificate::Revoked => "the certificate was revoked",
                Certificate::UnknownIssuer => "the certificate is from an unknown authority",
                Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                    "the certificate is for another name"
                }
                _ => "the certificate cannot be used",
            };
            (Code::TlsNotTrusted, detail)
        }
        rustls::Error::NoCertificatesPresented => {
            (Code::TlsNotTrusted, "the archive shows no certificate")
        }
        rustls::Error::AlertReceived(_) => (Code::TlsFailed, "the archive refused the handshake"),
        rustls::Error::PeerIncompatible(_) => (Code::TlsFailed, "no TLS version in common"),
        rustls::Error::InvalidMessage(_) => (Code::TlsFailed, "this is not TLS"),
        _ => (Code::TlsFailed, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_wherever_it_stands_in_the_chain() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        assert_eq!(cause(&wrapped).map(|(code, _)| code), Some(Code::TlsNotTrusted));
        let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(cause(&refused).map(|(code, _)| code), Some(Code::Unreachable));
        assert_eq!(cause(&io::Error::other("x")), None);
    }

    #[test]
    fn a_fault_keeps_the_code_and_the_numbers() {
        let fault = Fault::from(Trouble::of_status(507, None));
        assert_eq!((fault.code, fault.detail.as_str()), (Code::ArchiveFull, "HTTP 507"));
    }
}
