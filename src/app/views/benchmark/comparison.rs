//! Two runs beside each other: what of them is the same, each figure of both, the difference with
//! how sure it is, and a word for it.

use eframe::egui::{self, Color32, Grid, Label, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::runs;
use crate::app::benchmark::{BenchmarkCommand, Comparing};
use crate::app::command::Command;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, card, icon, icon_button};
use crate::bench::compare::{Compared, Comparison, Pair};
use crate::bench::plots::digits;
use crate::bench::schema::Run;
use crate::bench::statistics::{CONFIDENCE, Verdict};

/// Draws the comparison, or that it is being made.
pub(super) fn show(ui: &mut Ui, comparing: &Comparing, commands: &mut Vec<Command>) {
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(widgets::strong("Comparison", size::LARGE));
            if icon_button(ui, Icon::X, "End the comparison").clicked() {
                commands.push(BenchmarkCommand::Compare(None).into());
            }
        });
        side(ui, "First", &comparing.first);
        side(ui, "Second", &comparing.second);
        ui.add_space(space::SMALL);
        match &comparing.comparison {
            None => {
                ui.label("Comparing the single times of both…");
            }
            Some(comparison) if comparison.pairs.is_empty() => nothing(ui),
            Some(comparison) => pairs(ui, comparison),
        }
    });
}

/// Which run it is: when, with which version, on what.
fn side(ui: &mut Ui, which: &str, run: &Run) {
    let text = format!("{which}: {}; {}", runs::title(run), runs::origin(run));
    ui.add(Label::new(text).wrap());
}

fn nothing(ui: &mut Ui) {
    ui.label("These two runs have no measurement in common.");
    let text = "Measurements stand beside each other where scenario, batch and callers are alike.";
    ui.add(Label::new(widgets::caption(ui, text)).wrap());
}

fn pairs(ui: &mut Ui, comparison: &Comparison) {
    let explained = format!(
        "The difference is the second's to the first, with its {:.0} % confidence interval \
         (bootstrap of the single times).",
        CONFIDENCE * 100.0
    );
    ui.add(Label::new(widgets::caption(ui, explained)).wrap());
    for (number, pair) in comparison.pairs.iter().enumerate() {
        ui.add_space(space::MEDIUM);
        let title = widgets::strong(pair.title(), size::BODY);
        ui.add(Label::new(title).wrap());
        if pair.alike.differs.contains(&"model") {
            let text = "Another model is other work: this compares ways of computing, and not \
                        machines alone.";
            ui.add(Label::new(widgets::caption(ui, text)).wrap());
        }
        ScrollArea::horizontal()
            .id_salt(("comparison", number))
            .show(ui, |ui| table(ui, number, pair));
    }
    for (names, which) in [
        (&comparison.only_first, "first"),
        (&comparison.only_second, "second"),
    ] {
        if !names.is_empty() {
            ui.add_space(space::SMALL);
            let text = format!("Only in the {which}: {}", names.join(", "));
            ui.add(Label::new(widgets::caption(ui, text)).wrap());
        }
    }
}

fn table(ui: &mut Ui, number: usize, pair: &Pair) {
    Grid::new(("comparison", number))
        .num_columns(6)
        .spacing([space::MEDIUM, space::TINY])
        .striped(true)
        .show(ui, |ui| {
            for head in ["Measurement", "Figure", "First", "Second", "Difference", ""] {
                ui.label(widgets::caption(ui, head));
            }
            ui.end_row();
            for row in &pair.rows {
                draw(ui, row);
                ui.end_row();
            }
        });
}

fn draw(ui: &mut Ui, row: &Compared) {
    let small = |text: String| RichText::new(text).size(size::SMALL);
    let difference = &row.difference;
    ui.label(small(row.scenario.clone()));
    ui.label(small(row.figure.to_owned()));
    ui.label(small(digits(difference.first)));
    ui.label(small(digits(difference.second)));
    let percent = |share: f64| format!("{:+.1}", share * 100.0);
    let relative = percent(difference.relative);
    ui.label(small(if difference.verdict == Verdict::TooFew {
        format!("{relative} %")
    } else {
        let (low, high) = (percent(difference.low), percent(difference.high));
        format!("{relative} % ({low} to {high})")
    }));
    let (picture, color) = sign(ui, difference.verdict);
    let spoken = format!(
        "{}, {}: {}, then {}; {}",
        row.scenario,
        row.figure,
        digits(difference.first),
        digits(difference.second),
        row.words()
    );
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::TINY;
        ui.label(icon(picture).size(size::SMALL).color(color));
        let word = ui.label(small(difference.verdict.words().to_owned()).color(color));
        word.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
    });
}

fn sign(ui: &Ui, verdict: Verdict) -> (Icon, Color32) {
    let palette = Palette::of(ui);
    match verdict {
        Verdict::Faster => (Icon::TrendingUp, palette.keep),
        Verdict::Slower => (Icon::TrendingDown, palette.remove),
        Verdict::NoDifference => (Icon::Equal, palette.weak),
        Verdict::TooFew => (Icon::CircleQuestionMark, palette.weak),
    }
}
