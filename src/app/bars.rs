//! The bars above and below every view: where one is, what runs, what is marked.

use eframe::egui::{self, Frame, Margin, RichText, Stroke, Ui};
use lucide_icons::Icon;

use super::benchmark::{BenchmarkCommand, Measuring};
use super::command::{Command, LibraryCommand};
use super::removal::RemovalCommand;
use super::state::{Scan, Severity, State, View};
use super::theme::{self, Palette, size, space};
use super::widgets::{self, icon, icon_button};
use super::words;
use crate::embed::EngineChoice;

/// Said where servers compute.
const SENT: &str = "Photos are made small here and sent to your servers";

/// The views, with counts, and the job that runs.
pub(crate) fn top(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let frame = bar_frame(ui);
    egui::Panel::top("top-bar").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(icon(Icon::ScanEye).color(Palette::of(ui).accent_text));
            ui.label(widgets::strong("Twinlens", size::LARGE));
            ui.add_space(space::LARGE);
            for view in View::ALL {
                tab(ui, state, view, commands);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if icon_button(ui, Icon::Keyboard, "Keys").clicked() {
                    commands.push(Command::ToggleCheatSheet);
                }
                if let Some(scan) = &state.scan {
                    job(ui, scan, commands);
                }
                if let Some(measuring) = &state.benchmark.measuring {
                    benchmark(ui, measuring, commands);
                }
            });
        });
    });
}

fn bar_frame(ui: &Ui) -> Frame {
    Frame::new()
        .fill(Palette::of(ui).panel)
        .inner_margin(Margin::symmetric(16, 8))
}

fn tab(ui: &mut Ui, state: &State, view: View, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui);
    let is_here = state.view == view;
    let color = if is_here { palette.text } else { palette.weak };
    let name = if is_here {
        widgets::strong(view.name(), size::BODY).color(color)
    } else {
        RichText::new(view.name()).color(color)
    };
    let count = match (view, &state.review) {
        (View::Review, Some(review)) => words::count(review.groups().len()),
        _ => String::new(),
    };
    let button = egui::Button::new((
        name,
        RichText::new(count).size(size::SMALL).color(palette.weak),
    ))
    .frame_when_inactive(false)
    .stroke(Stroke::NONE);
    let response = ui.add(button);
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_here, view.name()));
    if is_here {
        let line = response.rect;
        ui.painter().hline(
            line.x_range().shrink(10.0),
            line.bottom() + 1.0,
            Stroke::new(2.0, palette.accent_text),
        );
    }
    if response.clicked() {
        commands.push(Command::Show(view));
    }
}

fn job(ui: &mut Ui, scan: &Scan, commands: &mut Vec<Command>) {
    if icon_button(ui, Icon::X, "Stop the scan").clicked() {
        commands.push(LibraryCommand::StopScan.into());
    }
    let (picture, name) = if scan.is_paused {
        (Icon::Play, "Resume the scan")
    } else {
        (Icon::Pause, "Pause the scan")
    };
    if icon_button(ui, picture, name).clicked() {
        commands.push(LibraryCommand::PauseScan(!scan.is_paused).into());
    }
    let mut text = format!("{:.0} %", scan.outlook.fraction * 100.0);
    if scan.is_paused {
        text = format!("{text}, paused");
    } else if let Some(left) = scan.outlook.time_left {
        text = format!("{text}, {} left", words::duration(left));
    }
    ui.label(widgets::caption(ui, text));
    if !scan.is_paused {
        ui.add(egui::Spinner::new().size(16.0));
    }
}

/// A benchmark that runs. Nothing moves by itself, as drawing takes from what is measured.
fn benchmark(ui: &mut Ui, measuring: &Measuring, commands: &mut Vec<Command>) {
    if icon_button(ui, Icon::X, "Stop the benchmark").clicked() {
        commands.push(BenchmarkCommand::Stop.into());
    }
    let mut text = format!("{:.0} %", measuring.fraction() * 100.0);
    if measuring.is_stopping {
        text = format!("{text}, stopping");
    } else if let Some(left) = measuring.time_left() {
        text = format!("{text}, {} left", words::duration(left));
    }
    ui.label(widgets::caption(ui, text));
    ui.label(icon(Icon::Gauge).color(Palette::of(ui).accent_text));
}

/// What really runs, what is marked, and the way on.
pub(crate) fn bottom(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let frame = bar_frame(ui);
    egui::Panel::bottom("bottom-bar")
        .frame(frame)
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                let sends = (state.benchmark.measuring.as_ref()).is_some_and(|now| now.sends);
                let engine = match &state.found {
                    _ if sends => SENT.to_owned(),
                    Some(found) if found.engine.name == EngineChoice::Remote.name() => {
                        format!("{} computed, {}", found.engine.provider, found.model)
                    }
                    Some(found) => format!(
                        "{} on {}, {}",
                        if found.engine.name == EngineChoice::Embedded.name() {
                            "Built-in engine"
                        } else {
                            &found.engine.runtime
                        },
                        found.engine.provider.to_uppercase(),
                        found.model
                    ),
                    None if state.settings.engine == EngineChoice::Remote => SENT.to_owned(),
                    None => "Nothing leaves this computer".to_owned(),
                };
                ui.label(widgets::caption(ui, engine));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if let Some(review) = &state.review {
                        let totals = review.totals();
                        way_on(ui, state, totals.marked > 0, commands);
                        let text = format!(
                            "{} marked, {}",
                            words::count(totals.marked),
                            words::bytes(totals.marked_bytes)
                        );
                        ui.label(widgets::strong(text, size::BODY));
                    }
                });
            });
        });
}

/// The button that leads to the sheet.
fn way_on(ui: &mut Ui, state: &State, is_marked: bool, commands: &mut Vec<Command>) {
    let is_free = is_marked && state.scan.is_none() && !state.removal.is_at_work();
    let response = ui
        .add_enabled_ui(is_free, |ui| {
            widgets::button(ui, Icon::Trash2, "Remove the marked…")
        })
        .inner
        .on_hover_text("Shows first what would be done (Delete)");
    let why = if state.scan.is_some() {
        "When the scan is done."
    } else {
        "Nothing is marked for removal."
    };
    if response.on_disabled_hover_text(why).clicked() {
        commands.push(RemovalCommand::Open.into());
    }
}

/// What went wrong and was not closed yet.
pub(crate) fn banners(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    for (at, banner) in state.banners.iter().enumerate() {
        let palette = Palette::of(ui);
        let (picture, color) = match banner.severity {
            Severity::Note => (Icon::Info, palette.accent_text),
            Severity::Error => (Icon::TriangleAlert, palette.remove),
        };
        let frame = Frame::new()
            .fill(theme::mix(palette.panel, color, 0.12))
            .inner_margin(Margin::symmetric(16, 6));
        egui::Panel::top(("banner", at))
            .frame(frame)
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(icon(picture).color(color));
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        if icon_button(ui, Icon::X, "Close this note").clicked() {
                            commands.push(Command::CloseBanner(at));
                        }
                        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                            ui.add(egui::Label::new(&banner.text).wrap());
                        });
                    });
                });
            });
    }
}
