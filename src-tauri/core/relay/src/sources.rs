//! The sources of a run: copied into the spool beside the lanes, and found again after they were gone.

use crate::clock::now;
use crate::desk::Desk;
use crate::faults::OrFault;
use crate::observer::Observer;
use crate::part::FromSource;
use crate::relay::Relay;
use crate::spool::{Copier, Copies};
use crate::stop::Stop;
use crate::volume::Volumes;
use relaypacs_model::{Code, Fault, Location};
use relaypacs_queue::{ImportId, InstanceId, InstanceRow, Source, Volume};
use relaypacs_scan::Opener;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

/// Rows that are looked at together.
const PAGE: u32 = 500;

/// Instances whose source was found again by this process, and not seen to be away since.
#[derive(Clone, Default)]
pub(crate) struct Tried(Arc<Mutex<HashSet<InstanceId>>>);

impl Tried {
    /// The place, where it is the first time that there is one.
    fn once(&self, id: InstanceId, place: Option<Location>) -> Option<Location> {
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_none() {
            tried.remove(&id);
        }
        place.filter(|_| tried.insert(id))
    }
}

impl Relay {
    /// Starts a copier for lanes that know `copies`, where there is something to copy.
    pub(crate) async fn copy_beside(
        &self,
        copies: &Arc<Copies>,
        opener: &Opener,
        observer: &Arc<dyn Observer>,
        stop: &Stop,
    ) -> Result<Option<JoinHandle<Result<(), Fault>>>, Fault> {
        let imports =
            self.desk.ask(|books| books.queue.view().imports_to_copy().or_fault()).await?;
        if imports.is_empty() {
            return Ok(None);
        }
        copies.begins();
        let copier = Copier {
            desk: self.desk.clone(),
            folder: self.spool.clone(),
            sources: Arc::new(FromSource { opener: opener.clone(), desk: self.desk.clone() }),
            keep_free: self.copies_as().keep_free,
            observer: observer.clone(),
            stop: stop.clone(),
            copies: copies.clone(),
        };
        Ok(Some(tokio::task::spawn_blocking(move || copier.run())))
    }

    /// Which of these mount points have something that has still to be read: to be copied, or to be sent without a copy.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn still_read(&self, places: Vec<PathBuf>) -> Result<Vec<PathBuf>, Fault> {
        let unread = self.desk.ask(|books| {
            let view = books.queue.view();
            let with = |row: InstanceRow| {
                Ok((view.volumes(row.import).or_fault()?, row.location.file().to_owned()))
            };
            view.unread().or_fault()?.into_iter().map(with).collect::<Result<Vec<_>, Fault>>()
        });
        let unread = unread.await?;
        if unread.is_empty() {
            return Ok(Vec::new());
        }
        let found = tokio::task::spawn_blocking(move || {
            let volumes = Volumes::now();
            let reads = |place: &PathBuf| {
                unread.iter().any(|(noted, path)| volumes.reads(noted, path, place))
            };
            places.into_iter().filter(reads).collect()
        });
        found.await.map_err(|error| Fault::with(Code::Internal, error))
    }

    /// Queues anew what waits for a source that is there again, on the same volume, wherever that is mounted now.
    /// Returns how many instances. One that is there and fails all the same is not tried again and again: only once it
    /// was seen to be away in between.
    pub(crate) async fn find_sources_again(&self) -> Result<u64, Fault> {
        let (desk, tried) = (self.desk.clone(), self.tried.clone());
        let found = tokio::task::spawn_blocking(move || find_again(&desk, &tried));
        found.await.map_err(|error| Fault::with(Code::Internal, error))?
    }
}

impl Relay {
    /// The sources of what is in the queue, by import, as far as somebody named them, and where they are now.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn sources(&self) -> Result<Vec<(ImportId, Source)>, Fault> {
        let noted = self
            .desk
            .ask(|books| {
                let view = books.queue.view();
                let with = |(import, source): (ImportId, Source)| {
                    Ok((import, source, view.volumes(import).or_fault()?))
                };
                view.sources().or_fault()?.into_iter().map(with).collect::<Result<Vec<_>, Fault>>()
            })
            .await?;
        let mut sources = Vec::new();
        for (import, source, volumes) in noted {
            sources.extend(by_now(Some(source), volumes).await?.map(|source| (import, source)));
        }
        Ok(sources)
    }
}

/// A source where it is by now: on its volume, wherever that is mounted; nowhere, while that is out. A drive may take its
/// time to say what is in it.
pub(crate) async fn by_now(
    source: Option<Source>,
    noted: Vec<Volume>,
) -> Result<Option<Source>, Fault> {
    let (name, place) = match source {
        Some(Source { name, place: Some(place) }) => (name, place),
        other => return Ok(other),
    };
    let found = tokio::task::spawn_blocking(move || Volumes::now().places(&noted, &place));
    let places = found.await.map_err(|error| Fault::with(Code::Internal, error))?;
    Ok(Some(Source { name, place: places.into_iter().next() }))
}

fn find_again(desk: &Desk, tried: &Tried) -> Result<u64, Fault> {
    let (mut found, mut after) = (0, None);
    let mut volumes: Option<Volumes> = None;
    let mut noted: HashMap<ImportId, Vec<Volume>> = HashMap::new();
    loop {
        let page =
            desk.ask_blocking(move |books| books.queue.view().source_gone(after, PAGE).or_fault())?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id);
        let volumes = volumes.get_or_insert_with(Volumes::now);
        let mut back: Vec<(InstanceId, Location)> = Vec::new();
        for row in page.iter().filter(|row| waits_for_source(row)) {
            let import = row.import;
            let of_import = match noted.entry(import) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(
                    desk.ask_blocking(move |books| books.queue.view().volumes(import).or_fault())?,
                ),
            };
            let places = volumes.places(of_import, row.location.file());
            let place = tried.once(row.id, there(row, places));
            back.extend(place.map(|place| (row.id, place)));
        }
        found += back.len() as u64;
        desk.ask_blocking(move |books| {
            let again = |(id, place): &(InstanceId, Location)| {
                books.queue.found_again(*id, place, now()).or_fault()
            };
            back.iter().try_for_each(again)
        })?;
    }
}

/// What a damaged disc would not give is not there just because the disc is: that needs a person.
fn waits_for_source(row: &InstanceRow) -> bool {
    row.reason.is_none_or(|reason| matches!(reason.code, Code::SourceGone | Code::CopyDamaged))
}

/// The first place with a file as it was.
fn there(row: &InstanceRow, places: Vec<PathBuf>) -> Option<Location> {
    let fits = |place: &PathBuf| match std::fs::symlink_metadata(place) {
        Ok(about) => about.is_file() && (is_member(row) || about.len() == row.bytes),
        Err(_) => false,
    };
    places.into_iter().find(fits).map(|place| at(&row.location, &place))
}

fn is_member(row: &InstanceRow) -> bool {
    matches!(row.location, Location::Member { .. })
}

fn at(location: &Location, file: &Path) -> Location {
    match location {
        Location::File(_) => Location::File(file.to_owned()),
        Location::Member { steps, .. } => {
            Location::Member { archive: file.to_owned(), steps: steps.clone() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_and_fails_all_the_same_is_tried_once_for_each_time_it_comes_back() {
        let (tried, id) = (Tried::default(), InstanceId(7));
        let place = || Some(Location::File("/disc/I1".into()));
        assert_eq!(tried.once(id, None), None);
        assert_eq!(tried.once(id, place()), place());
        assert_eq!(tried.once(id, place()), None);
        assert_eq!(tried.once(id, None), None);
        assert_eq!(tried.once(id, place()), place());
    }
}
