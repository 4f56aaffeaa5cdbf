//! The front of a data element: tag, VR, length (PS3.5 section 7.1). Nothing here reads a value.

/// Group in the upper 16 bits, element in the lower.
pub(crate) type Tag = u32;

pub(crate) const PIXEL_DATA: Tag = 0x7FE0_0010;
pub(crate) const ITEM: Tag = 0xFFFE_E000;
pub(crate) const ITEM_END: Tag = 0xFFFE_E00D;
pub(crate) const SEQUENCE_END: Tag = 0xFFFE_E0DD;
/// The length that says "until the delimiter".
pub(crate) const UNDEFINED: u32 = u32::MAX;

/// How elements are written (PS3.5 Annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

impl Way {
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::ImplicitLittle | Self::ExplicitLittle => u16::from_le_bytes(bytes),
            Self::ExplicitBig => u16::from_be_bytes(bytes),
        }
    }

    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::ImplicitLittle | Self::ExplicitLittle => u32::from_le_bytes(bytes),
            Self::ExplicitBig => u32::from_be_bytes(bytes),
        }
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
    pub(crate) size: u64,
}

/// Reads a front; nothing where the bytes are too few or are none.
pub(crate) fn front(bytes: &[u8], way: Way) -> Option<Front> {
    let ([a, b, c, d], rest) = bytes.split_first_chunk::<4>()?;
    let tag = (u32::from(way.u16([*a, *b])) << 16) | u32::from(way.u16([*c, *d]));
    let (four, rest) = rest.split_first_chunk::<4>()?;
    let short = Front { tag, vr: [0, 0], length: way.u32(*four), size: 8 };
    if way == Way::ImplicitLittle || tag >> 16 == 0xFFFE {
        return Some(short);
    }
    let [v, r, e, f] = *four;
    if !v.is_ascii_uppercase() || !r.is_ascii_uppercase() {
        return None;
    }
    let vr = [v, r];
    if is_long(vr) {
        let length = way.u32(*rest.first_chunk::<4>()?);
        return Some(Front { tag, vr, length, size: 12 });
    }
    Some(Front { tag, vr, length: u32::from(way.u16([e, f])), size: 8 })
}

/// The VRs with a length of 32 bits (PS3.5 table 7.1-1).
fn is_long(vr: [u8; 2]) -> bool {
    matches!(
        &vr,
        b"OB"
            | b"OD"
            | b"OF"
            | b"OL"
            | b"OV"
            | b"OW"
            | b"SQ"
            | b"SV"
            | b"UC"
            | b"UN"
            | b"UR"
            | b"UT"
            | b"UV"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_is_read_in_each_way_of_writing() {
        let rows = |vr, length| Some(Front { tag: 0x0028_0010, vr, length, size: 8 });
        assert_eq!(front(&[0x28, 0, 0x10, 0, 2, 0, 0, 0], Way::ImplicitLittle), rows([0, 0], 2));
        assert_eq!(front(b"\x28\0\x10\0US\x02\0", Way::ExplicitLittle), rows(*b"US", 2));
        assert_eq!(front(b"\0\x28\0\x10US\0\x02", Way::ExplicitBig), rows(*b"US", 2));
        let long = front(b"\xE0\x7F\x10\0OW\0\0\xFF\xFF\xFF\xFF", Way::ExplicitLittle).unwrap();
        assert_eq!((long.tag, long.length, long.size), (PIXEL_DATA, UNDEFINED, 12));
        assert_eq!(front(b"\x28\0\x10\0\0\0\x02\0", Way::ExplicitLittle), None);
    }
}
