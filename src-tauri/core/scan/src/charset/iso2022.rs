//! Code extensions by ISO 2022 (PS3.5 section 6.1.2.5): a 7-bit half (G0) and an 8-bit half (G1), each switched by
//! escapes, both back to the initial state at the delimiters of a value.

use super::{Set, Text};
use encoding_rs as rs;

/// What the 7-bit half holds.
#[derive(Clone, Copy, PartialEq)]
enum Low {
    Ascii,
    Jis0208,
    Jis0212,
}

enum Switch {
    Low(Low),
    High(Set),
}

/// The escapes of PS3.3 tables C.12-3 and C.12-4, without the escape byte itself.
const ESCAPES: [(&[u8], Switch); 19] = [
    (b"(B", Switch::Low(Low::Ascii)),
    (b"(J", Switch::Low(Low::Ascii)),
    (b"$B", Switch::Low(Low::Jis0208)),
    // JIS C 6226-1978, written by old Japanese systems
    (b"$@", Switch::Low(Low::Jis0208)),
    (b"$(D", Switch::Low(Low::Jis0212)),
    (b")I", Switch::High(Set::Kana)),
    (b"$)C", Switch::High(Set::Double(rs::EUC_KR))),
    (b"$)A", Switch::High(Set::Double(rs::GBK))),
    (b"-A", Switch::High(Set::Latin1)),
    (b"-B", Switch::High(Set::Single(rs::ISO_8859_2))),
    (b"-C", Switch::High(Set::Single(rs::ISO_8859_3))),
    (b"-D", Switch::High(Set::Single(rs::ISO_8859_4))),
    (b"-L", Switch::High(Set::Single(rs::ISO_8859_5))),
    (b"-G", Switch::High(Set::Single(rs::ISO_8859_6))),
    (b"-F", Switch::High(Set::Single(rs::ISO_8859_7))),
    (b"-H", Switch::High(Set::Single(rs::ISO_8859_8))),
    (b"-M", Switch::High(Set::Single(rs::WINDOWS_1254))),
    (b"-b", Switch::High(Set::Single(rs::ISO_8859_15))),
    (b"-T", Switch::High(Set::Single(rs::WINDOWS_874))),
];

/// Decodes `bytes`, which begin with `initial` in the upper half.
pub(super) fn decode(bytes: &[u8], initial: Set, name: bool) -> Text {
    let mut out = Text { text: String::with_capacity(bytes.len()), doubtful: false };
    let (mut low, mut high) = (Low::Ascii, initial);
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            0x1B => match escape(tail) {
                Some((Switch::Low(set), after)) => (low, rest) = (*set, after),
                Some((Switch::High(set), after)) => (high, rest) = (*set, after),
                None => out.replace('\u{1b}'),
            },
            b'\r' | b'\n' | b'\t' | 0x0C => {
                (low, high) = (Low::Ascii, initial);
                out.text.push(char::from(byte));
            }
            0x21..=0x7E if low != Low::Ascii => match tail.split_first() {
                Some((&second @ 0x21..=0x7E, after)) => {
                    out.jis(low, byte, second);
                    rest = after;
                }
                Some(_) | None => out.replace('\u{fffd}'),
            },
            0..=0x7F => {
                if byte == b'\\' || (name && (byte == b'^' || byte == b'=')) {
                    high = initial;
                }
                out.text.push(char::from(byte));
            }
            0x80.. => rest = out.upper(byte, tail, high),
        }
    }
    out
}

fn escape(tail: &[u8]) -> Option<(&'static Switch, &[u8])> {
    static TABLE: [(&[u8], Switch); 19] = ESCAPES;
    TABLE.iter().find_map(|(code, switch)| tail.strip_prefix(*code).map(|after| (switch, after)))
}

impl Text {
    fn replace(&mut self, with: char) {
        self.text.push(with);
        self.doubtful = true;
    }

    fn exactly(&mut self, encoding: &'static rs::Encoding, bytes: &[u8]) {
        match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => self.text.push_str(&text),
            None => self.replace('\u{fffd}'),
        }
    }

    /// EUC-JP holds both JIS sets, with the high bits set.
    fn jis(&mut self, low: Low, first: u8, second: u8) {
        let (first, second) = (first | 0x80, second | 0x80);
        match low {
            Low::Jis0212 => self.exactly(rs::EUC_JP, &[0x8F, first, second]),
            Low::Jis0208 | Low::Ascii => self.exactly(rs::EUC_JP, &[first, second]),
        }
    }

    /// One character of the upper half; returns what is left.
    fn upper<'a>(&mut self, byte: u8, tail: &'a [u8], high: Set) -> &'a [u8] {
        match high {
            Set::Latin1 => {
                self.text.push(char::from(byte));
                self.doubtful |= byte < 0xA0;
            }
            Set::Single(encoding) => {
                self.exactly(encoding, &[byte]);
                self.doubtful |= byte < 0xA0;
            }
            Set::Kana => match byte {
                0xA1..=0xDF => self
                    .text
                    .push(char::from_u32(0xFF61 + u32::from(byte - 0xA1)).unwrap_or('\u{fffd}')),
                0x80..=0xA0 | 0xE0.. | 0..=0x7F => self.replace('\u{fffd}'),
            },
            Set::Double(encoding) => {
                if let Some((second @ 0xA1.., after)) = tail.split_first() {
                    self.exactly(encoding, &[byte, *second]);
                    return after;
                }
                self.replace('\u{fffd}');
            }
            Set::Ascii | Set::Whole(_) => self.replace(char::from(byte)),
        }
        tail
    }
}
