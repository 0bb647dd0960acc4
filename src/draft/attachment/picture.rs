//! Pictures: EXIF, XMP, IPTC, comments and what stands behind the picture. A cleaned copy has the same image data, byte for byte.

use std::io::Cursor;

use exif::{Exif, In, Reader, Tag, Value};
use img_parts::{
    Bytes,
    jpeg::{Jpeg, JpegSegment, markers},
    png::Png,
};

use super::{
    trace::{FileKind, Traces},
    xmp,
};

/// The largest TIFF file that is read, bytes: the reader holds all of it, and more.
const MAX_TIFF_BYTES: usize = 2 << 20;

/// What is told of EXIF.
const TOLD: &[(&str, Tag)] = &[
    ("device maker", Tag::Make),
    ("device", Tag::Model),
    ("device serial number", Tag::BodySerialNumber),
    ("lens", Tag::LensModel),
    ("lens serial number", Tag::LensSerialNumber),
    ("owner", Tag::CameraOwnerName),
    ("author", Tag::Artist),
    ("copyright", Tag::Copyright),
    ("program", Tag::Software),
    ("time", Tag::DateTime),
    ("time taken", Tag::DateTimeOriginal),
    ("time zone", Tag::OffsetTimeOriginal),
    ("description", Tag::ImageDescription),
    ("comment", Tag::UserComment),
    ("picture id", Tag::ImageUniqueID),
    ("place (GPS date)", Tag::GPSDateStamp),
    ("place (direction)", Tag::GPSImgDirection),
    ("place (altitude)", Tag::GPSAltitude),
    ("place (area)", Tag::GPSAreaInformation),
];

/// Adds what a picture tells.
pub(super) fn read(bytes: &[u8], found: &mut Traces) {
    match found.kind {
        FileKind::Jpeg => read_jpeg(bytes, found),
        FileKind::Png => read_png(bytes, found),
        FileKind::Tiff if bytes.len() > MAX_TIFF_BYTES => {
            found.unread(format!("TIFF files larger than {} MiB are not read", MAX_TIFF_BYTES >> 20));
        }
        _ => match Reader::new().continue_on_error(true).read_from_container(&mut Cursor::new(bytes)) {
            Ok(exif) => read_exif(&exif, found),
            Err(exif::Error::NotFound(_)) => {}
            Err(error) => match error.distill_partial_result(|_| ()) {
                Ok(exif) => read_exif(&exif, found),
                Err(_) => found.unread("its metadata can't be read"),
            },
        },
    }
    if found.kind == FileKind::Picture {
        found.unread("only its EXIF data were read");
    }
}

fn read_exif(exif: &Exif, found: &mut Traces) {
    let field = |tag: Tag| exif.get_field(tag, In::PRIMARY);
    let degrees = |tag: Tag, side: Tag| {
        let Value::Rational(parts) = &field(tag)?.value else { return None };
        let all: Vec<f64> = parts.iter().take(3).map(exif::Rational::to_f64).collect();
        let sum = all.iter().zip([1.0, 60.0, 3_600.0]).map(|(part, unit)| part / unit).sum::<f64>();
        let side = field(side).map(|f| f.display_value().to_string()).unwrap_or_default();
        Some(format!("{sum:.5} {side}"))
    };
    let latitude = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef);
    let longitude = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef);
    if let (Some(latitude), Some(longitude)) = (latitude, longitude) {
        found.add("place (GPS)", &format!("{latitude}, {longitude}"));
    }
    for (what, tag) in TOLD {
        if let Some(field) = field(*tag) {
            found.add(*what, field.display_value().to_string().trim_matches('"'));
        }
    }
    if exif.get_field(Tag::JPEGInterchangeFormat, In::THUMBNAIL).is_some() {
        found.add("thumbnail", "a small picture, which may show what was cut away");
    }
    if field(Tag::MakerNote).is_some() {
        found.add("maker's data", "data of the device's maker, which only its maker can read");
    }
}

fn read_raw_exif(bytes: &[u8], found: &mut Traces) {
    // The reader expands lists, so only so much is read.
    let raw = bytes.get(..bytes.len().min(MAX_TIFF_BYTES)).unwrap_or_default().to_vec();
    let exif = Reader::new().continue_on_error(true).read_raw(raw);
    match exif.or_else(|error| error.distill_partial_result(|_| ())) {
        Ok(exif) => {
            found.add("EXIF metadata", "present");
            read_exif(&exif, found);
        }
        Err(_) => found.add("EXIF metadata", "present, and not readable"),
    }
}

fn read_jpeg(bytes: &[u8], found: &mut Traces) {
    let Ok(jpeg) = Jpeg::from_bytes(Bytes::copy_from_slice(bytes)) else {
        return found.unread("it is no complete JPEG file");
    };
    for segment in jpeg.segments() {
        let (marker, contents) = (segment.marker(), segment.contents());
        match marker {
            markers::APP1 if contents.starts_with(b"Exif\0\0") => {
                read_raw_exif(contents.get(6..).unwrap_or_default(), found);
            }
            markers::APP1 if contents.starts_with(b"http://ns.adobe.com/xap/1.0/\0") => {
                xmp::read(contents.get(29..).unwrap_or_default(), found);
            }
            markers::APP13 => found.add("IPTC metadata", "captions, places or persons, in a block of Photoshop"),
            markers::COM => found.add("comment", &String::from_utf8_lossy(contents)),
            _ if kept(segment).is_some() => {}
            markers::APP0..=markers::APP15 => {
                found.add("data of a program", &format!("{} bytes in a block of kind {marker:02X}", contents.len()));
            }
            _ => {}
        }
        if marker == markers::APP0 && kept(segment).as_ref() != Some(segment) {
            found.add("thumbnail", "a small picture, which may show what was cut away");
        }
    }
    match scans(bytes, &jpeg) {
        Ok((_, 0)) => {}
        Ok((_, behind)) => {
            found.add("data behind the picture", &format!("{behind} bytes: a video, a further picture or text"))
        }
        Err(why) => found.unread(why),
    }
}

/// A segment as a cleaned copy has it. `None` for what only tells about the picture.
fn kept(segment: &JpegSegment) -> Option<JpegSegment> {
    let contents = segment.contents();
    match segment.marker() {
        // Resolution and size of the thumbnail, which is left out.
        markers::APP0 => {
            let mut plain = contents.get(..14).filter(|head| head.starts_with(b"JFIF\0"))?.to_vec();
            plain.get_mut(12..)?.fill(0);
            Some(JpegSegment::new_with_contents(markers::APP0, plain.into()))
        }
        markers::APP2 if contents.starts_with(b"ICC_PROFILE\0") => Some(segment.clone()),
        // How colours are stored.
        markers::APP14 if contents.starts_with(b"Adobe") => Some(segment.clone()),
        markers::APP0..=markers::APP15 | markers::COM => None,
        _ => Some(segment.clone()),
    }
}

/// The image data from the first scan to its end, and how many bytes stand behind them.
fn scans(bytes: &[u8], jpeg: &Jpeg) -> Result<(Bytes, usize), String> {
    const CUT: &str = "its image data have no end";
    let Some(data) = jpeg.segments().last().filter(|last| last.has_entropy()).map(JpegSegment::len_with_entropy) else {
        return Err(CUT.to_owned());
    };
    let last = jpeg.segments().last().map(JpegSegment::len).unwrap_or_default();
    let rest = bytes.get(bytes.len().saturating_sub(data.saturating_sub(last))..).unwrap_or_default();
    let mut at = 0;
    loop {
        let ahead = rest.get(at..).and_then(|r| r.iter().position(|b| *b == 0xff)).ok_or(CUT)?;
        at += ahead;
        match rest.get(at + 1).copied().ok_or(CUT)? {
            // A byte of the image, a restart, or filling.
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            0xd9 => {
                let end = at + 2;
                return Ok((Bytes::copy_from_slice(rest.get(..end).unwrap_or_default()), rest.len() - end));
            }
            // Tables and headers of a further scan.
            0xc4 | 0xcc | 0xda..=0xdd => {
                let length =
                    rest.get(at + 2..at + 4).and_then(|l| l.try_into().ok()).map(u16::from_be_bytes).ok_or(CUT)?;
                at += 2 + usize::from(length.max(2));
            }
            other => return Err(format!("it has a block of kind {other:02X} among its image data")),
        }
    }
}

/// A copy without metadata. What turns the picture upright stays.
pub(super) fn cleaned_jpeg(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let jpeg = Jpeg::from_bytes(Bytes::copy_from_slice(bytes)).map_err(|_| "it is no complete JPEG file")?;
    let (data, _) = scans(bytes, &jpeg)?;
    let upright = upright(&jpeg);
    let mut segments: Vec<JpegSegment> = jpeg.segments().iter().filter_map(kept).collect();
    if let Some(last) = segments.pop() {
        segments.push(JpegSegment::new_with_entropy(last.marker(), last.contents().clone(), data));
    }
    if let Some(orientation) = upright {
        let place = usize::from(segments.first().is_some_and(|s| s.marker() == markers::APP0));
        let contents =
            [b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation], &[0; 6]]
                .concat();
        segments.insert(place, JpegSegment::new_with_contents(markers::APP1, contents.into()));
    }
    let mut copy = jpeg;
    *copy.segments_mut() = segments;
    Ok(copy.encoder().bytes().to_vec())
}

/// How a picture must be turned to stand upright, unless it stands so.
fn upright(jpeg: &Jpeg) -> Option<u8> {
    let exif = jpeg.segments().iter().find(|s| s.marker() == markers::APP1 && s.contents().starts_with(b"Exif\0\0"))?;
    let read = Reader::new().continue_on_error(true).read_raw(exif.contents().get(6..)?.to_vec());
    let exif = read.or_else(|error| error.distill_partial_result(|_| ())).ok()?;
    let value = exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(value).ok().filter(|value| (2..=8).contains(value))
}

/// Chunks of a PNG file that make the picture.
const PNG_KEPT: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"pHYs",
    b"sPLT", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT",
];

fn read_png(bytes: &[u8], found: &mut Traces) {
    let Ok(png) = Png::from_bytes(Bytes::copy_from_slice(bytes)) else {
        return found.unread("it is no complete PNG file");
    };
    for chunk in png.chunks() {
        let (kind, contents) = (chunk.kind(), chunk.contents());
        match &kind {
            b"eXIf" => read_raw_exif(contents, found),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                let mut parts = contents.splitn(2, |b| *b == 0);
                let key = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
                let text = parts.next().unwrap_or_default();
                match (&kind, key.as_str()) {
                    (b"iTXt", "XML:com.adobe.xmp") => {
                        let begin = text.windows(2).position(|w| w == b"<x" || w == b"<?").unwrap_or(text.len());
                        xmp::read(text.get(begin..).unwrap_or_default(), found);
                    }
                    (b"tEXt", _) => found.add(format!("text {key}"), &String::from_utf8_lossy(text)),
                    _ => found.add(format!("text {key}"), "a compressed or translated text"),
                }
            }
            b"tIME" => found.add("time", "when it was last changed"),
            kind if PNG_KEPT.contains(&kind) => {}
            kind => found
                .add("data of a program", &format!("{} bytes in {}", contents.len(), String::from_utf8_lossy(kind))),
        }
    }
    if png.chunks().last().is_none_or(|chunk| chunk.kind() != *b"IEND") {
        found.unread("it has no end");
    } else if let behind @ 1.. = bytes.len().saturating_sub(png.len()) {
        found.add("data behind the picture", &format!("{behind} bytes"));
    }
}

/// A copy without metadata.
pub(super) fn cleaned_png(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut png = Png::from_bytes(Bytes::copy_from_slice(bytes)).map_err(|_| "it is no complete PNG file")?;
    if png.chunks().last().is_none_or(|chunk| chunk.kind() != *b"IEND") {
        return Err("it has no end".to_owned());
    }
    png.chunks_mut().retain(|chunk| PNG_KEPT.contains(&&chunk.kind()));
    Ok(png.encoder().bytes().to_vec())
}
