//! Archives made for the tests within this room.

use std::io::{Cursor, Write};

pub(crate) type Members = Vec<(String, Vec<u8>)>;

/// A ZIP file with these members; `None`: stored.
pub(crate) fn zip(members: &Members, level: Option<i64>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let how = zip::write::SimpleFileOptions::default().compression_level(level);
        let method =
            level.map_or(zip::CompressionMethod::Stored, |_| zip::CompressionMethod::Deflated);
        zip.start_file(name.as_str(), how.compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A TAR file with these members, packed.
pub(crate) fn tgz(members: &Members) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for (name, bytes) in members {
        let mut block = [0u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        block[148..156].copy_from_slice(b"        ");
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        gz.write_all(&block).unwrap();
        gz.write_all(bytes).unwrap();
        gz.write_all(&vec![0; bytes.len().next_multiple_of(512) - bytes.len()]).unwrap();
    }
    gz.write_all(&[0; 1024]).unwrap();
    gz.finish().unwrap()
}

/// An instance with this UID and so many bytes of pixels, each `fill`.
pub(crate) fn dicom(uid: &str, pixels: u32, fill: u8) -> Vec<u8> {
    let mut out = vec![0; 128];
    out.extend_from_slice(b"DICM");
    let texts = [
        ([2, 0, 0x10, 0], "1.2.840.10008.1.2.1"),
        ([8, 0, 0x16, 0], "1.2.840.10008.5.1.4.1.1.7"),
        ([8, 0, 0x18, 0], uid),
        ([0x20, 0, 0x0D, 0], "1.2.840.99.100"),
        ([0x20, 0, 0x0E, 0], "1.2.840.99.101"),
    ];
    for (tag, text) in texts {
        let padded = if text.len() % 2 == 1 { format!("{text}\0") } else { text.to_owned() };
        out.extend_from_slice(&tag);
        out.extend_from_slice(b"UI");
        out.extend_from_slice(&(padded.len() as u16).to_le_bytes());
        out.extend_from_slice(padded.as_bytes());
    }
    out.extend_from_slice(&[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0]);
    out.extend_from_slice(&pixels.to_le_bytes());
    out.resize(out.len() + pixels as usize, fill);
    out
}
