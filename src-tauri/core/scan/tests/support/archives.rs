//! Archive files and DICOMDIRs for the tests that need them.

use crate::support::{Outcome, element, front, part10};
use std::io::Write;
use std::path::Path;

/// A DICOMDIR with one record for each File ID.
pub(crate) fn dicomdir(ids: &[&str]) -> Vec<u8> {
    let mut out = part10("1.2.840.10008.1.2.1", "1.2.840.10008.1.3.10");
    let items: Vec<u8> = ids
        .iter()
        .flat_map(|id| {
            let record = element(0x0004_1500, b"CS", id.as_bytes());
            [front(0xFFFE_E000, b"  ", record.len() as u32), record].concat()
        })
        .collect();
    out.extend(element(0x0004_1220, b"SQ", &items));
    out
}

/// A ZIP file with these members, deflated.
pub(crate) fn zip_file(path: &Path, members: &[(&str, &[u8])]) -> Outcome<()> {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path)?);
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())?;
        zip.write_all(bytes)?;
    }
    zip.finish()?;
    Ok(())
}

/// A TAR file of regular files.
pub(crate) fn tar_bytes(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in members {
        let mut block = [0u8; 512];
        let mut put = |at: usize, text: &[u8]| {
            for (to, from) in block.iter_mut().skip(at).zip(text) {
                *to = *from;
            }
        };
        put(0, name.as_bytes());
        put(124, format!("{:011o}", bytes.len()).as_bytes());
        put(148, b"        ");
        put(156, b"0");
        put(257, b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        for (to, from) in block.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
            *to = from;
        }
        out.extend_from_slice(&block);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// Packed by gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes)?;
    Ok(gz.finish()?)
}
