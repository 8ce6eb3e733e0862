//! One session of ONNX Runtime, set up so that it shares the machine and says what it did.

use std::path::PathBuf;

use ort::session::Session;
use tempfile::TempDir;

use super::library::Library;
use super::{preload, provider};
use crate::embed::EmbedError;
use crate::embed::engine::Provider;

/// A session, and where its profile will lie if one is being written.
pub(super) struct Started {
    pub(super) session: Session,
    pub(super) profile: Option<Profile>,
}

/// The folder of a profile; gone with this value.
pub(super) struct Profile {
    folder: TempDir,
}

impl std::ops::Deref for Profile {
    type Target = std::path::Path;

    fn deref(&self) -> &Self::Target {
        self.folder.path()
    }
}

/// Loads the model with exactly this provider, the processor taking what it leaves. With
/// `is_profiled` it writes a profile until [`Session::end_profiling`].
pub(super) fn start(
    library: &Library,
    provider: Provider,
    threads: usize,
    is_profiled: bool,
    model: &[u8],
) -> Result<Started, EmbedError> {
    if provider::needs_nvidia(provider) {
        preload::nvidia_beside(&library.path);
    }
    let profile = is_profiled
        .then(tempfile::tempdir)
        .transpose()
        .map_err(|error| super::unavailable(format!("no folder for a profile: {error}")))?
        .map(|folder| Profile { folder });
    let prefix = profile
        .as_ref()
        .map(|profile| profile.folder.path().join("profile"));
    match build(library, provider, threads, prefix, model) {
        Ok(session) => Ok(Started { session, profile }),
        Err(error) => Err(super::unavailable(provider::explain(
            provider,
            &error.to_string(),
        ))),
    }
}

fn build(
    library: &Library,
    provider: Provider,
    threads: usize,
    profile: Option<PathBuf>,
    model: &[u8],
) -> ort::Result<Session> {
    let mut builder = Session::builder(&library.environment)?
        .with_intra_threads(threads.max(1))?
        // Idle threads that spin take the cores from the decoders.
        .with_intra_op_spinning(false)?
        .with_deterministic_compute(true)?;
    if provider == Provider::DirectMl {
        // DirectML's provider works only without it.
        builder = builder.with_memory_pattern(false)?;
    }
    if let Some(prefix) = profile {
        builder = builder.with_profiling(prefix)?;
    }
    if let Some(dispatch) = provider::dispatch(provider) {
        builder = builder.with_execution_providers([dispatch.error_on_failure()])?;
    }
    builder.commit_from_memory(model)
}
