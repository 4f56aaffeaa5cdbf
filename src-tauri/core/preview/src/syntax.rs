//! What a transfer syntax says of a data set and of its pixels (PS3.5 Annex A, PS3.6 Annex A).

use crate::element::Way;

/// How pixel data is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// As it is, in one value or in fragments.
    Native,
    /// Each frame deflated.
    Deflated,
    Rle,
    Jpeg,
    JpegLs,
    /// JPEG 2000 and High-Throughput JPEG 2000.
    Jpeg2000,
    Video,
    Unknown,
}

/// A transfer syntax, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub(crate) way: Way,
    /// The whole data set is deflated.
    pub(crate) deflated: bool,
    pub(crate) codec: Codec,
    /// Pixels are written big endian though the data set is not (a private syntax of GE).
    pub(crate) big_pixels: bool,
}

impl Syntax {
    /// What the UID says. A UID that nobody knows is taken for explicit, with a compression that nobody knows.
    pub(crate) fn of(uid: &str) -> Self {
        let explicit = Way::ExplicitLittle;
        let plain =
            Self { way: explicit, deflated: false, codec: Codec::Native, big_pixels: false };
        let Some(end) = uid.strip_prefix("1.2.840.10008.1.2") else {
            return match uid {
                "1.2.840.113619.5.2" => {
                    Self { way: Way::ImplicitLittle, big_pixels: true, ..plain }
                }
                "" => plain,
                _ => Self { codec: Codec::Unknown, ..plain },
            };
        };
        let codec = match end {
            "" => return Self { way: Way::ImplicitLittle, ..plain },
            ".1" | ".1.98" => Codec::Native,
            ".1.99" => return Self { deflated: true, ..plain },
            ".2" => return Self { way: Way::ExplicitBig, ..plain },
            ".5" => Codec::Rle,
            ".8.1" => Codec::Deflated,
            ".4.80" | ".4.81" => Codec::JpegLs,
            ".4.90" | ".4.91" | ".4.92" | ".4.93" | ".4.201" | ".4.202" | ".4.203" => {
                Codec::Jpeg2000
            }
            _ => numbered(end),
        };
        Self { codec, ..plain }
    }
}

/// The families that have many numbers: JPEG 50 to 70, MPEG and HEVC 100 to 108.
fn numbered(end: &str) -> Codec {
    let number = end.strip_prefix(".4.").map(|end| end.trim_end_matches(".1"));
    match number.and_then(|number| number.parse::<u32>().ok()) {
        Some(50..=70) => Codec::Jpeg,
        Some(100..=108) => Codec::Video,
        _ => Codec::Unknown,
    }
}
