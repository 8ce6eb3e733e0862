//! The cache as its owner meets it: damaged, newer, killed in mid-write, shared, unwritable.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use half::f16;
use twinlens::library::{Cache, CacheWriter, LibraryError, Record};
use twinlens::photo::{
    Content, ContentHash, FileStamp, Fingerprint, Format, GpsPosition, Metadata, Orientation,
    PerceptualHash, Pixels, Problem, ProblemKind,
};

fn content(number: u8) -> Content {
    Content {
        hash: ContentHash([number; 32]),
        format: Format::Png,
        width: 4000,
        height: 3000,
        metadata: Metadata {
            taken_at: Some("2021-05-12T14:03:07.25+02:00".parse().unwrap()),
            orientation: Orientation::Rotate90,
            camera: Some("Apple iPhone 12".into()),
            gps: Some(GpsPosition {
                latitude: -48.5,
                longitude: 11.01,
            }),
        },
        fingerprint: Fingerprint {
            hash: PerceptualHash([u64::MAX, 1, 2, u64::from(number)]),
            contrast: 33.25,
            texture: 0.5,
            mean_rgb: [1, 2, 255],
        },
    }
}

fn stamp(number: u64) -> FileStamp {
    FileStamp {
        device: 1,
        inode: number,
        size: u64::MAX,
        modified_ns: -5,
        changed_ns: i64::MAX,
    }
}

fn open(path: &Path) -> Cache {
    let opened = Cache::open(path).unwrap();
    assert_eq!(opened.notice, None);
    opened.cache
}

fn write(writer: &mut CacheWriter, number: u8) {
    let vector = vec![f16::from_f32(0.6), f16::from_f32(-0.8)];
    let hash = ContentHash([number; 32]);
    writer
        .write(Record::Content {
            content: content(number),
            thumbnail: vec![number; 5],
            pixel_record: vec![number; 9],
        })
        .unwrap();
    writer
        .write(Record::Embedding {
            content: hash,
            model_key: "m".into(),
            vector,
        })
        .unwrap();
    let path = PathBuf::from(format!("photo-{number}.png"));
    writer
        .write(Record::File {
            path,
            stamp: stamp(number.into()),
            content: hash,
        })
        .unwrap();
}

#[test]
fn what_was_written_is_read_back_and_only_for_the_same_stamp() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sub/cache.db");
    let mut writer = open(&path).into_writer();
    write(&mut writer, 1);
    let damaged = Problem {
        path: "bad.jpg".into(),
        kind: ProblemKind::Damaged,
        message: "broken".into(),
    };
    writer
        .write(Record::Problem {
            stamp: stamp(9),
            problem: damaged.clone(),
        })
        .unwrap();
    writer
        .write(Record::Pixels {
            content: ContentHash([1; 32]),
            pixels: Pixels::Incomparable,
        })
        .unwrap();
    writer.finish().unwrap();

    let cache = open(&path);
    let hash = ContentHash([1; 32]);
    let (name, bad) = (Path::new("photo-1.png"), Path::new("bad.jpg"));
    let changed = FileStamp {
        changed_ns: 0,
        ..stamp(1)
    };
    let files = [
        (name, stamp(1)),
        (name, changed),
        (Path::new("other"), stamp(1)),
    ];
    assert_eq!(cache.known_files(files).unwrap(), [Some(hash), None, None]);
    let problems = cache.known_problems([
        (name, stamp(1)),
        (bad, stamp(9)),
        (
            bad,
            FileStamp {
                size: 1,
                ..stamp(9)
            },
        ),
    ]);
    assert_eq!(
        problems.unwrap().into_iter().collect::<Vec<_>>(),
        [(1, damaged)]
    );
    assert_eq!(cache.content(hash).unwrap(), Some(content(1)));
    assert_eq!(cache.embedding(hash, "m").unwrap().unwrap().len(), 2);
    assert_eq!(cache.embedding(hash, "another model").unwrap(), None);
    assert_eq!(cache.thumbnail(hash).unwrap(), Some(vec![1; 5]));
    assert_eq!(cache.pixels(hash).unwrap(), Some(Pixels::Incomparable));
    assert_eq!(cache.content(ContentHash([2; 32])).unwrap(), None);
    assert_eq!(cache.info().unwrap().contents, 1);
}

#[test]
fn an_unusable_cache_is_set_aside_with_a_message_and_a_new_one_begun() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "these are holiday notes, not a database at all".repeat(100),
    )
    .unwrap();
    let newer = folder.path().join("newer.db");
    drop(open(&newer));
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE mine (x)")
        .unwrap();
    let damaged = folder.path().join("damaged.db");
    let mut writer = open(&damaged).into_writer();
    (0..200).for_each(|number| write(&mut writer, number));
    drop(writer.finish().unwrap());
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[4096..20_000].fill(0x5a);
    std::fs::write(&damaged, &bytes).unwrap();

    for (path, reason) in [
        (text, "damaged"),
        (newer, "version 999"),
        (foreign, "another program"),
        (damaged, "damaged"),
    ] {
        let before = std::fs::read(&path).unwrap();
        let opened = Cache::open(&path).unwrap();
        let notice = opened
            .notice
            .unwrap_or_else(|| panic!("{reason}: no notice"));
        assert!(notice.contains(reason), "{notice}");
        assert_eq!(opened.cache.info().unwrap().contents, 0);
        let mut aside = path.clone().into_os_string();
        aside.push(".unusable-1");
        assert_eq!(
            std::fs::read(aside).unwrap(),
            before,
            "set aside, not changed"
        );
    }
}

#[test]
fn a_dropped_writer_leaves_the_last_commit_and_a_usable_cache() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let mut writer = open(&path).into_writer();
    write(&mut writer, 1);
    writer.commit().unwrap();
    write(&mut writer, 2);
    drop(writer);
    let cache = open(&path);
    assert_eq!(
        cache.content(ContentHash([1; 32])).unwrap(),
        Some(content(1))
    );
    assert_eq!(cache.content(ContentHash([2; 32])).unwrap(), None);
}

#[test]
fn two_writers_at_once_both_get_their_rows_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    drop(open(&path));
    std::thread::scope(|scope| {
        for half in [0, 100] {
            let path = &path;
            scope.spawn(move || {
                for number in half..half + 50 {
                    let mut writer = open(path).into_writer();
                    write(&mut writer, number);
                    writer.finish().unwrap();
                }
            });
        }
    });
    assert_eq!(open(&path).info().unwrap().contents, 100);
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_that_names_the_ways_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for path in [file.join("cache.db"), folder.path().to_owned()] {
        let error = Cache::open(&path).unwrap_err();
        assert!(matches!(error, LibraryError::Open { .. }), "{error:?}");
        let message = error.to_string();
        assert!(
            message.contains("--no-cache") && message.contains(&*path.to_string_lossy()),
            "{message}"
        );
    }
}

#[test]
fn pruning_forgets_what_is_gone_but_not_what_lies_on_an_absent_drive() {
    let folder = tempfile::tempdir().unwrap();
    let present = folder.path().join("here.png");
    std::fs::write(&present, "x").unwrap();
    let mut writer = open(&folder.path().join("cache.db")).into_writer();
    for (number, path) in [
        (1, present),
        (2, folder.path().join("gone.png")),
        (3, "/no/such/drive/c.png".into()),
    ] {
        writer
            .write(Record::Content {
                content: content(number),
                thumbnail: vec![number; 5],
                pixel_record: vec![number; 9],
            })
            .unwrap();
        writer
            .write(Record::File {
                path,
                stamp: stamp(1),
                content: ContentHash([number; 32]),
            })
            .unwrap();
    }
    writer
        .write(Record::Problem {
            stamp: stamp(4),
            problem: Problem {
                path: folder.path().join("gone.jpg"),
                kind: ProblemKind::Damaged,
                message: "broken".into(),
            },
        })
        .unwrap();
    let mut cache = writer.finish().unwrap();
    assert_eq!(cache.prune().unwrap().files, 2);
    assert_eq!(cache.info().unwrap().problems, 0);
    let kept = |number| cache.content(ContentHash([number; 32])).unwrap().is_some();
    assert_eq!([1, 2, 3].map(kept), [true, false, true]);
}

#[test]
fn a_cleared_cache_is_empty_and_usable() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(&folder.path().join("cache.db")).into_writer();
    write(&mut writer, 1);
    let mut cache = writer.finish().unwrap();
    cache.clear().unwrap();
    assert_eq!(cache.info().unwrap().files, 0);
    let mut writer = cache.into_writer();
    write(&mut writer, 1);
    assert_eq!(writer.finish().unwrap().info().unwrap().files, 1);
}

#[test]
fn a_writer_with_rows_in_hand_keeps_no_other_process_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let mut first = open(&path).into_writer();
    write(&mut first, 1);
    let mut second = open(&path).into_writer();
    write(&mut second, 2);
    assert_eq!(second.finish().unwrap().info().unwrap().contents, 1);
    assert_eq!(first.finish().unwrap().info().unwrap().contents, 2);
}

#[test]
fn a_row_that_makes_no_sense_is_a_row_that_is_not_there() {
    for (table, change) in [
        ("file", "content = 5"),
        ("file", "size = 'large'"),
        ("content", "format = 'a format of tomorrow'"),
        ("content", "format = x'00'"),
        ("content", "width = -1"),
        ("content", "hash = 'short'"),
        ("content", "taken_at = 'yesterday'"),
        ("content", "mean_rgb = x'0102'"),
        ("embedding", "vector = x'0102'"),
        ("embedding", "vector = 'text'"),
        ("thumbnail", "jpeg = 5"),
        ("problem", "kind = 7.5"),
        ("problem", "size = 'large'"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db");
        let mut writer = open(&path).into_writer();
        write(&mut writer, 1);
        writer
            .write(Record::Problem {
                stamp: stamp(9),
                problem: Problem {
                    path: "bad.jpg".into(),
                    kind: ProblemKind::Damaged,
                    message: "broken".into(),
                },
            })
            .unwrap();
        drop(writer.finish().unwrap());
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch(&format!("UPDATE {table} SET {change}"))
            .unwrap();
        let cache = open(&path);
        let hash = ContentHash([1; 32]);
        let files = [(Path::new("photo-1.png"), stamp(1))];
        let there = match table {
            "file" => cache.known_files(files).map(|known| known != [None]),
            "content" => cache.content(hash).map(|content| content.is_some()),
            "embedding" => cache.embedding(hash, "m").map(|vector| vector.is_some()),
            "thumbnail" => cache.thumbnail(hash).map(|jpeg| jpeg.is_some()),
            _ => cache
                .known_problems([(Path::new("bad.jpg"), stamp(9))])
                .map(|problems| !problems.is_empty()),
        };
        assert!(matches!(there, Ok(false)), "{table} {change}: {there:?}");
    }
}

#[test]
fn damage_that_is_met_in_use_is_set_aside_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let mut writer = open(&path).into_writer();
    (0..=255).for_each(|number| write(&mut writer, number));
    drop(writer.finish().unwrap());
    // All pages of the thumbnails, which are too many to be checked at every start.
    let root: u32 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'thumbnail'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let root = root as usize;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(root - 1) * 4096..root * 4096].fill(0x5a);
    std::fs::write(&path, &bytes).unwrap();

    let cache = open(&path);
    let error = cache.thumbnail(ContentHash([1; 32])).unwrap_err();
    assert!(matches!(error, LibraryError::Damaged { .. }), "{error:?}");
    drop(cache);
    let opened = Cache::open(&path).unwrap();
    let notice = opened.notice.unwrap();
    assert!(notice.contains("damaged"), "{notice}");
    assert_eq!(opened.cache.info().unwrap().contents, 0);
    drop(opened.cache);
    assert_eq!(Cache::open(&path).unwrap().notice, None);
}

#[test]
fn a_cache_from_before_scans_were_remembered_is_used_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cache.db");
    let mut writer = open(&path).into_writer();
    write(&mut writer, 1);
    writer.finish().unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("DROP TABLE gone; DROP TABLE scanned; DROP TABLE figure;")
        .unwrap();
    drop(connection);
    let cache = open(&path);
    assert_eq!(cache.info().unwrap().contents, 1, "nothing was set aside");
    let root = PathBuf::from(std::path::MAIN_SEPARATOR_STR);
    assert_eq!(cache.last_scan(&root).unwrap(), None);
    assert!(
        cache
            .files_below(&[root])
            .unwrap()
            .iter()
            .all(|file| !file.is_gone)
    );
    assert!(cache.figures().unwrap().is_empty());
}

#[test]
fn to_look_makes_nothing_and_sets_nothing_aside() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cache.db");
    assert!(Cache::open_if_there(&path).unwrap().is_none());
    std::fs::write(&path, "no cache at all, but somebody's file").unwrap();
    assert!(Cache::open_if_there(&path).unwrap().is_none());
    let names: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
    assert_eq!(names.len(), 1);
}
