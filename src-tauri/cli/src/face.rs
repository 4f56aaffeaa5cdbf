//! The relay's observer on a terminal: JSON lines for programs, bars or quiet lines for people.

use crate::{json, people};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use relaypacs_model::{Fault, Moment, Outcome, Seen};
use relaypacs_relay::{
    Completeness, CopyProgress, Gap, ImportEnd, Observer, Progress, ScanCounts, SourceFree,
    SourceGone, SourceStays, StudyEnd, StudyId, Verdict,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// What a person or a program sees of a run.
pub(crate) struct Face {
    json: bool,
    bars: Option<Bars>,
    files: AtomicU64,
    images: AtomicU64,
    /// What the indexes of the discs lack or list beyond them, for the proof of completeness.
    indexes: Mutex<Indexes>,
    progress: Mutex<Progress>,
    /// Who wants to know when an import has ended.
    ends: Option<UnboundedSender<ImportEnd>>,
}

/// Names of files, as many as a person looks at.
#[derive(Default)]
pub(crate) struct Indexes {
    /// In an index and not on its disc.
    pub(crate) missing: Vec<String>,
    /// On a disc and not in its index.
    pub(crate) unlisted: Vec<String>,
}

/// How many names are kept of each kind, and how many a person is shown.
const NAMES: usize = 1_000;
const NAMES_SHOWN: usize = 20;

/// Shown on a terminal only.
struct Bars {
    all: MultiProgress,
    looking: ProgressBar,
    images: ProgressBar,
    bytes: ProgressBar,
    copies: ProgressBar,
}

impl Face {
    /// A face for standard output and standard error as they are: bars need a terminal.
    pub(crate) fn new(json: bool) -> Self {
        let bars = (!json && console_is_there()).then(Bars::new);
        Self {
            json,
            bars,
            files: AtomicU64::new(0),
            images: AtomicU64::new(0),
            indexes: Mutex::default(),
            progress: Mutex::default(),
            ends: None,
        }
    }

    /// The same, and whoever has the receiver is told when an import has ended.
    pub(crate) fn of_imports(json: bool) -> (Self, UnboundedReceiver<ImportEnd>) {
        let (ends, told) = mpsc::unbounded_channel();
        (Self { ends: Some(ends), ..Self::new(json) }, told)
    }

    /// Where the run stands.
    pub(crate) fn so_far(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Without the bars for a moment, so that what is said meanwhile stands on clean lines.
    pub(crate) fn without_bars<T>(&self, say: impl FnOnce() -> T) -> T {
        match &self.bars {
            Some(bars) => bars.all.suspend(say),
            None => say(),
        }
    }

    /// Takes the bars away, so that what follows stands on clean lines.
    pub(crate) fn done(&self) {
        if let Some(bars) = &self.bars {
            let _ = bars.all.clear();
        }
    }

    /// The proof of completeness: one sentence, and the list behind it.
    pub(crate) fn completeness(&self, whole: &Completeness) {
        let names = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if self.json {
            json::completeness(whole, &names);
            return;
        }
        // Without an index the verdict says it all.
        if whole.index.is_none() {
            return;
        }
        people::show(&whole.sentence());
        let show = |what: &str, names: &[String], all: u64| {
            for name in names.iter().take(NAMES_SHOWN) {
                people::show(&format!("    {what}: {name}"));
            }
            let more = all.saturating_sub(names.len().min(NAMES_SHOWN) as u64);
            if more > 0 {
                people::show(&format!("    {what}: {} more", people::count(more)));
            }
        };
        let index = whole.index.unwrap_or_default();
        show("in the index, not on the disc", &names.missing, index.missing);
        show("on the disc, not in the index", &names.unlisted, index.unlisted);
    }

    fn say(&self, line: &str) {
        self.without_bars(|| people::say(line));
    }
}

impl Observer for Face {
    fn seen(&self, seen: &Seen) {
        if self.json {
            json::seen(seen);
        }
        let files = match seen {
            Seen::Instance(_) | Seen::Skipped(_) => self.files.fetch_add(1, Ordering::Relaxed) + 1,
            Seen::Index(report) => {
                let mut names = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
                let add = |to: &mut Vec<String>, more: &[String]| {
                    let room = NAMES.saturating_sub(to.len());
                    to.extend(more.iter().take(room).cloned());
                };
                add(&mut names.missing, &report.listed_missing);
                add(&mut names.unlisted, &report.unlisted_files);
                return;
            }
        };
        let is_image = matches!(seen, Seen::Instance(_));
        let images =
            self.images.fetch_add(u64::from(is_image), Ordering::Relaxed) + u64::from(is_image);
        if let Some(bars) = &self.bars
            && files.is_multiple_of(64)
        {
            bars.looking.set_message(looked(files, images));
        }
    }

    fn scanned(&self, counts: &ScanCounts) {
        // What is scanned next is counted from its beginning.
        self.files.store(0, Ordering::Relaxed);
        self.images.store(0, Ordering::Relaxed);
        if let Some(bars) = &self.bars {
            bars.looking.finish_and_clear();
        }
        if !self.json {
            self.say(&format!(
                "{}, {}.",
                looked(counts.files, counts.instances),
                people::size(counts.bytes)
            ));
        }
        self.unreadable(&counts.gaps);
    }

    fn progress(&self, progress: &Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = *progress;
        if let Some(bars) = &self.bars {
            bars.images.set_length(progress.instances);
            bars.images.set_position(progress.confirmed);
            bars.images.set_message(format!("{} stored", people::count(progress.stored)));
            bars.bytes.set_length(progress.bytes.max(progress.bytes_sent));
            bars.bytes.set_position(progress.bytes_sent);
        }
    }

    fn parked(&self, destination: &str, fault: &Fault, until: Option<Moment>) {
        let words = fault.sentences();
        let detail =
            if fault.detail.is_empty() { String::new() } else { format!(" ({})", fault.detail) };
        let again = match until {
            Some(moment) => format!(" Next try {}.", moment.rfc3339()),
            None => String::new(),
        };
        self.say(&format!("{destination}: {}{detail} {}{again}", words.happened, words.lost));
    }

    fn left_alone(&self, destination: &str, _: StudyId, fault: &Fault, until: Moment) {
        let words = fault.sentences();
        self.say(&format!(
            "{destination}, over one study: {} {} The others go on. Next try {}.",
            words.happened,
            words.lost,
            until.rfc3339()
        ));
    }

    fn copying(&self, progress: &CopyProgress) {
        if self.json {
            json::copying(progress);
        }
        if let Some(bars) = &self.bars {
            bars.copies.set_length(progress.of);
            bars.copies.set_position(progress.copied);
        }
    }

    fn source_free(&self, free: &SourceFree) {
        if let Some(bars) = &self.bars {
            bars.copies.finish_and_clear();
        }
        if self.json {
            json::source_free(free);
        } else {
            self.say("The disc can come out.");
        }
    }

    fn source_gone(&self, gone: &SourceGone) {
        if let Some(bars) = &self.bars {
            bars.copies.finish_and_clear();
        }
        if self.json {
            json::source_gone(gone);
        } else {
            let images = if gone.waits == 1 { "image waits" } else { "images wait" };
            self.say(&format!(
                "The disc, or some of its files, went away before all was copied. Nothing is \
                 lost: {} {images} until it is put back in.",
                people::count(gone.waits)
            ));
        }
    }

    fn source_stays(&self, stays: &SourceStays) {
        if let Some(bars) = &self.bars {
            bars.copies.finish_and_clear();
        }
        if self.json {
            json::source_stays(stays);
        } else {
            let free = stays
                .free
                .map(|free| format!(" ({} free)", people::size(free)))
                .unwrap_or_default();
            self.say(&format!(
                "The disc has to stay in until all is sent: there is not enough room on this \
                 machine to copy it{free}. Nothing is lost."
            ));
        }
    }

    fn unreadable(&self, gaps: &[Gap]) {
        for gap in gaps {
            if self.json {
                json::unreadable(gap);
            } else {
                self.say(&format!("Damaged on the disc, could not be read: {}.", gap.words()));
            }
        }
    }

    fn verdict(&self, verdict: &Verdict) {
        if self.json {
            json::verdict(verdict);
            return;
        }
        // What went well is in the counts; what did not is named.
        let quiet = verdict.outcome.is_in_the_archive() || verdict.outcome == Outcome::Waiting;
        if let (false, Some(reason)) = (quiet, verdict.reason) {
            let numbers = reason.numbers();
            let numbers = if numbers.is_empty() { numbers } else { format!(" ({numbers})") };
            let words = reason.code.sentences();
            self.say(&format!(
                "{}: {} {}{numbers} {}",
                verdict.outcome.as_str(),
                verdict.sop_instance_uid.as_str(),
                words.happened,
                words.now
            ));
        }
    }

    fn trouble(&self, fault: &Fault) {
        if self.json {
            json::trouble(fault);
        }
        let words = fault.sentences();
        self.say(&format!("{} {} {}", words.happened, words.lost, words.now));
    }

    fn import_ended(&self, end: &ImportEnd) {
        if let Some(ends) = &self.ends {
            // Nobody listens to what ends after the command.
            let _ = ends.send(end.clone());
        }
    }

    fn study(&self, end: &StudyEnd) {
        if self.json {
            json::study(end);
        }
    }
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        let looking = all.add(ProgressBar::new_spinner());
        looking.enable_steady_tick(Duration::from_millis(120));
        let images = all.add(ProgressBar::no_length());
        let bytes = all.add(ProgressBar::no_length());
        let copies = all.add(ProgressBar::no_length());
        // The templates are constant; a fault in one falls back to the plain bar.
        if let Ok(style) =
            ProgressStyle::with_template("images {bar:32} {human_pos}/{human_len} confirmed, {msg}")
        {
            images.set_style(style);
        }
        if let Ok(style) = ProgressStyle::with_template(
            "bytes  {bar:32} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left",
        ) {
            bytes.set_style(style);
        }
        if let Ok(style) =
            ProgressStyle::with_template("copied {bar:32} {human_pos}/{human_len} from the disc")
        {
            copies.set_style(style);
        }
        Self { all, looking, images, bytes, copies }
    }
}

fn looked(files: u64, images: u64) -> String {
    format!(
        "{}, {}",
        people::plural(files, "file", "files"),
        people::plural(images, "image", "images")
    )
}

fn console_is_there() -> bool {
    use std::io::IsTerminal;
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
