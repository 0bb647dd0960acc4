//! Tells what a file is that is not UTF-8, as editors on other systems write them.

/// The text of a file in UTF-8, without a byte order mark.
///
/// # Errors
/// A sentence that says in which encoding the file is, and where that shows.
pub fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    // Word's documents are ZIP archives.
    if bytes.starts_with(b"PK\x03\x04") {
        return Err("it is a Word document or another archive, and no text; `watchfire assess new --from FILE.docx` makes a draft of one".to_owned());
    }
    let other = match bytes.as_slice() {
        [0xff, 0xfe, ..] | [_, 0, ..] => Some("UTF-16 (little-endian)"),
        [0xfe, 0xff, ..] | [0, _, ..] => Some("UTF-16 (big-endian)"),
        _ => None,
    };
    if let Some(other) = other {
        return Err(format!("it is in {other}; save it as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        single_byte(bytes, at)
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// Text in an encoding with a byte for each character. Western editors write Windows-1252, which Latin-1 is a part of.
fn single_byte(bytes: &[u8], at: usize) -> String {
    let (before, rest) = bytes.split_at_checked(at).unwrap_or_default();
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let byte = rest.first().copied().unwrap_or_default();
    let is_letter = |b: &&u8| b.is_ascii_alphanumeric();
    let start = before.len() - before.iter().rev().take_while(is_letter).count();
    let end = at + 1 + rest.iter().skip(1).take_while(is_letter).count();
    let word: String = bytes.get(start..end).unwrap_or_default().iter().copied().map(windows_1252).take(40).collect();
    format!(
        "it is not in UTF-8: line {line} has the byte {byte:02X}, which in Latin-1 or Windows-1252 is `{}` (`{word}`); save it as UTF-8",
        windows_1252(byte)
    )
}

/// The character of a byte in Windows-1252.
fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '�', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '�', 'Ž', '�', '�', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', '�', 'ž', 'Ÿ',
    ];
    let place = byte.checked_sub(0x80).map(usize::from);
    place.and_then(|place| FROM_80.get(place)).copied().unwrap_or_else(|| char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf_8_is_told_as_what_it_is() {
        assert_eq!(utf8("Côte\n".as_bytes().to_vec()), Ok("Côte\n".to_owned()));
        assert_eq!(utf8("\u{feff}a".as_bytes().to_vec()), Ok("a".to_owned()));
        assert_eq!(utf8(vec![]), Ok(String::new()));
        let latin = utf8(b"text = 1\n# C\xf4te d\x92Ivoire\n".to_vec()).unwrap_err();
        assert!(latin.contains("line 2 has the byte F4") && latin.contains("`ô` (`Côte`)"), "{latin}");
        let quoted = utf8(b"text = \x93a\x94\n".to_vec()).unwrap_err();
        assert!(quoted.contains("line 1 has the byte 93") && quoted.contains('“'), "{quoted}");
        let wide = |bytes: fn(u16) -> [u8; 2]| "ab".encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        assert!(utf8(wide(u16::to_le_bytes)).unwrap_err().contains("UTF-16 (little-endian)"));
        assert!(utf8(wide(u16::to_be_bytes)).unwrap_err().contains("UTF-16 (big-endian)"));
        assert!(utf8([&[0xff, 0xfe][..], &wide(u16::to_le_bytes)].concat()).unwrap_err().contains("UTF-16"));
    }
}
