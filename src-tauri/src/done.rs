//! What a person is told of a send that came to its end, and what of that was not read yet.

use crate::shell::{Shell, lock};
use crate::view::{CodeWord, Done, NotThere, OutcomeWord};
use relaypacs_model::Outcome;
use relaypacs_relay::ImportEnd;
use std::collections::VecDeque;
use std::path::Path;

/// Ends that were not read yet. The first of them is on the board.
#[derive(Default)]
pub(crate) struct Unread(VecDeque<Done>);

impl Unread {
    /// Another end waits behind those that nobody has read; what is said anew of a receipt takes the place of what was
    /// said of it before.
    pub(crate) fn add(&mut self, done: Done) {
        if done.disc_can_go {
            // Nothing of the whole import needs its source any more: what was said of its other parts is over.
            for known in self.0.iter_mut().filter(|known| known.import == done.import) {
                known.disc_can_go = known.in_archive + known.cancelled == known.images;
            }
        }
        match self.0.iter_mut().find(|known| known.receipt == done.receipt) {
            Some(known) => *known = done,
            None => self.0.push_back(done),
        }
    }

    /// This one was read.
    pub(crate) fn put_away(&mut self, receipt: u64) {
        self.0.retain(|done| done.receipt != receipt);
    }

    /// Somebody who sees the first turns to the next source: what is complete needs no other answer.
    pub(crate) fn go_on(&mut self) {
        if self.0.front().is_some_and(|done| done.complete && done.disc_can_go) {
            self.0.pop_front();
        }
    }
}

impl Shell {
    /// Changes what was not read yet, and shows the first of it.
    pub(crate) fn unread(&self, change: impl FnOnce(&mut Unread)) {
        let mut unread = lock(&self.serving.unread);
        change(&mut unread);
        let first = unread.0.front().cloned();
        self.board.change(|state| state.done = first);
    }

    /// The volume that is mounted here now, by the name that the window has for it.
    pub(crate) fn volume_at(&self, place: &Path) -> Option<String> {
        let mounted = lock(&self.mounted);
        let found = mounted.iter().find(|mounted| mounted.media.mount_point == place);
        found.map(|mounted| mounted.volume.id.clone())
    }
}

/// The end as it is told. `volume` is where the source lies, where that can be taken out.
pub(crate) fn done(end: &ImportEnd, volume: Option<String>) -> Done {
    let count = |outcome| end.outcomes.get(&outcome).copied().unwrap_or(0);
    let images: u64 = end.outcomes.values().sum();
    let there = end.outcomes.iter().filter(|(outcome, _)| outcome.is_in_the_archive());
    let in_archive: u64 = there.map(|(_, n)| n).sum();
    let cancelled = count(Outcome::Cancelled);
    let not_there =
        end.outcomes.iter().filter(|(outcome, n)| !outcome.is_in_the_archive() && **n > 0).map(
            |(outcome, n)| NotThere {
                outcome: OutcomeWord(*outcome),
                count: *n,
                code: end.reasons.get(outcome).copied().map(CodeWord),
            },
        );
    Done {
        import: end.import.0,
        receipt: end.receipt,
        destination: end.destination.clone(),
        images,
        in_archive,
        cancelled,
        already_there: count(Outcome::AlreadyThere),
        studies: end.studies,
        bytes: end.bytes,
        seconds: end.took.as_secs(),
        complete: images > 0
            && in_archive == images
            && end.listed_missing == 0
            && !end.index_partly
            && end.to_look_at == 0,
        not_there: not_there.collect(),
        listed_missing: end.listed_missing,
        index_partly: end.index_partly,
        skipped_to_look_at: end.to_look_at,
        source: end.source.as_ref().map(|source| source.name.clone()),
        volume,
        // What a person took out on purpose is not read any more either.
        disc_can_go: in_archive + cancelled == images && end.open_elsewhere == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::Code;
    use relaypacs_relay::{ImportId, Source};
    use std::time::Duration;

    fn end(outcomes: &[(Outcome, u64)]) -> ImportEnd {
        ImportEnd {
            import: ImportId(1),
            receipt: 7,
            destination: "Main PACS".into(),
            studies: 1,
            outcomes: outcomes.iter().copied().collect(),
            reasons: [(Outcome::Rejected, Code::RefusedByArchive)].into(),
            bytes: 10,
            took: Duration::from_secs(3),
            listed_missing: 0,
            index_partly: false,
            to_look_at: 0,
            open_elsewhere: 0,
            source: Some(Source { name: "CD".into(), place: None }),
        }
    }

    #[test]
    fn it_is_complete_where_all_images_are_there_and_no_file_needs_a_look() {
        let whole = end(&[(Outcome::Confirmed, 3), (Outcome::AlreadyThere, 1)]);
        let told = done(&whole, Some("v".into()));
        assert!(told.complete && told.disc_can_go);
        assert_eq!((told.images, told.in_archive, told.already_there), (4, 4, 1));
        assert_eq!((told.source.as_deref(), told.volume.as_deref()), (Some("CD"), Some("v")));
        let missing = done(&ImportEnd { listed_missing: 1, ..whole.clone() }, None);
        let unread = done(&ImportEnd { index_partly: true, ..whole.clone() }, None);
        assert!(!unread.complete && unread.index_partly && unread.disc_can_go);
        let skipped = done(&ImportEnd { to_look_at: 2, ..whole.clone() }, None);
        assert_eq!((missing.complete, missing.listed_missing), (false, 1));
        assert_eq!((skipped.complete, skipped.skipped_to_look_at), (false, 2));
        // Nothing more is read from it, which is all that this says.
        assert!(missing.disc_can_go && skipped.disc_can_go);
        // A study of the same disc went elsewhere and was refused there.
        let elsewhere = done(&ImportEnd { open_elsewhere: 1, ..whole.clone() }, None);
        assert!(elsewhere.complete && !elsewhere.disc_can_go);
        assert_eq!(done(&ImportEnd { source: None, ..whole }, None).source, None);
    }

    #[test]
    fn what_was_taken_out_is_named_and_never_told_as_being_there() {
        let part = done(&end(&[(Outcome::Confirmed, 50), (Outcome::Cancelled, 50)]), None);
        assert_eq!((part.images, part.in_archive, part.cancelled), (100, 50, 50));
        assert!(!part.complete && part.disc_can_go);
        assert_eq!(part.not_there.len(), 1);
        let none = done(&end(&[(Outcome::Cancelled, 100)]), None);
        assert_eq!((none.images, none.in_archive, none.cancelled), (100, 0, 100));
        assert!(!none.complete);
        let refused = done(&end(&[(Outcome::Cancelled, 1), (Outcome::Rejected, 1)]), None);
        assert!(!refused.complete && !refused.disc_can_go);
        assert!(
            refused.not_there.iter().any(|one| one.code == Some(CodeWord(Code::RefusedByArchive)))
        );
    }

    fn told(receipt: u64, complete: bool) -> Done {
        let images: &[(Outcome, u64)] =
            if complete { &[(Outcome::Confirmed, 1)] } else { &[(Outcome::Rejected, 1)] };
        done(&ImportEnd { receipt, ..end(images) }, None)
    }

    fn order(unread: &Unread) -> Vec<(u64, bool)> {
        unread.0.iter().map(|done| (done.receipt, done.complete)).collect()
    }

    #[test]
    fn a_part_that_was_put_right_elsewhere_frees_the_disc_for_the_others() {
        let whole = end(&[(Outcome::Confirmed, 1)]);
        let part = |receipt, open_elsewhere| {
            done(&ImportEnd { receipt, open_elsewhere, ..whole.clone() }, None)
        };
        let free = |unread: &Unread| -> Vec<bool> {
            unread.0.iter().map(|done| done.disc_can_go).collect()
        };
        let mut unread = Unread::default();
        unread.add(part(1, 2));
        unread.go_on();
        assert_eq!(free(&unread), [false], "it says to keep the disc, which has to be read");
        let other = ImportEnd { import: ImportId(2), receipt: 3, ..whole.clone() };
        unread.add(done(&other, None));
        assert_eq!(free(&unread), [false, true], "another disc says nothing of this one");
        unread.add(part(2, 0));
        assert_eq!(free(&unread), [true, true, true]);
    }

    #[test]
    fn a_second_end_waits_until_the_first_was_read() {
        let mut unread = Unread::default();
        unread.add(told(1, false));
        unread.add(told(2, true));
        unread.add(told(3, true));
        assert_eq!(order(&unread), [(1, false), (2, true), (3, true)]);
        unread.go_on();
        assert_eq!(order(&unread)[0], (1, false), "what is not complete has to be read");
        // Tried again, and all of it is there.
        unread.add(told(1, true));
        assert_eq!(order(&unread), [(1, true), (2, true), (3, true)]);
        unread.go_on();
        unread.put_away(3);
        unread.put_away(9);
        assert_eq!(order(&unread), [(2, true)]);
    }
}
