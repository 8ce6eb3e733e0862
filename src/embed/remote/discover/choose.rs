//! Which of a server's models is the one that is wanted, and in which payload.
//!
//! A server may have one model several times, each taking its pictures in another way:
//! `clip`, `clip_fp16`, `clip_u8`, `clip_jpeg`. These are one model here.

use std::collections::BTreeMap;

use super::super::Payload;
use super::{CallError, CallErrorKind, Element, Protocol, ServedModel, Server};
use crate::embed::ModelRecord;

/// Endings by which models are told apart that differ only in their input.
const ENDINGS: [&str; 11] = [
    "fp32", "f32", "fp16", "f16", "half", "uint8", "u8", "rgb8", "jpeg", "jpg", "bytes",
];

/// A model, and how pictures are sent to it.
pub(super) type Way = (ServedModel, Payload);

/// The model of `models` that is `record`'s, and how pictures are sent to it: the first of
/// [`offered`].
///
/// # Errors
/// As [`offered`].
pub(super) fn choose(
    models: &[ServedModel],
    server: &Server,
    record: &ModelRecord,
    protocol: Protocol,
) -> Result<Way, CallError> {
    offered(models, server, record, protocol).map(|(first, _)| first)
}

/// The model of `models` that is `record`'s, in each payload that it takes and the user allows:
/// the best one, and then the others in the order of preference.
///
/// By name if the user named it; else the one of the record's size and length of vector, and
/// among several of these the one whose name is like the record's; else the only one.
///
/// # Errors
/// [`CallErrorKind::Refused`] with the models that there are.
pub(super) fn offered(
    models: &[ServedModel],
    server: &Server,
    record: &ModelRecord,
    protocol: Protocol,
) -> Result<(Way, Vec<Way>), CallError> {
    let family = match &server.model {
        // These do not list their models: the name was taken as it is.
        Some(_) if is_unlisted(protocol) => models.iter().collect(),
        Some(name) => named(models, name)?,
        None => alike(models, record)?,
    };
    let ways = family.iter().flat_map(|model| {
        payloads(model.element, protocol)
            .iter()
            .map(move |payload| (*model, *payload))
    });
    let mut ways: Vec<(&ServedModel, Payload)> = ways.collect();
    ways.sort_by_key(|(_, payload)| cost(*payload));
    let is_wanted = |payload| server.payload.is_none_or(|wanted| payload == wanted);
    let mut wanted = (ways.iter())
        .filter(|(_, payload)| is_wanted(*payload))
        .map(|&(model, payload)| (model.clone(), payload));
    let Some(first) = wanted.next() else {
        let offered: Vec<&str> = ways.iter().map(|(_, payload)| payload.title()).collect();
        let wanted = server.payload.map_or("a known payload", Payload::title);
        return Err(refused(if offered.is_empty() {
            "the model cannot be sent pictures over this protocol".to_owned()
        } else {
            format!(
                "the model does not take {wanted}, only {}",
                offered.join(", ")
            )
        }));
    };
    Ok((first, wanted.collect()))
}

/// How well a served model fits a record, to choose between several records: the same length of
/// vector before a name that is alike.
pub(super) fn fitness(model: &ServedModel, record: &ModelRecord) -> (bool, u8) {
    (
        model.dimension == Some(record.dimension),
        likeness(family_of(&model.name), &record.name),
    )
}

fn is_unlisted(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::EmbedBase64 | Protocol::EmbedMultipart | Protocol::Immich
    )
}

/// The payloads that a model takes.
fn payloads(element: Element, protocol: Protocol) -> &'static [Payload] {
    match (element, protocol) {
        // Neither has a form in JSON.
        (Element::F16 | Element::Bytes, Protocol::KserveJson) => &[],
        (Element::Uint8, _) => &[Payload::Uint8],
        (Element::F16, _) => &[Payload::F16],
        (Element::F32, _) => &[Payload::F32],
        (Element::Bytes, _) => &[Payload::JpegFine, Payload::Jpeg],
    }
}

/// The order of preference: the fewest bytes among those that keep the vectors right, then
/// those that do not, the better first.
fn cost(payload: Payload) -> u8 {
    match payload {
        Payload::Uint8 => 0,
        Payload::F16 => 1,
        Payload::F32 => 2,
        Payload::JpegFine => 3,
        Payload::Jpeg => 4,
    }
}

/// A name without the ending that tells the payload.
fn family_of(name: &str) -> &str {
    match name.rsplit_once(['_', '-']) {
        Some((base, ending)) if ENDINGS.contains(&&*ending.to_lowercase()) && !base.is_empty() => {
            base
        }
        _ => name,
    }
}

/// The model of this name, with its other payloads unless the name has an ending itself.
fn named<'a>(models: &'a [ServedModel], name: &str) -> Result<Vec<&'a ServedModel>, CallError> {
    let exact = models.iter().find(|model| model.name == name);
    if let (Some(model), true) = (exact, family_of(name) != name) {
        return Ok(vec![model]);
    }
    let family: Vec<_> = models
        .iter()
        .filter(|model| family_of(&model.name) == name)
        .collect();
    if family.is_empty() {
        let reason = format!("there is no model named {name:?}");
        return Err(refused(format!("{reason}; there are: {}", listed(models))));
    }
    Ok(family)
}

/// The family that is the most like the record.
fn alike<'a>(
    models: &'a [ServedModel],
    record: &ModelRecord,
) -> Result<Vec<&'a ServedModel>, CallError> {
    let mut families: BTreeMap<&str, Vec<&ServedModel>> = BTreeMap::new();
    for model in models {
        families
            .entry(family_of(&model.name))
            .or_default()
            .push(model);
    }
    if families.len() == 1 {
        return Ok(families.into_values().next().unwrap_or_default());
    }
    let fits = |family: &[&ServedModel]| {
        let sides = || family.iter().filter_map(|model| model.side);
        let lengths = || family.iter().filter_map(|model| model.dimension);
        (sides().next().is_none() || sides().any(|side| side == record.preprocessing.size))
            && lengths().all(|length| length == record.dimension)
    };
    families.retain(|_, family| fits(family));
    if families.len() > 1 {
        let best = families
            .keys()
            .map(|name| likeness(name, &record.name))
            .max();
        families.retain(|name, _| Some(likeness(name, &record.name)) == best);
    }
    match families.len() {
        1 => Ok(families.into_values().next().unwrap_or_default()),
        0 => Err(refused(format!(
            "none of its models is like {} ({} pixels, {} numbers); name one of: {}",
            record.name,
            record.preprocessing.size,
            record.dimension,
            listed(models)
        ))),
        _ => Err(refused(format!(
            "several of its models may be {}; name one of: {}",
            record.name,
            listed(models)
        ))),
    }
}

/// How much two names are alike: the letters and digits that they begin and share.
fn likeness(name: &str, other: &str) -> u8 {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let (name, other) = (plain(name), plain(other));
    if name == other {
        2
    } else {
        u8::from(name.contains(&other) || other.contains(&name))
    }
}

fn listed(models: &[ServedModel]) -> String {
    let each = models.iter().map(|model| {
        let mut facts = Vec::new();
        facts.extend(model.side.map(|side| format!("{side} pixels")));
        facts.extend(model.dimension.map(|length| format!("{length} numbers")));
        if facts.is_empty() {
            model.name.clone()
        } else {
            format!("{} ({})", model.name, facts.join(", "))
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

fn refused(message: String) -> CallError {
    CallError::new(CallErrorKind::Refused, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::bundled;
    use crate::embed::remote::TensorLayout;

    fn model(name: &str, element: Element, side: Option<u32>, dimension: usize) -> ServedModel {
        ServedModel {
            name: name.to_owned(),
            version: None,
            input: "image".into(),
            output: "embedding".into(),
            element,
            layout: TensorLayout::Nchw,
            side,
            dimension: Some(dimension),
            batch_limit: None,
            preferred_batches: Vec::new(),
        }
    }

    /// What the Triton of the tests has.
    fn triton() -> Vec<ServedModel> {
        vec![
            model("openclip_vit_b32", Element::F32, Some(224), 512),
            model("openclip_vit_b32_fp16", Element::F16, Some(224), 512),
            model("openclip_vit_b32_jpeg", Element::Bytes, None, 512),
            model("openclip_vit_b32_u8", Element::Uint8, Some(224), 512),
            model("tiny_embed", Element::F32, Some(2), 4),
            model("tiny_embed_fp16", Element::F16, Some(2), 4),
        ]
    }

    fn chosen(
        models: &[ServedModel],
        name: Option<&str>,
        payload: Option<Payload>,
        protocol: Protocol,
    ) -> Result<(String, Payload), String> {
        let server = Server {
            model: name.map(str::to_owned),
            payload,
            ..Server::default()
        };
        match choose(models, &server, &bundled::record(), protocol) {
            Ok((model, payload)) => Ok((model.name, payload)),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn the_cheapest_payload_that_keeps_the_vectors_right_is_taken() {
        let u8 = ("openclip_vit_b32_u8".to_owned(), Payload::Uint8);
        let grpc = Protocol::KserveGrpc;
        assert_eq!(chosen(&triton(), None, None, grpc), Ok(u8.clone()));
        assert_eq!(
            chosen(&triton(), Some("openclip_vit_b32"), None, grpc),
            Ok(u8)
        );
        let mut models = triton();
        models.retain(|model| model.element != Element::Uint8);
        let (_, payload) = chosen(&models, None, None, grpc).unwrap();
        assert_eq!(payload, Payload::F16);
        let (_, payload) = chosen(&models, None, None, Protocol::KserveJson).unwrap();
        assert_eq!(payload, Payload::F32);
        models.retain(|model| model.element == Element::Bytes);
        let (_, payload) = chosen(&models, None, None, grpc).unwrap();
        assert_eq!(payload, Payload::JpegFine);
        let error = chosen(&models, None, None, Protocol::KserveJson).unwrap_err();
        assert!(error.contains("cannot be sent"), "{error}");
    }

    #[test]
    fn what_the_user_says_holds() {
        let http = Protocol::KserveHttp;
        for (payload, name) in [
            (Payload::F32, "openclip_vit_b32"),
            (Payload::F16, "openclip_vit_b32_fp16"),
            (Payload::Jpeg, "openclip_vit_b32_jpeg"),
        ] {
            let expected = Ok((name.to_owned(), payload));
            assert_eq!(chosen(&triton(), None, Some(payload), http), expected);
        }
        let named = chosen(&triton(), Some("openclip_vit_b32_fp16"), None, http);
        assert_eq!(named.unwrap().1, Payload::F16);
        let named = chosen(&triton(), Some("tiny_embed"), None, http);
        assert_eq!(named.unwrap().0, "tiny_embed_fp16");
        let error = chosen(&triton(), Some("tiny_embed"), Some(Payload::Uint8), http).unwrap_err();
        assert!(error.contains("8-bit") && error.contains("half"), "{error}");
        let error = chosen(&triton(), Some("nope"), None, http).unwrap_err();
        assert!(
            error.contains("tiny_embed (2 pixels, 4 numbers)"),
            "{error}"
        );
    }

    #[test]
    fn among_several_that_fit_the_name_decides_or_the_user() {
        let http = Protocol::KserveHttp;
        let mut models = vec![
            model("clip", Element::F32, Some(224), 512),
            model("Lite0-Copies", Element::F32, Some(224), 512),
        ];
        let (name, _) = chosen(&models, None, None, http).unwrap();
        assert_eq!(name, "Lite0-Copies");
        models[1].name = "other".into();
        let error = chosen(&models, None, None, http).unwrap_err();
        assert!(error.contains("clip") && error.contains("other"), "{error}");
        models[0].dimension = Some(768);
        assert_eq!(chosen(&models, None, None, http).unwrap().0, "other");
        models[1].side = Some(64);
        assert!(
            chosen(&models, None, None, http)
                .unwrap_err()
                .contains("none of its models")
        );
        // The only one is taken for what it is; whether it agrees is looked at later.
        assert_eq!(chosen(&models[..1], None, None, http).unwrap().0, "clip");
    }
}
