//! What only a removed copy knows is kept in a sidecar of its keeper and taken back with it; links
//! that share bytes; the history as a table; a keeper whose disk is gone.

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
use std::process::Command;

use scene::{Scene, ok, text};
use twinlens::scan::xmp::{self, Facts};

fn facts() -> Facts {
    Facts {
        taken_at: Some("2021-05-12T14:03:07".parse().unwrap()),
        rating: Some(4),
        keywords: ["sea".to_owned(), "sand & sun".to_owned()].into(),
        ..Facts::default()
    }
}

/// A keeper, and a smaller copy with a sidecar that knows more.
fn better_copy() -> Scene {
    let mut scene = Scene::new();
    scene.shot("same-shot", ("a/k.jpg", b"keeper"), &[("b/c.jpg", b"copy")]);
    let sidecar = xmp::with(None, &facts()).unwrap();
    scene.write("b/c.jpg.xmp", sidecar.as_bytes());
    scene
}

const RESCUE: [&str; 2] = ["--trash", "--rescue-metadata"];

#[test]
fn what_only_the_copy_knows_is_beside_the_keeper_until_the_removal_is_taken_back() {
    let scene = better_copy();
    let before = scene.tree();
    let plan = ok(&scene.remove(&["--plan", "--rescue-metadata"]));
    assert!(
        plan.contains("a/k.jpg.xmp (capture date, rating, 2 keywords)"),
        "{plan}"
    );
    assert_eq!(scene.tree(), before);
    let said = ok(&scene.remove(&RESCUE));
    assert!(said.contains("1 of them knew"), "{said}");
    assert_eq!(scene.names(), ["a/k.jpg", "a/k.jpg.xmp"]);
    let sidecar = fs::read_to_string(scene.path("a/k.jpg.xmp")).unwrap();
    assert_eq!(xmp::read(&sidecar).unwrap(), facts());
    assert_eq!(fs::read(scene.path("a/k.jpg")).unwrap(), b"keeper");
    ok(&scene.restore(&["--last"]));
    assert_eq!(scene.tree(), before);

    // Unless it is asked for nothing is written.
    ok(&scene.remove(&["--trash"]));
    assert_eq!(scene.names(), ["a/k.jpg"]);
}

#[test]
fn a_sidecar_of_the_keeper_keeps_every_word_and_comes_back_as_it_was() {
    for name in ["a/k.xmp", "a/k.jpg.xmp"] {
        let mut own = facts();
        own.rating = Some(2);
        own.taken_at = None;
        own.keywords = ["mine".to_owned()].into();
        let scene = better_copy();
        let own_text = xmp::with(None, &own).unwrap().replace('\n', "\r\n");
        scene.write(name, own_text.as_bytes());
        let before = scene.tree();
        ok(&scene.remove(&RESCUE));
        assert_eq!(scene.names(), ["a/k.jpg", name]);
        let merged = fs::read_to_string(scene.path(name)).unwrap();
        let found = xmp::read(&merged).unwrap();
        assert_eq!(found.rating, Some(2), "the keeper's own word stands");
        assert_eq!(found.taken_at, facts().taken_at);
        assert_eq!(found.keywords.len(), 3);
        ok(&scene.restore(&["--last"]));
        assert_eq!(scene.tree(), before, "{name}");
    }
}

#[test]
fn several_copies_of_one_keeper_add_up_and_are_taken_back_one_and_all() {
    let mut scene = Scene::new();
    let copies: [(&str, &[u8]); 2] = [("b/c.jpg", b"copy"), ("b/d.jpg", b"other")];
    scene.shot("same-shot", ("a/k.jpg", b"keeper"), &copies);
    for (name, keyword) in [("b/c.xmp", "one"), ("b/d.xmp", "two")] {
        let known = Facts {
            keywords: [keyword.to_owned()].into(),
            ..Facts::default()
        };
        scene.write(name, xmp::with(None, &known).unwrap().as_bytes());
    }
    let before = scene.tree();
    ok(&scene.remove(&RESCUE));
    let sidecar = fs::read_to_string(scene.path("a/k.jpg.xmp")).unwrap();
    assert_eq!(xmp::read(&sidecar).unwrap().keywords.len(), 2);
    ok(&scene.restore(&["--last"]));
    assert_eq!(scene.tree(), before);
}

#[test]
fn takeouts_json_tells_time_place_and_album() {
    let mut scene = Scene::new();
    scene.shot("same-shot", ("a/k.jpg", b"keeper"), &[("b/c.jpg", b"copy")]);
    let json = r#"{"photoTakenTime": {"timestamp": "1620828187"},
        "geoData": {"latitude": 51.5, "longitude": -0.125}}"#;
    scene.write("b/c.jpg.json", json.as_bytes());
    scene.write("b/metadata.json", br#"{"title": "Holidays"}"#);
    ok(&scene.remove(&RESCUE));
    let sidecar = fs::read_to_string(scene.path("a/k.jpg.xmp")).unwrap();
    let found = xmp::read(&sidecar).unwrap();
    assert_eq!(
        found.taken_at.unwrap().to_string(),
        "2021-05-12T14:03:07+00:00"
    );
    assert!((found.gps.unwrap().longitude + 0.125).abs() < 1e-6);
    assert_eq!(found.albums, ["Holidays".to_owned()].into());
}

#[test]
fn a_sidecar_that_makes_no_sense_or_has_changed_since_is_left_as_it_is() {
    let scene = better_copy();
    scene.write("a/k.jpg.xmp", b"somebody's own notes");
    let output = scene.remove(&RESCUE);
    assert!(
        text(&output).contains("cannot be added to"),
        "{}",
        text(&output)
    );
    assert_eq!(
        fs::read(scene.path("a/k.jpg.xmp")).unwrap(),
        b"somebody's own notes"
    );
    ok(&scene.restore(&["--last"]));

    fs::remove_file(scene.path("a/k.jpg.xmp")).unwrap();
    ok(&scene.remove(&RESCUE));
    let written = fs::read_to_string(scene.path("a/k.jpg.xmp")).unwrap();
    let edited = written.replace("sea", "ocean");
    fs::write(scene.path("a/k.jpg.xmp"), &edited).unwrap();
    let output = scene.restore(&["--last"]);
    assert!(
        text(&output).contains("it has changed since"),
        "{}",
        text(&output)
    );
    assert_eq!(
        fs::read_to_string(scene.path("a/k.jpg.xmp")).unwrap(),
        edited
    );
    assert!(scene.path("b/c.jpg").exists());
}

#[test]
fn a_photo_whose_knowledge_cannot_be_written_stays() {
    let scene = better_copy();
    // A folder in the place of the hidden file that is written first.
    let hash = blake3::hash(
        scene
            .path("a")
            .canonicalize()
            .unwrap()
            .join("k.jpg.xmp")
            .as_os_str()
            .as_encoded_bytes(),
    );
    let partial = format!(".twinlens-{}.part", &hash.to_hex()[..16]);
    fs::create_dir(scene.path("a").join(partial)).unwrap();
    let output = scene.remove(&RESCUE);
    assert!(
        text(&output).contains("cannot be written beside its keeper"),
        "{}",
        text(&output)
    );
    assert!(scene.path("b/c.jpg").exists() && scene.path("b/c.jpg.xmp").exists());
    assert!(!scene.path("a/k.jpg.xmp").exists());
}

/// Mounts a file system that is unmounted when this is dropped; `None` where that is not allowed.
struct Mount(tempfile::TempDir);

impl Mount {
    fn new(arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        let output = mount.args(arguments).arg(folder.path()).output();
        if output.is_ok_and(|output| output.status.success()) {
            Some(Self(folder))
        } else {
            common::skipped("no file system can be mounted here");
            None
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        // A test may have unmounted it itself.
        unmount.arg("-l").arg(self.0.path()).output().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_copy_stays_when_the_disk_of_its_keeper_is_gone() {
    let Some(mount) = Mount::new(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"]) else {
        return;
    };
    let mut scene = Scene::new();
    let link = scene.path("usb");
    std::os::unix::fs::symlink(mount.path(), &link).unwrap();
    scene.identical("usb/k.jpg", &["c.jpg"]);
    let report = scene.report();
    let path = mount.path().to_owned();
    let status = Command::new("umount").arg(&path).status().unwrap();
    assert!(status.success());
    let mut remove = scene.program();
    let output = remove.arg("remove").arg(report).arg("--trash").output();
    let said = text(&output.unwrap());
    assert!(
        said.contains("no photo that stands for it is there"),
        "{said}"
    );
    assert!(scene.path("c.jpg").exists());
}

#[test]
fn where_there_are_no_reflinks_the_plan_says_so_and_nothing_happens() {
    // Memory has none.
    let memory = Path::new("/dev/shm");
    if !memory.is_dir() {
        common::skipped("there is no file system in memory");
        return;
    }
    let mut scene = Scene::at(tempfile::tempdir_in(memory).unwrap());
    scene.identical("k.jpg", &["c.jpg"]);
    let before = scene.tree();
    let output = scene.remove(&["--reflink"]);
    let said = text(&output);
    assert!(said.contains("its file system has no reflinks"), "{said}");
    assert_eq!(scene.tree(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_reflink_is_a_file_of_its_own_with_the_bytes_of_its_keeper() {
    let image = tempfile::NamedTempFile::new().unwrap();
    image.as_file().set_len(128 << 20).unwrap();
    let path = image.path().to_str().unwrap();
    let made = Command::new("mkfs.btrfs").args(["-q", path]).output();
    if !made.is_ok_and(|output| output.status.success()) {
        common::skipped("mkfs.btrfs is not installed");
        return;
    }
    let Some(mount) = Mount::new(&["-o", "loop", path]) else {
        return;
    };
    let mut scene = Scene::at(tempfile::tempdir_in(mount.path()).unwrap());
    let bytes = vec![5; 300_000];
    scene.shot("identical-file", ("k.jpg", &bytes), &[("b/c.jpg", &bytes)]);
    let before = scene.tree();
    let said = ok(&scene.remove(&["--reflink"]));
    assert!(said.contains("removed 1 photos"), "{said}");
    // Bytes and times are those that were, and yet it shares them.
    assert_eq!(scene.tree(), before);
    let listed = ok(&scene.restore(&["--list"]));
    assert!(listed.contains("reflink"), "{listed}");
    let mut usage = Command::new("btrfs");
    usage
        .args(["filesystem", "du", "-s", "--raw"])
        .arg(mount.path());
    let output = ok(&usage.output().unwrap());
    let shared = output.lines().last().unwrap().split_whitespace().nth(2);
    assert!(
        shared.unwrap().parse::<u64>().unwrap() >= 299_008,
        "{output}"
    );
    // Each is changed without the other.
    fs::write(scene.path("k.jpg"), b"edited").unwrap();
    assert_eq!(fs::read(scene.path("b/c.jpg")).unwrap(), bytes);
    ok(&scene.restore(&["--last"]));
    assert_eq!(fs::read(scene.path("b/c.jpg")).unwrap(), bytes);
    drop(scene);
}

#[test]
fn the_history_is_a_table_with_every_file() {
    let mut scene = Scene::new();
    scene.identical("k, \"1\".jpg", &["b/c.jpg", "b/d.jpg"]);
    scene.write("b/c.jpg.xmp", b"sidecar");
    ok(&scene.remove(&["--trash"]));
    let file = scene.path("c-from-there.csv");
    ok(&scene.restore(&["--file", scene.path("b/d.jpg").to_str().unwrap()]));
    ok(&scene.restore(&["--list", "--csv", file.to_str().unwrap()]));
    let mut table = csv::Reader::from_path(&file).unwrap();
    let rows: Vec<Vec<String>> = (table.records())
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let states: Vec<[&str; 3]> = (rows.iter())
        .map(|row| [row[2].as_str(), row[3].as_str(), row[4].as_str()])
        .collect();
    assert_eq!(
        states,
        [
            ["trash", "removed", "photo"],
            ["trash", "removed", "sidecar"],
            ["trash", "restored", "photo"]
        ]
    );
    assert!(rows[0][7].ends_with("k, \"1\".jpg"), "{rows:?}");
    let output = scene.restore(&["--list", "--csv", "/nowhere/at/all.csv"]);
    assert!(text(&output).contains("cannot write the history"));
}
