//! Sources made to hurt: links, devices, odd names, lying lengths, bombs, endless nesting.

mod support;

use relaypacs_model::{Seen, SkipReason};
use relaypacs_scan::{Cancel, Options, ScanError, read_header, scan};
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::{Outcome, data_set, dicom, element, front, part10, short};

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const CLASS: &str = "1.2.840.10008.5.1.4.1.1.7";
/// What falls into one of these takes minutes or for ever; what does not, a second or two where the machine is busy.
const TRAPPED: Duration = Duration::from_secs(30);

fn unfit(bytes: &[u8]) -> (SkipReason, String, bool) {
    match read_header(&mut Cursor::new(bytes), bytes.len() as u64) {
        Ok(_) => panic!("it was taken for a whole instance"),
        Err(unfit) => (unfit.reason, unfit.detail, unfit.header.is_some()),
    }
}

fn fits(bytes: &[u8]) -> bool {
    read_header(&mut Cursor::new(bytes), bytes.len() as u64).is_ok()
}

#[cfg(unix)]
#[test]
fn links_are_named_and_what_is_no_regular_file_is_passed_over() -> Outcome<()> {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir()?;
    let at = |name: &str| root.path().join(name);
    fs::create_dir_all(at("loop/a"))?;
    fs::write(at("loop/a/IM1"), dicom("1.2.3"))?;
    symlink("..", at("loop/a/up"))?;
    symlink("self", at("loop/self"))?;
    symlink("nowhere", at("dangling"))?;
    symlink("/dev/zero", at("zero.dcm"))?;
    let made = std::process::Command::new("mkfifo").arg(at("fifo.dcm")).status()?;
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket"))?;
    let all = short(root.path(), &Options::default())?;
    let expected = [
        "dangling link",
        "loop/a/IM1 instance",
        "loop/a/up link",
        "loop/self link",
        "zero.dcm link",
    ];
    assert_eq!(all.lines, expected);
    let fifo = scan(&[at("fifo.dcm")], &Options::default(), &Cancel::new(), &mut |_| {});
    assert!(matches!(fifo, Err(ScanError::Unreadable { which: 0, .. })));
    Ok(())
}

// The file systems of macOS take no other names.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_unicode_and_sparse_giants_are_read_like_any_file() -> Outcome<()> {
    use std::os::unix::ffi::OsStrExt;
    let root = tempfile::tempdir()?;
    let odd = [&b"M\xfcller.dcm"[..], b"new\nline", b"back\\slash", b"trailing dot.", b"\xff\xfe"];
    for (n, name) in odd.iter().enumerate() {
        let path = root.path().join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, dicom(&format!("1.2.3.{n}")))?;
    }
    let zeros = fs::File::create(root.path().join("zeros"))?;
    zeros.set_len(5 << 30)?;
    let mut giant = dicom("1.2.4");
    giant.extend(front(0x7FE0_0010, b"OB", 3 << 30));
    let whole = giant.len() as u64 + (3 << 30);
    for (name, size) in [("giant", whole), ("giant-cut", whole - 1)] {
        fs::write(root.path().join(name), &giant)?;
        fs::File::options().write(true).open(root.path().join(name))?.set_len(size)?;
    }
    let begin = Instant::now();
    let all = short(root.path(), &Options::default())?;
    assert!(begin.elapsed() < TRAPPED, "{:?}", begin.elapsed());
    assert_eq!(all.lines.iter().filter(|line| line.ends_with(" instance")).count(), 6);
    let skipped: Vec<SkipReason> = all.skips.iter().map(|skip| skip.reason).collect();
    assert_eq!(skipped, [SkipReason::Damaged, SkipReason::NotDicom]);
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_deeper_than_a_path_can_say_is_named_and_the_rest_goes_on() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    fs::write(root.path().join("z.dcm"), dicom("1.2.3"))?;
    let name = "d".repeat(200);
    let script = format!("for i in $(seq 25); do mkdir {name} && cd -P {name} || exit 1; done");
    let mut shell = std::process::Command::new("sh");
    assert!(shell.arg("-c").arg(script).current_dir(root.path()).status()?.success());
    let all = short(root.path(), &Options::default())?;
    assert_eq!(all.lines.last().map(String::as_str), Some("z.dcm instance"));
    let [skip] = all.skips.as_slice() else { return Err("not exactly one skip".into()) };
    assert_eq!(skip.reason, SkipReason::Unreadable);
    // Longer than a path can say, so no call that takes a path could remove it.
    let name = root.path().file_name().ok_or("a name")?;
    let parent = root.path().parent().ok_or("a parent")?;
    let mut remove = std::process::Command::new("rm");
    assert!(remove.arg("-rf").arg(name).current_dir(parent).status()?.success());
    Ok(())
}

#[test]
fn every_cut_inside_an_element_is_damaged() {
    let inner = element(0x0008_1150, b"UI", b"1.2.3.4");
    let sequence = [front(0xFFFE_E000, b"  ", inner.len() as u32), inner].concat();
    let meta = part10(EXPLICIT, CLASS);
    let parts = [
        element(0x0008_0016, b"UI", CLASS.as_bytes()),
        element(0x0008_0018, b"UI", b"1.2.3"),
        element(0x0020_000D, b"UI", b"1.2.840.99.100"),
        element(0x0020_000E, b"UI", b"1.2.840.99.101"),
        element(0x0040_0275, b"SQ", &sequence),
        element(0x7FE0_0010, b"OW", &[7; 300]),
    ];
    let whole = [meta.clone(), parts.concat()].concat();
    // Cut between two elements, what is left is a whole data set; from the fourth on it has all its UIDs.
    let mut ends = Vec::new();
    let mut end = meta.len();
    for part in &parts {
        end += part.len();
        ends.push(end);
    }
    for cut in 133..=whole.len() {
        let bytes = whole.get(..cut).unwrap_or_default();
        let reason =
            read_header(&mut Cursor::new(bytes), cut as u64).err().map(|unfit| unfit.reason);
        let expected = match ends.iter().position(|end| *end == cut) {
            Some(0..=2) => Some(SkipReason::NoUid),
            Some(_) => None,
            None => Some(SkipReason::Damaged),
        };
        assert_eq!(reason, expected, "cut at {cut}");
    }
}

#[test]
fn lengths_that_lie_cost_neither_memory_nor_time() {
    let begin = Instant::now();
    for vr in [b"OB", b"UT", b"UN", b"SQ"] {
        let mut bytes = dicom("1.2.3");
        bytes.extend(front(0x0040_0275, vr, 0xFFFF_FFF0));
        assert_eq!(unfit(&bytes).0, SkipReason::Damaged);
        assert!(unfit(&bytes).2, "the header is lost");
    }
    let mut endless = dicom("1.2.3");
    endless.extend(front(0x0040_0275, b"SQ", u32::MAX));
    for _ in 0..1_000 {
        endless.extend(front(0xFFFE_E000, b"  ", 0));
    }
    assert_eq!(unfit(&endless).0, SkipReason::Damaged);
    assert!(begin.elapsed() < TRAPPED);
}

#[test]
fn nesting_a_hundred_thousand_deep_and_five_million_elements_are_bounded() {
    let begin = Instant::now();
    let mut deep = dicom("1.2.3");
    for _ in 0..100_000 {
        deep.extend(front(0x0040_0275, b"SQ", u32::MAX));
        deep.extend(front(0xFFFE_E000, b"  ", u32::MAX));
    }
    assert!(unfit(&deep).1.contains("nested"));
    let mut many = dicom("1.2.3");
    let tiny = front(0x0041_1010, b"LO", 0);
    many.extend(tiny.iter().copied().cycle().take(tiny.len() * 5_000_000));
    assert!(unfit(&many).1.contains("more elements"));
    assert!(begin.elapsed() < TRAPPED, "{:?}", begin.elapsed());
}

#[test]
fn a_private_sequence_in_a_un_of_undefined_length_is_implicit() {
    // PS3.5 section 6.2.2 and CP-246; the implicit length of the inner element is what explicit readers trip over.
    let mut bytes = dicom("1.2.3");
    bytes.extend(front(0x2001_105F, b"UN", u32::MAX));
    bytes.extend(front(0xFFFE_E000, b"  ", u32::MAX));
    bytes.extend_from_slice(b"\x01\x20\x60\x10\x04\0\0\0abcd");
    bytes.extend(front(0xFFFE_E00D, b"  ", 0));
    bytes.extend(front(0xFFFE_E0DD, b"  ", 0));
    bytes.extend(element(0x7FE0_0010, b"OW", &[1; 8]));
    assert!(fits(&bytes));
    bytes.truncate(bytes.len() - 1);
    assert_eq!(unfit(&bytes).0, SkipReason::Damaged);
}

#[test]
fn fragments_of_two_bytes_are_hopped_over_quickly() {
    let mut bytes = [part10("1.2.840.10008.1.2.4.50", CLASS), data_set("1.2.3")].concat();
    bytes.extend(front(0x7FE0_0010, b"OB", u32::MAX));
    let fragment = [front(0xFFFE_E000, b"  ", 2), vec![1, 2]].concat();
    bytes.extend(fragment.iter().copied().cycle().take(fragment.len() * 500_000));
    let open = bytes.clone();
    bytes.extend(front(0xFFFE_E0DD, b"  ", 0));
    let begin = Instant::now();
    assert!(fits(&bytes));
    assert!(begin.elapsed() < TRAPPED, "{:?}", begin.elapsed());
    assert_eq!(unfit(&open).0, SkipReason::Damaged);
}

#[test]
fn one_scan_ends_without_another_and_with_what_it_is_below() {
    let (run, own) = (Cancel::new(), Cancel::new().below());
    let (one, other) = (run.below(), run.below());
    one.cancel();
    assert!(one.is_cancelled() && !other.is_cancelled() && !run.is_cancelled());
    run.cancel();
    assert!(other.is_cancelled() && other.below().is_cancelled() && !own.is_cancelled());
}

#[test]
fn a_scan_stops_soon_after_it_is_cancelled() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    for n in 0..500 {
        fs::write(root.path().join(format!("{n:04}")), dicom(&format!("1.2.{n}")))?;
    }
    let (cancel, mut seen) = (Cancel::new(), 0);
    let begin = Instant::now();
    let outcome = scan(&[root.path().into()], &Options::default(), &cancel, &mut |_| {
        seen += 1;
        if seen == 10 {
            cancel.cancel();
        }
    });
    assert!(matches!(outcome, Err(ScanError::Cancelled)));
    assert_eq!(seen, 10);
    assert!(begin.elapsed() < TRAPPED);
    Ok(())
}

#[test]
fn overlapping_sources_list_a_file_once_and_missing_ones_are_an_error() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    fs::create_dir(root.path().join("sub"))?;
    fs::write(root.path().join("sub/IM"), dicom("1.2.3"))?;
    let (all, sub) = (root.path().to_path_buf(), root.path().join("sub"));
    let file = sub.join("IM");
    let count = |sources: &[PathBuf]| -> Result<usize, ScanError> {
        let mut lines = 0;
        scan(sources, &Options::default(), &Cancel::new(), &mut |_| lines += 1)?;
        Ok(lines)
    };
    assert_eq!(count(&[all.clone(), sub.clone(), file.clone(), all.clone()])?, 1);
    assert_eq!(count(&[file.clone(), sub, all.clone()])?, 1);
    assert_eq!(count(&[file])?, 1);
    let missing = count(&[all.clone(), all.join("gone")]);
    assert!(matches!(&missing, Err(ScanError::NotFound { which: 1 })));
    let text = missing.err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(text, "source number 2 does not exist");
    Ok(())
}

#[test]
fn instances_are_the_distinct_uids_and_duplicates_the_equal_bytes() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    for (n, variant) in [1u8, 2, 1, 3, 2, 3, 1].into_iter().enumerate() {
        let bytes = [dicom("1.2.3"), element(0x7FE0_0010, b"OB", &[variant, 0])].concat();
        fs::write(root.path().join(n.to_string()), bytes)?;
    }
    let all = short(root.path(), &Options::default())?;
    let expected = [
        "0 instance",
        "1 conflict",
        "2 duplicate",
        "3 conflict",
        "4 duplicate",
        "5 duplicate",
        "6 duplicate",
    ];
    assert_eq!(all.lines, expected);
    let earlier: Vec<Option<String>> = all
        .skips
        .iter()
        .map(|skip| skip.earlier.as_ref()?.file().file_name()?.to_str().map(String::from))
        .collect();
    let names = ["0", "0", "0", "1", "3", "0"].map(|name| Some(name.to_owned()));
    assert_eq!(earlier, names);
    Ok(())
}

#[test]
fn a_damaged_instance_is_listed_only_when_asked_for() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let mut cut = dicom("1.2.3");
    cut.extend(front(0x7FE0_0010, b"OB", 100));
    fs::write(root.path().join("cut"), cut)?;
    assert_eq!(short(root.path(), &Options::default())?.lines, ["cut damaged"]);
    let options = Options { include_damaged: true, ..Options::default() };
    let mut damage = None;
    scan(&[root.path().into()], &options, &Cancel::new(), &mut |seen| {
        if let Seen::Instance(found) = seen {
            damage = found.damage;
        }
    })?;
    assert_eq!(damage.as_deref(), Some("a value is longer than what is left of the file"));
    Ok(())
}

#[test]
fn the_way_that_a_data_set_is_written_is_seen_and_a_contradiction_is_damage() -> Outcome<()> {
    use flate2::{Compression, write::DeflateEncoder};
    use relaypacs_model::Encoding;
    use std::io::Write;
    let implicit = |elements: &[(u32, &[u8])]| -> Vec<u8> {
        let one = |(tag, value): &(u32, &[u8])| {
            let (group, number) = ((tag >> 16) as u16, *tag as u16);
            let length = (value.len() as u32).to_le_bytes();
            [&group.to_le_bytes()[..], &number.to_le_bytes(), &length, value].concat()
        };
        elements.iter().flat_map(one).collect()
    };
    let plain = implicit(&[
        (0x0008_0016, b"1.2.840.10008.5.1.4.1.1.7\0"),
        (0x0008_0018, b"1.2.3\0"),
        (0x0010_0010, b"A^B^^ "),
        (0x0020_000D, b"1.2.4\0"),
        (0x0020_000E, b"1.2.5\0"),
    ]);
    let file = |syntax: &str, body: &[u8]| [&part10(syntax, CLASS), body].concat();
    let read = |bytes: &[u8]| read_header(&mut Cursor::new(bytes), bytes.len() as u64);
    let mut deflater = DeflateEncoder::new(Vec::new(), Compression::fast());
    deflater.write_all(&data_set("1.2.3"))?;
    let deflated = deflater.finish()?;
    let sound = [
        (file("1.2.840.10008.1.2", &plain), Encoding::ImplicitLittle),
        (file("", &plain), Encoding::ImplicitLittle),
        (plain.clone(), Encoding::ImplicitLittle),
        (data_set("1.2.3"), Encoding::ExplicitLittle),
        (file("1.2.3.4.5", &data_set("1.2.3")), Encoding::ExplicitLittle),
        (file("1.2.840.10008.1.2.1.99", &deflated), Encoding::Deflated),
    ];
    for (bytes, encoding) in sound {
        let header = read(&bytes).map_err(|unfit| unfit.detail)?;
        assert_eq!(header.encoding, encoding);
        assert_eq!(header.part10, bytes.starts_with(&[0; 128]));
    }
    let name = read(&plain).map_err(|unfit| unfit.detail)?.patient.name;
    assert_eq!(name.reveal(), "A^B");
    let wrong = [
        file(EXPLICIT, &plain),
        file("1.2.840.10008.1.2", &data_set("1.2.3")),
        file("1.2.840.10008.1.2.2", &data_set("1.2.3")),
        file("1.2.840.10008.1.2.1.99", &data_set("1.2.3")),
    ];
    for bytes in wrong {
        let (reason, detail, header) = unfit(&bytes);
        assert_eq!((reason, header), (SkipReason::Damaged, true), "{detail}");
    }
    // The deflate stream is whole, the data set in it is not: only unpacking shows where it ends.
    let mut deflater = DeflateEncoder::new(Vec::new(), Compression::fast());
    deflater
        .write_all(&[data_set("1.2.3"), front(0x7FE0_0010, b"OB", 100), vec![0; 99]].concat())?;
    let short_pixels = file("1.2.840.10008.1.2.1.99", &deflater.finish()?);
    assert_eq!(unfit(&short_pixels).0, SkipReason::Damaged);
    let cut = file("1.2.840.10008.1.2.1.99", deflated.get(..20).unwrap_or_default());
    assert_eq!(unfit(&cut).0, SkipReason::Damaged);
    Ok(())
}

#[test]
fn a_dicm_mark_at_the_wrong_place_is_no_dicom_and_the_detail_says_where_it_is() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let whole = dicom("1.2.3");
    let from_mark = whole.get(128..).unwrap_or_default();
    let fronts =
        [(&b""[..], from_mark, 0), (&[0; 512], from_mark, 512), (&[0; 640], from_mark, 640)];
    let marks = [(&b"\xFF\xFE"[..], &whole[..], 130), (b"\xEF\xBB\xBF", &whole, 131)];
    let mut expected = Vec::new();
    for (n, (front, rest, at)) in fronts.into_iter().chain(marks).enumerate() {
        fs::write(root.path().join(format!("{n}")), [front, rest].concat())?;
        expected.push(format!("its DICM mark is at byte {at}, not at byte 128"));
    }
    // The four letters alone are a word like any other.
    fs::write(root.path().join("word"), "notes on the DICM mark, written down by somebody")?;
    expected.push("not DICOM".into());
    let all = short(root.path(), &Options::default())?;
    let details: Vec<&str> = all.skips.iter().map(|skip| skip.detail.as_str()).collect();
    assert_eq!(details, expected);
    assert!(all.lines.iter().all(|line| line.ends_with(" not_dicom")), "{:?}", all.lines);
    Ok(())
}
