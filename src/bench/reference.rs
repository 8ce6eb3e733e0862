//! The results of an earlier system, which come with the program to compare with.
//!
//! They were measured on rented GPUs and on one laptop, over the internet, with servers that
//! embedded photos by CLIP ViT-B/32. Each section is a run in the format of this benchmark with
//! its hardware, date and source section; beside them stand the tables as they were printed, for
//! remarks and estimates that are no measurement.

use serde::{Deserialize, Serialize};

use super::BenchError;
use super::schema::Run;

/// `assets/reference-benchmark.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Version of this file's format: 1.
    pub reference: u32,
    /// What it is.
    pub title: String,
    /// When it was measured.
    pub dates: String,
    /// The measurements, a run a section.
    pub runs: Vec<Run>,
    /// All tables of the record, word for word.
    pub tables: Vec<PrintedTable>,
}

/// A table as it was printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedTable {
    /// `8.1`.
    pub section: String,
    /// Its heading.
    pub title: String,
    /// The head.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

static TEXT: &str = include_str!("../../assets/reference-benchmark.json");

impl Reference {
    /// The results in the program.
    ///
    /// # Errors
    /// [`BenchError::Malformed`], which a test rules out.
    pub fn load() -> Result<Self, BenchError> {
        Ok(serde_json::from_str(TEXT)?)
    }

    /// The run of a section of the record: `5`.
    #[must_use]
    pub fn run(&self, section: &str) -> Option<&Run> {
        let is_it = |run: &&Run| {
            run.source
                .as_ref()
                .is_some_and(|source| source.section == section)
        };
        self.runs.iter().find(is_it)
    }

    /// The runs that a section's table was made of, in its order: what
    /// [`tables::section`](super::tables::section) takes for it.
    #[must_use]
    pub fn runs_of(&self, section: &str) -> Vec<&Run> {
        let several: &[&str] = match section {
            "3.2" => &["3", "2"],
            "6.2" => &["5", "6"],
            "6.3" => &["6", "5"],
            "7.2" => &["6", "7", "5"],
            "9.4" => &["8", "9"],
            "10.1" | "10.2" | "10.3" => &["2", "3", "4", "5", "6", "7", "8", "9"],
            "12.1" => &["12", "8"],
            other => {
                let chapter = other.split('.').next().unwrap_or(other);
                return self.run(chapter).into_iter().collect();
            }
        };
        several.iter().filter_map(|run| self.run(run)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_names_its_hardware_its_day_and_its_section() {
        let reference = Reference::load().unwrap();
        assert_eq!((reference.reference, reference.runs.len()), (1, 11));
        for run in &reference.runs {
            let source = run.source.as_ref().unwrap();
            assert!(
                !source.hardware.is_empty() && !source.date.is_empty(),
                "{source:?}"
            );
            let day = run.started.strftime("%Y-%m-%d").to_string();
            assert!(day.starts_with("2026-02-"), "{day}");
            let number: u32 = source.section.parse().unwrap();
            assert!((2..=12).contains(&number));
            let mut ids: Vec<&str> = run.candidates.iter().map(|c| c.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), run.candidates.len(), "ids are unique");
        }
        assert_eq!(reference.run("5").unwrap().price_per_hour, Some(0.85));
        assert_eq!(reference.runs_of("7.2").len(), 3);
        assert_eq!(reference.runs_of("99"), Vec::<&Run>::new());
    }
}
