//! The rounds of a soak: what is done to a site, by chance, and what must hold after every run.

use super::archive::script;
use super::promises::{adds_up, no_trace};
use super::site::Site;
use anyhow::{Context, Result, bail, ensure};
use relaypacs_tests::cli::{Ran, Spawned};
use relaypacs_tests::lines::{files, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What every other send is given besides: its source is copied first, also onto a small disk, where the copies leave no
/// more room than the books need at least.
const COPIED: &[&str] = &["--spool", "always", "--spool-keep-free", "0"];
/// A run of a round may take so long; none does by itself.
const LONG: Duration = Duration::from_secs(300);

/// Rounds until the time is over.
pub(crate) fn rounds(site: &mut Site, until: Instant) -> Result<()> {
    while Instant::now() < until {
        archive_changes(site)?;
        source_changes(site)?;
        steer(site)?;
        run(site)?;
        if site.chance.happens(0.1) {
            no_trace(site)?;
        }
    }
    Ok(())
}

fn archive_changes(site: &mut Site) -> Result<()> {
    if site.chance.happens(0.1) {
        site.log.push("the archive is gone".into());
        return site.archive.dies();
    }
    if site.chance.happens(0.6) {
        let script = script(&mut site.chance);
        site.log.push(format!("the archive starts with {script}"));
        site.told.archives += 1;
        site.archive.start(&script)?;
    }
    Ok(())
}

/// Folders and files of offered studies go away and come back, or are others for a while.
fn source_changes(site: &mut Site) -> Result<()> {
    if site.chance.happens(0.4) {
        bring_back(site)?;
    }
    let offered: Vec<PathBuf> =
        site.studies.iter().filter(|one| one.offered).map(|one| one.folder.clone()).collect();
    let place = site.chance.number() as usize % offered.len().max(1);
    let Some(folder) = offered.get(place).filter(|_| site.chance.happens(0.3)) else {
        return Ok(());
    };
    if site.away.iter().any(|(_, belongs)| belongs.starts_with(folder)) {
        return Ok(());
    }
    let keep = site.temp.path().with_extension(format!("away{}", site.told.mischief));
    site.told.mischief += 1;
    if site.chance.happens(0.5) {
        site.log.push(format!("{} is taken away", folder.display()));
        fs::rename(folder, &keep)?;
        site.away.push((keep, folder.clone()));
    } else if let Some(file) = files(folder).into_iter().next() {
        site.log.push(format!("{} is another", file.display()));
        let mut bytes = fs::read(&file)?;
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        fs::rename(&file, &keep)?;
        fs::write(&file, bytes)?;
        site.away.push((keep, file));
    }
    Ok(())
}

/// Everything of the source is as it was.
pub(crate) fn bring_back(site: &mut Site) -> Result<()> {
    while let Some((keep, belongs)) = site.away.pop() {
        site.log.push(format!("{} is back", belongs.display()));
        fs::rename(keep, belongs)?;
    }
    Ok(())
}

/// A person at the queue.
fn steer(site: &mut Site) -> Result<()> {
    if !site.chance.happens(0.35) || site.studies.is_empty() {
        return Ok(());
    }
    let place = site.chance.number() as usize % site.studies.len();
    let Some(study) = site.studies.get(place) else { return Ok(()) };
    let uid = study.uid.clone();
    let words = match site.chance.number() % 12 {
        0 | 1 => vec!["queue", "pause", "--json", &uid],
        2 => vec!["queue", "pause", "--json"],
        3..=6 => vec!["queue", "resume", "--json"],
        7..=10 => vec!["queue", "retry", "--json"],
        _ => vec!["queue", "cancel", "--json", &uid],
    };
    let ran = site.cli.run(&words)?;
    site.log.push(format!("{} -> {:?}", words.join(" "), ran.status));
    match ran.status {
        Some(0) if words.contains(&"cancel") => {
            if let Some(study) = site.studies.get_mut(place) {
                study.cancelled = true;
            }
            Ok(())
        }
        // A study that is not in the queue, or not any more.
        Some(0 | 2) => Ok(()),
        other => bail!("{words:?} ended with {other:?}: {}", ran.stderr),
    }
}

/// A send of something new, of something old, or a run; with an end by chance.
fn run(site: &mut Site) -> Result<()> {
    let new = (site.studies.len() < 40 && site.chance.happens(0.4))
        .then(|| site.write_study())
        .transpose()?;
    let again = site.chance.happens(0.1).then(|| again(site)).flatten();
    let patience = (site.chance.number() % 4).to_string();
    let sent = new.or(again);
    let folder = sent.and_then(|place| site.studies.get(place)).map(|one| one.folder.clone());
    let root = site.root.clone();
    let more = if site.chance.happens(0.5) { COPIED } else { &[] };
    let words = match &folder {
        Some(folder) => [&["send", "--json", path(folder)?, "--to", &root], more].concat(),
        None if site.for_ever => vec!["run", "--json", "--forever"],
        None => vec!["run", "--json"],
    };
    let for_ever = site.for_ever && folder.is_none();
    let words = [&words[..], &["--patience", &patience]].concat();
    let full = full_at(site);
    let full_before = site.told.full_disks;
    let filler = if full == Some(Duration::ZERO) { fill(site)? } else { None };
    let mut going = Going { run: site.cli.spawn(&words)?, for_ever, filler };
    if let Some(at) = full.filter(|at| !at.is_zero()) {
        going.wait(at);
        going.filler = fill(site)?;
    }
    let ran = ended(site, going)?;
    let was_full = site.told.full_disks > full_before;
    site.told.runs += 1;
    let what = words.iter().find(|word| **word == "--forever").or(words.first()).unwrap_or(&"");
    site.log.push(format!("{what} (full disk: {was_full}) -> {:?}", ran.status));
    may_end_so(&ran, was_full).with_context(|| site.room())?;
    adds_up(site, &ran)?;
    if let Some(place) = sent {
        was_offered(site, place)?;
    }
    Ok(())
}

/// An offered study whose files are all as they were.
fn again(site: &mut Site) -> Option<usize> {
    let place = site.chance.number() as usize % site.studies.len().max(1);
    let study = site.studies.get(place)?;
    let untouched = !site.away.iter().any(|(_, belongs)| belongs.starts_with(&study.folder));
    // What was taken out and is offered again is no longer taken out, which this test would have to follow.
    (study.offered && !study.cancelled && untouched).then_some(place)
}

#[cfg(target_os = "linux")]
fn full_at(site: &mut Site) -> Option<Duration> {
    let has_disk = site.disk.is_some();
    (has_disk && site.chance.happens(0.2)).then(|| match site.chance.happens(0.3) {
        true => Duration::ZERO,
        false => Duration::from_secs_f64(1.5 * site.chance.part()),
    })
}

#[cfg(not(target_os = "linux"))]
fn full_at(_site: &mut Site) -> Option<Duration> {
    None
}

#[cfg(target_os = "linux")]
fn fill(site: &mut Site) -> Result<Option<PathBuf>> {
    site.told.full_disks += 1;
    let home = site.cli.home().to_path_buf();
    site.disk.as_ref().map(|disk| disk.fill(&home)).transpose()
}

#[cfg(not(target_os = "linux"))]
fn fill(_site: &mut Site) -> Result<Option<PathBuf>> {
    Ok(None)
}

/// A run, and what fills its disk.
struct Going {
    run: Spawned,
    for_ever: bool,
    filler: Option<PathBuf>,
}

impl Going {
    fn wait(&mut self, time: Duration) {
        // Nothing fits: it waits for its time to be over, or for the end.
        let _ = self.run.wait_for(time, |_| false);
    }

    fn room(&mut self) -> Result<()> {
        self.filler.take().map_or(Ok(()), |filler| Ok(fs::remove_file(filler)?))
    }

    /// Waits for the end, after asking what never ends by itself.
    fn finish(mut self) -> Result<Ran> {
        if self.for_ever {
            // It may have ended over a full disk.
            let _ = self.run.interrupt();
        }
        let filler = self.filler.take();
        let ran = self.run.finish(LONG)?;
        filler.map_or(Ok(()), fs::remove_file)?;
        Ok(ran)
    }
}

/// What goes on for ever sees faults come and go.
fn goes_on(site: &mut Site, going: &mut Going) -> Result<()> {
    going.wait(Duration::from_secs_f64(6.0 * site.chance.part()));
    if site.chance.happens(0.7) {
        going.room()?;
    }
    if site.chance.happens(0.4) {
        bring_back(site)?;
    }
    archive_changes(site)?;
    going.wait(Duration::from_secs_f64(12.0 * site.chance.part()));
    Ok(())
}

/// Its end: killed, interrupted, put to sleep for a while, or by itself.
fn ended(site: &mut Site, mut going: Going) -> Result<Ran> {
    if going.for_ever {
        goes_on(site, &mut going)?;
    }
    going.wait(Duration::from_secs_f64(2.5 * site.chance.part()));
    match site.chance.number() % 10 {
        0..=4 => {
            site.told.kills += 1;
            let filler = going.filler.take();
            let ran = going.run.kill()?;
            filler.map_or(Ok(()), fs::remove_file)?;
            return Ok(ran);
        }
        5 => {
            site.told.interrupts += 1;
            // It may have ended by itself.
            let _ = going.run.interrupt();
        }
        6 => {
            site.told.sleeps += 1;
            // It may have ended by itself.
            let _ = going.run.sleep();
            std::thread::sleep(Duration::from_secs_f64(2.0 * site.chance.part()));
            let _ = going.run.wake();
        }
        _ => {}
    }
    going.finish()
}

/// No end is a surprise.
fn may_end_so(ran: &Ran, disk_was_full: bool) -> Result<()> {
    ensure!(!ran.stderr.contains("panicked"), "a panic: {}", ran.stderr);
    match ran.status {
        None | Some(0 | 3 | 4 | 130) => Ok(()),
        Some(1) if disk_was_full => {
            let errors = ran.events("error")?;
            let code = errors.first().map(|line| text(line, "code"));
            ensure!(code == Some("disk_full"), "on a full disk: {code:?} {}", ran.stderr);
            Ok(())
        }
        other => bail!("ended with {other:?}: {}", ran.stderr),
    }
}

/// Whether the queue took a study: it is there, or an image of it is in the archive. An import that was cut off before its
/// end is taken out again by whoever opens the queue next, and the source still has it all.
fn was_offered(site: &mut Site, place: usize) -> Result<()> {
    let Some(study) = site.studies.get_mut(place) else { return Ok(()) };
    let ran = site.cli.run(&["queue", "resume", "--json", &study.uid])?;
    ensure!(matches!(ran.status, Some(0 | 2)), "resume: {:?} {}", ran.status, ran.stderr);
    let held = site.archive.holds()?;
    study.offered |= ran.status == Some(0) || study.images.keys().any(|uid| held.contains_key(uid));
    Ok(())
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}
