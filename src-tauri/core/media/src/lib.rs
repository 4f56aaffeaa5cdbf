//! Discs and sticks of this computer, appearing and vanishing as they are put in and taken out; what seems to be on
//! them; how to eject them.
//!
//! This room knows no SQL, no HTTP and no scan: it looks at the root of a volume, never through it. What a system says
//! of its volumes lies behind [`System`], so that tests can put discs in and out. Labels and mount points may bear a
//! patient's name, and so they do not print.

mod bounded;
mod look;
mod volume;
mod watch;

#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

pub use look::look;
pub use volume::{Ejected, Hint, Kind, Volume, VolumeId};
pub use watch::{Change, MediaWatcher, System};

use std::io;

/// The volumes of this computer.
#[must_use]
pub fn this_computer() -> Box<dyn System> {
    #[cfg(target_os = "linux")]
    return Box::new(linux::Linux::default());
    #[cfg(target_os = "macos")]
    return Box::new(macos::MacOs);
    #[cfg(windows)]
    return Box::new(windows::Windows);
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    return Box::new(NoVolumes);
}

/// A system that shows no discs or sticks to programs: Android, iOS. Files come from its own picker.
#[derive(Debug)]
pub struct NoVolumes;

impl System for NoVolumes {
    fn volumes(&mut self) -> io::Result<Vec<Volume>> {
        Ok(Vec::new())
    }

    fn eject(&self, _: &Volume) -> Ejected {
        Ejected::NotPossible
    }
}
