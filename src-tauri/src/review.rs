//! A review: what was found, shown page by page, and what a person does with it.

mod rows;

use crate::serving::Sent;
use crate::shell::{Answer, Shell, lock};
use crate::sources::Source;
use crate::token;
use crate::view::{
    Page, PriorityWord, ReviewHead, ReviewImage, ReviewSeries, ReviewStudy, SkipWord, Skipped,
};
use relaypacs_model::{Code, Fault, SeriesInstanceUid, StudyInstanceUid};
use relaypacs_relay::{Chosen, Presence, Review, StudyId, Target};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::mpsc;

/// No page is longer, whatever the window asks for.
const LONGEST_PAGE: u32 = 500;

/// What was found and is held.
pub(crate) struct Held {
    review: Review,
    source: Source,
    /// Opaque names of series.
    series: Mutex<HashMap<String, SeriesInstanceUid>>,
    /// What the archive has of each study, as far as it was asked.
    presence: Mutex<HashMap<StudyId, Asked>>,
    /// Studies to ask the archive about.
    ask: mpsc::UnboundedSender<(StudyId, StudyInstanceUid)>,
}

/// What the archive was asked about a study.
#[derive(Clone, Copy)]
enum Asked {
    /// No answer yet, or none at all.
    Open,
    /// The answer.
    Answered(Presence),
}

impl Held {
    /// Puts what was found on the board.
    pub(crate) fn begin<R: Runtime>(app: &AppHandle<R>, review: Review, source: Source) {
        let shell = app.state::<Shell>();
        let (ask, questions) = mpsc::unbounded_channel();
        let held = Arc::new(Self {
            review,
            source,
            series: Mutex::default(),
            presence: Mutex::default(),
            ask,
        });
        let head = held.head(&shell);
        *lock(&shell.held) = Some(held.clone());
        shell.board.change(|state| {
            state.looking = None;
            state.done = None;
            state.review = Some(head);
        });
        tauri::async_runtime::spawn(answer(app.clone(), Arc::downgrade(&held), questions));
    }

    fn head(&self, shell: &Shell) -> ReviewHead {
        let destination = self.review.destination();
        let (counts, findings) = (self.review.counts(), self.review.findings());
        let skipped = findings.skipped().iter().map(|(reason, n)| (SkipWord(*reason), *n));
        ReviewHead {
            revision: shell.board.next_revision(),
            name: self.source.name.clone(),
            source: self.source.kind,
            volume: self.source.volume.clone(),
            files: counts.files,
            seconds: counts.took.as_secs(),
            patients: counts.patients,
            studies: counts.studies,
            series: counts.series,
            images: counts.instances,
            bytes: counts.bytes,
            skipped: skipped.collect(),
            listed_missing: counts.listed_missing,
            unlisted: findings.unlisted(),
            bytes_per_second: lock(&shell.serving.paces).of_destination(destination.id),
            destination: Some(destination.destination.label),
            will_spool: self.review.is_copied_first(),
        }
    }

    /// The archive is asked about a study once, when a person first sees it.
    fn ask_about(&self, study: StudyId, uid: &StudyInstanceUid) {
        let mut presence = lock(&self.presence);
        if let std::collections::hash_map::Entry::Vacant(fresh) = presence.entry(study) {
            fresh.insert(Asked::Open);
            // The one who answers is gone with the review.
            let _ = self.ask.send((study, uid.clone()));
        }
    }

    fn presence(&self, study: StudyId) -> Option<Presence> {
        match lock(&self.presence).get(&study) {
            Some(Asked::Answered(presence)) => Some(*presence),
            Some(Asked::Open) | None => None,
        }
    }

    fn series_token(&self, uid: &SeriesInstanceUid) -> Result<String, Fault> {
        let mut all = lock(&self.series);
        if let Some((token, _)) = all.iter().find(|(_, known)| *known == uid) {
            return Ok(token.clone());
        }
        let token = token::new()?;
        all.insert(token.clone(), uid.clone());
        Ok(token)
    }
}

/// Asks the archive about one study after the other, for as long as the review is held.
async fn answer<R: Runtime>(
    app: AppHandle<R>,
    held: std::sync::Weak<Held>,
    mut questions: mpsc::UnboundedReceiver<(StudyId, StudyInstanceUid)>,
) {
    while let Some((study, uid)) = questions.recv().await {
        let Some(held) = held.upgrade() else { return };
        match held.review.presence(study, &uid).await {
            Ok(presence) => {
                let shell = app.state::<Shell>();
                let label = held.review.destination().destination.label;
                if lock(&shell.serving.answered).insert(label)
                    && let Err(fault) = crate::destinations::refresh(&shell).await
                {
                    tracing::warn!(code = fault.code.as_str(), "destinations are not read");
                }
                lock(&held.presence).insert(study, Asked::Answered(presence));
                if presence.there > 0 {
                    let revision = shell.board.next_revision();
                    shell.board.change(|state| {
                        if let Some(head) = &mut state.review {
                            head.revision = revision;
                        }
                    });
                }
            }
            // An archive that cannot be asked now is asked before anything is sent.
            Err(fault) => tracing::info!(code = fault.code.as_str(), "presence is not known"),
        }
    }
}

impl Shell {
    /// What is held.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`] where nothing is.
    fn held(&self) -> Result<Arc<Held>, Fault> {
        lock(&self.held).clone().ok_or_else(|| Fault::with(Code::StudyUnknown, "nothing is held"))
    }

    /// Takes what is held out again; the source still has it.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) async fn discard(&self) -> Result<(), Fault> {
        let Some(held) = lock(&self.held).take() else { return Ok(()) };
        self.pictures.clear();
        self.board.change(|state| state.review = None);
        held.review.discard().await
    }

    /// A page of studies.
    pub(crate) async fn review_studies(
        &self,
        offset: u64,
        limit: u32,
    ) -> Answer<Page<ReviewStudy>> {
        let held = self.held()?;
        // One more in front: whether the first row is about the same patient as the one before it.
        let from = offset.saturating_sub(1);
        let before = u32::from(from < offset);
        let found =
            held.review.studies(from, limit.min(LONGEST_PAGE).saturating_add(before)).await?;
        let mut rows = Vec::new();
        let mut previous = None;
        for row in &found {
            let patient = rows::patient(&row.study.patient);
            let same = previous.as_ref() == Some(&patient.key);
            previous = Some(patient.key.clone());
            held.ask_about(row.study.id, &row.study.uid);
            let notable = held.review.findings().of_study(&row.study.uid);
            rows.push(ReviewStudy {
                same_patient_as_previous: same,
                picture: self.pictures.of(row.picture)?,
                warnings: rows::warnings(row, &notable, held.presence(row.study.id)),
                ..rows::study(row, patient)
            });
        }
        rows.drain(..(before as usize).min(rows.len()));
        Ok(Page { total: held.review.sum().await?.studies, rows })
    }

    /// The series of a study.
    pub(crate) async fn review_series(&self, study: i64) -> Answer<Vec<ReviewSeries>> {
        let held = self.held()?;
        let study = StudyId(study);
        let uid_of_study = self.relay()?.study(study).await?.study_uid;
        let found = held.review.series(study).await?;
        let row = |row: &relaypacs_relay::SeriesRow| {
            let (uid, picture) = (held.series_token(&row.uid)?, self.pictures.of(row.picture)?);
            let notable = held.review.findings().of_series(&uid_of_study, &row.uid);
            Ok(rows::series(row, &notable, uid, picture))
        };
        found.iter().map(row).collect()
    }

    /// A page of the instances of a series.
    pub(crate) async fn review_images(
        &self,
        study: i64,
        series: &str,
        offset: u64,
        limit: u32,
    ) -> Answer<Page<ReviewImage>> {
        let held = self.held()?;
        let study = StudyId(study);
        let uid = lock(&held.series).get(series).cloned();
        let uid = uid.ok_or_else(|| Fault::with(Code::StudyUnknown, "no such series"))?;
        let all = held.review.series(study).await?;
        let total = all.iter().find(|row| row.uid == uid).map_or(0, |row| row.found.instances);
        let found = held.review.images(study, uid, offset, limit.min(LONGEST_PAGE)).await?;
        let row =
            |row: &relaypacs_relay::InstanceRow| Ok(rows::image(row, self.pictures.token(row.id)?));
        let rows: Result<Vec<ReviewImage>, Fault> = found.iter().map(row).collect();
        Ok(Page { total, rows: rows? })
    }

    /// A page of the files that will not be sent.
    pub(crate) fn review_skipped(&self, offset: u64, limit: u32) -> Answer<Page<Skipped>> {
        let held = self.held()?;
        let findings = held.review.findings();
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let skips = findings.skips(offset, limit.min(LONGEST_PAGE) as usize);
        let rows = skips.iter().map(|skip| rows::skipped(skip, &held.source.paths)).collect();
        Ok(Page { total: findings.listed() as u64, rows })
    }

    /// Sends it somewhere else.
    pub(crate) async fn review_destination(&self, name: &str) -> Answer<()> {
        let held = self.held()?;
        let rows = self.relay()?.destinations().await?;
        let row =
            rows.into_iter().find(|row| row.name.as_ref().is_some_and(|it| it.as_str() == name));
        held.review.retarget(row.ok_or_else(|| Fault::new(Code::DestinationUnknown))?).await?;
        lock(&held.presence).clear();
        let head = held.head(self);
        self.board.change(|state| state.review = Some(head));
        Ok(())
    }

    /// Makes work of what a person ticked.
    pub(crate) async fn review_send(
        &self,
        studies: Option<Vec<i64>>,
        priority: PriorityWord,
    ) -> Answer<()> {
        let held = self.held()?;
        let chosen = match studies {
            None => Chosen::All,
            Some(studies) if studies.is_empty() => return Err(Code::NothingToSend.into()),
            Some(studies) => {
                Chosen::Only(studies.into_iter().map(StudyId).collect::<BTreeSet<_>>())
            }
        };
        let imported = held.review.accept(chosen, priority.into()).await?;
        *lock(&self.held) = None;
        self.pictures.clear();
        let counts = held.review.counts();
        let to_look_at = |(reason, n): (&relaypacs_model::SkipReason, &u64)| {
            if reason.needs_a_person() { *n } else { 0 }
        };
        self.serving.sent(
            imported.import,
            Sent {
                source: held.source.name.clone(),
                volume: held.source.volume.clone(),
                listed_missing: counts.listed_missing,
                skipped_to_look_at: counts.skipped.iter().map(to_look_at).sum(),
            },
        );
        self.board.change(|state| state.review = None);
        self.serving.look();
        Ok(())
    }

    /// Where a new review goes: the destination that is offered first, or else the first one that has a name.
    ///
    /// # Errors
    /// [`Code::DestinationUnknown`] where none is saved.
    pub(crate) fn standard_target(&self) -> Result<Target, Fault> {
        self.board.read(|state| {
            let named = |name: &String| {
                state.destinations.iter().any(|row| row.name.as_ref() == Some(name))
            };
            let standard = state.settings.standard_destination.clone().filter(named);
            let first = || state.destinations.iter().find_map(|row| row.name.clone());
            standard
                .or_else(first)
                .map(Target::Saved)
                .ok_or_else(|| Fault::new(Code::DestinationUnknown))
        })
    }
}
