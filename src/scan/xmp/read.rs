//! XMP's XML to facts.
//!
//! Properties stand in an `rdf:Description` below `rdf:RDF`, as attributes or as elements; lists
//! are `rdf:li` in one of three containers. What is not understood is passed over, but the XML
//! itself must be sound.

use std::collections::BTreeSet;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::{COLLECTIONS, DC, EXIF, Facts, PHOTOSHOP, RDF, XMP};
use crate::photo::{GpsPosition, TakenAt};

/// Why XMP cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmpError {
    /// The XML is broken.
    #[error("its XML is broken ({0})")]
    Xml(String),
    /// There is no `rdf:RDF` in it, or more than one.
    #[error("it is no XMP")]
    NotXmp,
}

/// A name with its namespace.
type Name = (String, String);

/// What XMP says, and where in its text something can be put in.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The facts.
    pub(super) facts: Facts,
    /// Properties that are there, with a value that is understood or not.
    pub(super) properties: BTreeSet<Name>,
    /// The byte at which `</rdf:RDF>` begins.
    pub(super) end_of_rdf: Option<usize>,
    /// The byte at which the end of the keywords' container begins.
    pub(super) end_of_keywords: Option<usize>,
    /// The byte at which the end of the albums' container begins.
    pub(super) end_of_albums: Option<usize>,
    /// What the descriptions are about; as written, escaped.
    pub(super) about: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// Times by how well they tell when the photo was taken.
    times: [Option<TakenAt>; 3],
}

/// Reads a packet or a sidecar.
///
/// # Errors
/// [`XmpError`] if it is not sound XML with one `rdf:RDF` in it.
pub fn read(text: &str) -> Result<Facts, XmpError> {
    Ok(outline(text)?.facts)
}

/// Reads a packet or a sidecar, and finds where something can be put in.
pub(super) fn outline(text: &str) -> Result<Outline, XmpError> {
    // Padding behind a packet may hold zeros.
    let text = text.trim_end_matches(['\0', ' ', '\n', '\r', '\t']);
    let broken = |error: &dyn std::fmt::Display| XmpError::Xml(error.to_string());
    let mut reader = NsReader::from_str(text);
    let mut outline = Outline::default();
    let mut open: Vec<Name> = Vec::new();
    let mut value = String::new();
    let mut trees = 0;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| broken(&error))?;
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = name_of(&reader, start);
                let is_empty = matches!(event, Event::Empty(_));
                if is(&name, RDF, "RDF") {
                    trees += 1;
                    // Nothing can be put into `<rdf:RDF/>`.
                    if is_empty || trees > 1 {
                        return Err(XmpError::NotXmp);
                    }
                }
                open.push(name);
                outline
                    .attributes(&reader, start, &open)
                    .map_err(|e| broken(&e))?;
                outline.opened(&open);
                if is_empty {
                    open.pop();
                }
                value.clear();
            }
            Event::End(_) => {
                outline.closed(&open, value.trim(), at);
                open.pop();
                value.clear();
            }
            Event::Text(part) => {
                let part = part.xml10_content().map_err(|error| broken(&error))?;
                value.push_str(&part);
            }
            Event::CData(part) => {
                let part = part.xml10_content().map_err(|error| broken(&error))?;
                value.push_str(&part);
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|error| broken(&error))?;
                let known = match reference.resolve_char_ref().map_err(|e| broken(&e))? {
                    Some(character) => Some(character.to_string()),
                    None => quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned),
                };
                value.push_str(&known.ok_or_else(|| XmpError::Xml(format!("unknown: &{name};")))?);
            }
            Event::DocType(_) => return Err(XmpError::Xml("a document type".to_owned())),
            Event::Eof => break,
            _ => {}
        }
    }
    if !open.is_empty() || outline.end_of_rdf.is_none() {
        return Err(XmpError::NotXmp);
    }
    outline.conclude();
    Ok(outline)
}

fn is(name: &Name, space: &str, local: &str) -> bool {
    name.0 == space && name.1 == local
}

fn name_of(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Name {
    let (space, local) = reader.resolver().resolve_element(start.name());
    (space_of(&space), text_of(local.as_ref()))
}

fn space_of(found: &ResolveResult<'_>) -> String {
    match found {
        ResolveResult::Bound(space) => text_of(space.as_ref()),
        _ => String::new(),
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The property in which the innermost element lies, if it lies in one.
fn property(open: &[Name]) -> Option<&Name> {
    let rdf = open.iter().position(|name| is(name, RDF, "RDF"))?;
    let is_description = open
        .get(rdf + 1)
        .is_some_and(|name| is(name, RDF, "Description"));
    is_description.then(|| open.get(rdf + 2)).flatten()
}

impl Outline {
    fn attributes(
        &mut self,
        reader: &NsReader<&[u8]>,
        start: &BytesStart<'_>,
        open: &[Name],
    ) -> quick_xml::Result<()> {
        let is_description = open.last().is_some_and(|name| is(name, RDF, "Description"))
            && property(open).is_none()
            && open.len() >= 2
            && open
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|name| is(name, RDF, "RDF"));
        for attribute in start.attributes() {
            let attribute = attribute?;
            let (space, local) = reader.resolver().resolve_attribute(attribute.key);
            let name = (space_of(&space), text_of(local.as_ref()));
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
            if is_description && is(&name, RDF, "about") {
                self.about.get_or_insert_with(|| text_of(&attribute.value));
            } else if is_description && !name.0.is_empty() {
                self.properties.insert(name.clone());
                self.scalar(&name, &value);
            } else if is(&name, COLLECTIONS, "CollectionName") {
                self.facts.albums.insert(value.into_owned());
            }
        }
        Ok(())
    }

    fn opened(&mut self, open: &[Name]) {
        if let Some(name) = property(open) {
            self.properties.insert(name.clone());
        }
    }

    fn closed(&mut self, open: &[Name], value: &str, at: usize) {
        let Some(innermost) = open.last() else {
            return;
        };
        if is(innermost, RDF, "RDF") {
            self.end_of_rdf = Some(at);
        }
        let Some(of) = property(open) else {
            return;
        };
        let is_container = ["Bag", "Seq", "Alt"]
            .iter()
            .any(|kind| is(innermost, RDF, kind));
        if is(of, DC, "subject") {
            if is(innermost, RDF, "li") && !value.is_empty() {
                self.facts.keywords.insert(value.to_owned());
            } else if is_container {
                self.end_of_keywords = Some(at);
            }
        } else if is(of, COLLECTIONS, "Collections") {
            if is(innermost, COLLECTIONS, "CollectionName") && !value.is_empty() {
                self.facts.albums.insert(value.to_owned());
            } else if is_container {
                self.end_of_albums = Some(at);
            }
        } else if innermost == of {
            self.scalar(&of.clone(), value);
        }
    }

    fn scalar(&mut self, name: &Name, value: &str) {
        let time = |value: &str| value.replace('Z', "+00:00").parse::<TakenAt>().ok();
        match (name.0.as_str(), name.1.as_str()) {
            (EXIF, "DateTimeOriginal") => self.times[0] = time(value),
            (PHOTOSHOP, "DateCreated") => self.times[1] = time(value),
            (XMP, "CreateDate") => self.times[2] = time(value),
            (EXIF, "GPSLatitude") => self.latitude = degrees(value, 'N', 'S', 90.0),
            (EXIF, "GPSLongitude") => self.longitude = degrees(value, 'E', 'W', 180.0),
            (XMP, "Rating") => {
                // Some write `4.0`.
                let whole = value.split('.').next().unwrap_or_default();
                let rating = whole.parse::<i8>().ok();
                self.facts.rating = rating.filter(|r| *r != 0 && (-1..=5).contains(r));
            }
            _ => {}
        }
    }

    fn conclude(&mut self) {
        self.facts.taken_at = self.times.iter().flatten().next().copied();
        if let (Some(latitude), Some(longitude)) = (self.latitude, self.longitude) {
            self.facts.gps = Some(GpsPosition {
                latitude,
                longitude,
            });
        }
    }
}

/// A coordinate: `51,30.5N` or `51,30,30N`.
fn degrees(text: &str, positive: char, negative: char, most: f64) -> Option<f64> {
    let text = text.trim();
    let sign = match text.chars().last()? {
        letter if letter == positive => 1.0,
        letter if letter == negative => -1.0,
        _ => return None,
    };
    let mut value = 0.0;
    let mut scale = 1.0;
    for part in text.trim_end_matches([positive, negative]).split(',') {
        let part: f64 = part.trim().parse().ok()?;
        if !(0.0..=most).contains(&part) {
            return None;
        }
        value += part / scale;
        scale *= 60.0;
    }
    (value <= most).then_some(sign * value)
}
