//! What narrows the list beside the tier and the search: folder, size, dates, undecided.

use eframe::egui::{self, ComboBox, TextEdit, Ui};
use jiff::civil::Date;
use lucide_icons::Icon;

use crate::app::command::{Command, ReviewCommand};
use crate::app::review::{Filter, Review};
use crate::app::state::State;
use crate::app::theme::{self, Palette};
use crate::app::widgets::{self, icon};
use crate::app::words;

/// Sizes to choose from, in bytes.
const SIZES: [u64; 6] = [0, 100_000, 1_000_000, 5_000_000, 20_000_000, 100_000_000];

/// The button, which opens what can be narrowed.
pub(super) fn button(ui: &mut Ui, state: &State, review: &Review, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui);
    let filter = review.filter();
    let color = if filter.is_narrowed() {
        palette.accent_text
    } else {
        palette.text
    };
    let button =
        egui::Button::new(icon(Icon::ListFilter).color(color)).min_size(theme::ICON_BUTTON);
    let config = egui::containers::menu::MenuConfig::new()
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    let menu = egui::containers::menu::MenuButton::from_button(button).config(config);
    let (response, _) = menu.ui(ui, |ui| {
        ui.set_width(300.0);
        let mut wanted = filter.clone();
        fields(ui, state, &mut wanted);
        if ui.button("Show all").clicked() {
            wanted = Filter {
                tier: filter.tier,
                ..Filter::default()
            };
            ui.close();
        }
        if wanted != *filter {
            commands.push(ReviewCommand::SetFilter(wanted).into());
        }
    });
    response.accessible_name("Filter").on_hover_text("Filter");
}

fn fields(ui: &mut Ui, state: &State, wanted: &mut Filter) {
    ui.checkbox(&mut wanted.undecided, "Only what is not decided yet");
    ui.label(widgets::caption(ui, "With a photo in"));
    let folder_name = |folder: &std::path::Path| folder.display().to_string();
    ComboBox::from_id_salt("filter-folder")
        .width(280.0)
        .truncate()
        .selected_text(
            wanted
                .folder
                .as_deref()
                .map_or_else(|| "Any folder".to_owned(), folder_name),
        )
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut wanted.folder, None, "Any folder");
            for folder in &state.folders {
                let name = folder_name(&folder.path);
                ui.selectable_value(&mut wanted.folder, Some(folder.path.clone()), name);
            }
        })
        .response
        .accessible_name("Folder");
    ui.label(widgets::caption(ui, "With a photo of at least"));
    let size_name = |bytes| match bytes {
        0 => "Any size".to_owned(),
        bytes => words::bytes(bytes),
    };
    ComboBox::from_id_salt("filter-size")
        .selected_text(size_name(wanted.bytes))
        .show_ui(ui, |ui| {
            for bytes in SIZES {
                ui.selectable_value(&mut wanted.bytes, bytes, size_name(bytes));
            }
        })
        .response
        .accessible_name("Size");
    ui.label(widgets::caption(ui, "Taken between (year, month, day)"));
    ui.horizontal(|ui| {
        day(ui, "From", &mut wanted.from);
        day(ui, "Until", &mut wanted.until);
    });
}

/// A field for a day; what is no day yet is kept as text until it is one.
fn day(ui: &mut Ui, name: &str, day: &mut Option<Date>) {
    let id = ui.scope_id().with(name);
    let known = day.map(|day| day.to_string()).unwrap_or_default();
    let mut text = ui
        .data_mut(|data| data.get_temp::<String>(id))
        .unwrap_or_else(|| known.clone());
    let is_day = text.is_empty() || text.parse::<Date>().is_ok();
    let mut field = TextEdit::singleline(&mut text)
        .hint_text("2021-05-12")
        .desired_width(120.0);
    if !is_day {
        field = field.text_color(Palette::of(ui).remove);
    }
    let response = ui.add(field).accessible_name(name);
    if response.changed() {
        if text.is_empty() {
            *day = None;
        } else if let Ok(parsed) = text.parse() {
            *day = Some(parsed);
        }
        ui.data_mut(|data| data.insert_temp(id, text));
    } else if !response.has_focus() && is_day {
        ui.data_mut(|data| data.remove::<String>(id));
    }
}
