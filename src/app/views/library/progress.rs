//! A scan while it runs, and what came of the last one.

use eframe::egui::{self, Align, Grid, Layout, RichText, Ui, vec2};
use lucide_icons::Icon;

use crate::app::command::{Command, LibraryCommand};
use crate::app::state::{Found, Scan, State, View};
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button, icon, primary};
use crate::app::words;
use crate::pipeline::{Stage, StageOutlook};

/// Draws a running scan.
pub(super) fn show(ui: &mut Ui, state: &State, scan: &Scan, commands: &mut Vec<Command>) {
    let outlook = &scan.outlook;
    ui.horizontal(|ui| {
        let title = match (scan.is_stopping, scan.is_paused) {
            (true, _) => "Stopping",
            (false, true) => "Paused",
            (false, false) => "Looking for duplicates",
        };
        ui.label(widgets::strong(title, size::LARGE));
        let left = match outlook.time_left {
            Some(left) => format!("about {} left", words::duration(left)),
            None => "counting".to_owned(),
        };
        ui.label(widgets::caption(ui, left));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if button(ui, Icon::CircleStop, "Stop")
                .on_hover_text("What is finished is kept for the next scan.")
                .clicked()
            {
                commands.push(LibraryCommand::StopScan.into());
            }
            let (picture, text) = if scan.is_paused {
                (Icon::Play, "Resume")
            } else {
                (Icon::Pause, "Pause")
            };
            if button(ui, picture, text).clicked() {
                commands.push(LibraryCommand::PauseScan(!scan.is_paused).into());
            }
            let groups = state
                .review
                .as_ref()
                .map_or(0, |review| review.groups().len());
            if groups > 0 {
                let text = format!("{} so far", words::counted(groups, "group", "groups"));
                if button(ui, Icon::Images, &text).clicked() {
                    commands.push(Command::Show(View::Review));
                }
            }
        });
    });
    bar(ui, outlook.fraction, 8.0);
    ui.add_space(space::SMALL);
    Grid::new("stages")
        .num_columns(5)
        .spacing([space::LARGE, 6.0])
        .show(ui, |ui| {
            for stage in &outlook.stages {
                let is_slowest = (outlook.bottleneck)
                    .is_some_and(|slowest| slowest.stage == stage.progress.stage);
                stage_row(ui, stage, is_slowest);
                ui.end_row();
            }
        });
    let mut notes = Vec::new();
    if let Some(slowest) = outlook.bottleneck {
        notes.push(format!("What the others wait for is {slowest}."));
    }
    if let Some(engine) = &scan.engine {
        notes.push(format!("{} on {}.", engine.runtime, engine.provider));
    }
    ui.add_space(space::TINY);
    ui.label(widgets::caption(ui, notes.join(" ")));
}

fn stage_row(ui: &mut Ui, stage: &StageOutlook, is_slowest: bool) {
    let palette = Palette::of(ui);
    let progress = &stage.progress;
    let is_done = !stage.is_running && progress.items > 0 && progress.items >= progress.expected;
    let (picture, color) = if is_done {
        (Icon::Check, palette.keep)
    } else if is_slowest {
        (Icon::Gauge, palette.review)
    } else if stage.is_running {
        (Icon::ChevronRight, palette.accent_text)
    } else {
        (Icon::Circle, palette.line)
    };
    ui.label(icon(picture).size(size::BODY).color(color));
    let weight = if stage.is_running || is_done {
        palette.text
    } else {
        palette.weak
    };
    ui.label(RichText::new(words::capitalised(progress.stage.words())).color(weight));
    #[expect(clippy::cast_precision_loss, reason = "a bar of some hundred pixels")]
    let share = match (is_done, progress.expected) {
        (true, _) => 1.0,
        (false, 0) => 0.0,
        (false, expected) => progress.items as f32 / expected as f32,
    };
    ui.scope(|ui| {
        ui.set_width(420.0);
        bar(ui, share, 5.0);
    });
    let count = if progress.expected > 0 && !is_done {
        format!(
            "{} of {}",
            words::count(progress.items),
            words::count(progress.expected)
        )
    } else if progress.items > 0 {
        words::count(progress.items)
    } else {
        String::new()
    };
    ui.label(widgets::caption(ui, count));
    let mut rate = match (stage.rate, progress.stage) {
        (Some(rate), Stage::Verify) => format!("{rate:.0} pairs a second"),
        (Some(rate), _) if rate < 10.0 => format!("{rate:.1} a second"),
        (Some(rate), _) => format!("{rate:.0} a second"),
        (None, _) => String::new(),
    };
    if is_slowest {
        rate = format!("{rate}, the slowest");
    }
    ui.label(widgets::caption(ui, rate));
}

/// A bar of `share` from 0 to 1.
fn bar(ui: &mut Ui, share: f32, height: f32) {
    let palette = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), height.max(8.0)),
        egui::Sense::hover(),
    );
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::Role::ProgressIndicator,
            true,
            format!("{:.0} %", share * 100.0),
        )
    });
    let track = egui::Rect::from_center_size(rect.center(), vec2(rect.width(), height));
    let radius = height / 2.0;
    ui.painter().rect_filled(track, radius, palette.raised);
    if share > 0.0 {
        let mut done = track;
        done.set_width((track.width() * share.min(1.0)).max(height));
        ui.painter().rect_filled(done, radius, palette.accent);
    }
}

/// Draws what came of the last scan.
pub(super) fn done(ui: &mut Ui, state: &State, found: &Found, commands: &mut Vec<Command>) {
    let Some(review) = &state.review else {
        return;
    };
    let totals = review.totals();
    ui.horizontal(|ui| {
        let palette = Palette::of(ui);
        ui.label(icon(Icon::CircleCheck).color(palette.keep));
        ui.vertical(|ui| {
            let title = if totals.surplus == 0 {
                "No surplus copies".to_owned()
            } else {
                format!(
                    "{}, {}",
                    words::counted(totals.surplus, "surplus copy", "surplus copies"),
                    words::bytes(totals.surplus_bytes)
                )
            };
            ui.label(widgets::strong(title, size::LARGE));
            let mut text = format!(
                "{} ({}) looked through in {}: {}.",
                words::photos(found.photos),
                words::bytes(found.bytes),
                words::duration(found.took),
                words::counted(review.groups().len(), "group", "groups")
            );
            if let Some(changes) = news(found) {
                text = format!("{text} {changes}");
            }
            ui.label(widgets::caption(ui, text));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !review.groups().is_empty() && primary(ui, Icon::Images, "Review").clicked() {
                commands.push(Command::Show(View::Review));
            }
        });
    });
}

/// What is different since the scan before, if there was one.
fn news(found: &Found) -> Option<String> {
    let changes = &found.changes;
    changes.last_scan?;
    Some(match changes.told(words::count) {
        None => "Nothing has changed since the last scan.".to_owned(),
        Some(told) => format!("Since the last scan: {told}."),
    })
}
