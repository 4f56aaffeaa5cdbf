//! Who copies what: the copying of each import between two handfuls, and the media that have a reader right now. It knows
//! no file and no queue.

use super::CopyProgress;
use super::damaged::Gaps;
use relaypacs_queue::{ImportId, InstanceId, Volume};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where an import lies: the identities of its volumes. Those that have none are taken for one and the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media(Vec<String>);

impl Media {
    pub(super) fn of(volumes: Vec<Volume>) -> Self {
        let mut named: Vec<_> = volumes.into_iter().map(|volume| volume.identity).collect();
        if named.is_empty() {
            named.push(String::new());
        }
        Self(named)
    }

    fn shares(&self, other: &Self) -> bool {
        self.0.iter().any(|one| other.0.contains(one))
    }
}

/// Something to copy: of one import, the studies of one priority.
pub(super) struct Due {
    pub(super) import: ImportId,
    pub(super) priority: i64,
    pub(super) media: Media,
}

/// The copying of one import.
pub(super) struct Round {
    pub(super) import: ImportId,
    pub(super) media: Media,
    /// False before its first handful.
    pub(super) begun: bool,
    pub(super) progress: CopyProgress,
    /// Instances whose copies are noted.
    pub(super) copied: u64,
    /// What could not be read: to be tried again at the end.
    pub(super) put_off: BTreeSet<InstanceId>,
    /// What could not be read at the end either.
    pub(super) gaps: Gaps,
}

impl Round {
    fn new(due: &Due) -> Self {
        Self {
            import: due.import,
            media: due.media.clone(),
            begun: false,
            progress: CopyProgress { import: due.import, copied: 0, of: 0, bytes: 0 },
            copied: 0,
            put_off: BTreeSet::new(),
            gaps: Gaps::default(),
        }
    }
}

/// Shared by all readers of a copier.
#[derive(Default)]
pub(super) struct Rounds {
    table: Mutex<Table>,
    changed: Condvar,
    /// Bytes that readers are writing: the disk still tells them as free.
    writing: AtomicU64,
}

/// A file that is being written.
pub(super) struct Writing<'a> {
    rounds: &'a Rounds,
    bytes: u64,
    /// Its bytes, and those of the files that others write.
    pub(super) with_others: u64,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.rounds.writing.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Every round is in one of two places, or in the hands of the reader that has it.
#[derive(Default)]
pub(super) struct Table {
    /// Nobody reads for them right now.
    resting: Vec<Round>,
    /// Somebody does.
    reading: Vec<(ImportId, Media)>,
    /// What has to stay in, since something of it was not copied for want of room.
    stays: Vec<Media>,
    over: bool,
}

impl Rounds {
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader is about to write so much.
    pub(super) fn write(&self, bytes: u64) -> Writing<'_> {
        let others = self.writing.fetch_add(bytes, Ordering::Relaxed);
        Writing { rounds: self, bytes, with_others: others.saturating_add(bytes) }
    }

    /// Until another reader is through with what it has, or something new may have come.
    pub(super) fn wait<'a>(
        &self,
        table: MutexGuard<'a, Table>,
        at_most: Duration,
    ) -> MutexGuard<'a, Table> {
        self.changed.wait_timeout(table, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    /// A handful is done: the next may be another import's.
    pub(super) fn rest(&self, round: Round) {
        let mut table = self.table();
        table.reading.retain(|(import, _)| *import != round.import);
        table.resting.push(round);
        self.changed.notify_all();
    }

    /// An import is left where it lies.
    pub(super) fn stays(&self, round: Round) {
        let mut table = self.table();
        table.reading.retain(|(import, _)| *import != round.import);
        table.stays.push(round.media);
        self.changed.notify_all();
    }

    /// All readers come to their end.
    pub(super) fn end(&self) {
        self.table().over = true;
        self.changed.notify_all();
    }
}

impl Table {
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn is_read(&self) -> bool {
        !self.reading.is_empty()
    }

    /// True where nobody reads from there: a medium has one reader.
    pub(super) fn is_free(&self, media: &Media) -> bool {
        !self.reading.iter().any(|(_, other)| other.shares(media))
    }

    pub(super) fn has_to_stay(&self, media: &Media) -> bool {
        self.stays.iter().any(|other| other.shares(media))
    }

    pub(super) fn is_put_off(&self, import: ImportId, id: InstanceId) -> bool {
        self.resting.iter().any(|round| round.import == import && round.put_off.contains(&id))
    }

    /// The imports that were begun and are not at their end.
    pub(super) fn imports(&self) -> Vec<ImportId> {
        let resting = self.resting.iter().map(|round| round.import);
        resting.chain(self.reading.iter().map(|(import, _)| *import)).collect()
    }

    /// The round of an import, begun where it was not.
    pub(super) fn take(&mut self, due: &Due) -> Round {
        let at = self.resting.iter().position(|round| round.import == due.import);
        let round = at.map_or_else(|| Round::new(due), |at| self.resting.swap_remove(at));
        self.reading.push((round.import, round.media.clone()));
        round
    }

    /// A round with something that was put off, and the first of that.
    pub(super) fn take_put_off(&mut self) -> Option<(Round, InstanceId)> {
        let fits = |round: &Round| !round.put_off.is_empty() && self.is_free(&round.media);
        let at = self.resting.iter().position(fits)?;
        let mut round = self.resting.swap_remove(at);
        let id = round.put_off.pop_first()?;
        self.reading.push((round.import, round.media.clone()));
        Some((round, id))
    }

    /// A round that is at its end, once nothing else is copied from where it lies: before that, nothing can come out.
    pub(super) fn take_whole(&mut self, due: &[Due]) -> Option<Round> {
        let at = self.resting.iter().position(|round| {
            round.put_off.is_empty()
                && self.is_free(&round.media)
                && !due.iter().any(|one| one.media.shares(&round.media))
        })?;
        Some(self.resting.swap_remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(identity: &str) -> Media {
        let (mount, root) = ("/disc".into(), "/".into());
        Media::of(vec![Volume { mount, root, identity: identity.to_owned() }])
    }

    fn due(import: i64, media: Media) -> Due {
        Due { import: ImportId(import), priority: 0, media }
    }

    #[test]
    fn a_medium_has_one_reader_and_another_one_has_its_own() {
        let mut table = Table::default();
        table.take(&due(1, media("a")));
        assert_eq!([media("a"), media("b")].map(|one| table.is_free(&one)), [false, true]);
        table.take(&due(2, Media::of(Vec::new())));
        assert!(!table.is_free(&Media::of(Vec::new())), "two that have no name may be one");
    }

    #[test]
    fn a_source_is_at_its_end_once_nothing_else_is_copied_from_its_medium() {
        let rounds = Rounds::default();
        let round = rounds.table().take(&due(1, media("a")));
        assert!(rounds.table().take_whole(&[]).is_none(), "somebody reads for it");
        rounds.rest(round);
        let other = [due(2, media("a"))];
        assert!(rounds.table().take_whole(&other).is_none());
        let round = rounds.table().take(&other[0]);
        assert!(rounds.table().take_whole(&[]).is_none(), "the other is being read");
        rounds.stays(round);
        assert_eq!(rounds.table().take_whole(&[due(3, media("b"))]).unwrap().import, ImportId(1));
        assert!(rounds.table().has_to_stay(&media("a")));
    }

    #[test]
    fn files_that_are_being_written_count_before_the_disk_says_so() {
        let rounds = Rounds::default();
        let first = rounds.write(10);
        assert_eq!(rounds.write(5).with_others, 15);
        assert_eq!(rounds.write(7).with_others, 17);
        drop(first);
        assert_eq!(rounds.write(7).with_others, 7);
    }
}
