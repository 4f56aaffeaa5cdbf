//! Files on a damaged place of their medium: put off to the end of their source, so that the rest of it is not held up,
//! then tried again a few times. A drive often gets at the second try what it did not get at the first.

use crate::examine::Report;
use relaypacs_model::Location;
use std::path::{Path, PathBuf};

/// How often a damaged place is tried again.
const TRIES: u32 = 3;
/// Files that are put off at most: a disc that cannot be read at all is not read four times.
const AT_MOST: usize = 10_000;

/// What was put off of one source.
#[derive(Default)]
pub(super) struct PutOff(Vec<PathBuf>);

impl PutOff {
    /// Keeps the file of a report that met a damaged place; gives every other back.
    pub(super) fn take(&mut self, report: Report) -> Option<Report> {
        match &report.location {
            Location::File(path) if is_bad(&report) && self.0.len() < AT_MOST => {
                self.0.push(path.clone());
                None
            }
            Location::File(_) | Location::Member { .. } => Some(report),
        }
    }

    /// Looks at each file again by `look`, and gives what came of it in the end.
    pub(super) fn look_again(
        &mut self,
        look: &mut impl FnMut(&Path, &mut dyn FnMut(Report)),
        out: &mut dyn FnMut(Report),
    ) {
        for path in std::mem::take(&mut self.0) {
            let mut last = None;
            for _ in 0..TRIES {
                let mut any = false;
                last = None;
                look(&path, &mut |report| {
                    if is_bad(&report) && matches!(report.location, Location::File(_)) {
                        last = Some(report);
                    } else {
                        any = true;
                        out(report);
                    }
                });
                // Of an archive that broke in the middle its members were given: not twice.
                if any || last.is_none() {
                    break;
                }
            }
            last.into_iter().for_each(&mut *out);
        }
    }
}

fn is_bad(report: &Report) -> bool {
    report.outcome.as_ref().is_err_and(|unfit| unfit.bad_place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Unfit;
    use relaypacs_model::SkipReason;
    use std::io;

    fn report(path: &Path, unfit: Unfit) -> Report {
        let location = Location::File(path.to_owned());
        Report { location, bytes: 1, modified: None, outcome: Err(unfit) }
    }

    fn bad_sector() -> Unfit {
        Unfit::from_io(&io::Error::from_raw_os_error(5))
    }

    /// What came of a file whose place gives an error so many times, and how often it was looked at.
    fn came_to(failures: u32) -> (SkipReason, u32) {
        let mut put_off = PutOff::default();
        assert!(put_off.take(report(Path::new("IM1"), bad_sector())).is_none());
        let (mut looks, mut came) = (0, Vec::new());
        let look = &mut |path: &Path, out: &mut dyn FnMut(Report)| {
            looks += 1;
            let good = Unfit::new(SkipReason::NotDicom, "read at last");
            out(report(path, if looks < failures { bad_sector() } else { good }));
        };
        put_off.look_again(look, &mut |report| came.push(report.outcome.unwrap_err().reason));
        assert_eq!(came.len(), 1, "a file has one end");
        (came[0], looks)
    }

    #[test]
    fn a_damaged_place_is_tried_three_times_more_and_then_named() {
        assert_eq!(came_to(1), (SkipReason::NotDicom, 1));
        assert_eq!(came_to(3), (SkipReason::NotDicom, 3));
        assert_eq!(came_to(99), (SkipReason::Unreadable, 3));
    }

    #[test]
    fn only_a_damaged_place_is_worth_another_try() {
        let mut put_off = PutOff::default();
        for kind in [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied] {
            let gone = Unfit::from_io(&kind.into());
            assert!(put_off.take(report(Path::new("IM1"), gone)).is_some());
        }
        let closed = Unfit::new(SkipReason::Unreadable, "a 7z archive");
        assert!(put_off.take(report(Path::new("IM1"), closed)).is_some());
    }

    #[test]
    fn a_disc_that_cannot_be_read_at_all_is_given_up_in_time() {
        let mut put_off = PutOff::default();
        let bad = || report(Path::new("IM1"), bad_sector());
        assert!((0..AT_MOST).all(|_| put_off.take(bad()).is_none()));
        assert!(put_off.take(bad()).is_some());
    }
}
