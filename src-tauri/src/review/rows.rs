//! Rows of a review from rows of the queue: pure.

use crate::people;
use crate::view::{
    Patient, ReviewImage, ReviewSeries, ReviewStudy, SkipWord, Skipped, Warning, WarningKind,
};
use relaypacs_model::{Location, Outcome, Skip, SkipReason};
use relaypacs_relay::{HeldStudy, InstanceRow, Notable, Presence, SeriesRow};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// A study, without what needs more than its row.
pub(super) fn study(row: &HeldStudy, id: i64, patient: Patient) -> ReviewStudy {
    let study = &row.study.study;
    ReviewStudy {
        id,
        patient,
        modalities: row.modalities.clone(),
        description: study.description.reveal().to_owned(),
        date: study.date.reveal().to_owned(),
        time: study.time.reveal().to_owned(),
        institution: study.institution.reveal().to_owned(),
        accession: study.accession_number.reveal().to_owned(),
        series: row.series,
        images: row.found.instances,
        bytes: row.found.bytes,
        picture: None,
        warnings: Vec::new(),
        same_patient_as_previous: false,
    }
}

/// A patient, and a key that is equal for the same one.
pub(super) fn patient(patient: &relaypacs_model::Patient) -> Patient {
    let mut hasher = DefaultHasher::new();
    (&patient.id, &patient.id_issuer, &patient.name, &patient.birth_date).hash(&mut hasher);
    Patient {
        name: people::whole(&patient.name),
        id: patient.id.reveal().to_owned(),
        issuer: patient.id_issuer.reveal().to_owned(),
        birth_date: patient.birth_date.reveal().to_owned(),
        sex: patient.sex.reveal().to_owned(),
        key: format!("{:016x}", hasher.finish()),
    }
}

/// What a person should know of a study before it is sent.
pub(super) fn warnings(
    row: &HeldStudy,
    notable: &[(Notable, u64)],
    presence: Option<Presence>,
) -> Vec<Warning> {
    let warn = |kind, count, of| Warning { kind, count, of };
    let mut warnings = Vec::new();
    if let Some(Presence { there, of, .. }) = presence.filter(|presence| presence.there > 0) {
        let kind = if there >= of { WarningKind::AlreadyThere } else { WarningKind::PartlyThere };
        warnings.push(warn(kind, there, Some(of)));
    }
    warnings.extend(odd(notable));
    if row.queued_already > 0 {
        warnings.push(warn(
            WarningKind::QueuedAlready,
            row.queued_already,
            Some(row.found.instances),
        ));
    }
    warnings
}

/// What is odd about a study or a series.
fn odd(notable: &[(Notable, u64)]) -> impl Iterator<Item = Warning> {
    let warning = |(what, count): &(Notable, u64)| {
        Some(Warning { kind: kind_of(*what)?, count: *count, of: None })
    };
    notable.iter().filter_map(warning)
}

fn kind_of(what: Notable) -> Option<WarningKind> {
    Some(match what {
        Notable::MixedIdentity => WarningKind::MixedIdentity,
        Notable::NoPatientId => WarningKind::NoPatientId,
        Notable::TextDoubtful => WarningKind::TextDoubtful,
        Notable::Skipped(reason) => match reason {
            SkipReason::Damaged => WarningKind::Damaged,
            SkipReason::Unreadable => WarningKind::Unreadable,
            SkipReason::Duplicate => WarningKind::Duplicate,
            SkipReason::Conflict => WarningKind::Conflict,
            SkipReason::NotDicom
            | SkipReason::Dicomdir
            | SkipReason::Empty
            | SkipReason::NoUid
            | SkipReason::EncryptedArchive
            | SkipReason::UnsafeArchive
            | SkipReason::TooLarge
            | SkipReason::Link => return None,
        },
    })
}

/// A series.
pub(super) fn series(
    row: &SeriesRow,
    notable: &[(Notable, u64)],
    uid: String,
    picture: Option<String>,
) -> ReviewSeries {
    ReviewSeries {
        uid,
        number: number(row.number),
        modality: row.modality.clone(),
        description: row.description.reveal().to_owned(),
        images: row.found.instances,
        bytes: row.found.bytes,
        picture,
        warnings: odd(notable).collect(),
    }
}

/// An instance.
pub(super) fn image(row: &InstanceRow, picture: String) -> ReviewImage {
    ReviewImage {
        picture,
        number: number(row.number),
        frames: row.number_of_frames.unwrap_or(1).max(1),
        bytes: row.bytes,
        // It and another one of the source have one identity: neither is sent.
        warning: (row.outcome() == Outcome::Conflict).then_some(Warning {
            kind: WarningKind::Conflict,
            count: 1,
            of: None,
        }),
    }
}

fn number(number: Option<i64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// A file that will not be sent.
pub(super) fn skipped(skip: &Skip, sources: &[PathBuf]) -> Skipped {
    Skipped {
        path: below(&skip.location, sources),
        reason: SkipWord(skip.reason),
        detail: skip.detail.clone(),
        bytes: skip.bytes,
    }
}

/// Where something is, from the source down: what lies above it says nothing to the person who chose it.
fn below(location: &Location, sources: &[PathBuf]) -> String {
    let file = location.file();
    let shown = sources
        .iter()
        .find_map(|source| file.strip_prefix(source).ok())
        .filter(|rest| !rest.as_os_str().is_empty())
        .or_else(|| file.file_name().map(Path::new))
        .unwrap_or(file)
        .to_string_lossy()
        .into_owned();
    match location {
        Location::File(_) => shown,
        Location::Member { steps, .. } => {
            let members: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
            format!("{shown}!{}", members.join("!"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::{PatientText, SeriesInstanceUid};
    use relaypacs_relay::Tally;

    #[test]
    fn what_is_odd_about_a_series_is_its_warning_and_what_is_plain_is_none() {
        let notable = [
            (Notable::Skipped(SkipReason::Damaged), 3),
            (Notable::Skipped(SkipReason::Link), 1),
            (Notable::MixedIdentity, 2),
        ];
        let row = SeriesRow {
            uid: SeriesInstanceUid::parse("1.2.3").unwrap(),
            number: Some(4),
            description: PatientText::new(""),
            modality: "CT".into(),
            found: Tally::default(),
            picture: None,
        };
        let shown = series(&row, &notable, String::new(), None);
        let kinds: Vec<_> = shown.warnings.iter().map(|one| (one.kind, one.count)).collect();
        assert_eq!(kinds, [(WarningKind::Damaged, 3), (WarningKind::MixedIdentity, 2)]);
    }

    #[test]
    fn a_path_is_shown_from_the_source_down() {
        let sources = [PathBuf::from("/media/cd")];
        let file = Location::File("/media/cd/VIEWER/RUN.EXE".into());
        assert_eq!(below(&file, &sources), "VIEWER/RUN.EXE");
        let itself = Location::File("/media/cd".into());
        assert_eq!(below(&itself, &sources), "cd");
    }
}
