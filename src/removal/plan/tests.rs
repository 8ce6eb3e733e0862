//! Whatever is marked, no plan takes the last copy of anything, or what is protected.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::action::Reflinks;
use super::*;
use crate::photo::ContentHash;

/// A small disk: paths, some of which are names of one file.
#[derive(Clone, Debug)]
struct Disk {
    /// For each path the inode, and whether it is protected.
    paths: Vec<(u64, bool)>,
    /// For each inode the content.
    contents: Vec<u8>,
    /// For each path, a path that goes with it, and as what.
    companions: Vec<Option<(usize, CompanionKind)>>,
}

/// A mark: path, the paths that may stand for it with their evidence.
type Marks = Vec<(usize, Vec<(usize, Evidence)>)>;

const PATHS: usize = 12;
const INODES: usize = 9;

fn disks() -> impl Strategy<Value = (Disk, Marks, Action, Evidence)> {
    let evidence = || {
        prop::sample::select(vec![
            Evidence::IdenticalFile,
            Evidence::IdenticalPixels,
            Evidence::SameShot,
            Evidence::Burst,
        ])
    };
    let kind = prop::sample::select(vec![
        CompanionKind::Raw,
        CompanionKind::Video,
        CompanionKind::Sidecar,
    ]);
    let reflinks = Action::Reflink(Reflinks([1].into()));
    let action = prop::sample::select(vec![
        Action::Trash,
        Action::HardLink,
        reflinks,
        Action::Delete,
    ]);
    let path = || 0..PATHS;
    (
        prop::collection::vec((0..INODES as u64, prop::bool::weighted(0.1)), PATHS),
        prop::collection::vec(0..4_u8, INODES),
        prop::collection::vec(prop::option::weighted(0.2, (path(), kind)), PATHS),
        prop::collection::vec(
            (path(), prop::collection::vec((path(), evidence()), 0..4)),
            0..16,
        ),
        action,
        evidence(),
    )
        .prop_map(|(paths, contents, companions, marks, action, weakest)| {
            let disk = Disk {
                paths,
                contents,
                companions,
            };
            (disk, marks, action, weakest)
        })
}

impl Disk {
    fn path(index: usize) -> PathBuf {
        PathBuf::from(format!("/photos/{index:02}.jpg"))
    }

    fn located(&self, index: usize) -> Located {
        let (inode, is_protected) = self.paths[index];
        Located {
            path: Self::path(index),
            stamp: FileStamp {
                device: 1,
                inode: inode + 1,
                size: 10,
                modified_ns: 0,
                changed_ns: 0,
            },
            is_protected,
        }
    }

    fn content(&self, index: usize) -> u8 {
        self.contents[usize::try_from(self.paths[index].0).unwrap()]
    }

    fn with(&self, index: usize) -> Vec<(CompanionKind, Located)> {
        self.companions[index]
            .filter(|(other, _)| *other != index)
            .map(|(other, kind)| (kind, self.located(other)))
            .into_iter()
            .collect()
    }

    fn surveyed(&self, marks: &Marks) -> Vec<Surveyed> {
        let hash = |index: usize| ContentHash([self.content(index); 32]);
        marks
            .iter()
            .map(|(marked, stands)| {
                let stands: Vec<Stand> = stands
                    .iter()
                    .map(|&(index, evidence)| Stand {
                        path: Self::path(index),
                        content: hash(index),
                        evidence,
                    })
                    .collect();
                let index = |stand: &Stand| {
                    (0..PATHS)
                        .find(|&index| Self::path(index) == stand.path)
                        .unwrap()
                };
                Surveyed {
                    file: Ok(self.located(*marked)),
                    companions: self.with(*marked),
                    keepers: stands
                        .iter()
                        .map(|stand| {
                            let at = index(stand);
                            FoundStand {
                                stand: stand.clone(),
                                file: self.located(at),
                                companions: self.with(at),
                            }
                        })
                        .collect(),
                    surplus: Surplus {
                        path: Self::path(*marked),
                        content: hash(*marked),
                        bytes: 10,
                        stamp: None,
                        keepers: stands,
                    },
                }
            })
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_takes_a_last_copy_or_what_is_protected((disk, marks, action, weakest) in disks()) {
        let is_link = !action.takes_photos_away();
        let is_deletion = action == Action::Delete;
        let plan = Plan::build(disk.surveyed(&marks), action, weakest);
        let inode: BTreeMap<PathBuf, u64> =
            (0..PATHS).map(|index| (Disk::path(index), disk.paths[index].0)).collect();
        let mut taken = BTreeSet::new();
        let mut taken_inodes = BTreeSet::new();
        for step in plan.steps() {
            for file in step.files() {
                prop_assert!(taken.insert(file.path.clone()), "in two steps");
                taken_inodes.insert(inode[&file.path]);
            }
        }
        for index in 0..PATHS {
            let is_taken = taken.contains(&Disk::path(index));
            prop_assert!(!(is_taken && disk.paths[index].1), "a protected path is taken");
        }
        // Each photo and each original has another file, by another inode, that stays.
        for step in plan.steps() {
            for keeper in step.keepers() {
                prop_assert!(!taken.contains(&keeper.path));
                prop_assert!(!taken_inodes.contains(&inode[&keeper.path]));
                prop_assert!(keeper.evidence <= weakest);
                prop_assert!(!is_deletion || keeper.evidence.is_one_shot());
                if keeper.evidence == Evidence::IdenticalFile {
                    prop_assert_eq!(Some(keeper.content), step.photo.content);
                } else {
                    prop_assert!(!is_link, "a link to other bytes");
                }
            }
            for companion in &step.companions {
                if companion.kind.is_some_and(CompanionKind::is_original) {
                    let twin = companion.twin.as_ref().unwrap();
                    prop_assert!(!taken_inodes.contains(&inode[&twin.path]));
                }
            }
        }
        // Where all evidence is equal bytes, no content disappears from the disk.
        if weakest == Evidence::IdenticalFile || is_link {
            for step in plan.steps() {
                let content = disk.contents[usize::try_from(inode[&step.photo.path]).unwrap()];
                let stays = (0..PATHS).any(|index| {
                    disk.content(index) == content && !taken_inodes.contains(&disk.paths[index].0)
                });
                prop_assert!(stays, "the last copy of a content is taken");
            }
        }
        // Each mark is in the plan or refused, once.
        let marked: BTreeSet<PathBuf> = marks.iter().map(|(index, _)| Disk::path(*index)).collect();
        let answered: Vec<PathBuf> = plan
            .steps()
            .iter()
            .map(|step| step.photo.path.clone())
            .chain(plan.refused().iter().map(|refused| refused.path.clone()))
            .collect();
        prop_assert_eq!(answered.len(), marked.len());
        prop_assert_eq!(answered.into_iter().collect::<BTreeSet<_>>(), marked);
    }
}

fn simple(keeper: usize, marked: usize) -> (usize, Vec<(usize, Evidence)>) {
    (marked, vec![(keeper, Evidence::IdenticalFile)])
}

fn plain_disk() -> Disk {
    Disk {
        paths: (0..PATHS as u64).map(|inode| (inode, false)).collect(),
        contents: vec![1; PATHS],
        companions: vec![None; PATHS],
    }
}

#[test]
fn what_can_go_goes_and_what_cannot_says_why() {
    let disk = plain_disk();
    let marks = vec![simple(0, 1), simple(3, 2), simple(2, 3), (5, vec![])];
    let plan = Plan::build(disk.surveyed(&marks), Action::Trash, Evidence::SameShot);
    assert_eq!(plan.totals().photos, 1);
    assert_eq!(plan.steps()[0].photo().path(), Disk::path(1));
    let reasons: Vec<Refusal> = plan
        .refused()
        .iter()
        .map(|refused| refused.reason.clone())
        .collect();
    assert_eq!(
        reasons,
        [
            Refusal::KeeperMarked,
            Refusal::KeeperMarked,
            Refusal::NoKeeper
        ]
    );
}

#[test]
fn a_photo_of_two_groups_needs_a_keeper_in_both() {
    let disk = plain_disk();
    let both = vec![simple(0, 1), simple(2, 1)];
    let plan = Plan::build(disk.surveyed(&both), Action::Trash, Evidence::SameShot);
    assert_eq!(plan.steps()[0].keepers().count(), 2);
    let one = vec![simple(0, 1), (1, vec![])];
    let plan = Plan::build(disk.surveyed(&one), Action::Trash, Evidence::SameShot);
    assert!(plan.steps().is_empty());
}

#[test]
fn reflinks_are_planned_only_where_the_file_system_has_them() {
    let disk = plain_disk();
    let plan = |reflinks| {
        let surveyed = disk.surveyed(&vec![simple(0, 1)]);
        Plan::build(surveyed, Action::Reflink(reflinks), Evidence::SameShot)
    };
    assert_eq!(plan(Reflinks([1].into())).steps().len(), 1);
    let refused = plan(Reflinks([2].into()));
    assert!(refused.steps().is_empty());
    assert_eq!(refused.refused()[0].reason, Refusal::NoReflinks);
}

#[test]
fn deletion_needs_the_words() {
    let disk = plain_disk();
    let plan = || {
        Plan::build(
            disk.surveyed(&vec![simple(0, 1)]),
            Action::Delete,
            Evidence::SameShot,
        )
    };
    assert!(plan().approve().is_err());
    assert!(plan().approve_deletion("yes").is_err());
    assert_eq!(deletion_phrase(&plan()), "delete 1 photos");
    assert!(plan().approve_deletion("delete 1 photos").is_ok());
}
