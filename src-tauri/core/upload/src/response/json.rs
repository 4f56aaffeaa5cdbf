//! The DICOM JSON Model (PS3.18 Annex F), as far as a store response needs it.

use super::{Mention, StoreResponse, bare, reason};
use serde_json::{Map, Value};

/// Reads a store response: an object, or an array of objects that are read as one.
#[must_use]
pub fn read_json(body: &[u8]) -> Option<StoreResponse> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let mut response = StoreResponse::default();
    match &value {
        Value::Object(data_set) => read_data_set(data_set, &mut response)?,
        Value::Array(data_sets) => {
            for data_set in data_sets {
                read_data_set(data_set.as_object()?, &mut response)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    }
    Some(response)
}

/// `None` where nothing in the object looks like a data element: it is some other JSON.
fn read_data_set(data_set: &Map<String, Value>, response: &mut StoreResponse) -> Option<()> {
    if !data_set.is_empty() && !data_set.keys().any(|key| is_tag(key)) {
        return None;
    }
    response.referenced.extend(mentions(data_set, "00081199", "00081196"));
    response.failed.extend(mentions(data_set, "00081198", "00081197"));
    let other = entries(data_set, "0008119A").filter_map(|entry| number(entry, "00081197"));
    response.other_failures.extend(other);
    Some(())
}

fn mentions<'a>(
    data_set: &'a Map<String, Value>,
    sequence: &'static str,
    reason: &'static str,
) -> impl Iterator<Item = Mention> + 'a {
    entries(data_set, sequence).map(move |entry| Mention {
        sop_instance_uid: text(entry, "00081155").unwrap_or_default(),
        reason: number(entry, reason),
    })
}

/// The items of a sequence; none where it is missing, empty, or not a sequence at all.
fn entries<'a>(
    data_set: &'a Map<String, Value>,
    sequence: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    values(data_set, sequence).unwrap_or(&[]).iter().filter_map(Value::as_object)
}

fn text(data_set: &Map<String, Value>, tag: &str) -> Option<String> {
    Some(bare(values(data_set, tag)?.first()?.as_str()?).to_owned())
}

fn number(data_set: &Map<String, Value>, tag: &str) -> Option<u16> {
    match values(data_set, tag)?.first()? {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok(),
        Value::String(text) => reason(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn values<'a>(data_set: &'a Map<String, Value>, tag: &str) -> Option<&'a [Value]> {
    let element = data_set.get(tag).or_else(|| data_set.get(&tag.to_ascii_lowercase()))?;
    Some(element.get("Value")?.as_array()?.as_slice())
}

fn is_tag(key: &str) -> bool {
    key.len() == 8 && key.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_five_tags_are_read() {
        let body = br#"{
            "00081190": {"vr":"UR","Value":["http://a/studies/1"]},
            "00081199": {"vr":"SQ","Value":[
                {"00081150":{"vr":"UI","Value":["1.2"]},"00081155":{"vr":"UI","Value":["1.1"]}},
                {"00081155":{"vr":"UI","Value":["1.2\u0000"]},"00081196":{"vr":"US","Value":[45056]}}]},
            "00081198": {"vr":"SQ","Value":[
                {"00081155":{"vr":"UI","Value":["1.3"]},"00081197":{"vr":"US","Value":["272"]}},
                {"00081155":{"vr":"UI"},"00081197":{"vr":"US","Value":[-1]}}]},
            "0008119a": {"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[49152]}}]}}"#;
        let mention = |uid: &str, reason| Mention { sop_instance_uid: uid.into(), reason };
        assert_eq!(
            read_json(body).unwrap(),
            StoreResponse {
                referenced: vec![mention("1.1", None), mention("1.2", Some(0xB000))],
                failed: vec![mention("1.3", Some(0x0110)), mention("", None)],
                other_failures: vec![0xC000],
            }
        );
    }

    #[test]
    fn an_empty_sequence_may_lack_its_value() {
        let response = read_json(br#"{"00081198":{"vr":"SQ"},"00081199":{"vr":"SQ"}}"#);
        assert_eq!(response, Some(StoreResponse::default()));
        assert_eq!(read_json(b"{}"), Some(StoreResponse::default()));
    }

    #[test]
    fn an_array_is_read_as_one() {
        let body = br#"[{"00081199":{"Value":[{"00081155":{"Value":["1"]}}]}},
                        {"00081199":{"Value":[{"00081155":{"Value":["2"]}}]}}]"#;
        assert_eq!(read_json(body).unwrap().referenced.len(), 2);
    }
}
