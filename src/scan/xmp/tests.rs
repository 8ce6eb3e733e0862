//! What goes into a sidecar comes out of it, and what was in it stays.

use super::*;

fn facts() -> Facts {
    Facts {
        taken_at: Some("2021-05-12T14:03:07+02:00".parse().unwrap()),
        gps: Some(GpsPosition {
            latitude: 51.508_333_333,
            longitude: -0.125,
        }),
        rating: Some(4),
        keywords: ["Tom & Jerry".to_owned(), "été".to_owned()].into(),
        albums: ["Holidays <2021>".to_owned()].into(),
    }
}

const LIGHTROOM: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core">
 <r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <r:Description r:about="uuid:1" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="3"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:Exposure2012="+0.35">
   <dc:subject><r:Bag><r:li>sea &#38; sand</r:li></r:Bag></dc:subject>
   <crs:ToneCurve><r:Seq><r:li>0, 0</r:li></r:Seq></crs:ToneCurve>
  </r:Description>
 </r:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"#;

#[test]
fn a_new_sidecar_says_what_was_put_into_it() {
    let text = with(None, &facts()).unwrap();
    let found = read(&text).unwrap();
    assert_eq!(
        found.beyond(&Facts {
            gps: found.gps,
            ..facts()
        }),
        Facts::default()
    );
    assert_eq!(found.keywords, facts().keywords);
    assert_eq!(found.albums, facts().albums);
    assert_eq!(found.taken_at, facts().taken_at);
    assert!((found.gps.unwrap().latitude - 51.508_333_333).abs() < 1e-7);
    assert!((found.gps.unwrap().longitude + 0.125).abs() < 1e-7);
}

#[test]
fn what_a_sidecar_says_stays_and_only_what_it_lacks_is_put_in() {
    let before = read(LIGHTROOM).unwrap();
    assert_eq!(before.rating, Some(3));
    assert_eq!(before.keywords, ["sea & sand".to_owned()].into());
    let text = with(Some(LIGHTROOM), &facts().beyond(&before)).unwrap();
    let after = read(&text).unwrap();
    assert_eq!(after.rating, Some(3), "the keeper's own word stands");
    assert_eq!(after.keywords.len(), 3);
    assert_eq!(after.taken_at, facts().taken_at);
    assert!(text.contains("rdf:about=\"uuid:1\""), "{text}");
    // Without what was put in between it is what it was, byte by byte.
    let mut rest = text.as_str();
    // (Cut at tags, for it is put in between a line's spaces and its tag.)
    let parts = LIGHTROOM.split_inclusive(['\n', '>']).map(str::trim);
    for line in parts.filter(|part| !part.is_empty()) {
        let at = rest
            .find(line)
            .unwrap_or_else(|| panic!("{line:?} is gone from {rest}"));
        rest = &rest[at + line.len()..];
    }
    // And once more it lacks nothing.
    assert_eq!(with(Some(&text), &facts().beyond(&after)).unwrap(), text);
}

#[test]
fn what_is_not_certain_is_left_alone() {
    let swapped = |from: &str, to: &str| LIGHTROOM.replacen(from, to, 1);
    let cases = [
        ("no XML", "certainly no XML".to_owned()),
        ("broken", swapped("</r:RDF>", "")),
        ("cut off", LIGHTROOM[..400].to_owned()),
        ("no XMP", "<a/>".to_owned()),
        ("an entity", swapped("sand", "&unknown;")),
        ("a document type", format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{LIGHTROOM}")),
        ("two trees", LIGHTROOM.replacen("</x:xmpmeta>", "<r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"></r:RDF></x:xmpmeta>", 1)),
        ("a list without a container", swapped("<dc:subject><r:Bag><r:li>sea &#38; sand</r:li></r:Bag></dc:subject>", "<dc:subject>sea</dc:subject>")),
    ];
    for (what, text) in cases {
        let mut wanted = facts();
        wanted.rating = None;
        assert!(with(Some(&text), &wanted).is_err(), "{what}");
    }
    let zero = swapped("xmp:Rating=\"3\"", "xmp:Rating=\"0\"");
    assert_eq!(
        with(Some(&zero), &facts()),
        Err(MergeError::Unclear("rating"))
    );
}

#[test]
fn a_packet_is_found_where_each_format_keeps_it() {
    let packet_text = with(None, &facts()).unwrap();
    let body = packet_text.as_bytes();
    let chunk = |head: &[u8], tail: &[u8]| [head, body, tail].concat();
    let length = |extra: usize| body.len() + extra;
    let jpeg = {
        let name = b"http://ns.adobe.com/xap/1.0/\0";
        let size = u16::try_from(length(name.len() + 2)).unwrap().to_be_bytes();
        let head = [
            &[0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xE1][..],
            &size,
            name,
        ]
        .concat();
        chunk(&head, &[0xFF, 0xDA])
    };
    let png = {
        let name = b"XML:com.adobe.xmp\0\0\0\0\0";
        let size = u32::try_from(length(name.len())).unwrap().to_be_bytes();
        let head = [b"\x89PNG\r\n\x1a\n", &size[..], b"iTXt", name].concat();
        chunk(&head, b"crc.\0\0\0\0IEND")
    };
    let webp = {
        let size = u32::try_from(length(0)).unwrap().to_le_bytes();
        let head = [b"RIFF....WEBPVP8X\x03\0\0\0abc\0XMP ", &size[..]].concat();
        chunk(&head, b"")
    };
    for (what, bytes) in [("JPEG", &jpeg), ("PNG", &png), ("WebP", &webp)] {
        assert_eq!(packet(bytes), Some(packet_text.as_str()), "{what}");
        for cut in 0..bytes.len() {
            // Cut off anywhere it is none, or whole, and never a crash.
            assert!(
                packet(&bytes[..cut]).is_none_or(|found| found == packet_text),
                "{what}"
            );
        }
    }
    assert_eq!(packet(b"GIF89a"), None);
}

#[test]
fn positions_are_read_in_both_ways_of_writing() {
    for (latitude, longitude, expected) in [
        ("51,30.5N", "0,7.5W", Some((51.508_333, -0.125))),
        ("51,30,30N", "0,7,30W", Some((51.508_333, -0.125))),
        ("91,0N", "0,0E", None),
        ("51,30.5", "0,7.5W", None),
    ] {
        let text = LIGHTROOM.replacen(
            "xmp:Rating=\"3\"",
            &format!(
                "xmlns:exif=\"{EXIF}\" exif:GPSLatitude=\"{latitude}\" exif:GPSLongitude=\"{longitude}\""
            ),
            1,
        );
        let gps = read(&text).unwrap().gps;
        let rounded = gps.map(|gps| (gps.latitude, gps.longitude));
        match (rounded, expected) {
            (Some(a), Some(b)) => assert!((a.0 - b.0).abs() < 1e-5 && (a.1 - b.1).abs() < 1e-5),
            (found, expected) => assert_eq!(found, expected, "{latitude} {longitude}"),
        }
    }
}
