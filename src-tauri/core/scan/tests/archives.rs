//! Archive files and DICOMDIRs: what they hold, what they claim, and what they must not do.

#[path = "support/archives.rs"]
mod made;
#[path = "archives/opening.rs"]
mod opening;
mod support;

use made::{dicomdir, gzip, tar_bytes, zip_file};
use relaypacs_scan::{Limits, Options};
use std::fs;
use support::{Outcome, dicom, element, short};

#[test]
fn archives_are_looked_into_one_level_deep_whatever_they_are_called() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let at = |name: &str| root.path().join(name);
    zip_file(&at("third"), &[("IM", &dicom("1.2.1"))])?;
    zip_file(&at("second"), &[("IM", &dicom("1.2.2")), ("third", &fs::read(at("third"))?)])?;
    zip_file(&at("first.dcm"), &[("IM", &dicom("1.2.3")), ("second", &fs::read(at("second"))?)])?;
    let packed = [&b"MZ stub of an unpacker "[..], &fs::read(at("third"))?].concat();
    fs::write(at("viewer.exe"), packed)?;
    fs::remove_file(at("third"))?;
    fs::remove_file(at("second"))?;
    let tar = tar_bytes(&[("x/IM", &dicom("1.2.4")), ("x/T", b"text"), ("../out", b"no")]);
    fs::write(at("study.tar"), &tar)?;
    fs::write(at("study.tgz"), gzip(&tar)?)?;
    fs::write(at("tar.cut"), tar.get(..700).unwrap_or_default())?;
    let all = short(root.path(), &Options::default())?;
    let expected = [
        "first.dcm!/IM instance",
        "first.dcm!/second!/IM instance",
        "first.dcm!/second!/third unsafe_archive",
        "study.tar!/x/IM instance",
        "study.tar!/x/T not_dicom",
        "study.tar!/../out unsafe_archive",
        "study.tgz!/x/IM duplicate",
        "study.tgz!/x/T not_dicom",
        "study.tgz!/../out unsafe_archive",
        "tar.cut!/x/IM damaged",
        "viewer.exe!/IM instance",
    ];
    assert_eq!(all.lines, expected);
    Ok(())
}

#[test]
fn a_bomb_is_unsafe_and_its_neighbour_is_found() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let zeros = vec![0; 8 << 20];
    let bomb = [dicom("1.2.1"), element(0x7FE0_0010, b"OB", &zeros)].concat();
    let path = root.path().join("a.zip");
    zip_file(&path, &[("bomb", &bomb), ("good", &dicom("1.2.2"))])?;
    // A member that is larger than its directory says.
    let lying = root.path().join("b.zip");
    zip_file(&lying, &[("liar", &dicom("1.2.3"))])?;
    let mut bytes = fs::read(&lying)?;
    let entry = bytes.windows(4).position(|four| four == b"PK\x01\x02").ok_or("a directory")?;
    bytes.splice(entry + 24..entry + 28, 100u32.to_le_bytes());
    fs::write(&lying, bytes)?;
    let limits = Limits { ratio_free_bytes: 1 << 20, ..Limits::default() };
    let all = short(root.path(), &Options { limits, ..Options::default() })?;
    let expected =
        ["a.zip!/bomb unsafe_archive", "a.zip!/good instance", "b.zip!/liar unsafe_archive"];
    assert_eq!(all.lines, expected);
    Ok(())
}

#[test]
fn a_dicomdir_is_held_against_the_disc_and_against_a_zip() -> Outcome<()> {
    let root = tempfile::tempdir()?;
    let index = dicomdir(&["IMAGES\\IM1", "IMAGES\\IM2", "IMAGES\\GONE", "..\\ETC", "IMAGES\\IM1"]);
    let files: [(&str, Vec<u8>); 4] = [
        ("DICOMDIR", index),
        ("images/im1.;1", dicom("1.2.1")),
        ("images/IM2", dicom("1.2.2")),
        ("images/LATE", dicom("1.2.3")),
    ];
    let members: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    zip_file(&root.path().join("cd.zip"), &members)?;
    let cd = root.path().join("cd");
    fs::create_dir_all(cd.join("images"))?;
    for (name, bytes) in &files {
        fs::write(cd.join(name), bytes)?;
    }
    fs::write(root.path().join("cd.tar"), tar_bytes(&members))?;
    for source in [cd, root.path().join("cd.zip"), root.path().join("cd.tar")] {
        let all = short(&source, &Options::default())?;
        let [report] = all.indexes.as_slice() else { return Err("not one report".into()) };
        assert_eq!(report.listed_missing, ["IMAGES/GONE", "../ETC"]);
        let counts = (report.listed, report.listed_missing_total, report.unlisted);
        assert_eq!((counts, &report.damage), ((4, 2, 1), &None));
    }
    Ok(())
}
