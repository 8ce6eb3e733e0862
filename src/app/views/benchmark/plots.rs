//! The plots of a run, one at a time behind tabs. What they show is made by
//! [`bench::plots`](crate::bench::plots), which the exported page draws too.
//!
//! Below the heading stands the main statement in words; it is the plot's name for screen readers.
//! A plot without figures says why. The wheel scrolls the page, not the plot; with Ctrl it zooms,
//! a double click shows all again.

mod heat_map;
mod latency;
mod marks;
mod quality;
mod stages;
mod throughput;

use eframe::egui::{self, Button, Label, RichText, Ui};
use egui_plot::{AxisHints, GridInput, GridMark, Plot};

use crate::app::benchmark::{BenchmarkCommand, PlotKind};
use crate::app::command::Command;
use crate::app::theme::{Palette, space};
use crate::app::widgets::{self, card};
use crate::bench::plots::{Nothing, digits};
use crate::bench::schema::Run;

/// The height of most plots, in points.
const HEIGHT: f32 = 320.0;

/// Draws the plots of a run.
pub(super) fn show(ui: &mut Ui, run: &Run, kind: PlotKind, commands: &mut Vec<Command>) {
    card(ui, |ui| {
        tabs(ui, kind, commands);
        ui.add_space(space::SMALL);
        let drawn = match kind {
            PlotKind::ThroughputLatency => throughput::show(ui, run),
            PlotKind::HeatMap => heat_map::show(ui, run),
            PlotKind::LatencyCdf => latency::show(ui, run),
            PlotKind::Stages => stages::show(ui, run),
            PlotKind::SpeedQuality => quality::show(ui, run),
        };
        if let Err(Nothing(reason)) = drawn {
            ui.add_space(space::LARGE);
            ui.vertical_centered(|ui| {
                ui.add(Label::new(widgets::caption(ui, reason)).wrap());
            });
            ui.add_space(space::LARGE);
        }
    });
}

fn tabs(ui: &mut Ui, shown: PlotKind, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui);
    ui.horizontal_wrapped(|ui| {
        for kind in PlotKind::ALL {
            let is_shown = kind == shown;
            let color = if is_shown {
                palette.on_accent
            } else {
                palette.weak
            };
            let text = RichText::new(kind.name()).color(color);
            let response = ui.add(Button::selectable(is_shown, text));
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::Tab, true, is_shown, kind.name())
            });
            if response.clicked() && !is_shown {
                commands.push(BenchmarkCommand::Plot(kind).into());
            }
        }
    });
}

/// The main statement above a plot.
fn statement(ui: &mut Ui, text: &str) {
    ui.add(Label::new(widgets::caption(ui, text)).wrap());
    ui.add_space(space::TINY);
}

/// A plot with the behaviour of all of them.
fn plot<'a>(ui: &Ui, id: &str, height: f32) -> Plot<'a> {
    Plot::new(id)
        .grid_color(Palette::of(ui).line)
        .height(height)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_crosshair(false)
        .auto_bounds(true)
}

/// Gives a drawn plot its name for screen readers.
fn named(response: &egui::Response, statement: &str) {
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, statement));
}

/// An axis of numbers.
fn numbers(axis: AxisHints<'static>, label: &str) -> Vec<AxisHints<'static>> {
    let text = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| short(mark.value);
    vec![axis.label(label).formatter(text)]
}

/// An axis of powers of ten, at which places are logarithms.
fn powers(axis: AxisHints<'static>, label: &str) -> Vec<AxisHints<'static>> {
    let text = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        if mark.step_size < NAMED {
            return String::new();
        }
        short(10f64.powf(mark.value))
    };
    vec![axis.label(label).formatter(text)]
}

/// A number at an axis, without zeros at the end of its decimals.
fn short(number: f64) -> String {
    let text = digits(number);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Grid lines of a logarithmic axis have numbers from this step on.
const NAMED: f64 = 0.5;

/// Grid lines at powers of ten, thinner ones at 2 and 5 times these, and thin ones between.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the plot hands it over by value"
)]
fn decades(input: GridInput) -> Vec<GridMark> {
    let (from, to) = input.bounds;
    if !from.is_finite() || !to.is_finite() || to - from > 40.0 {
        return Vec::new();
    }
    let mut marks = Vec::new();
    let mut power = from.floor();
    while power <= to {
        for factor in 1..10 {
            marks.push(GridMark {
                value: power + f64::from(factor).log10(),
                step_size: match factor {
                    1 => 1.0,
                    2 | 5 => NAMED,
                    _ => 0.2,
                },
            });
        }
        power += 1.0;
    }
    marks.retain(|mark| (from..=to).contains(&mark.value));
    marks
}

/// Grid lines at whole numbers below `count`.
fn whole(count: usize) -> impl Fn(GridInput) -> Vec<GridMark> {
    move |_| {
        let marks = (0..u32::try_from(count).unwrap_or(u32::MAX)).map(f64::from);
        let mark = |value| GridMark {
            value,
            step_size: 1.0,
        };
        marks.map(mark).collect()
    }
}

/// The number of a place at a whole number, from 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and not below 0"
)]
fn nearest(place: f64) -> Option<usize> {
    let place = place.round();
    (0.0..1e6).contains(&place).then_some(place as usize)
}

/// A place for a number that counts things.
#[expect(clippy::cast_precision_loss, reason = "a handful of things")]
fn at(number: usize) -> f64 {
    number as f64
}
