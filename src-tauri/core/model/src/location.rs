//! Where the bytes of an instance are: a file, or a member of an archive file (which may lie in another archive).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One step into an archive file: which member of it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MemberStep {
    /// Position in the archive's directory; names may repeat within an archive, positions do not.
    pub index: u32,
    /// The member's name as the archive writes it, for showing only.
    pub name: String,
}

/// Where the bytes are. Paths often carry patient names, so `Debug` shows nothing and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// A regular file.
    File(PathBuf),
    /// A member of the archive file at `archive`, reached by `steps` from the outermost archive inwards (at least one).
    Member {
        /// The outermost archive file.
        archive: PathBuf,
        /// The way in.
        steps: Vec<MemberStep>,
    },
}

/// Bytes that do not describe a location: the table that holds them is damaged, or newer than this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored location cannot be read")]
pub struct LocationFault;

impl Location {
    /// The file on disk that holds the bytes: the file itself, or the outermost archive.
    #[must_use]
    pub fn file(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Member { archive, .. } => archive,
        }
    }

    /// As the user sees it: `path`, or `a.zip!/inner/path`. Characters that are not Unicode are replaced.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut text = self.file().to_string_lossy().into_owned();
        if let Self::Member { steps, .. } = self {
            for step in steps {
                text.push_str("!/");
                text.push_str(&step.name);
            }
        }
        text
    }

    /// The form that a table holds; [`Location::from_bytes`] reads it back exactly, whatever the file name.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let steps: &[MemberStep] = match self {
            Self::File(_) => &[],
            Self::Member { steps, .. } => steps,
        };
        put(&mut out, &os_to_bytes(self.file()));
        for step in steps {
            out.extend_from_slice(&step.index.to_le_bytes());
            put(&mut out, step.name.as_bytes());
        }
        out
    }

    /// Reads what [`Location::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LocationFault`] where the bytes are not such a form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LocationFault> {
        let mut rest = bytes;
        let path = PathBuf::from(os_from_bytes(take(&mut rest)?)?);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (index, tail) = rest.split_first_chunk::<4>().ok_or(LocationFault)?;
            rest = tail;
            let name = std::str::from_utf8(take(&mut rest)?).map_err(|_| LocationFault)?;
            steps.push(MemberStep { index: u32::from_le_bytes(*index), name: name.into() });
        }
        Ok(if steps.is_empty() { Self::File(path) } else { Self::Member { archive: path, steps } })
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Location(..)")
    }
}

impl std::fmt::Debug for MemberStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemberStep(..)")
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], LocationFault> {
    let (length, tail) = rest.split_first_chunk::<8>().ok_or(LocationFault)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| LocationFault)?;
    let (bytes, tail) = tail.split_at_checked(length).ok_or(LocationFault)?;
    *rest = tail;
    Ok(bytes)
}

#[cfg(unix)]
fn os_to_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(unix)]
fn os_from_bytes(bytes: &[u8]) -> Result<OsString, LocationFault> {
    use std::os::unix::ffi::OsStringExt;
    Ok(OsString::from_vec(bytes.to_vec()))
}

#[cfg(windows)]
fn os_to_bytes(path: &Path) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    path.as_os_str().encode_wide().flat_map(u16::to_le_bytes).collect()
}

#[cfg(windows)]
fn os_from_bytes(bytes: &[u8]) -> Result<OsString, LocationFault> {
    use std::os::windows::ffi::OsStringExt;
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(LocationFault);
    }
    let wide: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    Ok(OsString::from_wide(&wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_name_that_is_not_unicode_comes_back_exactly() {
        use std::os::unix::ffi::OsStringExt;
        let path = PathBuf::from(OsString::from_vec(b"/cd/M\xfcller/IM1".to_vec()));
        let location = Location::File(path);
        assert_eq!(Location::from_bytes(&location.to_bytes()), Ok(location.clone()));
        assert_eq!(location.shown(), "/cd/M\u{fffd}ller/IM1");
    }

    #[test]
    fn a_nested_member_keeps_its_way_in() {
        let location = Location::Member {
            archive: "/in/a.zip".into(),
            steps: vec![
                MemberStep { index: 3, name: "b.zip".into() },
                MemberStep { index: 0, name: "x/IM1".into() },
            ],
        };
        assert_eq!(Location::from_bytes(&location.to_bytes()), Ok(location.clone()));
        assert_eq!(location.shown(), "/in/a.zip!/b.zip!/x/IM1");
        assert_eq!(format!("{location:?}"), "Location(..)");
    }

    #[test]
    fn damaged_bytes_are_refused_without_a_panic() {
        let whole = Location::File("/cd/IM1".into()).to_bytes();
        for cut in 0..whole.len() {
            assert_eq!(Location::from_bytes(&whole[..cut]), Err(LocationFault));
        }
        assert_eq!(Location::from_bytes(&[0xff; 12]), Err(LocationFault));
    }
}
