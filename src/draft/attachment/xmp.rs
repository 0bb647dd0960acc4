//! XMP: a packet of XML with metadata, in pictures and PDF files.

use roxmltree::{Document, ParsingOptions};

use super::trace::Traces;

/// The largest packet that is read, bytes.
const MAX_BYTES: usize = 1 << 20;
/// The most nodes of a packet.
const MAX_NODES: u32 = 20_000;
/// What is told of a packet, by the names of its properties.
const TOLD: &[&str] = &[
    "creator",
    "author",
    "rights",
    "owner",
    "credit",
    "source",
    "creatortool",
    "producer",
    "createdate",
    "modifydate",
    "metadatadate",
    "datecreated",
    "title",
    "description",
    "subject",
    "keywords",
    "documentid",
    "instanceid",
    "originaldocumentid",
    "serialnumber",
    "lensserialnumber",
    "cameraownername",
    "make",
    "model",
    "gpslatitude",
    "gpslongitude",
    "gpsaltitude",
    "city",
    "state",
    "country",
    "location",
    "sublocation",
    "authorsposition",
    "captionwriter",
    "softwareagent",
    "personindisplay",
    "personinimage",
    "historylines",
    "company",
    "manager",
    "lastmodifiedby",
    "sourcemodified",
];

/// Adds what a packet says.
pub(super) fn read(bytes: &[u8], found: &mut Traces) {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_BYTES) else {
        return found.add("XMP metadata", "present, and not readable");
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let Ok(document) = Document::parse_with_options(text, options) else {
        return found.add("XMP metadata", "present, and not readable");
    };
    found.add("XMP metadata", "present");
    let is_told = |name: &str| TOLD.contains(&name.to_ascii_lowercase().as_str());
    for node in document.descendants().filter(|node| node.is_element()) {
        for attribute in node.attributes().filter(|attribute| is_told(attribute.name())) {
            found.add(format!("XMP {}", attribute.name()), attribute.value());
        }
        // A value stands in the property, or in a list in it.
        let Some(text) = node.text().filter(|text| !text.trim().is_empty()) else { continue };
        if let Some(named) = node.ancestors().take(4).find(|above| is_told(above.tag_name().name())) {
            found.add(format!("XMP {}", named.tag_name().name()), text);
        }
    }
}
