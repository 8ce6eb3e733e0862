//! The keyboard while the sheet is open. In the history every button is reached by Tab.

use eframe::egui::{self, Key, Modifiers};

use super::{Removal, RemovalCommand, Stage};
use crate::app::command::Command;

/// The keys, as the cheat sheet shows them.
pub(crate) const SHEET: &[(&str, &str)] = &[
    ("Ctrl Enter", "Do what the sheet shows"),
    ("Ctrl Z", "When it is done: take it back"),
    ("Esc", "Close the sheet, or stop what is at work"),
];

/// Turns the keys of this frame into wishes.
pub(crate) fn read(ctx: &egui::Context, removal: &Removal, commands: &mut Vec<Command>) {
    let Some(sheet) = &removal.sheet else {
        return;
    };
    let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::NONE, Key::Escape) {
        let is_at_work = removal.is_at_work();
        let command = match (is_at_work, &sheet.typed) {
            (true, _) => RemovalCommand::Stop,
            (false, Some(_)) => RemovalCommand::AskForWords(false),
            (false, None) => RemovalCommand::Close,
        };
        commands.push(command.into());
    }
    if pressed(Modifiers::COMMAND, Key::Enter) && sheet.may_start() {
        commands.push(RemovalCommand::Start.into());
    }
    if pressed(Modifiers::COMMAND, Key::Z)
        && matches!(&sheet.stage, Stage::Done(done) if done.can_undo && done.outcome.photos > 0)
    {
        commands.push(RemovalCommand::Undo.into());
    }
}
