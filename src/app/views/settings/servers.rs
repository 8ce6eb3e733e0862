//! Servers that compute the vectors: added, changed, tested, and what happens when none answers.

use std::path::PathBuf;

use eframe::egui::{Align, ComboBox, Label, Layout, TextEdit, Ui};
use lucide_icons::Icon;

use super::parts::{self, Choice, choose, note, row, trouble};
use crate::app::command::Command;
use crate::app::settings::{
    Change, Login, ServerForm, ServersCommand, SettingsCommand, Tested, Wanted,
};
use crate::app::state::State;
use crate::app::theme::{Palette, size, space};
use crate::app::widgets::{self, button, icon, icon_button, primary, toggle};
use crate::embed::EngineChoice;
use crate::embed::remote::{Failover, Payload, Protocol, Server};

/// Draws the card.
pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let settings = &state.settings;
    note(
        ui,
        "A machine with a GPU can compute for this one. Only pictures made small leave this computer, and only to the servers that are on, when Servers is the engine.",
    );
    let view = &state.settings_view;
    for (at, server) in settings.servers.iter().enumerate() {
        ui.separator();
        one(ui, state, at, server, commands);
        if let Some(form) = (view.server_form.as_ref()).filter(|form| form.at == Some(at)) {
            show_form(ui, form, commands);
        }
    }
    ui.separator();
    match &view.server_form {
        Some(form) if form.at.is_none() => show_form(ui, form, commands),
        Some(_) | None => {
            if button(ui, Icon::Plus, "Add a server").clicked() {
                commands.push(ServersCommand::Form(Some(Box::default())).into());
            }
        }
    }
    let has_servers = settings.servers.iter().any(|server| !server.disabled);
    if has_servers && settings.engine != EngineChoice::Remote {
        note(
            ui,
            "They are not in use: the engine under Finding is another.",
        );
    }
    row(ui, "If none answers", |ui| failover(ui, state, commands));
}

fn failover(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let choices = [
        Choice::free(Failover::Local, "This computer"),
        Choice::free(Failover::None, "Wait"),
        Choice::free(Failover::Fastest, "Always both"),
    ];
    let chosen = state.settings.failover;
    if let Some(failover) = choose(ui, "If none answers", chosen, &choices) {
        commands.push(Change::Failover(failover).into());
    }
    let wait = state.settings.server_patience_seconds;
    note(
        ui,
        match chosen {
            Failover::Local => {
                "A scan goes on with the engine of this computer until a server is back, where both give the same vectors.".to_owned()
            }
            Failover::None => format!(
                "A scan waits up to {wait} s for a server, then ends; what is finished is kept."
            ),
            Failover::Fastest => {
                "This computer computes beside the servers all the time, where both give the same vectors.".to_owned()
            }
        },
    );
}

fn one(ui: &mut Ui, state: &State, at: usize, server: &Server, commands: &mut Vec<Command>) {
    let url = &server.url;
    let tested = state.settings_view.tested.get(url);
    ui.horizontal_wrapped(|ui| {
        ui.add(Label::new(widgets::strong(url.as_str(), size::BODY)).wrap());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::Trash2, &format!("Remove {url}")).clicked() {
                commands.push(ServersCommand::Remove(at).into());
            }
            if icon_button(ui, Icon::Pencil, &format!("Change {url}")).clicked() {
                let form = ServerForm::of(at, server);
                commands.push(ServersCommand::Form(Some(Box::new(form))).into());
            }
            let is_idle = tested != Some(&Tested::Running);
            let test = ui.add_enabled_ui(is_idle, |ui| {
                button(ui, Icon::Activity, "Test").accessible_name(format!("Test {url}"))
            });
            if test.inner.clicked() {
                commands.push(ServersCommand::Test(at).into());
            }
            let (picture, word) = if server.disabled {
                (Icon::ToggleLeft, "Off")
            } else {
                (Icon::ToggleRight, "On")
            };
            let switch = toggle(ui, picture, word, !server.disabled);
            if switch.accessible_name(format!("Use {url}")).clicked() {
                commands.push(ServersCommand::Disable(at, !server.disabled).into());
            }
        });
    });
    match tested {
        None => {}
        Some(Tested::Running) => parts::looking(ui, "Trying it…"),
        Some(Tested::Failed(reason)) => trouble(ui, reason),
        Some(Tested::Done(trial)) => {
            let palette = Palette::of(ui);
            let (picture, color) = if trial.agreement.holds() {
                (Icon::CircleCheck, palette.keep)
            } else {
                (Icon::CircleAlert, palette.review)
            };
            for (name, words) in trial.rows() {
                ui.horizontal_top(|ui| {
                    let mark = if name == "vectors" {
                        picture
                    } else {
                        Icon::Dot
                    };
                    ui.label(icon(mark).size(size::BODY).color(color));
                    let text = format!("{name}: {words}");
                    ui.add(Label::new(widgets::caption(ui, text)).wrap());
                });
            }
        }
    }
}

/// What is typed about a server.
fn show_form(ui: &mut Ui, form: &ServerForm, commands: &mut Vec<Command>) {
    let mut wanted = form.clone();
    ui.add_space(space::TINY);
    field(
        ui,
        "Address",
        "gpu.local:8000 or https://…",
        &mut wanted.url,
    );
    row(ui, "Protocol", |ui| {
        let name = |protocol: Option<Protocol>| protocol.map_or("Found out", Protocol::words);
        let choices = std::iter::once(None).chain(Protocol::ALL.map(Some));
        pick(ui, "Protocol", &mut wanted.protocol, choices, name);
    });
    field(ui, "Model", "chosen by itself", &mut wanted.model);
    row(ui, "Pictures are sent as", |ui| {
        let name =
            |payload: Option<Payload>| payload.map_or("The cheapest exact way", Payload::title);
        let choices = std::iter::once(None).chain(Payload::ALL.map(Some));
        pick(ui, "Payload", &mut wanted.payload, choices, name);
        if let Some(payload) = wanted.payload {
            note(ui, format!("The vectors are {}.", payload.exactness()));
        }
    });
    field(
        ui,
        "Pictures a request",
        "as the server likes",
        &mut wanted.batch,
    );
    file(
        ui,
        "Certificate authority",
        Wanted::ServerAuthority,
        &mut wanted.ca_file,
        commands,
    );
    file(
        ui,
        "Client certificate",
        Wanted::ClientCertificate,
        &mut wanted.certificate,
        commands,
    );
    file(
        ui,
        "Its private key",
        Wanted::ClientKey,
        &mut wanted.key,
        commands,
    );
    row(ui, "Log in with", |ui| login(ui, &mut wanted, commands));
    let fault = wanted
        .read()
        .err()
        .filter(|_| !wanted.url.trim().is_empty());
    if let Some(fault) = &fault {
        trouble(ui, fault);
    }
    let can_keep = fault.is_none() && !wanted.url.trim().is_empty();
    if wanted != *form {
        commands.push(ServersCommand::Form(Some(Box::new(wanted))).into());
    }
    ui.horizontal(|ui| {
        let keep = ui.add_enabled_ui(can_keep, |ui| primary(ui, Icon::Check, "Keep the server"));
        if keep.inner.clicked() {
            commands.push(ServersCommand::Keep.into());
        }
        if button(ui, Icon::X, "Leave it").clicked() {
            commands.push(ServersCommand::Form(None).into());
        }
    });
}

/// How the user proves who he is.
fn login(ui: &mut Ui, form: &mut ServerForm, commands: &mut Vec<Command>) {
    let choices = [
        Choice::free(
            Login::AsBefore,
            if form.at.is_some() {
                "What is kept"
            } else {
                "Nothing"
            },
        ),
        Choice::free(Login::Token, "A token"),
        Choice::free(Login::Password, "User and password"),
    ];
    if let Some(login) = choose(ui, "Log in with", form.login, &choices) {
        form.login = login;
    }
    if form.login == Login::Password {
        ui.add(TextEdit::singleline(&mut form.user).hint_text("user"))
            .accessible_name("User");
    }
    if form.login != Login::AsBefore {
        ui.add(TextEdit::singleline(&mut form.secret).password(true))
            .accessible_name("Secret");
        note(
            ui,
            "It goes into the keyring of this system, never into a file of Twinlens.",
        );
    } else if let Some(at) = form.at
        && parts::back(ui, "Forget what is kept")
    {
        commands.push(ServersCommand::ForgetSecret(at).into());
    }
}

fn field(ui: &mut Ui, name: &str, hint: &str, text: &mut String) {
    row(ui, name, |ui| {
        ui.add(TextEdit::singleline(text).hint_text(hint))
            .accessible_name(name);
    });
}

fn pick<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    chosen: &mut T,
    choices: impl Iterator<Item = T>,
    words: impl Fn(T) -> &'static str,
) {
    ComboBox::from_id_salt(name)
        .selected_text(words(*chosen))
        .show_ui(ui, |ui| {
            for choice in choices {
                ui.selectable_value(chosen, choice, words(choice));
            }
        })
        .response
        .accessible_name(name);
}

fn file(
    ui: &mut Ui,
    name: &str,
    wanted: Wanted,
    file: &mut Option<PathBuf>,
    commands: &mut Vec<Command>,
) {
    row(ui, name, |ui| {
        ui.horizontal_wrapped(|ui| {
            let choose = button(ui, Icon::FolderOpen, "Choose");
            if choose.accessible_name(format!("Choose: {name}")).clicked() {
                commands.push(SettingsCommand::Choose(wanted).into());
            }
            let text = match file {
                Some(file) => file.display().to_string(),
                None => "none beside the system's own".to_owned(),
            };
            ui.add(Label::new(widgets::caption(ui, text)).wrap());
            if file.is_some() && parts::back(ui, "Without it") {
                *file = None;
            }
        });
    });
}
