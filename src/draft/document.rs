//! Documents that become drafts. Headings and paragraphs are taken over as narratives; everything that a warning needs beside them is left to the
//! author, because a program that guesses a level or a place guesses wrong one day.

mod docx;
mod markdown;

pub use docx::read_docx;
pub use markdown::read_markdown;

use super::template::filled;
use crate::domain::time::Day;

/// The most narratives that a document becomes.
const MAX_SECTIONS: usize = 200;
/// The longest narrative, bytes. A longer section becomes several.
const MAX_SECTION_BYTES: usize = 64 << 10;
/// The longest text of a document, bytes.
const MAX_TEXT_BYTES: usize = 768 << 10;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading, of whatever level.
    Heading(String),
    /// A paragraph, an item of a list, or a row of a table.
    Paragraph(String),
}

/// A draft with the text of a document, and marks where its author has to fill in what the document does not say.
///
/// # Errors
/// A sentence, if there is no text, or too much for an assessment.
pub fn draft_of_document(blocks: &[Block], today: Day) -> Result<String, String> {
    let sections = sections(blocks);
    if sections.is_empty() {
        return Err("the document has no text".to_owned());
    }
    let bytes: usize = sections.iter().map(String::len).sum();
    if sections.len() > MAX_SECTIONS || bytes > MAX_TEXT_BYTES {
        return Err(format!(
            "the document has {} sections and {bytes} bytes of text; at most {MAX_SECTIONS} and {MAX_TEXT_BYTES} fit into an assessment, \
             attach the document instead",
            sections.len()
        ));
    }
    let mut draft = filled(include_str!("template/document.toml"), today);
    for section in sections {
        draft.push_str(&format!("\n[[portion]]\nkind = \"narrative\"\ntext = \"\"\"\n{}\"\"\"\n", escaped(&section)));
    }
    Ok(draft)
}

/// The text below each heading together with the heading, and the text before the first heading.
fn sections(blocks: &[Block]) -> Vec<String> {
    let mut all: Vec<String> = vec![];
    let mut is_open = false;
    for block in blocks {
        let (text, begins) = match block {
            Block::Heading(text) => (plain(text), true),
            Block::Paragraph(text) => (plain(text), false),
        };
        for piece in pieces(&text) {
            match all.last_mut().filter(|last| is_open && !begins && last.len() + piece.len() < MAX_SECTION_BYTES) {
                Some(last) => {
                    last.push_str("\n\n");
                    last.push_str(piece);
                }
                None => all.push(piece.to_owned()),
            }
            is_open = true;
        }
    }
    all
}

/// A text in pieces that each fit into a narrative.
fn pieces(mut text: &str) -> Vec<&str> {
    let mut all = vec![];
    while text.len() > MAX_SECTION_BYTES {
        let is_boundary = |at: &usize| text.is_char_boundary(*at);
        let end = (0..=MAX_SECTION_BYTES).rev().find(is_boundary).unwrap_or_default();
        let end =
            text.get(..end).and_then(|begin| begin.rfind(char::is_whitespace)).filter(|at| *at > 0).unwrap_or(end);
        let (piece, rest) = text.split_at(end);
        all.push(piece.trim());
        text = rest.trim_start();
    }
    all.extend((!text.is_empty()).then_some(text));
    all
}

/// A text without control characters other than newlines, which a draft refuses.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// A text between three quotation marks (TOML, multi-line basic string).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests;
