//! Any bytes as an archive file: every member is an instance or a skip, and what can be opened has the length it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relaypacs_model::Seen;
use relaypacs_scan::{Cancel, Limits, Opener, Options, scan};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Where each input is put; `run.sh` lets this be in memory.
fn place() -> &'static PathBuf {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE
        .get_or_init(|| std::env::temp_dir().join(format!("relaypacs-fuzz-{}", std::process::id())))
}

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(place(), bytes).expect("the scratch file can be written");
    // Small bounds reach the same code with small inputs.
    let limits = Limits {
        archive_members: 1_000,
        member_bytes: 4 << 20,
        ratio: 50,
        ratio_free_bytes: 1 << 20,
        nested_bytes: 1 << 20,
        ..Limits::default()
    };
    let options = Options { include_damaged: true, readers: 1, as_listed: false, limits };
    let mut found = Vec::new();
    let mut files = 0_u32;
    let scanned = scan(&[place().clone()], &options, &Cancel::new(), &mut |seen| match seen {
        Seen::Instance(one) => {
            files += 1;
            found.push(*one);
        }
        Seen::Skipped(_) => files += 1,
        Seen::Index(_) => {}
    });
    assert!(scanned.is_ok(), "one file stopped the scan");
    assert!(files <= 1_001 + 1_001 * 1_001);
    let opener = Opener::new();
    for one in found.into_iter().take(8) {
        let Ok(opened) = opener.open(&one.location) else { continue };
        let said = opened.bytes;
        let mut reader = opened.reader.take(16 << 20);
        if let Ok(read) = io::copy(&mut reader, &mut io::sink()) {
            assert_eq!(read, said.min(16 << 20), "a member is not as long as it said");
        }
    }
});
