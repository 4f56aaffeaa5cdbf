//! UIDs as they are used for folders and addresses: digits and dots (PS3.5 section 9.1), so that none of them can leave
//! its place.

/// A UID that is safe as a file name and in an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Uid(Box<str>);

impl Uid {
    /// Takes padding off and checks the rest; leading zeros are let through, as archives do.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bare = text.trim_matches(|c: char| c == '\0' || c == ' ');
        let shaped = (1..=64).contains(&bare.len())
            && bare.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && bare.split('.').all(|component| !component.is_empty());
        shaped.then(|| Self(bare.into()))
    }

    /// Stands before every UID; is none.
    pub(crate) fn lowest() -> Self {
        Self("".into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_uid_becomes_a_file_name() {
        assert_eq!(Uid::parse("1.2.840\0").unwrap().as_str(), "1.2.840");
        for bad in ["", "..", "1..2", "../1", "1/2", "a", "1.", &"1".repeat(65)] {
            assert!(Uid::parse(bad).is_none(), "{bad}");
        }
    }
}
