//! What a measurement takes of the machine: processor time and memory of this process, and the
//! GPUs by NVIDIA's management library (NVML), which comes with their driver.

use std::ffi::OsStr;
use std::time::Instant;

use nvml_wrapper::Nvml;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::schema::{Gpu, GpuUse, Machine, Missing};
use super::statistics::mean;

/// The machine and this process.
pub(super) struct Probe {
    system: System,
    process: Option<Pid>,
    gpus: Result<Nvml, String>,
    begun: Moment,
    last: Moment,
    memory_bytes: Option<u64>,
    /// For each GPU what was seen since the beginning.
    seen: Vec<GpuSeen>,
}

/// Processor time of this process at a moment.
#[derive(Clone, Copy)]
struct Moment {
    at: Instant,
    cpu_ms: Option<u64>,
}

#[derive(Default)]
struct GpuSeen {
    use_percent: Vec<f64>,
    power_w: Vec<f64>,
    memory_bytes: Option<u64>,
    memory_total_bytes: Option<u64>,
    power_limit_w: Option<f64>,
}

/// What a measurement took.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Usage {
    /// Processor time over wall time; 100 is one core.
    pub(super) cpu_percent: Option<f64>,
    /// The most memory that was seen at the ends of windows.
    pub(super) memory_bytes: Option<u64>,
    /// Means and the most memory of each GPU.
    pub(super) gpus: Vec<GpuUse>,
}

impl Default for Probe {
    fn default() -> Self {
        Self::new()
    }
}

impl Probe {
    /// Looks for what can be measured.
    #[must_use]
    pub(super) fn new() -> Self {
        let now = Moment {
            at: Instant::now(),
            cpu_ms: None,
        };
        let mut system = System::new();
        system.refresh_memory();
        system.refresh_cpu_all();
        let mut probe = Self {
            system,
            process: sysinfo::get_current_pid().ok(),
            gpus: nvml(),
            begun: now,
            last: now,
            memory_bytes: None,
            seen: Vec::new(),
        };
        probe.begin();
        probe
    }

    /// The computer.
    #[must_use]
    pub(super) fn machine(&self) -> Machine {
        let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Machine {
            cpu: self
                .system
                .cpus()
                .first()
                .and_then(|cpu| known(cpu.brand())),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            memory_bytes: Some(self.system.total_memory()).filter(|bytes| *bytes > 0),
            gpus: self.gpus(),
            os: System::long_os_version().and_then(|os| known(&os)),
        }
    }

    fn gpus(&self) -> Vec<Gpu> {
        let Ok(nvml) = &self.gpus else {
            return Vec::new();
        };
        (0..nvml.device_count().unwrap_or(0))
            .filter_map(|number| {
                let gpu = nvml.device_by_index(number).ok()?;
                Some(Gpu {
                    name: gpu.name().ok()?,
                    memory_bytes: gpu.memory_info().ok().map(|memory| memory.total),
                })
            })
            .collect()
    }

    /// What cannot be measured here, and why.
    #[must_use]
    pub(super) fn missing(&self) -> Vec<Missing> {
        let mut missing = Vec::new();
        let mut add = |figure: &str, reason: String| {
            missing.push(Missing {
                figure: figure.to_owned(),
                reason,
            });
        };
        if let Err(reason) = &self.gpus {
            add("gpus", format!("no GPU of NVIDIA can be asked: {reason}"));
            add(
                "energy_j_per_1000",
                "only GPUs tell their power here".to_owned(),
            );
        }
        if self.begun.cpu_ms.is_none() {
            add(
                "cpu_percent, memory_bytes",
                "the system does not tell of this process".to_owned(),
            );
        }
        missing
    }

    /// From now on counts.
    pub(super) fn begin(&mut self) {
        self.memory_bytes = None;
        self.seen.clear();
        self.begun = self.look();
        self.last = self.begun;
    }

    /// Looks at the end of a window, and tells the processor use since the last look.
    pub(super) fn sample(&mut self) -> Option<f64> {
        let now = self.look();
        let used = percent(self.last, now);
        self.last = now;
        used
    }

    /// What was used since the beginning.
    pub(super) fn end(&mut self) -> Usage {
        let now = self.look();
        let gpus = self.seen.iter().map(|seen| GpuUse {
            use_percent: mean(&seen.use_percent),
            memory_bytes: seen.memory_bytes,
            power_w: mean(&seen.power_w),
            name: None,
            memory_total_bytes: seen.memory_total_bytes,
            power_limit_w: seen.power_limit_w,
        });
        Usage {
            cpu_percent: percent(self.begun, now),
            memory_bytes: self.memory_bytes,
            gpus: gpus.collect(),
        }
    }

    fn look(&mut self) -> Moment {
        self.look_at_gpus();
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
        let process = self.process.and_then(|pid| {
            let only = [pid];
            let process = ProcessesToUpdate::Some(&only);
            self.system
                .refresh_processes_specifics(process, false, kind);
            self.system.process(pid)
        });
        let memory = process.map(sysinfo::Process::memory);
        self.memory_bytes = self.memory_bytes.max(memory);
        Moment {
            at: Instant::now(),
            cpu_ms: process.map(sysinfo::Process::accumulated_cpu_time),
        }
    }

    /// What a GPU does not tell stays unknown.
    fn look_at_gpus(&mut self) {
        let Ok(nvml) = &self.gpus else {
            return;
        };
        for number in 0..nvml.device_count().unwrap_or(0) {
            let Ok(gpu) = nvml.device_by_index(number) else {
                continue;
            };
            let place = number as usize;
            if self.seen.len() <= place {
                self.seen.resize_with(place + 1, GpuSeen::default);
            }
            let Some(seen) = self.seen.get_mut(place) else {
                continue;
            };
            if let Ok(rates) = gpu.utilization_rates() {
                seen.use_percent.push(f64::from(rates.gpu));
            }
            if let Ok(milliwatts) = gpu.power_usage() {
                seen.power_w.push(f64::from(milliwatts) / 1e3);
            }
            if let Ok(memory) = gpu.memory_info() {
                seen.memory_bytes = seen.memory_bytes.max(Some(memory.used));
                seen.memory_total_bytes = Some(memory.total);
            }
            if let Ok(milliwatts) = gpu.enforced_power_limit() {
                seen.power_limit_w = Some(f64::from(milliwatts) / 1e3);
            }
        }
    }
}

/// Processor time over wall time.
fn percent(from: Moment, to: Moment) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of one run")]
    let used = to.cpu_ms?.saturating_sub(from.cpu_ms?) as f64;
    let wall = (to.at - from.at).as_secs_f64() * 1e3;
    (wall > 0.0).then(|| used / wall * 100.0)
}

/// Linux distributions install the library's name with its version only.
fn nvml() -> Result<Nvml, String> {
    let versioned = Nvml::builder()
        .lib_path(OsStr::new("libnvidia-ml.so.1"))
        .init();
    match versioned {
        Ok(nvml) => Ok(nvml),
        Err(_) if !cfg!(target_os = "linux") => Nvml::init().map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn work_shows_as_processor_time_and_sleep_does_not() {
        let mut probe = Probe::new();
        let work = || {
            let begun = Instant::now();
            let mut sum = 0u64;
            while begun.elapsed() < Duration::from_millis(300) {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
        };
        probe.begin();
        work();
        let busy = probe.sample().unwrap();
        let usage = probe.end();
        assert!(busy > 5.0, "{busy}");
        assert!(usage.cpu_percent.unwrap() > 5.0);
        assert!(usage.memory_bytes.unwrap() > 1_000_000);
    }

    #[test]
    fn the_machine_is_named_and_what_is_missing_has_its_reason() {
        let probe = Probe::new();
        let machine = probe.machine();
        assert!(machine.cores.unwrap() >= 1 && machine.memory_bytes.unwrap() > 1 << 20);
        assert!(machine.os.is_some());
        let missing = probe.missing();
        assert_eq!(
            machine.gpus.is_empty(),
            missing.iter().any(|missing| missing.figure == "gpus")
        );
        assert!(missing.iter().all(|missing| missing.reason.len() > 10));
    }
}
