//! Whom we trust: a private authority when it is given, nobody else, and never under another name.

use crate::support::server::{read_body, read_head, respond, stored};
use crate::support::{batch, destination, dicom, quick, store, verdicts};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use relaypacs_model::{Code, SignIn};
use relaypacs_upload::{Archive, Trouble, Verdict};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn write(&self, folder: &Path) -> PathBuf {
        let file = folder.join("ca.pem");
        std::fs::write(&file, &self.pem).unwrap();
        file
    }

    /// An archive on a free port whose certificate is for `name`.
    async fn serve(&self, name: &str) -> u16 {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut socket = acceptor.accept(socket).await.ok()?;
                    while let Some(request) = read_head(&mut socket).await {
                        read_body(&mut socket, request.content_length).await?;
                        match request.head.split(' ').next() {
                            Some("POST") => {
                                respond(&mut socket, "200 OK", "", &stored(&[dicom::uid(1)])).await;
                            }
                            _ if request.is_check() && !request.head.contains("/info ") => {
                                respond(&mut socket, "200 OK", "", "[]").await;
                            }
                            _ => respond(&mut socket, "404 Not Found", "", "").await,
                        }
                    }
                    Some(())
                });
            }
        });
        port
    }
}

fn archive(port: u16, ca: Option<PathBuf>) -> Archive {
    let mut destination = destination(&format!("https://localhost:{port}/rs"), SignIn::None);
    destination.ca = ca;
    Archive::new(&destination, quick()).unwrap()
}

fn not_trusted(trouble: &Trouble) -> (Code, &str) {
    (trouble.reason.code, trouble.detail.as_str())
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let port = authority.serve("localhost").await;
    let archive = archive(port, Some(authority.write(folder.path())));
    let answer = store(&archive, &batch([dicom::instance(1, 500_000)])).await;
    assert_eq!(verdicts(&answer), [Verdict::Stored]);
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let port = Authority::new().serve("localhost").await;
    let another = Authority::new().write(folder.path());
    for ca in [None, Some(another)] {
        let trouble = archive(port, ca).check().await.unwrap_err();
        assert_eq!(trouble.reason.code, Code::TlsNotTrusted, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let port = authority.serve("pacs.example").await;
    let trouble = archive(port, Some(authority.write(folder.path()))).check().await.unwrap_err();
    assert_eq!(not_trusted(&trouble), (Code::TlsNotTrusted, "the certificate is for another name"));
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_a_tls_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            respond(&mut socket, "400 Bad Request", "", "").await;
        }
    });
    let trouble = archive(port, None).check().await.unwrap_err();
    assert_eq!(trouble.reason.code, Code::TlsFailed, "{trouble:?}");
}

#[tokio::test]
async fn a_file_without_a_certificate_is_a_credential_file_fault() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("ca.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    for ca in [empty, folder.path().join("missing.pem")] {
        let mut destination = destination("https://localhost/rs", SignIn::None);
        destination.ca = Some(ca);
        let fault = Archive::new(&destination, quick()).err().unwrap();
        assert_eq!(fault.code, Code::CredentialFile);
        assert!(!fault.to_string().contains("ca.pem"), "{fault}");
    }
}
