//! temp
#![allow(
    clippy::all,
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing
)]
use relaypacs_model::*;
use relaypacs_upload::*;
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;
struct F {
    uid: SopInstanceUid,
    class: SopClassUid,
    path: std::path::PathBuf,
    len: u64,
}
impl Part for F {
    fn sop_instance_uid(&self) -> &SopInstanceUid {
        &self.uid
    }
    fn sop_class_uid(&self) -> &SopClassUid {
        &self.class
    }
    fn bytes(&self) -> u64 {
        self.len
    }
    fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(std::fs::File::open(&self.path)?))
    }
}
fn uid(b: &[u8], tag: [u8; 4]) -> String {
    let pat = [&tag[..], b"UI"].concat();
    let at = b.windows(6).position(|w| w == pat).unwrap() + 6;
    let n = u16::from_le_bytes([b[at], b[at + 1]]) as usize;
    String::from_utf8_lossy(&b[at + 2..at + 2 + n]).into_owned()
}
#[tokio::main]
async fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (url, dir, per, flight) =
        (&a[1], &a[2], a[3].parse::<usize>().unwrap(), a[4].parse::<usize>().unwrap());
    let mut parts: Vec<Arc<dyn Part>> = vec![];
    let mut study = String::new();
    let mut series = String::new();
    let mut stack = vec![std::path::PathBuf::from(dir)];
    let mut files = vec![];
    while let Some(d) = stack.pop() {
        for e in std::fs::read_dir(d).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() { stack.push(p) } else { files.push(p) }
        }
    }
    files.sort();
    for path in files {
        let mut b = vec![0; 4096];
        let n = std::fs::File::open(&path).unwrap().read(&mut b).unwrap();
        b.truncate(n);
        study = uid(&b, [0x20, 0, 0x0d, 0]);
        series = uid(&b, [0x20, 0, 0x0e, 0]);
        parts.push(Arc::new(F {
            uid: SopInstanceUid::parse(&uid(&b, [8, 0, 0x18, 0])).unwrap(),
            class: SopClassUid::parse("1.2.840.10008.5.1.4.1.1.2").unwrap(),
            len: std::fs::metadata(&path).unwrap().len(),
            path,
        }));
    }
    let dest = Destination {
        label: "x".into(),
        root: ArchiveRoot::parse(url).unwrap(),
        sign_in: SignIn::Basic { user: "relay".into(), password: Secret::new("relay") },
        ca: None,
        read_back: ReadBack::None,
    };
    let t = Instant::now();
    let archive = Archive::new(&dest, Timing::default()).unwrap();
    archive.check().await.unwrap();
    println!("new+check {:?}", t.elapsed());
    let study = StudyInstanceUid::parse(&study).unwrap();
    let t = Instant::now();
    let batches: Vec<Batch> =
        parts.chunks(per).map(|c| Batch { study: study.clone(), parts: c.to_vec() }).collect();
    let sem = Arc::new(tokio::sync::Semaphore::new(flight));
    let mut set = tokio::task::JoinSet::new();
    for b in batches {
        let (sem, ar) = (sem.clone(), archive.clone());
        set.spawn(async move {
            let _p = sem.acquire().await.unwrap();
            let a = ar.store(&b, &|_| ()).await;
            a.verdicts.iter().filter(|v| v.verdict == Verdict::Stored).count()
        });
    }
    let mut ok = 0;
    while let Some(n) = set.join_next().await {
        ok += n.unwrap();
    }
    println!("store {per} x {flight}: {:?} ok {ok}", t.elapsed());
    let t = Instant::now();
    let l = archive.list(&study).await.unwrap();
    println!("list {} {:?}", l.uids.len(), t.elapsed());
    let t = Instant::now();
    let s = SeriesInstanceUid::parse(&series).unwrap();
    let last = parts.last().unwrap().clone();
    let c = archive.compare(&study, &s, last).await.unwrap();
    println!("compare {:?} {:?}", c.sameness, t.elapsed());
    let t = Instant::now();
    let mut n = 0;
    for p in parts.iter().rev().take(200) {
        n += usize::from(
            archive.compare(&study, &s, p.clone()).await.unwrap().sameness == Sameness::Identical,
        );
    }
    println!("compare 200: {n} {:?}", t.elapsed());
    let mut u = String::new();
    std::fs::File::open("/proc/self/status").unwrap().read_to_string(&mut u).unwrap();
    println!("{}", u.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}
