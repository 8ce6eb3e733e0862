//! `twinlens scan` as a user runs it: real files in, a report and an exit status out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{items, jpeg, picture, problems, save, scan, timeless, twinlens};
use serde_json::Value;

/// Copies of two pictures and one alone.
fn library(folder: &Path) {
    save(&picture(1, 800, 600), &folder.join("a/original.png"));
    fs::write(
        folder.join("a/small.jpg"),
        jpeg(
            &image::imageops::thumbnail(&picture(1, 800, 600), 400, 300),
            85,
        ),
    )
    .unwrap();
    fs::write(folder.join("a/photo.jpg"), jpeg(&picture(2, 640, 480), 92)).unwrap();
    fs::create_dir(folder.join("b")).unwrap();
    fs::copy(folder.join("a/photo.jpg"), folder.join("b/photo (1).jpg")).unwrap();
    save(&picture(3, 500, 700), &folder.join("b/alone.jpg"));
}

/// The names of each shot's photos with their evidence, of shots with copies.
fn shots(report: &Value) -> Vec<Vec<(String, Option<String>)>> {
    let name = |id: &Value| {
        let photos = report["photos"].as_array().unwrap();
        let path = photos.iter().find(|photo| photo["id"] == *id).unwrap()["path"]
            .as_str()
            .unwrap();
        Path::new(path)
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let member = |m: &Value| (name(&m["id"]), m["evidence"].as_str().map(str::to_owned));
    let groups = report["groups"].as_array().unwrap();
    let shots = groups
        .iter()
        .flat_map(|group| group["shots"].as_array().unwrap());
    let members = shots.map(|shot| {
        shot["photos"]
            .as_array()
            .unwrap()
            .iter()
            .map(member)
            .collect::<Vec<_>>()
    });
    members.filter(|members| members.len() > 1).collect()
}

#[test]
fn copies_are_found_with_their_evidence_and_the_better_one_is_kept() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let report = scan(home.path(), folder.path(), &[]);
    let some = |text: &str| Some(text.to_owned());
    let mut found = shots(&report);
    found.sort();
    assert_eq!(
        found,
        [
            vec![
                ("original.png".to_owned(), None),
                ("small.jpg".to_owned(), some("same-shot"))
            ],
            vec![
                ("photo.jpg".to_owned(), None),
                ("photo (1).jpg".to_owned(), some("identical-file"))
            ],
        ]
    );
    assert_eq!(report["totals"]["photos"], 5);
    assert_eq!(report["totals"]["surplus_photos"], 2);
    assert_eq!(report["engine"]["name"], "embedded");
    assert_eq!(problems(&report), []);
}

#[test]
fn pixels_that_are_equal_in_another_container_are_identical() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let picture = picture(4, 700, 500);
    for name in ["a.png", "b.bmp", "c.tiff", "d.qoi"] {
        save(&picture, &folder.path().join(name));
    }
    // Lossy: the same shot, but no longer the same pixels.
    save(&picture, &folder.path().join("e.jpg"));
    let report = scan(home.path(), folder.path(), &["--evidence", "identical"]);
    let found = shots(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    let identical = found[0]
        .iter()
        .filter(|(_, evidence)| evidence.as_deref() == Some("identical-pixels"))
        .count();
    assert_eq!((found[0].len(), identical), (4, 3), "{found:?}");
}

#[test]
fn the_report_does_not_depend_on_threads_or_the_cache() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let first = timeless(scan(
        home.path(),
        folder.path(),
        &["--no-cache", "--threads", "1"],
    ));
    for more in [&["--no-cache", "--threads", "8"][..], &["--threads", "3"]] {
        assert_eq!(
            timeless(scan(home.path(), folder.path(), more)),
            first,
            "{more:?}"
        );
    }
}

#[test]
fn a_second_scan_reads_nothing_and_says_the_same() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let first = scan(home.path(), folder.path(), &[]);
    let second = scan(home.path(), folder.path(), &[]);
    assert_eq!(items(&first, "read"), 5);
    for stage in ["read", "decode", "fingerprint", "embed"] {
        assert_eq!(items(&second, stage), 0, "{stage}");
    }
    for part in ["photos", "groups", "problems", "totals", "engine"] {
        assert_eq!(first[part], second[part], "{part}");
    }
}

#[test]
fn moved_renamed_and_copied_files_are_known_by_their_content_and_changed_ones_are_not() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    scan(home.path(), folder.path(), &[]);
    fs::rename(
        folder.path().join("a/original.png"),
        folder.path().join("b/renamed.png"),
    )
    .unwrap();
    fs::copy(
        folder.path().join("b/alone.jpg"),
        folder.path().join("a/copied.jpg"),
    )
    .unwrap();
    fs::write(
        folder.path().join("a/photo.jpg"),
        jpeg(&picture(9, 640, 480), 92),
    )
    .unwrap();
    let report = scan(home.path(), folder.path(), &[]);
    assert_eq!(
        items(&report, "decode"),
        1,
        "only the changed file is decoded"
    );
    assert_eq!(report["totals"]["photos"], 6);
    let found = shots(&report);
    assert!(
        found.iter().any(
            |shot| shot[1] == ("copied.jpg".into(), Some("identical-file".into()))
                || shot[1] == ("alone.jpg".into(), Some("identical-file".into()))
        ),
        "{found:?}"
    );
}

#[test]
fn each_kind_of_bad_file_is_a_problem_with_its_reason_and_the_scan_goes_on() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let whole = jpeg(&picture(1, 640, 480), 90);
    put("good.jpg", &whole);
    put("truncated.jpg", &whole[..whole.len() / 2]);
    put("empty.jpg", b"");
    put("huge.png", &huge_png_header());
    put("bomb.png", &bomb());
    put("text.jpg", b"Dear diary, this is no picture.");
    put("really-a-jpeg.png", &whole);
    put("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1");
    put("notes", b"no picture, and no picture's name");
    fs::create_dir(folder.path().join("folder.jpg")).unwrap();
    let expected = [
        ("bomb.png", "damaged"),
        ("empty.jpg", "empty"),
        ("huge.png", "too-large"),
        ("phone.heic", "unsupported"),
        ("really-a-jpeg.png", "wrong-extension"),
        ("text.jpg", "not-a-photo"),
        ("truncated.jpg", "damaged"),
    ]
    .map(|(name, kind)| (name.to_owned(), kind.to_owned()));
    let first = scan(home.path(), folder.path(), &[]);
    assert_eq!(problems(&first), expected);
    assert_eq!(
        (
            first["totals"]["photos"].as_u64(),
            first["totals"]["unreadable"].as_u64()
        ),
        (Some(2), Some(6))
    );
    let second = scan(home.path(), folder.path(), &[]);
    assert_eq!(problems(&second), expected, "remembered");
    assert_eq!(
        items(&second, "read"),
        0,
        "nothing is opened again before it changes"
    );
}

/// A PNG file of nothing but the header of 50,000 x 50,000 pixels.
fn huge_png_header() -> Vec<u8> {
    png(&[
        (
            b"IHDR",
            &[
                &50_000_u32.to_be_bytes()[..],
                &50_000_u32.to_be_bytes(),
                &[8, 2, 0, 0, 0],
            ]
            .concat(),
        ),
        (b"IEND", b""),
    ])
}

/// A small file whose pixels would fill gigabytes, in one line of the header's limits but not
/// of memory: 16,000 x 16,000 of 64 bits. Its few bytes cannot hold them.
fn bomb() -> Vec<u8> {
    let header = [
        &16_000_u32.to_be_bytes()[..],
        &16_000_u32.to_be_bytes(),
        &[16, 6, 0, 0, 0],
    ]
    .concat();
    png(&[
        (b"IHDR", &header),
        (b"IDAT", &[0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01]),
        (b"IEND", b""),
    ])
}

fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in chunks {
        let body = [&name[..], data].concat();
        file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        file.extend(&body);
        file.extend(crc32(&body).to_be_bytes());
    }
    file
}

/// The checksum of PNG chunks (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_reported_byte_for_byte() {
    use std::os::unix::ffi::OsStrExt;
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.jpg");
    fs::write(folder.path().join(name), jpeg(&picture(1, 300, 200), 90)).unwrap();
    let report = scan(home.path(), folder.path(), &[]);
    let bytes = report["photos"][0]["path_bytes"].as_str().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, bytes).unwrap();
    assert!(bytes.ends_with(b"\xff\xfe.jpg"));
}

#[test]
fn reports_are_written_in_every_form_and_the_folder_stays_as_it_was() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let out = |name: &str| home.path().join(name);
    let status = twinlens(home.path())
        .args(["scan", "--quiet", "--engine", "embedded"])
        .args([
            "--json".as_ref(),
            out("r.json").as_os_str(),
            "--csv".as_ref(),
            out("r.csv").as_os_str(),
        ])
        .args([
            "--html".as_ref(),
            out("r.html").as_os_str(),
            folder.path().as_os_str(),
        ])
        .status()
        .unwrap();
    assert!(status.success());
    let json: Value = serde_json::from_slice(&fs::read(out("r.json")).unwrap()).unwrap();
    assert_eq!(json["report"], 1);
    assert!(
        fs::read_to_string(out("r.csv"))
            .unwrap()
            .contains("photo (1).jpg")
    );
    assert!(
        fs::read_to_string(out("r.html"))
            .unwrap()
            .contains("data:image/jpeg;base64,")
    );
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 3);
}

#[test]
fn exit_status_and_message_tell_what_was_wrong() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "x").unwrap();
    let file = file.to_str().unwrap();
    let below_file = format!("{file}/cache.db");
    for (arguments, status, message) in [
        (&["scan"][..], 2, "FOLDER"),
        (&["scan", ".", "--similarity", "1.5"], 2, "from 0 to 1"),
        (
            &["scan", "--cache", "a", "--no-cache", "."],
            2,
            "cannot be used with",
        ),
        (&["scan", "/no/such/folder"], 1, "/no/such/folder"),
        (
            &["scan", "--model", "no-such-model", "."],
            1,
            "no-such-model",
        ),
        (&["scan", "--cache", &below_file, file], 1, "--no-cache"),
        (
            &["scan", "--json", "/no/such/folder/r.json", "."],
            1,
            "/no/such/folder/r.json",
        ),
        (&["frobnicate"], 2, "frobnicate"),
        (&["--settings", file, "scan", "."], 1, "settings"),
    ] {
        let output = twinlens(home.path()).args(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?}: {errors}"
        );
        assert!(errors.contains(message), "{arguments:?}: {errors}");
    }
}

/// Whether ONNX Runtime is installed is no business of somebody who did not ask for it; the
/// summary and the report say what ran.
#[test]
fn an_engine_that_is_not_installed_is_no_news_and_one_that_does_not_load_is() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(&picture(1, 300, 200), &folder.path().join("1.jpg"));
    let settings = home.path().join("settings.toml");
    let broken = home.path().join("libonnxruntime.so");
    fs::write(&broken, "no library").unwrap();
    let setting = format!("onnxruntime_library = '{}'\n", broken.display());
    for (text, engine, words) in [
        ("", "auto", None),
        (
            setting.as_str(),
            "auto",
            Some("the built-in engine was used"),
        ),
        (setting.as_str(), "embedded", None),
    ] {
        fs::write(&settings, text).unwrap();
        let report = home.path().join("report.json");
        let output = twinlens(home.path())
            // None of the places where a library may lie.
            .env("PATH", "")
            .env_remove("ORT_DYLIB_PATH")
            .env_remove("VIRTUAL_ENV")
            .env_remove("CONDA_PREFIX")
            .arg("--settings")
            .arg(&settings)
            .args(["scan", "--engine", engine, "--json"])
            .args([&report, folder.path()])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
        if report["engine"]["name"] == "onnxruntime" {
            // It lies in a folder of the system, and works.
            assert!(text.is_empty(), "{errors}");
            continue;
        }
        let notes = report["notes"].as_array().map_or(0, Vec::len);
        assert_eq!(notes, usize::from(words.is_some()), "{errors}");
        assert_eq!(errors.contains("note:"), words.is_some(), "{errors}");
        assert!(errors.contains(words.unwrap_or("on mbconv")), "{errors}");
    }
}

/// Enough photos that a scan takes seconds.
fn many(folder: &Path, count: u32) {
    for number in 0..count {
        fs::write(
            folder.join(format!("{number:03}.jpg")),
            jpeg(&picture(number, 480, 360), 80),
        )
        .unwrap();
    }
}

/// Starts a scan and waits until the cache holds some, but not all, of the photos.
#[cfg(unix)]
fn interrupted(home: &Path, folder: &Path, cache: &Path, signal: &str) -> std::process::ExitStatus {
    let mut child = twinlens(home)
        .args([
            "scan",
            "--engine",
            "embedded",
            "--threads",
            "1",
            "--quiet",
            "--json",
            "-",
            "--cache",
        ])
        .args([cache, folder])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let some = || {
        let Ok(connection) = rusqlite::Connection::open(cache) else {
            return 0;
        };
        connection
            .query_row("SELECT count(*) FROM embedding", [], |row| row.get(0))
            .unwrap_or(0_i64)
    };
    while !cache.exists() || some() == 0 {
        assert!(
            begun.elapsed() < Duration::from_mins(2),
            "the scan wrote nothing"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(
        std::process::Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let stopped = Instant::now();
    let status = child.wait().unwrap();
    assert!(
        stopped.elapsed() < Duration::from_secs(5),
        "it did not stop: {:?}",
        stopped.elapsed()
    );
    status
}

#[cfg(unix)]
#[test]
fn a_scan_that_was_killed_or_cancelled_goes_on_where_it_was() {
    use std::os::unix::process::ExitStatusExt;
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    many(folder.path(), 160);
    let whole = scan(home.path(), folder.path(), &["--no-cache"]);
    for (signal, code) in [("-KILL", None), ("-INT", Some(130))] {
        let cache = home.path().join(format!("cache{signal}.db"));
        let status = interrupted(home.path(), folder.path(), &cache, signal);
        assert_eq!(status.code(), code, "{signal}: {:?}", status.signal());
        let resumed = scan(
            home.path(),
            folder.path(),
            &["--cache", cache.to_str().unwrap()],
        );
        let read = items(&resumed, "embed");
        assert!(read < 160, "{signal}: nothing was kept");
        for part in ["photos", "groups", "problems", "totals"] {
            assert_eq!(resumed[part], whole[part], "{signal}: {part}");
        }
    }
}

#[test]
fn two_scans_at_once_share_a_cache_and_both_are_right() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    library(folder.path());
    let cache = home.path().join("shared.db");
    let cache = cache.to_str().unwrap();
    let reports: Vec<Value> = std::thread::scope(|scope| {
        let both: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| scan(home.path(), folder.path(), &["--cache", cache])))
            .collect();
        both.into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(reports[0]["groups"], reports[1]["groups"]);
    let third = scan(home.path(), folder.path(), &["--cache", cache]);
    assert_eq!(items(&third, "read"), 0);
}
