//! Which of two photos is kept, and what is said about it.

use std::sync::Arc;

use super::*;
use crate::photo::{
    ContentHash, FileStamp, Fingerprint, Format, GpsPosition, Metadata, PerceptualHash,
};

struct Case {
    path: &'static str,
    size: u64,
    modified_ns: i64,
    format: Format,
    width: u32,
    /// Which of `camera`, `position`, `date` its metadata has.
    knows: &'static str,
    texture: f32,
    made_from_lossy: bool,
}

const USUAL: Case = Case {
    path: "/photos/a.jpg",
    size: 3_000_000,
    modified_ns: 1000,
    format: Format::Jpeg,
    width: 4000,
    knows: "",
    texture: 0.5,
    made_from_lossy: false,
};

fn photo(case: &Case) -> Photo {
    Photo {
        path: case.path.into(),
        stamp: FileStamp {
            device: 1,
            inode: 1,
            size: case.size,
            modified_ns: case.modified_ns,
            changed_ns: 0,
        },
        content: Arc::new(Content {
            hash: ContentHash([0; 32]),
            format: case.format,
            width: case.width,
            height: 3000,
            metadata: Metadata {
                taken_at: case
                    .knows
                    .contains("date")
                    .then(|| "2021-05-12T14:03:07".parse().unwrap()),
                camera: case.knows.contains("camera").then(|| "Acme One".to_owned()),
                gps: case.knows.contains("position").then_some(GpsPosition {
                    latitude: 1.0,
                    longitude: 2.0,
                }),
                ..Metadata::default()
            },
            fingerprint: Fingerprint {
                hash: PerceptualHash([0; 4]),
                contrast: 50.0,
                texture: case.texture,
                mean_rgb: [0; 3],
            },
        }),
    }
}

fn with_standing<T>(
    better: &Case,
    worse: &Case,
    judge: impl FnOnce(&Standing<'_>, &Standing<'_>) -> T,
) -> T {
    let (a, b) = (photo(better), photo(worse));
    let standing = |photo, made_from_lossy| Standing {
        photo,
        made_from_lossy,
    };
    judge(
        &standing(&a, better.made_from_lossy),
        &standing(&b, worse.made_from_lossy),
    )
}

/// The better photo, the other, and the reason.
type Preferred = (Case, Case, &'static str);

fn check(cases: &[Preferred]) {
    let settings = KeepSettings {
        preferred_folders: vec!["/album".into(), "/photos".into()],
        ..KeepSettings::default()
    };
    for (better, worse, reason) in cases {
        with_standing(better, worse, |a, b| {
            assert_eq!(settings.compare(a, b), Ordering::Less, "{reason}");
            assert_eq!(settings.compare(b, a), Ordering::Greater, "{reason}");
            assert_eq!(settings.reason(a, b), *reason);
        });
    }
}

#[test]
fn more_pixels_and_less_compression_come_first() {
    check(&[
        (
            Case {
                path: "/photos/z.jpg",
                ..USUAL
            },
            Case {
                width: 1000,
                size: 9_000_000,
                knows: "camera date",
                ..USUAL
            },
            "more pixels: 12.0 against 3.0 megapixels",
        ),
        (
            USUAL,
            Case {
                width: 3999,
                ..USUAL
            },
            "more pixels: 12000000 against 11997000",
        ),
        (
            USUAL,
            Case {
                size: 1_000_000,
                knows: "date",
                ..USUAL
            },
            "less compression: 0.25 against 0.08 bytes a pixel",
        ),
        (
            Case {
                format: Format::Png,
                ..USUAL
            },
            Case {
                size: 9_000_000,
                ..USUAL
            },
            "lossless compression: png against jpeg",
        ),
        // The camera writes no PNG: it was made from the JPEG.
        (
            Case {
                knows: "camera",
                ..USUAL
            },
            Case {
                format: Format::Png,
                size: 20_000_000,
                ..USUAL
            },
            "the camera named: jpeg against png without",
        ),
        (
            Case {
                format: Format::Tiff,
                knows: "camera",
                ..USUAL
            },
            Case {
                knows: "camera",
                ..USUAL
            },
            "lossless compression: tiff against jpeg",
        ),
        (
            Case {
                path: "/photos/z.jpg",
                ..USUAL
            },
            Case {
                format: Format::Png,
                made_from_lossy: true,
                size: 20_000_000,
                ..USUAL
            },
            "likely the earlier format: jpeg against png",
        ),
        (
            Case {
                size: 1_000_000,
                knows: "camera",
                ..USUAL
            },
            USUAL,
            "the camera named: likely nearer to the original",
        ),
    ]);
}

#[test]
fn metadata_detail_folder_age_and_name_follow_in_this_order() {
    check(&[
        // A few kilobytes of comments say nothing.
        (
            Case {
                knows: "date position",
                ..USUAL
            },
            Case {
                size: 3_010_000,
                ..USUAL
            },
            "more metadata: capture date, position",
        ),
        (
            Case {
                path: "/photos/z.jpg",
                texture: 0.6,
                ..USUAL
            },
            Case {
                texture: 0.3,
                ..USUAL
            },
            "more detail: texture in 60 % of the picture against 30 %",
        ),
        (
            Case {
                path: "/album/z.jpg",
                ..USUAL
            },
            USUAL,
            "a folder that you prefer",
        ),
        (
            Case {
                path: "/photos/z.jpg",
                modified_ns: 1,
                ..USUAL
            },
            USUAL,
            "an older file date",
        ),
        (
            Case {
                path: "/photos/b.jpg",
                ..USUAL
            },
            Case {
                path: "/photos/a (1).jpg",
                ..USUAL
            },
            "a name like an original's",
        ),
    ]);
}

#[test]
fn the_user_sets_the_order_of_the_rules() {
    let settings = KeepSettings {
        rules: vec![KeepRule::Folder, KeepRule::Pixels],
        preferred_folders: vec!["/album".into()],
        ..KeepSettings::default()
    };
    let small = Case {
        path: "/album/small.jpg",
        width: 100,
        ..USUAL
    };
    with_standing(&small, &USUAL, |a, b| {
        assert_eq!(settings.compare(a, b), Ordering::Less);
    });
    let again = Case {
        path: "/photos/b.jpg",
        knows: "date",
        ..USUAL
    };
    with_standing(&USUAL, &again, |a, b| {
        assert_eq!(
            settings.compare(a, b),
            Ordering::Less,
            "a rule left out does not count"
        );
        assert_eq!(
            settings.reason(a, b),
            "a path that comes first; nothing else tells them apart"
        );
    });
}

#[test]
fn a_copy_that_is_better_in_some_respect_says_so() {
    let small = Case {
        width: 1000,
        size: 1_500_000,
        ..USUAL
    };
    let cases: [(Case, Case, &[&str]); 7] = [
        // More bytes a pixel, but a quarter of the pixels: nothing that the keeper has not.
        (small, USUAL, &[]),
        (USUAL, USUAL, &[]),
        (
            Case {
                knows: "date position",
                ..USUAL
            },
            Case {
                knows: "camera date",
                ..USUAL
            },
            &["what the keeper lacks: position"],
        ),
        (
            Case {
                format: Format::Png,
                ..USUAL
            },
            Case {
                knows: "camera",
                ..USUAL
            },
            &["lossless compression: png against jpeg"],
        ),
        (
            Case {
                format: Format::Png,
                width: 1000,
                ..USUAL
            },
            USUAL,
            &[],
        ),
        (
            Case {
                size: 6_000_000,
                ..USUAL
            },
            Case {
                knows: "camera",
                ..USUAL
            },
            &["less compression: 0.50 against 0.25 bytes a pixel"],
        ),
        (
            Case {
                width: 4400,
                texture: 0.8,
                ..USUAL
            },
            USUAL,
            &[
                "more pixels: 13.2 against 12.0 megapixels",
                "more detail: texture in 80 % of the picture against 50 %",
            ],
        ),
    ];
    for (copy, keeper, merits) in &cases {
        with_standing(copy, keeper, |copy, keeper| {
            assert_eq!(copy.merits_over(keeper), *merits);
        });
    }
}

#[test]
fn a_protected_folder_protects_what_is_below_it_and_nothing_beside_it() {
    let settings = KeepSettings {
        protected_folders: vec!["/safe".into()],
        ..KeepSettings::default()
    };
    for (path, protected) in [
        ("/safe/x/a.jpg", true),
        ("/safer/a.jpg", false),
        ("/a.jpg", false),
    ] {
        assert_eq!(settings.is_protected(Path::new(path)), protected, "{path}");
    }
}
