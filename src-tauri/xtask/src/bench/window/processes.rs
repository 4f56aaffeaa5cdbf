//! What the system counts of a process and its children: /proc, so Linux only.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Ticks a second in /proc: USER_HZ, which is 100 on every Linux that runs a desktop.
pub(super) const TICKS: f64 = 100.0;

/// Where WebKitGTK's own programs lie.
const WEB: &str = "webkit2gtk-4.1";

/// What one or more processes took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Used {
    /// CPU time, user and system.
    pub(super) ticks: u64,
    /// Bytes in memory, files and libraries that others share included.
    pub(super) resident: u64,
    /// Bytes in memory that are no file's: heap and stacks.
    pub(super) anonymous: u64,
}

/// A process, and all that it started.
pub(super) struct Family {
    pub(super) main: Used,
    pub(super) web: Used,
}

impl Family {
    /// Of this process.
    ///
    /// # Errors
    /// It is gone.
    pub(super) fn of(pid: u32) -> Result<Self> {
        let parents = parents()?;
        let mut members = BTreeSet::from([pid]);
        // Children are found after their parents, whatever their numbers.
        loop {
            let born = parents.iter().filter(|(_, parent)| members.contains(parent));
            let with: BTreeSet<u32> =
                born.map(|(child, _)| *child).chain(members.iter().copied()).collect();
            if with.len() == members.len() {
                break;
            }
            members = with;
        }
        members.remove(&pid);
        let main = used(pid).context("the window is gone")?;
        let web = members.into_iter().filter_map(used).fold(Used::default(), |sum, one| Used {
            ticks: sum.ticks + one.ticks,
            resident: sum.resident + one.resident,
            anonymous: sum.anonymous + one.anonymous,
        });
        Ok(Self { main, web })
    }
}

/// WebKit's programs on this machine.
pub(super) fn web_programs() -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir("/usr/lib") else { return Vec::new() };
    folders
        .filter_map(|entry| fs::read_dir(entry.ok()?.path().join(WEB)).ok())
        .flat_map(|programs| programs.filter_map(|entry| Some(entry.ok()?.path())))
        .filter(|path| path.is_file())
        .collect()
}

/// Each process with its parent.
fn parents() -> Result<BTreeMap<u32, u32>> {
    Ok(fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some((pid, field(&stat, 1)?.try_into().ok()?))
        })
        .collect())
}

fn used(pid: u32) -> Option<Used> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some(Used {
        ticks: field(&stat, 11)? + field(&stat, 12)?,
        resident: kib(&status, "VmRSS:")? * 1024,
        anonymous: kib(&status, "RssAnon:")? * 1024,
    })
}

/// A number of /proc/PID/stat, counted from the state behind the name, which may hold blanks and brackets.
fn field(stat: &str, at: usize) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(at)?.parse().ok()
}

fn kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_numbers() {
        let stat = "42 (a (b) c) S 7 42 42 0 -1 4194560 900 0 0 0 31 12 0 0 20";
        assert_eq!(field(stat, 1), Some(7));
        assert_eq!((field(stat, 11), field(stat, 12)), (Some(31), Some(12)));
    }

    #[test]
    fn this_process_has_a_parent_and_takes_memory() {
        let own = Family::of(std::process::id()).unwrap();
        assert!(own.main.resident > own.main.anonymous && own.main.anonymous > 0);
    }
}
