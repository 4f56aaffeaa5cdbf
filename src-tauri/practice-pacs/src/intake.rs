//! Takes the body of a store request, piece by piece, into files in the folder of what is arriving. Runs where blocking
//! is allowed; never holds more than a piece in memory.

use crate::archive::Archive;
use crate::header;
use crate::multipart::{Event, Multipart, MultipartFault};
use crate::record::Record;
use crate::structure::Broken;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use tempfile::{NamedTempFile, TempPath};

/// A part that has arrived.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) file: TempPath,
    pub(crate) read: Result<Record, Broken>,
}

/// A body that has arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) parts: Vec<Staged>,
    /// Whether the body was whole.
    pub(crate) whole: Result<(), MultipartFault>,
}

enum Form {
    Multipart(Multipart),
    /// One file, without anything around it.
    Single,
}

/// A body that is arriving.
pub(crate) struct Intake {
    archive: Arc<Archive>,
    form: Form,
    open: Option<Part>,
    parts: Vec<Staged>,
    fault: Option<MultipartFault>,
}

struct Part {
    file: BufWriter<NamedTempFile>,
    typed: bool,
}

impl Intake {
    /// For a `multipart/related` body.
    pub(crate) fn multipart(archive: Arc<Archive>, boundary: &str) -> Self {
        Self::new(archive, Form::Multipart(Multipart::new(boundary)))
    }

    /// For a body that is one file.
    pub(crate) fn single(archive: Arc<Archive>) -> Self {
        Self::new(archive, Form::Single)
    }

    fn new(archive: Arc<Archive>, form: Form) -> Self {
        Self { archive, form, open: None, parts: Vec::new(), fault: None }
    }

    /// Takes the next piece. What follows a fault in the form of the body is ignored.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> io::Result<()> {
        let events = match &mut self.form {
            Form::Single => {
                if self.open.is_none() {
                    self.begin(true)?;
                }
                return self.write(piece);
            }
            Form::Multipart(_) if self.fault.is_some() => return Ok(()),
            Form::Multipart(reader) => match reader.feed(piece) {
                Ok(events) => events,
                Err(fault) => {
                    self.fault = Some(fault);
                    return Ok(());
                }
            },
        };
        for event in events {
            match event {
                Event::Part { content_type } => self.begin(content_type == "application/dicom")?,
                Event::Data(bytes) => self.write(&bytes)?,
                Event::PartEnd => self.finish_part()?,
            }
        }
        Ok(())
    }

    /// All pieces were there. A part without its end is thrown away.
    pub(crate) fn finish(mut self) -> io::Result<Arrived> {
        let whole = match (&self.form, self.fault) {
            (_, Some(fault)) => Err(fault),
            (Form::Multipart(reader), None) => reader.end(),
            (Form::Single, None) => Ok(()),
        };
        if matches!(self.form, Form::Single) {
            self.finish_part()?;
        }
        Ok(Arrived { parts: self.parts, whole })
    }

    fn begin(&mut self, typed: bool) -> io::Result<()> {
        let file = BufWriter::with_capacity(1 << 16, self.archive.incoming()?);
        self.open = Some(Part { file, typed });
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |part| part.file.write_all(bytes))
    }

    fn finish_part(&mut self) -> io::Result<()> {
        let Some(part) = self.open.take() else { return Ok(()) };
        let file = part.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let file = file.into_temp_path();
        let read = if part.typed {
            header::read(std::fs::File::open(&file)?)
        } else {
            Err(Broken::NotDicom)
        };
        self.parts.push(Staged { file, read });
        Ok(())
    }
}
