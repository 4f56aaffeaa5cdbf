//! What the archive knows of an instance without opening its file: the attributes that a search answers with.

use crate::uid::Uid;
use serde_json::{Map, Value, json};

/// Where in Patient > Study > Series > Instance an attribute belongs, as QIDO-RS answers it (PS3.18 section 10.6.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Study,
    Series,
    Instance,
}

/// An attribute that is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    pub(crate) tag: u32,
    pub(crate) vr: &'static str,
    pub(crate) level: Level,
}

const fn at(tag: u32, vr: &'static str, level: Level) -> Attribute {
    Attribute { tag, vr, level }
}

pub(crate) const SPECIFIC_CHARACTER_SET: u32 = 0x0008_0005;

/// In the order of their tags.
pub(crate) const ATTRIBUTES: [Attribute; 22] = [
    at(0x0008_0016, "UI", Level::Instance),
    at(0x0008_0018, "UI", Level::Instance),
    at(0x0008_0020, "DA", Level::Study),
    at(0x0008_0030, "TM", Level::Study),
    at(0x0008_0050, "SH", Level::Study),
    at(0x0008_0060, "CS", Level::Series),
    at(0x0008_0090, "PN", Level::Study),
    at(0x0008_1030, "LO", Level::Study),
    at(0x0008_103E, "LO", Level::Series),
    at(0x0010_0010, "PN", Level::Study),
    at(0x0010_0020, "LO", Level::Study),
    at(0x0010_0030, "DA", Level::Study),
    at(0x0010_0040, "CS", Level::Study),
    at(0x0020_000D, "UI", Level::Study),
    at(0x0020_000E, "UI", Level::Series),
    at(0x0020_0010, "SH", Level::Study),
    at(0x0020_0011, "IS", Level::Series),
    at(0x0020_0013, "IS", Level::Instance),
    at(0x0028_0008, "IS", Level::Instance),
    at(0x0028_0010, "US", Level::Instance),
    at(0x0028_0011, "US", Level::Instance),
    at(0x0028_0100, "US", Level::Instance),
];

/// One instance.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) study: Uid,
    pub(crate) series: Uid,
    pub(crate) sop: Uid,
    pub(crate) sop_class: Uid,
    pub(crate) transfer_syntax: String,
    /// The values of [`ATTRIBUTES`], in their order, where the instance has them.
    pub(crate) values: [Option<Box<str>>; ATTRIBUTES.len()],
    /// Length of the file.
    pub(crate) bytes: u64,
}

impl Record {
    /// The value of one of [`ATTRIBUTES`], or nothing.
    pub(crate) fn value(&self, tag: u32) -> &str {
        let found = ATTRIBUTES.iter().zip(&self.values).find(|(attribute, _)| attribute.tag == tag);
        found.and_then(|(_, value)| value.as_deref()).unwrap_or_default()
    }

    /// The DICOM JSON Model (PS3.18 annex F) of the attributes from the study down to `level`.
    pub(crate) fn json(&self, level: Level) -> Map<String, Value> {
        let kept = ATTRIBUTES.iter().zip(&self.values).filter(|(a, _)| a.level <= level);
        kept.map(|(a, value)| (format!("{:08X}", a.tag), model(a.vr, value.as_deref()))).collect()
    }
}

fn model(vr: &str, value: Option<&str>) -> Value {
    let values: Vec<Value> = match value {
        None | Some("") => return json!({ "vr": vr }),
        Some(text) => text.split('\\').map(|one| single(vr, one.trim())).collect(),
    };
    json!({ "vr": vr, "Value": values })
}

fn single(vr: &str, text: &str) -> Value {
    match vr {
        "PN" => {
            let names = ["Alphabetic", "Ideographic", "Phonetic"];
            let groups =
                names.into_iter().zip(text.split('=')).filter(|(_, group)| !group.is_empty());
            Value::Object(groups.map(|(name, group)| (name.to_owned(), json!(group))).collect())
        }
        "IS" | "US" => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        _ => json!(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_the_json_model() {
        assert_eq!(model("LO", None), json!({ "vr": "LO" }));
        assert_eq!(model("IS", Some(" 7 ")), json!({ "vr": "IS", "Value": [7] }));
        assert_eq!(
            model("PN", Some("Wang^Xiao=王^小")),
            json!({ "vr": "PN", "Value": [{ "Alphabetic": "Wang^Xiao", "Ideographic": "王^小" }] })
        );
    }

    #[test]
    fn attributes_stand_in_the_order_of_their_tags() {
        assert!(ATTRIBUTES.is_sorted_by_key(|attribute| attribute.tag));
    }
}
