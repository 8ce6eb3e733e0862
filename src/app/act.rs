//! Carries out what the views ask for, and takes in what the jobs bring.

mod library;
mod review;
mod scan;

use eframe::egui;

use super::App;
use super::command::Command;
use super::jobs::Answer;
use super::state::View;

impl App {
    /// Carries out one wish.
    pub(super) fn act(&mut self, command: Command) {
        let state = &mut self.state;
        match command {
            Command::Show(view) => {
                // Who has gone elsewhere is not taken back to where he was in the last session.
                self.position = None;
                state.view = view;
                match view {
                    View::Settings => self.look(),
                    View::History => self.look_at_history(),
                    View::Benchmark => self.look_for_benchmark(),
                    View::Library | View::Review => {}
                }
            }
            Command::ShowInFolder(path) => self.jobs.show_in_folder(path),
            Command::CloseBanner(at) => {
                if at < state.banners.len() {
                    state.banners.remove(at);
                }
            }
            Command::ToggleCheatSheet => state.cheat_sheet = !state.cheat_sheet,
            Command::Compare(command) => self.compare(command),
            Command::Settings(command) => self.settings(command),
            Command::LoadThumbnail(hash) => {
                if state.thumbnails.begin(hash) && !self.jobs.load_thumbnail(hash) {
                    state.thumbnails.forget(hash);
                }
            }
            Command::Library(command) => self.act_in_library(command),
            Command::Review(command) => self.act_in_review(command),
            Command::Removal(command) => self.act_on_removal(command),
            Command::Benchmark(command) => self.act_on_benchmark(command),
        }
    }

    /// Says something for a moment. Plain, for the signs of the other notes are in no font of
    /// the program's own.
    pub(super) fn tell(&mut self, text: impl Into<String>) {
        self.toasts.basic(text.into()).closable(false);
    }

    /// Takes in what a job brought.
    pub(super) fn take(&mut self, ctx: &egui::Context, answer: Answer) {
        match answer {
            Answer::Scanned(result) => self.scan_ended(*result),
            Answer::Thumbnail(hash, image) => self.state.thumbnails.finish(ctx, hash, image),
            Answer::Original(made) => self.take_original(*made),
            Answer::Folders(folders) => self.add_folders(folders),
            Answer::Regrouped(number, shots) => self.regrouped(number, shots),
            Answer::Cut {
                shots,
                similarity,
                groups,
                took,
            } => {
                if let Some(review) = &mut self.state.review {
                    review.take_cut(&shots, similarity, groups, took);
                }
            }
            Answer::Estimated(folder, estimate) => {
                self.state.estimates.insert(folder, estimate);
            }
            Answer::Looked(number, looked) => self.looked(number, &looked),
            Answer::Remembered(remembered) => self.remember(*remembered),
            Answer::Done => {}
            Answer::Settings(answer) => self.take_settings(answer),
            Answer::Removal(answer) => self.take_removal(answer),
            Answer::Benchmark(answer) => self.take_benchmark(answer),
            Answer::Failed(text) => self.state.complain(text),
        }
    }
}
