//! Documents, tables and presentations (Office Open XML): their properties, tracked changes, comments, and what is hidden in them.

use std::io::{Cursor, Read};

use roxmltree::{Document, Node, ParsingOptions};
use zip::ZipArchive;

use super::{
    picture,
    trace::{FileKind, Traces},
};

/// The most parts of a file.
pub(super) const MAX_PARTS: usize = 4_000;
/// The most bytes that are unpacked of one part that is read.
const MAX_PART_BYTES: u64 = 16 << 20;
/// The most bytes that are unpacked of a file to read it.
const MAX_READ_BYTES: u64 = 64 << 20;
/// The most nodes of a part.
const MAX_NODES: u32 = 1_000_000;

/// A file of parts.
pub(super) type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Opens a file, if it is an Office document.
pub(super) fn open(bytes: &[u8]) -> Result<Archive<'_>, String> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| "it is no complete archive")?;
    if archive.len() > MAX_PARTS {
        return Err(format!("it has more than {MAX_PARTS} parts"));
    }
    match archive.index_for_name("[Content_Types].xml") {
        Some(_) => Ok(archive),
        None => Err("it is an archive, and no Office document; attach the files in it one by one".to_owned()),
    }
}

/// The names of the parts.
pub(super) fn names(archive: &Archive<'_>) -> Vec<String> {
    let mut names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    names.sort();
    names
}

/// A part, unpacked up to a limit.
pub(super) fn part(archive: &mut Archive<'_>, name: &str, most: u64) -> Result<Vec<u8>, String> {
    let file = archive.by_name(name).map_err(|_| format!("its part {name} can't be read"))?;
    let mut bytes = vec![];
    file.take(most + 1).read_to_end(&mut bytes).map_err(|_| format!("its part {name} can't be unpacked"))?;
    match bytes.len() as u64 > most {
        true => Err(format!("its part {name} takes more than {} MiB", most >> 20)),
        false => Ok(bytes),
    }
}

/// XML without a document type, and so without entities that expand.
pub(super) fn parsed(text: &str) -> Option<Document<'_>> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text.trim_start_matches('\u{feff}'), options).ok()
}

/// Adds what a document tells.
pub(super) fn read(bytes: &[u8], found: &mut Traces) {
    let mut archive = match open(bytes) {
        Ok(archive) => archive,
        Err(why) => return found.unread(why),
    };
    let mut left = MAX_READ_BYTES;
    for name in names(&archive) {
        by_name(&name, found);
        let is_picture = is_picture(&name);
        if !is_picture && !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        match part(&mut archive, &name, MAX_PART_BYTES.min(left)) {
            Ok(bytes) if is_picture => {
                left -= bytes.len() as u64;
                read_picture(&name, &bytes, found);
            }
            Ok(bytes) => {
                left -= bytes.len() as u64;
                match std::str::from_utf8(&bytes).ok().and_then(parsed) {
                    Some(document) => read_part(&name, &document, found),
                    None => found.unread(format!("its part {name} can't be read")),
                }
            }
            Err(why) => found.unread(why),
        }
    }
}

/// Whether a part is a picture whose metadata can be read and cleaned.
pub(super) fn is_picture(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("/media/") && [".jpg", ".jpeg", ".png"].iter().any(|end| name.ends_with(end))
}

fn read_picture(name: &str, bytes: &[u8], found: &mut Traces) {
    let mut inner = Traces::of(FileKind::of(bytes));
    if matches!(inner.kind, FileKind::Jpeg | FileKind::Png) {
        picture::read(bytes, &mut inner);
    }
    let short = name.rsplit('/').next().unwrap_or(name);
    inner.traces.iter().for_each(|trace| found.add(format!("{} of {short}", trace.what), &trace.says));
}

/// What a part tells by being there.
fn by_name(name: &str, found: &mut Traces) {
    let lower = name.to_ascii_lowercase();
    let told = [
        ("docprops/thumbnail", "thumbnail", "a small picture of the first page"),
        ("/embeddings/", "file within", name),
        ("vbaproject", "macros", "a program is in the file"),
        ("/printersettings/", "printer", "settings of a printer"),
        ("customxml/item", "data of a program", name),
        ("/notesslides/notesslide", "speaker's notes", name),
        ("/externallinks/", "link to another file", name),
        ("/activex/", "program control", name),
    ];
    let is_relation = lower.contains("_rels/");
    for (sign, what, says) in told.into_iter().filter(|(sign, ..)| !is_relation && lower.contains(sign)) {
        let _ = sign;
        found.add(what, says);
    }
}

/// The properties that are told, by their names in the file.
const PROPERTIES: &[(&str, &str)] = &[
    ("creator", "author"),
    ("lastModifiedBy", "last changed by"),
    ("created", "made"),
    ("modified", "last changed"),
    ("lastPrinted", "printed"),
    ("revision", "number of savings"),
    ("title", "title"),
    ("subject", "topic"),
    ("description", "description"),
    ("keywords", "keywords"),
    ("category", "category"),
    ("contentStatus", "status"),
    ("Company", "company"),
    ("Manager", "manager"),
    ("Application", "program"),
    ("Template", "template"),
    ("TotalTime", "minutes of editing"),
    ("HyperlinkBase", "folder of its links"),
];

fn read_part(name: &str, document: &Document<'_>, found: &mut Traces) {
    let lower = name.to_ascii_lowercase();
    let properties = lower.starts_with("docprops/");
    let elements = document.descendants().filter(Node::is_element);
    for node in elements {
        let (tag, text) = (node.tag_name().name(), node.text().unwrap_or_default());
        if properties {
            if let Some((_, what)) = PROPERTIES.iter().find(|(known, _)| *known == tag) {
                found.add(*what, text);
            } else if tag == "property" {
                found.add("own property", attribute(node, "name").unwrap_or_default());
            }
            continue;
        }
        marked(name, node, tag, found);
        if tag == "Relationship" && attribute(node, "TargetMode") == Some("External") {
            let target = attribute(node, "Target").unwrap_or_default();
            if !target.starts_with("http") && !target.starts_with("mailto:") {
                found.add("link to a file", target);
            }
        }
    }
    if lower.contains("comments/") || lower.contains("/comments") || lower.contains("/threadedcomments") {
        let count = document
            .descendants()
            .filter(|node| matches!(node.tag_name().name(), "comment" | "cm" | "threadedComment"))
            .count();
        if count > 0 {
            found.add("comments", &format!("{count} in {name}"));
        }
    }
}

/// Tracked changes, authors of comments, and what is hidden.
fn marked(name: &str, node: Node<'_, '_>, tag: &str, found: &mut Traces) {
    let is_true = |value: Option<&str>| matches!(value, Some("1" | "true" | "on"));
    match tag {
        "ins" | "del" | "moveFrom" | "moveTo" | "rPrChange" | "pPrChange" | "cellIns" | "cellDel"
            if attribute(node, "author").is_some() =>
        {
            found.add("tracked change", &format!("by {}", attribute(node, "author").unwrap_or_default()));
        }
        "comment" | "cmAuthor" | "author" | "person" => {
            let author = ["author", "name", "displayName"].into_iter().find_map(|key| attribute(node, key));
            let named = author.or_else(|| (tag == "author" && name.contains("comment")).then(|| node.text()).flatten());
            if let Some(author) = named {
                found.add("author of a comment", author);
            }
        }
        "vanish" if attribute(node, "val").is_none_or(|value| is_true(Some(value))) => {
            found.add("hidden text", &format!("in {name}"));
        }
        "sheet" if matches!(attribute(node, "state"), Some("hidden" | "veryHidden")) => {
            found.add("hidden sheet", attribute(node, "name").unwrap_or_default());
        }
        "row" | "col" if name.contains("worksheets/") && is_true(attribute(node, "hidden")) => {
            found.add(if tag == "row" { "hidden rows" } else { "hidden columns" }, &format!("in {name}"));
        }
        "sld" if attribute(node, "show") == Some("0") => found.add("hidden slide", name),
        "rsid" => found.add("editing sessions", "numbers that show which documents were written on one machine"),
        "docVar" => found.add("variable of a program", attribute(node, "name").unwrap_or_default()),
        _ => {}
    }
}

/// An attribute by its name, in whatever namespace.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}
