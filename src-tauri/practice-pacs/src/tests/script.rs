//! The fault script, as it is written.

use crate::{CutAt, Duplicates, Fault, Faults, Kind};

#[test]
fn a_script_reads_the_same_as_toml_and_as_json() {
    let toml = r#"
        duplicates = "code_45070"
        [[rule]]
        on = "store"
        which = { nth = [1, 3] }
        do = { status = { code = 502, body = "bad gateway" } }
        [[rule]]
        do = { cut = { at = { bytes = 100 } } }
        [[rule]]
        which = { random = { seed = 7, probability = 0.5 } }
        do = "refuse"
    "#;
    let json = r#"{ "duplicates": "code_45070", "rule": [
        { "on": "store", "which": { "nth": [1, 3] }, "do": { "status": { "code": 502, "body": "bad gateway" } } },
        { "do": { "cut": { "at": { "bytes": 100 } } } },
        { "which": { "random": { "seed": 7, "probability": 0.5 } }, "do": "refuse" } ] }"#;
    let faults = Faults::parse(toml).unwrap();
    assert_eq!(faults, Faults::parse(json).unwrap());
    assert_eq!(faults.duplicates, Duplicates::Code45070);
    assert_eq!(faults.rules[1].act, Fault::Cut { at: CutAt::Bytes(100), reset: true });
    assert_eq!(faults.rules[2].on, Kind::Any);
}

#[test]
fn every_fault_can_be_written() {
    for (act, fault) in [
        (r#"{ partial = { status = 202, store = { only = [2] }, body = "nothing" } }"#, "Partial"),
        ("{ too_large = { above = 10, early = true } }", "TooLarge"),
        ("{ retry_after = { seconds = 0.5 } }", "RetryAfter"),
        (r#"{ cut = { at = "after_storing", reset = false } }"#, "Cut"),
        ("{ stall = { seconds = 0.1, at_bytes = 5 } }", "Stall"),
        ("{ slow = { bytes_per_second = 1000 } }", "Slow"),
        ("{ answer_after = { seconds = 0.1 } }", "AnswerAfter"),
        ("{ lose = { parts = [2] } }", "Lose"),
        ("{ alter = {} }", "Alter"),
        (r#""xml""#, "Xml"),
        ("{ ignore_limit = {} }", "IgnoreLimit"),
        (r#""garbage""#, "Garbage"),
        (r#"{ redirect = { to = "http://127.0.0.1:1/" } }"#, "Redirect"),
        (r#""full""#, "Full"),
        (r#"{ poison = { uid = "1.2", code = 400 } }"#, "Poison"),
        (r#"{ fails_over = { study = "1.2", code = 500 } }"#, "FailsOver"),
        ("{ strangers = {} }", "Strangers"),
        (r#""phantom""#, "Phantom"),
        ("{ reason = { code = 290 } }", "Reason"),
    ] {
        let faults = Faults::parse(&format!("[[rule]]\ndo = {act}\n")).unwrap();
        assert!(format!("{:?}", faults.rules[0].act).starts_with(fault), "{act}");
    }
}

#[test]
fn a_misspelt_word_is_refused() {
    for text in ["dupliates = 1", "[[rule]]\ndo = \"refuze\"", "[[rule]]\nonn = 1\ndo = \"full\""] {
        assert!(Faults::parse(text).is_err(), "{text}");
    }
}
