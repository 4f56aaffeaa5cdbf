//! What a person should know of a source before it is sent, beside its instances: what was skipped, and what is odd
//! about a study. Kept in memory while a source is reviewed, bounded, and nowhere else.

use relaypacs_model::{
    Header, Patient, Seen, SeriesInstanceUid, Skip, SkipReason, StudyInstanceUid,
};
use std::collections::{BTreeMap, HashMap};

/// How many skipped files are kept to be listed; the counts know all of them.
const LISTED: usize = 10_000;
/// How many studies are watched for mixed identities and odd files.
const WATCHED: usize = 100_000;
/// How many odd series are told apart.
const WATCHED_SERIES: usize = 10_000;

/// Something odd about a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Notable {
    /// Files that were skipped for a reason, though their header names this study.
    Skipped(SkipReason),
    /// Instances that name another patient than the first one of the study.
    MixedIdentity,
    /// Instances without a Patient ID.
    NoPatientId,
    /// Instances whose text could not be read as its character set declares.
    TextDoubtful,
}

/// What was found besides instances.
#[derive(Debug, Default)]
pub struct Findings {
    skips: Vec<Skip>,
    skipped: BTreeMap<SkipReason, u64>,
    listed_missing: Vec<String>,
    listed_missing_total: u64,
    unlisted: u64,
    studies: HashMap<StudyInstanceUid, Watched>,
    series: HashMap<(StudyInstanceUid, SeriesInstanceUid), BTreeMap<Notable, u64>>,
}

#[derive(Debug)]
struct Watched {
    patient: Patient,
    notable: BTreeMap<Notable, u64>,
}

impl Findings {
    /// Takes a look at one thing that a scan came upon.
    pub(crate) fn add(&mut self, seen: &Seen) {
        match seen {
            Seen::Instance(found) => self.instance(&found.header),
            Seen::Skipped(skip) => self.skip(skip),
            Seen::Index(report) => {
                self.listed_missing.extend(report.listed_missing.iter().cloned());
                self.listed_missing.truncate(LISTED);
                self.listed_missing_total += report.listed_missing_total;
                self.unlisted += report.unlisted;
            }
        }
    }

    /// Skipped files, the first ones of them, from `offset` on.
    #[must_use]
    pub fn skips(&self, offset: usize, limit: usize) -> &[Skip] {
        let from = offset.min(self.skips.len());
        let to = from.saturating_add(limit).min(self.skips.len());
        self.skips.get(from..to).unwrap_or_default()
    }

    /// How many files were skipped, by reason.
    #[must_use]
    pub fn skipped(&self) -> &BTreeMap<SkipReason, u64> {
        &self.skipped
    }

    /// How many of the skipped files can be listed.
    #[must_use]
    pub fn listed(&self) -> usize {
        self.skips.len()
    }

    /// Files that a DICOMDIR lists and the source lacks: the first ones, and how many in all.
    #[must_use]
    pub fn listed_missing(&self) -> (&[String], u64) {
        (&self.listed_missing, self.listed_missing_total)
    }

    /// Instances that lie beside a DICOMDIR which does not list them.
    #[must_use]
    pub fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// What is odd about a study, and how often.
    #[must_use]
    pub fn of_study(&self, study: &StudyInstanceUid) -> Vec<(Notable, u64)> {
        let watched = self.studies.get(study);
        watched.map_or_else(Vec::new, |it| it.notable.iter().map(|(a, b)| (*a, *b)).collect())
    }

    /// What is odd about a series, and how often.
    #[must_use]
    pub fn of_series(
        &self,
        study: &StudyInstanceUid,
        series: &SeriesInstanceUid,
    ) -> Vec<(Notable, u64)> {
        let notable = self.series.get(&(study.clone(), series.clone()));
        notable.map_or_else(Vec::new, |it| it.iter().map(|(a, b)| (*a, *b)).collect())
    }

    fn instance(&mut self, header: &Header) {
        let Some(watched) = self.watched(header) else { return };
        if !same_person(&watched.patient, &header.patient) {
            self.note(header, Notable::MixedIdentity);
        }
        if header.patient.id.reveal().trim().is_empty() {
            self.note(header, Notable::NoPatientId);
        }
        if header.text_doubtful {
            self.note(header, Notable::TextDoubtful);
        }
    }

    fn skip(&mut self, skip: &Skip) {
        *self.skipped.entry(skip.reason).or_default() += 1;
        if let Some(header) = &skip.header {
            self.note(header, Notable::Skipped(skip.reason));
        }
        if self.skips.len() < LISTED {
            self.skips.push(Skip { header: None, ..skip.clone() });
        }
    }

    fn note(&mut self, header: &Header, what: Notable) {
        let Some(watched) = self.watched(header) else { return };
        *watched.notable.entry(what).or_default() += 1;
        let key = (header.study_instance_uid.clone(), header.series_instance_uid.clone());
        if self.series.len() < WATCHED_SERIES || self.series.contains_key(&key) {
            *self.series.entry(key).or_default().entry(what).or_default() += 1;
        }
    }

    fn watched(&mut self, header: &Header) -> Option<&mut Watched> {
        let study = &header.study_instance_uid;
        if !self.studies.contains_key(study) && self.studies.len() >= WATCHED {
            return None;
        }
        let fresh = || Watched { patient: header.patient.clone(), notable: BTreeMap::new() };
        Some(self.studies.entry(study.clone()).or_insert_with(fresh))
    }
}

/// Two headers name one person where ID, issuer, name and birth date are alike; an empty value contradicts nothing.
fn same_person(one: &Patient, other: &Patient) -> bool {
    let alike = |a: &str, b: &str| {
        let (a, b) = (a.trim().trim_end_matches('^'), b.trim().trim_end_matches('^'));
        a.is_empty() || b.is_empty() || a.eq_ignore_ascii_case(b)
    };
    [
        (&one.id, &other.id),
        (&one.id_issuer, &other.id_issuer),
        (&one.name, &other.name),
        (&one.birth_date, &other.birth_date),
    ]
    .into_iter()
    .all(|(a, b)| alike(a.reveal(), b.reveal()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::{
        Encoding, Location, PatientText, Series, SopClassUid, SopInstanceUid, Study,
    };

    fn person(id: &str, name: &str) -> Patient {
        Patient { id: PatientText::new(id), name: PatientText::new(name), ..Patient::default() }
    }

    fn header(series: &str, patient: Patient) -> Header {
        Header {
            sop_class_uid: SopClassUid::parse("1.2.840.10008.5.1.4.1.1.2").unwrap(),
            sop_instance_uid: SopInstanceUid::parse("1.2.3.4").unwrap(),
            series_instance_uid: SeriesInstanceUid::parse(series).unwrap(),
            study_instance_uid: StudyInstanceUid::parse("1.2").unwrap(),
            transfer_syntax_uid: None,
            encoding: Encoding::ImplicitLittle,
            part10: false,
            patient,
            study: Study::default(),
            series: Series::default(),
            instance_number: None,
            number_of_frames: None,
            text_doubtful: false,
        }
    }

    #[test]
    fn what_is_odd_is_told_of_the_series_that_it_is_in() {
        let mut findings = Findings::default();
        findings.instance(&header("1.2.1", person("1", "DOE^JANE")));
        findings.instance(&header("1.2.2", person("2", "ROE^MARY")));
        findings.skip(&Skip {
            location: Location::File("/disc/I3".into()),
            bytes: 7,
            reason: SkipReason::Damaged,
            detail: String::new(),
            earlier: None,
            header: Some(Box::new(header("1.2.1", person("1", "DOE^JANE")))),
        });
        let study = StudyInstanceUid::parse("1.2").unwrap();
        let of = |series| findings.of_series(&study, &SeriesInstanceUid::parse(series).unwrap());
        assert_eq!(of("1.2.1"), [(Notable::Skipped(SkipReason::Damaged), 1)]);
        assert_eq!(of("1.2.2"), [(Notable::MixedIdentity, 1)]);
        assert!(of("1.2.3").is_empty());
        assert_eq!(findings.of_study(&study).len(), 2);
    }

    #[test]
    fn a_person_written_with_more_or_fewer_separators_is_the_same_and_another_id_is_not() {
        assert!(same_person(&person("1", "DOE^JANE"), &person("1", "Doe^Jane^^^")));
        assert!(same_person(&person("1", "DOE^JANE"), &person("", "DOE^JANE")));
        assert!(!same_person(&person("1", "DOE^JANE"), &person("2", "DOE^JANE")));
        assert!(!same_person(&person("1", "DOE^JANE"), &person("1", "DOE^^JANE")));
    }
}
