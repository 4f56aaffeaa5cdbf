//! A DICOMDIR held against what is really there. It is a hint: it decides nothing, but what it lists and the disc lacks
//! may be a lost image.

use crate::bytes::{Stream, Window};
use crate::dicomdir::{self, Directory};
use crate::open::Opener;
use crate::seen_before::{Ordinal, SeenBefore};
use crate::{Cancel, Limits, examine};
use relaypacs_model::{IndexReport, Location, MemberStep};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How many files are named that are missing, and how many that are not listed.
const NAMED: usize = 1_000;
/// How many listings of folders are held at once.
const LISTINGS: usize = 16;

/// Holds the DICOMDIR at `location` against the disc and against the instances that its source yielded.
pub(crate) fn check(
    location: Location,
    opener: &Opener,
    seen: &SeenBefore,
    of_source: Range<Ordinal>,
    limits: &Limits,
    cancel: &Cancel,
) -> IndexReport {
    let directory = read(&location, opener, limits, cancel);
    let mut there = There::of(&location, opener);
    let mut report = IndexReport {
        location,
        listed: 0,
        listed_missing: Vec::new(),
        listed_missing_total: 0,
        unlisted: 0,
        unlisted_files: Vec::new(),
        damage: directory.damage,
    };
    // Hashes, not names: a hostile list must not fill the memory.
    let (keys, mut listed) = (RandomState::new(), HashSet::new());
    for file in directory.files {
        if cancel.is_cancelled() {
            return report;
        }
        if !listed.insert(keys.hash_one(normal(&file.id))) {
            continue;
        }
        report.listed += 1;
        if !there.has(&file.id) {
            report.listed_missing_total += 1;
            if report.listed_missing.len() < NAMED {
                report.listed_missing.push(file.id);
            }
        }
    }
    let base = Base::of(&report.location);
    let unlisted = of_source
        .filter_map(|ordinal| base.relative(&seen.location(ordinal)?))
        .filter(|relative| !listed.contains(&keys.hash_one(normal(relative))));
    for relative in unlisted {
        report.unlisted += 1;
        if report.unlisted_files.len() < NAMED {
            report.unlisted_files.push(relative);
        }
    }
    report
}

fn read(location: &Location, opener: &Opener, limits: &Limits, cancel: &Cancel) -> Directory {
    let gone = || Directory {
        damage: Some("it cannot be opened any more".into()),
        ..Directory::default()
    };
    if let Location::File(path) = location {
        let Ok((file, about)) = examine::open_regular(path) else { return gone() };
        let mut buffer = Vec::new();
        let mut window = Window::new(&file, about.len(), &mut buffer, cancel);
        return dicomdir::read(&mut window, limits, cancel);
    }
    let Ok(opened) = opener.open(location) else { return gone() };
    let size = Some(opened.bytes);
    dicomdir::read(&mut Stream::new(opened.reader, size, cancel), limits, cancel)
}

/// A File ID or path in the form in which discs and DICOMDIRs agree: upper case, without the version (`;1`) and the
/// trailing dot that ISO 9660 adds.
fn normal(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for part in id.split('/') {
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(&normal_part(part));
    }
    out
}

fn normal_part(part: &str) -> String {
    let bare = match part.rsplit_once(';') {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => part,
    };
    bare.trim_end_matches('.').to_uppercase()
}

/// The folder that a DICOMDIR speaks of.
enum Base {
    Folder(PathBuf),
    InArchive { archive: PathBuf, before: Vec<MemberStep>, prefix: String },
}

impl Base {
    fn of(location: &Location) -> Self {
        match location {
            Location::File(path) => {
                Self::Folder(path.parent().map(Path::to_path_buf).unwrap_or_default())
            }
            Location::Member { archive, steps } => {
                let mut before = steps.clone();
                let last = before.pop().map(|step| step.name).unwrap_or_default();
                let prefix = last.rfind('/').and_then(|at| last.get(..=at)).unwrap_or_default();
                Self::InArchive { archive: archive.clone(), before, prefix: prefix.to_owned() }
            }
        }
    }

    /// The path of an instance from the folder on, where it lies under it.
    fn relative(&self, location: &Location) -> Option<String> {
        match (self, location) {
            (Self::Folder(base), Location::File(path)) => {
                let below = path.strip_prefix(base).ok()?;
                let parts: Vec<_> =
                    below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
                Some(parts.join("/"))
            }
            (
                Self::InArchive { archive, before, prefix },
                Location::Member { archive: other, steps },
            ) if archive == other => {
                let (last, way) = steps.split_last()?;
                (way == before.as_slice()).then_some(())?;
                last.name.strip_prefix(prefix.as_str()).map(str::to_owned)
            }
            (
                Self::Folder(_) | Self::InArchive { .. },
                Location::File(_) | Location::Member { .. },
            ) => None,
        }
    }
}

/// Tells whether a referenced file is there.
enum There {
    Disc { base: PathBuf, listings: HashMap<PathBuf, HashMap<String, PathBuf>> },
    Archive { prefix: String, names: HashSet<String> },
}

impl There {
    fn of(location: &Location, opener: &Opener) -> Self {
        match Base::of(location) {
            Base::Folder(base) => Self::Disc { base, listings: HashMap::new() },
            Base::InArchive { archive, prefix, .. } => {
                let steps: &[MemberStep] = match location {
                    Location::Member { steps, .. } => steps,
                    Location::File(_) => &[],
                };
                let names = opener.names(&archive, steps).unwrap_or_default();
                let names = names.iter().map(|name| normal(name)).collect();
                Self::Archive { prefix, names }
            }
        }
    }

    fn has(&mut self, id: &str) -> bool {
        // A File ID names something below the folder; one that leads elsewhere is never looked up.
        let odd = |part: &str| part.is_empty() || part == "." || part == ".." || part.contains(':');
        if id.split('/').any(odd) {
            return false;
        }
        match self {
            Self::Disc { base, listings } => {
                let is_file =
                    |path: &Path| fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
                is_file(&base.join(id))
                    || insensitive(base, id, listings).is_some_and(|p| is_file(&p))
            }
            Self::Archive { prefix, names } => names.contains(&normal(&format!("{prefix}{id}"))),
        }
    }
}

fn insensitive(
    base: &Path,
    id: &str,
    listings: &mut HashMap<PathBuf, HashMap<String, PathBuf>>,
) -> Option<PathBuf> {
    let mut path = base.to_path_buf();
    for part in id.split('/') {
        if listings.len() > LISTINGS {
            listings.clear();
        }
        let listing = listings.entry(path.clone()).or_insert_with(|| list(&path));
        path = listing.get(&normal_part(part))?.clone();
    }
    Some(path)
}

fn list(folder: &Path) -> HashMap<String, PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| (normal_part(&entry.file_name().to_string_lossy()), entry.path())).collect()
}
