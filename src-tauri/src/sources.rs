//! What a person points at: folders, files, discs. Names are for showing; the paths stay in Rust.

use crate::shell::lock;
use crate::token;
use crate::view::{Recent, SourceKind, Volume, VolumeKind};
use relaypacs_model::{Code, Fault};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// Something to look into.
#[derive(Clone)]
pub(crate) struct Source {
    /// Where it is.
    pub(crate) paths: Vec<PathBuf>,
    /// What a person calls it.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: SourceKind,
    /// The volume it lies on, where that can be taken out.
    pub(crate) volume: Option<String>,
}

/// A volume and where it is mounted.
pub(crate) struct Mounted {
    /// As the window shows it.
    pub(crate) volume: Volume,
    /// As the system knows it.
    pub(crate) media: relaypacs_media::Volume,
}

/// Endings of files that hold other files.
const ARCHIVES: [&str; 8] = ["zip", "tar", "tgz", "gz", "bz2", "xz", "tbz2", "txz"];

impl Source {
    /// A source over these paths, on one of these volumes perhaps.
    ///
    /// # Errors
    /// [`Code::SourceNotFound`] where there is no path.
    pub(crate) fn of(paths: Vec<PathBuf>, mounted: &[Mounted]) -> Result<Self, Fault> {
        let first = paths.first().ok_or_else(|| Fault::new(Code::SourceNotFound))?;
        let on = mounted.iter().find(|mounted| first.starts_with(&mounted.media.mount_point));
        let kind = match on.map(|on| on.volume.kind) {
            Some(VolumeKind::Optical) => SourceKind::Optical,
            Some(VolumeKind::Stick) => SourceKind::Stick,
            Some(VolumeKind::Disk) | None => plain_kind(&paths, first),
        };
        let whole = on.filter(|on| paths.len() == 1 && *first == on.media.mount_point);
        let name = whole.map_or_else(|| name_of(first, paths.len()), |on| on.volume.label.clone());
        Ok(Self { volume: on.map(|on| on.volume.id.clone()), paths, name, kind })
    }
}

fn plain_kind(paths: &[PathBuf], first: &Path) -> SourceKind {
    let ending = first.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match paths.len() {
        1 if first.is_dir() => SourceKind::Folder,
        1 if ARCHIVES.iter().any(|archive| ending.eq_ignore_ascii_case(archive)) => {
            SourceKind::Archive
        }
        _ => SourceKind::Files,
    }
}

/// The last component, and how many others there are.
fn name_of(path: &Path, many: usize) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    if many > 1 { format!("{name} +{}", many - 1) } else { name }
}

/// How many folders are remembered.
const REMEMBERED: usize = 8;

/// Folders of this session, the latest first. In memory only: a folder's name can be a patient's.
#[derive(Default)]
pub(crate) struct Recents(Mutex<Vec<(Recent, PathBuf)>>);

impl Recents {
    /// Remembers a folder.
    pub(crate) fn add(&self, path: &Path) -> Result<Vec<Recent>, Fault> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let recent = Recent {
            id: token::new()?,
            name: name_of(path, 1),
            at: i64::try_from(now).unwrap_or(i64::MAX),
        };
        let mut all = lock(&self.0);
        all.retain(|(_, known)| known != path);
        all.insert(0, (recent, path.to_owned()));
        all.truncate(REMEMBERED);
        Ok(all.iter().map(|(recent, _)| recent.clone()).collect())
    }

    /// The folder of an id.
    pub(crate) fn get(&self, id: &str) -> Option<PathBuf> {
        lock(&self.0).iter().find(|(recent, _)| recent.id == id).map(|(_, path)| path.clone())
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::VolumeHint;

    fn disc(root: &Path) -> Mounted {
        let volume = Volume {
            id: "d".into(),
            label: "MED_IMG".into(),
            kind: VolumeKind::Optical,
            read_only: true,
            bytes: None,
            hint: VolumeHint::Dicomdir,
            can_eject: true,
            in_use: false,
        };
        let media = relaypacs_media::Volume {
            id: relaypacs_media::VolumeId("serial".into()),
            mount_point: root.to_owned(),
            label: relaypacs_model::PatientText::new("MED_IMG"),
            kind: relaypacs_media::Kind::Optical,
            read_only: true,
            total_bytes: None,
            hint: relaypacs_media::Hint::Dicomdir,
        };
        Mounted { volume, media }
    }

    #[test]
    fn a_whole_disc_is_called_by_its_label_and_a_folder_on_it_by_its_own_name() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("DICOM");
        std::fs::create_dir(&inner).unwrap();
        let mounted = [disc(root.path())];
        let whole = Source::of(vec![root.path().into()], &mounted).unwrap();
        assert_eq!((whole.name.as_str(), whole.volume.as_deref()), ("MED_IMG", Some("d")));
        let part = Source::of(vec![inner], &mounted).unwrap();
        assert_eq!((part.name.as_str(), part.volume.as_deref()), ("DICOM", Some("d")));
        assert_eq!(part.kind, SourceKind::Optical);
    }

    #[test]
    fn files_folders_and_archives_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let kind = |paths: &[&str]| {
            let paths = paths.iter().map(|name| root.path().join(name)).collect();
            Source::of(paths, &[]).unwrap().kind
        };
        assert_eq!(kind(&[""]), SourceKind::Folder);
        assert_eq!(kind(&["a.ZIP"]), SourceKind::Archive);
        assert_eq!(kind(&["a.dcm", "b.dcm"]), SourceKind::Files);
        assert!(Source::of(Vec::new(), &[]).is_err());
    }

    #[test]
    fn a_folder_is_remembered_once_and_the_latest_comes_first() {
        let recents = Recents::default();
        for name in ["/a", "/b", "/a"] {
            recents.add(Path::new(name)).unwrap();
        }
        let shown = recents.add(Path::new("/c")).unwrap();
        let names: Vec<&str> = shown.iter().map(|recent| recent.name.as_str()).collect();
        assert_eq!(names, ["c", "a", "b"]);
        assert_eq!(recents.get(&shown[1].id), Some("/a".into()));
        recents.clear();
        assert_eq!(recents.get(&shown[1].id), None);
    }
}
