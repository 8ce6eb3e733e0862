//! Facts into a sidecar: a new one, or between what one says already.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::read::{Outline, outline};
use super::{COLLECTIONS, DC, EXIF, Facts, PHOTOSHOP, RDF, XMP, XmpError};

/// Why nothing is put into a sidecar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] XmpError),
    /// It holds a list in a way that nothing can be added to.
    #[error("its {0} are written in a way that nothing can be added to")]
    List(&'static str),
    /// It says something of what is to be added that is not understood.
    #[error("what it says of the {0} is not understood")]
    Unclear(&'static str),
    /// What came out is not what was to come out.
    #[error("it cannot be added to without changing what it says")]
    Unsafe,
}

/// A whole sidecar, in front of and behind its descriptions.
const HEAD: &str = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
    <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n \
    <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n";
const FOOT: &str = " </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n";

/// The sidecar `existing`, or a new one, that also says `facts`. All that was in it is in it as
/// before, byte by byte.
///
/// # Errors
/// [`MergeError`] if it is not certain what the sidecar says, or would say.
pub fn with(existing: Option<&str>, facts: &Facts) -> Result<String, MergeError> {
    let Some(existing) = existing else {
        let text = format!("{HEAD}{}{FOOT}", description(facts, ""));
        return checked(text, facts);
    };
    let before = outline(existing)?;
    clear(&before, facts)?;
    // From the back, so that places in front stay right.
    let mut inserted: Vec<(usize, String)> = Vec::new();
    let mut rest = facts.beyond(&before.facts);
    if !rest.keywords.is_empty() && has(&before, DC, "subject") {
        let at = before.end_of_keywords.ok_or(MergeError::List("keywords"))?;
        inserted.push((at, keyword_items(&rest)));
        rest.keywords.clear();
    }
    if !rest.albums.is_empty() && has(&before, COLLECTIONS, "Collections") {
        let at = before.end_of_albums.ok_or(MergeError::List("albums"))?;
        inserted.push((at, album_items(&rest)));
        rest.albums.clear();
    }
    if !rest.is_empty() {
        let at = before.end_of_rdf.ok_or(MergeError::Unsafe)?;
        let about = before.about.as_deref().unwrap_or_default();
        inserted.push((at, description(&rest, about)));
    }
    inserted.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut text = existing.to_owned();
    for (at, part) in inserted {
        if !text.is_char_boundary(at) {
            return Err(MergeError::Unsafe);
        }
        text.insert_str(at, &part);
    }
    let mut expected = before.facts;
    expected.add(facts.clone());
    checked(text, &expected)
}

/// Reads what was made: it must say what it is to say.
fn checked(text: String, expected: &Facts) -> Result<String, MergeError> {
    let found = outline(&text)?.facts;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let is_same_place = match (found.gps, expected.gps) {
        (Some(a), Some(b)) => near(a.latitude, b.latitude) && near(a.longitude, b.longitude),
        (None, None) => true,
        _ => false,
    };
    let without_place = |facts: &Facts| Facts {
        gps: None,
        ..facts.clone()
    };
    if is_same_place && without_place(&found) == without_place(expected) {
        Ok(text)
    } else {
        Err(MergeError::Unsafe)
    }
}

fn has(outline: &Outline, space: &str, local: &str) -> bool {
    let name = (space.to_owned(), local.to_owned());
    outline.properties.contains(&name)
}

/// Whether what the sidecar says of each fact was understood: a second value beside one that is
/// not would be two.
fn clear(before: &Outline, facts: &Facts) -> Result<(), MergeError> {
    let times = has(before, EXIF, "DateTimeOriginal");
    if facts.taken_at.is_some() && before.facts.taken_at.is_none() && times {
        return Err(MergeError::Unclear("capture date"));
    }
    let places = has(before, EXIF, "GPSLatitude") || has(before, EXIF, "GPSLongitude");
    if facts.gps.is_some() && before.facts.gps.is_none() && places {
        return Err(MergeError::Unclear("position"));
    }
    // A rating of 0 is none, but it is there.
    if facts.rating.is_some() && before.facts.rating.is_none() && has(before, XMP, "Rating") {
        return Err(MergeError::Unclear("rating"));
    }
    Ok(())
}

fn keyword_items(facts: &Facts) -> String {
    let mut text = String::new();
    for keyword in &facts.keywords {
        // Writing to a string does not fail, here and below.
        write!(
            text,
            "<rdf:li xmlns:rdf=\"{RDF}\">{}</rdf:li>",
            escape(keyword)
        )
        .ok();
    }
    text
}

fn album_items(facts: &Facts) -> String {
    let mut text = String::new();
    for album in &facts.albums {
        write!(
            text,
            "<rdf:li xmlns:rdf=\"{RDF}\" xmlns:mwg-coll=\"{COLLECTIONS}\" \
             rdf:parseType=\"Resource\"><mwg-coll:CollectionName>{}</mwg-coll:CollectionName>\
             </rdf:li>",
            escape(album)
        )
        .ok();
    }
    text
}

/// One description of its own, with all namespaces that it needs. `about` is escaped.
fn description(facts: &Facts, about: &str) -> String {
    let mut text = format!(
        "  <rdf:Description xmlns:rdf=\"{RDF}\" rdf:about=\"{about}\" xmlns:dc=\"{DC}\" \
         xmlns:exif=\"{EXIF}\" xmlns:photoshop=\"{PHOTOSHOP}\" xmlns:xmp=\"{XMP}\" \
         xmlns:mwg-coll=\"{COLLECTIONS}\">\n"
    );
    if let Some(taken) = facts.taken_at {
        // Lightroom and digiKam read the one, Exif's readers the other.
        for name in ["exif:DateTimeOriginal", "photoshop:DateCreated"] {
            writeln!(text, "   <{name}>{taken}</{name}>").ok();
        }
    }
    if let Some(gps) = facts.gps {
        let latitude = coordinate(gps.latitude, 'N', 'S');
        let longitude = coordinate(gps.longitude, 'E', 'W');
        writeln!(text, "   <exif:GPSLatitude>{latitude}</exif:GPSLatitude>").ok();
        writeln!(
            text,
            "   <exif:GPSLongitude>{longitude}</exif:GPSLongitude>"
        )
        .ok();
    }
    if let Some(rating) = facts.rating {
        writeln!(text, "   <xmp:Rating>{rating}</xmp:Rating>").ok();
    }
    if !facts.keywords.is_empty() {
        let items = keyword_items(facts);
        writeln!(
            text,
            "   <dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>"
        )
        .ok();
    }
    if !facts.albums.is_empty() {
        let items = album_items(facts);
        writeln!(
            text,
            "   <mwg-coll:Collections><rdf:Bag>{items}</rdf:Bag></mwg-coll:Collections>"
        )
        .ok();
    }
    text.push_str("  </rdf:Description>\n");
    text
}

/// `51,30.500000N`: whole degrees, and minutes to a millionth, which is 2 mm.
fn coordinate(degrees: f64, positive: char, negative: char) -> String {
    let letter = if degrees < 0.0 { negative } else { positive };
    let size = degrees.abs();
    let whole = size.floor();
    format!("{whole:.0},{:.6}{letter}", (size - whole) * 60.0)
}
