//! What the user decided, as it comes back after the program was started again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use twinlens::library::{FolderScan, Ledger, LibraryError, LibraryFolder, Mark};
use twinlens::photo::{
    Content, ContentHash, FileStamp, Fingerprint, Format, Metadata, PerceptualHash, Photo,
};

fn content(number: u8) -> ContentHash {
    ContentHash([number; 32])
}

fn photo(path: &Path, number: u8) -> Photo {
    Photo {
        path: path.to_owned(),
        stamp: FileStamp {
            device: 1,
            inode: 1,
            size: 1,
            modified_ns: 0,
            changed_ns: 0,
        },
        content: Arc::new(Content {
            hash: content(number),
            format: Format::Jpeg,
            width: 1,
            height: 1,
            metadata: Metadata::default(),
            fingerprint: Fingerprint {
                hash: PerceptualHash([0; 4]),
                contrast: 1.0,
                texture: 1.0,
                mean_rgb: [0; 3],
            },
        }),
    }
}

/// Runs each step with the file opened anew.
struct Restarted {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Restarted {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/library.db");
        Self {
            _folder: folder,
            path,
        }
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.path).unwrap()
    }

    fn pairs(&self) -> Vec<(ContentHash, ContentHash)> {
        let declared = self.open().not_duplicates().unwrap();
        declared.iter().map(|declared| declared.pair).collect()
    }
}

#[test]
fn declarations_come_back_ordered_each_once_and_with_their_first_date() {
    let library = Restarted::new();
    let (a, b, c) = (content(1), content(2), content(3));
    let mut ledger = library.open();
    ledger.declare_not_duplicates(&[(c, a), (b, a)]).unwrap();
    let first = ledger.not_duplicates().unwrap();
    drop(ledger);
    library
        .open()
        .declare_not_duplicates(&[(a, c), (a, b)])
        .unwrap();
    assert_eq!(library.pairs(), [(a, b), (a, c)]);
    assert_eq!(library.open().not_duplicates().unwrap(), first);
    library
        .open()
        .withdraw_not_duplicates(&[(c, a), (b, c)])
        .unwrap();
    assert_eq!(library.pairs(), [(a, b)]);
}

#[test]
fn equal_bytes_cannot_be_declared_different_and_then_nothing_is() {
    let library = Restarted::new();
    let (a, b) = (content(1), content(2));
    let error = library
        .open()
        .declare_not_duplicates(&[(a, b), (b, b)])
        .unwrap_err();
    assert!(
        matches!(error, LibraryError::SameContent { content } if content == b),
        "{error}"
    );
    assert_eq!(library.pairs(), []);
}

#[test]
fn marks_come_back_and_stale_ones_count_for_nothing() {
    let library = Restarted::new();
    let (kept, gone, changed) = (Path::new("/a"), Path::new("/b"), Path::new("/c"));
    let mark = |path: &Path, number, mark| (path.to_owned(), content(number), mark);
    library
        .open()
        .set_marks(&[
            mark(kept, 1, Some(Mark::Keep)),
            mark(gone, 1, Some(Mark::Remove)),
            mark(changed, 2, Some(Mark::Remove)),
        ])
        .unwrap();
    let marks_of = |photos: &[Photo]| library.open().marks_of(photos).unwrap();
    let now = [photo(kept, 1), photo(changed, 3), photo(Path::new("/d"), 1)];
    assert_eq!(marks_of(&now), [Some(Mark::Keep), None, None]);
    // The drive is back, and the file is what it was.
    assert_eq!(
        marks_of(&[photo(gone, 1), photo(changed, 2)]),
        [Some(Mark::Remove); 2]
    );
    library
        .open()
        .set_marks(&[mark(kept, 1, Some(Mark::Remove)), mark(gone, 1, None)])
        .unwrap();
    let marks = library.open().marks().unwrap();
    let told: Vec<_> = marks.iter().map(|m| (m.path.as_path(), m.mark)).collect();
    assert_eq!(told, [(kept, Mark::Remove), (changed, Mark::Remove)]);
    library.open().clear_marks().unwrap();
    assert_eq!(library.open().marks().unwrap(), []);
}

#[test]
#[cfg(unix)]
fn a_path_that_is_no_text_keeps_its_mark() {
    use std::os::unix::ffi::OsStrExt;
    let library = Restarted::new();
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/photos/\xff.jpg")).to_owned();
    library
        .open()
        .set_marks(&[(path.clone(), content(1), Some(Mark::Keep))])
        .unwrap();
    let marks = library.open().marks_of(&[photo(&path, 1)]).unwrap();
    assert_eq!(marks, [Some(Mark::Keep)]);
}

#[test]
fn folders_keep_their_order_and_what_is_known_of_them() {
    let library = Restarted::new();
    let folder = |path: &str| LibraryFolder {
        path: path.into(),
        is_included: true,
        is_protected: false,
        is_preferred: false,
        last_scan: None,
    };
    let mut ledger = library.open();
    for path in ["/z", "/a", "/m"] {
        ledger.put_folder(&folder(path)).unwrap();
    }
    let scanned = LibraryFolder {
        is_included: false,
        is_protected: true,
        is_preferred: true,
        last_scan: Some(FolderScan {
            ended: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            photos: 12,
            bytes: u64::MAX,
        }),
        ..folder("/z")
    };
    ledger.put_folder(&scanned).unwrap();
    drop(ledger);
    let folders = library.open().folders().unwrap();
    assert_eq!(folders, [scanned.clone(), folder("/a"), folder("/m")]);

    let mut ledger = library.open();
    ledger.remove_folder(Path::new("/a")).unwrap();
    ledger.put_folder(&folder("/a")).unwrap();
    ledger.remove_folder(Path::new("/never added")).unwrap();
    drop(ledger);
    let folders = library.open().folders().unwrap();
    assert_eq!(folders, [scanned, folder("/m"), folder("/a")]);
}

#[test]
fn a_remembered_value_comes_back_until_it_is_forgotten() {
    let library = Restarted::new();
    library.open().set_state("view", Some("review")).unwrap();
    library.open().set_state("position", Some("7")).unwrap();
    library.open().set_state("view", Some("compare")).unwrap();
    let state = |key| library.open().state(key).unwrap();
    assert_eq!(state("view").as_deref(), Some("compare"));
    library.open().set_state("view", None).unwrap();
    assert_eq!(state("view"), None);
    assert_eq!(state("position").as_deref(), Some("7"));
}

#[test]
fn two_owners_see_each_others_decisions() {
    let library = Restarted::new();
    let (mut window, mut command) = (library.open(), library.open());
    let (a, b, c) = (content(1), content(2), content(3));
    window.declare_not_duplicates(&[(a, b)]).unwrap();
    command.declare_not_duplicates(&[(b, c)]).unwrap();
    for ledger in [&window, &command] {
        assert_eq!(ledger.not_duplicates().unwrap().len(), 2);
    }
}
