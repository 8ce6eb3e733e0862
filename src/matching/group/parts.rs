//! Collages and the photos in them: related, and never grouped.

use crate::matching::verify::Weakened;
use crate::matching::{Distinct, Verdict};
use crate::photo::PhotoId;

/// A photo that is found whole in another one, beside other pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The photo.
    pub part: PhotoId,
    /// The picture that it is a part of.
    pub whole: PhotoId,
    /// What was seen, in one sentence.
    pub reason: String,
}

/// The parts among the verdicts, in order; of equal files the first one is named.
#[must_use]
pub fn parts(distinct: &Distinct, verdicts: &[(u32, u32, Verdict)]) -> Vec<Part> {
    let mut first_photo = vec![None; distinct.contents.len()];
    for (photo, &content) in (0_u32..).zip(&distinct.of_photo) {
        if let Some(first) = first_photo.get_mut(content as usize) {
            first.get_or_insert(PhotoId(photo));
        }
    }
    let photo = |content: u32| first_photo.get(content as usize).copied().flatten();
    let mut parts: Vec<Part> = verdicts
        .iter()
        .filter(|(_, _, verdict)| verdict.weakened == Some(Weakened::Partial))
        .filter_map(|(a, b, verdict)| {
            let [of_first, of_second] = verdict.pixels.alignment?.coverage;
            let (a, b) = (photo(*a)?, photo(*b)?);
            // The whole is what the other shows less of.
            let (part, whole) = if of_first < of_second { (b, a) } else { (a, b) };
            Some(Part {
                part,
                whole,
                reason: verdict.pixels.observations().join(", "),
            })
        })
        .collect();
    parts.sort_by_key(|part| (part.whole, part.part));
    parts
}
