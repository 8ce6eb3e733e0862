//! The rules of the house (ARCHITECTURE.md), checked on the source text: who may import whom,
//! print, open connections, start threads, move or delete files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// One source file without its tests and line comments, which the rules do not bind.
struct Source {
    /// Relative to `src`, with `/`.
    name: String,
    lines: Vec<(usize, String)>,
    total_lines: usize,
    first_line: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                found.push(source(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 10, "the source was not found");
    found
}

fn source(name: String, text: &str) -> Source {
    // Tests stand last in a file, by the project's style.
    let bound = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = bound
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.split("//").next().unwrap_or("").to_owned()));
    Source {
        name,
        lines: lines.collect(),
        total_lines: text.lines().count(),
        first_line: text.lines().next().unwrap_or_default().to_owned(),
    }
}

/// Fails with every place outside of `allowed` (path prefixes) that holds one of `words`.
fn only_in(allowed: &[&str], words: &[&str], rule: &str) {
    let mut broken = Vec::new();
    for source in sources() {
        if allowed.iter().any(|prefix| source.name.starts_with(prefix)) {
            continue;
        }
        for (number, line) in &source.lines {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("src/{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

fn never_in(rooms: &[&str], words: &[&str], rule: &str) {
    let mut broken = Vec::new();
    for source in sources() {
        if rooms.iter().any(|room| {
            source.name.starts_with(&format!("{room}/")) || source.name == format!("{room}.rs")
        }) {
            for (number, line) in &source.lines {
                if words.iter().any(|word| line.contains(word)) {
                    broken.push(format!("src/{}:{number}: {}", source.name, line.trim()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn only_the_window_names_egui_and_only_the_command_line_prints() {
    only_in(
        &["app.rs", "app/", "main.rs"],
        &["egui", "eframe"],
        "only app/ and main.rs name egui or eframe",
    );
    only_in(
        &["cli.rs", "cli/", "main.rs"],
        &[
            "println!",
            "eprintln!",
            "print!(",
            "eprint!(",
            "io::stdout",
            "io::stderr",
        ],
        "only the command line and main.rs print",
    );
    only_in(&["main.rs"], &["anyhow"], "only main.rs knows anyhow");
}

#[test]
fn rooms_do_not_know_who_calls_them_nor_each_other() {
    let callers = [
        "crate::app",
        "crate::cli",
        "crate::pipeline",
        "crate::report",
    ];
    for room in [
        "photo", "scan", "embed", "matching", "library", "removal", "bench",
    ] {
        never_in(&[room], &callers, "a room does not import its callers");
    }
    for (room, others) in [
        (
            "scan",
            ["crate::embed", "crate::matching", "crate::library"],
        ),
        (
            "embed",
            ["crate::scan", "crate::matching", "crate::library"],
        ),
        (
            "matching",
            ["crate::scan", "crate::embed", "crate::library"],
        ),
        ("library", ["crate::scan", "crate::embed", "crate::removal"]),
        ("photo", ["crate::scan", "crate::embed", "crate::matching"]),
    ] {
        never_in(
            &[room],
            &others,
            "rooms meet in photo and are joined by pipeline",
        );
    }
}

#[test]
fn only_removal_moves_or_deletes_files_of_the_user() {
    only_in(
        &[
            "removal/execute.rs",
            "removal/execute/",
            // Files of the program's own:
            "library/",         // sets a damaged cache aside
            "embed/download/",  // moves a finished download into place
            "embed/store.rs",   // the models folder
            "bench/history.rs", // deletes a kept run on request
            "settings.rs",      // sets settings aside that cannot be understood
        ],
        &[
            "fs::remove_file",
            "fs::remove_dir",
            "fs::rename",
            "fs::hard_link",
            "renameat",
            "trash::",
        ],
        "only removal/execute.rs moves or deletes a user's file",
    );
}

#[test]
fn only_remote_engines_and_the_model_download_open_connections() {
    only_in(
        &["embed/remote", "embed/download"],
        &[
            "ureq",
            "reqwest",
            "tonic",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
        ],
        "only embed/remote and the model download open connections",
    );
}

#[test]
fn only_the_pipeline_the_window_jobs_and_the_load_generator_start_threads() {
    only_in(
        &[
            "pipeline.rs",
            "pipeline/",
            "app/jobs.rs",
            "app/jobs/",
            // The callers of a load, named and joined before the measurement ends.
            "bench/load/",
            // An embedder has one owner thread; these end with the service that they serve.
            "bench/local.rs",
            // A pool whose only thread is the caller: it keeps the decoder from starting others.
            "scan/decode/jpeg.rs",
        ],
        &[
            "thread::Builder",
            "thread::spawn",
            "thread::scope",
            "ThreadPoolBuilder",
            "rayon::spawn",
        ],
        "threads are started in pipeline, app/jobs.rs and the load generator",
    );
    only_in(
        &[],
        &["unbounded", "mpsc::channel("],
        "channels are bounded",
    );
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    for source in sources() {
        assert!(
            source.first_line.starts_with("//!"),
            "src/{} does not begin with what it is for",
            source.name
        );
        assert!(
            source.total_lines <= 500,
            "src/{} has {} lines: it has more than one job",
            source.name,
            source.total_lines
        );
    }
}

#[test]
fn the_rules_see_code_and_not_comments_or_tests() {
    let source = source(
        "x.rs".into(),
        "//! x\nuse a; // println!\n#[cfg(test)]\nmod tests { println!() }\n",
    );
    assert!(
        source
            .lines
            .iter()
            .all(|(_, line)| !line.contains("println!"))
    );
    assert_eq!(source.lines.len(), 2);
}
