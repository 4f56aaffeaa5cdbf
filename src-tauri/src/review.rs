//! A review: what was found, shown page by page, and what a person does with it.

mod numbers;
mod rows;

use crate::shell::{Answer, Shell, lock};
use crate::sources::Source;
use crate::view::{
    Page, PriorityWord, ReviewHead, ReviewImage, ReviewSeries, ReviewStudy, SkipWord, Skipped,
    Standard,
};
use crate::{destinations, token};
use numbers::Numbers;
use relaypacs_model::{Code, Fault, SeriesInstanceUid, StudyInstanceUid};
use relaypacs_relay::{Chosen, DestinationRow, Presence, Review, Target};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::mpsc;

/// No page is longer, whatever the window asks for.
const LONGEST_PAGE: u32 = 500;

/// What was found and is held.
pub(crate) struct Held {
    review: Review,
    source: Source,
    /// False while a person has yet to say where it goes: it lies at one destination, and nobody is told which.
    has_goal: AtomicBool,
    /// What the page calls its studies.
    numbers: Mutex<Numbers>,
    /// Opaque names of series.
    series: Mutex<HashMap<String, SeriesInstanceUid>>,
    /// What the archive has of each study, as far as it was asked.
    presence: Mutex<HashMap<StudyInstanceUid, Asked>>,
    /// Studies to ask the archive about.
    ask: mpsc::UnboundedSender<StudyInstanceUid>,
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
    pub(crate) fn begin<R: Runtime>(
        app: &AppHandle<R>,
        review: Review,
        source: Source,
        has_goal: bool,
    ) {
        let shell = app.state::<Shell>();
        let (ask, questions) = mpsc::unbounded_channel();
        let held = Arc::new(Self {
            review,
            source,
            has_goal: has_goal.into(),
            numbers: Mutex::default(),
            series: Mutex::default(),
            presence: Mutex::default(),
            ask,
        });
        let head = held.head(&shell);
        *lock(&shell.held) = Some(held.clone());
        shell.board.change(|state| {
            state.looking = None;
            state.review = Some(head);
        });
        tauri::async_runtime::spawn(answer(app.clone(), Arc::downgrade(&held), questions));
    }

    fn head(&self, shell: &Shell) -> ReviewHead {
        let goal = self.goal();
        let (counts, findings) = (self.review.counts(), self.review.findings());
        let skipped = findings.skipped().iter().map(|(reason, n)| (SkipWord(*reason), *n));
        ReviewHead {
            id: self.review.import().0,
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
            bytes_per_second: goal
                .as_ref()
                .and_then(|row| lock(&shell.serving.paces).of_destination(row.id)),
            destination: goal.map(|row| row.destination.label),
            will_spool: self.review.is_copied_first(),
        }
    }

    /// Where it goes, once that is said.
    fn goal(&self) -> Option<DestinationRow> {
        self.has_goal.load(Ordering::Acquire).then(|| self.review.destination())
    }

    /// The archive is asked about a study once, when a person first sees it; no archive that nobody chose.
    fn ask_about(&self, study: &StudyInstanceUid) {
        if self.goal().is_none() {
            return;
        }
        let mut presence = lock(&self.presence);
        if let std::collections::hash_map::Entry::Vacant(fresh) = presence.entry(study.clone()) {
            fresh.insert(Asked::Open);
            // The one who answers is gone with the review.
            let _ = self.ask.send(study.clone());
        }
    }

    /// Keeps an answer, unless the review goes elsewhere by now.
    fn answered(&self, study: StudyInstanceUid, presence: Presence) {
        let mut all = lock(&self.presence);
        if presence.destination == self.review.destination().id {
            all.insert(study, Asked::Answered(presence));
        }
    }

    fn presence(&self, study: &StudyInstanceUid) -> Option<Presence> {
        match lock(&self.presence).get(study) {
            Some(Asked::Answered(presence)) => Some(*presence),
            Some(Asked::Open) | None => None,
        }
    }

    /// The study that the page means.
    ///
    /// # Errors
    /// [`Code::ReviewChanged`] where it is none of this review.
    fn study(&self, number: i64) -> Result<StudyInstanceUid, Fault> {
        let known = lock(&self.numbers).study(number).cloned();
        known.ok_or_else(|| Fault::with(Code::ReviewChanged, "no such study"))
    }

    /// The series of a token.
    fn series(&self, token: &str) -> Result<SeriesInstanceUid, Fault> {
        let known = lock(&self.series).get(token).cloned();
        known.ok_or_else(|| Fault::with(Code::ReviewChanged, "no such series"))
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
    mut questions: mpsc::UnboundedReceiver<StudyInstanceUid>,
) {
    while let Some(study) = questions.recv().await {
        let Some(held) = held.upgrade() else { return };
        let shell = app.state::<Shell>();
        let label = held.review.destination().destination.label;
        let presence = held.review.presence(&study).await;
        destinations::heard(&shell, &label, presence.is_ok()).await;
        match presence {
            Ok(presence) => {
                held.answered(study, presence);
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
        let mut found =
            held.review.studies(from, limit.min(LONGEST_PAGE).saturating_add(before)).await?;
        if held.goal().is_none() {
            // What waits at a destination that nobody chose says nothing.
            found.iter_mut().for_each(|row| row.queued_already = 0);
        }
        let mut rows = Vec::new();
        let mut previous = None;
        for row in &found {
            let patient = rows::patient(&row.study.patient);
            let same = previous.as_ref() == Some(&patient.key);
            previous = Some(patient.key.clone());
            let (uid, number) = (&row.study.uid, lock(&held.numbers).of(&row.study.uid));
            held.ask_about(uid);
            let notable = held.review.findings().of_study(uid);
            rows.push(ReviewStudy {
                same_patient_as_previous: same,
                picture: self.pictures.of(row.picture)?,
                warnings: rows::warnings(row, &notable, held.presence(uid)),
                ..rows::study(row, number, patient)
            });
        }
        rows.drain(..(before as usize).min(rows.len()));
        Ok(Page { total: held.review.sum().await?.studies, rows })
    }

    /// The series of a study.
    pub(crate) async fn review_series(&self, study: i64) -> Answer<Vec<ReviewSeries>> {
        let held = self.held()?;
        let study = held.study(study)?;
        let found = held.review.series(&study).await?;
        let row = |row: &relaypacs_relay::SeriesRow| {
            let (uid, picture) = (held.series_token(&row.uid)?, self.pictures.of(row.picture)?);
            let notable = held.review.findings().of_series(&study, &row.uid);
            Ok(rows::series(row, &notable, uid, picture))
        };
        found.iter().map(row).collect()
    }

    /// A page of the instances of a study, or of one of its series.
    pub(crate) async fn review_images(
        &self,
        study: i64,
        series: Option<&str>,
        offset: u64,
        limit: u32,
    ) -> Answer<Page<ReviewImage>> {
        let held = self.held()?;
        let study = held.study(study)?;
        let series = series.map(|token| held.series(token)).transpose()?;
        let all = held.review.series(&study).await?;
        let wanted = all.iter().filter(|row| series.as_ref().is_none_or(|uid| *uid == row.uid));
        let total: u64 = wanted.map(|row| row.found.instances).sum();
        let found = held.review.images(&study, series, offset, limit.min(LONGEST_PAGE)).await?;
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
        held.has_goal.store(true, Ordering::Release);
        lock(&held.presence).clear();
        let head = held.head(self);
        // Another source may have been pointed at meanwhile: then there is nothing left to show of this one.
        self.board.change(|state| {
            if state.review.as_ref().is_some_and(|shown| shown.id == head.id) {
                state.review = Some(head);
            }
        });
        Ok(())
    }

    /// Makes work of what a person ticked, in the review that they saw: `None` is all of that one.
    pub(crate) async fn review_send(
        &self,
        review: i64,
        studies: Option<Vec<i64>>,
        priority: PriorityWord,
    ) -> Answer<()> {
        let held = self.held()?;
        if held.review.import().0 != review {
            return Err(Fault::with(Code::ReviewChanged, "another review is held").into());
        }
        if held.goal().is_none() {
            return Err(Code::DestinationUnknown.into());
        }
        let chosen = match studies {
            None => Chosen::All,
            Some(studies) => {
                let uids = studies.into_iter().map(|number| held.study(number));
                Chosen::Only(uids.collect::<Result<BTreeSet<_>, _>>()?)
            }
        };
        let place = held.source.volume.as_deref().and_then(|volume| self.root_of(volume));
        let source = relaypacs_relay::Source { name: held.source.name.clone(), place };
        held.review.name_source(source.clone()).await?;
        let imported = held.review.accept(chosen, priority.into()).await?;
        self.is_over(&held);
        self.serving.came_from(imported.import, source);
        // Until the queue is read: whoever quits now is asked.
        let images = imported.counts.instances;
        self.board.change(|state| state.queue.unfinished += images);
        self.serving.rows_moved();
        Ok(())
    }

    /// Shows a review no more, unless another one took its place meanwhile.
    fn is_over(&self, over: &Arc<Held>) {
        let mut held = lock(&self.held);
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(held, over)) {
            *held = None;
            self.pictures.clear();
            self.board.change(|state| state.review = None);
        }
    }

    /// Where a new review goes: to the standard destination, or to the only one. Where there are others and none is the
    /// standard, or where a person wants to be asked, it is held at one of them and has no goal until one is chosen.
    ///
    /// # Errors
    /// [`Code::DestinationUnknown`] where none is saved.
    pub(crate) fn standard_target(&self) -> Result<Aim, Fault> {
        self.board.read(|state| {
            let all: Vec<&String> =
                state.destinations.iter().filter_map(|row| row.name.as_ref()).collect();
            let (goal, others) =
                all.split_first().ok_or_else(|| Fault::new(Code::DestinationUnknown))?;
            let by_itself = match &state.settings.standard_destination {
                Standard::Ask => None,
                Standard::Named(name) if all.contains(&name) => Some(name),
                Standard::Named(_) | Standard::Unset => Some(*goal).filter(|_| others.is_empty()),
            };
            let target = Target::Saved(by_itself.unwrap_or(goal).clone());
            Ok(Aim { target, has_goal: by_itself.is_some() })
        })
    }
}

/// Where a new review is held, and whether it goes there.
pub(crate) struct Aim {
    pub(crate) target: Target,
    pub(crate) has_goal: bool,
}

#[cfg(test)]
mod tests;
