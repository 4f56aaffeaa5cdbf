//! The folder where instances are kept, and what is known of them. The files are the truth: the index is made from them
//! at start. An instance that is there is never overwritten.

use crate::header;
use crate::record::Record;
use crate::uid::Uid;
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::{NamedTempFile, TempPath};

/// Study, series, instance.
type Place = (Uid, Uid, Uid);

#[derive(Debug, Default)]
struct Index {
    records: BTreeMap<Place, Arc<Record>>,
    by_sop: HashMap<Uid, Place>,
    by_id: HashMap<Box<str>, Place>,
}

/// What became of an instance that was given to [`Archive::keep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is new.
    New,
    /// The same bytes were there.
    Same,
    /// Other bytes were there, and still are.
    Differs,
}

/// The archive.
#[derive(Debug)]
pub(crate) struct Archive {
    instances: PathBuf,
    incoming: PathBuf,
    sync: bool,
    index: Mutex<Index>,
}

impl Archive {
    /// Opens a folder, makes it where it is missing, throws away what was still arriving when it was last closed.
    pub(crate) fn open(folder: &Path, sync: bool) -> io::Result<Self> {
        let (instances, incoming) = (folder.join("instances"), folder.join("incoming"));
        fs::create_dir_all(&instances)?;
        fs::create_dir_all(&incoming)?;
        for left in fs::read_dir(&incoming)? {
            fs::remove_file(left?.path())?;
        }
        let mut index = Index::default();
        for study in fs::read_dir(&instances)? {
            for series in fs::read_dir(study?.path())? {
                for instance in fs::read_dir(series?.path())? {
                    let path = instance?.path();
                    // A file of another origin is left alone and not listed.
                    if let Ok(record) = header::read(File::open(&path)?) {
                        index.insert(record);
                    }
                }
            }
        }
        Ok(Self { instances, incoming, sync, index: Mutex::new(index) })
    }

    /// A file for an instance that arrives.
    pub(crate) fn incoming(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix("part-").tempfile_in(&self.incoming)
    }

    /// Puts an arrived file where it belongs. On return its bytes are on the disk; [`Archive::settle`] does the names.
    pub(crate) fn keep(&self, file: TempPath, record: &Record) -> io::Result<Kept> {
        if self.sync {
            File::open(&file)?.sync_all()?;
        }
        let mut index = self.lock();
        if let Some(place) = index.by_sop.get(&record.sop) {
            let old = self.path(place);
            drop(index);
            return Ok(if same_bytes(&file, &old)? { Kept::Same } else { Kept::Differs });
        }
        let path = self.path_of(record);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        file.persist(&path)?;
        index.insert(record.clone());
        Ok(Kept::New)
    }

    /// Makes sure that the names of these kept instances are on the disk as well.
    pub(crate) fn settle<'a>(&self, kept: impl Iterator<Item = &'a Record>) -> io::Result<()> {
        // Elsewhere a folder cannot be opened as a file, and a rename is written through by the file system.
        if !self.sync || !cfg!(unix) {
            return Ok(());
        }
        let paths: Vec<PathBuf> = kept.map(|record| self.path_of(record)).collect();
        let folders: BTreeSet<&Path> =
            paths.iter().flat_map(|path| path.ancestors().skip(1).take(3)).collect();
        folders.into_iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }

    /// One instance, by its SOP Instance UID.
    pub(crate) fn find(&self, sop: &Uid) -> Option<Arc<Record>> {
        let index = self.lock();
        index.by_sop.get(sop).and_then(|place| index.records.get(place)).cloned()
    }

    /// One instance, by Orthanc's identifier.
    pub(crate) fn find_by_id(&self, id: &str) -> Option<Arc<Record>> {
        let index = self.lock();
        index.by_id.get(id).and_then(|place| index.records.get(place)).cloned()
    }

    /// The instances of a study, of a series of it, or all; sorted by study, series and instance.
    pub(crate) fn list(&self, study: Option<&Uid>, series: Option<&Uid>) -> Vec<Arc<Record>> {
        let index = self.lock();
        let from = study.map_or(Bound::Unbounded, |study| {
            let series = series.cloned().unwrap_or_else(Uid::lowest);
            Bound::Included((study.clone(), series, Uid::lowest()))
        });
        let inside = |record: &Arc<Record>| {
            study.is_none_or(|s| *s == record.study) && series.is_none_or(|s| *s == record.series)
        };
        let following = index.records.range((from, Bound::Unbounded)).map(|(_, record)| record);
        let stop_early = study.is_some();
        let listed = following.take_while(|record| !stop_early || inside(record));
        listed.filter(|record| inside(record)).cloned().collect()
    }

    /// How many instances there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().records.len()
    }

    /// Takes an instance out, file and all.
    pub(crate) fn remove(&self, sop: &Uid) -> io::Result<bool> {
        let mut index = self.lock();
        let Some(place) = index.by_sop.remove(sop) else { return Ok(false) };
        if let Some(record) = index.records.remove(&place) {
            index.by_id.remove(orthanc_id(&record).as_str());
        }
        fs::remove_file(self.path(&place))?;
        Ok(true)
    }

    /// Where the file of an instance is.
    pub(crate) fn path_of(&self, record: &Record) -> PathBuf {
        self.path(&(record.study.clone(), record.series.clone(), record.sop.clone()))
    }

    fn path(&self, (study, series, sop): &Place) -> PathBuf {
        let folder = self.instances.join(study.as_str()).join(series.as_str());
        folder.join(format!("{}.dcm", sop.as_str()))
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn insert(&mut self, record: Record) {
        let place = (record.study.clone(), record.series.clone(), record.sop.clone());
        self.by_sop.insert(record.sop.clone(), place.clone());
        self.by_id.insert(orthanc_id(&record).into(), place.clone());
        self.records.insert(place, Arc::new(record));
    }
}

/// Orthanc's identifier of an instance: SHA-1 of `PatientID|Study|Series|SOP`, in five groups.
pub(crate) fn orthanc_id(record: &Record) -> String {
    let uids = [&record.study, &record.series, &record.sop].map(Uid::as_str);
    orthanc_hash(&[record.value(0x0010_0020), &uids.join("|")].join("|"))
}

/// SHA-1 as Orthanc writes it.
pub(crate) fn orthanc_hash(text: &str) -> String {
    let mut written = String::with_capacity(44);
    for (position, byte) in Sha1::digest(text.as_bytes()).iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            written.push('-');
        }
        written.push_str(&format!("{byte:02x}"));
    }
    written
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    let length = one.metadata()?.len();
    if length != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(one), BufReader::new(other));
    let (mut a, mut b) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut left = length;
    while left > 0 {
        let step = usize::try_from(left.min(1 << 16)).unwrap_or(1 << 16);
        let (Some(a), Some(b)) = (a.get_mut(..step), b.get_mut(..step)) else { break };
        one.read_exact(a)?;
        other.read_exact(b)?;
        if a != b {
            return Ok(false);
        }
        left -= step as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_written_in_five_groups() {
        let id = orthanc_hash("a");
        assert_eq!(id, "86f7e437-faa5a7fc-e15d1ddc-b9eaeaea-377667b8");
    }
}
