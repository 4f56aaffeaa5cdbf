//! The header of one instance: preamble, file meta, data set, walked once to the end, and judged: can an archive take
//! it whole?

use crate::bytes::{Bound, Bytes, Seeking, Stream, Window};
use crate::charset::Decoder;
use crate::element::{Tag, Way};
use crate::meta::{self, Meta};
use crate::sniff::{self, Kind};
use crate::walker::{self, Bounds, Pixels, Stop, Visitor};
use crate::{Cancel, Limits, deflated};
use relaypacs_model::{
    Encoding, Header, Patient, PatientText, Series, SeriesInstanceUid, SkipReason, SopClassUid,
    SopInstanceUid, Study, StudyInstanceUid, TransferSyntaxUid,
};
use std::io::{self, Read, Seek};

/// Why bytes are not an instance that can be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfit {
    /// The word of the contract.
    pub reason: SkipReason,
    /// What is wrong, without patient data.
    pub detail: String,
    /// The header, where it could be read all the same.
    pub header: Option<Box<Header>>,
    /// True where the medium gave an error in place of the bytes: another try may get them.
    pub bad_place: bool,
}

impl Unfit {
    pub(crate) fn new(reason: SkipReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), header: None, bad_place: false }
    }

    /// What an error of reading says of a file.
    pub(crate) fn from_io(error: &io::Error) -> Self {
        const BROKEN: [io::ErrorKind; 3] =
            [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput, io::ErrorKind::UnexpectedEof];
        let reason = match Bound::of(error) {
            Some(Bound::Expands) => SkipReason::TooLarge,
            Some(Bound::Bomb | Bound::LargerThanDeclared) => SkipReason::UnsafeArchive,
            Some(Bound::Checksum | Bound::Corrupt) => SkipReason::Damaged,
            Some(Bound::Cancelled) => SkipReason::Unreadable,
            None if error.raw_os_error().is_some() => SkipReason::Unreadable,
            // Decoders report broken input so, without a number of the operating system.
            None if BROKEN.contains(&error.kind()) => {
                return Self::from_io(&Bound::Corrupt.error());
            }
            None => SkipReason::Unreadable,
        };
        let detail = match Bound::of(error) {
            Some(bound) => bound.to_string(),
            None => format!("it cannot be read: {}", error.kind()),
        };
        let denied = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied];
        let bad_place = error.raw_os_error().is_some() && !denied.contains(&error.kind());
        Self { bad_place, ..Self::new(reason, detail) }
    }
}

/// Reads the header of one file from anything seekable that has `bytes` bytes.
///
/// # Errors
/// [`Unfit`] says why the bytes are not an instance that can be sent whole, with the header where it could be read.
pub fn read_header(source: &mut (impl Read + Seek), bytes: u64) -> Result<Header, Unfit> {
    let (cancel, mut buffer) = (Cancel::new(), Vec::new());
    let mut window = Window::new(Seeking(source), bytes, &mut buffer, &cancel);
    let kind = sniff::kind(&mut window).map_err(|error| Unfit::from_io(&error))?;
    read(&mut window, kind, &Limits::default(), &cancel, &mut Fields::default())
}

/// Reads the header of a source whose `kind` is known. `fields` is scratch space.
pub(crate) fn read<S: Bytes>(
    source: &mut S,
    kind: Kind,
    limits: &Limits,
    cancel: &Cancel,
    fields: &mut Fields,
) -> Result<Header, Unfit> {
    fields.clear();
    let meta = match kind {
        Kind::Part10 => meta::read(source, 132),
        Kind::BareMeta => meta::read(source, 0),
        Kind::Bare(_) => Ok(Meta::default()),
        Kind::Archive(_) | Kind::Closed(_) | Kind::Other => {
            return Err(Unfit::new(SkipReason::NotDicom, "not DICOM"));
        }
    };
    let meta = match meta {
        Ok(meta) => meta,
        Err(Stop::Io(error)) => return Err(Unfit::from_io(&error)),
        Err(Stop::Damage(what)) => return Err(Unfit::new(SkipReason::Damaged, what)),
    };
    if meta.sop_class == DIRECTORY {
        return Err(Unfit::new(SkipReason::Dicomdir, "an index of files (DICOMDIR)"));
    }
    let (encoding, outcome) = data_set(source, &meta, limits, cancel, fields);
    judge(kind, &meta, encoding, outcome, fields)
}

/// Media Storage Directory Storage (PS3.4 table B.5-1)
pub(crate) const DIRECTORY: &str = "1.2.840.10008.1.3.10";
const MISMATCH: Stop = Stop::Damage("its data set is not written as its transfer syntax says");

/// Walks the data set in the way it is really written.
pub(crate) fn data_set<S: Bytes, V: Visitor>(
    source: &mut S,
    meta: &Meta,
    limits: &Limits,
    cancel: &Cancel,
    visitor: &mut V,
) -> (Encoding, Result<(), Stop>) {
    let (declared, pixels) = declared(&meta.transfer_syntax);
    let left = source.size().map_or(u64::MAX, |size| size.saturating_sub(meta.end));
    let found = match source.peek(meta.end, 4096) {
        Ok([]) => {
            let none = "it has file meta information and no data set";
            return (Encoding::ExplicitLittle, Err(Stop::Damage(none)));
        }
        Ok(bytes) => sniff::way(bytes, left),
        Err(error) => return (Encoding::ExplicitLittle, Err(Stop::Io(error))),
    };
    let bounds = Bounds { elements: limits.elements, depth: limits.sequence_depth };
    if declared == Declared::Deflated && found.is_none() {
        let mut plain = Stream::new(deflated::inflate(source, meta.end, limits), None, cancel);
        let way = Way::ExplicitLittle;
        let outcome = walker::walk(&mut plain, 0, way, pixels, bounds, visitor);
        return (Encoding::Deflated, outcome);
    }
    let way = match (found, declared) {
        (Some(found), _) => found,
        (None, Declared::Way(way)) => way,
        (None, Declared::Deflated | Declared::Nothing) => Way::ExplicitLittle,
    };
    let agrees = declared == Declared::Nothing || declared == Declared::Way(way);
    let walked = walker::walk(source, meta.end, way, pixels, bounds, visitor);
    let outcome = if agrees { walked } else { walked.and(Err(MISMATCH)) };
    let encoding = match way {
        Way::ImplicitLittle => Encoding::ImplicitLittle,
        Way::ExplicitLittle => Encoding::ExplicitLittle,
        Way::ExplicitBig => Encoding::ExplicitBig,
    };
    (encoding, outcome)
}

#[derive(Clone, Copy, PartialEq)]
enum Declared {
    Way(Way),
    Deflated,
    Nothing,
}

/// What a transfer syntax says of data set and pixels (PS3.5 Annex A, PS3.6 table A-1).
fn declared(transfer_syntax: &str) -> (Declared, Pixels) {
    let native = |way| (Declared::Way(way), Pixels::Native);
    let Some(rest) = transfer_syntax.strip_prefix("1.2.840.10008.1.2") else {
        return (Declared::Nothing, Pixels::Either);
    };
    match rest {
        "" => native(Way::ImplicitLittle),
        ".1" => native(Way::ExplicitLittle),
        ".2" => native(Way::ExplicitBig),
        ".1.99" => (Declared::Deflated, Pixels::Native),
        // JPIP: the pixels are elsewhere.
        ".4.94" | ".4.204" => (Declared::Way(Way::ExplicitLittle), Pixels::Either),
        ".4.95" | ".4.205" => (Declared::Deflated, Pixels::Either),
        ".5" | ".1.98" | ".8.1" => (Declared::Way(Way::ExplicitLittle), Pixels::Encapsulated),
        _ if rest.starts_with(".4.") => (Declared::Way(Way::ExplicitLittle), Pixels::Encapsulated),
        _ => (Declared::Nothing, Pixels::Either),
    }
}

fn judge(
    kind: Kind,
    meta: &Meta,
    encoding: Encoding,
    outcome: Result<(), Stop>,
    fields: &Fields,
) -> Result<Header, Unfit> {
    if fields.directory || fields.latin(Field::SopClass) == DIRECTORY {
        return Err(Unfit::new(SkipReason::Dicomdir, "an index of files (DICOMDIR)"));
    }
    let header = fields.header(kind == Kind::Part10, meta, encoding);
    let mut unfit = match (outcome, header) {
        (Ok(()), Ok(header)) => return Ok(header),
        (Ok(()), Err(missing)) => return Err(Unfit::new(SkipReason::NoUid, missing)),
        (Err(Stop::Io(error)), header) => {
            Unfit { header: header.ok().map(Box::new), ..Unfit::from_io(&error) }
        }
        (Err(Stop::Damage(what)), header) => {
            Unfit { header: header.ok().map(Box::new), ..Unfit::new(SkipReason::Damaged, what) }
        }
    };
    if unfit.reason != SkipReason::Damaged {
        unfit.header = None;
    }
    Err(unfit)
}

macro_rules! fields {
    ($($name:ident = $tag:literal,)*) => {
        /// The elements that a header is made of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Field { $($name,)* }

        impl Field {
            const COUNT: usize = [$($tag,)*].len();

            fn of(tag: Tag) -> Option<Self> {
                match tag.0 {
                    $($tag => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    CharacterSet = 0x0008_0005,
    SopClass = 0x0008_0016,
    SopInstance = 0x0008_0018,
    StudyDate = 0x0008_0020,
    StudyTime = 0x0008_0030,
    AccessionNumber = 0x0008_0050,
    Modality = 0x0008_0060,
    InstitutionName = 0x0008_0080,
    StudyDescription = 0x0008_1030,
    SeriesDescription = 0x0008_103E,
    PatientName = 0x0010_0010,
    PatientId = 0x0010_0020,
    IssuerOfPatientId = 0x0010_0021,
    PatientBirthDate = 0x0010_0030,
    PatientSex = 0x0010_0040,
    StudyInstance = 0x0020_000D,
    SeriesInstance = 0x0020_000E,
    StudyId = 0x0020_0010,
    SeriesNumber = 0x0020_0011,
    InstanceNumber = 0x0020_0013,
    NumberOfFrames = 0x0028_0008,
}

/// The raw values of the wanted elements of one data set. Of an element that is there twice, the last counts.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    spans: [(u32, u32); Field::COUNT],
    directory: bool,
}

impl Visitor for Fields {
    #[inline]
    fn wants(&mut self, tag: Tag, depth: usize) -> bool {
        depth == 0 && tag.group() <= 0x28 && Field::of(tag).is_some()
    }

    fn value(&mut self, tag: Tag, bytes: &[u8]) {
        let Some(span) = Field::of(tag).and_then(|field| self.spans.get_mut(field as usize)) else {
            return;
        };
        // A file that repeats an element for ever must not fill the memory.
        if self.bytes.len() > 1 << 20 {
            return;
        }
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        *span = (start, self.bytes.len() as u32);
    }

    fn item(&mut self, tag: Tag, depth: usize) {
        // (0004,1220) Directory Record Sequence
        self.directory |= depth == 1 && tag == Tag(0x0004_1220);
    }
}

impl Fields {
    fn clear(&mut self) {
        self.bytes.clear();
        self.spans = Default::default();
        self.directory = false;
    }

    fn raw(&self, field: Field) -> &[u8] {
        let (start, end) = self.spans.get(field as usize).copied().unwrap_or_default();
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    /// A value of a VR that has only characters of ISO 646, without padding.
    fn latin(&self, field: Field) -> &str {
        std::str::from_utf8(self.raw(field)).unwrap_or_default().trim_matches(['\0', ' '])
    }

    fn number<N: std::str::FromStr>(&self, field: Field) -> Option<N> {
        self.latin(field).parse().ok()
    }

    fn modality(&self) -> String {
        let code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == ' ';
        let text = self.latin(Field::Modality);
        if text.len() <= 16 && text.chars().all(code) { text.to_owned() } else { String::new() }
    }

    /// The header, or which UID it lacks.
    fn header(
        &self,
        part10: bool,
        meta: &Meta,
        encoding: Encoding,
    ) -> Result<Header, &'static str> {
        let sop_class_uid = SopClassUid::parse(self.latin(Field::SopClass))
            .map_err(|_| "it has no valid SOP Class UID")?;
        let sop_instance_uid = SopInstanceUid::parse(self.latin(Field::SopInstance))
            .map_err(|_| "it has no valid SOP Instance UID")?;
        let study_instance_uid = StudyInstanceUid::parse(self.latin(Field::StudyInstance))
            .map_err(|_| "it has no valid Study Instance UID")?;
        let series_instance_uid = SeriesInstanceUid::parse(self.latin(Field::SeriesInstance))
            .map_err(|_| "it has no valid Series Instance UID")?;
        let mut texts = Texts { fields: self, doubtful: false, decoder: self.decoder() };
        Ok(Header {
            sop_class_uid,
            sop_instance_uid,
            series_instance_uid,
            study_instance_uid,
            transfer_syntax_uid: TransferSyntaxUid::parse(&meta.transfer_syntax).ok(),
            encoding,
            part10,
            patient: texts.patient(),
            study: texts.study(),
            series: Series {
                modality: self.modality(),
                number: self.number(Field::SeriesNumber),
                description: texts.text(Field::SeriesDescription),
            },
            instance_number: self.number(Field::InstanceNumber),
            number_of_frames: self.number(Field::NumberOfFrames),
            text_doubtful: texts.doubtful,
        })
    }

    fn decoder(&self) -> Decoder {
        Decoder::new(Some(self.raw(Field::CharacterSet)))
    }
}

struct Texts<'a> {
    fields: &'a Fields,
    decoder: Decoder,
    doubtful: bool,
}

impl Texts<'_> {
    fn text(&mut self, field: Field) -> PatientText {
        let name = field == Field::PatientName;
        let decoded = self.decoder.text(self.fields.raw(field), name);
        self.doubtful |= decoded.doubtful;
        let bare = decoded.text.trim_matches(['\0', ' ']);
        let bare = if name { bare.trim_end_matches(['^', '=', ' ', '\0']) } else { bare };
        PatientText::new(bare)
    }

    fn patient(&mut self) -> Patient {
        Patient {
            id: self.text(Field::PatientId),
            id_issuer: self.text(Field::IssuerOfPatientId),
            name: self.text(Field::PatientName),
            birth_date: self.text(Field::PatientBirthDate),
            sex: self.text(Field::PatientSex),
        }
    }

    fn study(&mut self) -> Study {
        Study {
            date: self.text(Field::StudyDate),
            time: self.text(Field::StudyTime),
            description: self.text(Field::StudyDescription),
            institution: self.text(Field::InstitutionName),
            accession_number: self.text(Field::AccessionNumber),
            id: self.text(Field::StudyId),
        }
    }
}
