//! Documents of word processors (Office Open XML, ISO/IEC 29500). Only their text is read. Whatever a file claims of its size, only so much is unpacked.

use std::{
    collections::HashSet,
    io::{Cursor, Read},
};

use roxmltree::{Document, Node, NodeId, ParsingOptions};
use zip::ZipArchive;

use super::Block;

/// The namespace of WordprocessingML, and that of documents in the strict form of the standard.
const WORD: [&str; 2] = [
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
];
/// The most bytes that are unpacked of one part of a file.
const MAX_PART_BYTES: u64 = 16 << 20;
/// The most nodes of a part.
const MAX_NODES: u32 = 1_000_000;
/// How deep a paragraph may be nested, and how far above a text its paragraph is searched.
const MAX_DEPTH: usize = 64;

/// The headings and paragraphs of a document's body. Deleted text of tracked changes is left out, and so are headers, footers, footnotes and
/// comments.
///
/// # Errors
/// A sentence, if it is no such file or is too large.
pub fn read_docx(bytes: &[u8]) -> Result<Vec<Block>, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("it is no .docx file: {e}"))?;
    let body = part(&mut archive, "word/document.xml")?.ok_or("it is no .docx file: it has no text document")?;
    let headings = match part(&mut archive, "word/styles.xml")? {
        Some(styles) => heading_styles(&parsed(&styles)?),
        None => HashSet::new(),
    };
    blocks(&parsed(&body)?, &headings)
}

/// A part of the file, unpacked.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<String>, String> {
    let Ok(file) = archive.by_name(name) else { return Ok(None) };
    let mut text = String::new();
    let read = file.take(MAX_PART_BYTES + 1).read_to_string(&mut text);
    read.map_err(|e| format!("its text can't be unpacked: {e}"))?;
    match text.len() as u64 > MAX_PART_BYTES {
        true => Err(format!("its text takes more than {} MiB", MAX_PART_BYTES >> 20)),
        false => Ok(Some(text)),
    }
}

fn parsed(text: &str) -> Result<Document<'_>, String> {
    // Without a DTD there are no entities that expand.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text.trim_start_matches('\u{feff}'), options)
        .map_err(|e| format!("its text can't be read: {e}"))
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace().is_some_and(|n| WORD.contains(&n))
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    WORD.iter().find_map(|namespace| node.attribute((*namespace, name)))
}

/// The ids of the styles of headings. Their names are the same in all languages.
fn heading_styles(styles: &Document<'_>) -> HashSet<String> {
    let is_heading = |name: &str| {
        let name = name.to_ascii_lowercase();
        name == "title" || name.strip_prefix("heading ").is_some_and(|level| level.parse::<u8>().is_ok())
    };
    let all = styles.descendants().filter(|node| is(*node, "style"));
    let headings = all.filter(|style| {
        let name = style.children().find(|child| is(*child, "name"));
        name.and_then(|name| attribute(name, "val")).is_some_and(is_heading)
    });
    headings.filter_map(|style| attribute(style, "styleId")).map(str::to_owned).collect()
}

fn blocks(document: &Document<'_>, headings: &HashSet<String>) -> Result<Vec<Block>, String> {
    let (mut all, mut row): (Vec<Block>, Option<NodeId>) = (vec![], None);
    for paragraph in document.descendants().filter(|node| is(*node, "p")) {
        // The text of each paragraph is searched in everything inside it, which would take hours with paragraphs thousands deep.
        if paragraph.ancestors().nth(MAX_DEPTH).is_some() {
            return Err(format!("its paragraphs are nested more than {MAX_DEPTH} deep"));
        }
        let text = text_of(paragraph);
        if text.trim().is_empty() || above(paragraph).any(|node| node.tag_name().name() == "Fallback") {
            continue;
        }
        // The cells of a row of a table stand in one line.
        let in_row = above(paragraph).find(|node| is(*node, "tr")).map(|node| node.id());
        match all.last_mut() {
            Some(Block::Paragraph(last)) if in_row.is_some() && in_row == row => {
                last.push_str(" | ");
                last.push_str(text.trim());
            }
            _ if is_heading(paragraph, headings) => all.push(Block::Heading(text)),
            _ => all.push(Block::Paragraph(text)),
        }
        row = in_row;
    }
    Ok(all)
}

/// What a node is in.
fn above<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.ancestors().skip(1).take(MAX_DEPTH)
}

fn is_heading(paragraph: Node<'_, '_>, headings: &HashSet<String>) -> bool {
    let Some(properties) = paragraph.children().find(|node| is(*node, "pPr")) else { return false };
    properties.children().any(|node| match node.tag_name().name() {
        "pStyle" => attribute(node, "val").is_some_and(|style| headings.contains(style)),
        // 9 is the level of the body's text.
        "outlineLvl" => {
            attribute(node, "val").and_then(|level| level.parse::<u8>().ok()).is_some_and(|level| level < 9)
        }
        _ => false,
    })
}

/// The text of a paragraph, without that of paragraphs inside it, such as those of a text box.
fn text_of(paragraph: Node<'_, '_>) -> String {
    let mut text = String::new();
    for node in paragraph.descendants().filter(|node| node.is_element()) {
        let piece = match node.tag_name().name() {
            "t" => node.text().unwrap_or_default(),
            "tab" if node.parent().is_some_and(|run| is(run, "r")) => " ",
            "br" | "cr" => "\n",
            "noBreakHyphen" => "-",
            _ => continue,
        };
        let own = above(node).find(|above| is(*above, "p"));
        if own == Some(paragraph) && WORD.contains(&node.tag_name().namespace().unwrap_or_default()) {
            text.push_str(piece);
        }
    }
    text
}
