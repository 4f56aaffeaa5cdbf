//! The fault script: which requests go wrong, and how. Only words here; `director` decides and `serve` acts.

use serde::Deserialize;
use std::collections::BTreeMap;

/// How the archive behaves, as a TOML or JSON file.
///
/// ```toml
/// duplicates = "keep_old_say_success"   # or "conflict_409", "code_45070"
/// orthanc_like = false                  # 400 for a request with one unreadable part; the good parts are stored
/// empty_is_204 = false                  # a search without a hit answers 204 in place of 200 and []
/// page_cap = 1000                       # most results of one search
///
/// [[rule]]
/// on = "store"                          # store, search, retrieve, native, any (the default)
/// method = "POST"                       # optional
/// which = { nth = [1, 3] }              # "all" (the default), { every = 3 }, { from_to = { from = 2, to = 5 } },
///                                       # { random = { seed = 7, probability = 0.1 } }
/// do = { status = { code = 502, body = "bad gateway", headers = { Via = "1.1 proxy" } } }
///
/// [[rule]]
/// on = "store"
/// do = { cut = { at = { bytes = 100000 }, reset = true } }    # at: "before", { bytes = n }, "after_storing"
/// ```
///
/// Every rule counts the requests that its `on` and `method` fit, from 1; the first rule whose `which` picks the request
/// acts, alone. `refuse` counts connections, not requests. Numbers of seconds may have a fraction. What a rule can do:
///
/// | `do` | what happens |
/// |---|---|
/// | `"refuse"` | the connection is closed as soon as it is accepted |
/// | `{ status = { code, headers, body } }` | this answer, nothing stored |
/// | `{ partial = { status, store, body } }` | `store = { count = n }` or `{ only = [1, 4] }` parts are stored; the others get a Failed item, or none: `body = "items"`, `"no_failed_items"`, `"nothing"` |
/// | `{ too_large = { above, early } }` | 413 for a body above so many bytes, before it is read where `early` |
/// | `{ retry_after = { code, seconds, held } }` | 503 (or 429) with `Retry-After`, given after `held` seconds (at once) |
/// | `{ cut = { at, reset } }` | the connection is reset (closed where `reset = false`) |
/// | `{ stall = { seconds, at_bytes } }` | nothing is read (or sent, for an answer) for a while |
/// | `{ slow = { bytes_per_second } }` | so slow |
/// | `{ answer_after = { seconds } }` | stored at once, answered later |
/// | `{ lose = { parts } }` | the nth parts are answered as stored, but are not |
/// | `{ alter = { parts } }` | the nth parts are stored with one byte changed, answered as stored |
/// | `"xml"` | the answer to a store is XML, whatever was asked for |
/// | `{ ignore_limit = { offset_too } }` | a search answers everything, whatever `limit` (and `offset`) say |
/// | `"garbage"` | an HTML page with status 200, nothing stored |
/// | `{ redirect = { code, to } }` | a redirect, nothing stored |
/// | `"full"` | 507, nothing stored |
/// | `{ poison = { uid, code } }` | this answer without a body, nothing stored, to every store that holds the instance with this UID |
/// | `{ fails_over = { study, code } }` | this answer without a body to whatever has this study in its address |
/// | `{ strangers = { store } }` | the answer names UIDs that nobody sent: as stored, what was sent being stored, or (`store = false`) as not understood, nothing being stored |
/// | `"phantom"` | a search for instances lists one more, which nobody ever sent |
/// | `{ reason = { code, parts, warning } }` | the nth parts are refused with this Failure Reason, or stored with this Warning Reason |
///
/// `parts` counts from 1 within a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// What happens when an instance arrives that is there already with other bytes.
    pub duplicates: Duplicates,
    /// 400 for a whole request where one part cannot be read; the good parts are stored and listed, the bad one is not.
    pub orthanc_like: bool,
    /// A search without a hit answers 204.
    pub empty_is_204: bool,
    /// The most results of one search; what is left out is told by a Warning header (PS3.18 section 8.3.4.4).
    pub page_cap: usize,
    /// The rules, in order.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            duplicates: Duplicates::KeepOldSaySuccess,
            orthanc_like: false,
            empty_is_204: false,
            page_cap: 1000,
            rules: Vec::new(),
        }
    }
}

/// A fault script that is neither TOML nor JSON of the described form.
#[derive(Debug, thiserror::Error)]
pub enum FaultsUnreadable {
    /// As TOML.
    #[error("the fault script is not understood: {0}")]
    Toml(#[from] toml::de::Error),
    /// As JSON.
    #[error("the fault script is not understood: {0}")]
    Json(#[from] serde_json::Error),
}

impl Faults {
    /// Reads a script: JSON where the first character is `{`, TOML otherwise.
    ///
    /// # Errors
    /// [`FaultsUnreadable`] names line and field.
    pub fn parse(text: &str) -> Result<Self, FaultsUnreadable> {
        if text.trim_start().starts_with('{') {
            return Ok(serde_json::from_str(text)?);
        }
        Ok(toml::from_str(text)?)
    }

    /// The same, and one rule more.
    #[must_use]
    pub fn with(mut self, on: Kind, which: Which, act: Fault) -> Self {
        self.rules.push(Rule { on, method: None, which, act });
        self
    }
}

/// What an instance gets that is there already with other bytes. The old bytes stay in every case, and the same bytes
/// again are always a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// Listed as stored (Orthanc's way).
    KeepOldSaySuccess,
    /// Failed with 0110; alone in its request that makes 409.
    #[serde(rename = "conflict_409")]
    Conflict409,
    /// Failed with B00E (45070).
    #[serde(rename = "code_45070")]
    Code45070,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests it counts.
    #[serde(default)]
    pub on: Kind,
    /// Only requests with this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Which of those it acts on.
    #[serde(default)]
    pub which: Which,
    /// What it does.
    #[serde(rename = "do")]
    pub act: Fault,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// STOW-RS and `POST /instances`.
    Store,
    /// QIDO-RS.
    Search,
    /// WADO-RS.
    Retrieve,
    /// Orthanc's REST interface, without `POST /instances`.
    Native,
    /// In a rule: every request. In the log: an address that does not exist.
    #[default]
    Any,
}

/// Which of the requests that a rule counts (from 1).
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Which {
    /// Each.
    #[default]
    All,
    /// These.
    Nth(Vec<u64>),
    /// The nth, the 2nth, ...
    Every(u64),
    /// From one to another, both included; without an end, all that follow.
    FromTo {
        /// First.
        from: u64,
        /// Last.
        #[serde(default)]
        to: Option<u64>,
    },
    /// By chance, the same each time for the same seed.
    Random {
        /// Seed.
        seed: u64,
        /// 0 to 1.
        probability: f64,
    },
}

/// What goes wrong; the table at [`Faults`] tells each in a line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are described in the table at Faults, once")]
pub enum Fault {
    /// Closes at accept.
    Refuse,
    /// A given answer.
    Status {
        code: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: String,
    },
    /// Stores some parts.
    Partial {
        status: u16,
        store: Share,
        #[serde(default)]
        body: AnswerBody,
    },
    /// 413
    TooLarge {
        above: u64,
        #[serde(default)]
        early: bool,
    },
    /// 503 or 429
    RetryAfter {
        #[serde(default = "busy")]
        code: u16,
        seconds: f64,
        #[serde(default)]
        held: f64,
    },
    /// Ends the connection.
    Cut {
        at: CutAt,
        #[serde(default = "yes")]
        reset: bool,
    },
    /// Stops for a while.
    Stall {
        seconds: f64,
        #[serde(default)]
        at_bytes: u64,
    },
    /// Goes slowly.
    Slow { bytes_per_second: u64 },
    /// Answers late.
    AnswerAfter { seconds: f64 },
    /// Says stored, is not.
    Lose {
        #[serde(default = "first")]
        parts: Vec<usize>,
    },
    /// Stores other bytes.
    Alter {
        #[serde(default = "first")]
        parts: Vec<usize>,
    },
    /// XML.
    Xml,
    /// Too many results.
    IgnoreLimit {
        #[serde(default)]
        offset_too: bool,
    },
    /// HTML.
    Garbage,
    /// 3xx
    Redirect {
        #[serde(default = "moved")]
        code: u16,
        to: String,
    },
    /// 507
    Full,
    /// One spoils all.
    Poison { uid: String, code: u16 },
    /// One study is too much for it.
    FailsOver { study: String, code: u16 },
    /// Names that nobody knows.
    Strangers {
        #[serde(default = "yes")]
        store: bool,
    },
    /// Lists too many.
    Phantom,
    /// A reason code.
    Reason {
        code: u16,
        #[serde(default = "first")]
        parts: Vec<usize>,
        #[serde(default)]
        warning: bool,
    },
}

/// Which parts of a request are stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// The first so many.
    Count(usize),
    /// These, from 1.
    Only(Vec<usize>),
}

impl Share {
    /// Whether the nth part (from 1) is stored.
    #[must_use]
    pub fn takes(&self, part: usize) -> bool {
        match self {
            Self::Count(count) => part <= *count,
            Self::Only(parts) => parts.contains(&part),
        }
    }
}

/// What a partial answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerBody {
    /// An item for every part.
    #[default]
    Items,
    /// Items for what was stored only.
    NoFailedItems,
    /// No body at all.
    Nothing,
}

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutAt {
    /// After the request's header, before its body is read.
    Before,
    /// After so many bytes of the request's body; of the answer's body where the request has none.
    Bytes(u64),
    /// When all is stored, before the answer.
    AfterStoring,
}

fn yes() -> bool {
    true
}

fn busy() -> u16 {
    503
}

fn moved() -> u16 {
    307
}

fn first() -> Vec<usize> {
    vec![1]
}
