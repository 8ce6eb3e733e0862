//! What holds for a review whatever its groups: made-up shots, related at made-up cosines.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::matching::pixels::PixelVerdict;
use crate::matching::{Distinct, Edge, KeepSettings, Numbers, Verdict};
use crate::photo::{Content, FileStamp, Fingerprint, Format, Metadata, PerceptualHash};

/// A photo of a content that a number tells, of as many bytes as its width.
fn photo(path: &str, content: u8, width: u32) -> Photo {
    Photo {
        path: PathBuf::from(path),
        stamp: FileStamp {
            device: 1,
            inode: 1,
            size: u64::from(width),
            modified_ns: i64::from(content),
            changed_ns: 0,
        },
        content: Arc::new(Content {
            hash: ContentHash([content; 32]),
            format: Format::Jpeg,
            width,
            height: 100,
            metadata: Metadata::default(),
            fingerprint: Fingerprint {
                hash: PerceptualHash([0; 4]),
                contrast: 50.0,
                texture: 0.5,
                mean_rgb: [0; 3],
            },
        }),
    }
}

/// A review of photos in path order, whose contents are related so.
fn review_of(photos: Vec<Photo>, related: &[(u8, u8, Option<Evidence>, f32)]) -> Review {
    let distinct = Distinct::of(&photos);
    let position = |content: u8| {
        let hash = ContentHash([content; 32]);
        let at = distinct.contents.iter().position(|c| c.hash == hash);
        u32::try_from(at.unwrap()).unwrap()
    };
    let mut verdicts = Vec::new();
    let mut edges = Vec::new();
    for &(a, b, evidence, cosine) in related {
        let (a, b) = (position(a).min(position(b)), position(a).max(position(b)));
        let cosine = Cosine(cosine);
        edges.push(Edge { a, b, cosine });
        if evidence.is_some() {
            let numbers = Numbers {
                cosine,
                scale: 1.0,
                seconds_apart: None,
            };
            let verdict = Verdict {
                evidence,
                numbers,
                pixels: PixelVerdict::UNRELATED,
                weakened: None,
            };
            verdicts.push((a, b, verdict));
        }
    }
    let findings = Findings {
        distinct,
        verdicts,
        edges,
    };
    let grouping = GroupSettings {
        similarity: Cosine(0.6),
        weakest: Evidence::Similar,
        keep: KeepSettings::default(),
        not_duplicates: Vec::new(),
    };
    let cutter = Cutter {
        shots: Arc::new(Shots::build(&findings.of(&photos), &grouping, &false.into()).unwrap()),
        findings: Arc::new(findings),
        grouping,
        floor: Cosine(0.5),
    };
    Review::new(photos.into(), cutter, |photo| {
        photo.path.starts_with("/protected")
    })
}

/// Cuts the groups as the window does, without its thread.
fn cut(review: &mut Review, similarity: Cosine) {
    let shots = review.ask_cut(similarity).unwrap();
    let groups = shots.groups(similarity);
    review.take_cut(&shots, similarity, groups, Duration::ZERO);
}

/// Two shots that are similar at 0.8: three copies of a content (one of them protected) with an
/// edited version, and two files of another content.
fn example() -> Review {
    review_of(
        vec![
            photo("/a/1.jpg", 1, 400),
            photo("/a/2.jpg", 1, 400),
            photo("/a/3.jpg", 2, 300),
            photo("/b/4.jpg", 3, 200),
            photo("/b/5.jpg", 3, 200),
            photo("/protected/6.jpg", 1, 400),
        ],
        &[(1, 2, Some(Evidence::SameShot), 0.9), (1, 3, None, 0.8)],
    )
}

fn marked(review: &Review) -> Vec<usize> {
    let all = 0..review.photos().len();
    all.filter(|&at| review.is_marked(PhotoId(u32::try_from(at).unwrap())))
        .collect()
}

#[test]
fn every_proposal_is_a_mark_and_nothing_protected_is() {
    let review = example();
    assert_eq!(review.groups().len(), 1);
    // One of the three equal files leads; the other unprotected one, the smaller edit and one
    // of the two other equal files are surplus.
    assert_eq!(marked(&review).len(), review.totals().marked);
    assert!(!review.is_marked(PhotoId(5)));
    assert!(review.totals().marked >= 2, "{:?}", marked(&review));
}

#[test]
fn marks_are_toggled_undone_and_done_again() {
    let mut review = example();
    let before = marked(&review);
    let photo = PhotoId(3);
    review.toggle(photo).unwrap();
    let after = marked(&review);
    assert_ne!(before, after);
    assert_eq!(
        review.undo().unwrap().name,
        if review.is_marked(photo) {
            "keep"
        } else {
            "mark"
        }
    );
    assert_eq!(marked(&review), before);
    review.redo().unwrap();
    assert_eq!(marked(&review), after);
    assert!(review.redo().is_none());
}

#[test]
fn the_last_photo_of_a_group_and_a_protected_one_are_not_marked() {
    let mut review = example();
    assert_eq!(
        review.set_mark(PhotoId(5), Mark::Remove),
        Err(Refusal::Protected)
    );
    // The protected one stays, so that all others may go.
    for photo in 0..5 {
        assert_eq!(review.set_mark(PhotoId(photo), Mark::Remove), Ok(()));
    }
    let mut alone = review_of(vec![photo("/a/1.jpg", 1, 4), photo("/a/2.jpg", 1, 4)], &[]);
    alone.set_mark(PhotoId(0), Mark::Keep).unwrap();
    alone.set_mark(PhotoId(1), Mark::Remove).unwrap();
    assert_eq!(
        alone.set_mark(PhotoId(0), Mark::Remove),
        Err(Refusal::LastOfGroup)
    );
}

#[test]
fn a_photo_that_is_gone_is_not_marked_nor_kept_alone() {
    let mut review = example();
    review.set_gone(PhotoId(3), true);
    assert_eq!(
        review.set_mark(PhotoId(3), Mark::Remove),
        Err(Refusal::Gone)
    );
    assert_eq!(review.keep_only(PhotoId(3)), Err(Refusal::Gone));
}

#[test]
fn each_mark_has_what_stands_for_it_and_says_by_what_evidence() {
    let mut review = example();
    // The second shot goes whole: only the first can stand for it, as something alike.
    for (photo, mark) in [(3, Mark::Remove), (4, Mark::Remove), (0, Mark::Keep)] {
        review.set_mark(PhotoId(photo), mark).unwrap();
    }
    let all = review.marked();
    assert_eq!(all.len(), review.totals().marked);
    for found in &all {
        assert!(!found.stands.is_empty(), "{found:?}");
        let (stand, evidence) = found.stands[0];
        assert!(!review.is_marked(stand), "{found:?}");
        let expected = match found.photo.0 {
            0 | 1 => Evidence::IdenticalFile,
            2 => Evidence::SameShot,
            _ => Evidence::Similar,
        };
        assert_eq!(evidence, expected, "{found:?}");
    }
}

#[test]
fn what_was_removed_is_in_no_group_until_it_is_back_with_marks_and_place_as_before() {
    let mut review = example();
    let photo = PhotoId(2);
    review.set_mark(photo, Mark::Remove).unwrap();
    let (before, groups) = (marked(&review), review.groups().to_vec());
    let removed: Vec<PhotoId> = review.marked().iter().map(|found| found.photo).collect();
    review.take_away(&removed);
    assert_eq!(review.totals().marked, 0);
    assert!(review.group_of(photo).is_none());
    // At another similarity they stay out, and undoing a mark brings nothing back.
    cut(&mut review, Cosine(0.7));
    review.undo().unwrap();
    assert!(review.group_of(photo).is_none());
    review.redo().unwrap();
    review.bring_back(&removed);
    cut(&mut review, Cosine(0.6));
    assert_eq!(review.groups(), groups);
    assert_eq!(marked(&review), before);
}

#[test]
fn where_the_keeper_was_removed_the_best_that_is_left_leads() {
    let mut review = example();
    let keeper = review.groups()[0].shots[0].keeper;
    review.take_away(&[keeper]);
    let shot = &review.groups()[0].shots[0];
    assert_ne!(shot.keeper, keeper);
    assert_eq!(shot.members[0].photo, shot.keeper);
    assert_eq!(shot.members[0].copy_of, None);
    let left: Vec<PhotoId> = shot.members.iter().map(|member| member.photo).collect();
    for member in &shot.members[1..] {
        assert!(left.contains(&member.copy_of.unwrap()), "{member:?}");
        assert!(member.evidence.unwrap().is_one_shot());
    }
    // Of two photos one is no group.
    let mut two = review_of(vec![photo("/a/1.jpg", 1, 4), photo("/a/2.jpg", 1, 4)], &[]);
    two.take_away(&[PhotoId(1)]);
    assert!(two.groups().is_empty());
}

#[test]
fn keep_only_keeps_one_and_what_is_protected() {
    let mut review = example();
    review.keep_only(PhotoId(4)).unwrap();
    assert_eq!(marked(&review), [0, 1, 2, 3]);
    assert_eq!(review.totals().decided, 1);
}

#[test]
fn a_cut_parts_the_group_and_every_part_keeps_a_photo() {
    let mut review = example();
    // All of the second shot may go as long as the first one stays...
    review.set_mark(PhotoId(3), Mark::Remove).unwrap();
    review.set_mark(PhotoId(4), Mark::Remove).unwrap();
    // ...but not when they no longer belong together.
    cut(&mut review, Cosine(0.85));
    assert_eq!(review.groups().len(), 2);
    let other = review.group_of(PhotoId(3)).unwrap();
    assert!(
        other
            .members()
            .any(|member| !review.is_marked(member.photo))
    );
    // Back again, what was said holds again.
    cut(&mut review, Cosine(0.6));
    assert!(review.is_marked(PhotoId(3)) && review.is_marked(PhotoId(4)));
}

#[test]
fn a_filter_shows_what_fits_and_the_user_stays_where_he_was() {
    let mut review = example();
    cut(&mut review, Cosine(0.85));
    let here = review.current_member().unwrap().1.photo;
    for (filter, shown) in [
        (
            Filter {
                text: "4.JPG".into(),
                ..Filter::default()
            },
            1,
        ),
        (
            Filter {
                text: "nothing".into(),
                ..Filter::default()
            },
            0,
        ),
        (
            Filter {
                folder: Some("/b".into()),
                ..Filter::default()
            },
            1,
        ),
        (
            Filter {
                bytes: 300,
                ..Filter::default()
            },
            1,
        ),
        (
            Filter {
                tier: Some(Evidence::IdenticalFile),
                ..Filter::default()
            },
            1,
        ),
        (
            Filter {
                tier: Some(Evidence::SameShot),
                ..Filter::default()
            },
            1,
        ),
        (
            Filter {
                undecided: true,
                ..Filter::default()
            },
            2,
        ),
        (Filter::default(), 2),
    ] {
        review.set_filter(filter.clone());
        assert_eq!(review.shown().len(), shown, "{filter:?}");
    }
    assert_eq!(review.current_member().unwrap().1.photo, here);
}

#[test]
fn not_duplicates_are_the_pairs_between_shots_and_can_be_taken_back() {
    let mut review = example();
    let pairs = review.declare_apart(false);
    let hash = |content| ContentHash([content; 32]);
    assert_eq!(pairs, [(hash(1), hash(3)), (hash(2), hash(3))]);
    assert_eq!(review.cutter().unwrap().grouping.not_duplicates, pairs);
    let moved = review.undo().unwrap();
    assert_eq!(moved.withdraw, pairs);
    assert!(review.cutter().unwrap().grouping.not_duplicates.is_empty());
}

#[test]
fn rules_leave_a_photo_in_every_group_and_can_be_undone() {
    let mut review = example();
    let before = marked(&review);
    for rule in [
        Rule::Copies(Evidence::SameShot),
        Rule::KeepOldest,
        Rule::KeepNewest,
        Rule::KeepLargest,
        Rule::KeepSmallest,
        Rule::KeepHighestResolution,
        Rule::KeepFromFolders(vec!["/b".into()]),
        Rule::KeepFormat(Format::Png),
        Rule::MarkNamed("jpg".into()),
        Rule::MarkNamed("2".into()),
    ] {
        for scope in [Scope::Shots, Scope::Groups] {
            let selection = review.select(&rule, scope);
            let expected = review.totals().marked + selection.photos - selection.unmarked;
            review.apply(&selection).unwrap();
            assert_eq!(review.totals().marked, expected, "{rule:?} {scope:?}");
            for group in review.groups() {
                assert!(
                    group
                        .members()
                        .any(|member| !review.is_marked(member.photo))
                );
            }
            if !selection.is_empty() {
                review.undo().unwrap();
            }
            assert_eq!(marked(&review), before, "{rule:?} {scope:?}");
        }
    }
}

#[test]
fn a_new_analysis_goes_on_where_the_earlier_one_was() {
    let mut earlier = example();
    earlier.keep_only(PhotoId(4)).unwrap();
    earlier.go_to_member(2);
    let here = earlier.current_member().unwrap().1.photo;
    let here = earlier.photo(here).unwrap().path.clone();
    // A photo was added before the others and one is gone.
    let mut photos = vec![photo("/a/0.jpg", 9, 100)];
    photos.extend(
        earlier
            .photos()
            .iter()
            .filter(|p| !p.path.ends_with("2.jpg"))
            .cloned(),
    );
    let mut review = review_of(
        photos,
        &[(1, 2, Some(Evidence::SameShot), 0.9), (1, 3, None, 0.8)],
    );
    review.go_on_from(&earlier);
    let member = review.current_member().unwrap().1.photo;
    assert_eq!(review.photo(member).unwrap().path, here);
    assert_eq!(marked(&review), [1, 2, 3]);
    assert_eq!(review.undo().unwrap().name, "keep only this one");
}

proptest! {
    #[test]
    fn whatever_is_done_every_group_keeps_a_photo_and_nothing_protected_is_marked(
        contents in prop::collection::vec((0_u8..6, any::<bool>()), 2..12),
        related in prop::collection::vec((0_u8..6, 0_u8..6, prop::option::of(
            prop::sample::select(vec![Evidence::SameShot, Evidence::Burst])), 0.5_f32..1.0), 0..10),
        steps in prop::collection::vec((0_u8..7, 0_u32..12, 0.5_f32..1.0), 0..40),
    ) {
        let photos: Vec<Photo> = contents
            .iter()
            .enumerate()
            .map(|(at, &(content, is_protected))| {
                let folder = if is_protected && at % 3 == 0 { "protected" } else { "a" };
                photo(&format!("/{folder}/{at:02}.jpg"), content, 100 + u32::from(content))
            })
            .collect();
        let mut photos = photos;
        photos.sort_by(|a, b| a.path.cmp(&b.path));
        let there = |content: u8| contents.iter().any(|&(c, _)| c == content);
        let related: Vec<_> = related
            .into_iter()
            .filter(|&(a, b, ..)| a != b && there(a) && there(b))
            .collect();
        let mut review = review_of(photos, &related);
        for (step, photo, similarity) in steps {
            let photo = PhotoId(photo);
            match step {
                0 => { review.toggle(photo).ok(); }
                1 => { review.keep_only(photo).ok(); }
                2 => cut(&mut review, Cosine(similarity)),
                3 => { review.undo(); }
                4 => { review.redo(); }
                5 => { review.accept().ok(); }
                _ => {
                    let selection = review.select(&Rule::KeepLargest, Scope::Groups);
                    review.apply(&selection).ok();
                }
            }
            let mut totals = Totals::default();
            for (position, group) in review.groups().iter().enumerate() {
                prop_assert!(group.members().any(|m| !review.is_marked(m.photo)));
                prop_assert!(group.members().all(|m|
                    !(review.is_protected(m.photo) && review.is_marked(m.photo))));
                totals.take_in(review.summary(position).unwrap());
            }
            prop_assert_eq!(&totals, review.totals());
        }
    }
}
