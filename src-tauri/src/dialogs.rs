//! What a person chooses in the system's own dialogs. Only Rust opens them and only Rust sees the paths: the web view has
//! no right to either.

use crate::shell::lock;
use crate::token;
use relaypacs_model::{Code, Fault};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tauri::{AppHandle, Runtime};

#[cfg(not(feature = "test-seam"))]
mod native;
#[cfg(not(feature = "test-seam"))]
use native as system;

#[cfg(feature = "test-seam")]
mod seam;
#[cfg(feature = "test-seam")]
use seam as system;

#[cfg(all(feature = "test-seam", not(debug_assertions)))]
compile_error!("a release build must not answer dialogs from a file");

/// Folders to look into; empty where the person thought better of it.
pub(crate) async fn choose_folder<R: Runtime>(app: &AppHandle<R>) -> Vec<PathBuf> {
    system::folders(app).await
}

/// Files to look into; empty where the person thought better of it.
pub(crate) async fn choose_files<R: Runtime>(app: &AppHandle<R>) -> Vec<PathBuf> {
    system::files(app).await
}

/// A file with certificates.
pub(crate) async fn choose_certificates<R: Runtime>(app: &AppHandle<R>) -> Option<PathBuf> {
    system::certificates(app).await
}

/// Where to save something, under a name that is only offered.
pub(crate) async fn choose_place<R: Runtime>(app: &AppHandle<R>, name: &str) -> Option<PathBuf> {
    system::place(app, name).await
}

/// Certificate authorities that were chosen in a dialog, by the tokens that the web view has for them.
#[derive(Default)]
pub(crate) struct Authorities(Mutex<HashMap<String, PathBuf>>);

/// No file of certificates is larger.
const LARGEST: u64 = 1 << 20;

impl Authorities {
    /// A token for a file.
    pub(crate) fn put(&self, file: PathBuf) -> Result<String, Fault> {
        let token = token::new()?;
        lock(&self.0).insert(token.clone(), file);
        Ok(token)
    }

    /// Copies the file of a token into the home, so that the stick it came on may go, and says where it is now.
    ///
    /// # Errors
    /// [`Code::CredentialFile`] where it cannot be read or holds no certificate.
    pub(crate) fn keep(&self, token: &str, home: &Path) -> Result<PathBuf, Fault> {
        let unreadable = |reason: &dyn std::fmt::Display| Fault::with(Code::CredentialFile, reason);
        let file =
            lock(&self.0).get(token).cloned().ok_or_else(|| unreadable(&"choose it again"))?;
        let size = std::fs::metadata(&file).map_err(|error| unreadable(&error.kind()))?.len();
        if size > LARGEST {
            return Err(unreadable(&"it is too large for a file of certificates"));
        }
        let text = std::fs::read(&file).map_err(|error| unreadable(&error.kind()))?;
        let marker = b"-----BEGIN CERTIFICATE-----";
        if !text.windows(marker.len()).any(|window| window == marker) {
            return Err(unreadable(&"it holds no certificate in PEM"));
        }
        let folder = home.join("authorities");
        std::fs::create_dir_all(&folder).map_err(|error| unreadable(&error.kind()))?;
        let place = folder.join(format!("{token}.pem"));
        std::fs::write(&place, text).map_err(|error| unreadable(&error.kind()))?;
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_authority_outlives_the_stick_it_came_on() {
        let (stick, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = stick.path().join("hospital.pem");
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
            .unwrap();
        let authorities = Authorities::default();
        let token = authorities.put(file).unwrap();
        let kept = authorities.keep(&token, home.path()).unwrap();
        drop(stick);
        assert!(std::fs::read_to_string(kept).unwrap().contains("BEGIN CERTIFICATE"));
    }

    #[test]
    fn a_file_without_a_certificate_and_a_token_of_nobody_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("photo.jpg");
        std::fs::write(&file, b"\xFF\xD8").unwrap();
        let authorities = Authorities::default();
        let token = authorities.put(file).unwrap();
        for token in [token.as_str(), "../../etc/passwd"] {
            let fault = authorities.keep(token, folder.path()).unwrap_err();
            assert_eq!(fault.code, Code::CredentialFile);
        }
    }
}
