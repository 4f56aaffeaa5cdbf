//! Time: no store has a deadline, what moves nothing is given up, what thinks is waited for, and what asks to wait is
//! left alone for so long. The waits of every day are minutes; here they are seconds, and `cargo xtask long` takes the
//! minutes.

use crate::inside::{Inside, Told, given, import, work};
use crate::peer::Site;
use relaypacs_model::{Code, Outcome};
use relaypacs_practice_pacs::{Counts, Fault, Faults, Kind, Which};
use relaypacs_relay::{Stop, Summary, Timing};
use std::sync::Arc;
use std::time::Duration;

/// More than the buffers between two ends of this machine hold.
const LARGE: usize = 16_000_000;
const SMALL: usize = 20_000;

/// Shorter than what the archives of these tests do, and long enough for a machine that is busy with other things.
fn short() -> Timing {
    Timing {
        stall: Duration::from_secs(3),
        source: Duration::from_secs(4),
        idle: Duration::from_secs(5),
        answer: Duration::from_secs(6),
        ..Timing::default()
    }
}

fn longest(timing: &Timing) -> Duration {
    timing.connect.max(timing.stall).max(timing.source).max(timing.idle).max(timing.answer)
}

/// How one instance got there.
struct Sent {
    outcome: Outcome,
    summary: Summary,
    parks: Vec<Code>,
    archive: Counts,
}

const PATIENCE: Duration = Duration::from_secs(60);

async fn send(bytes: usize, faults: Faults, timing: Timing) -> Sent {
    send_with(PATIENCE, bytes, faults, timing).await
}

async fn send_with(patience: Duration, bytes: usize, faults: Faults, timing: Timing) -> Sent {
    let site = Site::new((1, 1, bytes), |usual| usual);
    site.pacs.set_faults(faults);
    let home = Inside::new();
    let relay = home.open().await.with_timing(timing);
    import(&relay, site.source.path(), &given(&site.pacs.root())).await;
    let told = Arc::new(Told::default());
    let summary = relay.work(work(Some(patience)), told.clone(), &Stop::new()).await.unwrap();
    let ends = told.ends();
    assert_eq!((ends.len(), site.held().len()), (1, 1), "{ends:?} {:?}", told.parks());
    Sent {
        outcome: *ends.values().next().unwrap(),
        summary,
        parks: told.parks().into_iter().map(|(_, code, _)| code).collect(),
        archive: site.pacs.counts(),
    }
}

fn first(fault: Fault) -> Faults {
    Faults::default().with(Kind::Store, Which::Nth(vec![1]), fault)
}

fn every(fault: Fault) -> Faults {
    Faults::default().with(Kind::Store, Which::All, fault)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_moves_may_take_longer_than_every_wait() {
    let timing = Timing { connect: Duration::from_secs(6), ..short() };
    let slow = Fault::Slow { bytes_per_second: LARGE as u64 / 12 };
    let sent = send(LARGE, every(slow), timing).await;
    assert_eq!((sent.outcome, sent.parks.as_slice()), (Outcome::Confirmed, [].as_slice()));
    assert_eq!((sent.archive.stores, sent.summary.bytes_sent_again), (1, 0));
    assert!(sent.summary.took > longest(&timing), "{:?}", sent.summary.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_moves_nothing_is_dropped_and_tried_again_and_succeeds() {
    let stuck = Fault::Stall { seconds: 600.0, at_bytes: 100_000 };
    // Patience is over by the time that the first try is given up, as it is every day: 30 s against 60 s.
    let sent =
        send_with(short().stall - Duration::from_secs(1), LARGE, first(stuck), short()).await;
    assert_eq!(
        (sent.outcome, sent.parks.as_slice()),
        (Outcome::Confirmed, [Code::Stalled].as_slice())
    );
    assert!(sent.summary.took >= short().stall, "{:?}", sent.summary.took);
    // What the first try handed on before it stuck is told, too.
    let (all, again) = (sent.summary.bytes_sent, sent.summary.bytes_sent_again);
    assert!(again > 0 && (again as usize) < LARGE, "{again}");
    assert!(all - again <= LARGE as u64 + 100_000, "{all} and {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_never_moves_anything_is_tried_twice_and_what_it_holds_up_waits() {
    let site = Site::new((1, 1, LARGE), |usual| usual);
    site.pacs.set_faults(every(Fault::Stall { seconds: 600.0, at_bytes: 100_000 }));
    let home = Inside::new();
    let relay = home.open().await.with_timing(short());
    import(&relay, site.source.path(), &given(&site.pacs.root())).await;
    let told = Arc::new(Told::default());
    let patience = short().stall - Duration::from_secs(1);
    relay.work(work(Some(patience)), told.clone(), &Stop::new()).await.unwrap();
    let parks: Vec<Code> = told.parks().into_iter().map(|(_, code, _)| code).collect();
    assert_eq!(parks, [Code::Stalled, Code::Stalled]);
    assert_eq!(told.ends().into_values().collect::<Vec<_>>(), [Outcome::Waiting]);
    assert_eq!((site.pacs.stored(), relay.sums().await.unwrap().studies), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_thinks_long_after_the_last_byte_is_waited_for() {
    let timing = Timing { answer: Duration::from_secs(60), ..short() };
    let late = Fault::AnswerAfter { seconds: 8.0 };
    let sent = send(SMALL, every(late), timing).await;
    assert_eq!((sent.outcome, sent.parks.as_slice()), (Outcome::Confirmed, [].as_slice()));
    assert_eq!(sent.archive.stores, 1);
    assert!(sent.summary.took > timing.idle.max(timing.stall).max(timing.source));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_stores_and_never_says_so_is_asked_and_not_sent_to_again() {
    let timing = Timing { answer: Duration::from_secs(2), ..short() };
    let never = Fault::AnswerAfter { seconds: 600.0 };
    let sent = send(SMALL, every(never), timing).await;
    assert_eq!(sent.outcome, Outcome::Verified);
    assert_eq!((sent.archive.fired, sent.summary.bytes_sent_again), (vec![1], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_asks_for_time_is_left_alone_for_so_long() {
    let wait = Duration::from_secs(3);
    let busy = Fault::RetryAfter { code: 503, seconds: wait.as_secs_f64(), held: 0.0 };
    let sent = send(SMALL, first(busy), short()).await;
    assert_eq!(
        (sent.outcome, sent.parks.as_slice()),
        (Outcome::Confirmed, [Code::ArchiveBusy].as_slice())
    );
    assert_eq!(sent.archive.stores, 2);
    assert!(sent.summary.took >= wait, "{:?}", sent.summary.took);
}
