//! Text for people, on standard error: quiet lines, and numbers as a person reads them.

use relaypacs_model::{Fault, Sentences};
use std::io::Write;

/// One line for a person. Control characters from file names or data sets must not steer the terminal.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "{}", tame(line));
}

/// One line of a result for a person, on standard output.
pub(crate) fn show(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", tame(line));
}

/// A fault as three sentences.
pub(crate) fn fault(fault: &Fault) {
    let Sentences { happened, lost, now } = fault.sentences();
    let detail =
        if fault.detail.is_empty() { String::new() } else { format!(" ({})", fault.detail) };
    say(&format!("{happened}{detail}"));
    say(lost);
    say(now);
    say(&format!("Code: {}", fault.code.as_str()));
}

/// Replaces what a terminal would obey.
pub(crate) fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// `1 284`: groups of three with a thin space, as DICOM people write counts.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `1 image`, `2 images`.
pub(crate) fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// `512.0 MB`, in powers of ten as discs and networks are sold.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        unit = next;
        if value < 999.95 {
            break;
        }
        if next != "TB" {
            value /= 1000.0;
        }
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1_284), "1 284");
        assert_eq!(count(1_000_000), "1 000 000");
        assert_eq!(plural(1, "image", "images"), "1 image");
        assert_eq!(size(0), "0 B");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(524_288), "524.3 kB");
        assert_eq!(size(2_147_483_648), "2.1 GB");
    }

    #[test]
    fn a_file_name_cannot_steer_the_terminal() {
        assert_eq!(tame("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb\u{fffd}c");
    }
}
