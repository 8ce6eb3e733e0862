//! What the system does for us: its dialogs and its file manager. Each call waits for a person
//! or another program, so each has a thread.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use eframe::egui::Context;

use super::{Answer, BenchmarkAnswer, RemovalAnswer, SettingsAnswer};
use crate::app::benchmark::{BenchmarkFile, Format};
use crate::app::settings::Wanted;

/// Asks for folders.
pub(super) fn choose_folders(ctx: Context, answers: Sender<Answer>) -> Option<JoinHandle<()>> {
    start("folder-dialog", ctx, answers, || {
        let chosen = rfd::FileDialog::new()
            .set_title("Choose folders of photos")
            .pick_folders();
        Answer::Folders(chosen.unwrap_or_default())
    })
}

/// Asks for something that the settings need.
pub(super) fn choose(
    wanted: Wanted,
    ctx: Context,
    answers: Sender<Answer>,
) -> Option<JoinHandle<()>> {
    start("settings-dialog", ctx, answers, move || {
        let dialog = rfd::FileDialog::new();
        let chosen = match wanted {
            Wanted::OnnxRuntime => dialog
                .set_title("Choose the library of ONNX Runtime")
                .pick_file(),
            Wanted::Model => dialog
                .set_title("Choose a model for pictures")
                .add_filter("ONNX", &["onnx"])
                .pick_file(),
            Wanted::ServerAuthority => dialog
                .set_title("Choose the certificate of the authority (PEM)")
                .pick_file(),
            Wanted::ClientCertificate => dialog
                .set_title("Choose the certificate of this computer (PEM)")
                .pick_file(),
            Wanted::ClientKey => dialog
                .set_title("Choose the private key of this computer (PEM)")
                .pick_file(),
            Wanted::CacheFolder => dialog
                .set_title("Choose a folder for the cache")
                .pick_folder(),
            Wanted::PreferredFolder => dialog
                .set_title("Choose a folder to keep photos from")
                .pick_folder(),
            Wanted::RemovalFolder => dialog
                .set_title("Choose a folder to move photos to")
                .pick_folder(),
        };
        chosen.map_or_else(
            || Answer::Done,
            |path| Answer::Settings(SettingsAnswer::Chosen(wanted, path)),
        )
    })
}

/// Asks for something that the benchmark needs.
pub(super) fn choose_for_benchmark(
    wanted: BenchmarkFile,
    ctx: Context,
    answers: Sender<Answer>,
) -> Option<JoinHandle<()>> {
    start("benchmark-dialog", ctx, answers, move || {
        let dialog = rfd::FileDialog::new();
        let chosen = match wanted {
            BenchmarkFile::Photos => dialog
                .set_title("Choose a folder of photos to measure with")
                .pick_folder(),
            BenchmarkFile::Import => dialog
                .set_title("Choose the results of a benchmark")
                .add_filter("JSON", &["json"])
                .pick_file(),
            BenchmarkFile::Export(Format::Plots) => dialog
                .set_title("Choose a folder for the plots")
                .pick_folder(),
            BenchmarkFile::Export(format) => {
                let dialog = dialog.set_title("Save the results of the benchmark");
                match format.extension() {
                    Some(end) => dialog
                        .set_file_name(format!("twinlens-benchmark.{end}"))
                        .add_filter(end.to_uppercase(), &[end]),
                    None => dialog,
                }
                .save_file()
            }
        };
        chosen.map_or(Answer::Done, |path| {
            BenchmarkAnswer::Chosen(wanted, path).into()
        })
    })
}

/// Asks for the file that the history is written to.
pub(super) fn choose_export(ctx: Context, answers: Sender<Answer>) -> Option<JoinHandle<()>> {
    start("export-dialog", ctx, answers, || {
        let chosen = rfd::FileDialog::new()
            .set_title("Save the history as a table")
            .set_file_name("twinlens-history.csv")
            .add_filter("CSV", &["csv"])
            .save_file();
        chosen.map_or(Answer::Done, |file| RemovalAnswer::ExportTo(file).into())
    })
}

/// Opens the file manager with `path` selected, where the system can do that.
pub(super) fn show_in_folder(
    path: PathBuf,
    ctx: Context,
    answers: Sender<Answer>,
) -> Option<JoinHandle<()>> {
    start("show-in-folder", ctx, answers, move || {
        match reveal(&path).status() {
            // Explorer's status means nothing.
            Ok(status) if status.success() || cfg!(windows) => Answer::Done,
            Ok(_) | Err(_) => Answer::Failed(format!(
                "The file manager cannot be opened. The file is {}",
                path.display()
            )),
        }
    })
}

fn reveal(path: &Path) -> Command {
    if cfg!(windows) {
        let mut command = Command::new("explorer");
        command.arg("/select,").arg(path);
        command
    } else if cfg!(target_os = "macos") {
        let mut command = Command::new("open");
        command.arg("-R").arg(path);
        command
    } else {
        let mut command = Command::new("xdg-open");
        command.arg(path.parent().unwrap_or(path));
        command
    }
}

fn start(
    name: &str,
    ctx: Context,
    answers: Sender<Answer>,
    work: impl FnOnce() -> Answer + Send + 'static,
) -> Option<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let answer = work();
            // The window was closed meanwhile: nobody is left to tell.
            answers.send(answer).ok();
            ctx.request_repaint();
        })
        .ok()
}
