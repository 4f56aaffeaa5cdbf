//! The window's process.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() {
    relaypacs_app::run();
}
