use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::draft::{Format, parse};

fn heading(text: &str) -> Block {
    Block::Heading(text.into())
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(text.into())
}

fn today() -> Day {
    "2026-05-01".parse().unwrap()
}

/// The draft with everything filled in that the template leaves open.
fn filled_in(draft: &str) -> String {
    [
        ("level    = \"FILL IN\"", "level = 3"),
        ("places  = [\"FILL IN\"]", "places = [\"BF\"]"),
        ("tlp    = \"FILL IN\"", "tlp = \"AMBER\""),
        ("risk_of = [\"FILL IN\"]", "risk_of = [\"mass-killing\"]"),
    ]
    .iter()
    .fold(draft.to_owned(), |text, (mark, value)| {
        assert!(text.contains(mark), "{mark}");
        text.replace(mark, value)
    })
}

/// The narratives of the draft of a document.
fn narratives(blocks: &[Block]) -> Vec<String> {
    use crate::domain::body::Body;
    let text = filled_in(&draft_of_document(blocks, today()).unwrap());
    let draft = parse(&text, Format::Toml, today()).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let narrative = |body: &Body| match body {
        Body::Narrative { text } => Some(text.clone()),
        _ => None,
    };
    draft.portions.iter().filter_map(|p| narrative(&p.body)).collect()
}

#[test]
fn markdown_gives_its_headings_and_all_that_can_be_read() {
    let text = "Before any heading,\nin two lines.\n\n# Situation *now*\n\nA [report](https://x.example/a) and `code`.  \nNext line.\n\n\
        1. one\n2. two\n   - inside\n\n> quoted\n\n| a | b |\n|---|---|\n| c | d |\n\n<b>bold</b> & more\n\nTail\n====\n\n```\nas = written\n```\n";
    let wanted = [
        paragraph("Before any heading, in two lines."),
        heading("Situation now"),
        paragraph("A report (https://x.example/a) and code.\nNext line."),
        paragraph("1. one"),
        paragraph("2. two"),
        paragraph("- inside"),
        paragraph("quoted"),
        paragraph("a | b"),
        paragraph("c | d"),
        paragraph("<b>bold</b> & more"),
        heading("Tail"),
        paragraph("as = written"),
    ];
    assert_eq!(read_markdown(text), wanted);
    assert_eq!(read_markdown(""), []);
}

#[test]
fn each_section_is_a_narrative_and_the_rest_is_left_to_the_author() {
    let blocks = [
        paragraph("First \"quoted\" \\ and\ttab"),
        heading("Situation"),
        paragraph("One."),
        paragraph("Two."),
        heading("Empty"),
    ];
    let draft = draft_of_document(&blocks, today()).unwrap();
    assert_eq!(narratives(&blocks), ["First \"quoted\" \\ and tab", "Situation\n\nOne.\n\nTwo.", "Empty"]);
    // Nothing is guessed: each value that the document does not give blocks, and all are named at once.
    let error = parse(&draft, Format::Toml, today()).unwrap_err();
    let fields: Vec<&str> = error.findings.iter().map(|f| f.field.as_str()).collect();
    let wanted =
        ["assessment.level", "default.marking.tlp", "portion[0].text", "portion[1].places[0]", "portion[1].risk_of[0]"];
    assert_eq!(fields, wanted, "{error}");
    assert!(error.findings.iter().all(|f| f.line.is_some() && f.message.contains("FILL IN")), "{error}");
    assert!(draft_of_document(&[heading(" ")], today()).is_err());
}

#[test]
fn a_long_section_becomes_several_narratives_and_too_much_is_refused() {
    let long = "wörd ".repeat(20_000);
    let all = narratives(&[heading("H"), paragraph(&long), paragraph("end")]);
    assert!(all.len() == 2 && all.iter().all(|text| text.len() <= MAX_SECTION_BYTES + 8), "{}", all.len());
    assert_eq!(all.join(" ").split_whitespace().count(), 20_002);
    assert!(draft_of_document(&vec![heading("H"); MAX_SECTIONS + 1], today()).unwrap_err().contains("sections"));
    assert!(draft_of_document(&[paragraph(&"x".repeat(MAX_TEXT_BYTES + 1))], today()).is_err());
}

/// A file with these parts.
fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(vec![]));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn body(inner: &str) -> String {
    let (word, compatible) = (
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://schemas.openxmlformats.org/markup-compatibility/2006",
    );
    format!(
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"{word}\" xmlns:mc=\"{compatible}\"><w:body>{inner}</w:body></w:document>"
    )
}

#[test]
fn a_word_document_gives_its_headings_paragraphs_and_tables() {
    let styles = body(
        "<w:style w:styleId=\"berschrift1\"><w:name w:val=\"heading 1\"/></w:style>\
         <w:style w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style>",
    );
    let text = body(
        "<w:p><w:pPr><w:pStyle w:val=\"berschrift1\"/></w:pPr><w:r><w:t>Situa</w:t></w:r><w:r><w:t>tion &amp; outlook</w:t></w:r></w:p>\
         <w:p><w:pPr><w:pStyle w:val=\"Normal\"/><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>One</w:t><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t></w:r></w:p>\
         <w:p><w:ins><w:r><w:t>added</w:t></w:r></w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p><w:p/>\
         <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr>\
         <w:tr><w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
         <w:p><w:r><w:t>Around </w:t><mc:AlternateContent><mc:Choice><w:p><w:r><w:t>boxed</w:t></w:r></w:p></mc:Choice>\
         <mc:Fallback><w:p><w:r><w:t>boxed</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:r></w:p>\
         <w:p><w:pPr><w:outlineLvl w:val=\"1\"/></w:pPr><w:r><w:t>Tail</w:t></w:r></w:p>",
    );
    let blocks = read_docx(&docx(&[("word/document.xml", &text), ("word/styles.xml", &styles)])).unwrap();
    let wanted = [
        heading("Situation & outlook"),
        paragraph("One two\nthree"),
        paragraph("added"),
        paragraph("a | b"),
        paragraph("c"),
        paragraph("Around "),
        paragraph("boxed"),
        heading("Tail"),
    ];
    assert_eq!(blocks, wanted);
}

#[test]
fn a_file_that_is_none_or_that_swells_is_refused() {
    let told = |bytes: &[u8]| read_docx(bytes).unwrap_err();
    assert!(told(b"").contains("no .docx") && told(b"PK\x03\x04 no archive").contains("no .docx"));
    assert!(told(&docx(&[("other.xml", "<a/>")])).contains("no text document"));
    assert!(told(&docx(&[("word/document.xml", "<a>")])).contains("can't be read"));
    let bomb = docx(&[("word/document.xml", &body(&" ".repeat(17 << 20)))]);
    assert!(bomb.len() < 1 << 20 && told(&bomb).contains("more than 16 MiB"), "{} bytes", bomb.len());
    let entities = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
    assert!(told(&docx(&[("word/document.xml", entities)])).contains("can't be read"));
    let nodes = body(&"<w:p/>".repeat(1_000_001));
    assert!(told(&docx(&[("word/document.xml", &nodes)])).contains("can't be read"));
    let nested = body(&format!("{}{}", "<w:p>".repeat(100), "</w:p>".repeat(100)));
    assert!(told(&docx(&[("word/document.xml", &nested)])).contains("nested more than 64 deep"));
}

proptest! {
    /// Whatever a document says, its draft says as well, once the author has filled in the rest.
    #[test]
    fn every_document_becomes_a_draft_that_can_be_read(text in "(\\PC|[\"\\\\#\n\t]){0,300}") {
        let blocks = [heading("H"), paragraph(&text)];
        let all = narratives(&blocks).join(" ");
        use unicode_normalization::UnicodeNormalization;
        let words = |text: &str| text.nfc().collect::<String>().split(|c: char| c.is_whitespace() || c.is_control()).map(str::to_owned).filter(|w| !w.is_empty()).collect::<Vec<_>>();
        prop_assert_eq!(words(&all), words(&format!("H {text}")));
    }

    #[test]
    fn no_document_makes_the_readers_panic(text in "(\\PC|[#*_`>|\\[\\]()<&\n -]){0,300}", cut in any::<prop::sample::Index>(), byte: u8) {
        let _ = draft_of_document(&read_markdown(&text), today());
        let mut file = docx(&[("word/document.xml", &body("<w:p><w:r><w:t>x</w:t></w:r></w:p>"))]);
        let at = cut.index(file.len());
        file[at] = byte;
        let _ = read_docx(&file);
        file.truncate(at);
        let _ = read_docx(&file);
    }
}
