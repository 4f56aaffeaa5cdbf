//! File meta information (PS3.10 section 7.1): always explicit little endian, whatever the data set is.
//! Its group length is not used: it is often wrong, and where group 0002 ends can be seen.

use crate::bytes::Bytes;
use crate::element::{NoFront, Tag, UNDEFINED, Way, front};
use crate::walker::Stop;

/// What file meta information says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meta {
    /// (0002,0002), as written
    pub(crate) sop_class: String,
    /// (0002,0010), as written
    pub(crate) transfer_syntax: String,
    /// Where the data set begins.
    pub(crate) end: u64,
}

/// Reads the elements of group 0002 from `at` on.
pub(crate) fn read<S: Bytes>(source: &mut S, at: u64) -> Result<Meta, Stop> {
    let mut meta = Meta { end: at, ..Meta::default() };
    loop {
        let bytes = source.peek(meta.end, 20)?;
        if bytes.first_chunk::<2>().is_none_or(|group| *group != [2, 0]) {
            return Ok(meta);
        }
        let front = match front(bytes, Way::ExplicitLittle) {
            Ok(front) if front.length != UNDEFINED => front,
            Err(NoFront::Short) => return Err(Stop::Damage("the file ends inside its file meta")),
            Ok(_) | Err(NoFront::Vr) => {
                return Err(Stop::Damage("its file meta information cannot be read"));
            }
        };
        let begin = meta.end + u64::from(front.size);
        let short = usize::try_from(front.length).unwrap_or(usize::MAX).min(128);
        let target = match front.tag {
            Tag(0x0002_0002) => Some(&mut meta.sop_class),
            Tag(0x0002_0010) => Some(&mut meta.transfer_syntax),
            Tag(_) => None,
        };
        if let Some(target) = target {
            let value = String::from_utf8_lossy(source.peek(begin, short)?);
            *target = value.trim_matches(['\0', ' ']).to_owned();
        }
        meta.end = begin + u64::from(front.length);
        if !source.reaches(meta.end)? {
            return Err(Stop::Damage("the file ends inside its file meta"));
        }
    }
}
