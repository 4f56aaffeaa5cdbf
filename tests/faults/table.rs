//! The rows of the truth table: what the archive does, how each of the eight instances ends, and the exit status.

use relaypacs_practice_pacs::{AnswerBody, CutAt, Duplicates, Fault, Faults, Kind, Share, Which};
use relaypacs_tests::fixture::{Instance, Kind as Form};
use std::collections::BTreeMap;

/// One row.
pub(crate) struct Row {
    /// In words.
    pub(crate) what: String,
    /// The script.
    pub(crate) faults: Faults,
    /// What else is said on the command line.
    pub(crate) more: &'static [&'static str],
    /// Seconds.
    pub(crate) patience: u64,
    /// What the archive holds of the first instance before.
    pub(crate) before: Before,
    /// How the archive is entered.
    pub(crate) door: Door,
    /// The status of every request that holds the first instance.
    pub(crate) poison: Option<u16>,
    /// A rule may not come to act.
    pub(crate) spare: bool,
    /// The states with their codes and counts.
    pub(crate) ends: &'static str,
    /// The exit status.
    pub(crate) status: i32,
}

/// What is there before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    Same,
    Other,
}

/// How the archive is entered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// DICOMweb.
    Open,
    /// DICOMweb with a password.
    Locked,
    /// Orthanc's own interface alone.
    Orthanc,
}

const ALL: &str = "confirmed 8";
const COMPARED: &str = "verified 8";
const WAITS: &str = "waiting 8";
const UNREAD: &str = "rejected:not_understood 8";
const REFUSED: &str = "rejected:refused_by_archive 8";

impl Row {
    fn of(what: &str, faults: Faults, ends: &'static str) -> Self {
        let status = match ends {
            _ if ends.contains("rejected") || ends.contains("conflict") => 3,
            _ if ends.contains("waiting") => 4,
            _ => 0,
        };
        // Long enough to wait for a late list, or short enough to see at once that nothing mends itself.
        let patience = if status == 4 { 1 } else { 6 };
        let (before, door) = (Before::Nothing, Door::Open);
        let (what, more) = (what.to_owned(), &[][..]);
        let (poison, spare) = (None, false);
        Self { what, faults, more, patience, before, door, poison, spare, ends, status }
    }

    fn before(self, before: Before) -> Self {
        Self { before, ..self }
    }

    fn door(self, door: Door) -> Self {
        Self { door, ..self }
    }

    fn with(self, more: &'static [&'static str]) -> Self {
        Self { more, ..self }
    }

    fn patient(self, patience: u64) -> Self {
        Self { patience, ..self }
    }

    fn poison(self, code: u16) -> Self {
        Self { poison: Some(code), ..self }
    }

    fn spare(self) -> Self {
        Self { spare: true, ..self }
    }
}

fn always(on: Kind, fault: Fault) -> Faults {
    Faults::default().with(on, Which::All, fault)
}

fn once(on: Kind, fault: Fault) -> Faults {
    Faults::default().with(on, Which::Nth(vec![1]), fault)
}

fn from(on: Kind, nth: u64, fault: Fault) -> Faults {
    Faults::default().with(on, Which::FromTo { from: nth, to: None }, fault)
}

/// The only one of the source: see `peer::Site`.
fn over_the_study() -> Fault {
    let study = Instance::new(Form::Ct).seed(77).study(1).study_uid();
    Fault::FailsOver { study, code: 500 }
}

fn status(code: u16) -> Fault {
    Fault::Status { code, headers: BTreeMap::new(), body: "<html>no</html>".to_owned() }
}

fn cut(at: CutAt) -> Fault {
    Fault::Cut { at, reset: true }
}

fn closed(at: CutAt) -> Fault {
    Fault::Cut { at, reset: false }
}

fn partial(status: u16, count: usize, body: AnswerBody) -> Fault {
    Fault::Partial { status, store: Share::Count(count), body }
}

fn refused(code: u16) -> Fault {
    Fault::Reason { code, parts: vec![1], warning: false }
}

fn warned(code: u16) -> Fault {
    Fault::Reason { code, parts: vec![1, 3], warning: true }
}

/// All of it.
pub(crate) fn table() -> Vec<Row> {
    [statuses(), bodies(), reasons(), connections(), lists(), comparisons(), doors()]
        .into_iter()
        .flatten()
        .collect()
}

/// PS3.18 table 10.5.3-1 and what stands before archives: for good, and once.
fn statuses() -> Vec<Row> {
    let for_good = [
        (200, WAITS),
        (202, WAITS),
        (204, WAITS),
        (206, WAITS),
        (300, WAITS),
        (301, WAITS),
        (302, WAITS),
        (307, WAITS),
        (308, WAITS),
        (400, UNREAD),
        (401, WAITS),
        (402, REFUSED),
        (403, WAITS),
        (404, WAITS),
        (405, WAITS),
        (406, WAITS),
        (407, WAITS),
        (408, WAITS),
        (409, REFUSED),
        (410, REFUSED),
        (411, WAITS),
        (413, "rejected:too_large_for_archive 8"),
        (415, WAITS),
        (422, REFUSED),
        (424, WAITS),
        (429, WAITS),
        (500, WAITS),
        (501, WAITS),
        (502, WAITS),
        (503, WAITS),
        (504, WAITS),
        (507, WAITS),
        (599, WAITS),
    ];
    let passing = [
        (200, ALL),
        (204, ALL),
        (302, WAITS),
        (400, ALL),
        (401, WAITS),
        (403, WAITS),
        (404, WAITS),
        (408, ALL),
        (409, ALL),
        (413, ALL),
        (415, WAITS),
        (424, ALL),
        (429, ALL),
        (500, ALL),
        (502, ALL),
        (503, ALL),
        (504, ALL),
        (507, ALL),
    ];
    let for_good = for_good.into_iter().map(|(code, ends)| {
        Row::of(&format!("{code} for good"), always(Kind::Store, status(code)), ends)
    });
    let passing = passing.into_iter().map(|(code, ends)| {
        Row::of(&format!("{code} once"), once(Kind::Store, status(code)), ends)
    });
    for_good.chain(passing).collect()
}

/// What the answer says, whatever its status.
fn bodies() -> Vec<Row> {
    let mut rows = Vec::new();
    for code in [200, 202, 400, 409, 500] {
        for (body, word) in [
            (AnswerBody::Items, "named"),
            (AnswerBody::NoFailedItems, "passed over"),
            (AnswerBody::Nothing, "no body"),
        ] {
            let what = format!("{code}, 5 of 8 stored, the others {word}");
            // Without a body nothing is known of those that are there: they are asked for and compared.
            let ends = match (body, code) {
                (AnswerBody::Nothing, 400 | 409) => ALL,
                (AnswerBody::Nothing, _) => "confirmed 3, verified 5",
                (AnswerBody::Items | AnswerBody::NoFailedItems, _) => ALL,
            };
            rows.push(Row::of(&what, once(Kind::Store, partial(code, 5, body)), ends));
        }
    }
    let none = |code, body| always(Kind::Store, partial(code, 0, body));
    rows.extend([
        Row::of("202, none stored, each named", none(202, AnswerBody::Items), REFUSED),
        Row::of("409, none stored, each named", none(409, AnswerBody::Items), REFUSED),
        Row::of("200, none stored, none named", none(200, AnswerBody::NoFailedItems), UNREAD),
        Row::of("400, none stored, none named", none(400, AnswerBody::NoFailedItems), UNREAD),
        Row::of(
            "200 without a body, all stored",
            always(Kind::Store, partial(200, 8, AnswerBody::Nothing)),
            COMPARED,
        ),
        Row::of(
            // An answer about somebody else's images says nothing of ours: the archive is asked.
            "all stored, and the answer names others",
            always(Kind::Store, Fault::Strangers { store: true }),
            "verified 8",
        ),
        Row::of(
            "none stored, and the answer names others as not understood",
            always(Kind::Store, Fault::Strangers { store: false }),
            UNREAD,
        ),
        Row::of(
            "one spoils every request it is in (400)",
            Faults::default(),
            "confirmed 7, rejected:not_understood 1",
        )
        .poison(400),
        Row::of(
            "one spoils every request it is in (409)",
            Faults::default(),
            "confirmed 7, rejected:refused_by_archive 1",
        )
        .poison(409),
        Row::of("an answer in XML", always(Kind::Store, Fault::Xml), ALL),
        Row::of("a page of a guest network, once", once(Kind::Store, Fault::Garbage), ALL),
        Row::of("a page of a guest network", always(Kind::Any, Fault::Garbage), WAITS),
        Row::of(
            "said stored and lost, once",
            once(Kind::Store, Fault::Lose { parts: vec![2] }),
            ALL,
        ),
        Row::of(
            "said stored and always lost",
            always(Kind::Store, Fault::Lose { parts: vec![1] }),
            "confirmed 7, rejected:dropped_by_archive 1",
        ),
        Row::of(
            "stored with another byte, read back",
            always(Kind::Store, Fault::Alter { parts: vec![2] }),
            "conflict:differs_in_archive 1, verified 7",
        )
        .with(&["--verify", "every"]),
        Row::of("read back", Faults::default(), COMPARED).with(&["--verify", "every"]),
        Row::of("a sample is read back", Faults::default(), "confirmed 7, verified 1")
            .with(&["--verify", "sample"]),
    ]);
    rows
}

/// Failure and warning reasons (PS3.18 Annex I.2, PS3.7 Annex C, and what archives made of them), of one of eight.
fn reasons() -> Vec<Row> {
    let for_good = [
        (0x0106, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0110, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0111, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0112, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0117, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0118, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0119, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0120, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0121, "confirmed 7, rejected:refused_by_archive 1"),
        (0x0122, "confirmed 7, rejected:sop_class_not_supported 1"),
        (0x0124, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0x0131, "confirmed 7, rejected:refused_by_archive 1"),
        (0xA770, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0xA771, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0xA777, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0xA778, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0xA779, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0xA77A, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0xA77B, "confirmed 7, rejected:forbidden_by_policy 1"),
        (0xA900, "confirmed 7, rejected:data_set_mismatch 1"),
        (0xA901, "confirmed 7, rejected:data_set_mismatch 1"),
        (0xB00E, "confirmed 7, rejected:refused_by_archive 1"),
        (0xC000, "confirmed 7, rejected:not_understood 1"),
        (0xC122, "confirmed 7, rejected:transfer_syntax_not_supported 1"),
        (0xC409, "confirmed 7, rejected:not_understood 1"),
        (0xC499, "confirmed 7, rejected:not_understood 1"),
        (0x4242, "confirmed 7, rejected:refused_by_archive 1"),
    ];
    let waits = [0x0213, 0xA700, 0xA7FF, 0xB00F];
    let passing = [0x0110, 0x0213, 0xA700, 0x0131];
    let warnings = [
        (0xB000, "confirmed 6, confirmed:stored_with_warning 2"),
        (0xB006, "confirmed 6, confirmed:stored_with_warning 2"),
        (0xB007, "confirmed 6, confirmed:stored_with_warning 2"),
        (0x0001, "confirmed 6, confirmed:stored_with_warning 2"),
    ];
    let mut rows = Vec::new();
    for (code, ends) in for_good {
        let what = format!("one is refused with {code:04X}");
        rows.push(Row::of(&what, always(Kind::Store, refused(code)), ends));
    }
    for code in waits {
        let what = format!("one has to wait for {code:04X}");
        let faults = always(Kind::Store, refused(code));
        rows.push(Row::of(&what, faults, "confirmed 7, waiting 1").patient(2));
    }
    for code in passing {
        let what = format!("one is refused with {code:04X} once");
        rows.push(Row::of(&what, once(Kind::Store, refused(code)), ALL));
    }
    for (code, ends) in warnings {
        let what = format!("two are stored with warning {code:04X}");
        rows.push(Row::of(&what, once(Kind::Store, warned(code)), ends));
    }
    rows
}

/// What happens to connections and to time.
fn connections() -> Vec<Row> {
    let store = |fault| always(Kind::Store, fault);
    let first = |fault| once(Kind::Store, fault);
    let refuse = |which| Faults::default().with(Kind::Any, which, Fault::Refuse);
    let later = |code| Fault::RetryAfter { code, seconds: 1.0, held: 0.0 };
    vec![
        Row::of("closed as soon as accepted", refuse(Which::All), WAITS),
        Row::of("closed as soon as accepted, twice", refuse(Which::Nth(vec![1, 2])), ALL),
        Row::of("cut before the body", store(cut(CutAt::Before)), WAITS),
        Row::of("cut before the body, once", first(cut(CutAt::Before)), ALL),
        Row::of("cut in the body", store(cut(CutAt::Bytes(20_000))), ALL),
        Row::of("cut at the first byte", store(cut(CutAt::Bytes(1))), WAITS),
        Row::of("cut in the body, once", first(cut(CutAt::Bytes(20_000))), ALL),
        Row::of("closed in the body, once", first(closed(CutAt::Bytes(20_000))), ALL),
        Row::of("the answer is lost", store(cut(CutAt::AfterStoring)), COMPARED),
        Row::of("the answer is lost, closed", store(closed(CutAt::AfterStoring)), COMPARED),
        Row::of("a pause in the body", store(Fault::Stall { seconds: 0.4, at_bytes: 9_000 }), ALL),
        Row::of("a pause at the start", store(Fault::Stall { seconds: 0.4, at_bytes: 0 }), ALL),
        Row::of("a slow reader", store(Fault::Slow { bytes_per_second: 100_000 }), ALL),
        Row::of("a late answer", store(Fault::AnswerAfter { seconds: 0.7 }), ALL),
        Row::of("the archive is full", store(Fault::Full), WAITS),
        Row::of("the archive is full, once", first(Fault::Full), ALL),
        Row::of(
            "too large above 20 kB",
            store(Fault::TooLarge { above: 20_000, early: false }),
            ALL,
        ),
        Row::of(
            "too large, said early",
            store(Fault::TooLarge { above: 20_000, early: true }),
            ALL,
        ),
        Row::of(
            "too large above 100 bytes",
            store(Fault::TooLarge { above: 100, early: false }),
            "rejected:too_large_for_archive 8",
        ),
        Row::of("503 with Retry-After, once", first(later(503)), ALL),
        Row::of("429 with Retry-After, once", first(later(429)), ALL),
        Row::of(
            "503 with Retry-After",
            store(Fault::RetryAfter { code: 503, seconds: 60.0, held: 0.0 }),
            WAITS,
        ),
        Row::of(
            "a redirect",
            always(Kind::Any, Fault::Redirect { code: 307, to: "http://127.0.0.1:1/".to_owned() }),
            WAITS,
        ),
    ]
}

/// What happens to searches.
fn lists() -> Vec<Row> {
    let hidden = || Faults::default().with(Kind::Search, Which::Nth(vec![2]), status(204));
    let mut rows: Vec<Row> = [302, 400, 401, 403, 404, 413, 429, 500, 503]
        .into_iter()
        .map(|code| {
            let what = format!("searches answer {code} once all is stored");
            Row::of(&what, from(Kind::Search, 3, status(code)), WAITS)
        })
        .collect();
    rows.extend([
        Row::of("searches answer 500", always(Kind::Search, status(500)), WAITS),
        Row::of("it fails over the one study", always(Kind::Search, over_the_study()), WAITS),
        Row::of(
            "it fails over the one study once all is stored",
            from(Kind::Search, 3, over_the_study()),
            WAITS,
        ),
        Row::of("searches answer 405", always(Kind::Search, status(405)), WAITS),
        Row::of("a search answers 503 once", once(Kind::Search, status(503)), ALL),
        Row::of("a search is cut once", once(Kind::Search, cut(CutAt::Before)), ALL),
        Row::of("a list is cut in the middle", from(Kind::Search, 3, cut(CutAt::Bytes(9))), WAITS),
        Row::of(
            "a page of a guest network, from the list",
            from(Kind::Search, 3, Fault::Garbage),
            WAITS,
        ),
        Row::of("three a page", Faults { page_cap: 3, ..Faults::default() }, ALL),
        Row::of("no limit", always(Kind::Search, Fault::IgnoreLimit { offset_too: false }), ALL),
        Row::of(
            "no limit and no offset",
            always(Kind::Search, Fault::IgnoreLimit { offset_too: true }),
            ALL,
        ),
        Row::of("one is listed that nobody sent", always(Kind::Search, Fault::Phantom), ALL),
        Row::of("204 for nothing", Faults { empty_is_204: true, ..Faults::default() }, ALL),
        Row::of(
            "listed late",
            from(Kind::Search, 99, status(500)).with(
                Kind::Search,
                Which::Nth(vec![3, 4]),
                status(204),
            ),
            ALL,
        )
        .spare(),
        Row::of("hidden before, the same", hidden(), ALL).before(Before::Same),
    ]);
    for duplicates in [Duplicates::Conflict409, Duplicates::Code45070] {
        rows.push(
            Row::of(
                &format!("hidden before, another, {duplicates:?}"),
                Faults { duplicates, ..hidden() },
                "confirmed 7, conflict:differs_in_archive 1",
            )
            .before(Before::Other),
        );
    }
    rows
}

/// What is there already, and reading back.
fn comparisons() -> Vec<Row> {
    const MODES: [Duplicates; 3] =
        [Duplicates::KeepOldSaySuccess, Duplicates::Conflict409, Duplicates::Code45070];
    let mut rows = Vec::new();
    for duplicates in MODES {
        let faults = || Faults { duplicates, ..Faults::default() };
        rows.push(
            Row::of(
                &format!("there before, {duplicates:?}"),
                faults(),
                "already_there 1, confirmed 7",
            )
            .before(Before::Same),
        );
        rows.push(
            Row::of(
                &format!("another there before, {duplicates:?}"),
                faults(),
                "confirmed 7, conflict:differs_in_archive 1",
            )
            .before(Before::Other),
        );
    }
    for code in [400, 404, 406, 410] {
        let get = || always(Kind::Retrieve, status(code));
        let lost = get().with(Kind::Store, Which::Nth(vec![1]), cut(CutAt::AfterStoring));
        rows.extend([
            Row::of(
                &format!("there before, not shown ({code})"),
                get(),
                "confirmed 7, conflict:not_comparable 1",
            )
            .before(Before::Same),
            // It was not there before we sent it, and is listed now.
            Row::of(&format!("the answer is lost, not shown ({code})"), lost, ALL),
            Row::of(&format!("not shown to be read back ({code})"), get(), ALL)
                .with(&["--verify", "every"]),
        ]);
    }
    let lost = |fault| {
        always(Kind::Retrieve, fault).with(Kind::Store, Which::All, cut(CutAt::AfterStoring))
    };
    rows.extend([
        Row::of("the answer is lost, comparing fails", lost(status(500)), ALL),
        Row::of("the answer is lost, comparing is cut", lost(cut(CutAt::Bytes(999))), WAITS),
        Row::of("reading back is cut once", once(Kind::Retrieve, cut(CutAt::Bytes(999))), COMPARED)
            .with(&["--verify", "every"]),
    ]);
    rows
}

/// Sign-in, and archives without DICOMweb.
fn doors() -> Vec<Row> {
    let native = |what: &str, faults, ends| Row::of(what, faults, ends).door(Door::Orthanc);
    let store = |fault| always(Kind::Store, fault);
    vec![
        Row::of("nobody signs in", Faults::default(), WAITS).door(Door::Locked),
        native("Orthanc alone", Faults::default(), ALL),
        native(
            "Orthanc alone, 400 once",
            once(Kind::Store, status(400)),
            "confirmed 7, rejected:not_understood 1",
        ),
        native("Orthanc alone, full", store(Fault::Full), WAITS),
        native("Orthanc alone, 500", store(status(500)), WAITS),
        native("Orthanc alone, 503 once", once(Kind::Store, status(503)), ALL),
        native(
            "Orthanc alone, cut in the body, once",
            once(Kind::Store, cut(CutAt::Bytes(999))),
            ALL,
        ),
        native(
            "Orthanc alone, an answer lost",
            once(Kind::Store, cut(CutAt::AfterStoring)),
            "confirmed 7, verified 1",
        ),
        native("Orthanc alone, every answer lost", store(cut(CutAt::AfterStoring)), COMPARED),
        native("Orthanc alone, lists nothing", from(Kind::Native, 3, status(500)), WAITS),
    ]
}
