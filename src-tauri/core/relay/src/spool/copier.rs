//! The copier: one reader that brings what an import found into the spool, in the order in which the source gave it,
//! while the lanes send what is there already.

use super::damaged::Gaps;
use super::one::{self, Failed, NARROW, WIDE};
use super::{Copies, CopyProgress, Gap, SourceFree, SourceStays, SpoolFolder};
use crate::clock::now;
use crate::desk::Desk;
use crate::faults::OrFault;
use crate::home::disk_fault;
use crate::observer::Observer;
use crate::stop::Stop;
use relaypacs_model::{Code, Fault, Reason};
use relaypacs_queue::{
    Answer, Copied, Event, ImportId, InstanceId, InstanceRow, SpoolKey, SpoolKeyId, StudyId,
    sealed_bytes,
};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroize;

/// Instances that are read from the queue at once.
const PAGE: u32 = 256;
/// Copies that are noted together, at most; each time costs the disk a moment.
const HANDFUL: usize = 64;
/// Bytes of them, and how long they wait at most: what is noted can be sent.
const HANDFUL_BYTES: u64 = 32 << 20;
const LATEST: Duration = Duration::from_millis(500);
/// How often a damaged place is tried again.
const TRIES: u32 = 3;

/// Gives the bytes of an instance from its source, as long as they are those that were scanned.
pub(crate) trait Sources: Send + Sync {
    /// Opens them from their beginning.
    fn open(&self, row: &InstanceRow) -> io::Result<Box<dyn Read + Send>>;

    /// True while the volume that the import read from is there, as far as that can be told.
    fn is_there(&self, row: &InstanceRow) -> bool;
}

/// What copying needs.
pub(crate) struct Copier {
    pub(crate) desk: Desk,
    pub(crate) folder: SpoolFolder,
    pub(crate) sources: Arc<dyn Sources>,
    pub(crate) keep_free: Option<u64>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) stop: Stop,
    pub(crate) copies: Arc<Copies>,
}

/// The copying of one import.
struct Round {
    import: ImportId,
    progress: CopyProgress,
    key: Option<(StudyId, SpoolKeyId, SpoolKey)>,
    handful: Vec<Copied>,
    handful_bytes: u64,
    noted: Instant,
    /// What could not be read, by row: to be tried again at the end.
    put_off: Vec<InstanceId>,
}

/// How a round ended.
enum Came {
    ToItsEnd,
    NoRoom,
    Stopped,
}

impl Copier {
    /// Copies all that has to be copied. Blocks.
    pub(crate) fn run(&self) -> Result<(), Fault> {
        let _over = Over(&self.copies);
        let imports =
            self.desk.ask_blocking(|books| books.queue.view().imports_to_copy().or_fault())?;
        for import in imports {
            if self.stopped() {
                break;
            }
            self.import(import)?;
        }
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.stop.is_stopped() || self.copies.is_given_up()
    }

    fn import(&self, import: ImportId) -> Result<(), Fault> {
        let left = self
            .desk
            .ask_blocking(move |books| books.queue.view().left_to_copy(import).or_fault())?;
        let progress = CopyProgress { import, copied: 0, of: left.instances, bytes: left.bytes };
        self.observer.copying(&progress);
        if !self.has_room(sealed_bytes(left.bytes)) {
            return self.leave_on_source(import);
        }
        let mut round = Round {
            import,
            progress,
            key: None,
            handful: Vec::new(),
            handful_bytes: 0,
            noted: Instant::now(),
            put_off: Vec::new(),
        };
        let came = match self.all(&mut round)? {
            Came::ToItsEnd => self.again(&mut round),
            other @ (Came::NoRoom | Came::Stopped) => Ok((other, Vec::new())),
        };
        self.note(&mut round)?;
        match came? {
            (Came::Stopped, _) => Ok(()),
            (Came::NoRoom, gaps) => {
                self.tell_gaps(&gaps);
                self.leave_on_source(import)
            }
            (Came::ToItsEnd, gaps) => {
                self.tell_gaps(&gaps);
                let unreadable = gaps.iter().map(|gap| gap.instances).sum();
                let copied = round.progress.copied.saturating_sub(unreadable);
                tracing::info!(import = import.0, copied, unreadable, "the source is free");
                self.observer.source_free(&SourceFree { import, copied, unreadable });
                Ok(())
            }
        }
    }

    fn tell_gaps(&self, gaps: &[Gap]) {
        if !gaps.is_empty() {
            self.observer.unreadable(gaps);
        }
    }

    fn all(&self, round: &mut Round) -> Result<Came, Fault> {
        let (import, mut after) = (round.import, None);
        loop {
            let page = self.desk.ask_blocking(move |books| {
                books.queue.view().to_copy(import, after, PAGE).or_fault()
            })?;
            let Some(last) = page.last() else { return Ok(Came::ToItsEnd) };
            after = Some(last.id);
            for row in &page {
                match self.one(round, row, WIDE)? {
                    Ok(()) => {}
                    Err(Failed::Unreadable) => round.put_off.push(row.id),
                    Err(Failed::NoRoom) => return Ok(Came::NoRoom),
                    Err(Failed::Stopped) => return Ok(Came::Stopped),
                    Err(Failed::Changed) => {
                        self.end(round, row, Reason::new(Code::SourceChanged))?;
                    }
                    Err(Failed::Gone) => {
                        self.end(round, row, Reason::new(Code::SourceGone))?;
                    }
                }
            }
        }
    }

    /// What a damaged medium would not give at first.
    fn again(&self, round: &mut Round) -> Result<(Came, Vec<Gap>), Fault> {
        let mut gaps = Gaps::default();
        for id in std::mem::take(&mut round.put_off) {
            let (import, before) = (round.import, Some(InstanceId(id.0.saturating_sub(1))));
            // By its id: it may have been taken out, or offered anew, meanwhile.
            let found = self.desk.ask_blocking(move |books| {
                books.queue.view().to_copy(import, before, 1).or_fault()
            })?;
            let Some(row) = found.into_iter().find(|row| row.id == id) else { continue };
            match self.in_small_reads(round, &row)? {
                Ok(()) => {}
                Err(Failed::NoRoom) => return Ok((Came::NoRoom, gaps.list())),
                Err(Failed::Stopped) => return Ok((Came::Stopped, gaps.list())),
                Err(Failed::Unreadable) if self.sources.is_there(&row) => {
                    gaps.add(&row);
                    self.end(round, &row, Reason::new(Code::CannotBeRead))?;
                }
                Err(Failed::Unreadable | Failed::Gone) => {
                    self.end(round, &row, Reason::new(Code::SourceGone))?;
                }
                Err(Failed::Changed) => {
                    self.end(round, &row, Reason::new(Code::SourceChanged))?;
                }
            }
        }
        Ok((Came::ToItsEnd, gaps.list()))
    }

    /// A drive that tries again often succeeds.
    fn in_small_reads(
        &self,
        round: &mut Round,
        row: &InstanceRow,
    ) -> Result<Result<(), Failed>, Fault> {
        for _ in 0..TRIES {
            let came = self.one(round, row, NARROW)?;
            if !matches!(came, Err(Failed::Unreadable)) {
                return Ok(came);
            }
        }
        Ok(Err(Failed::Unreadable))
    }

    fn one(
        &self,
        round: &mut Round,
        row: &InstanceRow,
        block: usize,
    ) -> Result<Result<(), Failed>, Fault> {
        if !self.has_room(sealed_bytes(row.bytes)) {
            return Ok(Err(Failed::NoRoom));
        }
        let (key, with) = self.key(round, row.study)?;
        let open = || self.sources.open(row);
        let copied = one::copy(&self.folder, row, &with, &open, block, &|| self.stopped());
        let (name, sha256) = match copied {
            Ok(copied) => copied,
            Err(failed) => return Ok(Err(failed)),
        };
        round.handful.push(Copied { instance: row.id, key, name, sha256 });
        round.handful_bytes += row.bytes;
        let due = round.handful.len() >= HANDFUL
            || round.handful_bytes >= HANDFUL_BYTES
            || round.noted.elapsed() >= LATEST;
        if due {
            self.note(round)?;
        }
        Ok(Ok(()))
    }

    /// The key of a study; the one that was used last is at hand, since a source gives study after study.
    fn key(&self, round: &mut Round, study: StudyId) -> Result<(SpoolKeyId, SpoolKey), Fault> {
        if let Some((of, id, key)) = &round.key
            && *of == study
        {
            return Ok((*id, key.clone()));
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| Fault::with(Code::Internal, error))?;
        let fresh = SpoolKey::new(random);
        random.zeroize();
        let (id, key) =
            self.desk.ask_blocking(move |books| books.queue.spool_key(study, fresh).or_fault())?;
        round.key = Some((study, id, key.clone()));
        Ok((id, key))
    }

    /// Files first, then the folder, then the rows: only what is on the disk counts.
    fn note(&self, round: &mut Round) -> Result<(), Fault> {
        round.noted = Instant::now();
        if round.handful.is_empty() {
            return Ok(());
        }
        self.folder.sync().map_err(|error| disk_fault(&error))?;
        let (import, handful) = (round.import, std::mem::take(&mut round.handful));
        round.progress.copied += handful.len() as u64;
        round.handful_bytes = 0;
        let unneeded =
            self.desk.ask_blocking(move |books| books.queue.copied(import, &handful).or_fault())?;
        for name in unneeded {
            // What cannot be removed now is swept at the next start.
            let _ = self.folder.remove(&name);
        }
        self.copies.has_moved();
        self.observer.copying(&round.progress);
        Ok(())
    }

    /// An instance that cannot be copied ends as one whose source failed.
    fn end(&self, round: &mut Round, row: &InstanceRow, reason: Reason) -> Result<(), Fault> {
        let (id, study, import) = (row.id, row.study, row.import);
        let event = match reason.code == Code::SourceChanged {
            true => Event::SourceChanged,
            false => Event::SourceGone,
        };
        let destination = self.desk.ask_blocking(move |books| {
            let answer = Answer::of_source(import, id, event).because(reason);
            books.queue.settle(&[answer], now()).or_fault()?;
            books.queue.copy_lost(&[(id, import)]).or_fault()?;
            Ok(books.queue.view().study(study).or_fault()?.destination)
        })?;
        round.progress.copied += 1;
        self.copies.has_ended(destination, study);
        self.copies.has_moved();
        Ok(())
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.folder.room(self.keep_free).is_none_or(|room| bytes <= room)
    }

    fn leave_on_source(&self, import: ImportId) -> Result<(), Fault> {
        let instances =
            self.desk.ask_blocking(move |books| books.queue.copy_no_more(import).or_fault())?;
        let stays = SourceStays { import, instances, free: self.folder.free() };
        tracing::warn!(import = import.0, instances, "no room to copy: the source has to stay");
        self.copies.has_moved();
        self.observer.source_stays(&stays);
        Ok(())
    }
}

/// Says that copying is over, however it ends.
struct Over<'a>(&'a Copies);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over();
    }
}

#[cfg(test)]
mod tests;
