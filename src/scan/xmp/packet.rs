//! Where the XMP packet lies in a photo's bytes.

/// In front of the packet in a JPEG's segment APP1.
const JPEG: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// The keyword of the packet's text in a PNG, without compression, language and translation.
const PNG: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";

/// The packet in the first bytes of a JPEG, a PNG or a WebP file; none in others, where a PNG has
/// compressed it, and where it lies beyond `bytes`. Of a packet in several JPEG segments only the
/// first is found, which holds all that [`Facts`](super::Facts) knows.
#[must_use]
pub fn packet(bytes: &[u8]) -> Option<&str> {
    let found = if bytes.starts_with(&[0xFF, 0xD8]) {
        jpeg(bytes)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        png(bytes)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp(bytes)
    } else {
        None
    };
    std::str::from_utf8(found?).ok()
}

fn jpeg(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(2..)?;
    loop {
        // Any number of 0xFF may stand before a marker.
        while rest.get(..2) == Some(&[0xFF, 0xFF]) {
            rest = rest.get(1..)?;
        }
        let &[0xFF, marker, high, low] = rest.first_chunk()? else {
            return None;
        };
        // The picture begins.
        if marker == 0xDA || marker == 0xD9 {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let body = rest.get(4..2 + length)?;
        if marker == 0xE1
            && let Some(packet) = body.strip_prefix(JPEG)
        {
            return Some(packet);
        }
        rest = rest.get(2 + length..)?;
    }
}

fn png(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(8..)?;
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let end = length.checked_add(8)?;
        match rest.get(4..8)? {
            b"iTXt" => {
                if let Some(packet) = rest.get(8..end)?.strip_prefix(PNG) {
                    return Some(packet);
                }
            }
            b"IEND" => return None,
            _ => {}
        }
        rest = rest.get(end.checked_add(4)?..)?;
    }
}

fn webp(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(12..)?;
    loop {
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        let end = length.checked_add(8)?;
        if rest.starts_with(b"XMP ") {
            return rest.get(8..end);
        }
        // Chunks are padded to an even length.
        rest = rest.get(end.checked_add(length % 2)?..)?;
    }
}
