//! The system says no: a full disk, no permission, files that go away under a scan. The real
//! program meets it, as an ordinary user would, and says so.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::disallowed_methods,
    reason = "the files that are removed are the test's own"
)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::{at_home, items, jpeg, picture, problems, save, scan, twinlens};
use serde_json::Value;
use tempfile::TempDir;

/// Photos whose thumbnails take a few hundred thousand bytes in the cache.
const PHOTOS: u64 = 40;

fn photos() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..PHOTOS {
        let picture = picture(u32::try_from(number).unwrap(), 480, 360);
        let file = folder.path().join(format!("{number:02}.jpg"));
        fs::write(file, jpeg(&picture, 80)).unwrap();
    }
    folder
}

/// Every file of a flat folder with its bytes and the time it was changed.
fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>, i64, i64)> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let metadata = fs::metadata(&path).unwrap();
            let bytes = fs::read(&path).unwrap();
            (path, bytes, metadata.mtime(), metadata.mtime_nsec())
        })
        .collect();
    files.sort();
    files
}

/// Fails unless the program ended as documented, saying each of `parts`.
fn assert_failed(output: &Output, parts: &[&str]) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(
        errors.lines().count(),
        1,
        "one sentence, no panic: {errors}"
    );
    for part in parts {
        assert!(errors.contains(part), "{part:?} in {errors}");
    }
}

/// The arguments of a quiet scan with its report on standard output.
const SCAN: [&str; 6] = ["scan", "--quiet", "--engine", "embedded", "--json", "-"];

/// What a quota looks like to a program, on every Unix: a write that would make a file longer
/// than is allowed fails. The shell sets the limit; by itself the system would kill the program.
#[test]
fn a_cache_that_may_not_grow_is_an_error_that_names_it_and_later_the_scan_goes_on() {
    let (home, folder) = (tempfile::tempdir().unwrap(), photos());
    let before = state(folder.path());
    let whole = scan(home.path(), folder.path(), &["--no-cache"]);
    let cache = home.path().join("small.db");
    let cache_argument = ["--cache", cache.to_str().unwrap()];
    let some = [&cache_argument[..], &["--limit", "10"]].concat();
    scan(home.path(), folder.path(), &some);

    // 64 or 128 thousand bytes, whether a shell counts blocks of 512 or of 1024: enough for the
    // log's index, too little for thirty thumbnails.
    let script = "trap '' XFSZ; ulimit -f 128; exec \"$@\"";
    let output = at_home(Command::new("sh"), home.path())
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_twinlens")])
        .args(SCAN)
        .args(cache_argument)
        .arg(folder.path())
        .output()
        .unwrap();
    assert_failed(
        &output,
        &["the cache failed", "a quota", "--no-cache", "small.db"],
    );
    assert!(output.stdout.is_empty(), "no half report");
    assert_eq!(state(folder.path()), before);

    let resumed = scan(home.path(), folder.path(), &cache_argument);
    assert_eq!(
        items(&resumed, "embed"),
        PHOTOS - 10,
        "the first ten are kept"
    );
    for part in ["photos", "groups", "problems", "totals"] {
        assert_eq!(resumed[part], whole[part], "{part}");
    }
}

/// A file system of eight million bytes that lives as long as the shell which mounts it, in a
/// mount namespace of its own: nothing is left to unmount, whatever happens.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_names_the_cache_and_with_room_the_scan_goes_on() {
    let (home, folder) = (tempfile::tempdir().unwrap(), photos());
    let before = state(folder.path());
    let script = r#"
        mount -t tmpfs -o size=8m tmpfs "$1" || exit 77
        cd "$1"; photos=$2; out=$3; shift 3
        "$@" --cache cache.db --limit 10 "$photos" > "$out/first.json" || exit 1
        # Full to the last byte, so that the cache does not open; then with a little room.
        dd if=/dev/zero of=ballast bs=1024 2> "$out/dd.txt"
        "$@" --cache cache.db "$photos" > "$out/full.json" 2> "$out/full.txt"
        echo $? > "$out/full.status"
        truncate -s -65536 ballast
        "$@" --cache cache.db "$photos" > "$out/later.json" 2> "$out/later.txt"
        echo $? > "$out/later.status"
        rm ballast
        exec "$@" --cache cache.db "$photos"
    "#;
    let disk = home.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let in_namespace = |unshare: &[&str]| {
        at_home(Command::new("unshare"), home.path())
            .args(unshare)
            .args(["sh", "-c", script, "sh"])
            .args([&disk, folder.path(), home.path()])
            .arg(env!("CARGO_BIN_EXE_twinlens"))
            .args(SCAN)
            .output()
            .unwrap()
    };
    let mut output = in_namespace(&["--mount"]);
    if !home.path().join("first.json").exists() {
        // An ordinary user may mount where he is root in a namespace of his own.
        output = in_namespace(&["--user", "--map-root-user", "--mount"]);
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if !home.path().join("first.json").exists() {
        common::skipped(&format!(
            "this system lets nobody mount a small disk: {errors}"
        ));
        return;
    }
    assert!(output.status.success(), "{errors}");
    let written = |name: &str| fs::read_to_string(home.path().join(name)).unwrap();
    for (when, cause) in [
        ("full", "full"),
        ("later", "the disk is full: free some space"),
    ] {
        let message = written(&format!("{when}.txt"));
        assert_eq!(written(&format!("{when}.status")), "1\n", "{message}");
        assert_eq!(written(&format!("{when}.json")), "", "no half report");
        for part in [cause, "--no-cache: cache.db\n"] {
            assert!(message.contains(part), "{when}: {part:?} in {message}");
        }
        assert_eq!(
            message.lines().count(),
            1,
            "one sentence, no panic: {message}"
        );
    }
    assert_eq!(state(folder.path()), before);
    let resumed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        items(&resumed, "embed"),
        PHOTOS - 10,
        "the first ten are kept"
    );
    let whole = scan(home.path(), folder.path(), &["--no-cache"]);
    for part in ["photos", "groups", "problems", "totals"] {
        assert_eq!(resumed[part], whole[part], "{part}");
    }
}

/// A user whom permissions bind, which root is not.
struct OrdinaryUser {
    place: TempDir,
    is_another: bool,
}

/// "nobody" on most systems; no user needs to have the number.
const ANOTHER_USER: u32 = 65_534;

impl OrdinaryUser {
    /// The user of this process; if that is root, another one with a copy of the program, which
    /// may lie where only root looks.
    fn new() -> Self {
        let own = tempfile::tempdir().unwrap();
        if fs::metadata(own.path()).unwrap().uid() != 0 {
            return Self {
                place: own,
                is_another: false,
            };
        }
        // The temporary folder of root may be closed to others.
        let place = tempfile::tempdir_in("/tmp").unwrap();
        let program = place.path().join("twinlens");
        fs::copy(env!("CARGO_BIN_EXE_twinlens"), &program).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        let user = Self {
            place,
            is_another: true,
        };
        for folder in [user.home(), user.photos()] {
            fs::create_dir(&folder).unwrap();
            chown(&folder, Some(ANOTHER_USER), Some(ANOTHER_USER)).unwrap();
        }
        user
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn photos(&self) -> PathBuf {
        self.place.path().join("photos")
    }

    fn twinlens(&self) -> Command {
        if !self.is_another {
            return twinlens(&self.home());
        }
        let mut command = at_home(
            Command::new(self.place.path().join("twinlens")),
            &self.home(),
        );
        command
            .uid(ANOTHER_USER)
            .gid(ANOTHER_USER)
            .current_dir(self.home());
        command
    }
}

#[test]
fn what_may_not_be_read_is_a_problem_and_the_rest_is_scanned() {
    let user = OrdinaryUser::new();
    let photos = user.photos();
    for name in [
        "closed.jpg",
        "closed/1.jpg",
        "names only/2.jpg",
        "open/3.jpg",
    ] {
        save(&picture(1, 300, 200), &photos.join(name));
    }
    let allow = |name: &str, mode: u32| {
        let path = photos.join(name);
        if user.is_another {
            chown(&path, Some(ANOTHER_USER), Some(ANOTHER_USER)).unwrap();
        }
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    allow("closed.jpg", 0o000);
    // Its names can be listed, but nothing can be learned of what they name.
    allow("names only", 0o400);
    allow("closed", 0o000);
    let output = user.twinlens().args(SCAN).arg(&photos).output();
    // The folder must be removable again, whatever is found below.
    allow("closed", 0o700);
    allow("names only", 0o700);
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let denied = |name: &str| (name.to_owned(), "permission-denied".to_owned());
    assert_eq!(
        problems(&report),
        [denied("closed"), denied("closed.jpg"), denied("2.jpg")]
    );
    assert_eq!(report["totals"]["photos"], 1);

    // The next scan, with permission, takes them: a refusal is not remembered.
    allow("closed.jpg", 0o600);
    let output = user.twinlens().args(SCAN).arg(&photos).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(problems(&report), []);
    assert_eq!(report["totals"]["photos"], 4);
}

#[test]
fn a_cache_or_report_that_may_not_be_written_is_an_error_that_names_it() {
    let user = OrdinaryUser::new();
    let photos = user.photos();
    save(&picture(1, 300, 200), &photos.join("1.jpg"));
    let locked = user.place.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, Permissions::from_mode(0o555)).unwrap();
    let run = |option: &str, file: &str| {
        let mut command = user.twinlens();
        command.args(["scan", "--quiet", "--engine", "embedded", option]);
        command
            .arg(locked.join(file))
            .arg(&photos)
            .output()
            .unwrap()
    };
    let results = [
        run("--cache", "new/cache.db"),
        run("--cache", "cache.db"),
        run("--json", "r.json"),
    ];
    fs::set_permissions(&locked, Permissions::from_mode(0o755)).unwrap();
    for (output, parts) in results.iter().zip([
        ["Permission denied", "locked/new/cache.db"],
        ["cannot open the cache", "locked/cache.db"],
        ["Permission denied", "locked/r.json"],
    ]) {
        assert_failed(output, &parts);
    }
    assert_eq!(fs::read_dir(&photos).unwrap().count(), 1);
}

/// The moment between walk and read is made long: the cache is locked, so that the program waits
/// for it with the list of files in its hand. That it has come so far shows in the folder
/// `reached`, which it makes on the way to the cache.
#[test]
fn files_that_vanish_or_change_between_walk_and_read_are_problems_and_nothing_is_remembered() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = |name: &str| folder.path().join(name);
    for (seed, name) in [
        "changed.jpg",
        "gone.jpg",
        "pipe.jpg",
        "stays.jpg",
        "sub/gone.jpg",
    ]
    .iter()
    .enumerate()
    {
        save(
            &picture(u32::try_from(seed).unwrap(), 300, 200),
            &file(name),
        );
    }
    let lock = rusqlite::Connection::open(home.path().join("cache.db")).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let reached = home.path().join("reached");
    let mut child = twinlens(home.path())
        .args(SCAN)
        .arg("--cache")
        .arg(reached.join("../cache.db"))
        .arg(folder.path())
        .stdout(fs::File::create(home.path().join("report.json")).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !reached.exists() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
        assert!(begun.elapsed() < Duration::from_mins(2), "it never asked");
        std::thread::sleep(Duration::from_millis(5));
    }
    save(&picture(9, 320, 200), &file("changed.jpg"));
    fs::remove_file(file("gone.jpg")).unwrap();
    fs::remove_dir_all(file("sub")).unwrap();
    // To open it would wait for ever.
    fs::remove_file(file("pipe.jpg")).unwrap();
    let made = Command::new("mkfifo").arg(file("pipe.jpg")).status();
    assert!(made.unwrap().success());
    lock.execute_batch("ROLLBACK").unwrap();
    drop(lock);
    assert!(child.wait().unwrap().success());

    let report = fs::read(home.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let expected = [
        ("changed.jpg", "changed"),
        ("gone.jpg", "vanished"),
        ("pipe.jpg", "changed"),
        ("gone.jpg", "vanished"),
    ];
    assert_eq!(
        problems(&report),
        expected.map(|(name, kind)| (name.to_owned(), kind.to_owned()))
    );
    assert_eq!(report["totals"]["photos"], 1);

    let cache = home.path().join("cache.db");
    let again = scan(
        home.path(),
        folder.path(),
        &["--cache", cache.to_str().unwrap()],
    );
    assert_eq!(problems(&again), []);
    assert_eq!(again["totals"]["photos"], 2, "what changed is read now");
    assert_eq!(items(&again, "read"), 1);
}
