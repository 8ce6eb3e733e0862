//! When a load has settled.

use crate::bench::schema::Window;

/// So many windows have to agree.
const WINDOWS: usize = 3;

/// How far each may be from their mean, as a share of it.
pub const TOLERANCE: f64 = 0.1;

/// Whether throughput and latency of the last three windows are within [`TOLERANCE`] of their
/// means: the rule of NVIDIA's `perf_analyzer`.
#[must_use]
pub fn is_stable(windows: &[Window]) -> bool {
    let Some(last) = windows.len().checked_sub(WINDOWS) else {
        return false;
    };
    let last = windows.get(last..).unwrap_or_default();
    agree(last.iter().map(|window| window.images_per_second))
        && agree(last.iter().map(|window| window.latency_ms))
}

fn agree(figures: impl Iterator<Item = Option<f64>>) -> bool {
    let Some(figures) = figures.collect::<Option<Vec<f64>>>() else {
        return false;
    };
    super::super::statistics::mean(&figures).is_some_and(|mean| {
        mean > 0.0
            && figures
                .iter()
                .all(|figure| (figure - mean).abs() <= TOLERANCE * mean)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_windows_within_a_tenth_are_stable() {
        for (rates, latencies, expected) in [
            (vec![100.0, 100.0], vec![1.0, 1.0], false),
            (vec![100.0, 109.0, 91.0], vec![1.0, 1.0, 1.0], true),
            (vec![100.0, 100.0, 140.0], vec![1.0, 1.0, 1.0], false),
            (vec![100.0, 100.0, 100.0], vec![1.0, 1.0, 1.4], false),
            (
                vec![10.0, 100.0, 100.0, 100.0],
                vec![9.0, 1.0, 1.0, 1.0],
                true,
            ),
            (vec![0.0, 0.0, 0.0], vec![1.0, 1.0, 1.0], false),
        ] {
            let windows: Vec<Window> = rates
                .iter()
                .zip(&latencies)
                .map(|(rate, latency)| Window {
                    images_per_second: Some(*rate),
                    latency_ms: Some(*latency),
                    ..Window::default()
                })
                .collect();
            assert_eq!(is_stable(&windows), expected, "{rates:?} {latencies:?}");
        }
        let unknown = vec![Window::default(); 3];
        assert!(!is_stable(&unknown));
    }
}
