//! Asking the archive what it has of a study: before its first byte, after a lost answer, after its last byte.

use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use crate::lane::{Ended, Kind, Lane};
use crate::part::SourcePart;
use crate::run::{Talk, jitter};
use crate::settle;
use futures_util::stream::{self, StreamExt};
use relaypacs_ledger::{Event as Happened, EventId};
use relaypacs_model::{
    ArchiveRoot, Code, Fault, ReadBack, Reason, SeriesInstanceUid, SopInstanceUid, StudyInstanceUid,
};
use relaypacs_queue::{
    Answer, Ask, Asked, AskedRow, Copying, DestinationId, Event, ImportId, InstanceId, InstanceRow,
    Scope, State, StateName, StudyId, StudyToAsk,
};
use relaypacs_upload::{Compared, Sameness, Trouble};
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Rows that are settled at once.
const PAGE: u32 = 256;
/// Comparisons at once. Each reads our bytes and makes a request.
const COMPARED_AT_ONCE: usize = 4;
/// An archive may list late: what it said it stored and does not list is asked for again after these waits.
const LISTED_LATE: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];
/// So long after its answer was lost, what is not listed is taken for lost as well: far away, one question takes as long.
const LOST_LATE: Duration = Duration::from_millis(300);
/// The wait, more or less, after a question that was lost on a line that carries other things.
const ASK_AGAIN: Duration = Duration::from_millis(400);
/// The wait after a comparison that could not be made.
const RECOMPARE: Duration = Duration::from_secs(1);
/// An instance that the archive says it stored so many times, and never lists, is refused.
const DROPPED_AT_MOST: u32 = 3;

/// Asks about one study, settles what the answer settles, compares what has to be compared.
pub(crate) async fn ask(lane: Arc<Lane>, study: StudyToAsk) -> Result<Ended, Fault> {
    let ended = Ended { study: study.study, kind: Kind::Asked };
    let id = study.study;
    let (destination, root) = (lane.destination, lane.archive.root().clone());
    let asked = lane.desk.ask(move |books| begin(books, destination, &root, id)).await?;
    let Some(ask) = asked else { return Ok(ended) };
    let begun = Instant::now();
    lane.run.requested();
    let listing = match lane.archive.list(&study.study_uid).await {
        Ok(listing) => listing,
        // The line broke under the question, while images get through: the question is put once more in a moment.
        Err(trouble) if trouble.reason.code == Code::ConnectionLost && lane.signs.stores() => {
            put_off(&lane, &ask, ASK_AGAIN.mul_f64(0.5 + jitter())).await?;
            return Ok(ended);
        }
        Err(trouble) => {
            lane.leave_or_park(id, trouble).await?;
            return Ok(ended);
        }
    };
    lane.signs.gained();
    mark(&lane, &ask, listing.uids.into_iter().collect()).await?;
    let late = match settle_all(&lane, &ask).await? {
        Outcome::Settled => None,
        Outcome::ListsLate(wait) => Some(wait),
        // What is listed is compared with our bytes, and those are read from the source only once.
        Outcome::NotCopied => Some(RECOMPARE),
        Outcome::Parked => return Ok(ended),
    };
    // Not before: an archive that lists, and fails whenever it is to show something, would be asked without a pause.
    lane.answered(Talk::Ask, begun).await?;
    match late {
        Some(wait) => put_off(&lane, &ask, wait).await?,
        None => open(&lane, &ask).await?,
    }
    Ok(ended)
}

/// Begins an ask; none where the destination is another archive by now, of which this one's list says nothing.
fn begin(
    books: &mut Books,
    destination: DestinationId,
    root: &ArchiveRoot,
    study: StudyId,
) -> Result<Option<Ask>, Fault> {
    if books.queue.view().destination(destination).or_fault()?.destination.root != *root {
        // The lane of the new one goes on with it.
        books.queue.put_off_asking(study, now().after(RECOMPARE), now()).or_fault()?;
        return Ok(None);
    }
    books.queue.begin_ask(study, now()).or_fault().map(Some)
}

/// How settling went.
enum Outcome {
    Settled,
    ListsLate(Duration),
    NotCopied,
    /// Trouble came: the destination is parked.
    Parked,
}

async fn mark(lane: &Lane, ask: &Ask, uids: Vec<SopInstanceUid>) -> Result<(), Fault> {
    for page in uids.chunks(4_096) {
        let (ask, page) = (ask.clone(), page.to_vec());
        lane.desk.ask(move |books| books.queue.listed(&ask, &page).or_fault()).await?;
    }
    Ok(())
}

async fn settle_all(lane: &Arc<Lane>, ask: &Ask) -> Result<Outcome, Fault> {
    let patient = lists_late(lane, ask);
    let (mut late, mut uncopied) = (false, false);
    let mut sampled = HashSet::new();
    let mut after = None;
    loop {
        let page = ask.clone();
        let rows = lane
            .desk
            .ask(move |books| books.queue.asked_rows(&page, after, PAGE).or_fault())
            .await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.row.id);
        let mut sorted = sort(lane, ask, rows, patient.is_some(), &mut sampled);
        let to_compare = std::mem::take(&mut sorted.to_compare);
        let compared = compare(lane, ask, to_compare, patient.is_some(), &mut sorted).await;
        late |= sorted.late;
        uncopied |= sorted.uncopied;
        // Before its rows can be claimed again: in between, a batch would go to a destination that wants none.
        let is_parked = compared.is_err();
        if let Err(trouble) = compared {
            lane.park_for(trouble).await?;
        }
        take(lane, sorted.answers).await?;
        copies_lost(lane, sorted.lost).await?;
        if is_parked {
            return Ok(Outcome::Parked);
        }
    }
    let mut absent = lane.absent.lock().unwrap_or_else(PoisonError::into_inner);
    match (late, patient) {
        (true, Some(wait)) => {
            *absent.entry(ask.study).or_default() += 1;
            Ok(Outcome::ListsLate(wait))
        }
        (true, None) | (false, _) => {
            absent.remove(&ask.study);
            Ok(if uncopied { Outcome::NotCopied } else { Outcome::Settled })
        }
    }
}

/// How long to wait for a late list, where it was not waited for often enough yet.
fn lists_late(lane: &Lane, ask: &Ask) -> Option<Duration> {
    let absent = lane.absent.lock().unwrap_or_else(PoisonError::into_inner);
    let times = absent.get(&ask.study).copied().unwrap_or(0);
    LISTED_LATE.get(usize::try_from(times).unwrap_or(usize::MAX)).copied()
}

/// A page of rows, by what has to happen.
#[derive(Default)]
struct Sorted {
    answers: Vec<Answer>,
    to_compare: Vec<InstanceRow>,
    late: bool,
    /// Something has to be compared once it is copied.
    uncopied: bool,
    /// Copies that turned out to be damaged, and who had found them.
    lost: Vec<(InstanceId, ImportId)>,
}

fn sort(
    lane: &Lane,
    ask: &Ask,
    rows: Vec<AskedRow>,
    patient: bool,
    sampled: &mut HashSet<SeriesInstanceUid>,
) -> Sorted {
    let mut sorted = Sorted::default();
    let lost_just_now = |row: &InstanceRow| row.since.until(now()) < LOST_LATE;
    for AskedRow { row, listed } in rows {
        let stored = matches!(row.state, State::Stored | State::StoredWithWarning);
        let unknown = row.state == State::Unknown;
        match (listed, stored) {
            (true, true) if !reads_back(lane.read_back, &row, sampled) => {
                sorted.answers.push(Answer::to_ask(ask, row.id, Event::ArchiveListsIt));
            }
            (true, _) if row.copy == Copying::Due => sorted.uncopied = true,
            // Ours, another's, or an older one with other bytes: only the bytes can tell.
            (true, _) => sorted.to_compare.push(row),
            (false, _) if patient && (stored || unknown && lost_just_now(&row)) => {
                sorted.late = true;
            }
            (false, true) => sorted.answers.push(lacks_stored(ask, &row)),
            (false, false) if unknown => {
                sorted.answers.extend(lacks_unknown(ask, &row, lane.signs.stores()))
            }
            (false, false) => {}
        }
    }
    sorted
}

/// True where what was stored is read back before it counts.
fn reads_back(
    read_back: ReadBack,
    row: &InstanceRow,
    sampled: &mut HashSet<SeriesInstanceUid>,
) -> bool {
    match read_back {
        ReadBack::None => false,
        ReadBack::Sample => sampled.insert(row.series_uid.clone()),
        ReadBack::Every => true,
    }
}

fn lacks_stored(ask: &Ask, row: &InstanceRow) -> Answer {
    if row.sends_dropped + 1 >= DROPPED_AT_MOST {
        return Answer::to_ask(ask, row.id, Event::Refused)
            .because(Reason::new(Code::DroppedByArchive));
    }
    Answer::to_ask(ask, row.id, Event::ArchiveLacksIt)
}

/// A lost answer, and the archive does not have it: sent again, each time a little later and in smaller company, since
/// it may be the one that the archive stumbles over.
fn lacks_unknown(ask: &Ask, row: &InstanceRow, others_go: bool) -> Vec<Answer> {
    let told = |event| Answer::to_ask(ask, row.id, event);
    let reason = row.reason.unwrap_or(Reason::new(Code::ConnectionLost));
    // Refused for being there already, and it is not there: what is left of the answer is that it was refused.
    if settle::is_said_to_be_there(row) {
        return vec![told(Event::Refused).because(reason)];
    }
    if settle::is_lost_for_good(row, others_go) {
        return vec![told(Event::Refused).because(reason)];
    }
    let mut answers = vec![told(Event::ArchiveLacksIt).because(reason)];
    if row.tries >= 2 && !settle::is_lost_to_the_line(row.tries, reason, others_go) {
        let at_most = NonZeroU32::new(64 >> (2 * row.tries.min(3))).unwrap_or(NonZeroU32::MIN);
        answers.push(told(Event::SendAlone { at_most }).because(reason));
        let wait = settle::wait_after_loss(row.tries - 1, jitter());
        let event = Event::TryAgain { not_before: now().after(wait) };
        answers.push(told(event).because(reason));
    }
    answers
}

/// Holds our bytes against the archive's. What was compared before trouble came counts.
async fn compare(
    lane: &Arc<Lane>,
    ask: &Ask,
    rows: Vec<InstanceRow>,
    patient: bool,
    sorted: &mut Sorted,
) -> Result<(), Trouble> {
    let mut compared = stream::iter(rows)
        .map(|row| {
            let (lane, study) = (lane.clone(), ask.study_uid.clone());
            async move {
                let part = Arc::new(SourcePart::new(&row, &lane.opener, &lane.desk));
                let compared = compare_one(&lane, &study, &row.series_uid, part).await?;
                Ok::<_, Trouble>((row, compared))
            }
        })
        .buffer_unordered(COMPARED_AT_ONCE);
    while let Some(one) = compared.next().await {
        let (row, Compared { sameness, sha256 }) = one?;
        // Listed a moment ago and not there now: the archive is asked again.
        if sameness == Sameness::Missing && patient {
            sorted.late = true;
            continue;
        }
        // It is compared anew from its source, if that is still there.
        if settle::is_copy_lost(&row, sameness) {
            sorted.lost.push((row.id, row.import));
            continue;
        }
        let answers = settle::of_comparison(ask, &row, sameness);
        sorted.answers.extend(answers.into_iter().map(|answer| Answer { sha256, ..answer }));
    }
    Ok(())
}

/// One comparison. An archive that fails over this very instance, twice, does not stop the others: what cannot be
/// compared is left to a person.
async fn compare_one(
    lane: &Lane,
    study: &StudyInstanceUid,
    series: &SeriesInstanceUid,
    part: Arc<SourcePart>,
) -> Result<Compared, Trouble> {
    const OF_ONE: [Code; 3] = [Code::ArchiveFailed, Code::AnswerNotUnderstood, Code::NoStoreHere];
    let mut last = Err(Trouble::with_question(Reason::new(Code::Internal)));
    for _ in 0..2 {
        lane.run.requested();
        last = lane.archive.compare(study, series, part.clone()).await;
        match &last {
            Ok(_) => break,
            Err(trouble) if OF_ONE.contains(&trouble.reason.code) => {}
            Err(_) => return last,
        }
    }
    lane.signs.gained();
    Ok(last.unwrap_or(Compared::unread(Sameness::NotComparable)))
}

async fn copies_lost(lane: &Arc<Lane>, lost: Vec<(InstanceId, ImportId)>) -> Result<(), Fault> {
    if lost.is_empty() {
        return Ok(());
    }
    tracing::warn!(rows = lost.len(), "copies in the spool are damaged");
    lane.desk.ask(move |books| books.queue.copy_lost(&lost).or_fault()).await
}

async fn take(lane: &Arc<Lane>, answers: Vec<Answer>) -> Result<(), Fault> {
    if answers.is_empty() {
        return Ok(());
    }
    let (settled, confirmed) = lane
        .desk
        .ask(move |books| {
            let settled = books.queue.settle(&answers, now()).or_fault()?;
            let proven = |answer: &&Answer| {
                answer.event.proof().is_some() && !settled.stale.contains(&answer.instance)
            };
            let confirmed = answers.iter().filter(proven).count() as u64;
            Ok((settled, confirmed))
        })
        .await?;
    if !settled.impossible.is_empty() {
        tracing::warn!(rows = settled.impossible.len(), "answers that do not fit their rows");
    }
    lane.run.confirmed(confirmed);
    Ok(())
}

/// Lets what is queued of the study be claimed, after the ledger knows that its transfer begins.
async fn open(lane: &Arc<Lane>, ask: &Ask) -> Result<(), Fault> {
    let again = ask.clone();
    let (ask, label) = (ask.clone(), lane.label.clone());
    let asked = lane
        .desk
        .ask(move |books| {
            let counts = books.queue.view().counts(Scope::Study(ask.study)).or_fault()?;
            let instances =
                counts.of(StateName::Queued).instances + counts.of(StateName::Waiting).instances;
            if instances > 0 {
                let import = latest_import(books, &ask)?;
                let study = ask.study_uid.clone();
                let id = EventId::of(&[
                    b"begin",
                    &import,
                    study.as_str().as_bytes(),
                    label.as_str().as_bytes(),
                ]);
                let event = Happened::BeginTransferring { study, instances, destination: label };
                books.ledger.append(id, &event, now()).or_fault()?;
            }
            books.queue.asked(&ask).or_fault()
        })
        .await?;
    match asked {
        Asked::Open | Asked::Void => Ok(()),
        // The archive listed something and then did not have it for comparison: it is asked again in a moment.
        Asked::NotCompared => put_off(lane, &again, RECOMPARE).await,
    }
}

/// One transfer of a study begins once for each import that offered it.
fn latest_import(books: &mut Books, ask: &Ask) -> Result<[u8; 16], Fault> {
    let rows = books.queue.view().instances(ask.study, None, 1).or_fault()?;
    match rows.first() {
        Some(row) => Ok(books.import_name(row.import)?.0),
        None => Ok([0; 16]),
    }
}

async fn put_off(lane: &Arc<Lane>, ask: &Ask, wait: Duration) -> Result<(), Fault> {
    let id = ask.study;
    lane.desk
        .ask(move |books| books.queue.put_off_asking(id, now().after(wait), now()).or_fault())
        .await
}
