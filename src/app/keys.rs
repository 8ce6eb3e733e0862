//! The keyboard: which key asks for what, in one table that is also the cheat sheet.

use eframe::egui::{self, Key, Modifiers};

use super::command::{Command, ReviewCommand};
use super::compare::{self, CompareCommand};
use super::removal::RemovalCommand;
use super::rule_dialog::RuleDialog;
use super::state::{State, View};

/// The keys and what they do, as the cheat sheet shows them.
pub(crate) const SHEET: &[(&str, &[(&str, &str)])] = &[
    (
        "Everywhere",
        &[
            (
                "Ctrl 1 to 5",
                "Library, Review, Benchmark, History, Settings",
            ),
            ("Ctrl + − 0", "Larger, smaller, usual text"),
            ("?", "Show or hide the keys"),
            ("Esc", "Close what is open"),
        ],
    ),
    (
        "Review",
        &[
            ("↓ ↑, J K", "Next and previous group"),
            ("→ ←, L H", "Next and previous photo"),
            ("Space, X", "Mark the photo, or keep it"),
            ("1 to 9", "Keep only this photo of the group"),
            ("A", "Accept the group as it is, go on"),
            ("G", "Go to the next undecided group"),
            ("N", "Not duplicates: this group"),
            ("Shift N", "Not a duplicate: this photo"),
            ("R", "Mark many by a rule"),
            ("Delete", "Remove what is marked: look first"),
            ("Page, Home, End", "Through the list in large steps"),
            ("Tab", "Through everything on the screen"),
            ("Ctrl F", "Find by name or folder"),
            ("U, Ctrl Z", "Undo"),
            ("Ctrl Shift Z", "Redo"),
        ],
    ),
    ("Removal and history", super::removal::keys::SHEET),
    ("Compare", compare::keys::SHEET),
];

/// Turns the keys of this frame into wishes. Keys belong to a text field while one is in use.
pub(crate) fn read(ui: &egui::Ui, state: &State, commands: &mut Vec<Command>) {
    let ctx = ui.ctx();
    if let Some(view) = view_key(ctx) {
        commands.push(Command::Show(view));
    }
    super::settings::text_size_keys(ctx, state.settings.text_scale, commands);
    // Its words are typed, and its keys are none that a text field needs.
    if state.removal.sheet.is_some() {
        super::removal::keys::read(ctx, &state.removal, commands);
        return;
    }
    if ctx.text_edit_focused() {
        return;
    }
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if ctx.input(|input| {
        (input.events.iter()).any(|event| matches!(event, egui::Event::Text(text) if text == "?"))
    }) || (state.cheat_sheet && pressed(Key::Escape))
    {
        commands.push(Command::ToggleCheatSheet);
    }
    if state.cheat_sheet || state.rules.is_some() {
        if state.rules.is_some() && pressed(Key::Escape) {
            commands.push(ReviewCommand::Rules(None).into());
        }
        return;
    }
    if state.is_comparing() {
        compare::keys::read(ctx, state, commands);
    } else if state.view == View::Review && state.review.is_some() {
        review(ctx, state, commands);
    }
}

fn view_key(ctx: &egui::Context) -> Option<View> {
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5];
    ctx.input_mut(|input| {
        View::ALL
            .into_iter()
            .zip(keys)
            .find_map(|(view, key)| input.consume_key(Modifiers::COMMAND, key).then_some(view))
    })
}

fn review(ctx: &egui::Context, state: &State, commands: &mut Vec<Command>) {
    use ReviewCommand as R;
    let Some(review) = &state.review else {
        return;
    };
    let with = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
    let mut push = |command: R| commands.push(command.into());
    // The longer combination first: a shorter one would take it.
    if with(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || with(Modifiers::COMMAND, Key::Y) {
        push(R::Redo);
    }
    if with(Modifiers::COMMAND, Key::Z) || with(Modifiers::NONE, Key::U) {
        push(R::Undo);
    }
    if with(Modifiers::COMMAND, Key::F) {
        push(R::Find);
    }
    let steps: [(Key, Key, R); 4] = [
        (Key::ArrowDown, Key::J, R::StepGroup(1)),
        (Key::ArrowUp, Key::K, R::StepGroup(-1)),
        (Key::ArrowRight, Key::L, R::StepPhoto(1)),
        (Key::ArrowLeft, Key::H, R::StepPhoto(-1)),
    ];
    for (arrow, letter, step) in steps {
        if with(Modifiers::NONE, arrow) || with(Modifiers::NONE, letter) {
            push(step);
        }
    }
    for (key, step) in [(Key::PageDown, 10), (Key::PageUp, -10)] {
        if with(Modifiers::NONE, key) {
            push(R::StepGroup(step));
        }
    }
    if with(Modifiers::NONE, Key::Home) {
        push(R::GoTo(0));
    }
    if with(Modifiers::NONE, Key::End) {
        push(R::GoTo(usize::MAX));
    }
    // A button that has the keyboard is pressed by the space bar, as everywhere.
    let focused = ctx.memory(|memory| memory.focused().is_some());
    let toggled = (!focused && with(Modifiers::NONE, Key::Space)) || with(Modifiers::NONE, Key::X);
    if toggled && let Some((_, member)) = review.current_member() {
        push(R::Toggle(member.photo));
    }
    if with(Modifiers::NONE, Key::A) {
        push(R::Accept);
    }
    if with(Modifiers::SHIFT, Key::N) {
        push(R::NotDuplicates { only_this: true });
    }
    if with(Modifiers::NONE, Key::N) {
        push(R::NotDuplicates { only_this: false });
    }
    if with(Modifiers::NONE, Key::G) {
        push(R::NextUndecided);
    }
    if with(Modifiers::NONE, Key::Delete) {
        commands.push(RemovalCommand::Open.into());
        return;
    }
    if with(Modifiers::NONE, Key::R) {
        push(R::Rules(Some(Box::new(RuleDialog::new()))));
    }
    let digits = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
        Key::Num8,
        Key::Num9,
    ];
    let group = review.current_group().map(|(_, group)| group);
    for (number, key) in digits.into_iter().enumerate() {
        if with(Modifiers::NONE, key)
            && let Some(member) = group.and_then(|group| group.members().nth(number))
        {
            push(R::KeepOnly(member.photo));
        }
    }
    if !focused && with(Modifiers::NONE, Key::Enter) {
        commands.push(CompareCommand::Open.into());
    }
}
