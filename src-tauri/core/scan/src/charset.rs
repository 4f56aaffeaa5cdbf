//! Text by Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 section 6.1). Never fails: what cannot be decoded as
//! declared is decoded as well as can be and called doubtful.

mod iso2022;
mod term;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use term::Term;

/// A character set that occupies the upper half of the code table, or all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// ISO 646 alone: no byte above 7F.
    Ascii,
    /// ISO 8859-1, which maps each byte to the code point of the same number.
    Latin1,
    /// One byte a character.
    Single(&'static Encoding),
    /// JIS X 0201 katakana (IR 13).
    Kana,
    /// Two bytes a character, both above A0: KS X 1001 (IR 149) or GB 2312 (IR 58).
    Double(&'static Encoding),
    /// The whole text is written in one multi-byte encoding without escapes: UTF-8, GB18030, GBK.
    Whole(&'static Encoding),
}

/// Decodes the texts of one data set.
#[derive(Debug, Clone)]
pub(crate) struct Decoder {
    /// The set that text begins in.
    initial: Set,
    /// The first set with bytes above 7F among the further values.
    further: Option<Set>,
    /// True where the declared term is not known: nothing above 7F can be trusted.
    unknown: bool,
    /// True where more than one value, or one of ISO 2022, allows escapes.
    extended: bool,
}

/// Decoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// True where it may not say what was meant.
    pub(crate) doubtful: bool,
}

impl Decoder {
    /// From the value of (0008,0005), where there is one.
    pub(crate) fn new(declared: Option<&[u8]>) -> Self {
        let declared = declared.unwrap_or_default();
        let mut decoder =
            Self { initial: Set::Ascii, further: None, unknown: false, extended: false };
        for (position, value) in declared.split(|byte| *byte == b'\\').enumerate() {
            let Some(Term { set, extended }) = term::parse(value) else {
                decoder.unknown = true;
                continue;
            };
            decoder.extended |= extended || position > 0;
            if position == 0 {
                decoder.initial = set;
            } else if decoder.further.is_none() && !matches!(set, Set::Ascii | Set::Whole(_)) {
                decoder.further = Some(set);
            }
        }
        decoder
    }

    /// Decodes a value; `name` where its VR is PN, whose delimiters end what an escape began.
    pub(crate) fn text(&self, bytes: &[u8], name: bool) -> Text {
        let escaped = bytes.contains(&0x1B);
        if !escaped && bytes.is_ascii() {
            return Text { text: String::from_utf8_lossy(bytes).into_owned(), doubtful: false };
        }
        if let Set::Whole(encoding) = self.initial {
            return match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
                Some(text) => Text { text: text.into_owned(), doubtful: false },
                None => guess(bytes),
            };
        }
        let upper = bytes.iter().any(|byte| *byte >= 0x80);
        if !escaped && upper && (self.unknown || self.initial == Set::Ascii) {
            return match self.further {
                Some(set) if !self.unknown => {
                    Text { text: iso2022::decode(bytes, set, name).text, doubtful: true }
                }
                Some(_) | None => guess(bytes),
            };
        }
        let Text { text, doubtful } = iso2022::decode(bytes, self.initial, name);
        // UTF-8 that is declared as something else is valid UTF-8; real text of a single-byte set hardly ever is.
        let utf8 = !escaped && upper && std::str::from_utf8(bytes).is_ok();
        Text { text, doubtful: doubtful || utf8 || (escaped && !self.extended) }
    }
}

/// Nothing usable is declared: UTF-8 where it is valid, else Western European, which at least keeps every byte apart.
fn guess(bytes: &[u8]) -> Text {
    let utf8 = UTF_8.decode_without_bom_handling_and_without_replacement(bytes);
    let text = utf8.unwrap_or_else(|| WINDOWS_1252.decode_without_bom_handling(bytes).0);
    Text { text: text.into_owned(), doubtful: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(declared: &str, bytes: &[u8]) -> Text {
        Decoder::new(Some(declared.as_bytes())).text(bytes, true)
    }

    fn sure(text: &str) -> Text {
        Text { text: text.into(), doubtful: false }
    }

    #[test]
    fn the_examples_of_the_standard_are_read_as_it_prints_them() {
        // PS3.5 H.3.1 and H.3.2, I.2, J.1, J.2, K.2
        let japanese =
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        let read = sure("Yamada^Tarou=山田^太郎=やまだ^たろう");
        assert_eq!(name("\\ISO 2022 IR 87", japanese), read);
        let kana = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J";
        assert_eq!(name("ISO 2022 IR 13\\ISO 2022 IR 87", kana), sure("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"));
        let korean = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        assert_eq!(name("\\ISO 2022 IR 149", korean), sure("Hong^Gildong=洪^吉洞=홍^길동"));
        let chinese = "Wang^XiaoDong=王^小东";
        assert_eq!(name("ISO_IR 192", chinese.as_bytes()), sure(chinese));
        let gb18030 = b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab";
        assert_eq!(name("GB18030", gb18030), sure(chinese));
        let gb2312 = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=";
        assert_eq!(name("\\ISO 2022 IR 58", gb2312), sure("Zhang^XiaoDong=张^小东="));
    }

    #[test]
    fn each_single_byte_set_has_its_letters() {
        let cases: [(&str, &[u8], &str); 11] = [
            ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
            ("ISO_IR 101", b"Wa\xb3\xeasa", "Wałęsa"),
            ("ISO_IR 109", b"\xa6orn", "Ĥorn"),
            ("ISO_IR 110", b"\xe0nis", "ānis"),
            ("ISO_IR 144", b"\xbb\xee\xdace\xdc\xd1\xe3\xe0\xd3", "Люкceмбург"),
            ("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea", "قباني"),
            ("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
            ("ISO_IR 138", b"\xf9\xf8\xe5\xef", "שרון"),
            ("ISO_IR 148", b"\xc7avu\xfeo\xf0lu", "Çavuşoğlu"),
            ("ISO_IR 166", b"\xb9\xd2\xc1", "นาม"),
            ("ISO_IR 203", b"\xa4\xbd", "€œ"),
        ];
        for (declared, bytes, text) in cases {
            assert_eq!(name(declared, bytes).text, text, "{declared}");
        }
    }

    #[test]
    fn what_is_not_declared_or_not_so_written_is_doubtful() {
        let bare = Decoder::new(None).text(b"M\xfcller", true);
        assert_eq!(bare, Text { text: "Müller".into(), doubtful: true });
        let utf8 = Decoder::new(None).text("Müller".as_bytes(), true);
        assert_eq!(utf8, Text { text: "Müller".into(), doubtful: true });
        assert!(name("ISO_IR 192", b"M\xfcller").doubtful);
        assert!(name("ISO_IR 999", b"M\xfcller").doubtful);
        assert!(name("ISO_IR 100", "Müller".as_bytes()).doubtful);
        assert_eq!(name("ISO-IR 100", b"M\xfcller"), sure("Müller"));
        assert_eq!(name("ISO_IR 999", b"Mueller"), sure("Mueller"));
    }

    #[test]
    fn no_bytes_make_it_fail() {
        for declared in ["", "ISO 2022 IR 87", "\\ISO 2022 IR 149", "ISO_IR 192", "GBK"] {
            for escape in
                [&b"\x1b"[..], b"\x1b$", b"\x1b$)", b"\x1b$B\x30", b"\x1b$)C\xb0", b"\x1bzz"]
            {
                let _ = name(declared, escape);
            }
        }
    }
}
