//! Discs and sticks.
