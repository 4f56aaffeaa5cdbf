//! What is known of an instance from its header: enough to send it, and enough for a person to recognise it.

use crate::{
    PatientText, SeriesInstanceUid, SopClassUid, SopInstanceUid, StudyInstanceUid,
    TransferSyntaxUid,
};

/// How the data set is written (PS3.5 section 7.1 and Annex A), as found, which may differ from what is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Implicit VR Little Endian.
    ImplicitLittle,
    /// Explicit VR Little Endian, native or encapsulated.
    ExplicitLittle,
    /// Explicit VR Big Endian (retired).
    ExplicitBig,
    /// Deflated Explicit VR Little Endian (PS3.5 A.5).
    Deflated,
}

/// The header of one instance. Text is decoded by Specific Character Set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// (0008,0016)
    pub sop_class_uid: SopClassUid,
    /// (0008,0018)
    pub sop_instance_uid: SopInstanceUid,
    /// (0020,000E)
    pub series_instance_uid: SeriesInstanceUid,
    /// (0020,000D)
    pub study_instance_uid: StudyInstanceUid,
    /// (0002,0010) where the file declares a valid one.
    pub transfer_syntax_uid: Option<TransferSyntaxUid>,
    /// How the data set really is written.
    pub encoding: Encoding,
    /// True where the file has preamble, `DICM` and file meta (PS3.10 section 7.1); false for a bare data set.
    pub part10: bool,
    /// Who it is about.
    pub patient: Patient,
    /// What the study says of itself.
    pub study: Study,
    /// What the series says of itself.
    pub series: Series,
    /// (0020,0013)
    pub instance_number: Option<i64>,
    /// (0028,0008)
    pub number_of_frames: Option<u32>,
    /// True where text could not be decoded as its Specific Character Set declares: the bytes are sent unchanged, but
    /// what is shown of the patient may be wrong.
    pub text_doubtful: bool,
}

/// The patient as the data set names them. PN keeps its component separators (`^`, `=`), without trailing ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Patient {
    /// (0010,0020)
    pub id: PatientText,
    /// (0010,0021)
    pub id_issuer: PatientText,
    /// (0010,0010)
    pub name: PatientText,
    /// (0010,0030), as written
    pub birth_date: PatientText,
    /// (0010,0040)
    pub sex: PatientText,
}

/// The study as a person would recognise it. Free text can name a patient, so all of it is [`PatientText`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Study {
    /// (0008,0020), as written
    pub date: PatientText,
    /// (0008,0030), as written
    pub time: PatientText,
    /// (0008,1030)
    pub description: PatientText,
    /// (0008,0080)
    pub institution: PatientText,
    /// (0008,0050)
    pub accession_number: PatientText,
    /// (0020,0010)
    pub id: PatientText,
}

/// The series as a person would recognise it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    /// (0008,0060); a code, never free text
    pub modality: String,
    /// (0020,0011)
    pub number: Option<i64>,
    /// (0008,103E)
    pub description: PatientText,
}
