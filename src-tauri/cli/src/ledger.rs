//! `history`, `receipt`, `audit`, `stats`: what the ledger tells, without a patient.

use crate::args::AuditAction;
use crate::exit::Exit;
use crate::session::Session;
use crate::{json, people};
use relaypacs_model::{Code, Fault};
use relaypacs_relay::{HistoryLine, ReceiptSummary, StoredLine, Verification};
use serde_json::{Value, json};

/// Lines of a receipt that are read at once.
const PAGE: u32 = 1_000;

pub(crate) fn history(session: &Session, limit: u32) -> Result<Exit, Fault> {
    for line in session.reader()?.history(limit, None)? {
        if session.json() {
            json::line(&json!({
                "event": "history",
                "number": line.number.0,
                "at": line.at.rfc3339(),
                "kind": line.kind,
                "receipt": line.receipt.map(|id| id.0),
                "study": line.study.map(|hash| hash.to_string()),
                "destination": line.destination.as_ref().map(|label| label.as_str()),
                "detail": line.detail,
            }));
        } else {
            show_event(&line);
        }
    }
    Ok(Exit::Done)
}

fn show_event(line: &HistoryLine) {
    let mut text =
        format!("{:>6}  {}  {}", line.number.0, line.at.rfc3339(), line.kind.replace('_', " "));
    if let Some(id) = line.receipt {
        text.push_str(&format!("  receipt {}", id.0));
    }
    if let Some(label) = &line.destination {
        text.push_str(&format!("  {}", label.as_str()));
    }
    for (name, value) in line.detail.as_object().into_iter().flatten() {
        if let Value::Number(n) = value {
            text.push_str(&format!("  {} {n}", name.replace('_', " ")));
        }
    }
    people::show(&text);
}

pub(crate) fn receipt(session: &Session, id: i64) -> Result<Exit, Fault> {
    let id = u64::try_from(id).map_err(|_| Fault::new(Code::ReceiptUnknown))?;
    let reader = session.reader()?;
    let summary = reader.receipt(id)?;
    if session.json() {
        json::line(&totals(&summary));
    } else {
        show_totals(&summary);
    }
    let mut after = None;
    loop {
        let page = reader.receipt_lines(id, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(Exit::Done) };
        after = Some(last.number);
        for line in &page {
            if session.json() {
                json::line(&instance(line));
            } else {
                show_instance(line);
            }
        }
    }
}

fn totals(summary: &ReceiptSummary) -> Value {
    let counts: serde_json::Map<String, Value> = summary
        .counts
        .outcomes()
        .map(|(outcome, n)| (outcome.as_str().to_owned(), n.into()))
        .collect();
    json!({
        "event": "receipt",
        "receipt": summary.receipt.0,
        "destination": summary.destination.as_str(),
        "begun": summary.begun.rfc3339(),
        "ended": summary.ended.map(|at| at.rfc3339()),
        "studies": summary.studies,
        "instances": summary.counts.instances(),
        "bytes": summary.bytes,
        "counts": counts,
    })
}

fn show_totals(summary: &ReceiptSummary) {
    people::show(&format!("Receipt {} to {}", summary.receipt.0, summary.destination.as_str()));
    people::show(&format!("    begun {}", summary.begun.rfc3339()));
    people::show(&format!(
        "    {}, {}, {}",
        people::plural(summary.studies, "study", "studies"),
        people::plural(summary.counts.instances(), "image", "images"),
        people::size(summary.bytes)
    ));
    for (outcome, n) in summary.counts.outcomes() {
        people::show(&format!("    {} {}", people::count(n), outcome.as_str().replace('_', " ")));
    }
}

fn instance(line: &StoredLine) -> Value {
    json!({
        "event": "receipt_line",
        "study": line.study.to_string(),
        "instance": line.instance.to_string(),
        "bytes": line.bytes,
        "state": line.outcome.as_str(),
        "proof": line.proof.map(|proof| proof.as_str()),
        "code": line.reason.map(|reason| reason.code.as_str()),
        "at": line.at.rfc3339(),
    })
}

fn show_instance(line: &StoredLine) {
    let proof = line.proof.map_or("", |proof| proof.as_str());
    let why = line.reason.map_or("", |reason| reason.code.as_str());
    people::show(&format!(
        "{}  {:<13} {proof:<10} {:>10}  {} {why}",
        line.at.rfc3339(),
        line.outcome.as_str(),
        people::size(line.bytes),
        line.instance,
    ));
}

pub(crate) fn audit(session: &Session, action: AuditAction) -> Result<Exit, Fault> {
    let reader = session.reader()?;
    match action {
        AuditAction::Export => {
            reader.export(&mut std::io::stdout().lock())?;
            Ok(Exit::Done)
        }
        AuditAction::Verify => match reader.verify()? {
            None => {
                say(
                    session,
                    &json!({ "event": "verified", "events": 0 }),
                    "There is no ledger yet.",
                );
                Ok(Exit::Done)
            }
            Some(Verification::Verified { events, receipts, lines, .. }) => {
                let value = json!({ "event": "verified", "events": events, "receipts": receipts, "lines": lines });
                let text = format!(
                    "The chain is whole: {}, {}, {}.",
                    people::plural(events, "event", "events"),
                    people::plural(receipts, "receipt", "receipts"),
                    people::plural(lines, "line", "lines"),
                );
                say(session, &value, &text);
                Ok(Exit::Done)
            }
            Some(Verification::Broken { at, why }) => {
                Err(Fault::with(Code::LedgerBroken, format_args!("at event {}: {why:?}", at.0)))
            }
        },
    }
}

pub(crate) fn statistics(session: &Session) -> Result<Exit, Fault> {
    for line in session.reader()?.statistics()?.instances {
        let day = line.day.rfc3339();
        let day = day.split('T').next().unwrap_or_default();
        let value = json!({
            "event": "statistics",
            "day": day,
            "destination": line.destination.as_str(),
            "state": line.outcome.as_str(),
            "instances": line.instances,
            "bytes": line.bytes,
        });
        let text = format!(
            "{day}  {}  {} {}, {}",
            line.destination.as_str(),
            people::count(line.instances),
            line.outcome.as_str().replace('_', " "),
            people::size(line.bytes),
        );
        say(session, &value, &text);
    }
    Ok(Exit::Done)
}

fn say(session: &Session, value: &Value, text: &str) {
    if session.json() {
        json::line(value);
    } else {
        people::show(text);
    }
}
