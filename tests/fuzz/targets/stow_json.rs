//! Any bytes as the answer to a store or a search in JSON: nothing is called stored that the answer does not name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relaypacs_model::SopInstanceUid;
use relaypacs_upload::{Answer, Verdict, judge, judge_native, response};

fuzz_target!(|bytes: &[u8]| {
    let Some((status, body)) = bytes.split_first_chunk::<2>() else { return };
    let status = 100 + u16::from_le_bytes(*status) % 500;
    let answer = Answer { status, retry_after: None, body };
    let uids: Vec<_> = ["1.2.3", "1.2.4", "1.2.5"]
        .iter()
        .filter_map(|uid| SopInstanceUid::parse(uid).ok())
        .collect();
    for sent in [uids.iter().collect::<Vec<_>>(), uids.iter().take(1).collect()] {
        let judged = judge(&answer, &sent);
        assert_eq!(judged.verdicts.len(), sent.len());
        let response = response::read(body).unwrap_or_default();
        for (verdict, uid) in judged.verdicts.iter().zip(&sent) {
            let stored = matches!(verdict, Verdict::Stored | Verdict::StoredWithWarning(_));
            let named = response.referenced.iter().any(|one| one.sop_instance_uid == uid.as_str());
            assert!(!stored || named, "stored without a proof");
        }
    }
    let _ = judge_native(&answer);
    let _ = response::read_json(body);
    let mut hits = 0_u64;
    if let Ok(told) = response::read_search(&mut &*body, &mut |_| hits += 1) {
        assert_eq!(told, hits);
    }
    let _ = response::read_orthanc_find(&mut &*body, &mut |_| {});
});
