//! Statements as text that people send by mail. Reading finds them again in a text that mail programs have changed.

use std::path::Path;

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};

use super::{CliError, files::read_bytes, input};
use crate::{domain::statement::Envelope, render::text::one_line, wire};

const BEGIN: &str = "-----BEGIN WATCHFIRE STATEMENT-----";
const END: &str = "-----END WATCHFIRE STATEMENT-----";
/// The longest file that is read, bytes.
const LONGEST: u64 = 32 << 20;
/// Accepts base64 without padding, because mail programs drop it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Encodes a statement as text that survives mail programs.
pub fn armour(envelope: &Envelope) -> String {
    let text = STANDARD.encode(wire::envelope::encode(envelope));
    let mut out = format!("{BEGIN}\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + END + "\n"
}

/// Reads the only statement in a file that [`armour`] made, or in a mail that contains it.
pub fn read_armoured(file: &Path) -> Result<Envelope, CliError> {
    let mut all = read_all_armoured(file)?;
    all.dedup();
    match <[Envelope; 1]>::try_from(all) {
        Ok([one]) => Ok(one),
        Err(_) => Err(CliError::files(format!(
            "{} contains several statements; give a file with one of them",
            input::name(file)
        ))),
    }
}

/// Reads all statements in a file, or in stdin for `-`, in their order. There is at least one.
pub fn read_all_armoured(file: &Path) -> Result<Vec<Envelope>, CliError> {
    let at = input::name(file);
    let unread = |error: std::io::Error| CliError::files(format!("{at} can't be read: {error}"));
    let text = text_of(&read_bytes(file, LONGEST).map_err(unread)?);
    let found = blocks(&text);
    let found =
        if found.is_empty() { encoded_parts(&text).iter().flat_map(|part| blocks(part)).collect() } else { found };
    if found.is_empty() {
        let what =
            format!("{at} contains no statement; look for the lines from {BEGIN} to {END}, and save all of them");
        return Err(CliError::files(what));
    }
    // A mail may contain its text twice, once as HTML.
    let read: Vec<Result<Envelope, CliError>> = found.iter().map(|block| decode(block, file)).collect();
    match read.iter().any(Result::is_ok) {
        true => Ok(read.into_iter().flatten().collect()),
        false => read.into_iter().collect(),
    }
}

fn decode(block: &str, file: &Path) -> Result<Envelope, CliError> {
    let at = input::name(file);
    let bytes = LENIENT.decode(body_of(block)).ok().filter(|bytes| !bytes.is_empty());
    let cut = || {
        CliError::files(format!("the statement in {at} was changed or cut off in transit; ask for it again as a file"))
    };
    wire::envelope::decode(&bytes.ok_or_else(cut)?).map_err(|fault| {
        let message = one_line(&format!("{at}: {fault}"));
        CliError { message, ..CliError::from(fault) }
    })
}

/// Text of a file in UTF-8 or UTF-16, with or without a byte order mark.
fn text_of(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.as_chunks::<2>();
        String::from_utf16_lossy(&pairs.iter().map(|pair| read(*pair)).collect::<Vec<u16>>())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [_, 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, _, ..] => wide(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The text between the two marks, once for each statement.
fn blocks(text: &str) -> Vec<String> {
    let after = text.split(BEGIN).skip(1);
    after.filter_map(|rest| rest.split_once(END)).map(|(block, _)| block.to_owned()).collect()
}

/// The base64 of a block, without what mail programs insert: quotation marks, blanks, line ends, and the soft line ends and escapes of
/// quoted-printable (RFC 2045, section 6.7). The padding is removed as well.
fn body_of(block: &str) -> String {
    let lines = block.lines().map(|line| line.replace("=3D", ""));
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    lines.flat_map(|line| line.chars().filter(kept).collect::<Vec<_>>()).collect()
}

/// The decoded texts of those parts of a mail that are encoded in base64 (RFC 2045, section 6.8).
fn encoded_parts(text: &str) -> Vec<String> {
    let is_base64 = |line: &&str| {
        !line.is_empty() && line.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
    };
    let (mut parts, mut part) = (vec![], String::new());
    for line in text.lines().map(str::trim).chain([""]) {
        if is_base64(&line) {
            part.push_str(line);
        } else if !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.iter().filter_map(|part| LENIENT.decode(part).ok()).map(|bytes| text_of(&bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statement::{Signature, StatementKind, Suite};

    fn envelope(n: usize) -> Envelope {
        let signature = Signature { suite: Suite::Ed25519, certificates: vec![vec![7; 50]], value: vec![3; 64] };
        Envelope::new(StatementKind::Invitation, vec![9; n], vec![signature])
    }

    fn read(bytes: &[u8]) -> Result<Envelope, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mail");
        std::fs::write(&file, bytes).unwrap();
        read_armoured(&file).map_err(|e| e.message)
    }

    /// Every length of padding, with full and with partial lines.
    fn samples() -> impl Iterator<Item = Envelope> {
        (100..200).map(envelope)
    }

    #[test]
    fn a_statement_is_found_in_whatever_mail_has_made_of_it() {
        for envelope in samples() {
            let text = armour(&envelope);
            let quoted = |prefix: &str| text.lines().map(|line| format!("{prefix}{line}\n")).collect::<String>();
            let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
            let wrapped: Vec<&str> = body.as_bytes().chunks(76).map(|c| std::str::from_utf8(c).unwrap()).collect();
            let wrapped = format!("{BEGIN}\n{}\n{END}\n", wrapped.join("\n"));
            let soft = body.as_bytes().chunks(70).map(|c| String::from_utf8_lossy(c).replace('=', "=3D"));
            let soft = format!("{BEGIN}\n{}\n{END}\n", soft.collect::<Vec<_>>().join("=\r\n"));
            let inside = STANDARD.encode(format!("Dear colleague,\r\n\r\n{text}"));
            let inside: String =
                inside.as_bytes().chunks(76).map(|c| format!("{}\r\n", String::from_utf8_lossy(c))).collect();
            let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
            let forms: Vec<Vec<u8>> = vec![
                text.clone().into(),
                text.replace('\n', "\r\n").into(),
                quoted("> ").into(),
                quoted(">> > ").into(),
                quoted("    ").into(),
                text.lines().map(|line| format!("{line}  \n")).collect::<String>().into(),
                format!("\u{feff}{text}").into(),
                format!("Dear colleague,\n\n{text}\n-- \nMFA\n").into(),
                wrapped.into(),
                soft.into(),
                text.replace('=', "").into(),
                [&[0xff, 0xfe][..], &utf16(&text)].concat(),
                utf16(&text),
                format!("Content-Transfer-Encoding: base64\r\n\r\n{inside}\r\n--part--").into(),
            ];
            for (n, form) in forms.iter().enumerate() {
                assert_eq!(read(form).as_ref(), Ok(&envelope), "form {n}: {}", String::from_utf8_lossy(form));
            }
        }
    }

    #[test]
    fn what_is_no_statement_is_told_apart() {
        let text = armour(&envelope(100));
        for (form, words) in [
            (String::new(), "contains no statement"),
            ("hello".to_owned(), "contains no statement"),
            (text.replace(END, ""), "contains no statement"),
            (text.chars().take(90).collect::<String>() + END, "cut"),
            (text.clone() + &armour(&envelope(101)), "several statements"),
        ] {
            let error = read(form.as_bytes()).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let html = format!("{text}<p>{}</p>", text.replace('\n', "<br>\n"));
        assert!(read(html.as_bytes()).is_ok(), "as text and as HTML");
        // The same statement twice, as in a mail that quotes itself.
        assert!(read((text.clone() + &text).as_bytes()).is_ok());
    }
}
