//! What stands where a picture cannot be shown: a code for programs, words for people. Never a reason not to send.

/// What an instance without pixels is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoPixels {
    /// A structured report, a key object selection.
    Report,
    /// A document: PDF, CDA, a 3D model.
    Document,
    /// A radiotherapy plan, structure set, treatment record.
    Radiotherapy,
    /// An electrocardiogram, audio, another waveform.
    Waveform,
    /// How other images are to be shown.
    PresentationState,
    /// Measured data of a scanner, spectra, registrations, whatever has no pixels.
    Other,
}

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.code())]
pub enum Placeholder {
    /// The instance has no pixels by its nature.
    NoPixels(NoPixels),
    /// A film (MPEG-2, MPEG-4, HEVC).
    Video,
    /// A transfer syntax that no decoder here knows.
    UnknownCompression,
    /// Pixels of a kind that is not shown (bits, photometric interpretation).
    UnknownPixels,
    /// The file or its pixel data is damaged.
    Damaged,
    /// It is not a DICOM file.
    NotDicom,
    /// There is no frame of that number.
    NoSuchFrame,
    /// One frame would take more memory than is allowed.
    TooLarge,
    /// The decoder took too long and was ended.
    TooSlow,
    /// The decoder ended without an answer.
    DecoderDied,
    /// No decoder could be started.
    NoDecoder,
    /// The source could not be read.
    Unreadable,
    /// It is no longer wanted.
    Cancelled,
}

impl Placeholder {
    /// Every placeholder; the place in this list is its number between processes.
    pub const ALL: &'static [Self] = &[
        Self::NoPixels(NoPixels::Report),
        Self::NoPixels(NoPixels::Document),
        Self::NoPixels(NoPixels::Radiotherapy),
        Self::NoPixels(NoPixels::Waveform),
        Self::NoPixels(NoPixels::PresentationState),
        Self::NoPixels(NoPixels::Other),
        Self::Video,
        Self::UnknownCompression,
        Self::UnknownPixels,
        Self::Damaged,
        Self::NotDicom,
        Self::NoSuchFrame,
        Self::TooLarge,
        Self::TooSlow,
        Self::DecoderDied,
        Self::NoDecoder,
        Self::Unreadable,
        Self::Cancelled,
    ];

    /// The word that programs rely on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoPixels(NoPixels::Report) => "report",
            Self::NoPixels(NoPixels::Document) => "document",
            Self::NoPixels(NoPixels::Radiotherapy) => "radiotherapy",
            Self::NoPixels(NoPixels::Waveform) => "waveform",
            Self::NoPixels(NoPixels::PresentationState) => "presentation_state",
            Self::NoPixels(NoPixels::Other) => "no_pixels",
            Self::Video => "video",
            Self::UnknownCompression => "unknown_compression",
            Self::UnknownPixels => "unknown_pixels",
            Self::Damaged => "damaged_pixels",
            Self::NotDicom => "not_dicom",
            Self::NoSuchFrame => "no_such_frame",
            Self::TooLarge => "picture_too_large",
            Self::TooSlow => "picture_too_slow",
            Self::DecoderDied => "decoder_died",
            Self::NoDecoder => "no_decoder",
            Self::Unreadable => "picture_unreadable",
            Self::Cancelled => "picture_cancelled",
        }
    }

    /// What a person reads in place of the picture.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoPixels(NoPixels::Report) => "A report: no picture. It is sent as it is.",
            Self::NoPixels(NoPixels::Document) => "A document: no picture. It is sent as it is.",
            Self::NoPixels(NoPixels::Radiotherapy) => {
                "Radiotherapy data: no picture. It is sent as it is."
            }
            Self::NoPixels(NoPixels::Waveform) => "A waveform: no picture. It is sent as it is.",
            Self::NoPixels(NoPixels::PresentationState) => {
                "How other images are shown: no picture. It is sent as it is."
            }
            Self::NoPixels(NoPixels::Other) => "No picture in it. It is sent as it is.",
            Self::Video => "A film: not shown here. It is sent as it is.",
            Self::UnknownCompression => {
                "Compressed in a way that is not shown here. It is sent as it is."
            }
            Self::UnknownPixels => "Pixels of a kind that is not shown here. It is sent as it is.",
            Self::Damaged => "The picture could not be read. The file may be damaged.",
            Self::NotDicom => "Not a DICOM file.",
            Self::NoSuchFrame => "The file has no such frame.",
            Self::TooLarge => "The picture is too large to be shown here. It is sent as it is.",
            Self::TooSlow => "The picture took too long. It is sent as it is.",
            Self::DecoderDied => {
                "The picture could not be made. The file may be damaged; nothing else is touched."
            }
            Self::NoDecoder => {
                "Pictures cannot be made on this computer now. Sending is not touched."
            }
            Self::Unreadable => "The file cannot be read now. Is the disc or stick still in?",
            Self::Cancelled => "Not asked for any more.",
        }
    }

    /// True where asking again may give another answer, so that this one is not kept.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(
            self,
            Self::TooSlow
                | Self::DecoderDied
                | Self::NoDecoder
                | Self::Unreadable
                | Self::Cancelled
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_placeholder_has_a_code_of_its_own_and_words() {
        let codes: BTreeSet<_> =
            Placeholder::ALL.iter().map(|placeholder| placeholder.code()).collect();
        assert_eq!(codes.len(), Placeholder::ALL.len());
        assert!(
            Placeholder::ALL.iter().all(|placeholder| placeholder.words().ends_with(['.', '?']))
        );
    }
}
