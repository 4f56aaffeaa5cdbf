//! Any bytes as the answer to a store in XML: nothing is called stored that the answer does not name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relaypacs_model::SopInstanceUid;
use relaypacs_upload::{Answer, Verdict, judge, response};

fuzz_target!(|body: &[u8]| {
    let read = response::read_xml(body);
    let Ok(uid) = SopInstanceUid::parse("1.2.3") else { return };
    let judged = judge(&Answer { status: 200, retry_after: None, body }, &[&uid]);
    if matches!(judged.verdicts.as_slice(), [Verdict::Stored]) && body.starts_with(b"<") {
        let named = read.is_some_and(|response| {
            response.referenced.iter().any(|one| one.sop_instance_uid == "1.2.3")
        });
        assert!(named, "stored without a proof");
    }
});
