//! What becomes of the parts of a store request: which are kept, what is said of each. Blocks.

use crate::answer::{Answer, Named, reason};
use crate::archive::{Archive, Kept};
use crate::faults::{AnswerBody, Duplicates, Fault, Faults};
use crate::intake::{Arrived, Staged};
use crate::record::Record;
use crate::structure::Broken;
use crate::uid::Uid;
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// dcm4chee's reason for what it cannot parse.
const UNREADABLE: u16 = 0xC499;

/// How a request is to be judged.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) fault: Option<Fault>,
    pub(crate) duplicates: Duplicates,
    pub(crate) orthanc_like: bool,
    /// The study that the address names.
    pub(crate) study: Option<Uid>,
    /// The root of the archive's addresses.
    pub(crate) root: String,
}

impl Terms {
    pub(crate) fn new(
        fault: Option<Fault>,
        faults: &Faults,
        study: Option<Uid>,
        root: &str,
    ) -> Self {
        Self {
            fault,
            duplicates: faults.duplicates,
            orthanc_like: faults.orthanc_like,
            study,
            root: root.to_owned(),
        }
    }
}

/// What to answer.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) status: u16,
    pub(crate) answer: Answer,
    /// False where a fault wants no body.
    pub(crate) with_body: bool,
    pub(crate) parts: usize,
    pub(crate) new: usize,
    /// The first instance that is in the archive now, and whether it is new: what Orthanc's interface answers with.
    pub(crate) first: Option<(Record, bool)>,
}

/// What happens to one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Keep,
    KeepAltered,
    KeepWarned(u16),
    SayKept,
    Fail(u16),
    SaySilence,
}

/// Keeps what is to be kept. On return it is on the disk.
pub(crate) fn settle(archive: &Archive, arrived: Arrived, terms: &Terms) -> io::Result<Settled> {
    let mut settled = Settled {
        status: 0,
        answer: Answer::default(),
        with_body: true,
        parts: arrived.parts.len(),
        new: 0,
        first: None,
    };
    // PS3.18 section 10.5.3: 400 says that none was stored.
    if arrived.whole.is_err() && !terms.orthanc_like {
        settled.status = 400;
        return Ok(settled);
    }
    if let Some(code) = poisoned(&arrived, terms) {
        (settled.status, settled.with_body) = (code, false);
        return Ok(settled);
    }
    let mut kept = Vec::new();
    let mut unreadable = false;
    for (position, Staged { file, read }) in arrived.parts.into_iter().enumerate() {
        let record = match read {
            Ok(record) => record,
            Err(Broken::Io(error)) => return Err(error),
            Err(_) => {
                unreadable = true;
                settled.answer.unnamed.push(reason::CANNOT_UNDERSTAND);
                continue;
            }
        };
        let plan = plan(&record, position + 1, terms);
        if plan == Plan::KeepAltered {
            alter(&file)?;
        }
        let became = match plan {
            Plan::Keep | Plan::KeepAltered | Plan::KeepWarned(_) => archive.keep(file, &record)?,
            Plan::SayKept | Plan::Fail(_) | Plan::SaySilence => Kept::Same,
        };
        settled.say(&record, plan, became, terms);
        if became == Kept::New {
            kept.push(record);
        }
    }
    archive.settle(kept.iter())?;
    settled.new = kept.len();
    settled.status = status(&settled.answer, unreadable, terms);
    if terms.orthanc_like {
        settled.answer.unnamed.clear();
    }
    settled.bend(terms);
    Ok(settled)
}

/// What the whole request is answered with where it holds the one that spoils all.
fn poisoned(arrived: &Arrived, terms: &Terms) -> Option<u16> {
    let Some(Fault::Poison { uid, code }) = &terms.fault else { return None };
    let holds = |part: &Staged| part.read.as_ref().is_ok_and(|one| one.sop.as_str() == uid);
    arrived.parts.iter().any(holds).then_some(*code)
}

impl Settled {
    fn say(&mut self, record: &Record, plan: Plan, became: Kept, terms: &Terms) {
        let named = Named { sop_class: record.sop_class.clone(), sop: record.sop.clone() };
        let refusal = match (plan, became, terms.duplicates) {
            (Plan::Fail(code), _, _) => Some(code),
            (Plan::SaySilence, _, _) => return,
            (_, Kept::Differs, Duplicates::Conflict409) => Some(reason::PROCESSING),
            (_, Kept::Differs, Duplicates::Code45070) => Some(reason::ALREADY_EXISTS),
            _ => None,
        };
        if let Some(code) = refusal {
            self.answer.failed.push((named, code));
            return;
        }
        let warning = match plan {
            Plan::KeepWarned(code) => Some(code),
            Plan::Keep | Plan::KeepAltered | Plan::SayKept | Plan::Fail(_) | Plan::SaySilence => {
                None
            }
        };
        let (study, series, sop) =
            (record.study.as_str(), record.series.as_str(), record.sop.as_str());
        let url = format!("{}/studies/{study}/series/{series}/instances/{sop}", terms.root);
        self.answer.stored.push((named, warning, url));
        if self.first.is_none() {
            let new = became == Kept::New || plan == Plan::SayKept;
            self.first = Some((record.clone(), new));
        }
    }

    /// Every name in the answer becomes one that nobody sent (dcm4chee's way with what it cannot read).
    fn rename(&mut self, stored: bool) {
        let sop_class = Uid::parse("1.2.40.0.13.1.15.110.3.165.2");
        for n in 0..self.parts {
            let sop = Uid::parse(&format!("2.25.4242.{n}"));
            let (Some(sop_class), Some(sop)) = (sop_class.clone(), sop) else { return };
            let named = Named { sop_class, sop };
            match self.answer.stored.get_mut(n) {
                Some(entry) if stored => entry.0 = named,
                _ => self.answer.failed.push((named, UNREADABLE)),
            }
        }
        self.status = self.answer.status();
    }

    /// What a fault of kind `partial` or `strangers` makes of the answer.
    fn bend(&mut self, terms: &Terms) {
        if let Some(Fault::Partial { status, body, .. }) = &terms.fault {
            self.status = *status;
            self.with_body = *body != AnswerBody::Nothing;
        }
        if let Some(Fault::Strangers { store }) = &terms.fault {
            self.rename(*store);
        }
    }
}

fn status(answer: &Answer, unreadable: bool, terms: &Terms) -> u16 {
    match terms.orthanc_like {
        true if unreadable => 400,
        // Orthanc answers an empty or half request with 200 and an empty result.
        true if answer.stored.is_empty() && answer.failed.is_empty() => 200,
        _ => answer.status(),
    }
}

fn plan(record: &Record, part: usize, terms: &Terms) -> Plan {
    if terms.study.as_ref().is_some_and(|study| *study != record.study) {
        return Plan::Fail(reason::PROCESSING);
    }
    match &terms.fault {
        Some(Fault::Partial { store, body, .. }) if !store.takes(part) => match body {
            AnswerBody::Items => Plan::Fail(reason::PROCESSING),
            AnswerBody::NoFailedItems | AnswerBody::Nothing => Plan::SaySilence,
        },
        Some(Fault::Strangers { store: false }) => Plan::SaySilence,
        Some(Fault::Lose { parts }) if parts.contains(&part) => Plan::SayKept,
        Some(Fault::Alter { parts }) if parts.contains(&part) => Plan::KeepAltered,
        Some(Fault::Reason { code, parts, warning }) if parts.contains(&part) => match warning {
            true => Plan::KeepWarned(*code),
            false => Plan::Fail(*code),
        },
        _ => Plan::Keep,
    }
}

/// Changes the last byte: of pixel data, in all that has some.
fn alter(file: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(file)?;
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    file.seek(SeekFrom::End(-1))?;
    file.write_all(&last.map(|byte| byte ^ 0x55))
}
