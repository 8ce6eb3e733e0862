//! The models folder.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// Where the program keeps what it must not lose and what it downloads; `None` without a home.
#[must_use]
pub fn data_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.data_dir().join("twinlens"))
}
