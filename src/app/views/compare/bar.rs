//! The bar above the photos: the way back, the group, the ways to lay the photos out, the zoom.

use eframe::egui::{Align, Button, Layout, Role, Stroke, Ui, WidgetInfo, vec2};
use lucide_icons::Icon;

use crate::app::command::Command;
use crate::app::compare::{Compare, CompareCommand as C, Mode};
use crate::app::review::Review;
use crate::app::theme::{self, Palette, size, space};
use crate::app::widgets::{self, icon, icon_button};
use crate::app::words;

/// Below this width the modes are icons alone.
const WIDE: f32 = 1180.0;
/// What `+` and `-` magnify by.
const STEP: f64 = std::f64::consts::SQRT_2;

/// Draws the bar.
pub(super) fn show(ui: &mut Ui, compare: &Compare, review: &Review, commands: &mut Vec<Command>) {
    let is_wide = ui.available_width() >= WIDE;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::TINY;
        if icon_button(ui, Icon::ArrowLeft, "Back to the review").clicked() {
            commands.push(C::Close.into());
        }
        group(ui, compare, review, commands);
        ui.add_space(space::SMALL);
        for mode in Mode::ALL {
            mode_button(ui, compare, mode, is_wide, commands);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::Keyboard, "Keys").clicked() {
                commands.push(Command::ToggleCheatSheet);
            }
            let (picture, name) = if compare.is_full_screen() {
                (Icon::Minimize2, "Leave full screen")
            } else {
                (Icon::Maximize2, "Full screen")
            };
            if icon_button(ui, picture, name).clicked() {
                commands.push(C::ToggleFullScreen.into());
            }
            if icon_button(ui, Icon::Table2, "All that is known").clicked() {
                commands.push(C::ToggleTable.into());
            }
            ui.add_space(space::SMALL);
            zoom(ui, compare, commands);
        });
    });
}

fn group(ui: &mut Ui, compare: &Compare, review: &Review, commands: &mut Vec<Command>) {
    if icon_button(ui, Icon::ChevronLeft, "Previous group").clicked() {
        commands.push(C::StepGroup(-1).into());
    }
    let all = review.shown().len();
    let here = review.current() + 1;
    let text = format!("Group {} of {}", words::count(here), words::count(all));
    ui.label(widgets::strong(text, size::BODY));
    if icon_button(ui, Icon::ChevronRight, "Next group").clicked() {
        commands.push(C::StepGroup(1).into());
    }
    if compare.left_out() > 0 {
        let shown = compare.entries().len();
        let text = format!("{shown} of {}", words::photos(shown + compare.left_out()));
        ui.label(widgets::caption(ui, text));
    }
}

fn mode_button(
    ui: &mut Ui,
    compare: &Compare,
    mode: Mode,
    is_wide: bool,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui);
    let (picture, key) = match mode {
        Mode::SideBySide => (Icon::Columns2, "G"),
        Mode::Flicker => (Icon::Repeat2, "Space"),
        Mode::Slider => (Icon::SquareSplitHorizontal, "S"),
        Mode::Difference => (Icon::Diff, "D"),
    };
    let is_on = compare.mode() == mode;
    let color = if is_on {
        palette.on_accent
    } else {
        palette.text
    };
    let picture = icon(picture).color(color);
    let button = if is_wide {
        let name = widgets::strong(mode.name(), size::BODY).color(color);
        Button::new((picture, name))
    } else {
        Button::new(picture)
    };
    let fill = if is_on {
        palette.accent
    } else {
        palette.raised
    };
    let stroke = if is_on { palette.accent } else { palette.line };
    let button = button
        .fill(fill)
        .stroke(Stroke::new(1.0, stroke))
        .min_size(theme::ICON_BUTTON);
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_on, mode.name()));
    let hint = format!("{} ({key})", mode.name());
    if response.on_hover_text(hint).clicked() {
        commands.push(C::Show(mode).into());
    }
}

/// From the right.
fn zoom(ui: &mut Ui, compare: &Compare, commands: &mut Vec<Command>) {
    let by = |factor| C::Zoom {
        factor,
        at: [0.0; 2],
        photo: compare.chosen(),
    };
    if icon_button(ui, Icon::Fullscreen, "Whole photo (0)").clicked() {
        commands.push(C::Fit.into());
    }
    if icon_button(ui, Icon::ZoomIn, "Zoom in (+)").clicked() {
        commands.push(by(STEP).into());
    }
    let percent = percent(compare.scale_of(compare.chosen()));
    let button = Button::new(percent.as_str()).min_size(vec2(64.0, theme::ICON_BUTTON.y));
    let response = ui.add(button).accessible_name(format!("Zoom {percent}"));
    if response.on_hover_text("Pixel by pixel (1)").clicked() {
        commands.push(C::Scale(1.0).into());
    }
    if icon_button(ui, Icon::ZoomOut, "Zoom out (-)").clicked() {
        commands.push(by(STEP.recip()).into());
    }
}

/// `50 %`: screen pixels per photo pixel.
pub(super) fn percent(scale: f64) -> String {
    let percent = scale * 100.0;
    if percent < 9.95 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}
