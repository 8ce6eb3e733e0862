//! Throughput against latency, with the front of what nothing else beats in both.

use super::{Nothing, Point, Series, digits, positive, typical_latency};
use crate::bench::schema::Run;

/// Images a second over the median latency of a request in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct ThroughputLatency {
    /// A series a candidate.
    pub series: Vec<Series>,
    /// The Pareto front, by latency.
    pub front: Vec<Point>,
}

/// Of points `(latency, throughput)` those that no other beats in both, by latency.
#[must_use]
pub fn pareto_front(points: &[Point]) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x).then(b.y.total_cmp(&a.y)));
    let mut front: Vec<Point> = Vec::new();
    for point in sorted {
        if front.last().is_none_or(|last| point.y > last.y) {
            front.push(point);
        }
    }
    front
}

/// The plot of a run.
///
/// # Errors
/// [`Nothing`] where no measurement has both figures.
pub fn throughput_latency(run: &Run) -> Result<ThroughputLatency, Nothing> {
    let mut series = Vec::new();
    for (number, candidate) in run.candidates.iter().enumerate() {
        let points: Vec<Point> = (candidate.scenarios.iter())
            .filter_map(|scenario| {
                let (x, y) = (
                    typical_latency(scenario)?,
                    positive(scenario.images_per_second)?,
                );
                let what = format!(
                    "{}, {}: {} images a second at {} ms",
                    candidate.id,
                    scenario.title(),
                    digits(y),
                    digits(x)
                );
                Some(Point { x, y, what })
            })
            .collect();
        if !points.is_empty() {
            series.push(Series {
                name: candidate.id.clone(),
                number,
                points,
            });
        }
    }
    if series.is_empty() {
        let text = "No measurement has both a latency and a throughput.";
        return Err(Nothing::of(
            run,
            &["single-stream", "offline", "server"],
            text,
        ));
    }
    let all: Vec<Point> = (series.iter())
        .flat_map(|series| series.points.iter().cloned())
        .collect();
    Ok(ThroughputLatency {
        front: pareto_front(&all),
        series,
    })
}

impl ThroughputLatency {
    /// All points.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points)
    }

    /// Which measurement is the fastest, and which answers soonest.
    #[must_use]
    pub fn statement(&self) -> String {
        let (Some(soonest), Some(fastest)) = (self.front.first(), self.front.last()) else {
            return String::new();
        };
        if soonest == fastest {
            return format!("Fastest, and soonest to answer: {}.", fastest.what);
        }
        format!(
            "Fastest: {}. Soonest to answer: {}.",
            fastest.what, soonest.what
        )
    }
}
