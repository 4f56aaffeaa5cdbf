//! `send` and `run`: the main job, and the rest of one that was interrupted.

use crate::args::{Patience, RunArgs, SendArgs, SignInArgs};
use crate::exit::Exit;
use crate::face::Face;
use crate::session::Session;
use crate::{json, people, practice, secrets};
use relaypacs_model::{ArchiveRoot, Code, Destination, Fault, Outcome, ReadBack};
use relaypacs_relay::{Reach, ScanCounts, Summary, Target, Work};
use std::sync::Arc;
use std::time::Duration;

pub(crate) async fn send(session: &Session, args: SendArgs) -> Result<Exit, Fault> {
    if let Some(path) = &args.receipt {
        relaypacs_relay::try_receipt(path)?;
    }
    let relay = session.relay().await?.spooling(args.spool.into());
    relay.limit_to(args.limit.bandwidth);
    // Lives as long as the run: the practice archive is an archive in this process.
    let mut _practice = None;
    let target = if args.to == "practice" {
        let archive = practice::start(&session.home()?)?;
        let target = Target::Given(Box::new(practice::destination(&archive)?));
        _practice = Some(archive);
        target
    } else {
        target(&args.to, &args.sign_in)?
    };
    let face = Arc::new(Face::new(session.json()));
    let (paths, damaged, stop) = (args.scan.paths, args.scan.include_damaged, &session.stop);
    let imported =
        relay.import_first(paths, &target, damaged, args.priority, face.clone(), stop).await?;
    let work = Work {
        reach: Reach::Import(imported.import),
        patience: Some(Duration::from_secs(args.patience.patience)),
        index: imported.counts.index,
        paper: args.receipt,
    };
    let summary = relay.work(work, face.clone(), &session.stop).await?;
    face.done();
    face.completeness(&relaypacs_relay::completeness(&summary, &imported.counts));
    let exit = Exit::of_run(&summary, Some(&imported.counts));
    finish(session, &summary, Some(&imported.counts), exit)
}

pub(crate) async fn run(session: &Session, args: RunArgs) -> Result<Exit, Fault> {
    let relay = session.relay().await?;
    relay.limit_to(args.limit.bandwidth);
    let face = Arc::new(Face::new(session.json()));
    let Patience { patience } = args.patience;
    let patience = (!args.forever).then(|| Duration::from_secs(patience));
    let work = Work { reach: Reach::Everything, patience, index: None, paper: None };
    let summary = relay.work(work, face.clone(), &session.stop).await?;
    face.done();
    let mut exit = Exit::of_run(&summary, None);
    if exit == Exit::Done && relay.queue_set_aside().is_some_and(|aside| aside.needs_a_person()) {
        // What could not be read of a queue that was damaged has to be offered again.
        exit = Exit::NeedsAPerson;
    }
    finish(session, &summary, None, exit)
}

/// Says what a run came to.
pub(crate) fn finish(
    session: &Session,
    summary: &Summary,
    scanned: Option<&ScanCounts>,
    exit: Exit,
) -> Result<Exit, Fault> {
    if session.json() {
        json::run_summary(summary, scanned);
    } else {
        people(summary, scanned);
    }
    if !summary.adds_up() {
        return Err(Fault::with(Code::Internal, "the counts of this run do not add up"));
    }
    if let Some(fault) = &summary.paper_fault {
        crate::exit::explain(fault, session.json());
        return Ok(Exit::Fault);
    }
    if !session.stop.is_stopped() {
        return Ok(exit);
    }
    if !session.json() {
        people::fault(&Fault::new(Code::Stopped));
    }
    Ok(Exit::Stopped)
}

fn people(summary: &Summary, scanned: Option<&ScanCounts>) {
    people::show(&relaypacs_relay::sentence(summary, scanned));
    for outcome in Outcome::ALL {
        let n = summary.count(outcome);
        if n > 0 && outcome != Outcome::Confirmed {
            people::show(&format!(
                "    {} {}",
                people::count(n),
                outcome.as_str().replace('_', " ")
            ));
        }
    }
    for (reason, n) in scanned.iter().flat_map(|counts| &counts.skipped) {
        let look = if reason.needs_a_person() { " (see `relaypacs scan`)" } else { "" };
        people::show(&format!(
            "    {} not sent: {}{look}",
            people::count(*n),
            reason.as_str().replace('_', " ")
        ));
    }
    let seconds = summary.took.as_secs_f64();
    people::show(&format!("    {} sent in {seconds:.1} s", people::size(summary.bytes_sent)));
}

/// A saved name, or a URL with a sign-in.
pub(crate) fn target(dest: &str, sign_in: &SignInArgs) -> Result<Target, Fault> {
    if !dest.contains("://") {
        return Ok(Target::Saved(dest.to_owned()));
    }
    Ok(Target::Given(Box::new(given(dest, sign_in)?)))
}

/// A destination that is given by its URL.
pub(crate) fn given(url: &str, args: &SignInArgs) -> Result<Destination, Fault> {
    let root =
        ArchiveRoot::parse(url).map_err(|fault| Fault::with(Code::DestinationNotUsable, fault))?;
    let read_back = match args.verify.as_str() {
        "none" => ReadBack::None,
        "sample" => ReadBack::Sample,
        "every" => ReadBack::Every,
        _ => {
            return Err(Fault::with(
                Code::DestinationNotUsable,
                "--verify takes none, sample or every",
            ));
        }
    };
    Ok(Destination {
        label: root.as_str().to_owned(),
        sign_in: secrets::sign_in(args)?,
        ca: args.ca.clone(),
        read_back,
        root,
    })
}
