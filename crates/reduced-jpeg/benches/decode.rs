//! Reduced decoding against libjpeg-turbo at the same scale, file by file, in alternating rounds.
//!
//! `cargo bench -p reduced-jpeg`, or with files of one's own: `cargo bench -p reduced-jpeg --
//! /path/of/a.jpg`. libjpeg-turbo is Pillow's, so python3 with Pillow and numpy must be there;
//! `PYTHON` names another interpreter. The ratios are what counts on any machine.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench reports and fails loudly"
)]

use std::env;
use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cpu_time::ThreadTime;
use reduced_jpeg::{Decoder, Header, Options, Scale, Scans};

const ROUNDS: usize = 11;

fn script() -> Command {
    let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pillow.py"));
    command
}

/// The script that times libjpeg-turbo.
struct Turbo {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Turbo {
    fn start() -> Self {
        let mut child = script()
            .arg("time")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut turbo = Self {
            child,
            questions,
            answers,
        };
        println!("against {}", turbo.answer());
        turbo
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let length = self.answers.read_line(&mut line).unwrap();
        assert!(
            length > 0,
            "the script has ended: are Pillow and numpy there?"
        );
        line.trim_end().to_owned()
    }

    /// CPU milliseconds of a decoding, and how wide its picture is.
    fn time(&mut self, scale: Scale, file: &Path) -> (f64, usize) {
        writeln!(self.questions, "{} {}", scale.eighths(), file.display()).unwrap();
        let answer = self.answer();
        let (milliseconds, width) = answer.split_once(' ').unwrap();
        (milliseconds.parse().unwrap(), width.parse().unwrap())
    }

    fn stop(self) {
        let Self {
            mut child,
            questions,
            ..
        } = self;
        drop(questions);
        child.wait().unwrap();
    }
}

/// CPU milliseconds of a decoding to RGB, and how wide the picture is.
fn ours(decoder: &mut Decoder, bytes: &[u8], options: &Options) -> (f64, usize) {
    let begun = ThreadTime::now();
    let picture = decoder.decode(bytes, options).unwrap();
    let width = picture.width();
    black_box(picture.to_rgb());
    (begun.elapsed().as_secs_f64() * 1000.0, width)
}

fn main() {
    // `cargo bench` itself passes options.
    let mut files: Vec<PathBuf> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .map(PathBuf::from)
        .collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reduced-jpeg-bench");
    if files.is_empty() {
        if !folder.join("progressive-420.jpg").is_file() {
            fs::create_dir_all(&folder).unwrap();
            assert!(
                script()
                    .arg("make")
                    .arg(&folder)
                    .status()
                    .unwrap()
                    .success()
            );
        }
        files = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
    }
    let mut turbo = Turbo::start();
    println!(
        "{:<24} {:>6} {:>5}  {:>9} {:>9} {:>6}",
        "file", "kB", "scale", "ours ms", "turbo ms", "ratio"
    );
    let mut decoder = Decoder::new();
    for file in &files {
        let bytes = fs::read(file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy();
        let readings: &[(Scans, &str)] = if Header::read(&bytes).unwrap().progressive {
            &[(Scans::Needed, ""), (Scans::All, ", all scans")]
        } else {
            &[(Scans::Needed, "")]
        };
        // Pillow has no 3/8.
        for scale in [Scale::Eighth, Scale::Quarter, Scale::Half] {
            for &(scans, label) in readings {
                let options = Options::at(scale).with_scans(scans);
                let (mut least, mut least_turbo) = (f64::INFINITY, f64::INFINITY);
                for _ in 0..ROUNDS {
                    let (time, width) = ours(&mut decoder, &bytes, &options);
                    let (turbo_time, turbo_width) = turbo.time(scale, file);
                    assert_eq!(width, turbo_width, "the pictures are of one size");
                    least = least.min(time);
                    least_turbo = least_turbo.min(turbo_time);
                }
                println!(
                    "{:<24} {:>6} {:>3}/8  {least:>9.2} {least_turbo:>9.2} {:>6.2}",
                    format!("{name}{label}"),
                    bytes.len() / 1000,
                    scale.eighths(),
                    least / least_turbo
                );
            }
        }
    }
    turbo.stop();
}
