//! What a destination is: asked once, without sending a patient.

use super::wire::{DICOM_JSON, JSON, Question, Wire, not_understood};
use crate::Trouble;
use crate::response::read_search;
use relaypacs_model::{ArchiveRoot, Code, Dialect, Reason};
use serde_json::Value;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How the destination is spoken to.
    pub dialect: Dialect,
    /// The name of the product, where it says so.
    pub product: Option<String>,
    /// Its version, where it says so.
    pub version: Option<String>,
}

/// Where its services are. At least one of them is there.
pub(super) struct Profile {
    pub(super) services: Services,
    version: Option<String>,
}

pub(super) enum Services {
    /// STOW-RS, QIDO-RS, WADO-RS.
    Web { web: ArchiveRoot },
    /// The same by Orthanc's plugin, and Orthanc's REST interface.
    Both { web: ArchiveRoot, native: ArchiveRoot },
    /// Orthanc's REST interface.
    Native { native: ArchiveRoot },
}

impl Profile {
    pub(super) fn dialect(&self) -> Dialect {
        match self.services {
            Services::Web { .. } => Dialect::DicomWeb,
            Services::Both { .. } => Dialect::OrthancDicomWeb,
            Services::Native { .. } => Dialect::OrthancRest,
        }
    }

    pub(super) fn checked(&self) -> Checked {
        let product = match self.services {
            Services::Web { .. } => None,
            Services::Both { .. } | Services::Native { .. } => Some("Orthanc".to_owned()),
        };
        Checked { dialect: self.dialect(), product, version: self.version.clone() }
    }
}

/// `GET {root}/studies?limit=1` finds out what is wrong with address, trust and sign-in; the rest is finding Orthanc.
pub(super) async fn learn(wire: &Wire, root: &ArchiveRoot) -> Result<Profile, Trouble> {
    let mut url = root.join(&["studies"]);
    url.set_query(Some("limit=1"));
    let reply = wire.ask(Question::get(url, DICOM_JSON)).await?;
    let status = reply.status();
    let trouble = match status {
        // An archive without a study may say so with or without a body.
        204 => None,
        200 => match reply.read_with(|body| read_search(body, &mut |_| ())).await {
            Ok(_) => None,
            Err(trouble) if trouble.reason.code == Code::AnswerNotUnderstood => Some(trouble),
            Err(trouble) => return Err(trouble),
        },
        // "Too many results": an archive that counts before it cuts.
        413 => None,
        // It takes a POST here, not a question.
        405 | 501 => {
            let reason = Reason::new(Code::CannotConfirm).with_status(status);
            Some(Trouble::with_destination(reason, None))
        }
        400 => Some(not_understood(status)),
        404 | 406 | 410 | 415 => Some(reply.trouble()),
        _ => return Err(reply.trouble()),
    };
    match trouble {
        None => Ok(beside(wire, root).await?),
        Some(trouble) => below(wire, root).await?.ok_or(trouble),
    }
}

/// DICOMweb is at `root`. Is it Orthanc's plugin, and is Orthanc's own interface to be reached as well?
async fn beside(wire: &Wire, web: &ArchiveRoot) -> Result<Profile, Trouble> {
    let reply = wire.ask(Question::get(web.join(&["info"]), JSON)).await?;
    let info = if reply.status() == 200 { reply.json().await? } else { None };
    let native = info
        .as_ref()
        .and_then(|info| info.get("OrthancApiRoot"))
        .and_then(Value::as_str)
        .and_then(|relative| within_origin(web, relative));
    if let Some(native) = native
        && let Some(version) = orthanc_version(wire, &native).await?
    {
        let services = Services::Both { web: web.clone(), native };
        return Ok(Profile { services, version: Some(version) });
    }
    Ok(Profile { services: Services::Web { web: web.clone() }, version: None })
}

/// There is no DICOMweb at `root`. Is it Orthanc, perhaps with its plugin one step below?
async fn below(wire: &Wire, root: &ArchiveRoot) -> Result<Option<Profile>, Trouble> {
    let Some(version) = orthanc_version(wire, root).await? else { return Ok(None) };
    let web = within_origin(root, "dicom-web/");
    if let Some(web) = web {
        let reply = wire.ask(Question::get(web.join(&["info"]), JSON)).await?;
        let found = reply.status() == 200
            && reply.json().await?.is_some_and(|info| info.get("DicomWebRoot").is_some());
        if found {
            let services = Services::Both { web, native: root.clone() };
            return Ok(Some(Profile { services, version: Some(version) }));
        }
    }
    let services = Services::Native { native: root.clone() };
    Ok(Some(Profile { services, version: Some(version) }))
}

/// `None` where it is not Orthanc, or its own interface is not open to us.
async fn orthanc_version(wire: &Wire, native: &ArchiveRoot) -> Result<Option<String>, Trouble> {
    let reply = wire.ask(Question::get(native.join(&["system"]), JSON)).await?;
    if reply.status() != 200 {
        return Ok(None);
    }
    let system = reply.json().await?.unwrap_or_default();
    let word = |key: &str| system.get(key).and_then(Value::as_str);
    let is_orthanc = system.get("ApiVersion").is_some() && word("DicomAet").is_some();
    // A version is shown to people: no longer than a version is.
    Ok(word("Version").filter(|_| is_orthanc).map(|text| text.chars().take(32).collect()))
}

/// A place relative to `root`, unless it leads to another server.
fn within_origin(root: &ArchiveRoot, relative: &str) -> Option<ArchiveRoot> {
    let base = url::Url::parse(&format!("{}/", root.as_str())).ok()?;
    let joined = base.join(relative).ok()?;
    if joined.origin() != base.origin() {
        return None;
    }
    ArchiveRoot::parse(joined.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_send_us_to_another_one() {
        let root = ArchiveRoot::parse("https://pacs.example/orthanc/dicom-web").unwrap();
        let found = |relative| within_origin(&root, relative).map(|r| r.as_str().to_owned());
        assert_eq!(found("./../").as_deref(), Some("https://pacs.example/orthanc"));
        assert_eq!(found("/api/").as_deref(), Some("https://pacs.example/api"));
        assert_eq!(found("https://evil.example/"), None);
        assert_eq!(found("//evil.example/"), None);
        assert_eq!(found("https://pacs.example:444/"), None);
        assert_eq!(found("http://pacs.example/"), None);
    }
}
