//! The plots of a run, each as SVG.

use super::plot::{Axis, Plot, Sign};
use crate::bench::plots;
use crate::bench::schema::Run;

/// A plot with its file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// `throughput-latency`, for a file's name.
    pub name: &'static str,
    /// The SVG.
    pub svg: String,
}

/// All plots for which the run has figures.
#[must_use]
pub fn all(run: &Run) -> Vec<Drawn> {
    [
        ("throughput-latency", throughput_latency(run)),
        ("batch-concurrency", heat_map(run)),
        ("latency-cdf", latency_cdf(run)),
        ("stages", stages(run)),
        ("speed-quality", speed_quality(run)),
    ]
    .into_iter()
    .filter_map(|(name, svg)| Some(Drawn { name, svg: svg? }))
    .collect()
}

fn throughput_latency(run: &Run) -> Option<String> {
    let data = plots::throughput_latency(run).ok()?;
    let mut plot = Plot::new("Throughput against latency", data.statement());
    let x = Axis::logarithmic(
        "median latency of a request (ms)",
        data.points().map(|point| point.x),
    );
    let y = Axis::linear("images a second", 0.0, data.points().map(|point| point.y));
    plot.axes(&x, &y);
    let front: Vec<(f64, f64)> = (data.front.iter())
        .map(|point| (point.x, point.y))
        .collect();
    plot.guide((&x, &y), &front);
    for series in &data.series {
        let sign = (Sign::Marker, series.number);
        plot.series(sign.0, sign.1, &series.name);
        for point in &series.points {
            plot.point((&x, &y), (point.x, point.y), sign, &point.what);
        }
    }
    plot.key("Dashed: the Pareto front, which nothing beats in both.".to_owned());
    Some(plot.finish())
}

fn heat_map(run: &Run) -> Option<String> {
    let data = plots::heat_map(run).ok()?;
    let told = (data.fields.iter()).map(|field| data.statement(field));
    let mut plot = Plot::new(
        "Images a second by batch (down) and requests at once (across)",
        told.collect::<Vec<_>>().join(" "),
    );
    plot.begin_cells();
    for field in &data.fields {
        let places = (data.callers.as_slice(), data.batches.as_slice());
        plot.cells(&field.name, places, &field.cells, data.largest);
    }
    plot.key("An empty place was not measured.".to_owned());
    Some(plot.finish())
}

fn latency_cdf(run: &Run) -> Option<String> {
    let data = plots::latency_cdf(run).ok()?;
    let mut plot = Plot::new(
        "Latency of single photos: share answered within",
        data.statement(),
    );
    let times = || {
        let points = data.curves.iter().flat_map(|curve| &curve.points);
        points.map(|point| point.0)
    };
    let x = if data.is_log {
        Axis::logarithmic("latency (ms)", times())
    } else {
        Axis::linear("latency (ms)", 0.0, times())
    };
    // A little less than 100, since an axis ends a little beyond.
    let y = Axis::linear("share of the photos (%)", 0.0, [95.3]);
    plot.axes(&x, &y);
    for curve in &data.curves {
        plot.series(Sign::Line, curve.number, &curve.name);
        plot.line((&x, &y), &curve.points, curve.number);
    }
    Some(plot.finish())
}

fn stages(run: &Run) -> Option<String> {
    let data = plots::stages(run).ok()?;
    let mut plot = Plot::new("Where the time of a photo goes", data.statement());
    let y = Axis::linear("ms a photo", 0.0, data.bars.iter().map(plots::Bar::whole));
    let bars: Vec<(String, Vec<(usize, f64)>)> = (data.bars.iter())
        .map(|bar| {
            let parts = data.stages.iter().zip(&bar.parts);
            let parts = parts.filter_map(|((stage, _), time)| Some((*stage, (*time)?)));
            (data.words(bar), parts.collect())
        })
        .collect();
    plot.stacks(&y, &bars);
    for (stage, name) in &data.stages {
        plot.series(Sign::Square, *stage, name);
    }
    plot.key("From the bottom in this order.".to_owned());
    for (number, bar) in (1..).zip(&data.bars) {
        plot.key(format!("{number}: {}", bar.name));
    }
    Some(plot.finish())
}

fn speed_quality(run: &Run) -> Option<String> {
    let data = plots::speed_quality(run).ok()?;
    let mut plot = Plot::new("Speed against quality", data.statement());
    let x = Axis::linear(
        "best images a second",
        0.0,
        data.candidates.iter().map(|each| each.rate),
    );
    // Down to the worst, in steps of a twentieth.
    let from = ((data.lowest() - 0.01) * 20.0).floor() / 20.0;
    let y = Axis::linear("agreement with the reference", from, [1.0]);
    plot.axes(&x, &y);
    for each in &data.candidates {
        let words = each.words();
        plot.series(Sign::Marker, each.number, &each.name);
        let filled = (Sign::Marker, each.number);
        plot.point((&x, &y), (each.rate, each.worst_cosine), filled, &words);
        if let Some(recall) = each.recall {
            plot.point(
                (&x, &y),
                (each.rate, recall),
                (Sign::Rim, each.number),
                &words,
            );
        }
    }
    plot.key("Filled: the worst cosine of a photo. Rim: recall of the ten neighbours.".to_owned());
    Some(plot.finish())
}
