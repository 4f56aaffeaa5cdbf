//! UIDs that are valid on construction (PS3.5 section 9.1): 1 to 64 characters, digits and dots, no empty component.
//!
//! Leading zeros in a component are against PS3.5 but common in the field and harmless in a URL or a query, so they
//! are kept as they are: a UID is never changed. Letters, slashes and backslashes are refused, since a UID becomes
//! part of a request path.

use std::fmt;

/// Why a text is not a UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UidFault {
    /// Nothing is left after padding is taken off.
    #[error("the UID is empty")]
    Empty,
    /// More than the 64 characters of PS3.5 table 6.2-1.
    #[error("the UID is longer than 64 characters")]
    TooLong,
    /// Something other than a digit or a dot.
    #[error("the UID has a character other than digits and dots")]
    BadCharacter,
    /// Two dots in a row, or a dot at either end.
    #[error("the UID has an empty component")]
    EmptyComponent,
}

/// Takes the padding off that PS3.5 allows (NUL) or the field produces (spaces) and checks the rest.
fn checked(text: &str) -> Result<&str, UidFault> {
    let bare = text.trim_matches(|c: char| c == '\0' || c == ' ');
    if bare.is_empty() {
        return Err(UidFault::Empty);
    }
    if bare.len() > 64 {
        return Err(UidFault::TooLong);
    }
    if bare.bytes().any(|b| !b.is_ascii_digit() && b != b'.') {
        return Err(UidFault::BadCharacter);
    }
    if bare.split('.').any(str::is_empty) {
        return Err(UidFault::EmptyComponent);
    }
    Ok(bare)
}

macro_rules! uid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Reads a UID as it stands in a data element; padding is taken off, nothing else is changed.
            ///
            /// # Errors
            /// [`UidFault`] says which rule of PS3.5 section 9.1 the text breaks.
            pub fn parse(text: &str) -> Result<Self, UidFault> {
                checked(text).map(|bare| Self(bare.into()))
            }

            /// The UID as text, without padding.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        // UIDs identify a patient's study: `Debug` must be safe to log.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

uid! {
    /// (0020,000D)
    StudyInstanceUid
}
uid! {
    /// (0020,000E)
    SeriesInstanceUid
}
uid! {
    /// (0008,0018)
    SopInstanceUid
}
uid! {
    /// (0008,0016); PS3.4 Annex B and PS3.6 Annex A
    SopClassUid
}
uid! {
    /// (0002,0010); PS3.5 section 10
    TransferSyntaxUid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_comes_off_and_nothing_else_changes() {
        for text in ["1.2.840.10008", "1.2.840.10008\0", " 1.2.840.10008 "] {
            assert_eq!(SopClassUid::parse(text).unwrap().as_str(), "1.2.840.10008");
        }
        assert_eq!(SopInstanceUid::parse("1.02.3").unwrap().as_str(), "1.02.3");
    }

    #[test]
    fn a_text_that_could_leave_its_place_in_a_url_is_no_uid() {
        assert_eq!(SopInstanceUid::parse("../../etc"), Err(UidFault::BadCharacter));
        assert_eq!(SopInstanceUid::parse("1.2\\1.3"), Err(UidFault::BadCharacter));
        assert_eq!(SopInstanceUid::parse("1..2"), Err(UidFault::EmptyComponent));
        assert_eq!(SopInstanceUid::parse("1.2."), Err(UidFault::EmptyComponent));
        assert_eq!(SopInstanceUid::parse(&"1".repeat(65)), Err(UidFault::TooLong));
        assert_eq!(SopInstanceUid::parse("\0"), Err(UidFault::Empty));
    }

    #[test]
    fn a_uid_does_not_print_itself() {
        let uid = StudyInstanceUid::parse("1.2.3.4").unwrap();
        assert_eq!(format!("{uid:?}"), "StudyInstanceUid(..)");
    }
}
