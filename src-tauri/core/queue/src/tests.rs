//! Tests of the whole room, and what they share.

mod copies;
mod crash;
mod erasing;
mod files;
mod flow;
mod held;
mod imports;
mod late;
mod left;
mod model;
mod persons;
mod plans;
mod salvage;
mod sources;
mod state_table;

use crate::{
    Answer, Asked, Claim, DestinationId, Event, Import, ImportId, InstanceId, InstanceRow, Limits,
    Offered, Queue, QueueKey, StateName, StudyId,
};
use relaypacs_model::{
    ArchiveRoot, Destination, Encoding, Found, Header, Location, Moment, Patient, PatientText,
    ReadBack, Secret, Series, SeriesInstanceUid, SignIn, Skip, SkipReason, SopClassUid,
    SopInstanceUid, Study, StudyInstanceUid,
};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

pub(super) const NOW: Moment = Moment(1_795_414_245_000);
pub(super) const LEASE: Duration = Duration::from_secs(60);
pub(super) const WIDE: Limits = Limits { bytes: 1 << 30, count: 1000 };
pub(super) const CANARY: &str = "Canary^Anna";

pub(super) fn key() -> QueueKey {
    QueueKey::new([7; 32])
}

pub(super) fn later(seconds: u64) -> Moment {
    NOW.after(Duration::from_secs(seconds))
}

pub(super) fn place(root: &str) -> Destination {
    Destination {
        label: root.into(),
        root: ArchiveRoot::parse(root).unwrap(),
        sign_in: SignIn::Basic { user: "relay".into(), password: Secret::new("hunter2") },
        ca: None,
        read_back: ReadBack::Sample,
    }
}

/// A queue in a folder of its own, with one destination.
pub(super) struct Bench {
    pub(super) dir: TempDir,
    pub(super) queue: Queue,
    pub(super) destination: DestinationId,
}

impl Bench {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(&dir.path().join("queue.db"), &key(), NOW).unwrap();
        let destination = queue.destination_in_place(&place("https://pacs.example/rs")).unwrap();
        Self { dir, queue, destination }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("queue.db")
    }

    /// Drops the queue and opens it again.
    pub(super) fn reopen(self, now: Moment) -> Self {
        let Self { dir, queue, destination } = self;
        drop(queue);
        let queue = Queue::open(&dir.path().join("queue.db"), &key(), now).unwrap();
        Self { dir, queue, destination }
    }

    pub(super) fn begin(&mut self) -> Import {
        self.queue.begin_import(self.destination, NOW).unwrap()
    }

    /// One finished import of instances `0..count` of a study.
    pub(super) fn import(&mut self, study: u32, count: u32) -> ImportId {
        let mut import = self.begin();
        let found: Vec<Found> = (0..count).map(|number| found(study, number)).collect();
        self.queue.offer(&mut import, &found).unwrap();
        self.queue.finish_import(&import, NOW).unwrap()
    }

    /// Says that the archive was asked and has nothing.
    pub(super) fn ask_empty(&mut self) {
        for study in self.queue.studies_to_ask(self.destination, NOW, 1000).unwrap() {
            let ask = self.queue.begin_ask(study.study, NOW).unwrap();
            assert_eq!(self.queue.asked(&ask).unwrap(), Asked::Open);
        }
    }

    pub(super) fn claim(&mut self) -> Option<Claim> {
        self.claim_at(NOW)
    }

    pub(super) fn claim_at(&mut self, now: Moment) -> Option<Claim> {
        self.queue.claim(self.destination, None, WIDE, now, LEASE).unwrap()
    }

    pub(super) fn answer(&mut self, claim: &Claim, event: Event) {
        for row in &claim.rows {
            self.settle(&Answer::to_claim(row.id, row.attempt, event));
        }
    }

    pub(super) fn settle(&mut self, answer: &Answer) {
        let settled = self.queue.settle(std::slice::from_ref(answer), NOW).unwrap();
        assert_eq!(settled.taken, 1, "{settled:?}");
    }

    /// Asks about the study of an instance, and settles what that says of this one.
    pub(super) fn learn(&mut self, id: InstanceId, event: Event) {
        let study = self.queue.view().instance(id).unwrap().study;
        let ask = self.queue.begin_ask(study, NOW).unwrap();
        self.settle(&Answer::to_ask(&ask, id, event));
    }

    /// Imports, asks, claims and confirms a study; returns its row.
    pub(super) fn confirmed(&mut self, study: u32, count: u32) -> StudyId {
        self.import(study, count);
        self.ask_empty();
        let claim = self.claim().unwrap();
        self.answer(&claim, Event::Stored);
        for row in &claim.rows {
            self.learn(row.id, Event::ArchiveListsIt);
        }
        claim.study
    }

    pub(super) fn rows(&self, study: StudyId) -> Vec<InstanceRow> {
        self.queue.view().instances(study, None, 10_000).unwrap()
    }

    pub(super) fn states(&self, study: StudyId) -> Vec<StateName> {
        self.rows(study).iter().map(|row| row.state.name()).collect()
    }
}

pub(super) fn study_uid(study: u32) -> StudyInstanceUid {
    StudyInstanceUid::parse(&format!("1.2.{study}")).unwrap()
}

pub(super) fn sop_uid(study: u32, number: u32) -> SopInstanceUid {
    SopInstanceUid::parse(&format!("1.2.{study}.1.{number}")).unwrap()
}

pub(super) fn found(study: u32, number: u32) -> Found {
    found_at(study, number, &format!("/disc/{CANARY}/{study}/{number}"))
}

pub(super) fn found_at(study: u32, number: u32, path: &str) -> Found {
    Found {
        location: Location::File(path.into()),
        bytes: 1000 + u64::from(number),
        modified: Some(std::time::SystemTime::UNIX_EPOCH + Duration::from_nanos(12_345)),
        header: Header {
            sop_class_uid: SopClassUid::parse("1.2.840.10008.5.1.4.1.1.2").unwrap(),
            sop_instance_uid: sop_uid(study, number),
            series_instance_uid: SeriesInstanceUid::parse(&format!("1.2.{study}.1")).unwrap(),
            study_instance_uid: study_uid(study),
            transfer_syntax_uid: None,
            encoding: Encoding::ImplicitLittle,
            part10: false,
            patient: Patient { name: PatientText::new(CANARY), ..Patient::default() },
            study: Study { description: PatientText::new(CANARY), ..Study::default() },
            series: Series { modality: "CT".into(), ..Series::default() },
            instance_number: None,
            number_of_frames: Some(3),
            text_doubtful: false,
        },
        damage: None,
    }
}

pub(super) fn skip(reason: SkipReason, header: Option<Header>) -> Skip {
    Skip {
        location: Location::File("/disc/other".into()),
        bytes: 7,
        reason,
        detail: String::new(),
        earlier: None,
        header: header.map(Box::new),
    }
}

pub(super) fn new_id(offered: Offered) -> InstanceId {
    let Offered::New(id) = offered else { panic!("not new: {offered:?}") };
    id
}
