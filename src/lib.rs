//! Twinlens finds duplicate and near-duplicate photos and removes the surplus without ever
//! losing the last copy.
//!
//! The modules are the rooms a photo walks through: [`scan`] turns folders into decoded
//! photos, [`embed`] turns photos into vectors, [`matching`] turns vectors and fingerprints
//! into groups, [`library`] remembers all of it between runs. The rooms do not know each
//! other: they share the nouns of [`photo`] and are joined by [`pipeline`]; [`bench`] measures
//! the ways of embedding. `ARCHITECTURE.md` is the plan of the house.

pub mod app;
pub mod bench;
pub mod cli;
pub mod embed;
pub mod library;
pub mod matching;
pub mod photo;
pub mod pipeline;
pub mod removal;
pub mod report;
pub mod scan;
pub mod settings;
