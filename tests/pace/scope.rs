//! Failure has a scope: what a gateway refuses as a whole is halved until the one is found, the good ones first; a limit
//! of an archive is met once and kept.

use crate::peer::{Site, truth};
use relaypacs_practice_pacs::{Fault, Faults, Kind, Which};
use relaypacs_tests::censor::Censor;

#[test]
fn a_batch_that_is_refused_as_a_whole_is_halved_until_the_one_is_found_and_the_good_arrive_first() {
    const IMAGES: u32 = 64;
    for bad in [0, 37, 63] {
        let site = Site::new((1, IMAGES, 2_000), |usual| usual);
        let named = site.offered.keys().nth(bad).unwrap().clone();
        let censor = Censor::before(site.pacs.addr().port(), &named).unwrap();
        let root = format!("http://127.0.0.1:{}/dicom-web", censor.port());
        let ran = site.cli.run(&site.arguments(&root, &[])).unwrap();
        let ends = truth(&site, &ran).unwrap();
        assert_eq!(ran.status, Some(3), "{}", ran.stderr);
        assert_eq!(ends[&named], "rejected:not_understood");
        assert_eq!((ends.len(), site.held().len()), (64, 63), "{ends:?}");
        let all = censor.refused() + site.pacs.counts().stores;
        let bound = 2 * u64::from(IMAGES.ilog2()) + 2;
        // One would have been enough for all of them without the bad one.
        assert!(all - 1 <= bound, "{all} requests for what would have been one");
        // Good parts first: the bad one is not tried once more before all others are there.
        assert!(site.pacs.counts().stores < all, "it was never refused");
    }
}

#[test]
fn a_limit_of_an_archive_is_met_once_and_kept_over_restarts() {
    let site = Site::new((2, 30, 20_000), |usual| usual);
    let too_large = Fault::TooLarge { above: 100_000, early: false };
    site.pacs.set_faults(Faults::default().with(Kind::Store, Which::All, too_large));
    let root = site.pacs.root();
    let refused = || site.pacs.log().iter().filter(|entry| entry.status == Some(413)).count();
    let source = site.source.path();
    let send = |study: &str| {
        let folder = source.join(study);
        let words = ["send", "--json", folder.to_str().unwrap(), "--to", &root];
        let ran = site.cli.run(&words).unwrap();
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    };
    send("ST0001");
    let met = refused();
    assert!(met > 0, "the limit was never met");
    send("ST0002");
    assert!(site.queue().is_empty());
    assert_eq!(refused(), met, "it was forgotten with the program");
    assert_eq!(site.held().len(), site.offered.len());
}
