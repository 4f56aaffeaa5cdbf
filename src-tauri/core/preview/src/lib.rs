//! One frame of one instance as a small picture (PNG), or a labelled placeholder where there is none to show.
//!
//! This room knows no SQL, no HTTP, no queue and no files: it is given a [`Source`] of bytes. Pixel data is hostile:
//! it is decoded in a child process with limits on memory and time ([`worker`]), which the parent ends when it is too
//! slow or no longer wanted. Where no child can be started the same code runs in a guarded thread. Nothing here ends a
//! send: every file gives a [`Picture`] or a [`Placeholder`]. Pictures are patient data: they stay in memory.
//!
//! The data set is read by a walk of our own ([PS3.5 section 7](https://dicom.nema.org/medical/dicom/current/output/html/part05.html)),
//! which holds every length against the bytes that are left and does not recurse: a general parser trusts declared
//! lengths and runs out of stack on deep nesting, and it wants the whole file for one frame of it.

mod attributes;
mod cache;
mod codec;
mod collect;
mod colour;
mod element;
mod file;
mod fragments;
mod lut;
mod picture;
mod placeholder;
mod pool;
mod preview;
mod render;
mod request;
mod samples;
mod scale;
mod segments;
mod shades;
mod source;
mod syntax;
mod voi;
mod walk;
mod wire;
pub mod worker;

pub use picture::Picture;
pub use placeholder::{NoPixels, Placeholder};
pub use preview::{InstanceKey, Preview, Settings};
pub use render::render;
pub use request::{Cancel, Levels, Request};
pub use source::{Held, Seekable, Source};
pub use voi::{Voi, Window};
