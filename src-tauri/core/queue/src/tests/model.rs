//! The promises, held against random histories: imports, claims, every kind of answer, crashes, clocks that jump both
//! ways, pauses, cancels, retries, moves, sources that go, erasures. At the end a willing archive and a patient caller bring every row to its end.

mod step;

use super::*;
use crate::{Ask, Erased, InstanceId, QueueError, Retry, Scope, State, StudyFilter};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::time::UNIX_EPOCH;
use step::{Step, step};

/// The queue, two archives, and what is known of both from outside.
struct World {
    bench: Option<Bench>,
    now: Moment,
    /// The two destinations, and what the archive of each holds.
    places: [DestinationId; 2],
    archives: [HashSet<SopInstanceUid>; 2],
    /// Instances of finished imports.
    offered: HashSet<SopInstanceUid>,
    /// Instances that were erased.
    erased: HashSet<SopInstanceUid>,
    /// Rows for which the archive gave its word.
    evidence: HashSet<InstanceId>,
    /// Rows that were sent and of which nobody knows whether they arrived, until the archive is asked.
    uncertain: HashSet<InstanceId>,
    /// What was asked and not heard yet: with each answer the import that had found its instance, and whether the archive
    /// listed it.
    unheard: Vec<Heard>,
    /// Studies that a person took out.
    cancelled: HashSet<StudyId>,
    /// What each finished import offered.
    imports: HashMap<ImportId, u64>,
}

/// An answer to an ask.
#[derive(Debug, Clone, Copy)]
struct Heard {
    answer: Answer,
    import: ImportId,
    listed: bool,
}

impl World {
    fn new() -> Self {
        let mut bench = Bench::new();
        let other = bench.queue.destination_in_place(&place("https://other.example/rs")).unwrap();
        Self {
            places: [bench.destination, other],
            bench: Some(bench),
            now: NOW,
            archives: [HashSet::new(), HashSet::new()],
            offered: HashSet::new(),
            erased: HashSet::new(),
            evidence: HashSet::new(),
            uncertain: HashSet::new(),
            unheard: Vec::new(),
            cancelled: HashSet::new(),
            imports: HashMap::new(),
        }
    }

    fn bench(&mut self) -> &mut Bench {
        self.bench.as_mut().unwrap()
    }

    fn take(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Import { study, first, count, finish } => {
                self.import(study, first, count, finish)
            }
            Step::Ask => self.ask(false),
            Step::Tally => self.ask(true),
            Step::AskSlowly { place, tally } => {
                let asked = self.begin_asks(place, tally);
                self.unheard.extend(asked.into_iter().flat_map(|(_, heard, _)| heard));
            }
            Step::Hear => {
                for heard in std::mem::take(&mut self.unheard) {
                    self.hear(heard);
                }
            }
            Step::Send { place, count, kind } => self.send(place, count, kind),
            Step::Move { study } => self.move_on(study),
            Step::Crash => self.bench = self.bench.take().map(|bench| bench.reopen(now)),
            Step::Clock { seconds } => self.now = Moment(now.0 + seconds * 1000),
            Step::Lease => {
                // Mostly later than every lease.
                self.now = self.now.after(LEASE);
                let now = self.now;
                self.bench().queue.expire_leases(None, now).unwrap();
            }
            Step::Pause { study, paused } => {
                if let Some(id) = self.study(study) {
                    self.bench().queue.pause(Scope::Study(id), paused).unwrap();
                }
            }
            Step::Cancel { study } => {
                if let Some(id) = self.study(study) {
                    self.bench().queue.cancel_study(id, now).unwrap();
                    self.cancelled.insert(id);
                }
            }
            Step::Retry { cancelled } => {
                let what = if cancelled { Retry::Cancelled } else { Retry::Failed };
                self.bench().queue.retry(Scope::All, what, now).unwrap();
            }
            Step::Park { seconds } => {
                let reason = relaypacs_model::Reason::new(relaypacs_model::Code::ArchiveBusy);
                let until = now.after(Duration::from_secs(seconds));
                let bench = self.bench();
                bench.queue.park(bench.destination, reason, Some(until), now).unwrap();
            }
            Step::Forget { study } => {
                let prefix = format!("1.2.{study}.");
                for archive in &mut self.archives {
                    archive.retain(|uid| !uid.as_str().starts_with(&prefix));
                }
            }
            Step::Erase { study } => self.erase(study),
        }
    }

    fn import(&mut self, study: u32, first: u32, count: u32, finish: bool) {
        let now = self.now;
        // From another folder each other time: other bytes, as far as anybody knows before they are compared.
        let modified = Some(UNIX_EPOCH + Duration::from_secs(u64::from(first % 2)));
        let found = |number| Found { modified, ..found(study, number) };
        let batch: Vec<Found> = (first..first + count).map(found).collect();
        let bench = self.bench();
        let mut import = bench.queue.begin_import(bench.destination, now).unwrap();
        bench.queue.offer(&mut import, &batch).unwrap();
        if finish {
            let id = bench.queue.finish_import(&import, now).unwrap();
            for row in bench.queue.view().page("ORDER BY id", []).unwrap() {
                if row.import == id && row.state == State::Queued {
                    // What the archive said of it, it said of other bytes.
                    self.evidence.remove(&row.id);
                }
            }
            self.imports.insert(id, batch.len() as u64);
            for found in batch {
                self.erased.remove(&found.header.sop_instance_uid);
                self.offered.insert(found.header.sop_instance_uid);
            }
        } else if count.is_multiple_of(2) {
            assert!(bench.queue.abandon_import(&import, now).unwrap());
        }
    }

    /// Asks before sending (or after, with `tally`), the way the relay does.
    fn ask(&mut self, tally: bool) {
        (0..2).for_each(|place| self.ask_at(place, tally));
    }

    fn ask_at(&mut self, place: usize, tally: bool) {
        for (ask, heard, absent) in self.begin_asks(place, tally) {
            for heard in heard {
                assert!(self.hear(heard), "{heard:?}");
            }
            assert_eq!(self.bench().queue.asked(&ask).unwrap(), Asked::Open);
            for id in absent {
                self.uncertain.remove(&id);
            }
        }
    }

    /// Asks about every study that has to be asked for, and gives what the archive says of each, and what is queued and was
    /// not there.
    fn begin_asks(&mut self, place: usize, tally: bool) -> Vec<(Ask, Vec<Heard>, Vec<InstanceId>)> {
        let (now, destination) = (self.now, self.places[place]);
        let archive = self.archives[place].clone();
        let queue = &mut self.bench().queue;
        let studies = if tally {
            queue.studies_to_tally(destination, now, 9).unwrap()
        } else {
            queue.studies_to_ask(destination, now, 9).unwrap()
        };
        let mut asks = Vec::new();
        for study in studies {
            let ask = queue.begin_ask(study.study, now).unwrap();
            let prefix = format!("{}.", ask.study_uid.as_str());
            let list: Vec<_> =
                archive.iter().filter(|uid| uid.as_str().starts_with(&prefix)).cloned().collect();
            queue.listed(&ask, &list).unwrap();
            let (mut heard, mut absent) = (Vec::new(), Vec::new());
            for asked in queue.asked_rows(&ask, None, 1000).unwrap() {
                let ready = matches!(asked.row.state, State::Queued | State::Waiting { .. });
                let event = match (asked.listed, ready) {
                    (true, true) => Event::ArchiveHasSame,
                    (true, false) => Event::ArchiveListsIt,
                    (false, true) => {
                        absent.push(asked.row.id);
                        continue;
                    }
                    (false, false) => Event::ArchiveLacksIt,
                };
                let answer = Answer::to_ask(&ask, asked.row.id, event);
                heard.push(Heard { answer, import: asked.row.import, listed: asked.listed });
            }
            asks.push((ask, heard, absent));
        }
        asks
    }

    /// Settles one answer; false where it did not count.
    fn hear(&mut self, heard: Heard) -> bool {
        let (now, id) = (self.now, heard.answer.instance);
        let row = self.rows().into_iter().find(|row| row.id == id);
        let settled = self.bench().queue.settle(&[heard.answer], now).unwrap();
        if settled.taken == 0 {
            return false;
        }
        assert_eq!(row.map(|row| row.import), Some(heard.import), "said of what was found before");
        self.uncertain.remove(&id);
        if heard.listed {
            self.evidence.insert(id);
        } else {
            self.evidence.remove(&id);
        }
        true
    }

    fn move_on(&mut self, study: u32) {
        let filter = StudyFilter { study_uid: Some(study_uid(study)), ..Default::default() };
        let (now, places) = (self.now, self.places);
        let queue = &mut self.bench().queue;
        let rows = queue.view().studies(&filter, None, 2).unwrap();
        if let [row] = &rows[..] {
            let to = if row.destination == places[0] { places[1] } else { places[0] };
            // What is on its way is followed to its end where it is; it cannot be moved.
            let moved = queue.move_study(row.id, to, now);
            // A study that an import still holds stays where it is.
            assert!(matches!(moved, Ok(_) | Err(QueueError::NoSuchRow)), "{moved:?}");
        }
    }

    fn send(&mut self, place: usize, count: u32, kind: u8) {
        let (now, destination) = (self.now, self.places[place]);
        let bench = self.bench.as_mut().unwrap();
        let limits = Limits { bytes: 2500, count };
        let claim = bench.queue.claim(destination, None, limits, now, LEASE).unwrap();
        let Some(claim) = claim else { return };
        assert!(!claim.rows.is_empty() && claim.rows.len() <= count as usize);
        let bytes: u64 = claim.rows.iter().map(|row| row.bytes).sum();
        assert!(bytes <= limits.bytes || claim.rows.len() == 1);
        for (position, row) in claim.rows.iter().enumerate() {
            assert!(claim.rows.len() <= row.batch_limit as usize);
            assert!(self.offered.contains(&row.sop_uid), "sent before its import ended");
            assert!(!self.uncertain.contains(&row.id), "sent again before the archive was asked");
            if matches!(kind, 1 | 2 | 8) {
                self.uncertain.insert(row.id);
            }
            let arrives = matches!(kind, 0 | 1) || (kind == 2 && position % 2 == 0);
            if arrives {
                self.archives[place].insert(row.sop_uid.clone());
            }
            let event = match kind {
                0 => Event::Stored,
                1 | 2 => Event::AnswerLost,
                3 => Event::TryAgain { not_before: now.after(Duration::from_secs(500)) },
                4 => Event::SendAlone { at_most: NonZeroU32::new(count.div_ceil(2)).unwrap() },
                5 => Event::Refused,
                6 => Event::SourceChanged,
                7 => Event::SourceGone,
                _ => continue, // the sender dies
            };
            let settled =
                bench.queue.settle(&[Answer::to_claim(row.id, row.attempt, event)], now).unwrap();
            assert_eq!(settled.taken, 1, "{settled:?}");
        }
    }

    fn erase(&mut self, study: u32) {
        let Some(id) = self.study(study) else { return };
        let bench = self.bench.as_mut().unwrap();
        let before = bench.rows(id);
        let done = bench.queue.erase_study(id).unwrap();
        let after: HashSet<_> = bench.rows(id).into_iter().map(|row| row.sop_uid).collect();
        for row in before {
            if !after.contains(&row.sop_uid) {
                assert!(row.state.name().may_be_erased() && done != Erased::NotYet);
                self.erased.insert(row.sop_uid);
            }
        }
    }

    fn study(&mut self, study: u32) -> Option<StudyId> {
        let filter = StudyFilter { study_uid: Some(study_uid(study)), ..Default::default() };
        self.bench().queue.view().studies(&filter, None, 1).unwrap().first().map(|row| row.id)
    }

    fn rows(&mut self) -> Vec<InstanceRow> {
        // Not by studies: those of an import that has not ended are not listed, and must not be lost either.
        self.bench().queue.view().page("ORDER BY id", []).unwrap()
    }

    /// What must hold after every step.
    fn check(&mut self) {
        let rows = self.rows();
        let here: HashSet<_> = rows.iter().map(|row| row.sop_uid.clone()).collect();
        for uid in &self.offered {
            assert!(here.contains(uid) || self.erased.contains(uid), "something was lost");
        }
        for row in &rows {
            if row.state == State::Cancelled {
                assert!(self.cancelled.contains(&row.study), "taken out by nobody");
            }
            if row.state == State::Confirmed {
                assert!(self.evidence.contains(&row.id), "confirmed without evidence");
            }
        }
        let view = self.bench.as_ref().unwrap().queue.view();
        for (import, offered) in &self.imports {
            let counts = view.counts(Scope::Import(*import)).unwrap();
            assert_eq!(counts.total().instances, *offered, "the sum of an import");
        }
        let counts = view.counts(Scope::All).unwrap();
        assert_eq!(counts.here().instances, rows.len() as u64);
        for name in StateName::ALL {
            let bytes: u64 =
                rows.iter().filter(|row| row.state.name() == name).map(|row| row.bytes).sum();
            assert_eq!(counts.of(name).bytes, bytes, "{name:?}");
        }
    }

    /// A start, a willing archive and a caller that only does what the queue names, waiting when it says so.
    fn run_to_the_end(&mut self) {
        let now = self.now;
        self.bench = self.bench.take().map(|bench| bench.reopen(now));
        self.bench().queue.pause(Scope::All, false).unwrap();
        let studies = self.bench().queue.view().studies(&StudyFilter::default(), None, 99).unwrap();
        for study in studies {
            self.bench().queue.pause(Scope::Study(study.id), false).unwrap();
        }
        for _ in 0..200 {
            if self.bench().queue.view().counts(Scope::All).unwrap().unfinished().instances == 0 {
                return;
            }
            self.take(Step::Ask);
            (0..2).for_each(|place| self.send(place, 3, 0));
            self.take(Step::Tally);
            self.take(Step::Lease);
            for place in self.places {
                let wake = self.bench().queue.view().next_wake(place).unwrap();
                self.now = wake.map_or(self.now, |wake| self.now.max(wake));
            }
            self.check();
        }
        panic!("something never ends: {:?}", self.rows());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_nothing_is_lost_and_everything_ends(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.check();
        }
        world.run_to_the_end();
    }
}

#[test]
fn an_answer_that_is_heard_after_the_next_import_changes_nothing() {
    let import = Step::Import { study: 1, first: 0, count: 2, finish: true };
    for tally in [true, false] {
        let mut world = World::new();
        let first = [import, Step::Ask, Step::Send { place: 0, count: 2, kind: u8::from(!tally) }];
        let slow = [Step::AskSlowly { place: 0, tally }, import, Step::Hear];
        for step in first.into_iter().chain(slow) {
            world.take(step);
            world.check();
        }
        world.run_to_the_end();
    }
}
