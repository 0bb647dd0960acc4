//! Checks of single fields: ids, times, days, closed sets, text.

use std::{collections::HashSet, str::FromStr};

use unicode_normalization::is_nfc;

use crate::domain::{
    fault::{Fault, Reason},
    time::Time,
};

/// The fault for refusing one field.
pub fn refuse(field: &str, what: impl Into<String>) -> Fault {
    Fault::at(Reason::UnknownOrNonCanonical, field, what)
}

/// The path of an item of a list. It is made only for a refusal.
fn at(field: &str, index: usize) -> String {
    format!("{field}[{index}]")
}

/// The longest text of one field, bytes. A portion as a whole has a limit of its own.
const MAX_TEXT: usize = 200 * 1024;

/// A text in NFC, without control characters except newline.
///
/// # Errors
/// Names the field.
pub fn text(field: &str, text: String) -> Result<String, Fault> {
    if text.len() > MAX_TEXT {
        return Err(refuse(field, "the text is longer than a portion may be"));
    }
    // ASCII is in form C as it is, and most text is ASCII.
    let is_ascii = text.is_ascii();
    let is_control = |c: char| c.is_control() && c != '\n';
    let has_control = if is_ascii { text.bytes().any(|b| is_control(b.into())) } else { text.chars().any(is_control) };
    if has_control {
        return Err(refuse(field, "the text contains a control character; only newline may be used"));
    }
    if !is_ascii && !is_nfc(&text) {
        return Err(refuse(field, "the text is not in Unicode normalization form C; normalise it before signing"));
    }
    Ok(text)
}

/// A text that is not empty.
///
/// # Errors
/// Names the field.
pub fn required(field: &str, value: String) -> Result<String, Fault> {
    if value.is_empty() {
        return Err(refuse(field, "the text is missing"));
    }
    text(field, value)
}

/// A line of text that is not empty.
///
/// # Errors
/// Names the field.
pub fn line(field: &str, value: String) -> Result<String, Fault> {
    if value.contains('\n') {
        return Err(refuse(field, "the text must be one line"));
    }
    required(field, value)
}

/// A value of a type that has one spelling: a name, a place, a day.
///
/// # Errors
/// Names the field.
pub fn parsed<T: FromStr<Err: ToString>>(field: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|e: T::Err| refuse(field, e.to_string()))
}

/// As [`parsed`]. An empty text means that the value is absent.
///
/// # Errors
/// Names the field.
pub fn parsed_optional<T: FromStr<Err: ToString>>(field: &str, text: &str) -> Result<Option<T>, Fault> {
    if text.is_empty() { Ok(None) } else { parsed(field, text).map(Some) }
}

/// Several values as for [`parsed`], in order.
///
/// # Errors
/// Names the field and its index.
pub fn parsed_all<T: FromStr<Err: ToString>>(field: &str, texts: &[String]) -> Result<Vec<T>, Fault> {
    let one = |(i, text): (usize, &String)| text.parse().map_err(|e: T::Err| refuse(&at(field, i), e.to_string()));
    texts.iter().enumerate().map(one).collect()
}

/// Bytes of a fixed length.
///
/// # Errors
/// Names the field.
pub fn bytes<'a, T: TryFrom<&'a [u8], Error = String>>(field: &str, bytes: &'a [u8]) -> Result<T, Fault> {
    T::try_from(bytes).map_err(|e| refuse(field, e))
}

/// As [`bytes`]. An empty byte string means that the value is absent.
///
/// # Errors
/// Names the field.
pub fn bytes_optional<'a, T: TryFrom<&'a [u8], Error = String>>(
    field: &str,
    value: &'a [u8],
) -> Result<Option<T>, Fault> {
    if value.is_empty() { Ok(None) } else { bytes(field, value).map(Some) }
}

/// Several byte strings of a fixed length.
///
/// # Errors
/// Names the field and its index.
pub fn bytes_all<'a, T>(field: &str, all: &'a [prost::bytes::Bytes]) -> Result<Vec<T>, Fault>
where
    T: TryFrom<&'a [u8], Error = String>,
{
    let one = |(i, bytes): (usize, &'a prost::bytes::Bytes)| T::try_from(bytes).map_err(|e| refuse(&at(field, i), e));
    all.iter().enumerate().map(one).collect()
}

/// A value of a closed set. `all` contains the values in the order of their numbers, from 1 on. 0 and unknown numbers are refused.
///
/// # Errors
/// Names the field.
pub fn word<T: Copy>(field: &str, all: &[T], number: i32) -> Result<T, Fault> {
    word_optional(field, all, number)?.ok_or_else(|| refuse(field, "the value is missing"))
}

/// As [`word`]. 0 means that the value is absent.
///
/// # Errors
/// Names the field.
pub fn word_optional<T: Copy>(field: &str, all: &[T], number: i32) -> Result<Option<T>, Fault> {
    if number == 0 {
        return Ok(None);
    }
    let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
    let value = index.and_then(|i| all.get(i)).copied();
    value.map(Some).ok_or_else(|| refuse(field, format!("the value {number} is not known to this version")))
}

/// Several values of a closed set, as for [`word`].
///
/// # Errors
/// Names the field and its index.
pub fn word_all<T: Copy>(field: &str, all: &[T], numbers: &[i32]) -> Result<Vec<T>, Fault> {
    numbers.iter().enumerate().map(|(i, n)| word(&format!("{field}[{i}]"), all, *n)).collect()
}

/// The number of a value of a closed set: its position in `all`, counted from 1.
pub fn number_of<T: PartialEq>(all: &[T], value: &T) -> i32 {
    // INVARIANT: `all` contains every value of the set, so the position is always found.
    all.iter().position(|v| v == value).and_then(|i| i32::try_from(i + 1).ok()).unwrap_or_default()
}

/// Refuses a list that is not strictly ascending, so that each set has one encoding.
///
/// # Errors
/// Names the field and the index.
pub fn ascending<T: Ord>(field: &str, all: &[T]) -> Result<(), Fault> {
    match all.windows(2).position(|pair| matches!(pair, [a, b] if a >= b)) {
        Some(i) => Err(refuse(&format!("{field}[{}]", i + 1), "the list is not in strictly ascending order")),
        None => Ok(()),
    }
}

/// Refuses a list in which something occurs twice.
///
/// # Errors
/// `DIGEST_REPEATED`, with the field and the index.
pub fn each_once<T: Eq + std::hash::Hash>(field: &str, all: &[T]) -> Result<(), Fault> {
    let mut seen = HashSet::with_capacity(all.len());
    match all.iter().position(|one| !seen.insert(one)) {
        Some(i) => Err(Fault::at(Reason::DigestRepeated, format!("{field}[{i}]"), "it is listed twice")),
        None => Ok(()),
    }
}

/// A message that must be present.
///
/// # Errors
/// Names the field.
pub fn present<T>(field: &str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| refuse(field, "the field is missing"))
}

/// A finite double that is not negative zero.
///
/// # Errors
/// Names the field.
pub fn double(field: &str, value: f64) -> Result<f64, Fault> {
    if value.is_finite() && !(value == 0.0 && value.is_sign_negative()) {
        Ok(value)
    } else {
        Err(refuse(field, "the number is not finite, or is negative zero"))
    }
}

/// A time.
///
/// # Errors
/// Names the field.
pub fn time(field: &str, value: Option<prost_types::Timestamp>) -> Result<Time, Fault> {
    let prost_types::Timestamp { seconds, nanos } = present(field, value)?;
    let is_kept = Time::IN_NANOSECONDS.contains(&seconds);
    let time = Time::from_parts(seconds, nanos).filter(|_| is_kept);
    time.ok_or_else(|| refuse(field, "the time is out of bounds; it must be in the years 1678 to 2261"))
}

/// A time in whole seconds.
///
/// # Errors
/// Names the field.
pub fn whole_seconds(field: &str, value: Option<prost_types::Timestamp>) -> Result<Time, Fault> {
    let time = time(field, value)?;
    if time.parts().1 == 0 { Ok(time) } else { Err(refuse(field, "the time must be in whole seconds")) }
}

/// Encodes a time for the wire.
pub fn timestamp(time: Time) -> Option<prost_types::Timestamp> {
    let (seconds, nanos) = time.parts();
    Some(prost_types::Timestamp { seconds, nanos })
}

/// The texts of a list.
pub fn texts<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(T::to_string).collect()
}

/// The text of a value, or an empty text if it is absent.
pub fn text_of<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{approval, level, marking, partner, recall, receipt, release};
    use crate::wire::proto;

    #[test]
    fn text_is_nfc_without_control_characters() {
        assert!(text("t", "Fulani\nciviliáns".into()).is_ok());
        for wrong in ["a\u{301}", "a\tb", "a\0b", "a\u{9f}b", "\u{7f}"] {
            assert!(text("t", wrong.into()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn times_are_those_whose_nanoseconds_a_column_holds() {
        let read = |seconds, nanos| time("t", Some(prost_types::Timestamp { seconds, nanos }));
        let last = read(Time::IN_NANOSECONDS.end - 1, 999_999_999).unwrap();
        assert_eq!(Time::from_unix_nanos(last.unix_nanos()), last);
        let first = read(Time::IN_NANOSECONDS.start, 0).unwrap();
        assert_eq!(Time::from_unix_nanos(first.unix_nanos()), first);
        assert!(read(Time::IN_NANOSECONDS.end, 0).is_err() && read(Time::IN_NANOSECONDS.start - 1, 0).is_err());
    }

    fn same_names<T: Copy + ToString>(all: &[T], name: impl Fn(i32) -> Option<&'static str>, prefix: &str) {
        for (i, value) in all.iter().enumerate() {
            let proto = name(i as i32 + 1).expect("the proto enum has as many values").strip_prefix(prefix).unwrap();
            let ours: String = value.to_string().to_uppercase().replace(['-', '+'], "_");
            assert_eq!(ours, proto);
        }
        assert!(name(all.len() as i32 + 1).is_none(), "{prefix} has more values than the domain");
    }

    macro_rules! same {
        ($proto:ident, $domain:ty, $prefix:literal) => {
            same_names(<$domain>::ALL, |n| proto::$proto::try_from(n).ok().map(|v| v.as_str_name()), $prefix)
        };
    }

    #[test]
    fn closed_sets_have_the_same_numbers_in_proto_and_domain() {
        use crate::domain::framework::{State as FactorState, Trend};
        same!(Tlp, marking::Tlp, "TLP_");
        same!(Urgency, level::Urgency, "URGENCY_");
        same!(Severity, level::Severity, "SEVERITY_");
        same!(Certainty, level::Certainty, "CERTAINTY_");
        same!(Confidence, level::Confidence, "CONFIDENCE_");
        same!(FactorState, FactorState, "FACTOR_STATE_");
        same!(Trend, Trend, "TREND_");
        same!(PartnerKind, partner::PartnerKind, "PARTNER_KIND_");
        same!(EntryKind, release::EntryKind, "ENTRY_KIND_");
        same!(ReceiptKind, receipt::ReceiptKind, "RECEIPT_KIND_");
        same!(Matter, approval::Matter, "MATTER_");
        same!(RecallKind, recall::RecallKind, "RECALL_KIND_");
    }
}
