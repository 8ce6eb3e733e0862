//! How duplicates are found: engine, provider, similarity.

use eframe::egui::{Label, Ui};
use lucide_icons::Icon;

use super::parts::{self, Choice, choose, note, row};
use crate::app::command::Command;
use crate::app::settings::{Change, SettingsCommand, Wanted};
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::app::widgets::{self, button, icon};
use crate::embed::onnxruntime::Seen;
use crate::embed::{EngineChoice, Provider};

/// Draws the card.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    row(ui, "Engine", |ui| engine(ui, state, commands));
    row(ui, "ONNX Runtime", |ui| runtime(ui, state, commands));
    row(ui, "Computes on", |ui| provider(ui, state, commands));
    row(ui, "Similar from", |ui| similarity(ui, state, commands));
}

fn engine(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let missing = match &state.settings_view.runtime {
        Some(Err(reason)) => Some(reason.clone()),
        Some(Ok(_)) | None => None,
    };
    let choices = [
        Choice::free(EngineChoice::Auto, "Automatic"),
        Choice::free(EngineChoice::Embedded, "Built-in"),
        Choice {
            value: EngineChoice::OnnxRuntime,
            name: "ONNX Runtime",
            obstacle: missing,
        },
        Choice {
            value: EngineChoice::Remote,
            name: "Servers",
            obstacle: (state.settings.servers.iter())
                .all(|server| server.disabled)
                .then(|| "add a server below first".to_owned()),
        },
    ];
    if let Some(engine) = choose(ui, "Engine", state.settings.engine, &choices) {
        commands.push(Change::Engine(engine).into());
    }
    note(
        ui,
        match state.settings.engine {
            EngineChoice::Auto => {
                "ONNX Runtime where it is there and is the faster, else the built-in engine."
            }
            EngineChoice::Embedded => "Part of Twinlens; needs nothing installed.",
            EngineChoice::OnnxRuntime => {
                "Faster, and the way to a GPU. A scan fails where it does not run."
            }
            EngineChoice::Remote => {
                "The servers below. Photos are made small on this computer and sent to them; nothing else is."
            }
        },
    );
}

fn runtime(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui);
    match &state.settings_view.runtime {
        None => parts::looking(ui, "Looking for it…"),
        Some(Ok(seen)) => {
            ui.horizontal(|ui| {
                ui.label(icon(Icon::CircleCheck).color(palette.keep));
                ui.label(&seen.runtime);
                let word = if seen.is_loaded { "in use" } else { "found" };
                ui.label(widgets::caption(ui, word).color(palette.keep));
            });
            note(ui, seen.path.display().to_string());
            if let Some(kept) = &seen.kept {
                let text = format!(
                    "Until Twinlens is started again, {} stays in use: a program keeps the first library that it loads.",
                    kept.display()
                );
                parts::trouble(ui, &text);
            }
        }
        Some(Err(reason)) => {
            ui.horizontal_top(|ui| {
                ui.label(icon(Icon::CircleAlert).color(palette.review));
                let text = format!("Not there: {reason}.");
                ui.add(Label::new(text).wrap());
            });
        }
    }
    ui.horizontal_wrapped(|ui| {
        if button(ui, Icon::FileSearch, "Choose the library").clicked() {
            commands.push(SettingsCommand::Choose(Wanted::OnnxRuntime).into());
        }
        if button(ui, Icon::RefreshCw, "Look again").clicked() {
            commands.push(SettingsCommand::Look.into());
        }
        if state.settings.onnxruntime_library.is_some()
            && parts::back(ui, "Back to the usual places")
        {
            commands.push(Change::OnnxRuntime(None).into());
        }
    });
}

fn provider(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let seen = match &state.settings_view.runtime {
        Some(Ok(seen)) => Some(seen),
        Some(Err(_)) | None => None,
    };
    let is_embedded = state.settings.engine == EngineChoice::Embedded;
    let choices = Provider::ALL.map(|provider| Choice {
        value: provider,
        name: provider_name(provider),
        obstacle: obstacle(provider, is_embedded, seen),
    });
    if let Some(provider) = choose(ui, "Computes on", state.settings.provider, &choices) {
        commands.push(Change::Provider(provider).into());
    }
    if is_embedded {
        note(ui, "The built-in engine computes on the processor only.");
    } else if seen.is_none() {
        note(ui, "All but the processor need ONNX Runtime.");
    } else {
        let reasons: Vec<String> = (choices.iter())
            .filter_map(|choice| Some(format!("{} {}.", choice.name, choice.obstacle.as_ref()?)))
            .collect();
        note(ui, reasons.join(" "));
    }
}

fn obstacle(provider: Provider, is_embedded: bool, seen: Option<&Seen>) -> Option<String> {
    match (provider, seen) {
        (Provider::Auto | Provider::Cpu, _) => None,
        _ if is_embedded => Some("the built-in engine computes on the processor only".to_owned()),
        (_, None) => Some("needs ONNX Runtime".to_owned()),
        (provider, Some(seen)) => seen.obstacle(provider),
    }
}

fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Auto => "Automatic",
        Provider::Cpu => "Processor",
        Provider::Cuda => "CUDA",
        Provider::TensorRt => "TensorRT",
        Provider::CoreMl => "CoreML",
        Provider::DirectMl => "DirectML",
        Provider::OpenVino => "OpenVINO",
        Provider::WebGpu => "WebGPU",
    }
}

fn similarity(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let model = match &state.settings_view.models {
        None => {
            parts::looking(ui, "Looking at the model…");
            return;
        }
        Some(Ok(models)) => match &models.chosen {
            Ok(model) => model,
            Err(reason) => {
                note(ui, reason.clone());
                return;
            }
        },
        Some(Err(reason)) => {
            note(ui, reason.clone());
            return;
        }
    };
    let own = state.settings.similarity.get(&model.name).copied();
    let value = own.unwrap_or(model.similarity_default);
    ui.horizontal_wrapped(|ui| {
        let range = model.similarity_floor..=1.0;
        let words = format!("{value:.2}");
        if let Some(moved) = parts::slide(ui, "Similar from", value, range, 0.01, &words) {
            // As it is shown, and as a person writes it into the file.
            let rounded = (moved * 100.0).round() / 100.0;
            commands.push(Change::Similarity(model.name.clone(), Some(rounded)).into());
        }
        let usual = format!("Back to {:.2}", model.similarity_default);
        if own.is_some() && parts::back(ui, &usual) {
            commands.push(Change::Similarity(model.name.clone(), None).into());
        }
    });
    note(
        ui,
        format!(
            "For {}: each model has its own scale. Higher finds fewer and closer photos; copies are proven by their pixels whatever this says.",
            model.name
        ),
    );
}
