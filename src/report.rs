//! The result of an analysis as a document: JSON to be read back, CSV for a spreadsheet, HTML
//! to be looked at.
//!
//! [`Report`] is the document itself, format version 1; the writers only render it. Field
//! names and shapes are an interface that scripts rely on: fields may be added, none changed.
//!
//! Pitfall: a path is bytes, JSON is text. Where a path is not UTF-8, `path` is a likeness for
//! reading and `path_bytes` is the path; use [`PathText::to_path_buf`], never the text alone.

mod csv;
mod html;
mod json;
mod path;
mod save;
#[cfg(test)]
mod tests;
mod text;

pub use csv::write_csv;
pub use html::{Thumbnails, write_html};
pub use json::{read_json, write_json};
pub use path::PathText;
pub use save::save;
pub use text::write_text;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::matching::{Cosine, Evidence, Group, MemberVerdict, Part};
use crate::photo::{Photo, Problem};

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// Why a report cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file cannot be written; the previous one, if any, is untouched.
    #[error("cannot write the report: {source}: {}", path.display())]
    Write {
        /// What the system says.
        source: std::io::Error,
        /// The report's file.
        path: PathBuf,
    },
    /// The output took no more: a full disk or a closed pipe.
    #[error("cannot write the report: {0}")]
    Output(#[from] std::io::Error),
    /// A row that the CSV writer refuses.
    #[error("cannot write the report as CSV: {0}")]
    Csv(#[from] ::csv::Error),
    /// Not a report, or a damaged one.
    #[error("this is not a Twinlens report, or it is damaged: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A report of another version of the format.
    #[error("the report has format version {0}, this program reads version {VERSION}: scan again")]
    UnknownVersion(u32),
}

/// The whole document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of the format, [`VERSION`].
    pub report: u32,
    /// Name and version of the program.
    pub program: String,
    /// The folders that were scanned, as they were given.
    pub folders: Vec<String>,
    /// When the analysis began, RFC 3339.
    pub started: Timestamp,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// What computed the vectors.
    pub engine: Engine,
    /// The sums.
    pub totals: Totals,
    /// Where the time went.
    pub stages: Vec<Stage>,
    /// Every readable photo, in order of id.
    pub photos: Vec<ReportPhoto>,
    /// The groups, in order of id.
    pub groups: Vec<ReportGroup>,
    /// What could not be used, and why.
    pub problems: Vec<ReportProblem>,
    /// Photos that are found whole in another picture, a collage; they are not grouped with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ReportPart>,
    /// How neighbours were searched, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Index>,
    /// What else a reader should know: cases that were left out, fallbacks that were taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What computed the vectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// `embedded`, `onnxruntime`, ...
    pub name: String,
    /// The library and its version.
    pub runtime: String,
    /// The execution provider that really ran.
    pub provider: String,
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its file, 64 hexadecimal digits.
    pub model_sha256: String,
    /// Length of a vector.
    pub dimension: usize,
    /// Resizing, cropping and normalisation, in one line.
    pub preprocessing: String,
}

/// How neighbours were searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// `exact` or `hnsw`.
    pub name: String,
    /// Share, 0 to 1, of the exact neighbours of a sample that the index found.
    pub recall: f64,
}

/// The sums of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Files that were looked at, photos and problems.
    pub files: u64,
    /// Readable photos.
    pub photos: u64,
    /// Bytes of the readable photos.
    pub bytes: u64,
    /// Files that should have been photos and could not be used.
    pub unreadable: u64,
    /// Groups.
    pub groups: u64,
    /// Photos with verdict `remove`; those to be reviewed do not count.
    pub surplus_photos: u64,
    /// Bytes of those photos.
    pub surplus_bytes: u64,
}

/// Where time went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// `walk`, `read`, `decode`, `fingerprint`, `embed`, `neighbours`, `verify`, `group`.
    pub name: String,
    /// From its first to its last item, in seconds; stages overlap.
    pub wall_s: f64,
    /// Sum over all threads, in seconds.
    pub busy_s: f64,
    /// How many items went through.
    pub items: u64,
    /// How many bytes went through, 0 where that says nothing.
    pub bytes: u64,
}

/// A readable photo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPhoto {
    /// Its number in this report.
    pub id: u32,
    /// Where it lies.
    #[serde(flatten)]
    pub path: PathText,
    /// Its size.
    pub bytes: u64,
    /// Upright width in pixels.
    pub width: u32,
    /// Upright height in pixels.
    pub height: u32,
    /// The true format, by its name.
    pub format: String,
    /// BLAKE3 of its bytes, 64 hexadecimal digits.
    pub blake3: String,
    /// Capture time: RFC 3339, without an offset where the photo does not tell it.
    pub taken_at: Option<String>,
}

/// Shots that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportGroup {
    /// Its number in this report.
    pub id: u32,
    /// `same-shot` for one shot alone, else the weakest relation of its shots.
    pub relation: Evidence,
    /// The shots; all are related to the first.
    pub shots: Vec<ReportShot>,
}

/// One exposure with all its copies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportShot {
    /// Id of its best photo.
    pub keeper: u32,
    /// To the group's first shot; `same-shot` for the first itself.
    pub relation: Evidence,
    /// Largest cosine to the group's first shot, four decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
    /// Why it is related, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its photos, best first.
    pub photos: Vec<ReportMember>,
}

/// A photo of a shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportMember {
    /// The photo's id.
    pub id: u32,
    /// Id of the better photo that it duplicates most strongly; null for the keeper.
    pub copy_of: Option<u32>,
    /// By what evidence; null for the keeper.
    pub evidence: Option<Evidence>,
    /// Cosine to `copy_of`, four decimals.
    pub cosine: Option<f64>,
    /// What is proposed.
    pub verdict: MemberVerdict,
    /// Why, in short sentences.
    pub reasons: Vec<String>,
}

/// A photo that is part of a collage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportPart {
    /// Id of the photo.
    pub part: u32,
    /// Id of the collage.
    pub whole: u32,
    /// What was seen, in one sentence.
    pub reason: String,
}

/// A file or folder that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportProblem {
    /// Where it lies.
    #[serde(flatten)]
    pub path: PathText,
    /// The kind, by its name.
    pub kind: String,
    /// One sentence for a person.
    pub message: String,
}

/// What a report is made of, beside photos, groups and problems.
#[derive(Clone, Debug)]
pub struct ReportInputs<'a> {
    /// The folders that were scanned.
    pub folders: &'a [PathBuf],
    /// When the analysis began.
    pub started: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// What computed the vectors.
    pub engine: Engine,
    /// Where the time went.
    pub stages: Vec<Stage>,
    /// How many files the walk looked at, photos and problems.
    pub files: u64,
    /// Every readable photo; ids are positions.
    pub photos: &'a [Photo],
    /// The groups of these photos.
    pub groups: &'a [Group],
    /// Which of them are parts of collages.
    pub parts: &'a [Part],
    /// What could not be used.
    pub problems: &'a [Problem],
    /// How neighbours were searched.
    pub index: Option<Index>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

impl Report {
    /// The report of an analysis; counts the totals.
    #[must_use]
    pub fn new(inputs: ReportInputs<'_>) -> Self {
        let photos: Vec<ReportPhoto> = (0..)
            .zip(inputs.photos)
            .map(|(id, photo)| report_photo(id, photo))
            .collect();
        let surplus: Vec<u64> = inputs
            .groups
            .iter()
            .flat_map(Group::members)
            .filter(|member| member.verdict == MemberVerdict::Remove)
            .filter_map(|member| photos.get(member.photo.index()))
            .map(|photo| photo.bytes)
            .collect();
        Self {
            report: VERSION,
            program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            folders: inputs
                .folders
                .iter()
                .map(|folder| folder.to_string_lossy().into_owned())
                .collect(),
            started: inputs.started,
            elapsed_s: rounded(inputs.elapsed.as_secs_f64(), 3),
            engine: inputs.engine,
            totals: Totals {
                files: inputs.files,
                photos: photos.len() as u64,
                bytes: photos.iter().map(|photo| photo.bytes).sum(),
                unreadable: inputs
                    .problems
                    .iter()
                    .filter(|problem| problem.kind.is_failure())
                    .count() as u64,
                groups: inputs.groups.len() as u64,
                surplus_photos: surplus.len() as u64,
                surplus_bytes: surplus.iter().sum(),
            },
            stages: inputs.stages,
            groups: inputs.groups.iter().map(report_group).collect(),
            problems: inputs.problems.iter().map(report_problem).collect(),
            parts: inputs
                .parts
                .iter()
                .map(|part| ReportPart {
                    part: part.part.0,
                    whole: part.whole.0,
                    reason: part.reason.clone(),
                })
                .collect(),
            photos,
            index: inputs.index,
            notes: inputs.notes,
        }
    }

    /// The photo of this id, if the report has one.
    #[must_use]
    pub fn photo(&self, id: u32) -> Option<&ReportPhoto> {
        // Ids are positions in what this program writes; a report may have been edited.
        self.photos
            .get(id as usize)
            .filter(|photo| photo.id == id)
            .or_else(|| self.photos.iter().find(|photo| photo.id == id))
    }
}

fn report_photo(id: u32, photo: &Photo) -> ReportPhoto {
    let content = &photo.content;
    ReportPhoto {
        id,
        path: PathText::new(&photo.path),
        bytes: photo.stamp.size,
        width: content.width,
        height: content.height,
        format: content.format.name().to_owned(),
        blake3: content.hash.to_string(),
        taken_at: content.metadata.taken_at.map(|taken| taken.to_string()),
    }
}

fn report_group(group: &Group) -> ReportGroup {
    let shots = group.shots.iter().map(|shot| ReportShot {
        keeper: shot.keeper.0,
        relation: shot.relation,
        cosine: shot.cosine.map(report_cosine),
        reason: shot.reason.as_ref().map(ToString::to_string),
        photos: shot
            .members
            .iter()
            .map(|member| ReportMember {
                id: member.photo.0,
                copy_of: member.copy_of.map(|photo| photo.0),
                evidence: member.evidence,
                cosine: member.cosine.map(report_cosine),
                verdict: member.verdict,
                reasons: member.reasons.clone(),
            })
            .collect(),
    });
    ReportGroup {
        id: group.id,
        relation: group.relation,
        shots: shots.collect(),
    }
}

fn report_problem(problem: &Problem) -> ReportProblem {
    ReportProblem {
        path: PathText::new(&problem.path),
        kind: problem.kind.name().to_owned(),
        message: problem.message.clone(),
    }
}

/// Four decimals: more would tell apart only the rounding of different processors.
fn report_cosine(cosine: Cosine) -> f64 {
    rounded(f64::from(cosine.0), 4)
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    // Adding 0 turns -0 into 0.
    (value * factor).round() / factor + 0.0
}
