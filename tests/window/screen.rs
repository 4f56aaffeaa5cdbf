//! A picture of the display that the window is on, as its server keeps it in a file (an X window dump). The driver's own
//! pictures make it wait for ever where the page has nothing new to draw.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// Writes what the display shows, from its upper left corner on, as a PNG.
pub(crate) fn photograph(dump: &Path, to: &Path, (width, height): (usize, usize)) -> Result<()> {
    let bytes = fs::read(dump).context("the display has no picture")?;
    let word = |at: usize| -> Result<usize> {
        let bytes = bytes.get(at * 4..at * 4 + 4).context("a short dump")?;
        Ok(u32::from_be_bytes(bytes.try_into()?) as usize)
    };
    // XWDFile.h: header size, version, format, depth, width, height, .., bits per pixel (11), bytes a line (12), ..,
    // colours (19).
    let (header, line, colours) = (word(0)?, word(12)?, word(19)?);
    ensure!(word(11)? == 32, "the display has not 32 bits a pixel");
    let pixels = bytes.get(header + colours * 12..).context("a short dump")?;
    let mut rows = Vec::with_capacity(height * (width * 3 + 1));
    for row in pixels.chunks(line).take(height) {
        rows.push(0);
        for pixel in row.chunks(4).take(width) {
            if let [blue, green, red, _] = pixel {
                rows.extend([red, green, blue]);
            }
        }
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend((width as u32).to_be_bytes());
    head.extend((height as u32).to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &head);
    chunk(&mut file, b"IDAT", &stored(&rows));
    chunk(&mut file, b"IEND", &[]);
    Ok(fs::write(to, file)?)
}

/// zlib without compression (RFC 1950, RFC 1951 section 3.2.4).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let last = bytes.len().div_ceil(0xffff);
    for (number, block) in bytes.chunks(0xffff).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(number + 1 == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], bytes: &[u8]) {
    file.extend((bytes.len() as u32).to_be_bytes());
    file.extend(kind);
    file.extend(bytes);
    let crc = kind.iter().chain(bytes).fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    });
    file.extend((!crc).to_be_bytes());
}
