//! Reads the answer to a search (QIDO-RS, PS3.18 section 10.6.3.3.2, and Orthanc's `/tools/find`) item by item from a
//! stream, so that an archive which ignores `limit` and lists 100,000 instances at once costs no memory.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;

/// One hit of a search. Texts are as the archive wrote them, padding taken off; absent where it gave none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// (0020,000D)
    pub study: Option<String>,
    /// (0020,000E)
    pub series: Option<String>,
    /// (0008,0018)
    pub instance: Option<String>,
}

/// Reads a QIDO-RS answer in the DICOM JSON Model and gives each hit to `each`. Returns the number of hits.
///
/// # Errors
/// `InvalidData` where it is not a JSON array of objects; otherwise what `body` gives.
pub fn read_search(body: &mut dyn Read, each: &mut dyn FnMut(Listed)) -> io::Result<u64> {
    read_array::<Hit>(body, &mut |hit| {
        each(Listed {
            study: hit.study.and_then(Element::text),
            series: hit.series.and_then(Element::text),
            instance: hit.instance.and_then(Element::text),
        });
    })
}

/// Reads an expanded answer of Orthanc's `/tools/find` at the instance level. Returns the number of hits.
///
/// # Errors
/// As [`read_search`].
pub fn read_orthanc_find(body: &mut dyn Read, each: &mut dyn FnMut(Listed)) -> io::Result<u64> {
    read_array::<OrthancHit>(body, &mut |hit| {
        let instance =
            hit.main.and_then(|main| main.instance).map(|uid| super::bare(&uid).to_owned());
        each(Listed { instance, ..Listed::default() });
    })
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "0020000D", alias = "0020000d")]
    study: Option<Element>,
    #[serde(rename = "0020000E", alias = "0020000e")]
    series: Option<Element>,
    #[serde(rename = "00080018")]
    instance: Option<Element>,
}

#[derive(Deserialize)]
struct Element {
    #[serde(rename = "Value")]
    value: Option<Vec<Value>>,
}

impl Element {
    fn text(self) -> Option<String> {
        Some(super::bare(self.value?.first()?.as_str()?).to_owned())
    }
}

#[derive(Deserialize)]
struct OrthancHit {
    #[serde(rename = "MainDicomTags")]
    main: Option<OrthancTags>,
}

#[derive(Deserialize)]
struct OrthancTags {
    #[serde(rename = "SOPInstanceUID")]
    instance: Option<String>,
}

fn read_array<'de, T: Deserialize<'de>>(
    body: &mut dyn Read,
    each: &mut dyn FnMut(T),
) -> io::Result<u64> {
    let mut deserializer = serde_json::Deserializer::from_reader(io::BufReader::new(body));
    let count = Each { each, kind: PhantomData }.deserialize(&mut deserializer).map_err(plain)?;
    deserializer.end().map_err(plain)?;
    Ok(count)
}

/// An IO error stays what it is; the text of a parse error could quote the archive's answer, so it is dropped.
fn plain(error: serde_json::Error) -> io::Error {
    match error.io_error_kind() {
        Some(kind) => io::Error::from(kind),
        None => io::Error::from(io::ErrorKind::InvalidData),
    }
}

struct Each<'a, T> {
    each: &'a mut dyn FnMut(T),
    kind: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Each<'_, T> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<'_, T> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of hits")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut hits: A) -> Result<u64, A::Error> {
        let mut count = 0;
        while let Some(hit) = hits.next_element()? {
            (self.each)(hit);
            count += 1;
        }
        while hits.next_element::<IgnoredAny>()?.is_some() {}
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instances(body: &str) -> io::Result<Vec<Option<String>>> {
        let mut found = Vec::new();
        let count = read_search(&mut body.as_bytes(), &mut |hit| found.push(hit.instance))?;
        assert_eq!(count, found.len() as u64);
        Ok(found)
    }

    #[test]
    fn each_hit_is_given_once() {
        let body = r#"[{"00080018":{"vr":"UI","Value":["1.2\u0000"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"x"}]}},
                       {"00080018":{"vr":"UI"}}, {}]"#;
        assert_eq!(instances(body).unwrap(), [Some("1.2".to_owned()), None, None]);
        assert_eq!(instances("[]").unwrap(), []);
    }

    #[test]
    fn what_is_no_list_of_hits_is_an_error() {
        for body in ["", "{}", "[1]", "[\"id\"]", "[{}", "[] []", "<html>"] {
            assert_eq!(
                instances(body).map_err(|e| e.kind()),
                Err(io::ErrorKind::InvalidData),
                "{body}"
            );
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_never_a_whole_one() {
        let whole = r#"[{"00080018":{"vr":"UI","Value":["1.2"]}}]"#;
        for end in 0..whole.len() {
            assert!(instances(&whole[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn orthanc_names_its_instances_in_its_own_way() {
        let body = r#"[{"ID":"x","MainDicomTags":{"SOPInstanceUID":"1.5"}},{"ID":"y"}]"#;
        let mut found = Vec::new();
        assert_eq!(
            read_orthanc_find(&mut body.as_bytes(), &mut |hit| found.push(hit.instance)).unwrap(),
            2
        );
        assert_eq!(found, [Some("1.5".to_owned()), None]);
    }
}
