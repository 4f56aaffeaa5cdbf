//! What is asked for, and the sign that it is no longer wanted.

use crate::Window;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The longest edge of a picture that is made, in pixels.
pub(crate) const EDGE_MOST: u32 = 4_096;

/// How grey values become light.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Levels {
    /// As the file says; from the data where it says nothing.
    #[default]
    OfFile,
    /// From the data: the darkest and the brightest half percent are cut.
    OfData,
    /// As somebody wants, in modality units (Hounsfield units in CT).
    Given(Window),
}

/// One frame of an instance as a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Its number, from 0.
    pub frame: u32,
    /// The longest edge of the picture in pixels; a smaller image is not made larger. 1 to 4,096.
    pub longest_edge: u32,
    /// How grey values become light. Colour is shown as it is.
    pub levels: Levels,
}

impl Request {
    /// The first frame as the file says, fitted into a square.
    #[must_use]
    pub fn thumbnail(longest_edge: u32) -> Self {
        Self { frame: 0, longest_edge, levels: Levels::OfFile }
    }

    /// The edge within its bounds.
    pub(crate) fn edge(&self) -> u32 {
        self.longest_edge.clamp(1, EDGE_MOST)
    }
}

/// Says from another thread that a picture is no longer wanted; every clone is the same sign.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It is no longer wanted: whoever waits for it is answered within a twentieth of a second.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True after [`Cancel::cancel`].
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
