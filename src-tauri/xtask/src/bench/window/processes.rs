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
    /// The same, where each page counts by the share of it that is this process's (PSS: one of three that map it counts
    /// a third). 0 where the system does not say.
    pub(super) share: u64,
    /// The share of what belongs to the program alone: its own file, heaps, stacks; not the libraries of WebKit, GTK and
    /// the driver of the graphics, nor what they share.
    pub(super) program: u64,
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
            share: sum.share + one.share,
            program: sum.program + one.program,
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
    let maps = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap_or_default();
    let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let (share, program) = shares(&maps, &program.to_string_lossy());
    Some(Used {
        ticks: field(&stat, 11)? + field(&stat, 12)?,
        resident: kib(&status, "VmRSS:")? * 1024,
        share,
        program,
    })
}

/// Of the mappings of a process: the share of all, and of those that are of the program or of no file. In bytes.
fn shares(maps: &str, program: &str) -> (u64, u64) {
    let (mut all, mut own, mut is_own) = (0, 0, false);
    for line in maps.lines() {
        if let Some(rest) = line.strip_prefix("Pss:") {
            let share = rest.split_whitespace().next().and_then(|one| one.parse().ok());
            let share = share.unwrap_or(0_u64) * 1024;
            all += share;
            own += if is_own { share } else { 0 };
        } else if !line.split_whitespace().next().is_some_and(|word| word.ends_with(':')) {
            // The head of a mapping: addresses, rights, offset, device, inode, and the file, where there is one.
            let file = line.split_whitespace().nth(5);
            is_own = file.is_none_or(|file| file == program || file.starts_with('['));
        }
    }
    (all, own)
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
    fn what_libraries_hold_is_not_the_programs() {
        let maps = "10-20 r-xp 00000000 fe:00 7 /bin/app\nRss: 9 kB\nPss: 8 kB\n\
                    20-30 r-xp 00000000 fe:00 8 /lib/libLLVM.so\nPss: 100 kB\nVmFlags: rd ex\n\
                    30-40 rw-p 00000000 00:00 0 [heap]\nPss: 3 kB\n\
                    40-50 rw-p 00000000 00:00 0\nPss: 2 kB\n\
                    50-60 rw-s 00000000 00:01 5 /SYSV00000000 (deleted)\nPss: 40 kB\n";
        assert_eq!(shares(maps, "/bin/app"), (153 * 1024, 13 * 1024));
    }

    #[test]
    fn this_process_has_a_parent_and_takes_memory() {
        let own = Family::of(std::process::id()).unwrap();
        let main = own.main;
        assert!(main.resident >= main.share && main.share > main.program && main.program > 0);
    }
}
