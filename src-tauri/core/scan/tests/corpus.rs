//! The scan against the truth: the corpus where RELAYPACS_CORPUS points to it, else cases made here. Either way every
//! file is asserted.

use relaypacs_model::{IndexReport, Location, Seen, SkipReason};
use relaypacs_scan::{Cancel, Opener, Options, scan};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
type Row = HashMap<String, String>;

/// One line of a scan, by the path under the root.
#[derive(Debug, Clone)]
struct Line {
    word: &'static str,
    sop: String,
    patient_id: String,
    location: Location,
    bytes: u64,
}

struct Scanned {
    lines: BTreeMap<String, Vec<Line>>,
    indexes: Vec<IndexReport>,
}

fn scanned(root: &Path, readers: usize) -> Outcome<Scanned> {
    let options = Options { readers, ..Options::default() };
    let mut all = Scanned { lines: BTreeMap::new(), indexes: Vec::new() };
    let prefix = format!("{}/", root.display());
    scan(&[root.to_path_buf()], &options, &Cancel::new(), &mut |seen| {
        let line = match seen {
            Seen::Index(report) => return all.indexes.push(report),
            Seen::Skipped(skip) => Line {
                word: skip.reason.as_str(),
                sop: String::new(),
                patient_id: String::new(),
                location: skip.location,
                bytes: skip.bytes,
            },
            Seen::Instance(found) => Line {
                word: "instance",
                sop: found.header.sop_instance_uid.as_str().into(),
                patient_id: found.header.patient.id.reveal().into(),
                location: found.location,
                bytes: found.bytes,
            },
        };
        let shown = line.location.shown();
        let name = shown.strip_prefix(&prefix).unwrap_or(&shown).to_owned();
        all.lines.entry(name).or_default().push(line);
    })?;
    Ok(all)
}

fn table(path: &Path) -> Outcome<Vec<Row>> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let row = |line: &str| {
        head.iter().map(ToString::to_string).zip(line.split('\t').map(String::from)).collect()
    };
    Ok(lines.map(row).collect())
}

fn cell<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).map_or("", String::as_str)
}

const LISTED: [&str; 3] = ["instance", "duplicate", "conflict"];

/// What the truth allows for a loose file, or for a member of an archive.
fn allowed(row: &Row) -> &'static [&'static str] {
    let path = cell(row, "path");
    // Truth calls these "no DICOM", which is right for the file itself. Images may hide in it, and it is not opened
    // here, so a person has to look: the words are `unreadable` and, for a ZIP cut off before its directory, `damaged`.
    match path {
        "archives/mini_cd.iso" | "archives/plain.7z" | "archives/password.7z" => {
            return &["unreadable"];
        }
        "archives/truncated.zip" | "archives/bad_data.zip!/IM0000.dcm" => return &["damaged"],
        // A link in an archive has no bytes of its own.
        "archives/symlink_member.zip!/link.dcm" => return &["link"],
        _ => {}
    }
    // Readable with the password, which a scan does not have.
    if path.contains("password_") && path.contains(".zip!/") {
        return &["encrypted_archive"];
    }
    // Sound images under names that lead out of the archive: whoever made it meant harm, so a person has to look.
    if path.contains("zip_slip.zip!/") && path.contains("escape_") {
        return &["unsafe_archive"];
    }
    match (cell(row, "is_dicom"), cell(row, "uploadable")) {
        ("yes", "yes") => &LISTED,
        ("yes", "no") => &["no_uid", "dicomdir"],
        ("damaged", "no") => &["damaged"],
        ("no", _) => &["not_dicom", "empty"],
        // The readers disagree. Ours follows the strict ones for structure (an archive that uses them refuses the
        // file) and PS3.5 section 9.1 for UIDs, save for leading zeros, which the field has and nobody refuses.
        (_, "either") => match path.rsplit('/').next().unwrap_or_default() {
            "uid_leading_zero.dcm" | "vr_invalid.dcm" => &["instance"],
            "GH179A.dcm" | "GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm" => {
                &["conflict"]
            }
            "encaps_no_bot_item.dcm" => &["instance"],
            name if name.starts_with("uid_") || name == "bad_sequence.dcm" => &["no_uid"],
            _ => &["damaged"],
        },
        _ => &[],
    }
}

fn corpus() -> Option<PathBuf> {
    std::env::var_os("RELAYPACS_CORPUS").map(PathBuf::from)
}

/// Everything that differs from the truth of MANIFEST.tsv and ARCHIVE_MEMBERS.tsv.
fn differences(root: &Path, all: &Scanned) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    let mut left = all.lines.clone();
    for row in table(&root.join("MANIFEST.tsv"))? {
        let path = cell(&row, "path");
        let Some(line) = left.remove(path).and_then(|mut lines| lines.pop()) else {
            // An archive that was opened has lines for its members only.
            let inside = format!("{path}!/");
            if !all.lines.keys().any(|name| name.starts_with(&inside)) {
                wrong.push(format!("{path}: no line"));
            }
            continue;
        };
        let good = allowed(&row);
        if !good.contains(&line.word) {
            wrong.push(format!("{path}: {} is not one of {good:?}", line.word));
        }
        if line.bytes.to_string() != cell(&row, "bytes") {
            wrong.push(format!("{path}: {} bytes", line.bytes));
        }
        let header = (line.sop.as_str(), line.patient_id.as_str());
        if line.word == "instance" && header != (cell(&row, "sop_uid"), cell(&row, "patient_id")) {
            wrong.push(format!("{path}: another UID or patient ID"));
        }
    }
    for row in table(&root.join("ARCHIVE_MEMBERS.tsv"))? {
        let path = cell(&row, "path");
        // Not opened, see `allowed`; truncated.zip is a file and was looked at above.
        let closed = ["archives/mini_cd.iso!", "archives/plain.7z!", "archives/password.7z!"];
        let deep = path.contains("inner3.zip!/") || !path.contains("!/");
        if deep || closed.iter().any(|closed| path.starts_with(closed)) {
            continue;
        }
        let Some(line) = left.get_mut(path).and_then(Vec::pop) else {
            wrong.push(format!("{path}: no line"));
            continue;
        };
        let good = allowed(&row);
        if !good.contains(&line.word) {
            wrong.push(format!("{path}: {} is not one of {good:?}", line.word));
        }
    }
    left.retain(|_, lines| !lines.is_empty());
    // One level of archives in archives is opened; the next is named.
    let deep = left.remove("archives/nested3.zip!/inner2.zip!/inner3.zip");
    if deep.is_none_or(|lines| lines.iter().any(|line| line.word != "unsafe_archive")) {
        wrong.push("the archive on the third level is not named as unsafe".into());
    }
    // The tables do not list themselves.
    left.retain(|name, _| name.contains('/') || !(name.ends_with(".tsv") || name == "README.md"));
    wrong.extend(left.keys().map(|name| format!("{name}: a line too many")));
    Ok(wrong)
}

/// `listed` and the missing ones of every DICOMDIR, against DICOMDIR_TRUTH.tsv.
fn index_differences(root: &Path, all: &Scanned) -> Outcome<Vec<String>> {
    let mut truth: HashMap<String, (u64, HashSet<String>)> = HashMap::new();
    for row in table(&root.join("DICOMDIR_TRUTH.tsv"))? {
        let entry = truth.entry(cell(&row, "dicomdir").to_owned()).or_default();
        entry.0 += 1;
        if cell(&row, "exists_ignoring_case_or_suffix") == "no" {
            entry.1.insert(cell(&row, "referenced_file").to_owned());
        }
    }
    let mut wrong = Vec::new();
    let prefix = format!("{}/", root.display());
    for report in &all.indexes {
        let shown = report.location.shown();
        let name = shown.strip_prefix(&prefix).unwrap_or(&shown);
        let (listed, missing) = truth.remove(name).unwrap_or_default();
        let found: HashSet<String> = report.listed_missing.iter().cloned().collect();
        if (report.listed, &found) != (listed, &missing) {
            wrong.push(format!("{name}: {} listed, {} missing", report.listed, found.len()));
        }
        if name == "cd_image/DICOMDIR" && report.unlisted != 2 {
            wrong.push(format!("{name}: {} unlisted", report.unlisted));
        }
    }
    wrong.extend(truth.keys().map(|name| format!("{name}: no report")));
    Ok(wrong)
}

/// SCAN_TRUTH.tsv counts files whose readers agree; folders with an `either` that is listed have more.
fn count_differences(root: &Path) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    for row in table(&root.join("SCAN_TRUTH.tsv"))? {
        let folder = cell(&row, "folder");
        if folder == "." || cell(&row, "uploadable_either") != "0" || folder == "archives" {
            continue;
        }
        let all = scanned(&root.join(folder), 2)?;
        let count =
            |word: &str| all.lines.values().flatten().filter(|line| line.word == word).count();
        let (instances, conflicts) = (count("instance"), count("conflict"));
        let counts = [instances, instances + conflicts, instances + conflicts + count("duplicate")];
        let truth = ["distinct_sop_uid", "distinct_sop_and_bytes", "uploadable_files"]
            .map(|name| cell(&row, name).parse::<usize>().unwrap_or(usize::MAX));
        if counts != truth {
            wrong.push(format!("{folder}: {counts:?} is not {truth:?}"));
        }
    }
    Ok(wrong)
}

/// Where there is no corpus: a study, its copies, junk, a cut file and a ZIP of it all, with their truth.
fn small_corpus(root: &Path) -> Outcome<Vec<(&'static str, &'static str)>> {
    let one = dicom("1.2.840.99.1");
    std::fs::create_dir_all(root.join("sub"))?;
    std::fs::write(root.join("a.dcm"), &one)?;
    std::fs::write(root.join("b-copy"), &one)?;
    std::fs::write(root.join("c-other.dcm"), [&one[..], &[0; 16]].concat())?;
    std::fs::write(root.join("d-cut.dcm"), one.get(..one.len() - 3).unwrap_or_default())?;
    std::fs::write(root.join("e-empty"), [])?;
    std::fs::write(root.join("sub/junk.dcm"), b"%PDF-1.7 not an image at all")?;
    let mut zip = zip::ZipWriter::new(std::fs::File::create(root.join("z.zip"))?);
    for (name, bytes) in [("IM1", dicom("1.2.840.99.2")), ("T.TXT", b"text".to_vec())] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())?;
        zip.write_all(&bytes)?;
    }
    zip.finish()?;
    Ok(vec![
        ("a.dcm", "instance"),
        ("b-copy", "duplicate"),
        ("c-other.dcm", "conflict"),
        ("d-cut.dcm", "damaged"),
        ("e-empty", "empty"),
        ("sub/junk.dcm", "not_dicom"),
        ("z.zip!/IM1", "instance"),
        ("z.zip!/T.TXT", "not_dicom"),
    ])
}

fn element(tag: [u8; 4], vr: &[u8; 2], value: &str) -> Vec<u8> {
    let padded = if value.len() % 2 == 1 { format!("{value}\0") } else { value.to_owned() };
    let length = u16::try_from(padded.len()).unwrap_or(0).to_le_bytes();
    [&tag[..], vr, &length, padded.as_bytes()].concat()
}

fn dicom(sop: &str) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend_from_slice(b"DICM");
    bytes.extend(element([2, 0, 0x10, 0], b"UI", "1.2.840.10008.1.2.1"));
    bytes.extend(element([8, 0, 0x16, 0], b"UI", "1.2.840.10008.5.1.4.1.1.7"));
    bytes.extend(element([8, 0, 0x18, 0], b"UI", sop));
    bytes.extend(element([0x10, 0, 0x20, 0], b"LO", "P1"));
    bytes.extend(element([0x20, 0, 0x0D, 0], b"UI", "1.2.840.99.100"));
    bytes.extend(element([0x20, 0, 0x0E, 0], b"UI", "1.2.840.99.101"));
    bytes
}

fn read_all(location: &Location) -> Outcome<(Vec<u8>, u64)> {
    let mut opened = Opener::new().open(location)?;
    let mut bytes = Vec::new();
    opened.reader.read_to_end(&mut bytes)?;
    Ok((bytes, opened.bytes))
}

#[test]
fn every_file_and_member_is_what_the_truth_says() -> Outcome<()> {
    let Some(root) = corpus() else {
        let root = tempfile::tempdir()?;
        let truth = small_corpus(root.path())?;
        let all = scanned(root.path(), 2)?;
        let found: Vec<(&str, &str)> = all
            .lines
            .iter()
            .flat_map(|(name, lines)| lines.iter().map(|line| (name.as_str(), line.word)))
            .collect();
        assert_eq!(found, truth);
        return Ok(());
    };
    let all = scanned(&root, 2)?;
    assert_eq!(differences(&root, &all)?, Vec::<String>::new());
    assert_eq!(index_differences(&root, &all)?, Vec::<String>::new());
    assert_eq!(count_differences(&root)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn what_was_found_opens_with_exactly_the_bytes_that_were_counted() -> Outcome<()> {
    let made = tempfile::tempdir()?;
    let root = match corpus() {
        Some(root) => root.join("archives"),
        None => {
            small_corpus(made.path())?;
            made.path().to_path_buf()
        }
    };
    let all = scanned(&root, 1)?;
    let mut opened = 0;
    for line in all.lines.values().flatten().filter(|line| LISTED.contains(&line.word)) {
        let (bytes, declared) = read_all(&line.location)?;
        assert_eq!((bytes.len() as u64, declared), (line.bytes, line.bytes));
        assert_eq!(bytes.get(128..132), Some(&b"DICM"[..]));
        opened += 1;
    }
    assert!(opened >= 4, "only {opened} were opened");
    Ok(())
}

#[test]
fn the_order_is_the_same_whatever_the_number_of_readers() -> Outcome<()> {
    let made = tempfile::tempdir()?;
    small_corpus(made.path())?;
    let root = corpus().unwrap_or_else(|| made.path().to_path_buf());
    let order = |readers| -> Outcome<Vec<(String, Option<SkipReason>)>> {
        let options = Options { readers, ..Options::default() };
        let mut order = Vec::new();
        scan(std::slice::from_ref(&root), &options, &Cancel::new(), &mut |seen| match seen {
            Seen::Instance(found) => order.push((found.location.shown(), None)),
            Seen::Skipped(skip) => order.push((skip.location.shown(), Some(skip.reason))),
            Seen::Index(report) => order.push((report.location.shown(), None)),
        })?;
        Ok(order)
    };
    let one = order(1)?;
    assert_eq!(one, order(2)?);
    assert_eq!(one, order(5)?);
    Ok(())
}
