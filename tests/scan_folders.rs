//! What a user's folders give: which files count, and what is said of the others.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use image::RgbImage;
use twinlens::photo::{Format, Problem, ProblemKind};
use twinlens::scan::{
    DecodeScale, Examined, Limits, Promise, ScanError, Walked, examine, read, walk, wrong_extension,
};

fn walked(folders: &[&Path]) -> Walked {
    let folders: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    walk(&folders, &AtomicBool::new(false), &mut |_, _| ()).unwrap()
}

/// The names of the files found, relative to `root`, in the order given.
fn names(walked: &Walked, root: &Path) -> Vec<String> {
    let relative = |path: &Path| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    walked
        .files
        .iter()
        .map(|file| relative(&file.path))
        .collect()
}

/// The names and kinds of the problems.
fn problems(walked: &Walked, root: &Path) -> Vec<(String, ProblemKind)> {
    let relative = |path: &Path| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    walked
        .problems
        .iter()
        .map(|problem| (relative(&problem.path), problem.kind))
        .collect()
}

fn picture(path: &Path, shade: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(24, 16, image::Rgb([shade, 2, 3]))
        .save_with_format(path, image::ImageFormat::Png)
        .unwrap();
}

/// Walks a folder that holds one file, reads and examines it.
fn the_only_file(folder: &Path) -> Result<Examined, Problem> {
    let walked = walked(&[folder]);
    assert_eq!(walked.files.len(), 1, "{:?}", walked.files);
    let file = &walked.files[0];
    let limits = Limits::default();
    let read = read(file, &limits, Vec::new())?;
    examine(&file.path, &read, DecodeScale::for_analysis(224), &limits)
}

#[test]
fn pictures_are_found_and_other_things_are_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for name in [
        "b/2.png",
        "a/1.JPG",
        "a/without_extension",
        "é.png",
        "z.heic",
        "z.NEF",
    ] {
        picture(&root.join(name), 1);
    }
    for name in ["film.mp4", "notes.txt", "a/1.JPG.xmp", "b/cache.db"] {
        fs::write(root.join(name), "no picture").unwrap();
    }
    let found = walked(&[root]);
    let expected = [
        "a/1.JPG",
        "a/without_extension",
        "b/2.png",
        "z.NEF",
        "z.heic",
        "é.png",
    ];
    assert_eq!(names(&found, root), expected);
    assert_eq!(found.files[1].promise, Promise::Nothing);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let bytes: u64 = found
        .files
        .iter()
        .map(|file| fs::metadata(&file.path).unwrap().len())
        .sum();
    assert_eq!(found.bytes, bytes);
    assert_eq!(found.folders, 3);
}

#[test]
fn overlapping_folders_and_single_files_count_once() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    picture(&root.join("a/b/1.png"), 1);
    picture(&root.join("a/2.png"), 2);
    let (outer, inner, file) = (root.join("a"), root.join("a/b"), root.join("a/b/1.png"));
    let again = root.join("a/b/../b");
    for folders in [
        [&*outer, &*inner, &*file, &*again],
        [&*file, &*again, &*inner, &*outer],
    ] {
        let found = walked(&folders);
        assert_eq!(names(&found, root), ["a/2.png", "a/b/1.png"]);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
    }
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_names_it() {
    let missing = PathBuf::from("/no/such/folder");
    let error = walk(&[missing], &AtomicBool::new(false), &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, ScanError::NotFound(_)));
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
}

#[test]
fn a_cancelled_walk_stops() {
    let root = tempfile::tempdir().unwrap();
    let folders = [root.path().to_path_buf()];
    let result = walk(&folders, &AtomicBool::new(true), &mut |_, _| ());
    assert!(matches!(result, Err(ScanError::Cancelled)));
}

#[test]
fn hidden_files_and_folders_are_noted_and_not_looked_into() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for name in [
        ".cache/1.png",
        ".2.png",
        "@eaDir/3.png",
        "$RECYCLE.BIN/4.png",
        "5.png",
    ] {
        picture(&root.join(name), 1);
    }
    fs::write(root.join(".nomedia"), "").unwrap();
    let found = walked(&[root]);
    assert_eq!(names(&found, root), ["5.png"]);
    let expected = ["$RECYCLE.BIN", ".2.png", ".cache", "@eaDir"];
    let hidden = |name: &str| (name.to_owned(), ProblemKind::Hidden);
    assert_eq!(problems(&found, root), expected.map(hidden));
    assert!(
        found
            .problems
            .iter()
            .all(|problem| !problem.kind.is_failure())
    );
}

#[test]
fn a_folder_named_like_a_picture_is_a_folder() {
    let root = tempfile::tempdir().unwrap();
    picture(&root.path().join("x.jpg/1.png"), 1);
    let found = walked(&[root.path()]);
    assert_eq!(names(&found, root.path()), ["x.jpg/1.png"]);
    assert!(found.problems.is_empty());
}

#[cfg(unix)]
#[test]
fn hard_links_count_once_and_the_note_names_the_one_that_stands() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    picture(&root.join("b.png"), 1);
    fs::hard_link(root.join("b.png"), root.join("a.png")).unwrap();
    fs::hard_link(root.join("b.png"), root.join("c.png")).unwrap();
    fs::copy(root.join("b.png"), root.join("copy.png")).unwrap();
    let found = walked(&[root]);
    assert_eq!(names(&found, root), ["a.png", "copy.png"]);
    let link = |name: &str| (name.to_owned(), ProblemKind::HardLink);
    assert_eq!(problems(&found, root), ["b.png", "c.png"].map(link));
    assert!(
        found.problems[1].message.contains("a.png"),
        "{}",
        found.problems[1].message
    );
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_noted_and_not_followed_but_for_the_given_folder() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    picture(&root.join("real/1.png"), 1);
    symlink(root.join("real"), root.join("link")).unwrap();
    symlink(root.join("real/1.png"), root.join("real/2.png")).unwrap();
    symlink(root.join("real/1.png"), root.join("real/notes.txt")).unwrap();
    symlink("nowhere.png", root.join("real/broken.png")).unwrap();
    // Two circles: a folder that holds itself, and a link to itself.
    symlink("..", root.join("real/up")).unwrap();
    symlink("round.png", root.join("real/round.png")).unwrap();

    let found = walked(&[root]);
    assert_eq!(names(&found, root), ["real/1.png"]);
    let expected = [
        "link",
        "real/2.png",
        "real/broken.png",
        "real/round.png",
        "real/up",
    ];
    let link = |name: &str| (name.to_owned(), ProblemKind::SymbolicLink);
    assert_eq!(problems(&found, root), expected.map(link));

    let given = walked(&[&root.join("link")]);
    assert_eq!(names(&given, root), ["link/1.png"]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_text_are_kept_as_they_are() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(OsStr::from_bytes(b"f\xff"));
    let path = folder.join(OsStr::from_bytes(b"caf\xe9.png"));
    picture(&path, 1);
    let found = walked(&[root.path()]);
    assert_eq!(found.files[0].path, path);
    let examined = the_only_file(root.path()).unwrap();
    assert_eq!(examined.content.format, Format::Png);
    assert_eq!(wrong_extension(&path, examined.content.format), None);
}

#[test]
fn files_that_vanish_or_change_after_the_walk_are_problems() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let files = ["changed.png", "folder.png", "gone.png", "longer.png"];
    for name in files {
        picture(&root.join(name), 1);
    }
    let found = walked(&[root]);
    fs::remove_dir_all(root).unwrap();
    fs::create_dir(root).unwrap();
    picture(&root.join("changed.png"), 9);
    fs::create_dir(root.join("folder.png")).unwrap();
    fs::write(root.join("longer.png"), [0; 5000]).unwrap();
    let kinds: Vec<ProblemKind> = found
        .files
        .iter()
        .map(|file| read(file, &Limits::default(), Vec::new()).unwrap_err().kind)
        .collect();
    let changed = ProblemKind::Changed;
    assert_eq!(kinds, [changed, changed, ProblemKind::Vanished, changed]);
}

#[test]
fn each_trouble_with_a_file_has_its_own_kind_and_a_sentence() {
    let png = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.png");
        picture(&path, 1);
        fs::read(path).unwrap()
    };
    let mut dng = b"II\x2a\0\x08\0\0\0\x01\0\x12\xc6\x01\0\x04\0\0\0\x01\x04\0\0\0\0\0\0".to_vec();
    dng.resize(200, 0);
    let mut heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    heic.resize(100, 0);
    for (name, bytes, kind, words) in [
        ("empty.jpg", &b""[..], ProblemKind::Empty, "no bytes"),
        (
            "text.jpg",
            b"this is a text",
            ProblemKind::NotAPhoto,
            "named like a picture",
        ),
        (
            "cut.png",
            &png[..png.len() - 20],
            ProblemKind::Damaged,
            "too early",
        ),
        ("head.png", &png[..20], ProblemKind::Damaged, "damaged"),
        (
            "unknown",
            b"some bytes",
            ProblemKind::OtherFile,
            "no picture",
        ),
        ("empty", b"", ProblemKind::OtherFile, "no picture"),
        ("a.heic", &heic, ProblemKind::Unsupported, "HEIC"),
        ("a.jpg", &heic, ProblemKind::Unsupported, "HEIC"),
        ("a.tif", &dng, ProblemKind::Unsupported, "RAW"),
        (
            "a.nef",
            b"II\x2a\0\x08\0\0\0\0\0",
            ProblemKind::Unsupported,
            "RAW",
        ),
        ("a.arw", b"what is this?", ProblemKind::NotAPhoto, "RAW"),
        (
            "a.tga",
            b"not a Targa header",
            ProblemKind::NotAPhoto,
            "its bytes are none",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let problem = the_only_file(folder.path()).expect_err(name);
        assert_eq!(problem.kind, kind, "{name}: {}", problem.message);
        assert!(
            problem.message.contains(words),
            "{name}: {}",
            problem.message
        );
        assert!(problem.path.ends_with(name));
        assert!(problem.kind.is_of_the_content(), "{name}");
    }
}

#[test]
fn a_picture_under_a_wrong_name_is_used_and_noted() {
    for (name, words) in [
        ("a.jpg", Some("this is a PNG file, not a JPEG file")),
        ("a.heic", Some("this is a PNG file, not a HEIC file")),
        ("a.png", None),
        ("a.PNG", None),
        ("a", None),
        ("a.jpg_original", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        picture(&folder.path().join(name), 1);
        let examined = the_only_file(folder.path()).unwrap();
        assert_eq!(examined.content.format, Format::Png, "{name}");
        assert_eq!((examined.content.width, examined.content.height), (24, 16));
        let note = wrong_extension(&folder.path().join(name), Format::Png);
        assert_eq!(note.is_some(), words.is_some(), "{name}: {note:?}");
        if let (Some(note), Some(words)) = (note, words) {
            assert_eq!(note.kind, ProblemKind::WrongExtension);
            assert!(note.message.starts_with(words), "{note:?}");
        }
    }
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    picture(&folder.path().join("1.png"), 1);
    let found = walked(&[folder.path()]);
    let limits = Limits {
        max_file_bytes: 10,
        ..Limits::default()
    };
    let problem = read(&found.files[0], &limits, Vec::new()).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::TooLarge);
}

#[test]
fn equal_bytes_have_equal_hashes_and_the_buffer_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    picture(&folder.path().join("1.png"), 1);
    fs::copy(folder.path().join("1.png"), folder.path().join("2.png")).unwrap();
    picture(&folder.path().join("3.png"), 3);
    let found = walked(&[folder.path()]);
    let mut buffer = Vec::with_capacity(1 << 16);
    let memory = buffer.as_ptr();
    let mut hashes = Vec::new();
    for file in &found.files {
        let read = read(file, &Limits::default(), buffer).unwrap();
        assert_eq!(read.bytes, fs::read(&file.path).unwrap());
        hashes.push(read.hash);
        buffer = read.bytes;
        assert_eq!(buffer.as_ptr(), memory);
    }
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
}
