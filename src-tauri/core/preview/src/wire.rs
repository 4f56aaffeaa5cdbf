//! What parent and worker say to each other over a pipe, each number little endian. Neither believes the other's
//! lengths: the worker may be in the hands of a hostile file.

use crate::{Levels, Picture, Placeholder, Request, Window};
use std::io::{self, Read, Write};

/// The most bytes of an instance in one answer: 1 MiB.
pub(crate) const PIECE_MOST: usize = 1 << 20;
/// The most bytes of a picture: 4,096 x 4,096 in colour, and what PNG adds.
const PNG_MOST: u32 = 64 << 20;

/// From the worker.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// It wants `length` bytes from `at` on.
    Want { at: u64, length: usize },
    /// It is done.
    Done(Result<Picture, Placeholder>),
}

/// A request and the size of the instance, to the worker.
pub(crate) fn ask(to: &mut impl Write, request: &Request, size: u64) -> io::Result<()> {
    let (kind, window) = match request.levels {
        Levels::OfFile => (0, None),
        Levels::OfData => (1, None),
        Levels::Given(window) => (2, Some(window)),
    };
    to.write_all(&request.frame.to_le_bytes())?;
    to.write_all(&request.longest_edge.to_le_bytes())?;
    to.write_all(&[kind])?;
    put_window(to, window)?;
    to.write_all(&size.to_le_bytes())?;
    to.flush()
}

/// Reads a request; nothing where the parent is gone.
pub(crate) fn asked(from: &mut impl Read) -> io::Result<Option<(Request, u64)>> {
    let mut first = [0; 1];
    if from.read(&mut first)? == 0 {
        return Ok(None);
    }
    let [a] = first;
    let [b, c, d] = take(from)?;
    let frame = u32::from_le_bytes([a, b, c, d]);
    let longest_edge = u32::from_le_bytes(take(from)?);
    let [kind] = take(from)?;
    let levels = match (kind, window(from)?) {
        (2, Some(window)) => Levels::Given(window),
        (1, _) => Levels::OfData,
        _ => Levels::OfFile,
    };
    Ok(Some((Request { frame, longest_edge, levels }, u64::from_le_bytes(take(from)?))))
}

/// Bytes of the instance, to the worker; nothing where they could not be read.
pub(crate) fn feed(to: &mut impl Write, bytes: Option<&[u8]>) -> io::Result<()> {
    let length = bytes.map_or(u32::MAX, |bytes| bytes.len() as u32);
    to.write_all(&length.to_le_bytes())?;
    to.write_all(bytes.unwrap_or_default())?;
    to.flush()
}

/// Asks the parent for bytes and waits for them.
pub(crate) fn want(
    from: &mut impl Read,
    to: &mut impl Write,
    at: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    to.write_all(b"W")?;
    to.write_all(&at.to_le_bytes())?;
    let most = buffer.len().min(PIECE_MOST);
    to.write_all(&(most as u32).to_le_bytes())?;
    to.flush()?;
    let length = u32::from_le_bytes(take(from)?);
    if length == u32::MAX {
        return Err(io::ErrorKind::Other.into());
    }
    let part = buffer.get_mut(..length as usize).ok_or(io::ErrorKind::InvalidData)?;
    from.read_exact(part)?;
    Ok(part.len())
}

/// The answer of the worker.
pub(crate) fn done(to: &mut impl Write, answer: &Result<Picture, Placeholder>) -> io::Result<()> {
    match answer {
        Ok(picture) => {
            to.write_all(b"P")?;
            let Picture { width, height, columns, rows, frames, .. } = *picture;
            for number in [width, height, columns, rows, frames, picture.png.len() as u32] {
                to.write_all(&number.to_le_bytes())?;
            }
            put_window(to, picture.window)?;
            to.write_all(&picture.png)?;
        }
        Err(placeholder) => {
            let place = Placeholder::ALL.iter().position(|one| one == placeholder);
            to.write_all(&[b'X', place.unwrap_or(0) as u8])?;
        }
    }
    to.flush()
}

/// What the worker says next.
pub(crate) fn said(from: &mut impl Read) -> io::Result<Said> {
    let [kind] = take(from)?;
    match kind {
        b'W' => {
            let at = u64::from_le_bytes(take(from)?);
            let length = u32::from_le_bytes(take(from)?) as usize;
            Ok(Said::Want { at, length: length.min(PIECE_MOST) })
        }
        b'P' => picture(from).map(|picture| Said::Done(Ok(picture))),
        b'X' => {
            let [place] = take(from)?;
            let placeholder = Placeholder::ALL.get(usize::from(place));
            Ok(Said::Done(Err(placeholder.copied().unwrap_or(Placeholder::DecoderDied))))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn picture(from: &mut impl Read) -> io::Result<Picture> {
    let mut number = || take(from).map(u32::from_le_bytes);
    let (width, height, columns, rows, frames) =
        (number()?, number()?, number()?, number()?, number()?);
    let length = number()?;
    if length > PNG_MOST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let window = window(from)?;
    let mut png = vec![0; length as usize];
    from.read_exact(&mut png)?;
    Ok(Picture { png, width, height, columns, rows, frames, window })
}

fn put_window(to: &mut impl Write, window: Option<Window>) -> io::Result<()> {
    to.write_all(&[u8::from(window.is_some())])?;
    let Window { center, width } = window.unwrap_or(Window { center: 0.0, width: 0.0 });
    to.write_all(&center.to_le_bytes())?;
    to.write_all(&width.to_le_bytes())
}

fn window(from: &mut impl Read) -> io::Result<Option<Window>> {
    let [there] = take(from)?;
    let center = f64::from_le_bytes(take(from)?);
    let width = f64::from_le_bytes(take(from)?);
    Ok((there == 1).then_some(Window { center, width }))
}

fn take<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_and_answered_arrives_as_it_was() {
        let window = Window { center: 40.0, width: 400.0 };
        for levels in [Levels::OfFile, Levels::OfData, Levels::Given(window)] {
            let request = Request { frame: 7, longest_edge: 256, levels };
            let mut pipe = Vec::new();
            ask(&mut pipe, &request, 1 << 40).unwrap();
            assert_eq!(asked(&mut pipe.as_slice()).unwrap(), Some((request, 1 << 40)));
        }
        let (png, frames) = (vec![1, 2, 3], 9);
        let picture =
            Picture { png, width: 3, height: 1, columns: 6, rows: 2, frames, window: Some(window) };
        let answers = Placeholder::ALL.iter().map(|one| Err(*one)).chain([Ok(picture)]);
        for answer in answers {
            let mut pipe = Vec::new();
            done(&mut pipe, &answer).unwrap();
            assert_eq!(said(&mut pipe.as_slice()).unwrap(), Said::Done(answer));
        }
    }

    #[test]
    fn a_worker_that_lies_about_lengths_is_not_believed() {
        let mut pipe = vec![b'P'];
        pipe.extend([0xFF; 24]);
        assert!(said(&mut pipe.as_slice()).is_err());
        let mut pipe = vec![b'W'];
        pipe.extend([0xFF; 12]);
        let Said::Want { length, .. } = said(&mut pipe.as_slice()).unwrap() else { panic!() };
        assert_eq!(length, PIECE_MOST);
    }
}
