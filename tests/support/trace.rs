//! Looking for a trace of a patient, of a secret or of a UID in files, in every spelling that a program gives to a text.

use crate::lines::files;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What must not be found, by what it is.
pub type Wanted = BTreeMap<String, Vec<Vec<u8>>>;

/// What is looked for: a name for each text, and the text in all its spellings.
pub fn wanted<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Wanted {
    let mut wanted = Wanted::new();
    for (what, text) in texts {
        wanted.entry(what.to_owned()).or_default().extend(spellings(text));
    }
    wanted
}

/// Everything that a text may be written as in a file: UTF-8, UTF-16 in both orders, Latin-1, JSON, percent signs, hex,
/// BASE64 wherever it begins.
#[must_use]
pub fn spellings(text: &str) -> Vec<Vec<u8>> {
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let escaped: String = text
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect();
    let percent: String = text
        .bytes()
        .map(|b| match b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        })
        .collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    let mut all = vec![
        text.into(),
        text.to_lowercase().into(),
        text.to_uppercase().into(),
        utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        escaped.to_uppercase().replace("\\U", "\\u").into(),
        escaped.into(),
        percent.to_lowercase().into(),
        percent.into(),
        latin,
        hex.to_uppercase().into(),
        hex.into(),
    ];
    all.extend((0..3).map(|before| base64_inside(text.as_bytes(), before).into()));
    all.sort();
    all.dedup();
    all
}

/// The letters that BASE64 has for these bytes, wherever they stand: with so many bytes before them, modulo three.
#[must_use]
pub fn base64_inside(bytes: &[u8], before: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = std::iter::repeat_n(0, before)
        .chain(bytes.iter().copied())
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    // Only letters that are made of these bytes alone.
    let whole = bits.chunks_exact(6).skip((before * 8).div_ceil(6));
    let value = |six: &[u8]| six.iter().fold(0_usize, |n, bit| n << 1 | usize::from(*bit));
    whole.filter_map(|six| LETTERS.get(value(six)).copied()).map(char::from).collect()
}

/// What stands in which file, or in its name; `None` is how it should be. What a kernel wrote of a process that died (a
/// core dump) is none of ours.
#[must_use]
pub fn trace(folders: &[&Path], wanted: &Wanted) -> Option<String> {
    let dump = |path: &Path| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name == "core"
                || name.strip_prefix("core.").is_some_and(|pid| pid.parse::<u32>().is_ok())
        })
    };
    for file in folders.iter().flat_map(|folder| files(folder)).filter(|file| !dump(file)) {
        // One that vanishes meanwhile has no trace any more.
        let Ok(bytes) = fs::read(&file) else { continue };
        let name = file.to_string_lossy();
        for (what, spellings) in wanted {
            if spellings.iter().any(|one| holds(&bytes, one) || holds(name.as_bytes(), one)) {
                return Some(format!("{what} in {}", file.display()));
            }
        }
    }
    None
}

/// Whether these bytes stand anywhere in the others.
#[must_use]
pub fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let Some((_, after)) = rest.split_at_checked(at + 1) else { return false };
        if after.starts_with(wanted.get(1..).unwrap_or_default()) {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_found_wherever_it_stands() {
        const NAME: &str = "Kanarienvögel^Quirinäus";
        let folder = tempfile::tempdir().unwrap();
        let wanted = wanted([("name", NAME)]);
        let encoded =
            |before: &str| base64_inside(format!("{before}{NAME} and more").as_bytes(), 0);
        let escaped = "Kanarienv\\u00f6gel^Quirin\\u00e4us".to_owned();
        let percent = "a=Kanarienv%C3%B6gel%5EQuirin%C3%A4us&".to_owned();
        for text in [encoded(""), encoded("x"), encoded("xy"), escaped, percent, NAME.to_owned()] {
            fs::write(folder.path().join("file"), &text).unwrap();
            let found = trace(&[folder.path()], &wanted);
            assert!(found.is_some_and(|found| found.contains("name")), "{text}");
        }
        for wide in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = NAME.encode_utf16().flat_map(wide).collect();
            fs::write(folder.path().join("file"), [b"x", &bytes[..]].concat()).unwrap();
            assert!(trace(&[folder.path()], &wanted).is_some());
        }
        fs::write(folder.path().join("file"), "Canary^Another").unwrap();
        assert_eq!(trace(&[folder.path()], &wanted), None);
    }
}
