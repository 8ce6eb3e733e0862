//! What is known of photos, side by side: what differs, and who has the better of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::words;
use crate::photo::Photo;

/// One thing that is known of every photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What it is.
    pub(crate) name: &'static str,
    /// What it is of each photo, in their order.
    pub(crate) values: Vec<Value>,
    /// Whether the photos differ in it.
    pub(crate) differs: bool,
}

/// What a photo has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// In words; empty where it has none.
    pub(crate) text: String,
    /// Why no other has a better one, where some have a worse one: `most pixels`.
    pub(crate) better: Option<&'static str>,
}

/// A text, and how much of what is good it stands for, if that can be said.
type Ranked = (String, Option<i128>);

/// All facts of some photos.
pub(crate) fn facts(photos: &[&Photo]) -> Vec<Fact> {
    let row = |name, praise, how: &dyn Fn(&Photo) -> Ranked| {
        fact(
            name,
            praise,
            photos.iter().map(|photo| how(photo)).collect(),
        )
    };
    vec![
        row("Pixels", "most pixels", &|photo| {
            let content = &photo.content;
            let size = words::dimensions(content.width, content.height);
            let text = format!("{size}, {}", words::megapixels(content.pixels()));
            (text, Some(content.pixels().into()))
        }),
        row("File", "largest file", &|photo| {
            let size = photo.stamp.size;
            (words::bytes(size), Some(size.into()))
        }),
        row("Format", "", &|photo| {
            (words::format_name(photo.content.format), None)
        }),
        row("Taken", "earliest", &|photo| {
            let taken = photo.content.metadata.taken_at;
            let text = taken.map(|taken| words::date_time(taken.local));
            let rank = taken.map(|taken| {
                let at = taken.local.to_zoned_datetime(TimeZone::UTC);
                at.map_or(0, |at| -at.timestamp().as_nanosecond())
            });
            (text.unwrap_or_default(), rank)
        }),
        row("Camera", "has a camera", &|photo| {
            let camera = photo.content.metadata.camera.clone();
            let rank = camera.as_ref().map(|_| 1);
            (camera.unwrap_or_default(), rank)
        }),
        row("Place", "has a place", &|photo| {
            let gps = photo.content.metadata.gps;
            let text = gps.map(|gps| format!("{:.4}, {:.4}", gps.latitude, gps.longitude));
            (text.unwrap_or_default(), gps.map(|_| 1))
        }),
        row("File date", "oldest file", &|photo| {
            let at = photo.stamp.modified_ns;
            let text = Timestamp::from_nanosecond(at.into())
                .map(|at| words::date_time(TimeZone::system().to_datetime(at)));
            // A time out of all bounds is none.
            (text.unwrap_or_default(), Some(-i128::from(at)))
        }),
        row("Name", "", &|photo| (words::file_name(&photo.path), None)),
        row("Folder", "", &|photo| (words::folder(&photo.path), None)),
    ]
}

fn fact(name: &'static str, praise: &'static str, ranked: Vec<Ranked>) -> Fact {
    let mut texts = ranked.iter().map(|(text, _)| text);
    let first = texts.next();
    let differs = texts.any(|text| Some(text) != first);
    let best = ranked.iter().filter_map(|(_, rank)| *rank).max();
    let has_best = |rank: Option<i128>| best.is_some() && rank == best;
    let some_worse = ranked.iter().any(|&(_, rank)| !has_best(rank));
    let values = ranked.into_iter().map(|(text, rank)| Value {
        text,
        better: (differs && some_worse && has_best(rank)).then_some(praise),
    });
    Fact {
        name,
        values: values.collect(),
        differs,
    }
}

/// A photo that is nowhere, for tests.
#[cfg(test)]
pub(crate) mod fixtures {
    use std::path::PathBuf;
    use std::sync::Arc;

    use crate::photo::{
        Content, ContentHash, FileStamp, Fingerprint, Format, Metadata, Orientation,
        PerceptualHash, Photo, TakenAt,
    };

    /// A square JPEG of this name, side, size and capture time.
    pub(crate) fn photo(name: &str, side: u32, bytes: u64, taken: Option<&str>) -> Photo {
        Photo {
            path: PathBuf::from("photos").join(name),
            stamp: FileStamp {
                device: 0,
                inode: 0,
                size: bytes,
                modified_ns: 0,
                changed_ns: 0,
            },
            content: Arc::new(Content {
                hash: ContentHash([0; 32]),
                format: Format::Jpeg,
                width: side,
                height: side,
                metadata: Metadata {
                    taken_at: taken.map(|text| text.parse::<TakenAt>().unwrap()),
                    orientation: Orientation::Normal,
                    camera: None,
                    gps: None,
                },
                fingerprint: Fingerprint {
                    hash: PerceptualHash([0; 4]),
                    contrast: 0.0,
                    texture: 0.0,
                    mean_rgb: [0; 3],
                },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::photo;
    use super::*;

    fn better(facts: &[Fact], name: &str) -> Vec<Option<&'static str>> {
        let fact = facts.iter().find(|fact| fact.name == name).unwrap();
        fact.values.iter().map(|value| value.better).collect()
    }

    #[test]
    fn what_differs_is_told_with_who_has_the_better_of_it() {
        let photos = [
            photo("a.jpg", 400, 9000, Some("2021-05-12T14:03:07")),
            photo("b.jpg", 200, 9000, None),
            photo("c.jpg", 400, 4000, Some("2020-01-01T00:00:00")),
        ];
        let facts = facts(&photos.iter().collect::<Vec<_>>());
        let differing: Vec<_> = facts.iter().filter(|f| f.differs).map(|f| f.name).collect();
        assert_eq!(differing, ["Pixels", "File", "Taken", "Name"]);
        let praise = Some("most pixels");
        assert_eq!(better(&facts, "Pixels"), [praise, None, praise]);
        let praise = Some("largest file");
        assert_eq!(better(&facts, "File"), [praise, praise, None]);
        assert_eq!(better(&facts, "Taken"), [None, None, Some("earliest")]);
        assert_eq!(better(&facts, "Format"), [None; 3]);
        assert_eq!(better(&facts, "Name"), [None; 3], "no name is better");
    }
}
