//! The saved receipt as one JSON object: `program`, `version`, `destination`, `started`, `instances` (an array, one
//! line each), then `ended`, `summary`, `completeness` and `verdict`, which are known last.

use super::{PaperError, PaperHead, PaperLine, ReceiptWriter, Tally};
use crate::key::hex;
use crate::{Completeness, Counts, IndexTally, verdict_sentence};
use relaypacs_model::{Moment, Outcome};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::Write;

/// Writes a receipt as JSON to `W`, as it comes.
#[derive(Debug)]
pub struct JsonReceipt<W: Write> {
    to: W,
    tally: Tally,
}

#[derive(Serialize)]
struct Line<'a> {
    study_instance_uid: &'a str,
    series_instance_uid: Option<&'a str>,
    sop_instance_uid: &'a str,
    bytes: u64,
    sha256: Option<String>,
    outcome: &'static str,
    proof: Option<&'static str>,
    code: Option<&'static str>,
    http_status: Option<u16>,
    dicom_reason: Option<u16>,
    at: String,
}

impl<W: Write> JsonReceipt<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// [`PaperError::Io`].
    pub fn begin(mut to: W, head: &PaperHead) -> Result<Self, PaperError> {
        to.write_all(b"{\"program\":\"RelayPACS\",\"version\":")?;
        value(&mut to, &head.version.as_str())?;
        to.write_all(b",\"destination\":")?;
        value(&mut to, &head.destination.as_str())?;
        to.write_all(b",\"started\":")?;
        value(&mut to, &head.started.rfc3339())?;
        to.write_all(b",\"instances\":[")?;
        Ok(Self { to, tally: Tally::default() })
    }

    /// Writes the summary and gives the writer back.
    ///
    /// # Errors
    /// As [`ReceiptWriter::finish`].
    pub fn end(mut self, counts: &Counts, ended: Moment) -> Result<W, PaperError> {
        self.tally.check(counts)?;
        let mut summary = Map::new();
        summary.insert("instances".into(), json!(counts.instances()));
        summary.insert("in_the_archive".into(), json!(counts.in_the_archive()));
        summary.insert("bytes".into(), json!(self.tally.bytes));
        for outcome in Outcome::ALL {
            summary.insert(outcome.as_str().into(), json!(counts.of(outcome)));
        }
        let skipped: Map<String, Value> =
            counts.skips().map(|(why, many)| (why.as_str().into(), json!(many))).collect();
        summary.insert("skipped".into(), Value::Object(skipped));
        summary.insert("listed_missing".into(), json!(counts.listed_missing()));
        let whole = Completeness::of(counts);
        let index = |part: fn(IndexTally) -> u64| whole.index.map(part);
        let completeness = json!({
            "sentence": whole.sentence(),
            "on_source": whole.on_source,
            "in_index": index(|index| index.listed),
            "in_archive": whole.in_archive,
            "in_index_not_on_source": index(|index| index.missing),
            "on_source_not_in_index": index(|index| index.unlisted),
            "index_read_in_part": whole.index.map(|index| index.partly),
            "on_source_not_in_archive": whole.on_source.saturating_sub(whole.in_archive),
            "needs_a_look": whole.needs_a_look,
        });
        let files = counts.instances().saturating_add(counts.all_skipped());
        summary.insert("files".into(), json!(files));
        self.to.write_all(b"\n],\"ended\":")?;
        value(&mut self.to, &ended.rfc3339())?;
        self.to.write_all(b",\"summary\":")?;
        value(&mut self.to, &summary)?;
        self.to.write_all(b",\"completeness\":")?;
        value(&mut self.to, &completeness)?;
        self.to.write_all(b",\"verdict\":")?;
        value(&mut self.to, &verdict_sentence(counts))?;
        self.to.write_all(b"}\n")?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write> ReceiptWriter for JsonReceipt<W> {
    fn line(&mut self, line: &PaperLine<'_>) -> Result<(), PaperError> {
        let first = self.tally.counts.instances() == 0;
        self.to.write_all(if first { b"\n" } else { b",\n" })?;
        self.tally.add(line);
        let line = Line {
            study_instance_uid: line.study.as_str(),
            series_instance_uid: line.series.map(|series| series.as_str()),
            sop_instance_uid: line.instance.as_str(),
            bytes: line.bytes,
            sha256: line.sha256.map(|digest| hex(&digest)),
            outcome: line.outcome.as_str(),
            proof: line.proof.map(|proof| proof.as_str()),
            code: line.reason.map(|reason| reason.code.as_str()),
            http_status: line.reason.and_then(|reason| reason.status),
            dicom_reason: line.reason.and_then(|reason| reason.dicom),
            at: line.at.rfc3339(),
        };
        value(&mut self.to, &line)
    }

    fn finish(self, counts: &Counts, ended: Moment) -> Result<(), PaperError> {
        self.end(counts, ended).map(drop)
    }
}

fn value(to: &mut impl Write, value: &impl Serialize) -> Result<(), PaperError> {
    serde_json::to_writer(to, value).map_err(|error| PaperError::Io(error.into()))
}
