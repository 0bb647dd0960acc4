//! Documents in Markdown (CommonMark, with tables).

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Block;

/// The headings and paragraphs of a document. Nothing that can be read is left out: HTML stands as it is written, links with their addresses.
pub fn read_markdown(text: &str) -> Vec<Block> {
    let mut collector = Collector::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        collector.take(event);
    }
    collector.end(false);
    collector.blocks
}

#[derive(Default)]
struct Collector {
    blocks: Vec<Block>,
    text: String,
    /// The lists that are open, each with its next number if it is numbered.
    lists: Vec<Option<u64>>,
    /// The address of each link that is open.
    links: Vec<String>,
}

impl Collector {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.close(tag),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.text.push_str(&text)
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text.push_str(&text),
            Event::FootnoteReference(name) => self.text.push_str(&format!("[{name}]")),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Rule => self.end(false),
            Event::TaskListMarker(done) => self.text.push_str(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::List(first) => {
                self.end(false);
                self.lists.push(first);
            }
            Tag::Item => {
                self.end(false);
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let mark = format!("{number}. ");
                        *number = number.saturating_add(1);
                        mark
                    }
                    _ => "- ".to_owned(),
                };
                self.text.push_str(&mark);
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => self.links.push(dest_url.into_string()),
            Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::Table(_) | Tag::TableRow => self.end(false),
            // An item's own paragraph stands behind the item's mark.
            Tag::Paragraph if !self.is_mark() => self.end(false),
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.end(true),
            TagEnd::List(_) => {
                self.end(false);
                self.lists.pop();
            }
            TagEnd::TableCell => self.text.push_str(" | "),
            TagEnd::Link | TagEnd::Image => {
                let address = self.links.pop().unwrap_or_default();
                if !address.is_empty() && !self.text.ends_with(&address) {
                    self.text.push_str(&format!(" ({address})"));
                }
            }
            TagEnd::Paragraph
            | TagEnd::Item
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::BlockQuote(_) => self.end(false),
            _ => {}
        }
    }

    /// Whether there is nothing but the mark of an item yet.
    fn is_mark(&self) -> bool {
        let mark = self.text.trim_end();
        mark == "-"
            || mark
                .strip_suffix('.')
                .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
    }

    /// Ends a heading or paragraph.
    fn end(&mut self, is_heading: bool) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim().trim_end_matches('|').trim_end();
        if !text.is_empty() {
            let text = text.to_owned();
            self.blocks.push(if is_heading { Block::Heading(text) } else { Block::Paragraph(text) });
        }
    }
}
