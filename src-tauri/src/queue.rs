//! What waits, page by page, and what a person does with it.

mod finished;
mod rows;

pub(crate) use finished::Finished;

use crate::paces::Moving;
use crate::shell::{Answer, Shell, lock};
use crate::view::{Page, PriorityWord, QueueGroup, QueueStudy};
use relaypacs_model::{Code, Fault};
use relaypacs_relay::{DestinationRow, InTurn, Relay, StudyEnd, StudyId, Wish};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// No page is longer, whatever the window asks for.
const LONGEST_PAGE: u32 = 500;
/// How many instances that need a person are read for their reasons.
const MOST_TO_GROUP: usize = 20_000;
/// How many studies are remembered for when they have left the queue.
const REMEMBERED: u32 = 1_000;

/// What a person wants with studies in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QueueWish {
    Pause,
    Resume,
    Retry,
    Cancel,
    First,
}

impl Shell {
    /// A page of the queue: what waits in the order in which it is sent, then what has left it in this session.
    pub(crate) async fn queue_studies(&self, offset: u64, limit: u32) -> Answer<Page<QueueStudy>> {
        let relay = self.relay()?;
        let limit = limit.min(LONGEST_PAGE);
        let waiting = relay.sums().await?.studies;
        let mut rows = shown(self, &relay, &relay.in_turn(offset, limit).await?).await?;
        let finished = lock(&self.serving.finished);
        let skip = usize::try_from(offset.saturating_sub(waiting)).unwrap_or(usize::MAX);
        let room = (limit as usize).saturating_sub(rows.len());
        rows.extend(finished.page(skip, room));
        Ok(Page { total: waiting + finished.len() as u64, rows })
    }

    /// One study, wherever in that list it is by now; `None` where it is in it no more.
    pub(crate) async fn queue_study(&self, study: i64) -> Answer<Option<QueueStudy>> {
        let relay = self.relay()?;
        let found = match relay.one_in_turn(StudyId(study)).await {
            Ok(found) => found,
            Err(fault) if fault.code == Code::StudyUnknown => {
                return Ok(lock(&self.serving.finished).study(study));
            }
            Err(fault) => return Err(fault.into()),
        };
        Ok(shown(self, &relay, &[found]).await?.pop())
    }

    /// The images of a study that need a person, by reason.
    pub(crate) async fn queue_groups(&self, study: i64) -> Answer<Vec<QueueGroup>> {
        let relay = self.relay()?;
        let (mut groups, mut after, mut read) = (rows::Groups::default(), None, 0);
        while read < MOST_TO_GROUP {
            let page = relay.ended_instances(StudyId(study), after, 1_000).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            read += page.len();
            page.iter().for_each(|row| groups.add(row));
        }
        Ok(groups.into_rows())
    }

    /// Carries out a wish for these studies, or for everything.
    pub(crate) async fn queue_wish(
        &self,
        wish: QueueWish,
        studies: Option<Vec<i64>>,
    ) -> Answer<()> {
        let relay = self.relay()?;
        let wanted = match wish {
            QueueWish::First => {
                for study in studies.unwrap_or_default() {
                    relay.first(StudyId(study)).await?;
                }
                self.serving.rows_moved();
                return Ok(());
            }
            QueueWish::Pause => Wish::Pause,
            QueueWish::Resume => Wish::Resume,
            QueueWish::Retry => Wish::Retry,
            QueueWish::Cancel => Wish::Cancel,
        };
        match (wish, studies) {
            (_, Some(studies)) => {
                relay.wish_for(wanted, ids(studies)).await?;
            }
            (QueueWish::Cancel, None) => {
                for study in ids(self.all_waiting(&relay).await?) {
                    match relay.wish_for(wanted.clone(), vec![study]).await {
                        // It came to its end meanwhile, which is not what the others are to wait for.
                        Err(fault) if fault.code == Code::StudyUnknown => {}
                        done => {
                            done?;
                        }
                    }
                }
            }
            (_, None) => {
                relay.wish(wanted, Vec::new()).await?;
            }
        }
        self.serving.rows_moved();
        Ok(())
    }

    /// Sends studies somewhere else.
    pub(crate) async fn queue_move(&self, studies: Vec<i64>, destination: i64) -> Answer<()> {
        let relay = self.relay()?;
        let rows = relay.destinations().await?;
        let row = rows.into_iter().find(|row| row.id.0 == destination).and_then(|row| row.name);
        let destination =
            row.ok_or_else(|| Fault::new(Code::DestinationUnknown))?.as_str().to_owned();
        if studies.is_empty() {
            return Err(Code::StudyUnknown.into());
        }
        relay.wish_for(Wish::Move(destination), ids(studies)).await?;
        self.serving.rows_moved();
        Ok(())
    }

    /// Sets how urgent a study is.
    pub(crate) async fn queue_priority(&self, study: i64, priority: PriorityWord) -> Answer<()> {
        self.relay()?.prioritise(StudyId(study), priority.into()).await?;
        self.serving.rows_moved();
        Ok(())
    }

    /// Takes the finished rows of a receipt off the list.
    pub(crate) fn queue_put_away(&self, receipt: u64) {
        lock(&self.serving.finished).put_away(receipt);
        self.board.change(|state| state.queue.revision += 1);
    }

    async fn all_waiting(&self, relay: &Arc<Relay>) -> Result<Vec<i64>, Fault> {
        let mut all = Vec::new();
        loop {
            let page = relay.in_turn(all.len() as u64, 1_000).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page.iter().map(|row| row.study.id.0));
        }
    }
}

fn ids(studies: Vec<i64>) -> Vec<StudyId> {
    studies.into_iter().map(StudyId).collect()
}

async fn by_id(relay: &Arc<Relay>) -> Result<HashMap<i64, DestinationRow>, Fault> {
    Ok(relay.destinations().await?.into_iter().map(|row| (row.id.0, row)).collect())
}

/// Studies as the list shows them.
async fn shown(
    shell: &Shell,
    relay: &Arc<Relay>,
    found: &[InTurn],
) -> Result<Vec<QueueStudy>, Fault> {
    let destinations = by_id(relay).await?;
    let (names, paused) =
        (shell.kept.settings().names, shell.board.read(|state| state.queue.paused));
    let paces = lock(&shell.serving.paces);
    let row = |row: &InTurn| {
        let destination = destinations.get(&row.study.destination.0);
        rows::study(row, destination, names, paused, paces.of_study(row.study.id))
    };
    Ok(found.iter().map(row).collect())
}

/// Remembers what is in the queue, so that a study that leaves it is not a row without words, and counts what waits for
/// whom.
pub(crate) async fn note(shell: &Shell, relay: &Arc<Relay>) -> Result<(), Fault> {
    let found = relay.in_turn(0, REMEMBERED).await?;
    let destinations = by_id(relay).await?;
    let mut waiting: HashMap<i64, u64> = HashMap::new();
    {
        let mut seen = lock(&shell.serving.seen);
        if seen.len() > 4 * REMEMBERED as usize {
            seen.clear();
        }
        for row in &found {
            let study = &row.study;
            *waiting.entry(study.destination.0).or_default() +=
                u64::from(study.counts.unfinished().instances > 0);
            let destination = destinations.get(&study.destination.0);
            let known = rows::study(row, destination, crate::view::Names::Hidden, false, None);
            seen.insert(study.id, known);
        }
    }
    let moving = found.iter().filter_map(|row| Moving::of(&row.study));
    lock(&shell.serving.paces).studies(Instant::now(), moving);
    shell.board.change(|state| {
        for destination in &mut state.destinations {
            destination.waiting_studies = waiting.get(&destination.id).copied().unwrap_or(0);
        }
    });
    Ok(())
}

/// A study has left the queue.
pub(crate) fn finished(shell: &Shell, end: &StudyEnd) {
    let known = lock(&shell.serving.seen).remove(&end.study);
    lock(&shell.serving.finished).add(end.receipt, rows::finished(known, end));
}
