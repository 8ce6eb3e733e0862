//! The review: walked through, marked, cut anew.

use std::sync::Arc;

use crate::app::App;
use crate::app::command::ReviewCommand as Do;
use crate::app::jobs::Note;
use crate::app::review::{Moved, Pair, Refusal, Review};
use crate::app::state::View;
use crate::matching::{Cosine, Shots};
use crate::photo::PhotoId;

impl App {
    pub(super) fn act_in_review(&mut self, command: Do) {
        let Some(review) = &mut self.state.review else {
            return;
        };
        let mut done: Result<(), Refusal> = Ok(());
        match command {
            Do::GoTo(place) => review.go_to(place),
            Do::StepGroup(step) => review.step_group(step),
            Do::GoToMember(number) => review.go_to_member(number),
            Do::StepPhoto(step) => review.step_photo(step),
            Do::NextUndecided => self.next_undecided(),
            Do::Toggle(photo) => done = review.toggle(photo),
            Do::KeepOnly(photo) => done = review.keep_only(photo),
            Do::Accept => {
                done = review.accept();
                if done.is_ok() {
                    self.next_undecided();
                }
            }
            Do::NotDuplicates { only_this } => self.declare_apart(only_this),
            Do::Undo => {
                let moved = review.undo();
                self.tell_step(moved, "Undone", "There is nothing to undo.");
            }
            Do::Redo => {
                let moved = review.redo();
                self.tell_step(moved, "Done again", "There is nothing to do again.");
            }
            Do::SetFilter(filter) => review.set_filter(filter),
            Do::SetOrder(order) => review.set_order(order),
            Do::Cut(similarity) => self.cut(Cosine(similarity)),
            Do::Rules(dialog) => {
                self.state.rules = dialog.map(|mut dialog| {
                    let paths = self.state.folders.iter().map(|folder| folder.path.clone());
                    dialog.look(review, &paths.collect::<Vec<_>>());
                    *dialog
                });
            }
            Do::ApplyRule => {
                if let Some(dialog) = self.state.rules.take() {
                    done = review.apply(&dialog.selection);
                }
            }
            Do::Find => self.state.focus_search = true,
        }
        if let Err(refusal) = done {
            self.tell(refusal.to_string());
        }
        self.save_marks();
    }

    /// Cuts the groups anew, off the frame.
    fn cut(&mut self, similarity: Cosine) {
        let review = self.state.review.as_mut();
        if let Some(shots) = review.and_then(|review| review.ask_cut(similarity))
            && !self.jobs.cut(shots, similarity)
        {
            self.state
                .complain("The groups cannot be cut anew now; move the slider again.");
        }
    }

    fn next_undecided(&mut self) {
        let review = self.state.review.as_mut();
        if !review.is_some_and(Review::go_to_undecided) {
            self.tell("Every group in the list is decided.");
        }
    }

    fn tell_step(&mut self, moved: Option<Moved>, done: &str, nothing: &str) {
        let Some(moved) = moved else {
            self.tell(nothing);
            return;
        };
        self.tell(format!("{done}: {}", moved.name));
        self.set_apart(moved.declare, moved.withdraw);
    }

    fn declare_apart(&mut self, only_this: bool) {
        let Some(review) = &mut self.state.review else {
            return;
        };
        if review.cutter().is_none() {
            self.tell("The scan still looks for more copies; say this when it is done.");
            return;
        }
        let pairs = review.declare_apart(only_this);
        if pairs.is_empty() {
            self.tell("These files are equal byte by byte: they are duplicates.");
            return;
        }
        self.tell("Not duplicates: remembered for every later scan. U takes it back.");
        self.set_apart(pairs, Vec::new());
    }

    /// Remembers declarations and builds the shots anew.
    fn set_apart(&mut self, declare: Vec<Pair>, withdraw: Vec<Pair>) {
        if declare.is_empty() && withdraw.is_empty() {
            return;
        }
        self.not_duplicates.extend_from_slice(&declare);
        self.not_duplicates.sort_unstable();
        self.not_duplicates.dedup();
        self.not_duplicates.retain(|pair| !withdraw.contains(pair));
        if !declare.is_empty() {
            self.jobs.note(Note::Declare(declare));
        }
        if !withdraw.is_empty() {
            self.jobs.note(Note::Withdraw(withdraw));
        }
        self.regroup();
    }

    /// Builds the shots anew, off the frame.
    pub(super) fn regroup(&mut self) {
        let Some(review) = &self.state.review else {
            return;
        };
        let Some(cutter) = review.cutter() else {
            return;
        };
        self.grouped += 1;
        let mut grouping = cutter.grouping.clone();
        grouping.not_duplicates.clone_from(&self.not_duplicates);
        let is_taken = self.jobs.regroup(
            self.grouped,
            review.photos().clone(),
            cutter.findings.clone(),
            grouping,
        );
        if !is_taken {
            self.state
                .complain("The groups cannot be built anew now; the next scan does it.");
        }
    }

    /// Takes shots that were built anew, unless newer ones are on their way.
    pub(super) fn regrouped(&mut self, number: u64, shots: Shots) {
        if number == self.grouped
            && let Some(review) = &mut self.state.review
        {
            review.set_shots(Arc::new(shots));
        }
    }

    /// Remembers what the user said of photos.
    fn save_marks(&mut self) {
        let Some(review) = &mut self.state.review else {
            return;
        };
        let unsaved = review.take_unsaved();
        let notes: Vec<_> = (unsaved.into_iter())
            .filter_map(|(photo, mark)| {
                let photo = review.photo(photo)?;
                Some((photo.path.clone(), photo.content.hash, mark))
            })
            .collect();
        if notes.is_empty() {
            return;
        }
        for (path, hash, mark) in &notes {
            let key = (path.clone(), *hash);
            match mark {
                Some(mark) => self.marks.insert(key, *mark),
                None => self.marks.remove(&key),
            };
        }
        self.jobs.note(Note::Marks(notes));
    }

    /// Looks whether the photos of the current group are still there, when the user comes to it.
    pub(in crate::app) fn look_for_current(&mut self) {
        let Some(review) = &self.state.review else {
            return;
        };
        if self.state.view != View::Review {
            return;
        }
        let Some((_, group)) = review.current_group() else {
            return;
        };
        let first = group.members().next().map(|member| member.photo);
        if first.is_none() || first == self.looked_for {
            return;
        }
        self.looked_for = first;
        let photos = (group.members())
            .filter_map(|member| Some((member.photo, review.photo(member.photo)?.path.clone())))
            .collect();
        self.jobs.look_for(self.number, photos);
    }

    /// Takes in whether photos are still there.
    pub(super) fn looked(&mut self, number: u64, looked: &[(PhotoId, bool)]) {
        if number == self.number
            && let Some(review) = &mut self.state.review
        {
            for &(photo, is_there) in looked {
                review.set_gone(photo, !is_there);
            }
        }
    }

    /// Where the user is, in a line that is remembered: the view and the photo's path.
    pub(in crate::app) fn position_now(&self) -> String {
        let review = self.state.review.as_ref();
        let photo = review.and_then(|review| {
            let (_, member) = review.current_member()?;
            let path = &review.photo(member.photo)?.path;
            path.to_str().map(str::to_owned)
        });
        let view = self.state.view.name();
        format!("{view}\n{}", photo.unwrap_or_default())
    }

    /// Goes where the user was in the last session, once.
    pub(super) fn go_to_position(&mut self) {
        let Some(position) = self.position.take() else {
            return;
        };
        let (view, path) = position.split_once('\n').unwrap_or((&position, ""));
        if let Some(view) = View::ALL.into_iter().find(|known| known.name() == view) {
            self.state.view = view;
        }
        if let Some(review) = &mut self.state.review {
            let at = review
                .photos()
                .binary_search_by(|photo| photo.path.as_path().cmp(std::path::Path::new(path)));
            if let Some(photo) = at.ok().and_then(|at| u32::try_from(at).ok()) {
                review.go_to_photo(PhotoId(photo));
            }
        }
    }
}
