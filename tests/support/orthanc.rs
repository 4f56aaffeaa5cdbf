//! A real Orthanc on free ports of this machine, with a folder that is gone when it is.

use crate::http::Http;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PLUGIN: &str = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";
const START_LIMIT: Duration = Duration::from_secs(60);

/// How to start.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// User and password that it asks for.
    pub sign_in: Option<(String, String)>,
    /// Whether the DICOMweb plugin is loaded.
    pub dicomweb: bool,
    /// Its port; a free one where none is given.
    pub port: Option<u16>,
    /// More of its configuration; goes over ours.
    pub more: Value,
}

impl Default for Setup {
    fn default() -> Self {
        Self { sign_in: None, dicomweb: true, port: None, more: json!({}) }
    }
}

/// A running Orthanc. Dropping it kills it.
#[derive(Debug)]
pub struct Orthanc {
    child: Child,
    folder: TempDir,
    http: Http,
    port: u16,
    dicom_port: u16,
    setup: Setup,
}

impl Orthanc {
    /// With DICOMweb, without sign-in.
    ///
    /// # Errors
    /// See [`Orthanc::with`].
    pub fn start() -> Result<Self> {
        Self::with(Setup::default())
    }

    /// Starts it and returns as soon as it answers.
    ///
    /// # Errors
    /// It is not installed, or does not answer within a minute.
    pub fn with(setup: Setup) -> Result<Self> {
        let binary = binary(&setup)?;
        // Another program may take a port between the asking and the starting; then it is tried with another.
        for _ in 0..5 {
            let folder = tempfile::Builder::new().prefix("relaypacs-orthanc-").tempdir()?;
            let (child, [port, dicom_port]) = spawn(&binary, folder.path(), &setup)?;
            let http = client(port, &setup);
            let mut orthanc = Self { child, folder, http, port, dicom_port, setup: setup.clone() };
            if orthanc.answers()? {
                return Ok(orthanc);
            }
            orthanc.was_it_the_port()?;
        }
        bail!("no free port for Orthanc")
    }

    /// The root of its DICOMweb service.
    #[must_use]
    pub fn root(&self) -> String {
        format!("http://127.0.0.1:{}/dicom-web", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its port for DICOM associations; its AE title is ORTHANC.
    #[must_use]
    pub fn dicom_port(&self) -> u16 {
        self.dicom_port
    }

    /// Its own REST interface.
    #[must_use]
    pub fn rest(&self) -> &Http {
        &self.http
    }

    /// Where its databases and files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many instances it has.
    ///
    /// # Errors
    /// It does not answer.
    pub fn count(&self) -> Result<u64> {
        let statistics = self.http.get("/statistics")?.json()?;
        statistics
            .get("CountInstances")
            .and_then(Value::as_u64)
            .context("statistics without a count")
    }

    /// The SOP Instance UID of each instance, sorted.
    ///
    /// # Errors
    /// It does not answer.
    pub fn instance_uids(&self) -> Result<Vec<String>> {
        let all = self.http.get("/instances?expand")?.json()?;
        let uid = |one: &Value| {
            one.pointer("/MainDicomTags/SOPInstanceUID").and_then(Value::as_str).map(str::to_owned)
        };
        let uids: Option<Vec<String>> =
            all.as_array().context("a list of instances")?.iter().map(uid).collect();
        let mut uids = uids.context("an instance without a UID")?;
        uids.sort();
        Ok(uids)
    }

    /// Takes an instance out, by its SOP Instance UID; false where it is not there.
    ///
    /// # Errors
    /// It does not answer.
    pub fn delete_instance(&self, sop_instance_uid: &str) -> Result<bool> {
        match self.id_of(sop_instance_uid)? {
            Some(id) => Ok(self.http.delete(&format!("/instances/{id}"))?.status == 200),
            None => Ok(false),
        }
    }

    /// The file of an instance, by its SOP Instance UID.
    ///
    /// # Errors
    /// It does not answer, or does not have the instance.
    pub fn file_of(&self, sop_instance_uid: &str) -> Result<Vec<u8>> {
        let id = self.id_of(sop_instance_uid)?.context("Orthanc does not have this instance")?;
        let answer = self.http.get(&format!("/instances/{id}/file"))?;
        anyhow::ensure!(answer.status == 200, "Orthanc does not give the file");
        Ok(answer.body)
    }

    /// Stops and starts it again, on the same folder and another port.
    ///
    /// # Errors
    /// See [`Orthanc::with`].
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let binary = binary(&self.setup)?;
        for _ in 0..5 {
            let (child, [port, dicom_port]) = spawn(&binary, self.folder.path(), &self.setup)?;
            self.http = client(port, &self.setup);
            (self.child, self.port, self.dicom_port) = (child, port, dicom_port);
            if self.answers()? {
                return Ok(());
            }
            self.was_it_the_port()?;
        }
        bail!("no free port for Orthanc")
    }

    /// Ends it.
    pub fn stop(mut self) {
        self.kill();
    }

    fn id_of(&self, sop_instance_uid: &str) -> Result<Option<String>> {
        let answer = self.http.post("/tools/lookup", "text/plain", sop_instance_uid.as_bytes())?;
        let id = answer.json()?.pointer("/0/ID").and_then(Value::as_str).map(str::to_owned);
        Ok(id)
    }

    /// Asks until it answers (true) or has ended (false).
    fn answers(&mut self) -> Result<bool> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            if self.http.get("/system").is_ok_and(|answer| answer.status == 200) {
                return Ok(true);
            }
            // Only how often it is asked.
            std::thread::sleep(Duration::from_millis(30));
        }
        bail!("Orthanc did not answer within a minute; its log is below the temporary folder")
    }

    /// An Orthanc that ends by itself, and not for want of a port, would do so again.
    fn was_it_the_port(&self) -> Result<()> {
        let log =
            std::fs::read_to_string(self.folder.path().join("orthanc.log")).unwrap_or_default();
        if log.contains("already in use") {
            return Ok(());
        }
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        bail!("Orthanc ended at once: {}", last.into_iter().rev().collect::<Vec<_>>().join(" | "))
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        self.kill();
    }
}

fn client(port: u16, setup: &Setup) -> Http {
    match &setup.sign_in {
        Some((user, password)) => Http::basic(port, user, password),
        None => Http::new(port),
    }
}

fn binary(setup: &Setup) -> Result<PathBuf> {
    let places = ["/usr/sbin/Orthanc", "/usr/bin/Orthanc", "/usr/local/sbin/Orthanc"];
    let found = places.iter().map(PathBuf::from).find(|path| path.is_file());
    let binary = found.context(
        "Orthanc is not installed (Debian: orthanc); `cargo xtask test` says what the tests need",
    )?;
    if setup.dicomweb && !Path::new(PLUGIN).is_file() {
        bail!(
            "Orthanc's DICOMweb plugin is not installed (Debian: orthanc-dicomweb); `cargo xtask test` says what the tests need"
        );
    }
    Ok(binary)
}

fn spawn(binary: &Path, folder: &Path, setup: &Setup) -> Result<(Child, [u16; 2])> {
    let [free, dicom] = free_ports()?;
    let http = setup.port.unwrap_or(free);
    let mut configuration = json!({
        "Name": "relaypacs-tests",
        "StorageDirectory": folder.join("db"), "IndexDirectory": folder.join("db"),
        "RemoteAccessAllowed": false, "AuthenticationEnabled": setup.sign_in.is_some(),
        "HttpPort": http, "DicomPort": dicom, "DicomAet": "ORTHANC",
        "Plugins": if setup.dicomweb { vec![PLUGIN] } else { vec![] },
        "DicomWeb": { "Enable": true, "Root": "/dicom-web/" },
        "OverwriteInstances": false, "DicomAlwaysAllowStore": true,
    });
    if let (Some((user, password)), Some(object)) = (&setup.sign_in, configuration.as_object_mut())
    {
        object.insert("RegisteredUsers".into(), json!({ user.as_str(): password }));
    }
    if let (Some(ours), Some(more)) = (configuration.as_object_mut(), setup.more.as_object()) {
        ours.extend(more.clone());
    }
    let file = folder.join("orthanc.json");
    std::fs::write(&file, configuration.to_string())?;
    let log = File::create(folder.join("orthanc.log"))?;
    let child = Command::new(binary)
        .arg(&file)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("starting Orthanc")?;
    Ok((child, [http, dicom]))
}

/// A port where nobody listens, and which the system does not hand out by itself: it stays dead until somebody asks
/// for it by its number.
///
/// # Errors
/// None of ten thousand is free.
pub fn dead_port() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests that run at the same time begin at different places.
    let begin = std::process::id() % 100 * 100;
    for _ in 0..10_000 {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(20_000 + (begin + step) % 10_000)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

/// Both are held until both are known, so that they are two.
fn free_ports() -> Result<[u16; 2]> {
    let one = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok([one.local_addr()?.port(), other.local_addr()?.port()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Encoding, sample_disc};

    fn multipart(files: &[Vec<u8>]) -> Vec<u8> {
        let mut body = Vec::new();
        for file in files {
            body.extend_from_slice(b"--B1\r\nContent-Type: application/dicom\r\n\r\n");
            body.extend_from_slice(file);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--B1--\r\n");
        body
    }

    #[test]
    fn every_instance_of_the_sample_disc_is_taken_and_given_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let disc = sample_disc(folder.path(), 7).unwrap();
        let mut orthanc = Orthanc::start().unwrap();
        let files: Vec<Vec<u8>> = disc.instances.iter().map(|f| f.instance.bytes()).collect();
        let kind = "multipart/related; type=\"application/dicom\"; boundary=B1";
        let answer = orthanc.rest().post("/dicom-web/studies", kind, &multipart(&files)).unwrap();
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let mut sent: Vec<String> = disc.instances.iter().map(|f| f.instance.sop_uid()).collect();
        sent.sort();
        assert_eq!(orthanc.instance_uids().unwrap(), sent);
        let studies = orthanc.rest().get("/dicom-web/studies").unwrap().json().unwrap();
        assert_eq!(studies.as_array().unwrap().len(), disc.studies);
        for file in &disc.instances {
            let kept = orthanc.file_of(&file.instance.sop_uid()).unwrap();
            assert!(kept == file.instance.bytes(), "{}", file.path.display());
        }
        // Orthanc decodes what it can show: the compressed pictures are pictures.
        for file in &disc.instances {
            let instance = &file.instance;
            if instance.kind().is_image() && instance.transfer_syntax() != Encoding::Deflated {
                let id = orthanc.id_of(&instance.sop_uid()).unwrap().unwrap();
                let shown = orthanc.rest().get(&format!("/instances/{id}/preview")).unwrap();
                assert_eq!(shown.status, 200, "{}", file.path.display());
            }
        }
        assert!(orthanc.delete_instance(&sent[0]).unwrap());
        assert!(!orthanc.delete_instance(&sent[0]).unwrap());
        orthanc.restart().unwrap();
        assert_eq!(orthanc.count().unwrap() as usize, sent.len() - 1);
    }

    #[test]
    fn it_asks_for_a_sign_in_and_goes_without_the_plugin_where_it_is_told_to() {
        let sign_in = Some(("relay".to_owned(), "relay".to_owned()));
        let setup = Setup { sign_in, dicomweb: false, ..Setup::default() };
        let orthanc = Orthanc::with(setup).unwrap();
        assert_eq!(Http::new(orthanc.port()).get("/system").unwrap().status, 401);
        assert_eq!(orthanc.rest().get("/dicom-web/studies").unwrap().status, 404);
        let pid = orthanc.child.id();
        drop(orthanc);
        assert!(!Path::new(&format!("/proc/{pid}/exe")).exists());
    }
}
