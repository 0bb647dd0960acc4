//! PDF: the information dictionary, XMP, annotations, files within, earlier editions. Whatever a file claims of its size, only so much is unpacked.

use lopdf::{Dictionary, Document, LoadOptions, Object};

use super::{
    picture,
    trace::{FileKind, Traces},
    xmp,
};

/// The most bytes that are unpacked of one stream.
const MAX_STREAM_BYTES: usize = 16 << 20;
/// The most objects of a file.
const MAX_OBJECTS: usize = 200_000;

/// What is told of the information dictionary.
const INFO: &[(&[u8], &str)] = &[
    (b"Author", "author"),
    (b"Creator", "program"),
    (b"Producer", "program of the PDF"),
    (b"Company", "company"),
    (b"Manager", "manager"),
    (b"Title", "title"),
    (b"Subject", "topic"),
    (b"Keywords", "keywords"),
    (b"CreationDate", "made"),
    (b"ModDate", "last changed"),
    (b"SourceModified", "its source last changed"),
];
/// Entries of any dictionary that only tell about the file.
const TOLD: &[&[u8]] = &[b"Metadata", b"PieceInfo", b"LastModified", b"Thumb"];

fn load(bytes: &[u8]) -> Result<Document, String> {
    let options = LoadOptions { max_decompressed_size: Some(MAX_STREAM_BYTES), ..LoadOptions::default() };
    let document =
        Document::load_mem_with_options(bytes, options).map_err(|_| "it is no PDF file that can be read here")?;
    if document.is_encrypted() || document.trailer.has(b"Encrypt") {
        return Err("it is encrypted".to_owned());
    }
    if document.objects.len() > MAX_OBJECTS {
        return Err(format!("it has more than {MAX_OBJECTS} objects"));
    }
    Ok(document)
}

/// Adds what a file tells.
pub(super) fn read(bytes: &[u8], found: &mut Traces) {
    let document = match load(bytes) {
        Ok(document) => document,
        Err(why) => return found.unread(why),
    };
    if let Some(info) = info(&document) {
        for (key, value) in info {
            let known = INFO.iter().find(|(known, _)| known == key).map(|(_, what)| (*what).to_owned());
            let what = known.unwrap_or_else(|| format!("property {}", String::from_utf8_lossy(key)));
            found.add(what, &text(value));
        }
    }
    for object in document.objects.values() {
        read_object(object, found);
    }
    let editions = bytes.windows(5).filter(|w| w == b"%%EOF").count();
    if editions > 1 && bytes.windows(5).any(|w| w == b"/Prev") {
        found.add(
            "earlier edition",
            &format!("the file was saved {editions} times, and may contain what was deleted since"),
        );
    }
}

fn info(document: &Document) -> Option<&Dictionary> {
    match document.trailer.get(b"Info").ok()? {
        Object::Reference(id) => document.get_dictionary(*id).ok(),
        Object::Dictionary(info) => Some(info),
        _ => None,
    }
}

fn text(value: &Object) -> String {
    lopdf::decode_text_string(value).unwrap_or_else(|_| match value {
        Object::Name(name) => String::from_utf8_lossy(name).into_owned(),
        _ => String::new(),
    })
}

fn read_object(object: &Object, found: &mut Traces) {
    let dictionary = match object {
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        _ => return,
    };
    let name = |key: &[u8]| dictionary.get(key).ok().and_then(|value| value.as_name().ok()).unwrap_or_default();
    if let Object::Stream(stream) = object {
        if name(b"Type") == b"Metadata" || name(b"Subtype") == b"XML" {
            match stream.get_plain_content_with_limit(MAX_STREAM_BYTES) {
                Ok(packet) => xmp::read(&packet, found),
                Err(_) => found.add("XMP metadata", "present, and not readable"),
            }
        }
        if name(b"Filter") == b"DCTDecode" {
            let mut inner = Traces::of(FileKind::of(&stream.content));
            if inner.kind == FileKind::Jpeg {
                picture::read(&stream.content, &mut inner);
            }
            inner.traces.iter().for_each(|trace| found.add(format!("{} of a picture", trace.what), &trace.says));
        }
    }
    match name(b"Type") {
        b"Filespec" => found
            .add("file within", &dictionary.get(b"UF").or_else(|_| dictionary.get(b"F")).map(text).unwrap_or_default()),
        b"OCG" => found.add("layer, which may be hidden", &dictionary.get(b"Name").map(text).unwrap_or_default()),
        b"Sig" => found.add("signature", &dictionary.get(b"Name").map(text).unwrap_or_else(|_| "signed".to_owned())),
        _ => {}
    }
    // Links and fields are annotations, too; comments are those with an author.
    if !matches!(name(b"Subtype"), b"Link" | b"Widget" | b"")
        && dictionary.has(b"Rect")
        && let Ok(author) = dictionary.get(b"T")
    {
        found.add("author of a comment", &text(author));
    }
    if dictionary.has(b"PieceInfo") {
        found.add("data of a program", "private data of the program that made it");
    }
    if dictionary.has(b"Thumb") {
        found.add("thumbnail", "small pictures of pages");
    }
    if name(b"S") == b"JavaScript" {
        found.add("program", "JavaScript");
    }
}

/// A copy without the information dictionary, XMP, private data of programs, thumbnails, earlier editions and metadata of pictures.
pub(super) fn cleaned(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut document = load(bytes)?;
    let is_signed = |object: &Object| {
        object.as_dict().is_ok_and(|d| d.get(b"Type").and_then(Object::as_name).is_ok_and(|name| name == b"Sig"))
    };
    if document.objects.values().any(is_signed) {
        return Err("it is signed, and a cleaned copy would not be; clean it before it is signed".to_owned());
    }
    if let Ok(Object::Reference(id)) = document.trailer.get(b"Info") {
        let id = *id;
        document.objects.remove(&id);
    }
    document.trailer.remove(b"Info");
    document.trailer.remove(b"ID");
    for object in document.objects.values_mut() {
        let dictionary = match object {
            Object::Dictionary(dictionary) => dictionary,
            Object::Stream(stream) => {
                let is_picture =
                    stream.dict.get(b"Filter").and_then(Object::as_name).is_ok_and(|name| name == b"DCTDecode");
                if is_picture && let Ok(picture) = picture::cleaned_jpeg(&stream.content) {
                    stream.set_content(picture);
                }
                &mut stream.dict
            }
            _ => continue,
        };
        TOLD.iter().for_each(|key| _ = dictionary.remove(key));
    }
    // What nothing refers to any more, such as the packet of XMP, goes too.
    document.prune_objects();
    let mut copy = vec![];
    document.save_to(&mut copy).map_err(|_| "no copy can be made of it")?;
    Ok(copy)
}
