//! Settling: is an instance new, or the same as, or in conflict with, one listed before?

use crate::compare::{self, Fault};
use crate::examine::Report;
use crate::header::{Fields, Unfit};
use crate::open::Opener;
use crate::seen_before::{Ordinal, SeenBefore, Variant};
use crate::{Cancel, Options, examine, index_check, sniff};
use relaypacs_model::{Found, Header, IndexReport, Location, Seen, Skip, SkipReason};
use std::io;

/// DICOMDIRs of one source that are held against the disc.
const INDEXES: usize = 10_000;

pub(super) struct Settling<'a> {
    options: &'a Options,
    cancel: &'a Cancel,
    opener: Opener,
    seen: SeenBefore,
    /// Where the instances of the present source begin.
    source: Ordinal,
    indexes: Vec<Location>,
    fields: Fields,
}

/// What an instance is to those listed before.
enum Kin {
    New(u64),
    Same(Location),
    Differs(Location, &'static str),
    Unreadable(io::Error),
}

impl<'a> Settling<'a> {
    pub(super) fn new(options: &'a Options, cancel: &'a Cancel) -> Self {
        Self {
            options,
            cancel,
            opener: Opener::until(cancel),
            seen: SeenBefore::default(),
            source: 0,
            indexes: Vec::new(),
            fields: Fields::default(),
        }
    }

    pub(super) fn settle(&mut self, report: Report) -> Seen {
        let Report { location, bytes, modified, outcome } = report;
        let (header, damage) =
            match outcome {
                Ok(header) => (header, None),
                Err(Unfit {
                    reason: SkipReason::Damaged, detail, header: Some(header), ..
                }) if self.options.include_damaged => (*header, Some(detail)),
                Err(Unfit { reason, detail, header, .. }) => {
                    if reason == SkipReason::Dicomdir && self.indexes.len() < INDEXES {
                        self.indexes.push(location.clone());
                    }
                    return Seen::Skipped(Skip {
                        location,
                        bytes,
                        reason,
                        detail,
                        earlier: None,
                        header,
                    });
                }
            };
        let (reason, detail, earlier) = match self.kin(&header, &location) {
            Kin::New(fingerprint) => {
                self.seen.insert(fingerprint, &location);
                let found = Found { location, bytes, modified, header, damage };
                return Seen::Instance(Box::new(found));
            }
            Kin::Same(earlier) => (
                SkipReason::Duplicate,
                "the same bytes as an instance listed before",
                Some(earlier),
            ),
            Kin::Differs(earlier, how) => (SkipReason::Conflict, how, Some(earlier)),
            Kin::Unreadable(error) => {
                let Unfit { reason, detail, .. } = Unfit::from_io(&error);
                let header = None;
                return Seen::Skipped(Skip {
                    location,
                    bytes,
                    reason,
                    detail,
                    earlier: None,
                    header,
                });
            }
        };
        let header = Some(Box::new(header));
        Seen::Skipped(Skip { location, bytes, reason, detail: detail.into(), earlier, header })
    }

    /// The reports on the DICOMDIRs of the source that was just walked.
    pub(super) fn source_ends(&mut self) -> Vec<IndexReport> {
        let of_source = self.source..self.seen.len();
        self.source = self.seen.len();
        let indexes = std::mem::take(&mut self.indexes);
        let Self { options, cancel, opener, seen, .. } = &*self;
        let check = |index| {
            index_check::check(index, opener, seen, of_source.clone(), &options.limits, cancel)
        };
        indexes.into_iter().map(check).collect()
    }

    fn kin(&mut self, header: &Header, location: &Location) -> Kin {
        let fingerprint = self.seen.fingerprint(&header.sop_instance_uid);
        for ordinal in self.seen.candidates(fingerprint) {
            let Some(earlier) = self.seen.location(ordinal) else { continue };
            // Two UIDs may share a fingerprint; only what cannot be read again is taken at its word.
            let uid = self.uid_at(&earlier);
            if uid.is_some_and(|uid| uid != header.sop_instance_uid) {
                continue;
            }
            return self.twin(ordinal, earlier, location);
        }
        Kin::New(fingerprint)
    }

    fn uid_at(&mut self, location: &Location) -> Option<relaypacs_model::SopInstanceUid> {
        let opened = self.opener.open(location).ok()?;
        let size = Some(opened.bytes);
        let mut stream = crate::bytes::Stream::new(opened.reader, size, self.cancel);
        let kind = sniff::kind(&mut stream).ok()?;
        let (limits, cancel) = (&self.options.limits, self.cancel);
        match examine::read(&mut stream, kind, limits, cancel, &mut self.fields).ok()? {
            Ok(header) => Some(header.sop_instance_uid),
            Err(unfit) => unfit.header.map(|header| header.sop_instance_uid),
        }
    }

    /// Compares with every different file that has this UID: by digest first, so that many of them stay cheap.
    fn twin(&mut self, ordinal: Ordinal, first: Location, location: &Location) -> Kin {
        const OTHER: &str = "other bytes under a SOP Instance UID listed before";
        const LOST: &str = "the instance listed before under this UID can no longer be read";
        if self.seen.variants(ordinal).is_empty() {
            match compare::same(&self.opener, &first, location, self.cancel) {
                Ok(true) => return Kin::Same(first),
                Ok(false) => {}
                Err(Fault::Earlier) => return Kin::Differs(first, LOST),
                Err(Fault::Later(error)) => return Kin::Unreadable(error),
            }
            match self.variant(&first) {
                Ok(variant) => self.seen.variants(ordinal).push(variant),
                Err(_) => return Kin::Differs(first, LOST),
            }
        }
        let new = match self.variant(location) {
            Ok(variant) => variant,
            Err(error) => return Kin::Unreadable(error),
        };
        let alike: Vec<Location> = self
            .seen
            .variants(ordinal)
            .iter()
            .filter(|known| (known.bytes, known.digest) == (new.bytes, new.digest))
            .map(|known| known.location.clone())
            .collect();
        for known in alike {
            match compare::same(&self.opener, &known, location, self.cancel) {
                Ok(true) => return Kin::Same(known),
                Ok(false) => {}
                Err(Fault::Earlier) => return Kin::Differs(first, LOST),
                Err(Fault::Later(error)) => return Kin::Unreadable(error),
            }
        }
        self.seen.variants(ordinal).push(new);
        Kin::Differs(first, OTHER)
    }

    fn variant(&self, location: &Location) -> io::Result<Variant> {
        let hasher = self.seen.hasher();
        let (bytes, digest) = compare::digest(&self.opener, location, hasher, self.cancel)?;
        Ok(Variant { bytes, digest, location: location.clone() })
    }
}

#[cfg(test)]
mod tests;
