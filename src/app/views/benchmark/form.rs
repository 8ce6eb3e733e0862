//! What is measured, for how long, and the button that starts it.

use std::ops::RangeInclusive;
use std::path::Path;

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{
    Align, Button, ComboBox, DragValue, Layout, PopupCloseBehavior, Ui, emath::Numeric,
};
use lucide_icons::Icon;

use crate::app::benchmark::{
    BATCHES, BenchmarkCommand, BenchmarkFile, CALLERS, Form, Pictures, way,
};
use crate::app::command::Command;
use crate::app::state::State;
use crate::app::theme::size;
use crate::app::widgets::{self, primary};
use crate::app::words;

/// Draws it.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.vertical(|ui| {
            ui.label(widgets::strong("Benchmark", size::HEADING));
            ui.label(widgets::caption(ui, foretold(state)));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            button(ui, state, commands);
        });
    });
    let benchmark = &state.benchmark;
    let mut form = benchmark.form.clone();
    ui.add_enabled_ui(benchmark.measuring.is_none(), |ui| {
        ui.horizontal_wrapped(|ui| fields(ui, state, &mut form, commands));
    });
    if form != benchmark.form {
        commands.push(BenchmarkCommand::Set(form).into());
    }
}

/// Start, or Stop.
fn button(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    if let Some(measuring) = &state.benchmark.measuring {
        let stop = ui
            .add_enabled_ui(!measuring.is_stopping, |ui| {
                primary(ui, Icon::CircleStop, "Stop measuring")
            })
            .inner
            .on_hover_text("What is measured by then is kept.");
        if stop.clicked() {
            commands.push(BenchmarkCommand::Stop.into());
        }
        return;
    }
    let obstacle = way::obstacle(state);
    let start = ui
        .add_enabled_ui(obstacle.is_none(), |ui| {
            primary(ui, Icon::Play, "Start measuring")
        })
        .inner
        .on_disabled_hover_text(obstacle.unwrap_or_default());
    if start.clicked() {
        commands.push(BenchmarkCommand::Start.into());
    }
}

/// What a run would be, or why there can be none.
fn foretold(state: &State) -> String {
    let benchmark = &state.benchmark;
    if benchmark.measuring.is_some() {
        return "What is measured is kept, whenever you stop.".to_owned();
    }
    if let Some(obstacle) = way::obstacle(state) {
        return obstacle.to_owned();
    }
    let number = benchmark.available();
    let seconds = u64::from(benchmark.form.seconds) * number as u64;
    let sent = if benchmark.sends() {
        " Pictures made small are sent to the servers among them."
    } else {
        ""
    };
    format!(
        "{}, about {}.{sent}",
        words::counted(number, "candidate", "candidates"),
        words::duration(std::time::Duration::from_secs(seconds))
    )
}

fn fields(ui: &mut Ui, state: &State, form: &mut Form, commands: &mut Vec<Command>) {
    pictures(ui, state, form, commands);
    number(
        ui,
        "Photos",
        &mut form.photos,
        1..=10_000,
        " photos",
        "Taken evenly from the folder.",
    );
    number(
        ui,
        "Seconds a candidate",
        &mut form.seconds,
        1..=3600,
        " s each",
        "About how long a candidate may take. Longer is more certain.",
    );
    number(
        ui,
        "Latency limit in milliseconds",
        &mut form.latency_limit_ms,
        1..=60_000,
        " ms limit",
        "The highest rate is looked for at which 99 of 100 answers come within this time.",
    );
    number(
        ui,
        "Price an hour",
        &mut form.price_per_hour,
        0.0..=10_000.0,
        " an hour",
        "What the computer costs, in any currency, to know what 1,000 photos cost; 0 if it does not matter.",
    );
    scenarios(ui, state, form);
}

fn number<N: Numeric>(
    ui: &mut Ui,
    name: &str,
    value: &mut N,
    range: RangeInclusive<N>,
    unit: &str,
    help: &str,
) {
    let decimals = if N::INTEGRAL { 0 } else { 2 };
    let field = DragValue::new(value)
        .range(range)
        .max_decimals(decimals)
        .suffix(unit);
    ui.add(field)
        .accessible_name(name)
        .on_hover_text(format!("{name}. {help}"));
}

fn pictures(ui: &mut Ui, state: &State, form: &mut Form, commands: &mut Vec<Command>) {
    let library = way::first_folder(&state.folders);
    let folder_name = |folder: &Path| words::file_name(folder);
    let shown = match (&form.pictures, library) {
        (Pictures::Folder(folder), _) | (Pictures::Library, Some(folder)) => folder_name(folder),
        (Pictures::Demo | Pictures::Library, _) => "Demo photos".to_owned(),
    };
    let chosen = ComboBox::from_id_salt("benchmark-photos")
        .width(150.0)
        .truncate()
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for folder in &state.folders {
                let value = Pictures::Folder(folder.path.clone());
                let is_it = form.pictures == value
                    || (form.pictures == Pictures::Library && library == Some(&folder.path));
                if ui
                    .selectable_label(is_it, folder_name(&folder.path))
                    .on_hover_text(folder.path.display().to_string())
                    .clicked()
                {
                    form.pictures = value;
                }
            }
            ui.selectable_value(&mut form.pictures, Pictures::Demo, "Demo photos")
                .on_hover_text("No photos are needed; reading and decoding are not known then.");
            if ui.selectable_label(false, "Another folder…").clicked() {
                commands.push(BenchmarkCommand::Choose(BenchmarkFile::Photos).into());
            }
        });
    chosen
        .response
        .accessible_name("Photos to measure with")
        .on_hover_text("Photos to measure with. A folder can be dropped here too.");
}

/// Which batches and how many callers.
fn scenarios(ui: &mut Ui, state: &State, form: &mut Form) {
    let plan = form.measurements();
    let text = words::counted(plan, "measurement", "measurements");
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let menu = MenuButton::from_button(Button::new((text, widgets::icon(Icon::ChevronDown))))
        .config(config);
    let (response, _) = menu.ui(ui, |ui| {
        ui.set_width(260.0);
        ui.label(widgets::strong("Always", size::BODY));
        ui.label(widgets::caption(
            ui,
            "One picture after the other, and eight at once.",
        ));
        ui.separator();
        ui.label(widgets::strong("Offline: pictures a batch", size::BODY));
        sizes(ui, &BATCHES, &mut form.batches, "Batch");
        ui.separator();
        ui.label(widgets::strong("Server: callers at once", size::BODY));
        ui.label(widgets::caption(
            ui,
            "With any of them also arrivals by chance, and a search for the highest rate.",
        ));
        sizes(ui, &CALLERS, &mut form.callers, "Callers");
        if state.benchmark.ways().any(|way| way.server().is_some()) {
            ui.separator();
            ui.label(widgets::strong("The same with servers", size::BODY));
            sizes(
                ui,
                &CALLERS,
                &mut form.server_callers,
                "Callers of a server",
            );
        }
    });
    response
        .accessible_name("Measurements of a candidate")
        .on_hover_text("What is measured of each candidate");
}

fn sizes(ui: &mut Ui, all: &[usize], chosen: &mut Vec<usize>, name: &str) {
    ui.horizontal_wrapped(|ui| {
        for size in all {
            let mut is_in = chosen.contains(size);
            let ticked = ui.checkbox(&mut is_in, size.to_string());
            if ticked.accessible_name(format!("{name} {size}")).changed() {
                chosen.retain(|other| other != size);
                if is_in {
                    chosen.push(*size);
                    chosen.sort_unstable();
                }
            }
        }
    });
}
