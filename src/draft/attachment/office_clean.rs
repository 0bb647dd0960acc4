//! A copy of an Office document without its properties. Its text stays as it is: tracked changes, comments and what is hidden are for their author to
//! decide, in the program that made the document.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{
    office::{attribute, is_picture, names, open, parsed, part},
    picture,
    trace::FileKind,
};

/// The most bytes that are unpacked of a file to copy it.
const MAX_COPIED_BYTES: u64 = 256 << 20;

const CORE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>"#;
const APP: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>"#;
const CUSTOM: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>"#;

/// A copy without properties, thumbnail, editing sessions, and without the metadata of pictures in it.
pub(super) fn cleaned(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = open(bytes)?;
    let names = names(&archive);
    if names.iter().any(|name| name.to_ascii_lowercase().starts_with("_xmlsignatures/")) {
        return Err("it is signed, and a cleaned copy would not be; clean it before it is signed".to_owned());
    }
    let mut copy = ZipWriter::new(Cursor::new(vec![]));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut left = MAX_COPIED_BYTES;
    // Programs expect the list of parts first.
    let first = ["[Content_Types].xml", "_rels/.rels"];
    let rest = names.iter().map(String::as_str).filter(|name| !first.contains(name));
    for name in first.into_iter().filter(|name| names.iter().any(|n| n == name)).chain(rest) {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("docprops/thumbnail") || name.ends_with('/') {
            continue;
        }
        let bytes = part(&mut archive, name, left)?;
        left -= bytes.len() as u64;
        let written = match lower.as_str() {
            "docprops/core.xml" => CORE.into(),
            "docprops/app.xml" => APP.into(),
            "docprops/custom.xml" => CUSTOM.into(),
            "_rels/.rels" => {
                without(bytes, |tag, attribute| tag == "Relationship" && attribute("Type").ends_with("/thumbnail"))?
            }
            "word/settings.xml" => without(bytes, |tag, _| tag == "rsids")?,
            _ if is_picture(name) => cleaned_picture(bytes),
            _ => bytes,
        };
        copy.start_file(name, options)
            .and_then(|()| Ok(copy.write_all(&written)?))
            .map_err(|e| format!("no copy can be made: {e}"))?;
    }
    let copied = copy.finish().map_err(|e| format!("no copy can be made: {e}"))?;
    Ok(copied.into_inner())
}

/// A picture that can't be cleaned stays, and is told among what remains.
fn cleaned_picture(bytes: Vec<u8>) -> Vec<u8> {
    let cleaned = match FileKind::of(&bytes) {
        FileKind::Jpeg => picture::cleaned_jpeg(&bytes),
        FileKind::Png => picture::cleaned_png(&bytes),
        _ => return bytes,
    };
    cleaned.unwrap_or(bytes)
}

/// XML without the elements that are meant. Everything else stays byte for byte.
fn without(bytes: Vec<u8>, meant: impl Fn(&str, &dyn Fn(&str) -> String) -> bool) -> Result<Vec<u8>, String> {
    let text = String::from_utf8(bytes).map_err(|_| "a part of it is not text")?;
    // The parser leaves out this mark, and counts from behind it.
    let text = text.trim_start_matches('\u{feff}');
    let document = parsed(text).ok_or("a part of it can't be read")?;
    let all = document.descendants().filter(|node| node.is_element());
    let ranges = all.filter(|node| {
        let value = |name: &str| attribute(*node, name).unwrap_or_default().to_owned();
        meant(node.tag_name().name(), &value)
    });
    let (mut copy, mut at) = (String::with_capacity(text.len()), 0);
    for range in ranges.map(|node| node.range()).collect::<Vec<_>>() {
        if range.start >= at {
            copy.push_str(text.get(at..range.start).unwrap_or_default());
            at = range.end;
        }
    }
    copy.push_str(text.get(at..).unwrap_or_default());
    Ok(copy.into_bytes())
}
