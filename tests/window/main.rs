//! What a user sees and does in the window, by accessible names and by keys, and pictures of it.
//!
//! The window is the program's own, drawn without a screen; scans are real ones of real files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod benchmark;
mod benchmark_plots;
#[path = "../common/mod.rs"]
mod common;
mod library;
mod memory;
mod removal;
mod review;
mod rules;
mod snapshots;
mod support;
