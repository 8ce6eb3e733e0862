//! The execution providers: how each is asked for, what to install, and whether it really ran.

use std::collections::BTreeMap;
use std::path::Path;

use ort::ep::{self, ExecutionProvider as _, ExecutionProviderDispatch};

use crate::embed::engine::Provider;

/// What is tried for what was asked for, best first.
///
/// `auto` tries the GPUs that compute in single precision as the processor does, so that the
/// vectors may share a cache with it; CoreML rounds to half precision, TensorRT builds its
/// engine for minutes: those have to be asked for.
pub(super) fn candidates(asked: Provider) -> &'static [Provider] {
    match asked {
        Provider::Auto if cfg!(windows) => &[Provider::Cuda, Provider::DirectMl, Provider::Cpu],
        Provider::Auto => &[Provider::Cuda, Provider::Cpu],
        Provider::Cpu => &[Provider::Cpu],
        Provider::Cuda => &[Provider::Cuda],
        Provider::TensorRt => &[Provider::TensorRt],
        Provider::CoreMl => &[Provider::CoreMl],
        Provider::DirectMl => &[Provider::DirectMl],
        Provider::OpenVino => &[Provider::OpenVino],
        Provider::WebGpu => &[Provider::WebGpu],
    }
}

/// What `ort` registers for a provider; nothing for the processor, which is always there.
pub(super) fn dispatch(provider: Provider) -> Option<ExecutionProviderDispatch> {
    match provider {
        Provider::Auto | Provider::Cpu => None,
        // TensorFloat-32 has 10 bits of mantissa and would move the vectors.
        Provider::Cuda => Some(ep::CUDA::default().with_tf32(false).build()),
        Provider::TensorRt => Some(ep::TensorRT::default().build()),
        Provider::CoreMl => Some(ep::CoreML::default().build()),
        Provider::DirectMl => Some(ep::DirectML::default().build()),
        Provider::OpenVino => Some(ep::OpenVINO::default().build()),
        Provider::WebGpu => Some(ep::WebGPU::default().build()),
    }
}

/// Whether the provider is in this library and runs on NVIDIA's.
pub(super) fn needs_nvidia(provider: Provider) -> bool {
    match provider {
        Provider::Cuda => ep::CUDA::is_available().unwrap_or(false),
        Provider::TensorRt => ep::TensorRT::is_available().unwrap_or(false),
        _ => false,
    }
}

/// The provider's name inside ONNX Runtime.
fn runtime_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Auto | Provider::Cpu => ep::CPU::NAME,
        Provider::Cuda => ep::CUDA::NAME,
        Provider::TensorRt => ep::TensorRT::NAME,
        Provider::CoreMl => ep::CoreML::NAME,
        Provider::DirectMl => ep::DirectML::NAME,
        Provider::OpenVino => ep::OpenVINO::NAME,
        Provider::WebGpu => ep::WebGPU::NAME,
    }
}

/// What a user has to have for the provider.
fn to_install(provider: Provider) -> &'static str {
    match provider {
        Provider::Auto | Provider::Cpu => "`pip install onnxruntime`",
        Provider::Cuda => {
            "an NVIDIA GPU with its driver, `pip install onnxruntime-gpu[cuda,cudnn]`, and that library's path"
        }
        Provider::TensorRt => {
            "an NVIDIA GPU with its driver, `pip install onnxruntime-gpu[cuda,cudnn] tensorrt`, and that library's path"
        }
        Provider::CoreMl => "macOS and `pip install onnxruntime`",
        Provider::DirectMl => "Windows 10 or newer and `pip install onnxruntime-directml`",
        Provider::OpenVino => {
            "`pip install onnxruntime-openvino` and, for an Intel GPU or NPU, its driver"
        }
        Provider::WebGpu => "a build of ONNX Runtime with the WebGPU provider and a GPU driver",
    }
}

/// Why `provider` cannot run with the library at this path, and what it needs; `None` if
/// nothing speaks against it. NVIDIA's and Intel's providers are libraries of their own beside
/// ONNX Runtime's; the others are part of it.
pub(super) fn obstacle(provider: Provider, library: &Path) -> Option<String> {
    let beside = |name: &str| {
        let file = if cfg!(windows) {
            format!("onnxruntime_providers_{name}.dll")
        } else {
            format!("libonnxruntime_providers_{name}.so")
        };
        library.with_file_name(file).is_file()
    };
    let is_there = match provider {
        Provider::Auto | Provider::Cpu | Provider::WebGpu => true,
        Provider::CoreMl => cfg!(target_os = "macos"),
        Provider::DirectMl => cfg!(windows),
        Provider::Cuda | Provider::TensorRt if cfg!(target_os = "macos") => false,
        Provider::Cuda => beside("cuda"),
        Provider::TensorRt => beside("tensorrt"),
        Provider::OpenVino => beside("openvino"),
    };
    (!is_there).then(|| format!("needs {}", to_install(provider)))
}

/// The library's words, and for a provider what it needs.
pub(super) fn explain(provider: Provider, reason: &str) -> String {
    let reason = reason.trim();
    if provider == Provider::Cpu {
        return reason.to_owned();
    }
    format!(
        "the provider {} does not run here ({reason}); it needs {}",
        provider.name(),
        to_install(provider)
    )
}

/// Reads a profile and makes sure that the provider ran at least one node.
///
/// # Errors
/// A sentence that names what ran instead.
pub(super) fn prove_ran(provider: Provider, profile: &Path) -> Result<(), String> {
    let bytes = std::fs::read(profile)
        .map_err(|error| explain(provider, &format!("its profile cannot be read: {error}")))?;
    let nodes = nodes_by_provider(&bytes)
        .map_err(|error| explain(provider, &format!("its profile makes no sense: {error}")))?;
    if nodes.contains_key(runtime_name(provider)) {
        return Ok(());
    }
    let ran: Vec<&str> = nodes.keys().map(String::as_str).collect();
    Err(explain(
        provider,
        &format!("ONNX Runtime used {} instead", ran.join(", ")),
    ))
}

/// How many nodes each provider ran: `args.provider` of the profile's events.
fn nodes_by_provider(profile: &[u8]) -> Result<BTreeMap<String, usize>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Event {
        #[serde(default)]
        args: Arguments,
    }
    #[derive(Default, serde::Deserialize)]
    struct Arguments {
        #[serde(default)]
        provider: Option<String>,
    }
    let events: Vec<Event> = serde_json::from_slice(profile)?;
    let mut nodes = BTreeMap::new();
    for provider in events.into_iter().filter_map(|event| event.args.provider) {
        *nodes.entry(provider).or_default() += 1;
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"[
        {"cat":"Session","name":"model_loading","ts":1,"args":{}},
        {"cat":"Node","name":"conv","ts":2,"args":{"op_name":"Conv","provider":"CPUExecutionProvider"}}
    ]"#;

    #[test]
    fn a_silent_fall_back_to_the_processor_is_an_error_that_says_what_to_install() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("profile.json");
        std::fs::write(&file, PROFILE).unwrap();
        let error = prove_ran(Provider::Cuda, &file).unwrap_err();
        for part in ["cuda", "CPUExecutionProvider", "onnxruntime-gpu"] {
            assert!(error.contains(part), "{error}");
        }
        std::fs::write(&file, PROFILE.replace("CPUExec", "CUDAExec")).unwrap();
        assert_eq!(prove_ran(Provider::Cuda, &file), Ok(()));
        std::fs::write(&file, "[").unwrap();
        assert!(prove_ran(Provider::Cuda, &file).is_err());
    }
}
