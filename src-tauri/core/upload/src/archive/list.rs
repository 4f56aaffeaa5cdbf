//! What the archive holds of a study, in its own words, page by page.

use super::check::{Profile, Services};
use super::wire::{DICOM_JSON, JSON, Question, Wire};
use crate::Trouble;
use crate::response::{Listed, read_orthanc_find, read_search};
use relaypacs_model::{ArchiveRoot, Code, SeriesInstanceUid, SopInstanceUid, StudyInstanceUid};
use std::collections::HashSet;
use std::hash::Hash;
use std::io::{self, Read};
use std::sync::Arc;
use url::Url;

/// What the archive lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Every SOP Instance UID that it has under the study.
    pub uids: HashSet<SopInstanceUid>,
}

/// 100 is what every archive takes; Azure refuses more than 200.
const PAGE: u64 = 100;
/// Orthanc's own interface has no limit, and looks the whole study up for each page.
const ORTHANC_PAGE: u64 = 5_000;
/// No study has as many pages: a server that goes on is making them up.
const MAX_PAGES: usize = 100_000;

pub(super) async fn list(
    wire: &Wire,
    profile: &Profile,
    study: &StudyInstanceUid,
) -> Result<Listing, Trouble> {
    let uids = match &profile.services {
        Services::Both { native, .. } | Services::Native { native } => {
            orthanc(wire, native, study).await?
        }
        Services::Web { web } => of_study(wire, web, study).await?,
    };
    Ok(Listing { uids })
}

async fn orthanc(
    wire: &Wire,
    native: &ArchiveRoot,
    study: &StudyInstanceUid,
) -> Result<HashSet<SopInstanceUid>, Trouble> {
    let ask = |offset: u64| {
        let query = serde_json::json!({
            "Level": "Instance", "Expand": true, "Since": offset, "Limit": ORTHANC_PAGE,
            "Query": { "StudyInstanceUID": study.as_str() },
        });
        Question::post(native.join(&["tools", "find"]), JSON, query.to_string())
    };
    let mut pages = Pages::default();
    while !pages.done {
        let reply = wire.ask(ask(pages.offset)).await?;
        if reply.status() != 200 {
            return Err(reply.trouble());
        }
        let keep = |hit: Listed| SopInstanceUid::parse(&hit.instance?).ok();
        let page = reply.read_with(move |body| gather(body, read_orthanc_find, &keep)).await?;
        pages.add(page);
    }
    Ok(pages.seen)
}

async fn of_study(
    wire: &Wire,
    web: &ArchiveRoot,
    study: &StudyInstanceUid,
) -> Result<HashSet<SopInstanceUid>, Trouble> {
    let ours: Arc<str> = study.as_str().into();
    let instance = {
        let ours = Arc::clone(&ours);
        move |hit: Listed| {
            of_ours(&ours, &hit).then(|| SopInstanceUid::parse(&hit.instance?).ok())?
        }
    };
    let whole = web.join(&["studies", study.as_str(), "instances"]);
    match search(wire, &whole, instance.clone()).await {
        // The hierarchical form is the one that every archive has.
        Err(trouble) if is_no_such_search(&trouble) => {}
        searched => return searched,
    }
    let each = web.join(&["studies", study.as_str(), "series"]);
    let series = move |hit: Listed| {
        of_ours(&ours, &hit).then(|| SeriesInstanceUid::parse(&hit.series?).ok())?
    };
    let found = match search(wire, &each, series).await {
        // The archive was searched when it was checked: it has searches, but not this study.
        Err(trouble) if trouble.reason.status == Some(404) => return Ok(HashSet::new()),
        found => found?,
    };
    let mut uids = HashSet::new();
    for series in found {
        let url = web.join(&["studies", study.as_str(), "series", series.as_str(), "instances"]);
        uids.extend(search(wire, &url, instance.clone()).await?);
    }
    Ok(uids)
}

/// A server that ignores the study in the path must not confirm ours with another one's instances.
fn of_ours(ours: &str, hit: &Listed) -> bool {
    hit.study.as_deref().is_none_or(|study| study == ours)
}

fn is_no_such_search(trouble: &Trouble) -> bool {
    matches!(trouble.reason.status, Some(400 | 404 | 405 | 501))
        || trouble.reason.code == Code::NoStoreHere
}

/// Asks for pages of `url` until nothing new comes.
async fn search<U, K>(wire: &Wire, url: &Url, keep: K) -> Result<HashSet<U>, Trouble>
where
    U: Eq + Hash + Send + 'static,
    K: Fn(Listed) -> Option<U> + Clone + Send + 'static,
{
    let mut pages = Pages::default();
    while !pages.done {
        let mut url = url.clone();
        url.set_query(Some(&format!("limit={PAGE}&offset={}", pages.offset)));
        let reply = wire.ask(Question::get(url, DICOM_JSON)).await?;
        let page = match reply.status() {
            204 => Page::default(),
            200 => {
                let keep = keep.clone();
                reply.read_with(move |body| gather(body, read_search, &keep)).await?
            }
            _ => return Err(reply.trouble()),
        };
        pages.add(page);
    }
    Ok(pages.seen)
}

struct Page<U> {
    uids: Vec<U>,
    count: u64,
}

impl<U> Default for Page<U> {
    fn default() -> Self {
        Self { uids: Vec::new(), count: 0 }
    }
}

type Reader = fn(&mut dyn Read, &mut dyn FnMut(Listed)) -> io::Result<u64>;

fn gather<U>(
    body: &mut dyn Read,
    read: Reader,
    keep: &dyn Fn(Listed) -> Option<U>,
) -> io::Result<Page<U>> {
    let mut uids = Vec::new();
    let count = read(body, &mut |hit| uids.extend(keep(hit)))?;
    Ok(Page { uids, count })
}

/// Where a listing stands. Pure: pages go in.
struct Pages<U> {
    seen: HashSet<U>,
    offset: u64,
    turned: usize,
    done: bool,
}

impl<U> Default for Pages<U> {
    fn default() -> Self {
        Self { seen: HashSet::new(), offset: 0, turned: 0, done: false }
    }
}

impl<U: Eq + Hash> Pages<U> {
    /// Goes on by what came, not by what was asked for: archives cut pages short without a word. Ends with a page
    /// that is empty, or that brings nothing new: the archive does not know `offset` and gives the same again.
    fn add(&mut self, page: Page<U>) {
        let before = self.seen.len();
        self.seen.extend(page.uids);
        self.offset = self.offset.saturating_add(page.count);
        self.turned += 1;
        self.done = self.seen.len() == before || self.turned >= MAX_PAGES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(archive: impl Fn(u64) -> Vec<u32>) -> (HashSet<u32>, usize) {
        let mut pages = Pages::default();
        while !pages.done {
            let uids = archive(pages.offset);
            pages.add(Page { count: uids.len() as u64, uids });
        }
        (pages.seen, pages.turned)
    }

    #[test]
    fn pages_are_turned_until_nothing_new_comes() {
        let all: HashSet<u32> = (0..250).collect();
        let page =
            |offset: u64, cap: u64| (0..250).skip(offset as usize).take(cap as usize).collect();
        assert_eq!(turn(|offset| page(offset, 100)), (all.clone(), 4));
        assert_eq!(turn(|offset| page(offset, 7)), (all.clone(), 37), "a cap without a word");
        assert_eq!(turn(|_| page(0, 250)), (all, 2), "limit and offset ignored");
        assert_eq!(turn(|_| vec![]), (HashSet::new(), 1));
        assert_eq!(turn(|offset| vec![offset as u32]).1, MAX_PAGES, "made up without end");
    }
}
