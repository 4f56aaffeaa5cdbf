//! The Native DICOM Model (PS3.19 Annex A.1), as far as a store response needs it. Some archives answer XML to
//! whoever asks for JSON.

use super::{Mention, StoreResponse, bare, reason};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deeper than any store response: sequence, item, element, value.
const MAX_DEPTH: usize = 32;

/// Reads a store response. `None` where the document is something else or not whole.
#[must_use]
pub fn read_xml(body: &[u8]) -> Option<StoreResponse> {
    // Only UIDs and numbers are read, so another encoding than UTF-8 does no harm.
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(&text);
    let mut state = State::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => state.enter(&element)?,
            Event::Empty(element) => {
                state.enter(&element)?;
                state.leave();
            }
            Event::End(_) => state.leave(),
            Event::Text(text) => state.text(&text),
            Event::CData(text) => state.text(&text),
            Event::Eof => break,
            Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
    (state.is_native && state.path.is_empty()).then_some(state.response)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Root,
    Attribute(u32),
    Entry,
    Value,
    Other,
}

#[derive(Default)]
struct State {
    is_native: bool,
    path: Vec<Step>,
    uid: String,
    value: String,
    failure: Option<u16>,
    warning: Option<u16>,
    response: StoreResponse,
}

impl State {
    fn enter(&mut self, element: &BytesStart<'_>) -> Option<()> {
        if self.path.len() >= MAX_DEPTH {
            return None;
        }
        let step = match element.local_name().as_ref() {
            "NativeDicomModel" if self.path.is_empty() => Step::Root,
            "DicomAttribute" => Step::Attribute(tag(element)),
            "Item" => Step::Entry,
            "Value" => Step::Value,
            _ => Step::Other,
        };
        self.is_native |= step == Step::Root;
        self.path.push(step);
        match step {
            Step::Entry if self.path.len() == 3 => {
                self.uid.clear();
                (self.failure, self.warning) = (None, None);
            }
            Step::Value => self.value.clear(),
            Step::Root | Step::Attribute(_) | Step::Entry | Step::Other => {}
        }
        Some(())
    }

    fn text(&mut self, text: &str) {
        if self.path.last() == Some(&Step::Value) {
            self.value.push_str(text);
        }
    }

    fn leave(&mut self) {
        match self.path.as_slice() {
            [Step::Root, Step::Attribute(_), Step::Entry, Step::Attribute(tag), Step::Value] => {
                let value = bare(&self.value);
                match *tag {
                    0x0008_1155 => value.clone_into(&mut self.uid),
                    0x0008_1196 => self.warning = reason(value),
                    0x0008_1197 => self.failure = reason(value),
                    _ => {}
                }
            }
            [Step::Root, Step::Attribute(sequence), Step::Entry] => {
                let sop_instance_uid = self.uid.clone();
                let (failure, warning) = (self.failure, self.warning);
                match *sequence {
                    0x0008_1199 => {
                        self.response
                            .referenced
                            .push(Mention { sop_instance_uid, reason: warning });
                    }
                    0x0008_1198 => {
                        self.response.failed.push(Mention { sop_instance_uid, reason: failure });
                    }
                    0x0008_119A => self.response.other_failures.extend(failure),
                    _ => {}
                }
            }
            _ => {}
        }
        self.path.pop();
    }
}

/// The `tag` of an element, zero where there is none: no element that matters has that tag.
fn tag(element: &BytesStart<'_>) -> u32 {
    let Ok(Some(attribute)) = element.try_get_attribute("tag") else { return 0 };
    u32::from_str_radix(&attribute.value, 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_five_tags_are_read() {
        let body = br#"<?xml version="1.0" encoding="UTF-8"?>
            <NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">
              <DicomAttribute tag="00081190" vr="UR"><Value number="1">http://a/1</Value></DicomAttribute>
              <DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence">
                <Item number="1">
                  <DicomAttribute tag="00081150" vr="UI"><Value number="1">1.9</Value></DicomAttribute>
                  <DicomAttribute tag="00081155" vr="UI"><Value number="1"> 1.1
                  </Value></DicomAttribute>
                </Item>
                <Item number="2">
                  <DicomAttribute tag="00081155" vr="UI"><Value number="1">1.2</Value></DicomAttribute>
                  <DicomAttribute tag="00081196" vr="US"><Value number="1">45056</Value></DicomAttribute>
                  <DicomAttribute tag="04000561" vr="SQ"><Item number="1">
                    <DicomAttribute tag="00081155" vr="UI"><Value number="1">9.9</Value></DicomAttribute>
                  </Item></DicomAttribute>
                </Item>
              </DicomAttribute>
              <DicomAttribute tag="00081198" vr="SQ"><Item number="1">
                <DicomAttribute tag="00081155" vr="UI"><Value number="1">1.3</Value></DicomAttribute>
                <DicomAttribute tag="00081197" vr="US"><Value number="1">272</Value></DicomAttribute>
              </Item></DicomAttribute>
              <DicomAttribute tag="0008119A" vr="SQ"><Item number="1">
                <DicomAttribute tag="00081197" vr="US"><Value number="1">49152</Value></DicomAttribute>
              </Item></DicomAttribute>
            </NativeDicomModel>"#;
        let mention = |uid: &str, reason| Mention { sop_instance_uid: uid.into(), reason };
        assert_eq!(
            read_xml(body).unwrap(),
            StoreResponse {
                referenced: vec![mention("1.1", None), mention("1.2", Some(0xB000))],
                failed: vec![mention("1.3", Some(0x0110))],
                other_failures: vec![0xC000],
            }
        );
    }

    #[test]
    fn empty_sequences_and_prefixes_are_fine() {
        let body = br#"<d:NativeDicomModel xmlns:d="x"><d:DicomAttribute tag="00081199" vr="SQ"/></d:NativeDicomModel>"#;
        assert_eq!(read_xml(body), Some(StoreResponse::default()));
    }
}
