//! Where the time of a model goes, out of the profile that ONNX Runtime writes: a Chrome trace
//! with an event for each run of each node.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::schema::Operator;

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    cat: String,
    #[serde(default)]
    name: String,
    /// Microseconds.
    #[serde(default)]
    dur: f64,
    #[serde(default)]
    args: Arguments,
}

#[derive(Default, Deserialize)]
struct Arguments {
    op_name: Option<String>,
}

/// The kinds of nodes in a profile, those that took longest first.
///
/// # Errors
/// If `profile` is no list of events.
pub fn parse(profile: &[u8]) -> Result<Vec<Operator>, serde_json::Error> {
    let events: Vec<Event> = serde_json::from_slice(profile)?;
    let mut sums: BTreeMap<String, (f64, u64)> = BTreeMap::new();
    // Older versions also have `_fence_before` and `_fence_after` beside the kernel's own time.
    let kernels = events
        .into_iter()
        .filter(|event| event.cat == "Node" && event.name.ends_with("_kernel_time"));
    for event in kernels {
        if let Some(operator) = event.args.op_name {
            let sum = sums.entry(operator).or_default();
            *sum = (sum.0 + event.dur / 1e3, sum.1 + 1);
        }
    }
    let whole: f64 = sums.values().map(|(time, _)| time).sum();
    let mut operators: Vec<Operator> = sums
        .into_iter()
        .map(|(operator, (total_ms, calls))| Operator {
            operator,
            total_ms,
            share: if whole > 0.0 { total_ms / whole } else { 0.0 },
            calls,
        })
        .collect();
    operators.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
    Ok(operators)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_of_a_profile_are_added_up_by_operator() {
        let profile = r#"[
            {"cat":"Session","name":"model_run","dur":900,"ts":0,"ph":"X","args":{}},
            {"cat":"Node","name":"a_fence_before","dur":50,"args":{"op_name":"Conv"}},
            {"cat":"Node","name":"a_kernel_time","dur":300,"args":{"op_name":"Conv","provider":"CPUExecutionProvider"}},
            {"cat":"Node","name":"b_kernel_time","dur":100,"args":{"op_name":"Clip"}},
            {"cat":"Node","name":"c_kernel_time","dur":400,"args":{"op_name":"Conv"}}
        ]"#;
        let operators = parse(profile.as_bytes()).unwrap();
        let found: Vec<(&str, f64, u64)> = operators
            .iter()
            .map(|o| (o.operator.as_str(), o.total_ms, o.calls))
            .collect();
        assert_eq!(found, [("Conv", 0.7, 2), ("Clip", 0.1, 1)]);
        assert!((operators[0].share - 0.875).abs() < 1e-12);
        assert_eq!(parse(b"[]").unwrap(), []);
        assert!(parse(b"{}").is_err());
    }
}
