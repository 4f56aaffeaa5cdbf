//! The copier: it brings what imports found into the spool, while the lanes send what is there already.
//!
//! A medium has one reader, which takes the instances of a priority in the order in which the source gave them. After each
//! handful it is chosen anew what is next: the highest priority, then the import that came first. Several media are read at
//! once, so that a slow one holds up none but itself.

mod ends;

use super::one::{self, Failed, NARROW, WIDE};
use super::rounds::{Due, Media, Round, Rounds};
use super::{Copies, SpoolFolder};
use crate::desk::Desk;
use crate::faults::OrFault;
use crate::home::disk_fault;
use crate::observer::Observer;
use crate::stop::Stop;
use ends::still_due;
use relaypacs_model::{Code, Fault};
use relaypacs_queue::{
    Copied, InstanceId, InstanceRow, SpoolKey, SpoolKeyId, StudyId, sealed_bytes,
};
use std::io::{self, Read};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroize;

/// Media that are read at once.
const READERS: usize = 4;
/// Copies that are noted together, at most; each time costs the disk a moment.
const HANDFUL: u32 = 64;
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

/// What a reader does next.
enum Turn {
    /// These were not tried yet.
    Fresh(Round, Vec<InstanceRow>),
    /// This one could not be read at first.
    PutOff(Round, InstanceId),
    /// Nothing of the import is left to be copied.
    Whole(Round),
}

/// How a turn ended.
enum Came {
    GoOn,
    NoRoom,
}

/// Copies that are on the disk, and not noted yet.
struct Handful {
    begun: Instant,
    copies: Vec<Copied>,
    bytes: u64,
    /// The key that was used last: a source gives study after study.
    key: Option<(StudyId, SpoolKeyId, SpoolKey)>,
}

impl Handful {
    fn new() -> Self {
        Self { begun: Instant::now(), copies: Vec::new(), bytes: 0, key: None }
    }

    fn is_full(&self) -> bool {
        self.bytes >= HANDFUL_BYTES || self.begun.elapsed() >= LATEST
    }
}

impl Copier {
    /// Copies all that has to be copied, and what comes meanwhile. Blocks.
    pub(crate) fn run(&self) -> Result<(), Fault> {
        let _over = Over(&self.copies);
        let rounds = &Rounds::default();
        thread::scope(|scope| {
            let beside = (1..READERS).filter_map(|_| {
                // One that cannot be started is not missed: the others do its work.
                let reader = thread::Builder::new().name("relaypacs-copy".into());
                reader.spawn_scoped(scope, move || self.work(rounds)).ok()
            });
            let beside: Vec<_> = beside.collect();
            let ended = self.work(rounds);
            let failed = |_| Err(Fault::with(Code::Internal, "a reader of the copier failed"));
            beside
                .into_iter()
                .map(|reader| reader.join().unwrap_or_else(failed))
                .fold(ended, Result::and)
        })
    }

    /// One reader.
    fn work(&self, rounds: &Rounds) -> Result<(), Fault> {
        // One that fails, or has nothing left to do, is the last of them.
        let _last = Last(rounds);
        while let Some(turn) = self.next(rounds)? {
            let (mut round, came) = match turn {
                Turn::Whole(round) => {
                    self.whole(rounds, round)?;
                    continue;
                }
                Turn::Fresh(mut round, rows) => {
                    let came = self.fresh(rounds, &mut round, &rows)?;
                    (round, came)
                }
                Turn::PutOff(mut round, id) => {
                    let came = self.again(rounds, &mut round, id)?;
                    (round, came)
                }
            };
            match came {
                Came::GoOn => rounds.rest(round),
                Came::NoRoom => {
                    self.tell_gaps(&std::mem::take(&mut round.gaps).list());
                    self.leave_on_source(round.import)?;
                    rounds.stays(round);
                }
            }
        }
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.stop.is_stopped() || self.copies.is_given_up()
    }

    /// What this reader does next; `None` where nothing is left, for any of them.
    fn next(&self, rounds: &Rounds) -> Result<Option<Turn>, Fault> {
        let mut table = rounds.table();
        while !self.stopped() && !table.is_over() {
            let due = self.due()?;
            if let Some(round) = table.take_whole(&due) {
                return Ok(Some(Turn::Whole(round)));
            }
            for one in &due {
                if !table.is_free(&one.media) {
                    continue;
                }
                let rows = self.rows(one, &|id| table.is_put_off(one.import, id))?;
                if !rows.is_empty() {
                    return Ok(Some(Turn::Fresh(table.take(one), rows)));
                }
            }
            if let Some((round, id)) = table.take_put_off() {
                return Ok(Some(Turn::PutOff(round, id)));
            }
            if !table.is_read() {
                break;
            }
            table = rounds.wait(table, LATEST);
        }
        Ok(None)
    }

    /// What has to be copied, the most urgent first.
    fn due(&self) -> Result<Vec<Due>, Fault> {
        self.desk.ask_blocking(|books| {
            let view = books.queue.view();
            let due = view.imports_to_copy().or_fault()?.into_iter();
            due.map(|(import, priority)| {
                let media = Media::of(view.volumes(import).or_fault()?);
                Ok(Due { import, priority, media })
            })
            .collect()
        })
    }

    /// The next of them that were not put off.
    fn rows(
        &self,
        due: &Due,
        is_put_off: &dyn Fn(InstanceId) -> bool,
    ) -> Result<Vec<InstanceRow>, Fault> {
        let (import, priority, mut after) = (due.import, due.priority, None);
        loop {
            let page = self.desk.ask_blocking(move |books| {
                books.queue.view().to_copy_first(import, priority, after, HANDFUL).or_fault()
            })?;
            let Some(last) = page.last() else { return Ok(Vec::new()) };
            after = Some(last.id);
            let rows: Vec<_> = page.into_iter().filter(|row| !is_put_off(row.id)).collect();
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
    }

    /// Looks, before the first handful of an import, whether there is room for all that was begun.
    fn begin(&self, rounds: &Rounds, round: &mut Round) -> Result<Came, Fault> {
        if round.begun {
            return Ok(Came::GoOn);
        }
        let (import, begun) = (round.import, rounds.table().imports());
        let (left, needed) = self.desk.ask_blocking(move |books| {
            let view = books.queue.view();
            let mut needed = 0;
            for one in begun {
                needed += view.left_to_copy(one).or_fault()?.bytes;
            }
            Ok((view.left_to_copy(import).or_fault()?, needed))
        })?;
        round.begun = true;
        (round.progress.of, round.progress.bytes) = (left.instances, left.bytes);
        self.observer.copying(&round.progress);
        Ok(if self.has_room(sealed_bytes(needed)) { Came::GoOn } else { Came::NoRoom })
    }

    fn fresh(
        &self,
        rounds: &Rounds,
        round: &mut Round,
        rows: &[InstanceRow],
    ) -> Result<Came, Fault> {
        let mut came = self.begin(rounds, round)?;
        let mut handful = Handful::new();
        for row in rows {
            if handful.is_full() || matches!(came, Came::NoRoom) {
                break;
            }
            match self.one(rounds, &mut handful, row, WIDE)? {
                Ok(()) => {}
                Err(Failed::Unreadable) => {
                    round.put_off.insert(row.id);
                }
                Err(Failed::NoRoom) => came = Came::NoRoom,
                Err(Failed::Stopped) => break,
                Err(Failed::Changed) => {
                    self.end(round, row, Code::SourceChanged)?;
                }
                Err(Failed::Gone) => {
                    self.end(round, row, Code::SourceGone)?;
                }
            }
        }
        self.note(round, handful)?;
        Ok(came)
    }

    /// What a damaged medium would not give at first.
    fn again(&self, rounds: &Rounds, round: &mut Round, id: InstanceId) -> Result<Came, Fault> {
        let import = round.import;
        let found = self.desk.ask_blocking(move |books| still_due(books, import, id))?;
        let Some(row) = found else { return Ok(Came::GoOn) };
        let mut handful = Handful::new();
        let came = self.in_small_reads(rounds, &mut handful, &row)?;
        self.note(round, handful)?;
        match came {
            Ok(()) | Err(Failed::Stopped) => {}
            Err(Failed::NoRoom) => return Ok(Came::NoRoom),
            Err(Failed::Unreadable) if self.sources.is_there(&row) => {
                if self.end(round, &row, Code::CannotBeRead)? {
                    round.gaps.add(&row);
                }
            }
            Err(Failed::Unreadable | Failed::Gone) => {
                self.end(round, &row, Code::SourceGone)?;
            }
            Err(Failed::Changed) => {
                self.end(round, &row, Code::SourceChanged)?;
            }
        }
        Ok(Came::GoOn)
    }

    /// A drive that tries again often succeeds.
    fn in_small_reads(
        &self,
        rounds: &Rounds,
        handful: &mut Handful,
        row: &InstanceRow,
    ) -> Result<Result<(), Failed>, Fault> {
        for _ in 0..TRIES {
            let came = self.one(rounds, handful, row, NARROW)?;
            if !matches!(came, Err(Failed::Unreadable)) {
                return Ok(came);
            }
        }
        Ok(Err(Failed::Unreadable))
    }

    fn one(
        &self,
        rounds: &Rounds,
        handful: &mut Handful,
        row: &InstanceRow,
        block: usize,
    ) -> Result<Result<(), Failed>, Fault> {
        let writing = rounds.write(sealed_bytes(row.bytes));
        if !self.has_room(writing.with_others) {
            return Ok(Err(Failed::NoRoom));
        }
        let (key, with) = self.key(handful, row.study)?;
        let open = || self.sources.open(row);
        let copied = one::copy(&self.folder, row, &with, &open, block, &|| self.stopped());
        let (name, sha256) = match copied {
            Ok(copied) => copied,
            Err(failed) => return Ok(Err(failed)),
        };
        handful.copies.push(Copied { instance: row.id, key, name, sha256 });
        handful.bytes += row.bytes;
        Ok(Ok(()))
    }

    /// The key of a study.
    fn key(&self, handful: &mut Handful, study: StudyId) -> Result<(SpoolKeyId, SpoolKey), Fault> {
        if let Some((of, id, key)) = &handful.key
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
        handful.key = Some((study, id, key.clone()));
        Ok((id, key))
    }

    /// Files first, then the folder, then the rows: only what is on the disk counts.
    fn note(&self, round: &mut Round, handful: Handful) -> Result<(), Fault> {
        if handful.copies.is_empty() {
            return Ok(());
        }
        self.folder.sync().map_err(|error| disk_fault(&error))?;
        let (import, copies) = (round.import, handful.copies);
        let many = copies.len() as u64;
        let unneeded =
            self.desk.ask_blocking(move |books| books.queue.copied(import, &copies).or_fault())?;
        round.progress.copied += many;
        round.copied += many.saturating_sub(unneeded.len() as u64);
        for name in unneeded {
            // What cannot be removed now is swept at the next start.
            let _ = self.folder.remove(&name);
        }
        self.copies.has_moved();
        self.observer.copying(&round.progress);
        Ok(())
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.folder.room(self.keep_free).is_none_or(|room| bytes <= room)
    }
}

/// Has all readers come to their end, however this one does.
struct Last<'a>(&'a Rounds);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        self.0.end();
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
