//! Whether a file's name speaks of a copy, an edit or a messenger.
//!
//! The weakest of the rules, and the last: names lie, and a rule here only breaks ties
//! between files that nothing else tells apart.

use std::path::Path;

/// What programs append or prepend when they copy or edit, in lower case.
const DERIVED_ENDS: [&str; 18] = [
    " copy",
    "-copy",
    "_copy",
    " - copy",
    " kopie",
    "-kopie",
    " copie",
    "-copie",
    " copia",
    "-copia",
    "-edited",
    "_edited",
    " edited",
    "-edit",
    "_edit",
    "-bearbeitet",
    "_small",
    "_thumb",
];
const DERIVED_STARTS: [&str; 9] = [
    "copy of ",
    "kopie von ",
    "copie de ",
    "copia de ",
    "fb_img_",
    "received_",
    "signal-",
    "telegram",
    "thumb_",
];

/// Whether the name is one that copies, edits and messengers get: `IMG_1 (2).jpg`,
/// `IMG_1 copy.jpg`, `IMG-20210512-WA0003.jpg`.
pub(super) fn looks_derived(path: &Path) -> bool {
    let Some(stem) = path.file_stem() else {
        return false;
    };
    let stem = stem.to_string_lossy().to_lowercase();
    let stem = stem.trim_end();
    // Finder numbers its copies: "x copy 2".
    let unnumbered = stem
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end();
    DERIVED_ENDS
        .iter()
        .any(|end| stem.ends_with(end) || unnumbered.ends_with(end))
        || DERIVED_STARTS.iter().any(|start| stem.starts_with(start))
        || ends_with_a_number_in_brackets(stem)
        || is_whatsapp(stem)
}

/// `x (2)`, `x(2)`: what browsers and Windows append to a name that is taken.
fn ends_with_a_number_in_brackets(stem: &str) -> bool {
    stem.strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
        .is_some_and(|(_, number)| {
            (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// `IMG-20210512-WA0003`.
fn is_whatsapp(stem: &str) -> bool {
    stem.rsplit_once("-wa")
        .is_some_and(|(_, number)| number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_edits_and_messenger_pictures_are_told_by_their_names() {
        for (name, derived) in [
            ("IMG_0001.JPG", false),
            ("DSC00042.jpg", false),
            ("Copenhagen.jpg", false),
            ("photocopy.jpg", false),
            ("Photo (Paris).jpg", false),
            ("Summer (2021).jpg", false),
            ("IMG_0001 (1).JPG", true),
            ("IMG_0001(12).JPG", true),
            ("IMG_0001 copy.jpg", true),
            ("IMG_0001 copy 2.jpg", true),
            ("Copy of IMG_0001.jpg", true),
            ("IMG_0001 - Kopie.jpg", true),
            ("IMG_0001-edited.jpg", true),
            ("IMG-20210512-WA0003.jpg", true),
            ("FB_IMG_1620820000.jpg", true),
            ("", false),
        ] {
            assert_eq!(looks_derived(Path::new(name)), derived, "{name:?}");
        }
    }
}
