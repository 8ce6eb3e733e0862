//! `twinlens remove` and `twinlens restore` on real files: what goes, what stays, and that all of
//! it comes back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::disallowed_methods,
    reason = "these tests play the other program that removes files"
)]
#![cfg(unix)]

mod common;
#[path = "common/removal.rs"]
mod scene;

use std::fs;
use std::path::Path;

use scene::{Scene, ok, text, tree};

fn fails(output: &std::process::Output, reason: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", text(output));
    assert!(text(output).contains(reason), "{}", text(output));
}

#[test]
fn a_plan_changes_nothing_and_names_what_would_go_and_what_stays() {
    let mut scene = Scene::new();
    scene.identical("a/k.jpg", &["b/c.jpg", "b/d ä.jpg"]);
    let before = scene.tree();
    let said = ok(&scene.remove(&["--plan"]));
    for part in [
        "b/c.jpg",
        "b/d ä.jpg",
        "keep ",
        "a/k.jpg",
        "identical file",
        "2 photos",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(scene.tree(), before);
    assert!(!scene.home().exists() || tree(&scene.home()).is_empty());
}

#[test]
fn what_was_removed_in_any_way_comes_back_as_it_was() {
    let ways: [&[&str]; 3] = [&["--trash"], &["--move-to", "MOVED"], &["--hard-link"]];
    for way in ways {
        let mut scene = Scene::new();
        scene.identical("a/k.jpg", &["a/c.jpg", "b/c.jpg"]);
        scene.identical("a/l.jpg", &["b/c d%.jpg"]);
        scene.write("a/c.xmp", b"sidecar");
        fs::set_permissions(scene.path("b/c.jpg"), mode(0o440)).unwrap();
        let before = scene.tree();
        let moved = scene.root.path().join("moved");
        let way: Vec<&str> = way
            .iter()
            .map(|&word| {
                if word == "MOVED" {
                    moved.to_str().unwrap()
                } else {
                    word
                }
            })
            .collect();
        let said = ok(&scene.remove(&way));
        assert!(said.contains("removed 3 photos"), "{said}");
        if way[0] == "--hard-link" {
            assert!(is_one_file(&scene.path("a/k.jpg"), &scene.path("b/c.jpg")));
            assert_eq!(scene.names().len(), before.len());
        } else {
            assert_eq!(scene.names(), ["a/k.jpg", "a/l.jpg"]);
        }
        if way[0] == "--move-to" {
            let below = moved.join(scene.path("b/c.jpg").strip_prefix("/").unwrap());
            assert_eq!(fs::read(below).unwrap(), b"the bytes of a/k.jpg");
        }
        assert!(ok(&scene.restore(&["--list"])).contains("removed"));
        ok(&scene.restore(&["--last"]));
        assert_eq!(scene.tree(), before, "{way:?}");
        assert!(!is_one_file(&scene.path("a/k.jpg"), &scene.path("b/c.jpg")));
        fails(&scene.restore(&["--last"]), "nothing to restore");
    }
}

#[cfg(unix)]
fn mode(bits: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}

#[cfg(unix)]
fn is_one_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = |path| fs::metadata(path).unwrap().ino();
    inode(a) == inode(b)
}

#[test]
fn only_copies_of_the_wanted_evidence_go() {
    let mut scene = Scene::new();
    scene.identical("k.jpg", &["same.jpg"]);
    scene.shot(
        "identical-pixels",
        ("l.jpg", b"l"),
        &[("pixels.png", b"png")],
    );
    scene.shot("same-shot", ("m.jpg", b"m"), &[("small.jpg", b"s")]);
    scene.shot("burst", ("n.jpg", b"n"), &[("next.jpg", b"o")]);
    for (evidence, stays) in [
        (
            "identical-file",
            vec!["pixels.png", "small.jpg", "next.jpg"],
        ),
        ("identical", vec!["small.jpg", "next.jpg"]),
        ("same-shot", vec!["next.jpg"]),
    ] {
        ok(&scene.remove(&["--trash", "--evidence", evidence]));
        for name in ["same.jpg", "pixels.png", "small.jpg", "next.jpg"] {
            assert_eq!(
                scene.path(name).exists(),
                stays.contains(&name),
                "{evidence}: {name}"
            );
        }
        ok(&scene.restore(&["--last"]));
    }
}

#[test]
fn a_file_that_is_not_what_was_scanned_stays_and_so_does_one_whose_keeper_is_not() {
    type Change = fn(&Scene);
    let cases: [(&str, Change, &str); 7] = [
        (
            "surplus edited",
            |s| drop(s.write("c.jpg", b"THE BYTES OF k.jpg")),
            "has changed",
        ),
        (
            "surplus longer",
            |s| drop(s.write("c.jpg", b"longer than it was before")),
            "has changed",
        ),
        (
            "keeper edited",
            |s| drop(s.write("k.jpg", b"THE BYTES OF k.jpg")),
            "has changed",
        ),
        (
            "keeper gone",
            |s| fs::remove_file(s.path("k.jpg")).unwrap(),
            "no photo that stands",
        ),
        (
            "keeper a link",
            |s| link(s, "c.jpg", "k.jpg"),
            "no photo that stands",
        ),
        (
            "surplus a link",
            |s| link(s, "k.jpg", "c.jpg"),
            "not a regular file",
        ),
        (
            "hard link",
            |s| {
                fs::remove_file(s.path("c.jpg")).unwrap();
                fs::hard_link(s.path("k.jpg"), s.path("c.jpg")).unwrap();
            },
            "same file under another name",
        ),
    ];
    for (what, change, reason) in cases {
        let mut scene = Scene::new();
        scene.identical("k.jpg", &["c.jpg"]);
        change(&scene);
        let before = scene.tree();
        let output = scene.remove(&["--trash"]);
        assert!(text(&output).contains(reason), "{what}: {}", text(&output));
        assert_eq!(scene.tree(), before, "{what}");
    }
}

#[cfg(unix)]
fn link(scene: &Scene, to: &str, at: &str) {
    fs::remove_file(scene.path(at)).unwrap();
    std::os::unix::fs::symlink(scene.path(to), scene.path(at)).unwrap();
}

#[test]
fn a_photo_goes_with_all_that_belongs_to_it_or_not_at_all() {
    let mut scene = Scene::new();
    scene.identical("a/k.heic", &["b/c.heic"]);
    scene.identical("a/l.jpg", &["b/d.jpg"]);
    scene.write("a/k.mov", b"film");
    scene.write("b/c.mov", b"film");
    scene.write("b/c.aae", b"edits");
    // A RAW file of which there is no other.
    scene.write("b/d.nef", b"raw");
    let before = scene.tree();
    let output = scene.remove(&["--trash"]);
    let said = ok(&output);
    assert!(said.contains("removed 1 photos and 2 files"), "{said}");
    assert!(
        text(&output).contains("RAW file belongs to it"),
        "{}",
        text(&output)
    );
    assert_eq!(
        scene.names(),
        ["a/k.heic", "a/k.mov", "a/l.jpg", "b/d.jpg", "b/d.nef"]
    );
    let photo = scene.path("b/c.heic");
    ok(&scene.restore(&["--file", photo.to_str().unwrap()]));
    assert_eq!(scene.tree(), before);

    // Another film than the keeper's is no copy of it.
    scene.write("b/c.mov", b"FILM");
    fails(
        &scene.remove(&["--trash"]),
        "what stands for it has changed",
    );
    assert!(scene.path("b/c.heic").exists() && scene.path("b/c.aae").exists());
}

#[test]
fn a_taken_name_is_not_overwritten_and_a_folder_that_is_gone_is_made_again() {
    let mut scene = Scene::new();
    scene.identical("k.jpg", &["b/c.jpg", "d/e.jpg"]);
    ok(&scene.remove(&["--trash"]));
    fs::remove_dir_all(scene.path("d")).unwrap();
    scene.write("b/c.jpg", b"another photo");
    fails(&scene.restore(&["--last"]), "another file of its name");
    assert_eq!(
        fs::read(scene.path("d/e.jpg")).unwrap(),
        b"the bytes of k.jpg"
    );
    assert_eq!(fs::read(scene.path("b/c.jpg")).unwrap(), b"another photo");
    ok(&scene.restore(&["--last", "--rename"]));
    assert_eq!(
        fs::read(scene.path("b/c (restored).jpg")).unwrap(),
        b"the bytes of k.jpg"
    );
    assert_eq!(fs::read(scene.path("b/c.jpg")).unwrap(), b"another photo");
}

#[test]
fn nothing_in_a_protected_folder_goes_by_whatever_name() {
    use twinlens::library::{Ledger, LibraryFolder};
    let mut scene = Scene::new();
    scene.identical("k.jpg", &["safe/c.jpg", "alias/d.jpg", "free/e.jpg"]);
    scene.write("safe/d.jpg", b"the bytes of k.jpg");
    fs::remove_dir_all(scene.path("alias")).unwrap();
    std::os::unix::fs::symlink(scene.path("safe"), scene.path("alias")).unwrap();
    let library = scene.root.path().join("library.db");
    let mut ledger = Ledger::open(&library).unwrap();
    let folder = LibraryFolder {
        path: scene.path("safe"),
        is_included: true,
        is_protected: true,
        is_preferred: false,
        last_scan: None,
    };
    ledger.put_folder(&folder).unwrap();
    drop(ledger);
    let output = scene.remove(&["--trash", "--library", library.to_str().unwrap()]);
    assert!(
        ok(&output).contains("removed 1 photos"),
        "{}",
        text(&output)
    );
    assert!(
        text(&output).contains("protected folder"),
        "{}",
        text(&output)
    );
    assert!(scene.path("safe/c.jpg").exists() && scene.path("safe/d.jpg").exists());
    assert!(!scene.path("free/e.jpg").exists());
}

#[test]
fn a_wrong_report_or_no_report_is_a_failure_and_no_act_wrong_usage() {
    let scene = Scene::new();
    let output = scene
        .program()
        .args(["remove", "nowhere.json", "--plan"])
        .output()
        .unwrap();
    fails(&output, "cannot read the report");
    let output = scene.remove(&[]);
    assert_eq!(output.status.code(), Some(2));
    fails(&scene.restore(&["--session", "7"]), "nothing to restore");
}

#[test]
fn two_removals_at_once_leave_every_content_a_copy() {
    for round in 0..5 {
        // Two reports that hold against each other, two libraries, so no common lock.
        let (mut one, mut other) = (Scene::new(), Scene::new());
        let names: Vec<(String, String)> = (0..40)
            .map(|i| (format!("a/{i}.jpg"), format!("b/{i}.jpg")))
            .collect();
        for (a, b) in &names {
            let bytes = a.as_bytes();
            one.shot("identical-file", (a, bytes), &[(b, bytes)]);
        }
        let root = one.root.path().join("photos");
        for (a, b) in &names {
            let [a_path, b_path] = [a, b].map(|name| root.join(name));
            let bytes = a.as_bytes();
            // Joining an absolute path gives that path.
            other.shot(
                "identical-file",
                (b_path.to_str().unwrap(), bytes),
                &[(a_path.to_str().unwrap(), bytes)],
            );
        }
        let run = |scene: &Scene| {
            let report = scene.report();
            let mut command = scene.program();
            command.arg("remove").arg(report).arg("--trash");
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null());
            command.spawn().unwrap()
        };
        let mut both = [run(&one), run(&other)];
        for child in &mut both {
            child.wait().unwrap();
        }
        for (a, b) in &names {
            assert!(
                root.join(a).exists() || root.join(b).exists(),
                "round {round}: {a} and {b} are both gone"
            );
        }
    }
}

#[test]
fn a_second_removal_with_the_same_library_waits_for_nobody() {
    let mut scene = Scene::new();
    scene.identical("k.jpg", &["c.jpg"]);
    let data = scene.home().join("data/twinlens");
    fs::create_dir_all(&data).unwrap();
    let lock = fs::File::create(data.join("library.db.removing")).unwrap();
    lock.lock().unwrap();
    fails(&scene.remove(&["--trash"]), "another removal");
    assert!(scene.path("c.jpg").exists());
    drop(lock);
    ok(&scene.remove(&["--trash"]));
}

/// Has trash-cli list what is in the trash and restore it; of `volume`, a mount in memory, it only
/// lists what it is told to list.
#[cfg(target_os = "linux")]
fn another_program_restores(home: &Path, folder: &Path, name: &str, volume: Option<&Path>) {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let program = |name: &str| {
        let mut command = common::at_home(Command::new(name), home);
        if let Some(volume) = volume {
            command.env("TRASH_VOLUMES", volume);
        }
        command
    };
    let Ok(listed) = program("trash-list").output() else {
        common::skipped("trash-cli is not installed");
        return;
    };
    assert!(text(&listed).contains(name), "{}", text(&listed));
    if volume.is_some() {
        return;
    }
    let mut child = program("trash-restore")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"0\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(folder.join(name).exists(), "{}", text(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn the_trash_is_one_that_other_programs_list_and_restore() {
    let mut scene = Scene::new();
    scene.identical("a/k.jpg", &["b/c d ä%.jpg"]);
    let before = scene.tree();
    ok(&scene.remove(&["--trash"]));
    let trash = scene.home().join("data/Trash");
    assert_eq!(tree(&trash.join("files")).len(), 1);
    let info = tree(&trash.join("info")).into_values().next().unwrap().0;
    let info = String::from_utf8(info).unwrap();
    assert!(info.starts_with("[Trash Info]\nPath=/"), "{info}");
    assert!(
        info.contains("/b/c%20d%20%C3%A4%25.jpg\nDeletionDate=20"),
        "{info}"
    );
    let folder = scene.path("b").canonicalize().unwrap();
    another_program_restores(&scene.home(), &folder, "c d ä%.jpg", None);
    // Whether or not it did: what is back already counts as restored.
    ok(&scene.restore(&["--last"]));
    assert_eq!(scene.tree(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn files_of_another_mount_go_to_the_trash_of_that_mount_and_over_mounts_they_are_copied() {
    use std::process::Command;
    let holder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
        .arg(holder.path())
        .output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        common::skipped("no tmpfs can be mounted here");
        return;
    }
    let unmount = Unmount(holder.path().to_owned());
    let root = tempfile::Builder::new().tempdir_in(holder.path()).unwrap();
    let mut scene = Scene::at(root);
    let large = vec![7; 300_000];
    scene.shot("identical-file", ("k.jpg", &large), &[("b/c.jpg", &large)]);
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = common::twinlens(home.path());
        command.arg(arguments[0]);
        if arguments[0] == "remove" {
            command.arg(scene.report());
        }
        command.args(&arguments[1..]).output().unwrap()
    };
    let before = scene.tree();
    ok(&run(&["remove", "--trash"]));
    let trash = fs::read_dir(holder.path()).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(".Trash-")
            .then_some(path)
    });
    let trash = trash.expect("the mount has a trash now");
    let info = tree(&trash.join("info")).into_values().next().unwrap().0;
    let info = String::from_utf8(info).unwrap();
    assert!(
        info.contains("\nPath=") && !info.contains("Path=/"),
        "{info}"
    );
    let folder = scene.path("b").canonicalize().unwrap();
    another_program_restores(home.path(), &folder, "c.jpg", Some(holder.path()));
    ok(&run(&["restore", "--last"]));
    assert_eq!(scene.tree(), before);

    // Copied, compared, and the times with it.
    let moved = home.path().join("moved");
    ok(&run(&["remove", "--move-to", moved.to_str().unwrap()]));
    assert_eq!(tree(&moved).len(), 1);
    assert!(!scene.path("b/c.jpg").exists());
    ok(&run(&["restore", "--last"]));
    assert_eq!(scene.tree(), before);

    // No room on the other side: nothing is lost.
    let full = tempfile::tempdir().unwrap();
    let mut other = Scene::at(full);
    let bytes = vec![9; 3_000_000];
    other.shot("identical-file", ("k.jpg", &bytes), &[("c.jpg", &bytes)]);
    let inside = scene.path("inside");
    let before = other.tree();
    let output = other.remove(&["--move-to", inside.to_str().unwrap()]);
    fails(&output, "cannot move it");
    assert_eq!(other.tree(), before);
    assert!(tree(&inside).is_empty(), "no partial copy is left");
    drop(scene);
    drop(unmount);
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status()
            .unwrap();
    }
}
