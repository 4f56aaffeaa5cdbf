//! The words of the command line, as its contract has them.

use clap::{Args, Parser, Subcommand, ValueEnum};
use relaypacs_model::{Bandwidth, Priority};
use relaypacs_relay::{SpoolWhen, Spooling};
use std::path::PathBuf;

/// Takes imaging studies from any disc, stick, folder or archive file into a PACS, with proof.
#[derive(Debug, Parser)]
#[command(name = "relaypacs", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// One JSON object a line on standard output, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Where queue, ledger and settings live
    #[arg(long, global = true, value_name = "DIR", env = "RELAYPACS_HOME")]
    pub(crate) home: Option<PathBuf>,
    /// File whose first line is the passphrase of the queue, where the system has no key store
    /// (or RELAYPACS_PASSPHRASE)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// How much the log in the home folder says: error, warn, info, debug, trace
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info")]
    pub(crate) log: tracing::Level,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look inside, send nothing
    Scan(ScanArgs),
    /// Scan, queue, send, confirm, erase, receipt
    Send(SendArgs),
    /// See and steer what waits
    Queue {
        #[command(subcommand)]
        action: Option<QueueAction>,
    },
    /// Work the queue until it is empty
    Run(RunArgs),
    /// Send what arrives in a folder, once it has stopped growing
    Watch(WatchArgs),
    /// Where studies can go
    Destination {
        #[command(subcommand)]
        action: DestinationAction,
    },
    /// What was sent, when and where
    History {
        /// How many lines at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One receipt from the ledger, without patients
    Receipt {
        /// Its number, from `history`
        id: i64,
    },
    /// The ledger's events
    Audit {
        #[command(subcommand)]
        action: AuditAction,
    },
    /// Figures, without patients
    Stats,
    /// A small archive on this machine, for a first try and for training
    PracticePacs(PracticeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// Discs, sticks, folders, files, archive files
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Count damaged instances as instances
    #[arg(long)]
    pub(crate) include_damaged: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    #[command(flatten)]
    pub(crate) scan: ScanArgs,
    /// A saved destination, the URL of a DICOMweb root, or `practice` for the practice archive
    #[arg(long, value_name = "DEST")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// What goes first: routine, urgent (before routine) or stat (before everything)
    #[arg(long, value_name = "HOW URGENT", default_value = "routine", value_parser = Priority::parse)]
    pub(crate) priority: Priority,
    /// Save a receipt with plain UIDs (never a patient): JSON in FILE, the same to print in FILE with .txt
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
    #[command(flatten)]
    pub(crate) patience: Patience,
    #[command(flatten)]
    pub(crate) limit: LimitArgs,
}

/// Copying what is on a disc or stick, so that it can come out before all is sent.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct SpoolArgs {
    /// Copy the source into the encrypted spool first: what is on discs and sticks, everything, or nothing
    #[arg(long = "spool", value_name = "WHAT", value_enum, default_value_t = SpoolWhat::Removable)]
    pub(crate) what: SpoolWhat,
    /// Megabytes that copying leaves free on the disk, where the queue needs some itself: not under 16 (default: 512, or
    /// 2 % of the disk if that is more)
    #[arg(long = "spool-keep-free", value_name = "MB")]
    pub(crate) keep_free: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpoolWhat {
    Always,
    #[default]
    Removable,
    Never,
}

impl From<SpoolArgs> for Spooling {
    fn from(args: SpoolArgs) -> Self {
        let when = match args.what {
            SpoolWhat::Always => SpoolWhen::Always,
            SpoolWhat::Removable => SpoolWhen::Removable,
            SpoolWhat::Never => SpoolWhen::Never,
        };
        Self { when, keep_free: args.keep_free.map(|mb| mb.saturating_mul(1_000_000)) }
    }
}

/// How to sign in to a destination that is given by its URL. Secrets are never arguments.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SignInArgs {
    /// User name; the password comes from RELAYPACS_PASSWORD or --password-stdin
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long, requires = "user")]
    pub(crate) password_stdin: bool,
    /// File whose first line is a bearer token
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file with the certificate of a private authority
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Read back and compare what was stored: none, sample (one of each series) or every
    #[arg(long, value_name = "HOW MUCH", default_value = "none")]
    pub(crate) verify: String,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Patience {
    /// Give up for now, and keep everything in the queue, after so many seconds in which the archive took nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) patience: u64,
}

/// Leaving some of the line to others.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LimitArgs {
    /// Send at most so many megabits a second, all day (20) or between two hours of it (20@7-19)
    #[arg(long = "limit", value_name = "MBIT[@FROM-UNTIL]", value_parser = Bandwidth::parse)]
    pub(crate) bandwidth: Option<Bandwidth>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Go on waiting for work and for archives that are asleep
    #[arg(long)]
    pub(crate) forever: bool,
    #[command(flatten)]
    pub(crate) patience: Patience,
    #[command(flatten)]
    pub(crate) limit: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The folder
    pub(crate) dir: PathBuf,
    /// A saved destination or the URL of a DICOMweb root
    #[arg(long, value_name = "DEST")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// How many seconds a file must stay as it is before it counts as arrived
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) settle: u64,
    #[command(flatten)]
    pub(crate) spool: SpoolArgs,
    #[command(flatten)]
    pub(crate) limit: LimitArgs,
    /// Taken for the scripts that give it: who watches goes on waiting for an archive that is asleep
    #[arg(long = "patience", value_name = "SECONDS", hide = true)]
    _patience: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QueueAction {
    /// What waits, study by study
    List,
    /// Send nothing of these studies (or of all) until they are resumed
    Pause { studies: Vec<String> },
    /// Go on with these studies (or with the queue as a whole; a study that was paused by name stays so)
    Resume { studies: Vec<String> },
    /// Try again what failed, of these studies (or all), and nothing else
    Retry { studies: Vec<String> },
    /// Take these studies out of the queue
    Cancel {
        #[arg(required = true)]
        studies: Vec<String>,
    },
    /// Send these studies before all of a lower priority
    Priority {
        #[arg(required = true)]
        studies: Vec<String>,
        /// routine, urgent or stat
        #[arg(long, value_name = "HOW URGENT", value_parser = Priority::parse)]
        to: Priority,
    },
    /// Send what is not confirmed yet of these studies to another saved destination
    Move {
        #[arg(required = true)]
        studies: Vec<String>,
        /// The saved destination
        #[arg(long, value_name = "DEST")]
        to: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DestinationAction {
    /// Save one under a name
    Add {
        name: String,
        /// The root of its DICOMweb service
        url: String,
        #[command(flatten)]
        sign_in: SignInArgs,
    },
    /// The saved ones
    List,
    /// Ask it whether it would take images, without sending any
    Check {
        /// A saved destination or a URL
        dest: String,
        #[command(flatten)]
        sign_in: SignInArgs,
    },
    /// Forget one
    Remove { name: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditAction {
    /// Every event, one JSON object a line
    Export,
    /// Is the chain of events whole
    Verify,
}

#[derive(Debug, Args)]
pub(crate) struct PracticeArgs {
    /// Port on the loopback address; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Folder that keeps its images
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Fault script: what it should do wrong, for training and tests
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}
