//! Where studies go: a name, the root of a DICOMweb service, how to sign in, whom to trust.

use crate::Secret;
use std::fmt;
use std::path::PathBuf;
use url::{Host, Url};

/// A saved destination's name: 1 to 64 characters without control characters, and not a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationName(String);

/// Why a text is no destination name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a destination name has 1 to 64 characters, no control characters and no '://'")]
pub struct DestinationNameFault;

impl DestinationName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`DestinationNameFault`] says the rule.
    pub fn parse(text: &str) -> Result<Self, DestinationNameFault> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= 64;
        if !fits || text.chars().any(char::is_control) || text.contains("://") {
            return Err(DestinationNameFault);
        }
        Ok(Self(text.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The root of a DICOMweb service (PS3.18 section 8.2), such as `https://pacs.example/dicom-web`. No slash at the end,
/// no query, no fragment, no user or password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ArchiveRoot(Url);

/// Why a text is no root of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveRootFault {
    /// Not a URL.
    #[error("this is not a URL")]
    NotAUrl,
    /// Neither https nor http.
    #[error("only https (and http on this machine) can be used")]
    Scheme,
    /// Plain http to another machine: patient data would cross the network in the clear.
    #[error("plain http is only for this machine; use https")]
    PlainHttp,
    /// User or password in the URL: they would stand in lists and logs.
    #[error("a URL must not hold a user name or password; use --user")]
    Credentials,
    /// A query or a fragment.
    #[error("the root of a DICOMweb service has no '?' and no '#'")]
    QueryOrFragment,
}

impl ArchiveRoot {
    /// Checks a URL.
    ///
    /// # Errors
    /// [`ArchiveRootFault`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, ArchiveRootFault> {
        let mut url = Url::parse(text.trim()).map_err(|_| ArchiveRootFault::NotAUrl)?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(ArchiveRootFault::NotAUrl),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(ArchiveRootFault::PlainHttp),
            _ => return Err(ArchiveRootFault::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ArchiveRootFault::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ArchiveRootFault::QueryOrFragment);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL, for requests.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The URL as text, for showing and storing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The URL of something below the root; `segments` are percent-encoded as needed.
    #[must_use]
    pub fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl fmt::Debug for ArchiveRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveRoot({})", self.as_str())
    }
}

/// How to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// Nothing is sent.
    None,
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token that is given from outside (RFC 6750).
    Bearer {
        /// The token.
        token: Secret,
    },
}

/// How much of what was stored is read back and compared with our bytes, besides what was there before (always).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBack {
    /// Nothing more.
    None,
    /// One instance of each series.
    Sample,
    /// Every instance.
    Every,
}

/// What was learned of a destination and is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Not asked yet.
    Unknown,
    /// STOW-RS and QIDO-RS (PS3.18 sections 10.5 and 10.6).
    DicomWeb,
    /// DICOMweb by Orthanc's plugin: its own REST interface is there as well.
    OrthancDicomWeb,
    /// Orthanc without the DICOMweb plugin: its own REST interface only.
    OrthancRest,
}

/// A destination as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its name, where it is a saved one; for a URL given in place the URL itself.
    pub label: String,
    /// The root of its DICOMweb service.
    pub root: ArchiveRoot,
    /// How to sign in.
    pub sign_in: SignIn,
    /// A PEM file with the certificates of a private authority, trusted besides those of the system.
    pub ca: Option<PathBuf>,
    /// How much to read back.
    pub read_back: ReadBack,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in [
            "http://127.0.0.1:8042/dicom-web/",
            "http://localhost",
            "http://[::1]:1/x",
            "https://pacs.example/rs",
        ] {
            assert!(ArchiveRoot::parse(good).is_ok(), "{good}");
        }
        assert_eq!(ArchiveRoot::parse("http://pacs.example/rs"), Err(ArchiveRootFault::PlainHttp));
        assert_eq!(
            ArchiveRoot::parse("http://127.0.0.1.evil.example/"),
            Err(ArchiveRootFault::PlainHttp)
        );
        assert_eq!(ArchiveRoot::parse("ftp://pacs.example"), Err(ArchiveRootFault::Scheme));
        assert_eq!(ArchiveRoot::parse("pacs"), Err(ArchiveRootFault::NotAUrl));
        assert_eq!(
            ArchiveRoot::parse("https://a:b@pacs.example"),
            Err(ArchiveRootFault::Credentials)
        );
        assert_eq!(
            ArchiveRoot::parse("https://pacs.example/?x"),
            Err(ArchiveRootFault::QueryOrFragment)
        );
    }

    #[test]
    fn a_request_path_is_joined_below_the_root() {
        for root in ["https://pacs.example/rs", "https://pacs.example/rs/"] {
            let root = ArchiveRoot::parse(root).unwrap();
            assert_eq!(
                root.join(&["studies", "1.2"]).as_str(),
                "https://pacs.example/rs/studies/1.2"
            );
            assert_eq!(root.as_str(), "https://pacs.example/rs");
        }
        let bare = ArchiveRoot::parse("http://localhost:9").unwrap();
        assert_eq!(bare.join(&["studies"]).as_str(), "http://localhost:9/studies");
    }
}
