//! What a script, a spreadsheet and a browser get to see.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::matching::group::group;
use crate::matching::pixels::{Alignment, PixelVerdict};
use crate::matching::verify::{Numbers, Verdict};
use crate::matching::{Analysed, Distinct, GroupSettings, KeepSettings};
use crate::photo::{
    Content, ContentHash, FileStamp, Fingerprint, Format, Metadata, Orientation, PerceptualHash,
    PhotoId, ProblemKind,
};

fn photo(path: impl AsRef<Path>, content: u8, width: u32) -> Photo {
    Photo {
        path: path.as_ref().to_owned(),
        stamp: FileStamp {
            device: 1,
            inode: 1,
            size: u64::from(width) * 1000,
            modified_ns: 0,
            changed_ns: 0,
        },
        content: Arc::new(Content {
            hash: ContentHash([content; 32]),
            format: Format::Jpeg,
            width,
            height: 3000,
            metadata: Metadata {
                taken_at: "2021-05-12T14:03:07".parse().ok().filter(|_| content == 1),
                ..Metadata::default()
            },
            fingerprint: Fingerprint {
                hash: PerceptualHash([0; 4]),
                contrast: 50.0,
                texture: 0.5,
                mean_rgb: [0; 3],
            },
        }),
    }
}

fn verdict(evidence: Evidence, cosine: f32) -> Verdict {
    Verdict {
        evidence: Some(evidence),
        numbers: Numbers {
            cosine: Cosine(cosine),
            scale: 0.25,
            seconds_apart: Some(2.0),
        },
        pixels: PixelVerdict {
            evidence: Some(evidence),
            alignment: Some(Alignment {
                orientation: Orientation::Rotate90,
                scale: 0.25,
                coverage: [1.0, 1.0],
                map: [0.0, -1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            }),
            correlation: 0.98,
            alike: 1.0,
            ..PixelVerdict::UNRELATED
        },
        weakened: None,
    }
}

/// Two shots: three copies, one of them equal to another, and a burst frame; one photo alone.
fn report(photos: &[Photo]) -> Report {
    let distinct = Distinct::of(photos);
    let groups = group(
        &Analysed {
            photos,
            distinct: &distinct,
            verdicts: &[
                (0, 1, verdict(Evidence::SameShot, 0.971_234_5)),
                (0, 2, verdict(Evidence::Burst, 0.7)),
            ],
            edges: &[],
        },
        &GroupSettings {
            similarity: Cosine(0.6),
            weakest: Evidence::Similar,
            not_duplicates: Vec::new(),
            keep: KeepSettings::default(),
        },
        &AtomicBool::new(false),
    )
    .unwrap();
    let problems = [
        Problem {
            path: "/photos/<b>broken</b>.jpg".into(),
            kind: ProblemKind::Damaged,
            message: "the data breaks off after 12 of 200 rows".to_owned(),
        },
        Problem {
            path: "/photos/link.jpg".into(),
            kind: ProblemKind::SymbolicLink,
            message: "not followed".to_owned(),
        },
    ];
    let mut report = Report::new(ReportInputs {
        folders: &["/photos".into()],
        started: "2026-01-02T03:04:05Z".parse().unwrap(),
        elapsed: Duration::from_millis(1234),
        engine: Engine {
            name: "embedded".to_owned(),
            runtime: "rten 0.27.0".to_owned(),
            provider: "cpu".to_owned(),
            model: "lite0_copies".to_owned(),
            model_sha256: "ab".repeat(32),
            dimension: 512,
            preprocessing: "short side 256, centre 224".to_owned(),
        },
        stages: vec![Stage {
            name: "walk".to_owned(),
            wall_s: 0.5,
            busy_s: 0.4,
            items: 7,
            bytes: 0,
        }],
        files: 7,
        photos,
        groups: &groups,
        parts: &[Part {
            part: PhotoId(0),
            whole: PhotoId(4),
            reason: "one shows 40 % of the other".to_owned(),
        }],
        problems: &problems,
        index: None,
        notes: Vec::new(),
    });
    report.program = "twinlens 0.0.0".to_owned();
    report
}

fn photos() -> Vec<Photo> {
    vec![
        photo("/photos/a.jpg", 1, 4000),
        photo("/photos/b.jpg", 2, 1000),
        photo("/photos/b (1).jpg", 2, 1000),
        photo("/photos/burst.jpg", 3, 4000),
        photo("/photos/else.jpg", 4, 4000),
    ]
}

fn json(report: &Report) -> String {
    let mut bytes = Vec::new();
    write_json(report, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn html(report: &Report, thumbnails: Thumbnails<'_>) -> String {
    let mut bytes = Vec::new();
    write_html(report, thumbnails, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_json_report_has_the_documented_form() {
    insta::assert_snapshot!(json(&report(&photos())));
}

#[test]
fn the_csv_report_has_one_row_for_each_photo_of_a_group() {
    let mut bytes = Vec::new();
    write_csv(&report(&photos()), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n"));
    insta::assert_snapshot!(text.replace("\r\n", "\n"));
}

#[test]
fn only_photos_to_be_removed_count_as_surplus() {
    let totals = report(&photos()).totals;
    assert_eq!(totals.photos, 5);
    assert_eq!(totals.surplus_photos, 2);
    assert_eq!(totals.surplus_bytes, 2_000_000);
    assert_eq!(
        totals.unreadable, 1,
        "a link that is not followed is no failure"
    );
}

#[test]
fn a_saved_report_reads_back_as_it_was_and_replaces_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "the last report").unwrap();
    let report = report(&photos());
    save(&path, |file| write_json(&report, file)).unwrap();
    assert_eq!(read_json(fs::File::open(&path).unwrap()).unwrap(), report);
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "no temporary file is left");
}

#[test]
fn a_report_that_cannot_be_saved_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no such folder/report.json");
    let error = save(&path, |file| write_json(&report(&photos()), file)).unwrap_err();
    assert!(error.to_string().contains("no such folder"), "{error}");
}

#[test]
fn a_report_that_fails_half_way_leaves_the_last_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "the last report").unwrap();
    let error = save(&path, |file| {
        file.write_all(b"half")?;
        Err(std::io::Error::other("the disk is full").into())
    });
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("the disk is full") && error.contains("report.json"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "the last report");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_a_device_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (link, target) = (folder.path().join("link"), folder.path().join("target"));
    fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    save(&link, |file| Ok(file.write_all(b"new")?)).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

    save(Path::new("/dev/null"), |file| Ok(file.write_all(b"new")?)).unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn other_versions_and_other_documents_are_refused() {
    let later = json(&report(&photos())).replacen("\"report\": 1", "\"report\": 2", 1);
    assert!(matches!(
        read_json(later.as_bytes()),
        Err(ReportError::UnknownVersion(2))
    ));
    let unlike = r#"{"report": 9, "everything": "else"}"#;
    assert!(matches!(
        read_json(unlike.as_bytes()),
        Err(ReportError::UnknownVersion(9))
    ));
    for text in ["", "{}", "[1]", r#"{"report": 1}"#, r#"{"report": "1"}"#] {
        assert!(
            matches!(read_json(text.as_bytes()), Err(ReportError::Malformed(_))),
            "{text}"
        );
    }
}

#[test]
fn fields_that_a_later_program_adds_are_no_obstacle() {
    let report = report(&photos());
    let more = json(&report).replacen('{', "{\"new\": [1],", 1);
    assert_eq!(read_json(more.as_bytes()).unwrap(), report);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_survives_the_report() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let path = Path::new(OsStr::from_bytes(b"/photos/\xff\xfe.jpg"));
    let mut photos = photos();
    photos[0].path = path.to_owned();
    let read = read_json(json(&report(&photos)).as_bytes()).unwrap();
    assert_eq!(read.photos[0].path.to_path_buf().as_deref(), Some(path));
    assert_eq!(read.photos[0].path.text, "/photos/\u{fffd}\u{fffd}.jpg");
    assert_eq!(read.photos[1].path.bytes, None);
}

#[test]
fn hostile_file_names_stay_text_in_the_page() {
    let mut photos = photos();
    photos[0].path = "/<img src=x>/<script>alert(1)</script>\"' onerror='x.jpg".into();
    photos[1].path = "/photos/a\u{202e}gpj.\nexe".into();
    let page = html(&report(&photos), &|_| None);
    for tag in ["<script", "<img", "<b>broken", "onerror='x", "\u{202e}"] {
        assert!(!page.contains(tag), "{tag:?}");
    }
    assert!(page.contains("⟨U+202E⟩gpj.⟨U+000A⟩exe"));
}

#[test]
fn the_page_shows_every_photo_with_its_picture_and_asks_for_one_at_a_time() {
    let asked = std::cell::RefCell::new(Vec::new());
    let page = html(&report(&photos()), &|hash| {
        asked.borrow_mut().push(hash);
        Some(vec![0xff, 0xd8, 0xff, 0xd9])
    });
    assert_eq!(
        asked.borrow().len(),
        4,
        "the photo without company is not shown"
    );
    assert_eq!(
        page.matches("src=\"data:image/jpeg;base64,/9j/2Q==\"")
            .count(),
        4
    );
    assert_eq!(page.matches("alt=\"").count(), 4);
    for text in [
        "2 surplus copies in 1 group",
        "4 photos, 2 shots, 2 surplus copies",
        "turned by 90°, resized to 25 %",
        "Identical file to",
        "1000 × 3000",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for outside in ["http:", "https:", "url(", "<link", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
}
