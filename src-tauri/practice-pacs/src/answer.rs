//! The answer to a store: PS3.18 annex I, as DICOM JSON (annex F) or Native DICOM Model XML (PS3.19 annex A.1).

use crate::uid::Uid;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Why an instance is not stored, or what was changed in it (PS3.18 annex I.2).
pub(crate) mod reason {
    pub(crate) const PROCESSING: u16 = 0x0110;
    pub(crate) const CANNOT_UNDERSTAND: u16 = 0xC000;
    pub(crate) const ALREADY_EXISTS: u16 = 0xB00E;
}

/// An instance in an answer.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) sop_class: Uid,
    pub(crate) sop: Uid,
}

/// What an answer to a store says.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Referenced SOP Sequence, with Warning Reason and Retrieve URL.
    pub(crate) stored: Vec<(Named, Option<u16>, String)>,
    /// Failed SOP Sequence, with Failure Reason.
    pub(crate) failed: Vec<(Named, u16)>,
    /// Other Failures Sequence: parts whose UIDs could not be read.
    pub(crate) unnamed: Vec<u16>,
}

impl Answer {
    /// The status that PS3.18 section 10.5.3 demands.
    pub(crate) fn status(&self) -> u16 {
        let failed = self.failed.len() + self.unnamed.len();
        let warned = self.stored.iter().any(|(_, warning, _)| warning.is_some());
        match (self.stored.len(), failed) {
            (0, 0) => 400,
            (0, _) => 409,
            (_, 0) if !warned => 200,
            _ => 202,
        }
    }

    /// DICOM JSON.
    pub(crate) fn json(&self) -> String {
        let number = |code: u16| json!({ "vr": "US", "Value": [code] });
        let item = |named: &Named, more: Vec<(&str, Value)>| {
            let mut item = json!({
                "00081150": { "vr": "UI", "Value": [named.sop_class.as_str()] },
                "00081155": { "vr": "UI", "Value": [named.sop.as_str()] },
            });
            if let Some(object) = item.as_object_mut() {
                object.extend(more.into_iter().map(|(tag, value)| (tag.to_owned(), value)));
            }
            item
        };
        let stored = self.stored.iter().map(|(name, warning, url)| {
            let url = ("00081190", json!({ "vr": "UR", "Value": [url] }));
            let warning = warning.map(|code| ("00081196", number(code)));
            item(name, [Some(url), warning].into_iter().flatten().collect())
        });
        let failed =
            self.failed.iter().map(|(name, code)| item(name, vec![("00081197", number(*code))]));
        let unnamed = self.unnamed.iter().map(|code| json!({ "00081197": number(*code) }));
        let mut data_set = serde_json::Map::new();
        for (tag, items) in [
            ("00081198", failed.collect::<Vec<Value>>()),
            ("00081199", stored.collect()),
            ("0008119A", unnamed.collect()),
        ] {
            if !items.is_empty() {
                data_set.insert(tag.into(), json!({ "vr": "SQ", "Value": items }));
            }
        }
        Value::Object(data_set).to_string()
    }

    /// Native DICOM Model. Nothing in it needs escaping: UIDs, numbers and our own addresses.
    pub(crate) fn xml(&self) -> String {
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\" xml:space=\"preserve\">",
        );
        let failed = self.failed.iter().map(|(name, code)| {
            let reason = xml_value("00081197", "US", "FailureReason", &code.to_string());
            xml_named(name) + &reason
        });
        let stored = self.stored.iter().map(|(name, warning, url)| {
            let url = xml_value("00081190", "UR", "RetrieveURL", url);
            let warning = warning.map_or_else(String::new, |code| {
                xml_value("00081196", "US", "WarningReason", &code.to_string())
            });
            xml_named(name) + &url + &warning
        });
        let unnamed = self
            .unnamed
            .iter()
            .map(|code| xml_value("00081197", "US", "FailureReason", &code.to_string()));
        xml_sequence(&mut text, "00081198", "FailedSOPSequence", failed);
        xml_sequence(&mut text, "00081199", "ReferencedSOPSequence", stored);
        xml_sequence(&mut text, "0008119A", "OtherFailuresSequence", unnamed);
        text.push_str("</NativeDicomModel>\n");
        text
    }
}

fn xml_sequence(text: &mut String, tag: &str, keyword: &str, items: impl Iterator<Item = String>) {
    let mut items = items.enumerate().peekable();
    if items.peek().is_none() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "<DicomAttribute tag=\"{tag}\" vr=\"SQ\" keyword=\"{keyword}\">");
    for (position, item) in items {
        let _ = write!(text, "<Item number=\"{}\">{item}</Item>", position + 1);
    }
    text.push_str("</DicomAttribute>");
}

fn xml_named(named: &Named) -> String {
    xml_value("00081150", "UI", "ReferencedSOPClassUID", named.sop_class.as_str())
        + &xml_value("00081155", "UI", "ReferencedSOPInstanceUID", named.sop.as_str())
}

fn xml_value(tag: &str, vr: &str, keyword: &str, value: &str) -> String {
    format!(
        "<DicomAttribute tag=\"{tag}\" vr=\"{vr}\" keyword=\"{keyword}\"><Value number=\"1\">{value}</Value></DicomAttribute>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sop: &str) -> Named {
        Named { sop_class: Uid::parse("1.2").unwrap(), sop: Uid::parse(sop).unwrap() }
    }

    #[test]
    fn the_status_follows_what_was_stored_and_what_was_not() {
        let mut answer = Answer::default();
        assert_eq!(answer.status(), 400);
        answer.failed.push((named("1.5"), reason::PROCESSING));
        assert_eq!(answer.status(), 409);
        answer.stored.push((named("1.4"), None, String::new()));
        assert_eq!(answer.status(), 202);
        answer.failed.clear();
        assert_eq!(answer.status(), 200);
        answer.unnamed.push(reason::CANNOT_UNDERSTAND);
        assert_eq!(answer.status(), 202);
        answer.unnamed.clear();
        answer.stored.push((named("1.6"), Some(0xB000), String::new()));
        assert_eq!(answer.status(), 202);
    }

    #[test]
    fn json_and_xml_say_the_same() {
        let answer = Answer {
            stored: vec![(named("1.4"), Some(0xB000), "http://127.0.0.1:1/x".into())],
            failed: vec![(named("1.5"), 272)],
            unnamed: vec![0xC000],
        };
        let json: Value = serde_json::from_str(&answer.json()).unwrap();
        assert_eq!(json["00081199"]["Value"][0]["00081155"]["Value"][0], "1.4");
        assert_eq!(json["00081199"]["Value"][0]["00081196"]["Value"][0], 0xB000);
        assert_eq!(json["00081198"]["Value"][0]["00081197"]["Value"][0], 272);
        assert_eq!(json["0008119A"]["Value"][0]["00081197"]["Value"][0], 0xC000);
        let xml = answer.xml();
        for value in ["1.4", "1.5", "272", "45056", "49152", "http://127.0.0.1:1/x"] {
            assert!(xml.contains(&format!(">{value}</Value>")), "{value} in {xml}");
        }
        assert_eq!(xml.matches("<Item ").count(), 3);
    }
}
