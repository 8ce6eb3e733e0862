//! What holds for shots and groups whatever the photos: generated libraries and verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::matching::keep::{KeepRule, KeepSettings};
use crate::matching::pixels::PixelVerdict;
use crate::matching::verify::Numbers;
use crate::photo::{
    Content, ContentHash, FileStamp, Fingerprint, Format, Metadata, PerceptualHash,
};

/// A photo whose content is told by a number and whose rank by its width.
fn photo(path: &str, content: u8, width: u32, format: Format) -> Photo {
    Photo {
        path: PathBuf::from(path),
        stamp: FileStamp {
            device: 1,
            inode: 1,
            size: 1000,
            modified_ns: 0,
            changed_ns: 0,
        },
        content: Arc::new(Content {
            hash: ContentHash([content; 32]),
            format,
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

fn verdict(evidence: Option<Evidence>, cosine: f32) -> Verdict {
    Verdict {
        evidence,
        numbers: Numbers {
            cosine: Cosine(cosine),
            scale: 1.0,
            seconds_apart: None,
        },
        pixels: PixelVerdict::UNRELATED,
        weakened: None,
    }
}

fn settings(similarity: f32, weakest: Evidence) -> GroupSettings {
    GroupSettings {
        similarity: Cosine(similarity),
        weakest,
        keep: KeepSettings::default(),
        not_duplicates: Vec::new(),
    }
}

/// A library whose pairs are named by content, so that it can be laid out in any order.
#[derive(Clone, Debug)]
struct Library {
    photos: Vec<Photo>,
    /// (content, content, evidence or veto, cosine)
    verdicts: Vec<(u8, u8, Option<Evidence>, f32)>,
    edges: Vec<(u8, u8, f32)>,
    /// Declared to be no duplicates.
    apart: Vec<(u8, u8)>,
}

impl Library {
    fn groups(&self, similarity: f32, weakest: Evidence) -> Vec<Group> {
        let distinct = Distinct::of(&self.photos);
        let position = |content: u8| {
            let at = distinct
                .contents
                .iter()
                .position(|c| c.hash.0[0] == content);
            u32::try_from(at.unwrap()).unwrap()
        };
        let pair = |a, b| {
            let (a, b) = (position(a), position(b));
            (a.min(b), a.max(b))
        };
        let verdicts: Vec<_> = self
            .verdicts
            .iter()
            .map(|&(a, b, evidence, cosine)| {
                let (a, b) = pair(a, b);
                (a, b, verdict(evidence, cosine))
            })
            .collect();
        let edges: Vec<_> = self
            .edges
            .iter()
            .map(|&(a, b, cosine)| {
                let (a, b) = pair(a, b);
                Edge {
                    a,
                    b,
                    cosine: Cosine(cosine),
                }
            })
            .collect();
        let analysed = Analysed {
            photos: &self.photos,
            distinct: &distinct,
            verdicts: &verdicts,
            edges: &edges,
        };
        let hash = |content| ContentHash([content; 32]);
        let declared = self.apart.iter().map(|&(a, b)| (hash(a), hash(b)));
        let settings = GroupSettings {
            not_duplicates: declared.collect(),
            ..settings(similarity, weakest)
        };
        group(&analysed, &settings, &AtomicBool::new(false)).unwrap()
    }

    /// The paths of each shot of each group.
    fn paths(&self) -> Vec<Vec<Vec<String>>> {
        let shot = |shot: &Shot| {
            let members = shot.members.iter();
            members.map(|member| self.path(member.photo)).collect()
        };
        self.groups(0.5, Evidence::Similar)
            .iter()
            .map(|group| group.shots.iter().map(shot).collect())
            .collect()
    }

    fn path(&self, id: PhotoId) -> String {
        self.photos[id.index()].path.display().to_string()
    }

    fn content(&self, id: PhotoId) -> u8 {
        self.photos[id.index()].content.hash.0[0]
    }

    /// Everything about the groups, by path instead of by id.
    fn told(&self, groups: &[Group]) -> Vec<String> {
        let mut lines = Vec::new();
        for group in groups {
            lines.push(format!("group {} {}", group.id, group.relation));
            for shot in &group.shots {
                lines.push(format!(
                    " shot {} {:?} {:?}",
                    shot.relation, shot.cosine, shot.reason
                ));
                for member in shot.members.iter() {
                    lines.push(format!(
                        "  {} <- {:?} {:?} {:?} {:?} {:?}",
                        self.path(member.photo),
                        member.copy_of.map(|id| self.path(id)),
                        member.evidence,
                        member.cosine,
                        member.verdict,
                        member.reasons,
                    ));
                }
            }
        }
        lines
    }

    fn evidence_of(&self, a: u8, b: u8) -> Option<Evidence> {
        self.verdicts
            .iter()
            .find(|&&(x, y, _, _)| (x.min(y), x.max(y)) == (a.min(b), a.max(b)))
            .and_then(|&(_, _, evidence, _)| evidence)
    }

    /// Contents whose pixels equal those of `content`, itself included.
    fn equals(&self, content: u8) -> BTreeSet<u8> {
        let mut equal = BTreeSet::from([content]);
        loop {
            let before = equal.len();
            for &(a, b, evidence, _) in &self.verdicts {
                if evidence == Some(Evidence::IdenticalPixels)
                    && (equal.contains(&a) || equal.contains(&b))
                {
                    equal.extend([a, b]);
                }
            }
            if equal.len() == before {
                return equal;
            }
        }
    }
}

const CONTENTS: u8 = 14;

fn libraries() -> impl Strategy<Value = Library> {
    let photo_of = (0..CONTENTS, 0_usize..3);
    let evidence = prop_oneof![
        4 => Just(Some(Evidence::SameShot)),
        1 => Just(Some(Evidence::IdenticalPixels)),
        2 => Just(Some(Evidence::Burst)),
        2 => Just(Some(Evidence::Similar)),
        1 => Just(None),
    ];
    let cosine = (0_u8..=10).prop_map(|tenths| f32::from(tenths) / 10.0);
    let pair = (0..CONTENTS, 0..CONTENTS);
    (
        proptest::collection::vec(photo_of, 1..24),
        proptest::collection::btree_map(pair.clone(), (evidence, cosine.clone()), 0..50),
        proptest::collection::btree_map(pair.clone(), cosine, 0..50),
        // Of every content there is, or not; often none.
        prop_oneof![Just(Vec::new()), proptest::collection::vec(pair, 0..12)],
    )
        .prop_map(|(photos, verdicts, edges, apart)| {
            let photos: Vec<Photo> = photos
                .iter()
                .enumerate()
                .map(|(at, &(content, folder))| {
                    let format = if content % 3 == 0 {
                        Format::Png
                    } else {
                        Format::Jpeg
                    };
                    // Few widths, so that ranks are decided by paths, too.
                    let width = 100 + u32::from(content % 4);
                    photo(
                        &format!("/{folder}/{}{at}.jpg", at % 5),
                        content,
                        width,
                        format,
                    )
                })
                .collect();
            let there: BTreeSet<u8> = photos.iter().map(|photo| photo.content.hash.0[0]).collect();
            let usable = |a: u8, b: u8| a < b && there.contains(&a) && there.contains(&b);
            Library {
                verdicts: verdicts
                    .into_iter()
                    .filter(|&((a, b), _)| usable(a, b))
                    .map(|((a, b), (evidence, cosine))| (a, b, evidence, cosine))
                    .collect(),
                edges: edges
                    .into_iter()
                    .filter(|&((a, b), _)| usable(a, b))
                    .map(|((a, b), cosine)| (a, b, cosine))
                    .collect(),
                apart: apart.into_iter().filter(|(a, b)| a != b).collect(),
                photos,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_groups_do_not_depend_on_the_order_of_photos_verdicts_or_edges(
        (library, shuffled) in libraries().prop_flat_map(|library| {
            let shuffled = (
                Just(library.photos.clone()).prop_shuffle(),
                Just(library.verdicts.clone()).prop_shuffle(),
                Just(library.edges.clone()).prop_shuffle(),
                Just(library.apart.iter().map(|&(a, b)| (b, a)).collect::<Vec<_>>()).prop_shuffle(),
            );
            let shuffled = shuffled.prop_map(|(photos, verdicts, edges, apart)| Library {
                photos,
                verdicts,
                edges,
                apart,
            });
            (Just(library), shuffled)
        }),
    ) {
        prop_assert_eq!(
            library.told(&library.groups(0.5, Evidence::Similar)),
            shuffled.told(&shuffled.groups(0.5, Evidence::Similar))
        );
    }

    #[test]
    fn every_member_is_verified_against_the_keeper_or_equals_one_that_is(library in libraries()) {
        for group in library.groups(0.5, Evidence::Similar) {
            for shot in &group.shots {
                let keepers = library.equals(library.content(shot.keeper));
                for member in shot.members.iter() {
                    let equals = library.equals(library.content(member.photo));
                    let verified = equals.iter().any(|&a| keepers.iter().any(|&b| {
                        library.evidence_of(a, b) == Some(Evidence::SameShot)
                    }));
                    prop_assert!(equals == keepers || verified);
                }
            }
        }
    }

    #[test]
    fn every_shot_is_related_to_the_first_directly(library in libraries()) {
        for group in library.groups(0.5, Evidence::Similar) {
            let contents = |shot: &Shot| -> Vec<u8> {
                shot.members.iter().map(|member| library.content(member.photo)).collect()
            };
            let (first, others) = group.shots.split_first().unwrap();
            prop_assert_eq!(first.relation, Evidence::SameShot);
            for shot in others {
                let related = contents(first).into_iter().any(|a| contents(shot).into_iter().any(|b| {
                    let pair = (a.min(b), a.max(b));
                    let by_verdict = library.verdicts.iter().any(|&(x, y, evidence, cosine)| {
                        (x, y) == pair && (matches!(evidence, Some(Evidence::Burst | Evidence::SameShot))
                            || evidence == Some(Evidence::Similar) && cosine >= 0.5)
                    });
                    by_verdict || library.edges.iter().any(|&(x, y, cosine)| (x, y) == pair && cosine >= 0.5)
                }));
                prop_assert!(related);
            }
        }
    }

    #[test]
    fn what_is_declared_to_be_no_duplicates_is_in_one_group_never(library in libraries(), tenths in 0_u8..10) {
        for weakest in Evidence::ALL {
            for group in library.groups(f32::from(tenths) / 10.0, weakest) {
                let contents: BTreeSet<u8> =
                    group.members().map(|member| library.content(member.photo)).collect();
                for (a, b) in &library.apart {
                    prop_assert!(!(contents.contains(a) && contents.contains(b)));
                }
            }
        }
    }

    #[test]
    fn a_declaration_about_photos_that_are_not_there_changes_nothing(library in libraries()) {
        let mut more = library.clone();
        more.apart.extend([(CONTENTS, CONTENTS + 1), (0, CONTENTS)]);
        prop_assert_eq!(
            library.told(&library.groups(0.5, Evidence::Similar)),
            more.told(&more.groups(0.5, Evidence::Similar))
        );
    }

    #[test]
    fn each_photo_is_in_one_shot_and_each_shot_in_one_group(library in libraries()) {
        let groups = library.groups(0.5, Evidence::Similar);
        let ids: Vec<PhotoId> = groups.iter().flat_map(Group::members).map(|member| member.photo).collect();
        let once: BTreeSet<PhotoId> = ids.iter().copied().collect();
        prop_assert_eq!(ids.len(), once.len());
        for group in &groups {
            prop_assert!(group.members().count() > 1, "a single photo is no group");
        }
    }

    #[test]
    fn equal_files_always_share_a_shot(library in libraries()) {
        let mut shots: BTreeMap<u8, BTreeSet<PhotoId>> = BTreeMap::new();
        let mut files: BTreeMap<u8, usize> = BTreeMap::new();
        for photo in &library.photos {
            *files.entry(photo.content.hash.0[0]).or_default() += 1;
        }
        for group in library.groups(0.5, Evidence::IdenticalPixels) {
            for shot in &group.shots {
                for member in shot.members.iter() {
                    shots.entry(library.content(member.photo)).or_default().insert(shot.keeper);
                }
            }
        }
        for (content, count) in files {
            if count > 1 {
                prop_assert_eq!(shots.get(&content).map(BTreeSet::len), Some(1));
            }
        }
    }

    #[test]
    fn the_keeper_is_kept_and_every_copy_leads_to_it(library in libraries()) {
        for group in library.groups(0.5, Evidence::Similar) {
            for shot in &group.shots {
                let members: BTreeMap<PhotoId, (usize, &Member)> =
                    shot.members.iter().enumerate().map(|(at, m)| (m.photo, (at, m))).collect();
                prop_assert_eq!(members[&shot.keeper].0, 0);
                prop_assert_eq!(members[&shot.keeper].1.verdict, MemberVerdict::Keep);
                for member in shot.members.iter() {
                    prop_assert_eq!(member.copy_of.is_none(), member.photo == shot.keeper);
                    prop_assert_eq!(member.evidence.is_none(), member.photo == shot.keeper);
                    if let Some(better) = member.copy_of {
                        // Strictly better each time: no cycle, and the only end is the keeper.
                        prop_assert!(members[&better].0 < members[&member.photo].0);
                    }
                }
            }
        }
    }

    #[test]
    fn a_higher_similarity_only_splits_groups(library in libraries(), low in 0_u8..10, step in 0_u8..5) {
        let at = |tenths: u8| library.groups(f32::from(tenths) / 10.0, Evidence::Similar);
        let group_of: BTreeMap<PhotoId, u32> = at(low)
            .iter()
            .flat_map(|group| group.members().map(|member| (member.photo, group.id)))
            .collect();
        for group in at(low + step) {
            let whole: BTreeSet<Option<&u32>> =
                group.members().map(|member| group_of.get(&member.photo)).collect();
            prop_assert_eq!(whole.len(), 1);
            prop_assert!(!whole.contains(&None));
        }
    }

    #[test]
    fn weaker_evidence_than_asked_for_is_left_out(library in libraries()) {
        for weakest in Evidence::ALL {
            for group in library.groups(0.3, weakest) {
                prop_assert!(group.shots.len() == 1 || group.relation <= weakest);
                for member in group.members() {
                    let reported = weakest.max(Evidence::IdenticalPixels);
                    prop_assert!(member.evidence.is_none_or(|tier| tier <= reported));
                }
            }
        }
    }
}

#[test]
fn of_two_equal_files_worse_than_the_keeper_one_is_the_copy_of_the_other() {
    let library = Library {
        photos: vec![
            photo("/small.jpg", 2, 50, Format::Jpeg),
            photo("/small again.jpg", 2, 50, Format::Jpeg),
            photo("/large.jpg", 1, 400, Format::Jpeg),
        ],
        verdicts: vec![(1, 2, Some(Evidence::SameShot), 0.9)],
        edges: Vec::new(),
        apart: Vec::new(),
    };
    let groups = library.groups(0.5, Evidence::Similar);
    let shot = &groups[0].shots[0];
    let links: Vec<_> = shot
        .members
        .iter()
        .map(|member| {
            (
                library.path(member.photo),
                member.copy_of.map(|id| library.path(id)),
                member.evidence,
            )
        })
        .collect();
    assert_eq!(
        links,
        [
            ("/large.jpg".to_owned(), None, None),
            (
                "/small again.jpg".to_owned(),
                Some("/large.jpg".to_owned()),
                Some(Evidence::SameShot)
            ),
            (
                "/small.jpg".to_owned(),
                Some("/small again.jpg".to_owned()),
                Some(Evidence::IdenticalFile)
            ),
        ]
    );
    assert!(
        shot.members[1..]
            .iter()
            .all(|member| member.verdict == MemberVerdict::Remove)
    );
}

#[test]
fn a_png_with_the_pixels_of_a_jpeg_is_its_copy_and_not_its_keeper() {
    let library = Library {
        photos: vec![
            photo("/a.png", 1, 400, Format::Png),
            photo("/b.jpg", 2, 400, Format::Jpeg),
        ],
        verdicts: vec![(1, 2, Some(Evidence::IdenticalPixels), 1.0)],
        edges: Vec::new(),
        apart: Vec::new(),
    };
    let groups = library.groups(0.5, Evidence::Similar);
    assert_eq!(library.path(groups[0].shots[0].keeper), "/b.jpg");
    let copy = &groups[0].shots[0].members[1];
    assert_eq!(copy.evidence, Some(Evidence::IdenticalPixels));
    assert_eq!(copy.verdict, MemberVerdict::Remove);
}

#[test]
fn a_veto_beats_the_embedding() {
    let mut library = Library {
        photos: vec![
            photo("/a.jpg", 1, 400, Format::Jpeg),
            photo("/b.jpg", 2, 400, Format::Jpeg),
        ],
        verdicts: vec![(1, 2, None, 0.9)],
        edges: vec![(1, 2, 0.9)],
        apart: Vec::new(),
    };
    assert_eq!(library.groups(0.5, Evidence::Similar), []);
    library.verdicts.clear();
    let groups = library.groups(0.5, Evidence::Similar);
    assert_eq!(groups[0].relation, Evidence::Similar);
    assert_eq!(
        groups[0].shots[1]
            .reason
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("similar: embedding 0.90")
    );
    assert!(
        groups[0]
            .members()
            .all(|member| member.verdict == MemberVerdict::Keep)
    );
}

#[test]
fn two_copies_of_a_third_that_are_no_duplicates_of_each_other_go_apart() {
    let mut library = Library {
        photos: vec![
            photo("/a.jpg", 1, 200, Format::Jpeg),
            photo("/b.jpg", 2, 300, Format::Jpeg),
            photo("/c.jpg", 3, 400, Format::Jpeg),
        ],
        verdicts: vec![
            (1, 2, Some(Evidence::SameShot), 0.9),
            (1, 3, Some(Evidence::SameShot), 0.9),
            (2, 3, Some(Evidence::SameShot), 0.9),
        ],
        edges: Vec::new(),
        apart: Vec::new(),
    };
    assert_eq!(library.paths(), [[["/c.jpg", "/b.jpg", "/a.jpg"]]]);
    // The better of the two stays with the third; the other one has no company left.
    library.apart = vec![(2, 1)];
    assert_eq!(library.paths(), [[["/c.jpg", "/b.jpg"]]]);
    library.apart = vec![(3, 2)];
    assert_eq!(library.paths(), [[["/c.jpg", "/a.jpg"]]]);
    library.apart = vec![(3, 2), (1, 3)];
    assert_eq!(library.paths(), [[["/b.jpg", "/a.jpg"]]]);
    library.apart = vec![(1, 2), (1, 3), (2, 3)];
    assert_eq!(library.paths(), [[[""; 0]; 0]; 0]);
}

#[test]
fn the_users_word_beats_equal_pixels_and_takes_the_copies_along_that_fit() {
    let library = Library {
        photos: vec![
            photo("/a.jpg", 1, 400, Format::Jpeg),
            photo("/a again.jpg", 1, 400, Format::Jpeg),
            photo("/b.jpg", 2, 400, Format::Jpeg),
            photo("/c.jpg", 3, 400, Format::Jpeg),
            photo("/d.jpg", 4, 400, Format::Jpeg),
        ],
        verdicts: vec![
            (1, 2, Some(Evidence::IdenticalPixels), 1.0),
            (2, 3, Some(Evidence::IdenticalPixels), 1.0),
            (3, 4, Some(Evidence::IdenticalPixels), 1.0),
        ],
        edges: vec![(1, 2, 0.99)],
        apart: vec![(1, 2), (1, 4)],
    };
    let groups = library.paths();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0], [["/a again.jpg", "/a.jpg", "/c.jpg"]]);
    assert_eq!(groups[1], [["/b.jpg", "/d.jpg"]]);
}

#[test]
fn a_worse_copy_in_a_protected_folder_is_kept_and_says_so() {
    let photos = vec![
        photo("/large.jpg", 1, 400, Format::Jpeg),
        photo("/safe/small.jpg", 2, 200, Format::Jpeg),
    ];
    let distinct = Distinct::of(&photos);
    let same_shot = [(0, 1, verdict(Some(Evidence::SameShot), 0.9))];
    let analysed = Analysed {
        photos: &photos,
        distinct: &distinct,
        verdicts: &same_shot,
        edges: &[],
    };
    let mut settings = settings(0.5, Evidence::Similar);
    for (protected, expected) in [
        (vec![], MemberVerdict::Remove),
        (vec![PathBuf::from("/safe")], MemberVerdict::Keep),
    ] {
        settings.keep.protected_folders = protected;
        let groups = group(&analysed, &settings, &AtomicBool::new(false)).unwrap();
        let copy = &groups[0].shots[0].members[1];
        assert_eq!((copy.photo, copy.verdict), (PhotoId(1), expected));
        let says = copy.reasons.iter().any(|r| r == "in a protected folder");
        assert_eq!(says, expected == MemberVerdict::Keep);
    }
}

#[test]
fn nothing_in_a_protected_folder_is_marked_for_removal() {
    let photos = vec![
        photo("/a.jpg", 1, 400, Format::Jpeg),
        photo("/safe/b.jpg", 1, 400, Format::Jpeg),
    ];
    let distinct = Distinct::of(&photos);
    let analysed = Analysed {
        photos: &photos,
        distinct: &distinct,
        verdicts: &[],
        edges: &[],
    };
    let mut settings = settings(0.5, Evidence::Similar);
    settings.keep.rules.retain(|&rule| rule != KeepRule::Folder);
    settings.keep.protected_folders = vec![PathBuf::from("/safe")];
    let groups = group(&analysed, &settings, &AtomicBool::new(false)).unwrap();
    let copy = &groups[0].shots[0].members[1];
    assert_eq!(copy.photo, PhotoId(1));
    assert_eq!(copy.verdict, MemberVerdict::Keep);
}

#[test]
fn a_verdict_about_an_unknown_content_is_an_error() {
    let photos = vec![photo("/a.jpg", 1, 400, Format::Jpeg)];
    let distinct = Distinct::of(&photos);
    let analysed = Analysed {
        photos: &photos,
        distinct: &distinct,
        verdicts: &[],
        edges: &[Edge {
            a: 0,
            b: 1,
            cosine: Cosine(0.9),
        }],
    };
    assert_eq!(
        group(
            &analysed,
            &settings(0.5, Evidence::Similar),
            &AtomicBool::new(false)
        ),
        Err(MatchError::UnknownContent {
            position: 1,
            contents: 1
        })
    );
}

#[test]
fn what_is_alone_is_not_removed_in_favour_of_the_same_with_a_screen_around_it() {
    use crate::matching::pixels::Alignment;
    use crate::photo::Orientation;
    // The second is larger, for it shows the first in its middle third.
    let photos = vec![
        photo("/photo.jpg", 1, 400, Format::Jpeg),
        photo("/screenshot.jpg", 2, 900, Format::Jpeg),
    ];
    let distinct = Distinct::of(&photos);
    let third = 1.0 / 3.0;
    for (left_out, expected) in [(0.0, MemberVerdict::Review), (0.5, MemberVerdict::Remove)] {
        let mut verdict = verdict(Some(Evidence::SameShot), 0.9);
        verdict.pixels.left_out = left_out;
        verdict.pixels.alignment = Some(Alignment {
            orientation: Orientation::Normal,
            scale: 1.0,
            coverage: [1.0, 1.0],
            map: [1.0, 0.0, 0.0, 0.0, third, third, 0.0, 0.0, 1.0],
        });
        let analysed = Analysed {
            photos: &photos,
            distinct: &distinct,
            verdicts: &[(0, 1, verdict)],
            edges: &[],
        };
        let settings = settings(0.5, Evidence::Similar);
        let groups = group(&analysed, &settings, &AtomicBool::new(false)).unwrap();
        let shot = &groups[0].shots[0];
        assert_eq!(shot.keeper, PhotoId(1));
        assert_eq!(
            shot.members[1].verdict, expected,
            "{:?}",
            shot.members[1].reasons
        );
    }
}
