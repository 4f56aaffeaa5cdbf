//! The defined terms of (0008,0005) (PS3.3 tables C.12-2 to C.12-5) and the misspellings of them that the field has.

use super::Set;
use encoding_rs as rs;

/// What a term declares.
#[derive(Debug, PartialEq)]
pub(super) struct Term {
    pub(super) set: Set,
    /// True for the terms of ISO 2022, which allow escapes.
    pub(super) extended: bool,
}

/// Reads one value; nothing where the term is not known. An empty value is ISO 646.
pub(super) fn parse(value: &[u8]) -> Option<Term> {
    let bare: String = value
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(|byte| char::from(byte.to_ascii_uppercase()))
        .collect();
    let extended = bare.starts_with("ISO2022IR");
    let number = bare.strip_prefix("ISO2022IR").or_else(|| bare.strip_prefix("ISOIR"));
    let set = match number.unwrap_or(&bare) {
        "" | "6" => Set::Ascii,
        "100" | "ISO88591" | "LATIN1" => Set::Latin1,
        // Both are G0 sets of two bytes, reached by escapes only; text begins in ISO 646.
        "87" | "159" => Set::Ascii,
        "13" => Set::Kana,
        "149" => Set::Double(rs::EUC_KR),
        "58" => Set::Double(rs::GBK),
        "192" | "UTF8" => Set::Whole(rs::UTF_8),
        "GB18030" => Set::Whole(rs::GB18030),
        "GBK" | "GB2312" => Set::Whole(rs::GBK),
        other => Set::Single(single(other)?),
    };
    Some(Term { set, extended })
}

fn single(number: &str) -> Option<&'static rs::Encoding> {
    Some(match number {
        "101" => rs::ISO_8859_2,
        "109" => rs::ISO_8859_3,
        "110" => rs::ISO_8859_4,
        "144" => rs::ISO_8859_5,
        "127" => rs::ISO_8859_6,
        "126" => rs::ISO_8859_7,
        "138" => rs::ISO_8859_8,
        // Latin alphabet No. 5 is the printable part of windows-1254.
        "148" => rs::WINDOWS_1254,
        "203" => rs::ISO_8859_15,
        // TIS 620 is the printable part of windows-874.
        "166" => rs::WINDOWS_874,
        _ => return None,
    })
}
