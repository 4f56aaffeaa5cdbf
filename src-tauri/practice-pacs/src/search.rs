//! QIDO-RS (PS3.18 section 10.6): from a query to an answer. Pure, but for the archive that it reads.

use crate::archive::Archive;
use crate::body::{self, Body};
use crate::faults::Faults;
use crate::record::{Level, Record};
use crate::uid::Uid;
use hyper::Response;
use hyper::header::{HeaderValue, WARNING};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is searched for.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) level: Level,
    study: Option<Uid>,
    series: Option<Uid>,
    /// The values that an attribute may have, by tag.
    matches: BTreeMap<u32, BTreeSet<String>>,
    limit: Option<usize>,
    offset: usize,
}

/// Attributes that can be matched, by their keyword and tag.
const KEYS: [(&str, u32); 8] = [
    ("StudyInstanceUID", 0x0020_000D),
    ("SeriesInstanceUID", 0x0020_000E),
    ("SOPInstanceUID", 0x0008_0018),
    ("SOPClassUID", 0x0008_0016),
    ("PatientID", 0x0010_0020),
    ("PatientName", 0x0010_0010),
    ("AccessionNumber", 0x0008_0050),
    ("Modality", 0x0008_0060),
];

impl Query {
    /// Reads a query. What is not known is ignored, as archives do; a number that is none is a fault of the request.
    pub(crate) fn parse(
        level: Level,
        study: Option<Uid>,
        series: Option<Uid>,
        text: &str,
    ) -> Option<Self> {
        let mut query =
            Self { level, study, series, matches: BTreeMap::new(), limit: None, offset: 0 };
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (percent_decoded(key)?, percent_decoded(value)?);
            match key.as_str() {
                "limit" => query.limit = Some(value.parse().ok()?),
                "offset" => query.offset = value.parse().ok()?,
                _ => query.add(&key, &value),
            }
        }
        Some(query)
    }

    fn add(&mut self, key: &str, value: &str) {
        let named = |(word, tag): &&(&str, u32)| *word == key || format!("{tag:08X}") == key;
        let Some((word, tag)) = KEYS.iter().find(named) else { return };
        let values = self.matches.entry(*tag).or_default();
        // UID list matching (PS3.18 section 8.3.4.1); in other values a comma is a comma.
        if word.ends_with("UID") {
            values.extend(value.split([',', '\\']).map(str::to_owned));
        } else {
            values.insert(value.to_owned());
        }
    }

    fn fits(&self, record: &Record) -> bool {
        self.matches.iter().all(|(tag, values)| {
            let has = record.value(*tag);
            values
                .iter()
                .any(|wanted| wanted.is_empty() || wildcard(wanted.as_bytes(), has.as_bytes()))
        })
    }
}

/// How a search is bent by a fault.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ignoring {
    pub(crate) limit: bool,
    pub(crate) offset: bool,
    /// One more than there are.
    pub(crate) phantom: bool,
}

/// Answers a search.
pub(crate) fn answer(
    archive: &Archive,
    query: &Query,
    faults: &Faults,
    ignoring: Ignoring,
    root: &str,
) -> Response<Body> {
    let records = archive.list(query.study.as_ref(), query.series.as_ref());
    let mut results = results(query, &records, root);
    if ignoring.phantom && query.level == Level::Instance {
        results.push(json!({ "00080018": { "vr": "UI", "Value": ["1.2.3.4.5.6.7.8.9"] } }));
    }
    let offset = if ignoring.offset { 0 } else { query.offset };
    let asked = query.limit.unwrap_or(usize::MAX).min(faults.page_cap);
    let page = if ignoring.limit { usize::MAX } else { asked };
    let left = results.len().saturating_sub(offset).saturating_sub(page);
    let shown: Vec<Value> = results.into_iter().skip(offset).take(page).collect();
    if shown.is_empty() && faults.empty_is_204 {
        return body::bare(204);
    }
    let mut response = body::text(200, "application/dicom+json", Value::Array(shown).to_string());
    let capped = query.limit.is_none_or(|limit| limit > faults.page_cap);
    if left > 0 && capped {
        let words = format!(
            "299 practice-pacs \"There are {left} additional results that can be requested\""
        );
        if let Ok(value) = HeaderValue::from_str(&words) {
            response.headers_mut().insert(WARNING, value);
        }
    }
    response
}

fn results(query: &Query, records: &[Arc<Record>], root: &str) -> Vec<Value> {
    let fitting = records.iter().filter(|record| query.fits(record));
    // Records come sorted by study, series and instance: those of one result stand together.
    let mut groups: Vec<(&Record, usize, BTreeSet<&Uid>, BTreeSet<&str>)> = Vec::new();
    for record in fitting {
        let same =
            |(first, ..): &(&Record, usize, BTreeSet<&Uid>, BTreeSet<&str>)| match query.level {
                Level::Study => first.study == record.study,
                Level::Series => first.study == record.study && first.series == record.series,
                Level::Instance => false,
            };
        if !groups.last().is_some_and(same) {
            groups.push((record, 0, BTreeSet::new(), BTreeSet::new()));
        }
        if let Some((_, count, series, modalities)) = groups.last_mut() {
            *count += 1;
            series.insert(&record.series);
            modalities.insert(record.value(0x0008_0060));
        }
    }
    let shaped = groups.into_iter().map(|(first, count, series, modalities)| {
        let mut result = first.json(query.level);
        extend(&mut result, query.level, first, root);
        match query.level {
            Level::Study => {
                result.insert("00080061".into(), json!({ "vr": "CS", "Value": modalities }));
                result.insert("00201206".into(), json!({ "vr": "IS", "Value": [series.len()] }));
                result.insert("00201208".into(), json!({ "vr": "IS", "Value": [count] }));
            }
            Level::Series => {
                result.insert("00201209".into(), json!({ "vr": "IS", "Value": [count] }));
            }
            Level::Instance => {}
        }
        Value::Object(result)
    });
    shaped.collect()
}

fn extend(result: &mut Map<String, Value>, level: Level, record: &Record, root: &str) {
    let mut url = format!("{root}/studies/{}", record.study.as_str());
    if level >= Level::Series {
        url = format!("{url}/series/{}", record.series.as_str());
    }
    if level >= Level::Instance {
        url = format!("{url}/instances/{}", record.sop.as_str());
        let syntax = json!({ "vr": "UI", "Value": [record.transfer_syntax] });
        result.insert("00083002".into(), syntax);
    }
    result.insert("00081190".into(), json!({ "vr": "UR", "Value": [url] }));
    result.insert("00080056".into(), json!({ "vr": "CS", "Value": ["ONLINE"] }));
}

/// `*` and `?` (PS3.4 section C.2.2.2.4), without going back more than once.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if wanted == byte || *wanted == b'?' => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}

/// `%41` is `A`, `+` is a blank.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_a_query() {
        for (pattern, text, fits) in [
            ("A*", "ABC", true),
            ("*C", "ABC", true),
            ("A?C", "ABC", true),
            ("A?", "ABC", false),
            ("*B*", "ABC", true),
            ("a", "A", false),
            ("**", "", true),
            ("*ab*ab", "abxabab", true),
        ] {
            assert_eq!(wildcard(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_query_is_read_or_refused() {
        let parse = |text| Query::parse(Level::Instance, None, None, text);
        let query =
            parse("SOPInstanceUID=1.2%2C1.3&SOPInstanceUID=1.4%5C1.5&limit=7&offset=2&x=%20")
                .unwrap();
        assert_eq!(query.matches[&0x0008_0018].len(), 4);
        assert_eq!((query.limit, query.offset), (Some(7), 2));
        assert_eq!(parse("0020000D=1.2").unwrap().matches.len(), 1);
        for bad in
            ["limit=x", "limit=-1", "offset=", "PatientID=%zz", "PatientID=%4", "PatientID=%ff"]
        {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
