//! `queue`: see and steer what waits.

use crate::args::QueueAction;
use crate::exit::Exit;
use crate::session::Session;
use crate::{json, people};
use relaypacs_model::{Fault, Priority};
use relaypacs_relay::{DestinationRow, Parked, Phase, StateName, StudyRow, Wish};
use serde_json::json;
use std::collections::HashMap;

pub(crate) async fn queue(session: &Session, action: Option<QueueAction>) -> Result<Exit, Fault> {
    let (wish, studies) = match action {
        None | Some(QueueAction::List) => return list(session),
        Some(QueueAction::Pause { studies }) => (Wish::Pause, studies),
        Some(QueueAction::Resume { studies }) => (Wish::Resume, studies),
        Some(QueueAction::Retry { studies }) => (Wish::Retry, studies),
        Some(QueueAction::Cancel { studies }) => (Wish::Cancel, studies),
        Some(QueueAction::Move { studies, to }) => (Wish::Move(to), studies),
        Some(QueueAction::Priority { studies, to }) => (Wish::Priority(to), studies),
    };
    let what = match &wish {
        Wish::Pause => "paused",
        Wish::Resume => "resumed",
        Wish::Retry => "images to be tried again",
        Wish::Cancel => "images taken out",
        Wish::Move(_) => "studies moved",
        Wish::Priority(_) => "studies with another priority",
    };
    let touched = session.relay().await?.wish(wish, studies).await?;
    if session.json() {
        json::line(&json!({ "event": "done", "what": what, "count": touched }));
    } else {
        people::show(&format!("{} {what}", people::count(touched)));
    }
    Ok(Exit::Done)
}

fn list(session: &Session) -> Result<Exit, Fault> {
    let reader = session.reader()?;
    let destinations: HashMap<_, DestinationRow> =
        reader.destinations()?.into_iter().map(|row| (row.id, row)).collect();
    let mut after = None;
    let mut any = false;
    loop {
        let page = reader.studies(after, 500)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        any = true;
        for study in &page {
            let destination = destinations.get(&study.destination);
            if session.json() {
                json::line(&line(study, destination));
            } else {
                show(study, destination);
            }
        }
    }
    if !any && !session.json() {
        people::show("Nothing waits in the queue.");
    }
    if reader.is_paused()? {
        people::say("The whole queue is paused; `relaypacs queue resume` goes on.");
    }
    Ok(Exit::Done)
}

/// States that a person is shown, in the order of an instance's way.
const STATES: [(StateName, &str); 12] = [
    (StateName::Queued, "queued"),
    (StateName::Sending, "sending"),
    (StateName::Unknown, "unknown"),
    (StateName::Stored, "stored"),
    (StateName::StoredWithWarning, "stored_with_warning"),
    (StateName::Confirmed, "confirmed"),
    (StateName::Waiting, "waiting"),
    (StateName::Conflict, "conflict"),
    (StateName::Rejected, "rejected"),
    (StateName::Changed, "changed"),
    (StateName::SourceGone, "source_gone"),
    (StateName::Cancelled, "cancelled"),
];

fn line(study: &StudyRow, destination: Option<&DestinationRow>) -> serde_json::Value {
    let states: serde_json::Map<String, serde_json::Value> = STATES
        .iter()
        .map(|(state, word)| ((*word).to_owned(), study.counts.of(*state).instances))
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| (word, n.into()))
        .collect();
    json!({
        "event": "queued_study",
        "study_instance_uid": study.study_uid.as_str(),
        "patient_id": study.patient.id.reveal(),
        "patient_name": study.patient.name.reveal(),
        "patient_birth_date": study.patient.birth_date.reveal(),
        "study_date": study.study.date.reveal(),
        "study_description": study.study.description.reveal(),
        "destination": destination.map(|row| row.destination.label.as_str()),
        "parked": parked(study, destination).map(|parked| parked.reason.code.as_str()),
        "paused": study.paused,
        "priority": Priority::of_rank(study.priority).as_str(),
        "phase": phase(study.phase),
        "instances": study.counts.here().instances,
        "bytes": study.counts.here().bytes,
        "states": states,
    })
}

fn show(study: &StudyRow, destination: Option<&DestinationRow>) {
    people::show(&format!(
        "{} [{}] {}  {} {}",
        study.patient.name.reveal(),
        study.patient.id.reveal(),
        study.patient.birth_date.reveal(),
        study.study.date.reveal(),
        study.study.description.reveal(),
    ));
    let states: Vec<String> = STATES
        .iter()
        .map(|(state, word)| (study.counts.of(*state).instances, word.replace('_', " ")))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", people::count(n)))
        .collect();
    let to = destination.map_or("(forgotten)", |row| row.destination.label.as_str());
    people::show(&format!(
        "    {}  to {to}  {}{}",
        states.join(", "),
        people::size(study.counts.here().bytes),
        if study.paused { "  paused" } else { "" }
    ));
    let priority = Priority::of_rank(study.priority);
    if priority > Priority::default() {
        people::show(&format!("    {priority}"));
    }
    people::show(&format!("    {}", study.study_uid.as_str()));
    if let Some(parked) = parked(study, destination) {
        let words = parked.reason.code.sentences();
        people::show(&format!("    {} {}", words.happened, words.now));
    }
}

/// Why it waits: because of its destination, or because the archive fails over this very study.
fn parked<'a>(study: &'a StudyRow, destination: Option<&'a DestinationRow>) -> Option<&'a Parked> {
    destination.and_then(|row| row.parked.as_ref()).or(study.left.as_ref())
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::New => "new",
        Phase::Open => "open",
        Phase::Tally => "tally",
        Phase::Done => "done",
    }
}
