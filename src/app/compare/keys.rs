//! The keys of the comparison.

use eframe::egui::{Context, Key, Modifiers};

use super::{AMPLIFY, Compare, CompareCommand as C, Mode};
use crate::app::command::{Command, ReviewCommand};
use crate::app::state::State;

/// How far an arrow moves the photos, in screen pixels, and the divider, in shares of a frame.
const PAN: f64 = 96.0;
const DIVIDE: f32 = 0.02;
/// What `+` and `-` magnify by: two presses double.
const STEP: f64 = std::f64::consts::SQRT_2;

/// The keys and what they do, as the cheat sheet shows them.
pub(in crate::app) const SHEET: &[(&str, &str)] = &[
    ("Enter, Esc", "Compare the photos of the group, go back"),
    (
        "G, Space, S, D",
        "Side by side, flicker, slider, difference",
    ),
    ("Space", "Flicker: show the other at the same place"),
    ("→ ←, L H", "Next and previous photo"),
    ("R", "Compare the others with this photo"),
    ("+ − 0", "Zoom in and out, whole photo"),
    ("1, 2", "100 % and 200 %: pixel by pixel"),
    ("Arrows", "Move the zoomed photos, or the divider"),
    ("M", "Side by side: line the photos up"),
    ("[ ]", "Difference: enlarge less or more"),
    ("X, K", "Mark the photo or keep it, keep only this"),
    ("Page ↓ ↑", "Next and previous group"),
    ("I", "All that is known of the photos"),
    ("F, F11", "Full screen"),
];

/// Turns the keys of this frame into wishes.
pub(in crate::app) fn read(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    let Some(compare) = &state.compare else {
        return;
    };
    let with = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
    let pressed = |key| with(Modifiers::NONE, key);
    undo_keys(&with, commands);
    // A button that has the keyboard is pressed by the space bar, as everywhere.
    let is_free = ctx.memory(|memory| memory.focused().is_none());
    let mut push = |command: C| commands.push(command.into());
    if pressed(Key::Escape) {
        push(if compare.has_table() {
            C::ToggleTable
        } else {
            C::Close
        });
    }
    if is_free && pressed(Key::Space) {
        push(C::Flicker);
    }
    let plain: [(&[Key], C); 15] = [
        (&[Key::G], C::Show(Mode::SideBySide)),
        (&[Key::S], C::Show(Mode::Slider)),
        (&[Key::D], C::Show(Mode::Difference)),
        (&[Key::R], C::TakeAsReference),
        (&[Key::M], C::ToggleLinedUp),
        (&[Key::I], C::ToggleTable),
        (&[Key::F, Key::F11], C::ToggleFullScreen),
        (&[Key::PageDown], C::StepGroup(1)),
        (&[Key::PageUp], C::StepGroup(-1)),
        (&[Key::L], C::Step(1)),
        (&[Key::H], C::Step(-1)),
        (&[Key::Num0], C::Fit),
        (&[Key::Num1], C::Scale(1.0)),
        (&[Key::Num2], C::Scale(2.0)),
        (&[Key::Minus], zoom(compare, STEP.recip())),
    ];
    for (keys, command) in plain {
        if keys.iter().any(|&key| pressed(key)) {
            push(command);
        }
    }
    // `+` is a shifted key on some keyboards and one of its own on others.
    let shifted = |key| with(Modifiers::SHIFT, key);
    if pressed(Key::Plus) || pressed(Key::Equals) || shifted(Key::Plus) || shifted(Key::Equals) {
        push(zoom(compare, STEP));
    }
    for (key, up) in [(Key::CloseBracket, true), (Key::OpenBracket, false)] {
        if pressed(key) && compare.mode() == Mode::Difference {
            push(C::Amplify(amplified(compare.amplify(), up)));
        }
    }
    arrows(&pressed, compare, &mut push);
    marks(&pressed, compare, commands);
}

fn undo_keys(with: &impl Fn(Modifiers, Key) -> bool, commands: &mut Vec<Command>) {
    // The longer combination first: a shorter one would take it.
    if with(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || with(Modifiers::COMMAND, Key::Y) {
        commands.push(ReviewCommand::Redo.into());
    }
    if with(Modifiers::COMMAND, Key::Z) || with(Modifiers::NONE, Key::U) {
        commands.push(ReviewCommand::Undo.into());
    }
}

fn zoom(compare: &Compare, factor: f64) -> C {
    C::Zoom {
        factor,
        at: [0.0; 2],
        photo: compare.chosen(),
    }
}

/// The next step up or down.
pub(in crate::app) fn amplified(times: u32, up: bool) -> u32 {
    let next = if up {
        AMPLIFY.into_iter().find(|&step| step > times)
    } else {
        AMPLIFY.into_iter().rfind(|&step| step < times)
    };
    next.unwrap_or(times)
}

/// Arrows move what can be moved: the divider, the zoomed photos, else the choice.
fn arrows(pressed: &impl Fn(Key) -> bool, compare: &Compare, push: &mut impl FnMut(C)) {
    let arrows = [
        (Key::ArrowRight, 1.0, 0.0),
        (Key::ArrowLeft, -1.0, 0.0),
        (Key::ArrowDown, 0.0, 1.0),
        (Key::ArrowUp, 0.0, -1.0),
    ];
    for (key, x, y) in arrows {
        if !pressed(key) {
            continue;
        }
        if compare.mode() == Mode::Slider && y == 0.0 {
            let step = if x > 0.0 { DIVIDE } else { -DIVIDE };
            push(C::Divide(compare.divider() + step));
        } else if !compare.viewport().is_fit() {
            push(C::Pan([-x * PAN, -y * PAN], compare.chosen()));
        } else if y == 0.0 {
            push(C::Step(if x > 0.0 { 1 } else { -1 }));
        }
    }
}

fn marks(pressed: &impl Fn(Key) -> bool, compare: &Compare, commands: &mut Vec<Command>) {
    let Some(entry) = compare.chosen_entry() else {
        return;
    };
    if pressed(Key::X) {
        commands.push(ReviewCommand::Toggle(entry.id).into());
    }
    if pressed(Key::K) {
        commands.push(ReviewCommand::KeepOnly(entry.id).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_enlarged_step_by_step_and_no_further() {
        assert_eq!(amplified(4, true), 16);
        assert_eq!(amplified(4, false), 1);
        assert_eq!((amplified(1, false), amplified(64, true)), (1, 64));
    }
}
