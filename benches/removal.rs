//! How many files a second are moved away and brought back, with all checks and the journal on,
//! beside plain renames of the same files: to a folder, and to the trash of the file system that holds
//! the temporary folder (all comes back out of it). The aim is 2,000 a second.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the figures are the point")]

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use twinlens::library::Ledger;
use twinlens::matching::Evidence;
use twinlens::photo::ContentHash;
use twinlens::removal::{
    Action, OnConflict, Plan, Selection, Stand, Surplus, execute, restore, survey,
};
use twinlens::scan::stamp;

const FILES: usize = 20_000;
const BYTES: usize = 4096;

fn main() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    let marked: Vec<Surplus> = (0..FILES).map(|i| copy(&root, i)).collect();
    let cancel = AtomicBool::new(false);
    let per_second = |started: Instant| {
        #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
        let files = FILES as f64;
        files / started.elapsed().as_secs_f64()
    };

    let started = Instant::now();
    let surveyed = survey(&marked, &[], &cancel).unwrap();
    println!("surveyed  {:>9.0} files a second", per_second(started));
    let mut ledger = Ledger::open(&root.join("library.db")).unwrap();
    let folder = Action::MoveTo(root.join("away"));
    for (name, action) in [("folder", folder), ("trash", Action::Trash)] {
        // What came back has another time of change.
        let surveyed = match name {
            "folder" => surveyed.clone(),
            _ => survey(&marked, &[], &cancel).unwrap(),
        };
        let plan = Plan::build(surveyed, action, Evidence::SameShot);
        assert_eq!(plan.steps().len(), FILES);
        let started = Instant::now();
        let approved = plan.approve().unwrap();
        let outcome = execute(&approved, &mut ledger, &mut |_| (), &cancel).unwrap();
        assert_eq!(
            outcome.photos,
            FILES as u64,
            "{:?}",
            outcome.skipped.first()
        );
        println!("to {name:<6} {:>9.0} files a second", per_second(started));

        let started = Instant::now();
        let last = Selection::Last;
        restore(&mut ledger, &last, OnConflict::Leave, &mut |_| (), &cancel).unwrap();
        println!("restored  {:>9.0} files a second", per_second(started));
    }

    let started = Instant::now();
    for surplus in &marked {
        fs::rename(&surplus.path, surplus.path.with_extension("away")).unwrap();
    }
    println!("renamed   {:>9.0} files a second", per_second(started));
}

/// A photo and its keeper of equal bytes, in folders of 500.
fn copy(root: &Path, number: usize) -> Surplus {
    let bytes = format!("{number:0BYTES$}").into_bytes();
    let [path, keeper] = ["copy", "keep"].map(|kind| {
        let folder = root.join(format!("{kind}{}", number / 500));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{number}.jpg"));
        fs::write(&path, &bytes).unwrap();
        path
    });
    let content = ContentHash(*blake3::hash(&bytes).as_bytes());
    Surplus {
        content,
        bytes: bytes.len() as u64,
        stamp: Some(stamp(&path).unwrap()),
        keepers: vec![Stand {
            path: keeper,
            content,
            evidence: Evidence::IdenticalFile,
        }],
        path,
    }
}
