//! One home with its source, its network, its archive, and what is known of them from outside.

use super::archive::Archive;
use anyhow::Result;
use relaypacs_tests::chance::Chance;
use relaypacs_tests::cli::Cli;
#[cfg(target_os = "linux")]
use relaypacs_tests::disk::Disk;
use relaypacs_tests::fixture::{Instance, Kind, Person, Script, write_series};
use relaypacs_tests::lines::files;
use relaypacs_tests::weather::{Forecast, Weather};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// More room than a home of a soak ever needs, in kB.
const DISK: u32 = 30_000;
/// A patient whom nobody else has.
pub(crate) const CANARY: [(&str, &str); 2] = [("name", "Waldkauz^Ottokar"), ("ID", "WK-55-8810")];

/// One study on the source.
pub(crate) struct Study {
    pub(crate) uid: String,
    pub(crate) folder: PathBuf,
    /// SOP Instance UID to bytes.
    pub(crate) images: BTreeMap<String, Vec<u8>>,
    /// True once the queue took it.
    pub(crate) offered: bool,
    /// True once a person took it out, in whole or in part.
    pub(crate) cancelled: bool,
}

/// What was done.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) homes: u64,
    pub(crate) runs: u64,
    pub(crate) kills: u64,
    pub(crate) interrupts: u64,
    pub(crate) sleeps: u64,
    pub(crate) full_disks: u64,
    pub(crate) archives: u64,
    pub(crate) mischief: u64,
    pub(crate) instances: u64,
    pub(crate) cancelled: u64,
    pub(crate) bytes_sent_again: u64,
}

impl Told {
    pub(crate) fn add(&mut self, more: &Self) {
        self.homes += more.homes;
        self.runs += more.runs;
        self.kills += more.kills;
        self.interrupts += more.interrupts;
        self.sleeps += more.sleeps;
        self.full_disks += more.full_disks;
        self.archives += more.archives;
        self.mischief += more.mischief;
        self.instances += more.instances;
        self.cancelled += more.cancelled;
        self.bytes_sent_again += more.bytes_sent_again;
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} homes, {} runs: {} killed, {} interrupted, {} put to sleep, {} on a full disk; the archive started \
             {} times; {} files or folders taken away or changed; {} instances offered and proven, {} studies \
             cancelled; {} kB sent again",
            self.homes,
            self.runs,
            self.kills,
            self.interrupts,
            self.sleeps,
            self.full_disks,
            self.archives,
            self.mischief,
            self.instances,
            self.cancelled,
            self.bytes_sent_again / 1000
        )
    }
}

/// A site of a soak.
pub(crate) struct Site {
    pub(crate) cli: Cli,
    #[cfg(target_os = "linux")]
    pub(crate) disk: Option<Disk>,
    pub(crate) temp: TempDir,
    pub(crate) source: TempDir,
    pub(crate) archive: Archive,
    pub(crate) root: String,
    /// True where its queue is worked by runs that go on until they are stopped.
    pub(crate) for_ever: bool,
    pub(crate) chance: Chance,
    pub(crate) studies: Vec<Study>,
    /// Files and folders that are not what they were: where the right one is kept, and where it belongs.
    pub(crate) away: Vec<(PathBuf, PathBuf)>,
    pub(crate) told: Told,
    /// What was done, in order.
    pub(crate) log: Vec<String>,
    seed: u64,
}

impl Site {
    /// The nth of its kind: every second has a home on a small disk, every third a network with weather, every
    /// fourth a queue that is worked for ever.
    pub(crate) fn new(n: u64, seed: u64) -> Result<Self> {
        let (archive, source, temp) = (Archive::new()?, tempfile::tempdir()?, tempfile::tempdir()?);
        let mut cli = Cli::new()?.env("TMPDIR", &temp.path().to_string_lossy());
        #[cfg(target_os = "linux")]
        let disk = n.is_multiple_of(2).then(|| Disk::small(cli.home(), DISK)).transpose()?;
        #[cfg(target_os = "linux")]
        if let Some(disk) = &disk {
            cli.through(disk.enter());
        }
        let port = if n % 3 == 1 { weather(archive.port(), seed)? } else { archive.port() };
        Ok(Self {
            cli,
            #[cfg(target_os = "linux")]
            disk,
            temp,
            source,
            archive,
            root: format!("http://127.0.0.1:{port}/dicom-web"),
            for_ever: n % 4 == 2,
            chance: Chance::new(seed),
            studies: Vec::new(),
            away: Vec::new(),
            told: Told::default(),
            log: vec![format!("seed {seed}, kind {n}")],
            seed,
        })
    }

    /// What takes the room of the home, largest first. Its names say nothing about anybody.
    pub(crate) fn room(&self) -> String {
        let home = self.home();
        let size = |file: &PathBuf| fs::metadata(file).map_or(0, |about| about.len());
        let mut all: Vec<_> = files(&home).into_iter().map(|file| (size(&file), file)).collect();
        all.sort_by(|one, other| other.cmp(one));
        let sum: u64 = all.iter().map(|(size, _)| size).sum();
        let mut said = format!("the home holds {} files of {sum} bytes:", all.len());
        for (size, file) in all.iter().take(12) {
            let name = file.strip_prefix(&home).unwrap_or(file);
            said.push_str(&format!(" {}={size}", name.display()));
        }
        said
    }

    /// The home, from where this process sees it.
    pub(crate) fn home(&self) -> PathBuf {
        #[cfg(target_os = "linux")]
        if let Some(disk) = &self.disk {
            return disk.path(self.cli.home());
        }
        self.cli.home().to_path_buf()
    }

    /// One more study on the source, not offered yet.
    pub(crate) fn write_study(&mut self) -> Result<usize> {
        let number = u32::try_from(self.studies.len())? + 1;
        let person = Person {
            id: CANARY[1].1.to_owned(),
            name: CANARY[0].1.into(),
            shown_name: CANARY[0].1.to_owned(),
            ..Person::new(Script::Ascii, number)
        };
        let first = Instance::new(Kind::Ct).seed(self.seed >> 8).person(&person).study(number);
        let (count, bytes) =
            (2 + self.chance.number() % 30, 2_000 + self.chance.number() % 100_000);
        let folder = self.source.path().join(format!("ST{number:04}"));
        let made = write_series(&folder, u32::try_from(count)?, usize::try_from(bytes)?, &first)?;
        let contents = files(&folder).into_iter().map(fs::read);
        let images = made.sop_uids.into_iter().zip(contents);
        let images = images.map(|(uid, bytes)| Ok((uid, bytes?))).collect::<Result<_>>()?;
        let uid = first.study_uid();
        self.studies.push(Study { uid, folder, images, offered: false, cancelled: false });
        Ok(self.studies.len() - 1)
    }

    /// Keeps everything for whoever wants to look, and says where it is.
    pub(crate) fn left_behind(self) -> String {
        let log = self.log.join("\n  ");
        let text = format!(
            "home {}, source {}, archive {}\n  {log}\n ",
            self.cli.home().display(),
            self.source.path().display(),
            self.archive.folder().display()
        );
        #[cfg(target_os = "linux")]
        if let Some(disk) = &self.disk {
            // What is on a disk in memory would be gone with it.
            let kept = std::env::temp_dir().join(format!("soak-home-{}", self.seed));
            let home = disk.path(self.cli.home());
            let _ = std::process::Command::new("cp").arg("-a").arg(home).arg(kept).status();
        }
        std::mem::forget(self);
        text
    }
}

/// Cuts every few MB, some dying connections, some lost answers; never so bad that nothing gets through.
fn weather(port: u16, seed: u64) -> Result<u16> {
    let forecast = Forecast {
        round_trip: Duration::from_millis(20),
        bytes_per_second: 5_000_000,
        cut_every: Some(2_000_000),
        dying: 0.05,
        lost_answers: 0.05,
        seed,
    };
    Ok(Weather::before(port, forecast)?.port())
}
