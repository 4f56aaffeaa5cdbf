//! A real Orthanc on free ports, in a folder of its own.

use relaypacs_model::{Secret, SignIn};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PROGRAM: &str = "/usr/sbin/Orthanc";
const PLUGIN: &str = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";

pub(crate) struct Orthanc {
    child: Child,
    pub(crate) port: u16,
    _home: TempDir,
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Orthanc {
    pub(crate) async fn with_dicomweb() -> Self {
        Self::start(true).await
    }

    pub(crate) async fn without_plugin() -> Self {
        Self::start(false).await
    }

    /// Ports that were free a moment ago may be taken when Orthanc asks for them: another try takes others.
    async fn start(dicomweb: bool) -> Self {
        for file in [PROGRAM, PLUGIN] {
            assert!(
                Path::new(file).exists(),
                "{file} is missing: `cargo xtask test` installs Orthanc and its DICOMweb plugin"
            );
        }
        for _ in 0..5 {
            if let Some(orthanc) = Self::try_start(dicomweb).await {
                return orthanc;
            }
        }
        panic!("Orthanc did not start in five attempts");
    }

    async fn try_start(dicomweb: bool) -> Option<Self> {
        let home = TempDir::new().expect("a folder");
        let (http, dimse) = (free_port(), free_port());
        let at = home.path().display();
        let plugins = if dicomweb { format!("\"{PLUGIN}\"") } else { String::new() };
        let configuration = format!(
            r#"{{"StorageDirectory":"{at}/db","IndexDirectory":"{at}/db","RemoteAccessAllowed":false,
            "AuthenticationEnabled":true,"RegisteredUsers":{{"relay":"secret"}},"HttpPort":{http},"DicomPort":{dimse},
            "DicomServerEnabled":false,"Plugins":[{plugins}],"DicomWeb":{{"Enable":true,"Root":"/dicom-web/"}},
            "OverwriteInstances":false}}"#
        );
        let file = home.path().join("orthanc.json");
        std::fs::write(&file, configuration).expect("a file");
        let child = Command::new(PROGRAM)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Orthanc starts");
        let mut orthanc = Self { child, port: http, _home: home };
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until && orthanc.child.try_wait().expect("a child").is_none() {
            if orthanc.answers().await {
                return Some(orthanc);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }

    async fn answers(&self) -> bool {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let Ok(mut socket) = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await else {
            return false;
        };
        let _ = socket.write_all(b"GET /system HTTP/1.0\r\n\r\n").await;
        let mut start = [0; 12];
        socket.read_exact(&mut start).await.is_ok()
            && start.starts_with(b"HTTP/1.")
            && start.ends_with(b"401")
    }

    pub(crate) fn dicomweb(&self) -> String {
        format!("http://127.0.0.1:{}/dicom-web/", self.port)
    }

    pub(crate) fn root(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn sign_in() -> SignIn {
        SignIn::Basic { user: "relay".into(), password: Secret::new("secret") }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port()
}
