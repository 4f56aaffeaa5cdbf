//! What goes wrong on the way to an archive, before it says a word: names that nobody knows, certificates that nobody
//! vouches for. Nothing is said to such a place, and the destination tells why it waits.

use crate::peer::Site;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use relaypacs_tests::cli::Ran;
use relaypacs_tests::lines::text;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A server with a certificate of its own making for `name`; counts the bytes that it is told.
struct Stranger {
    port: u16,
    certificate: String,
    heard: Arc<AtomicU64>,
}

impl Stranger {
    fn named(name: &str) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let (config, heard) = (Arc::new(config), Arc::new(AtomicU64::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let counted = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tls = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(tls, stream);
                let mut piece = [0; 4096];
                // Ends with the connection, or with a handshake that the other side breaks off.
                while let Ok(n @ 1..) = stream.read(&mut piece).map_err(|error| {
                    assert_ne!(error.kind(), ErrorKind::WouldBlock);
                }) {
                    counted.fetch_add(n as u64, Ordering::Relaxed);
                }
            }
        });
        Self { port, certificate: cert.pem(), heard }
    }
}

/// Everything waits, and the destination says why.
fn waits(site: &Site, ran: &Ran, why: &str) {
    assert_eq!(ran.status, Some(4), "{why}: {}", ran.stderr);
    let listed = site.cli.run(&["queue", "list", "--json"]).unwrap().json().unwrap();
    assert_eq!((listed.len(), text(&listed[0], "parked")), (1, why), "{}", ran.stderr);
}

#[test]
fn a_certificate_that_nobody_vouches_for_or_for_another_name_is_told_nothing() {
    let site = Site::new((1, 3, 2_000), |usual| usual);
    let ca = site.source.path().with_extension("pem");
    for (name, vouched) in [("localhost", false), ("another.example", true)] {
        let stranger = Stranger::named(name);
        fs::write(&ca, &stranger.certificate).unwrap();
        let root = format!("https://localhost:{}/dicom-web", stranger.port);
        let trust: &[&str] = if vouched { &["--ca", ca.to_str().unwrap()] } else { &[] };
        let arguments = site.arguments(&root, &[&["--patience", "0"], trust].concat());
        let ran = site.cli.run(&arguments).unwrap();
        let listed = site.cli.run(&["queue", "list", "--json"]).unwrap().json().unwrap();
        let here = listed.iter().find(|line| text(line, "destination").contains(&root)).unwrap();
        assert_eq!((ran.status, text(here, "parked")), (Some(4), "tls_not_trusted"), "{name}");
        assert_eq!(stranger.heard.load(Ordering::Relaxed), 0, "{name} was told something");
    }
    fs::remove_file(ca).unwrap();
}

#[test]
fn a_name_that_nobody_knows_and_a_port_where_nobody_listens_are_told_apart() {
    let site = Site::new((1, 3, 2_000), |usual| usual);
    // RFC 6761 section 6.4: a name below it never resolves.
    let root = "https://pacs.invalid/dicom-web";
    waits(
        &site,
        &site.cli.run(&site.arguments(root, &["--patience", "0"])).unwrap(),
        "name_not_found",
    );
    let site = Site::new((1, 3, 2_000), |usual| usual);
    let root = format!("http://127.0.0.1:{}/rs", relaypacs_tests::orthanc::dead_port().unwrap());
    waits(
        &site,
        &site.cli.run(&site.arguments(&root, &["--patience", "0"])).unwrap(),
        "unreachable",
    );
}
