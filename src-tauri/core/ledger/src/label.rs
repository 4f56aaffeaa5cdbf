//! How the ledger calls a destination.

use relaypacs_model::{ArchiveRoot, Destination, DestinationName};

/// A destination's label: its saved name, or the root of its service. There is no way to make one from other text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationLabel(String);

impl DestinationLabel {
    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For reading back what was checked before it was written.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }
}

impl From<&DestinationName> for DestinationLabel {
    fn from(name: &DestinationName) -> Self {
        Self(name.as_str().into())
    }
}

impl From<&ArchiveRoot> for DestinationLabel {
    fn from(root: &ArchiveRoot) -> Self {
        Self(root.as_str().into())
    }
}

impl From<&Destination> for DestinationLabel {
    /// The label of a destination where it is a name, else its root.
    fn from(destination: &Destination) -> Self {
        DestinationName::parse(&destination.label)
            .map_or_else(|_| Self::from(&destination.root), |name| Self::from(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relaypacs_model::{ReadBack, SignIn};

    #[test]
    fn a_destination_that_was_given_in_place_is_called_by_its_root() {
        let root = ArchiveRoot::parse("https://pacs.example/rs/").unwrap();
        let mut destination = Destination {
            label: "https://pacs.example/rs?user=x".into(),
            root,
            sign_in: SignIn::None,
            ca: None,
            read_back: ReadBack::None,
        };
        assert_eq!(DestinationLabel::from(&destination).as_str(), "https://pacs.example/rs");
        destination.label = "main".into();
        assert_eq!(DestinationLabel::from(&destination).as_str(), "main");
    }
}
