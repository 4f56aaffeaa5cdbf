//! Data elements on the wire (PS3.5 section 7): tag, VR, length. Nothing here reads a value.

/// A tag: group in the upper 16 bits, element in the lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tag(pub(crate) u32);

impl Tag {
    pub(crate) const PIXEL_DATA: Self = Self(0x7FE0_0010);
    pub(crate) const ITEM: Self = Self(0xFFFE_E000);
    pub(crate) const ITEM_END: Self = Self(0xFFFE_E00D);
    pub(crate) const SEQUENCE_END: Self = Self(0xFFFE_E0DD);

    pub(crate) fn group(self) -> u32 {
        self.0 >> 16
    }
}

/// The length that says "until the delimiter" (PS3.5 section 7.1.1).
pub(crate) const UNDEFINED: u32 = u32::MAX;

/// How elements are written (PS3.5 Annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

impl Way {
    #[inline]
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::ImplicitLittle | Self::ExplicitLittle => u16::from_le_bytes(bytes),
            Self::ExplicitBig => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::ImplicitLittle | Self::ExplicitLittle => u32::from_le_bytes(bytes),
            Self::ExplicitBig => u32::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(crate) fn tag(self, bytes: [u8; 4]) -> Tag {
        let [a, b, c, d] = bytes;
        Tag((u32::from(self.u16([a, b])) << 16) | u32::from(self.u16([c, d])))
    }
}

/// The front of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Front {
    pub(crate) tag: Tag,
    /// Zero bytes where the way has no VR.
    pub(crate) vr: [u8; 2],
    pub(crate) length: u32,
    /// How many bytes the front itself has: 8 or 12.
    pub(crate) size: u8,
    /// False for a VR that PS3.5 section 6.2 does not list.
    pub(crate) known: bool,
}

/// Why bytes are not the front of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoFront {
    /// Fewer bytes than a front has.
    Short,
    /// No VR, and none that the field is known to write in place of one.
    Vr,
}

/// Reads the front of an element from up to 20 bytes: 12 of its own, 8 to tell the two forms of an unknown VR apart.
#[inline]
pub(crate) fn front(bytes: &[u8], way: Way) -> Result<Front, NoFront> {
    let (head, rest) = bytes.split_first_chunk::<8>().ok_or(NoFront::Short)?;
    let [a, b, c, d, v, w, x, y] = *head;
    let tag = way.tag([a, b, c, d]);
    let long = || rest.first_chunk::<4>().map(|four| way.u32(*four)).ok_or(NoFront::Short);
    // Items and delimiters have no VR in any way of writing (PS3.5 section 7.5).
    if way == Way::ImplicitLittle || tag.group() == 0xFFFE {
        let length = way.u32([v, w, x, y]);
        return Ok(Front { tag, vr: [0, 0], length, size: 8, known: true });
    }
    let vr = [v, w];
    let short = u32::from(way.u16([x, y]));
    let (length, size, known) = match vr_form(vr) {
        Form::Short => (short, 8, true),
        Form::Long => (long()?, 12, true),
        // PS3.5 section 6.2.2 note: VRs to come have the long form; the field also writes short ones.
        Form::Unknown if short == 0 && !next_is_front(rest, way, tag) => (long()?, 12, false),
        Form::Unknown => (short, 8, false),
        Form::None => return Err(NoFront::Vr),
    };
    Ok(Front { tag, vr, length, size, known })
}

fn next_is_front(rest: &[u8], way: Way, tag: Tag) -> bool {
    let Some([a, b, c, d, v, w, ..]) = rest.first_chunk::<8>() else {
        return rest.is_empty();
    };
    let next = way.tag([*a, *b, *c, *d]);
    next > tag && matches!(vr_form([*v, *w]), Form::Short | Form::Long)
}

#[derive(PartialEq)]
enum Form {
    Short,
    Long,
    Unknown,
    None,
}

/// PS3.5 table 7.1-1 and 7.1-2.
#[inline]
fn vr_form(vr: [u8; 2]) -> Form {
    match &vr {
        b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FL" | b"FD" | b"IS" | b"LO"
        | b"LT" | b"PN" | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UI" | b"UL" | b"US" => {
            Form::Short
        }
        b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR"
        | b"UT" | b"UV" => Form::Long,
        b"??" | b"  " | b"--" => Form::Unknown,
        [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Form::Unknown,
        [_, _] => Form::None,
    }
}

/// True where the data dictionary (PS3.6) says that the tag is a sequence.
pub(crate) fn is_sequence(tag: Tag) -> bool {
    dictionary_vr(tag) == Some(dicom_core::VR::SQ)
}

/// True where the data dictionary (PS3.6) knows the tag.
pub(crate) fn is_standard(tag: Tag) -> bool {
    tag.0 & 0xFFFF == 0 || dictionary_vr(tag).is_some()
}

fn dictionary_vr(tag: Tag) -> Option<dicom_core::VR> {
    use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
    let (group, element) = ((tag.0 >> 16) as u16, (tag.0 & 0xFFFF) as u16);
    dicom_dictionary_std::StandardDataDictionary
        .by_tag(dicom_core::Tag(group, element))
        .map(|entry| entry.vr().relaxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_reads_the_same_element() {
        let explicit = front(b"\x10\0\x20\0LO\x04\0ABCD", Way::ExplicitLittle).unwrap();
        let big = front(b"\0\x10\0\x20LO\0\x04ABCD", Way::ExplicitBig).unwrap();
        let implicit = front(b"\x10\0\x20\0\x04\0\0\0ABCD", Way::ImplicitLittle).unwrap();
        for one in [explicit, big, implicit] {
            assert_eq!((one.tag, one.length, one.size), (Tag(0x0010_0020), 4, 8));
        }
        let long = front(b"\xE0\x7F\x10\0OW\0\0\x10\0\0\0", Way::ExplicitLittle).unwrap();
        assert_eq!((long.tag, long.length, long.size), (Tag::PIXEL_DATA, 16, 12));
    }

    #[test]
    fn an_unknown_vr_is_read_in_the_form_that_makes_the_next_element_follow() {
        let short = front(b"\x08\0\x70\0ZZ\x04\0ABCD", Way::ExplicitLittle).unwrap();
        assert_eq!((short.length, short.size, short.known), (4, 8, false));
        let empty = front(b"\x08\0\x70\0ZZ\0\0\x08\0\x80\0LO\x02\0", Way::ExplicitLittle).unwrap();
        assert_eq!((empty.length, empty.size), (0, 8));
        let long = front(b"\x08\0\x70\0ZZ\0\0\x04\0\0\0ABCDabcd", Way::ExplicitLittle).unwrap();
        assert_eq!((long.length, long.size), (4, 12));
    }

    #[test]
    fn bytes_that_are_no_vr_are_no_front() {
        let none = front(b"\x08\0\x70\0\0\0\x04\0ABCD", Way::ExplicitLittle);
        assert_eq!(none, Err(NoFront::Vr));
        assert_eq!(front(b"\x08\0\x70", Way::ExplicitLittle), Err(NoFront::Short));
    }

    #[test]
    fn the_dictionary_knows_sequences() {
        assert!(is_sequence(Tag(0x0004_1220)));
        assert!(!is_sequence(Tag(0x0010_0010)));
        assert!(is_standard(Tag(0x0008_0000)) && !is_standard(Tag(0x0009_1001)));
    }
}
