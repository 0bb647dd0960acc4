use std::io::{Cursor, Read, Write};

use lopdf::{Document, Object, Stream, dictionary};
use proptest::prelude::*;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::*;

/// EXIF with a device, its serial number, an orientation, and a place.
fn exif() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let at = |offset: u32| offset.to_be_bytes();
    let rationals = |parts: [u32; 3]| {
        parts.iter().flat_map(|p| [p.to_be_bytes(), 1u32.to_be_bytes()].concat()).collect::<Vec<u8>>()
    };
    let mut all = b"MM\0\x2a\0\0\0\x08\0\x03".to_vec();
    all.extend(entry(0x0110, 2, 8, at(50)));
    all.extend(entry(0x0112, 3, 1, [0, 6, 0, 0]));
    all.extend(entry(0x8825, 4, 1, at(58)));
    all.extend([0; 4]);
    assert_eq!(all.len(), 50);
    all.extend(b"Pixel 9\0");
    all.extend(b"\0\x04");
    all.extend(entry(1, 2, 2, *b"N\0\0\0"));
    all.extend(entry(2, 5, 3, at(112)));
    all.extend(entry(3, 2, 2, *b"W\0\0\0"));
    all.extend(entry(4, 5, 3, at(136)));
    all.extend([0; 4]);
    assert_eq!(all.len(), 112);
    all.extend(rationals([12, 22, 12]));
    all.extend(rationals([1, 31, 48]));
    all
}

const XMP: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:CreatorTool="Darkroom 3"><dc:creator><rdf:Seq>
 <rdf:li>Ana Hidden</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"#;
const IMAGE: &[u8] = b"\xff\xdb\0\x03\0\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\0\x34\xff\xd0\x56\xff\xd9";

fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len() + 2).unwrap();
    [&[0xff, marker][..], &length.to_be_bytes(), contents].concat()
}

fn jpeg() -> Vec<u8> {
    [
        b"\xff\xd8".to_vec(),
        segment(0xe0, b"JFIF\0\x01\x02\0\0\x48\0\x48\x01\x01\x10\x20\x30"),
        segment(0xe1, &[b"Exif\0\0".to_vec(), exif()].concat()),
        segment(0xe1, format!("http://ns.adobe.com/xap/1.0/\0{XMP}").as_bytes()),
        segment(0xed, b"Photoshop 3.0\0..."),
        segment(0xfe, b"taken for Ana"),
        IMAGE.to_vec(),
        b"a video".to_vec(),
    ]
    .concat()
}

fn png() -> Vec<u8> {
    let chunk = |kind: &[u8; 4], contents: &[u8]| {
        let mut crc = flate_crc(kind, contents).to_be_bytes().to_vec();
        let mut all = u32::try_from(contents.len()).unwrap().to_be_bytes().to_vec();
        all.extend(kind);
        all.extend(contents);
        all.append(&mut crc);
        all
    };
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"),
        chunk(b"eXIf", &exif()),
        chunk(b"tEXt", b"Author\0Ana Hidden"),
        chunk(b"iTXt", format!("XML:com.adobe.xmp\0\0\0\0\0{XMP}").as_bytes()),
        chunk(b"tIME", b"\x07\xea\x01\x01\0\0\0"),
        chunk(b"IDAT", b"\x78\x9c\x63\0\0\0\x02\0\x01"),
        chunk(b"IEND", b""),
        b"more".to_vec(),
    ]
    .concat()
}

/// The check sum of a chunk.
fn flate_crc(kind: &[u8], contents: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !kind.iter().chain(contents).fold(!0, step)
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const WORD: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

fn office() -> Vec<u8> {
    let document = format!(
        "<w:document {WORD}><w:body><w:p><w:ins w:author=\"Ben Hidden\"><w:r><w:rPr><w:vanish/></w:rPr><w:t>text</w:t></w:r></w:ins></w:p></w:body></w:document>"
    );
    let comments = format!("<w:comments {WORD}><w:comment w:id=\"0\" w:author=\"Cleo Hidden\"/></w:comments>");
    let settings =
        format!("<w:settings {WORD}><w:zoom/><w:rsids><w:rsid w:val=\"00A1\"/></w:rsids><w:x/></w:settings>");
    zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", b"\xef\xbb\xbf<Relationships><Relationship Id=\"1\" Type=\"http://x/officeDocument\" Target=\"word/document.xml\"/><Relationship Id=\"2\" Type=\"http://x/metadata/thumbnail\" Target=\"docProps/thumbnail.jpeg\"/></Relationships>"),
        ("docProps/core.xml", b"<c><creator>Ana Hidden</creator><lastModifiedBy>Ben Hidden</lastModifiedBy></c>"),
        ("docProps/app.xml", b"<p><Company>Ministry Hidden</Company></p>"),
        ("docProps/thumbnail.jpeg", &jpeg()),
        ("word/document.xml", document.as_bytes()),
        ("word/comments.xml", comments.as_bytes()),
        ("word/settings.xml", settings.as_bytes()),
        ("word/media/image1.jpeg", &jpeg()),
        ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"Names\" state=\"hidden\"/></sheets></workbook>"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><row hidden=\"1\"/><cols><col hidden=\"true\"/></cols></worksheet>"),
        ("ppt/slides/slide1.xml", b"<sld show=\"0\"/>"),
    ])
}

fn pdf() -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let info = document.add_object(dictionary! { "Author" => Object::string_literal("Ana Hidden"), "Producer" => Object::string_literal("Press 2") });
    let metadata = document
        .add_object(Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, XMP.as_bytes().to_vec()));
    let picture =
        document.add_object(Stream::new(dictionary! { "Subtype" => "Image", "Filter" => "DCTDecode" }, jpeg()));
    let pages = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Resources" => dictionary! { "XObject" => dictionary! { "I" => picture } },
    });
    document.objects.insert(pages, dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages, "Metadata" => metadata });
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", info);
    let mut bytes = vec![];
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn told(bytes: &[u8]) -> Vec<String> {
    let found = traces(bytes);
    assert_eq!(found.unread, None);
    found.traces.iter().map(|trace| format!("{}: {}", trace.what, trace.says)).collect()
}

fn has(all: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(all.iter().any(|trace| trace == wanted), "{wanted}: {all:#?}");
    }
}

#[test]
fn a_picture_tells_its_place_device_author_and_what_is_behind_it_and_its_copy_only_how_it_stands() {
    let all = told(&jpeg());
    has(
        &all,
        &[
            "place (GPS): 12.37000 N, 1.53000 W",
            "device: Pixel 9",
            "XMP creator: Ana Hidden",
            "XMP CreatorTool: Darkroom 3",
        ],
    );
    has(&all, &["comment: taken for Ana", "data behind the picture: 7 bytes: a video, a further picture or text"]);
    let Cleaned { bytes, removed, remains } = cleaned(&jpeg()).unwrap();
    assert_eq!(removed.len(), all.len() - 1, "{removed:?}");
    // The mark that turns it upright is all that stays.
    assert_eq!(remains.traces.iter().map(|t| t.what.as_str()).collect::<Vec<_>>(), ["EXIF metadata"]);
    assert!(bytes.ends_with(IMAGE), "the image data are the same");
    let exif = exif::Reader::new().read_from_container(&mut Cursor::new(&bytes)).unwrap();
    assert_eq!(
        exif.fields().map(|f| (f.tag, f.value.get_uint(0))).collect::<Vec<_>>(),
        [(exif::Tag::Orientation, Some(6))]
    );
    assert_eq!(cleaned(&bytes).unwrap().bytes, bytes);
}

#[test]
fn a_png_file_keeps_what_makes_the_picture() {
    let all = told(&png());
    has(
        &all,
        &[
            "place (GPS): 12.37000 N, 1.53000 W",
            "text Author: Ana Hidden",
            "XMP creator: Ana Hidden",
            "data behind the picture: 4 bytes",
        ],
    );
    let copy = cleaned(&png()).unwrap();
    assert_eq!(copy.remains.traces, []);
    assert!(!String::from_utf8_lossy(&copy.bytes).contains("Ana") && copy.bytes.windows(4).any(|w| w == b"IDAT"));
}

#[test]
fn an_office_document_tells_persons_changes_and_what_is_hidden_and_keeps_its_text() {
    let all = told(&office());
    has(
        &all,
        &[
            "author: Ana Hidden",
            "last changed by: Ben Hidden",
            "company: Ministry Hidden",
            "tracked change: by Ben Hidden",
        ],
    );
    has(&all, &["author of a comment: Cleo Hidden", "hidden text: in word/document.xml", "hidden sheet: Names"]);
    has(
        &all,
        &[
            "hidden rows: in xl/worksheets/sheet1.xml",
            "hidden columns: in xl/worksheets/sheet1.xml",
            "hidden slide: ppt/slides/slide1.xml",
        ],
    );
    has(
        &all,
        &[
            "comments: 1 in word/comments.xml",
            "thumbnail: a small picture of the first page",
            "place (GPS) of image1.jpeg: 12.37000 N, 1.53000 W",
        ],
    );
    let copy = cleaned(&office()).unwrap();
    let remains: Vec<&str> = copy.remains.traces.iter().map(|t| t.what.as_str()).collect();
    for gone in ["author", "company", "last changed by", "thumbnail", "editing sessions", "place (GPS) of image1.jpeg"]
    {
        assert!(!remains.contains(&gone), "{gone}: {remains:?}");
    }
    for stays in ["tracked change", "author of a comment", "hidden sheet", "hidden slide", "hidden text"] {
        assert!(remains.contains(&stays), "{stays}: {remains:?}");
    }
    let part = |bytes: &[u8], name: &str| {
        let mut text = String::new();
        ZipArchive::new(Cursor::new(bytes)).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(part(&copy.bytes, "word/document.xml"), part(&office(), "word/document.xml"));
    assert!(part(&copy.bytes, "word/settings.xml").ends_with("<w:zoom/><w:x/></w:settings>"));
    let relations = part(&copy.bytes, "_rels/.rels");
    assert!(relations.contains("officeDocument") && !relations.contains("thumbnail"), "{relations}");
    assert!(traces(&zipped(&[("a.txt", b"a")])).unread.unwrap().contains("no Office document"));
}

#[test]
fn a_pdf_file_loses_its_information_and_keeps_its_pages() {
    let all = told(&pdf());
    has(
        &all,
        &[
            "author: Ana Hidden",
            "program of the PDF: Press 2",
            "XMP creator: Ana Hidden",
            "place (GPS) of a picture: 12.37000 N, 1.53000 W",
        ],
    );
    let copy = cleaned(&pdf()).unwrap();
    assert_eq!(copy.remains.traces.iter().map(|t| t.what.as_str()).collect::<Vec<_>>(), ["EXIF metadata of a picture"]);
    let text = String::from_utf8_lossy(&copy.bytes).into_owned();
    assert!(!text.contains("Ana Hidden") && !text.contains("Press 2"), "{text}");
    assert_eq!(Document::load_mem(&copy.bytes).unwrap().get_pages().len(), 1);
}

#[test]
fn what_can_not_be_read_or_cleaned_is_said() {
    assert!(traces(b"plain text").unread.unwrap().contains("can't read"));
    assert!(cleaned(b"plain text").unwrap_err().contains("can't clean"));
    assert!(cleaned(&exif()).unwrap_err().contains("TIFF"));
    has(&told(&exif()), &["device: Pixel 9", "place (GPS): 12.37000 N, 1.53000 W"]);
    for cut in [&jpeg()[..200], &png()[..60], &office()[..300], &pdf()[..40]] {
        assert!(traces(cut).unread.is_some() && cleaned(cut).is_err());
    }
    // A small file that unpacks to more than is read.
    let bomb = zipped(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", &vec![b' '; 20 << 20])]);
    assert!(bomb.len() < 100 << 10);
    assert!(traces(&bomb).unread.unwrap().contains("takes more than 16 MiB"));
    let many = format!("<c>{}</c>", (0..500).map(|i| format!("<creator>person {i}</creator>")).collect::<String>());
    let many = traces(&zipped(&[("[Content_Types].xml", b"<Types/>"), ("docProps/core.xml", many.as_bytes())]));
    assert_eq!((many.traces.len(), many.more), (100, 400));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_file_makes_a_reader_panic(which in 0..4_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), cut in any::<prop::sample::Index>()) {
        let files: [fn() -> Vec<u8>; 4] = [jpeg, png, office, pdf];
        let mut bytes = files[which]();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut.index(3) == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        traces(&bytes);
        if let Ok(copy) = cleaned(&bytes) {
            prop_assert!(copy.removed.iter().all(|trace| !copy.remains.traces.contains(trace)));
        }
    }
}
