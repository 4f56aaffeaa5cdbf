//! From an address to what it means. Pure.

use crate::faults::Kind;
use crate::uid::Uid;

/// An address of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/studies`, `/studies/{study}`: POST stores. The first is searched by GET, the second retrieved.
    Studies(Option<Uid>),
    /// `/studies/{s}/series`, `/series`
    SearchSeries(Option<Uid>),
    /// `/studies/{s}/instances`, `/studies/{s}/series/{e}/instances`, `/instances`
    SearchInstances(Option<Uid>, Option<Uid>),
    /// A study, a series or an instance.
    Retrieve { study: Uid, series: Uid, sop: Option<Uid> },
    /// The same, its attributes only.
    Metadata { study: Uid, series: Option<Uid>, sop: Option<Uid> },
    /// Orthanc's `/instances`
    NativeInstances,
    /// Orthanc's `/system`
    NativeSystem,
    /// Orthanc's `/tools/lookup`
    NativeLookup,
    /// Orthanc's `/tools/find`
    NativeFind,
    /// Orthanc's `/instances/{id}` and what is below it
    NativeInstance { id: String, below: Below },
    /// Nothing is there.
    Nowhere,
}

/// Below Orthanc's `/instances/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    Itself,
    File,
    Md5,
    Size,
}

/// What parts of the archive are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) dicomweb: bool,
    pub(crate) orthanc_rest: bool,
}

/// Reads an address.
pub(crate) fn route(path: &str, parts: Parts) -> Route {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        ["dicom-web", rest @ ..] if parts.dicomweb => dicomweb(rest).unwrap_or(Route::Nowhere),
        native if parts.orthanc_rest => orthanc(native),
        _ => Route::Nowhere,
    }
}

fn dicomweb(segments: &[&str]) -> Option<Route> {
    let uid = |text: &&str| Uid::parse(text);
    Some(match segments {
        ["studies"] => Route::Studies(None),
        ["series"] => Route::SearchSeries(None),
        ["instances"] => Route::SearchInstances(None, None),
        ["studies", s] => Route::Studies(Some(uid(s)?)),
        ["studies", s, "series"] => Route::SearchSeries(Some(uid(s)?)),
        ["studies", s, "instances"] => Route::SearchInstances(Some(uid(s)?), None),
        ["studies", s, "metadata"] => Route::Metadata { study: uid(s)?, series: None, sop: None },
        ["studies", s, "series", e] => {
            Route::Retrieve { study: uid(s)?, series: uid(e)?, sop: None }
        }
        ["studies", s, "series", e, "instances"] => {
            Route::SearchInstances(Some(uid(s)?), Some(uid(e)?))
        }
        ["studies", s, "series", e, "metadata"] => {
            Route::Metadata { study: uid(s)?, series: Some(uid(e)?), sop: None }
        }
        ["studies", s, "series", e, "instances", i] => {
            Route::Retrieve { study: uid(s)?, series: uid(e)?, sop: Some(uid(i)?) }
        }
        ["studies", s, "series", e, "instances", i, "metadata"] => {
            Route::Metadata { study: uid(s)?, series: Some(uid(e)?), sop: Some(uid(i)?) }
        }
        _ => return None,
    })
}

fn orthanc(segments: &[&str]) -> Route {
    let below = |id: &str, below| Route::NativeInstance { id: id.to_owned(), below };
    match segments {
        ["instances"] => Route::NativeInstances,
        ["system"] => Route::NativeSystem,
        ["tools", "lookup"] => Route::NativeLookup,
        ["tools", "find"] => Route::NativeFind,
        ["instances", id] => below(id, Below::Itself),
        ["instances", id, "file"] => below(id, Below::File),
        ["instances", id, "attachments", "dicom", "md5"] => below(id, Below::Md5),
        ["instances", id, "attachments", "dicom", "size"] => below(id, Below::Size),
        ["instances", id, "attachments", "dicom", "data"] => below(id, Below::File),
        _ => Route::Nowhere,
    }
}

impl Route {
    /// What a request to this address is for.
    pub(crate) fn kind(&self, method: &str) -> Kind {
        match self {
            Self::Studies(_) | Self::NativeInstances if method == "POST" => Kind::Store,
            Self::Studies(Some(_)) | Self::Retrieve { .. } | Self::Metadata { .. } => {
                Kind::Retrieve
            }
            Self::Studies(None) | Self::SearchSeries(_) | Self::SearchInstances(..) => Kind::Search,
            Self::NativeInstances
            | Self::NativeSystem
            | Self::NativeLookup
            | Self::NativeFind
            | Self::NativeInstance { .. } => Kind::Native,
            Self::Nowhere => Kind::Any,
        }
    }

    /// The study in the address.
    pub(crate) fn study(&self) -> Option<&Uid> {
        match self {
            Self::Studies(study) | Self::SearchSeries(study) | Self::SearchInstances(study, _) => {
                study.as_ref()
            }
            Self::Retrieve { study, .. } | Self::Metadata { study, .. } => Some(study),
            Self::NativeInstances
            | Self::NativeSystem
            | Self::NativeLookup
            | Self::NativeFind
            | Self::NativeInstance { .. }
            | Self::Nowhere => None,
        }
    }

    /// The methods that are understood here.
    pub(crate) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Studies(_) | Self::NativeInstances => &["GET", "POST"],
            Self::NativeLookup | Self::NativeFind => &["POST"],
            Self::NativeInstance { below: Below::Itself, .. } => &["GET", "DELETE"],
            Self::SearchSeries(_)
            | Self::SearchInstances(..)
            | Self::Retrieve { .. }
            | Self::Metadata { .. }
            | Self::NativeSystem
            | Self::NativeInstance { .. } => &["GET"],
            Self::Nowhere => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Parts = Parts { dicomweb: true, orthanc_rest: true };

    #[test]
    fn addresses_mean_what_the_standard_says() {
        let uid = |text: &str| Uid::parse(text).unwrap();
        for (path, wanted) in [
            ("/dicom-web/studies", Route::Studies(None)),
            ("/dicom-web/studies/1.2/", Route::Studies(Some(uid("1.2")))),
            ("/dicom-web/studies/1.2/series", Route::SearchSeries(Some(uid("1.2")))),
            (
                "/dicom-web/studies/1.2/series/1.3/instances",
                Route::SearchInstances(Some(uid("1.2")), Some(uid("1.3"))),
            ),
            (
                "/dicom-web/studies/1.2/series/1.3/instances/1.4",
                Route::Retrieve { study: uid("1.2"), series: uid("1.3"), sop: Some(uid("1.4")) },
            ),
            ("/dicom-web/studies/..%2f", Route::Nowhere),
            ("/dicom-web/studies/1.2/frames", Route::Nowhere),
            ("/", Route::Nowhere),
            ("/instances", Route::NativeInstances),
        ] {
            assert_eq!(route(path, ALL), wanted, "{path}");
        }
    }

    #[test]
    fn what_is_switched_off_is_not_there() {
        let none = Parts { dicomweb: false, orthanc_rest: false };
        for path in ["/dicom-web/studies", "/instances", "/system"] {
            assert_eq!(route(path, none), Route::Nowhere, "{path}");
        }
    }
}
