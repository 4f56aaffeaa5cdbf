//! The promises, checked after every run as far as they hold at any time, and in whole once the faults have stopped.

use super::acts::bring_back;
use super::site::{CANARY, Site};
use anyhow::{Context, Result, ensure};
use relaypacs_tests::cli::Ran;
use relaypacs_tests::lines::{files, instances_of, is_in_the_archive, number, text};
use relaypacs_tests::trace::{trace, wanted};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Runs that a home may need to come to its end once nothing is wrong any more.
const RUNS: usize = 12;

/// What a run said of itself is true: each instance is told once (by a run that goes on for ever again where its end was put
/// right, and came to another), the parts are the whole, and what is called confirmed
/// is in the archive with our bytes. A run that was killed said nothing at its end.
pub(crate) fn adds_up(site: &mut Site, ran: &Ran) -> Result<()> {
    // The last line of a run that was killed may be half a line.
    let whole = |line: &&String| line.ends_with('}');
    let held = site.archive.holds()?;
    let mut seen = BTreeMap::new();
    for line in ran.lines.iter().filter(whole) {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if line.get("event").is_none_or(|event| event != "verdict") {
            continue;
        }
        let (uid, state) = (text(&line, "sop_instance_uid"), text(&line, "state"));
        if let Some(before) = seen.insert(uid.to_owned(), state.to_owned()) {
            let is_another = before != state && !is_in_the_archive(&before);
            ensure!(site.for_ever && is_another, "{uid} is told of twice: {before}, {state}");
        }
        let ours = site.studies.iter().find_map(|study| study.images.get(uid));
        let ours = ours.context("an instance that was never offered")?;
        if is_in_the_archive(state) {
            let file = held.get(uid).with_context(|| format!("{uid} is {state}, and not there"))?;
            ensure!(fs::read(file)? == *ours, "{uid} is {state} with other bytes");
        }
    }
    if let Ok(summary) = ran.summary() {
        let sum = instances_of(&summary)?;
        ensure!(seen.len() as u64 == sum, "{} told of {sum}", seen.len());
        site.told.bytes_sent_again += number(&summary, "bytes_sent_again");
    }
    Ok(())
}

/// No file of ours has a trace of the patient.
pub(crate) fn no_trace(site: &Site) -> Result<()> {
    let found = trace(&[site.home().as_path(), site.temp.path()], &wanted(CANARY));
    ensure!(found.is_none(), "a trace: {found:?}");
    Ok(())
}

/// The faults stop; then everything comes to its end by itself, and every promise holds.
pub(crate) fn hold(site: &mut Site) -> Result<()> {
    site.log.push("the faults stop".into());
    no_trace(site)?;
    site.archive.start(&json!({}))?;
    bring_back(site)?;
    to_its_end(site)?;
    let held = site.archive.holds()?;
    let mut ours = BTreeSet::new();
    for study in site.studies.iter().filter(|study| study.offered) {
        for (uid, bytes) in &study.images {
            match held.get(uid) {
                Some(file) => ensure!(fs::read(file)? == *bytes, "{uid} has other bytes"),
                None => ensure!(study.cancelled, "{uid} is lost"),
            }
            ours.insert(uid);
        }
        site.told.cancelled += u64::from(study.cancelled);
    }
    ensure!(held.keys().all(|uid| ours.contains(uid)), "the archive has what was never queued");
    site.told.instances += ours.len() as u64;
    no_trace(site)?;
    let spooled = files(&site.home().join("spool"));
    ensure!(spooled.is_empty(), "the spool is not empty: {spooled:?}");
    let verified = site.cli.run(&["audit", "verify"])?;
    ensure!(verified.status == Some(0), "the ledger: {}", verified.stderr);
    in_the_ledger(site)
}

fn to_its_end(site: &mut Site) -> Result<()> {
    let mut last = None;
    for _ in 0..RUNS {
        // Opened once, so that what a dead import left is not listed. What was paused by its name is resumed by its name.
        site.cli.run(&["queue", "resume", "--json"])?;
        let listed = site.cli.run(&["queue", "list", "--json"])?.json()?;
        let uids: Vec<&str> = listed.iter().map(|line| text(line, "study_instance_uid")).collect();
        for words in [&[&["resume"], &uids[..]].concat()[..], &["retry"]] {
            let ran = site.cli.run(&[&["queue", "--json"], words].concat())?;
            ensure!(ran.status == Some(0), "{words:?}: {:?} {}", ran.status, ran.stderr);
        }
        let ran = site.cli.run(&["run", "--json", "--patience", "20"])?;
        site.log.push(format!("to the end -> {:?}", ran.status));
        adds_up(site, &ran)?;
        let left = site.cli.run(&["queue", "list", "--json"])?;
        if left.json()?.is_empty() {
            ensure!(ran.status == Some(0), "empty, and {:?}: {}", ran.status, ran.stderr);
            return Ok(());
        }
        last = Some((ran, left));
    }
    let (ran, left) = last.context("it was run")?;
    let verdicts: Vec<_> =
        ran.lines.iter().filter(|line| !line.contains("\"confirmed\"")).collect();
    anyhow::bail!("it never ends: {:?} {verdicts:?} {}", left.lines, ran.stderr)
}

/// The receipts name every offered instance that was not taken out as being in the archive.
fn in_the_ledger(site: &mut Site) -> Result<()> {
    let history = site.cli.run(&["history", "--json", "--limit", "100000"])?.json()?;
    let receipts: BTreeSet<u64> =
        history.iter().filter_map(|line| line.get("receipt")?.as_u64()).collect();
    let mut proven = BTreeSet::new();
    for receipt in receipts {
        let ran = site.cli.run(&["receipt", "--json", &receipt.to_string()])?;
        for line in ran.events("receipt_line")? {
            if is_in_the_archive(text(&line, "state")) {
                proven.insert(text(&line, "instance").to_owned());
            }
        }
    }
    let kept = site.studies.iter().filter(|study| study.offered && !study.cancelled);
    let kept: usize = kept.map(|study| study.images.len()).sum();
    ensure!(proven.len() >= kept, "the receipts prove {} of {kept}", proven.len());
    Ok(())
}
