//! Finds the first faulty field in bytes that are not canonical. It runs only after they were refused, so it may be slow.

use std::{collections::HashMap, sync::LazyLock};

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

/// The path of a field, and what is wrong with it.
type FieldFault = (String, String);

struct Schema {
    messages: HashMap<String, DescriptorProto>,
    enums: HashMap<String, EnumDescriptorProto>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let set = FileDescriptorSet::decode(super::proto::DESCRIPTORS).unwrap_or_default();
    let mut schema = Schema { messages: HashMap::new(), enums: HashMap::new() };
    for file in set.file {
        let package = file.package().to_owned();
        schema.messages.extend(file.message_type.into_iter().map(|m| (format!("{package}.{}", m.name()), m)));
        schema.enums.extend(file.enum_type.into_iter().map(|e| (format!("{package}.{}", e.name()), e)));
    }
    schema
});

/// How deep messages may be nested. prost refuses at 100 already.
const MAX_DEPTH: usize = 100;

/// The first fault of `bytes` as a message of that full name. `None` if none is found.
pub(super) fn first_fault(message: &str, bytes: &[u8]) -> Option<FieldFault> {
    walk(message, bytes, 0).err()
}

fn walk(message: &str, mut bytes: &[u8], depth: usize) -> Result<(), FieldFault> {
    if depth > MAX_DEPTH {
        return Err(here("messages are nested too deeply"));
    }
    let descriptor = SCHEMA.messages.get(message).ok_or_else(|| here("no such message is known"))?;
    let mut seen: HashMap<i32, usize> = HashMap::new();
    let mut chosen: Option<(i32, i32)> = None;
    let mut last = 0;
    while !bytes.is_empty() {
        let key = varint(&mut bytes).ok_or_else(|| here("a field's key is cut off or longer than needed"))?;
        let number = i32::try_from(key >> 3).unwrap_or_default();
        let Some(field) = descriptor.field.iter().find(|f| f.number() == number) else {
            return Err((
                number.to_string(),
                "the field is not known to this version; it can't be passed on".to_owned(),
            ));
        };
        let count = seen.entry(number).or_default();
        let is_list = field.label() == Label::Repeated && !is_packed(field);
        let path = if is_list { format!("{}[{count}]", field.name()) } else { field.name().to_owned() };
        if !is_list && *count > 0 {
            return Err((path, "the field occurs twice".to_owned()));
        }
        if number < last {
            return Err((path, "the field is out of order; encode fields by ascending number".to_owned()));
        }
        if let Some(group) = field.oneof_index.filter(|_| !field.proto3_optional()) {
            if chosen.is_some_and(|(other, member)| other == group && member != number) {
                return Err((path, "only one of several fields may be set, and another one is already set".to_owned()));
            }
            chosen = Some((group, number));
        }
        *count += 1;
        last = number;
        value(field, (key & 7) as u8, &mut bytes, depth).map_err(|(inner, what)| (join(&path, &inner), what))?;
    }
    Ok(())
}

fn here(what: &str) -> FieldFault {
    (String::new(), what.to_owned())
}

fn join(path: &str, inner: &str) -> String {
    if inner.is_empty() || inner.starts_with('[') { format!("{path}{inner}") } else { format!("{path}.{inner}") }
}

/// Lists of numbers are in one field, one number after the other.
fn is_packed(field: &FieldDescriptorProto) -> bool {
    field.label() == Label::Repeated && !matches!(field.r#type(), Type::String | Type::Bytes | Type::Message)
}

/// Reads one value. Returns what is wrong with it, with the path below this field.
fn value(field: &FieldDescriptorProto, wire_type: u8, bytes: &mut &[u8], depth: usize) -> Result<(), FieldFault> {
    let may_be_default = field.label() == Label::Repeated || field.proto3_optional() || field.oneof_index.is_some();
    match (wire_type, field.r#type()) {
        (0 | 1, _) if is_packed(field) => Err(here("the numbers of a list are written packed")),
        (2, _) if is_packed(field) => packed(field, delimited(bytes)?),
        (2, Type::Message) => walk(field.type_name().trim_start_matches('.'), delimited(bytes)?, depth + 1),
        (2, Type::String | Type::Bytes) => {
            let inner = delimited(bytes)?;
            if inner.is_empty() && !may_be_default {
                Err(here("the default value is left out, not written"))
            } else if field.r#type() == Type::String && std::str::from_utf8(inner).is_err() {
                Err(here("the text is not UTF-8"))
            } else {
                Ok(())
            }
        }
        (1, Type::Double) => double(bytes, may_be_default),
        (_, Type::Message | Type::String | Type::Bytes | Type::Double) | (1.., _) => {
            Err(here("the field's wire type is not the one that belongs to its number"))
        }
        (0, _) => match varint(bytes) {
            None => Err(here("the number is cut off or longer than needed")),
            Some(0) if !may_be_default => Err(here("the default value is left out, not written")),
            Some(value) => number(field, value),
        },
    }
}

/// The bytes of a field with a length prefix.
fn delimited<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], FieldFault> {
    let length = varint(bytes).and_then(|n| usize::try_from(n).ok());
    let (inner, rest) = length.and_then(|n| bytes.split_at_checked(n)).ok_or_else(|| here("the field is cut off"))?;
    *bytes = rest;
    Ok(inner)
}

fn double(bytes: &mut &[u8], may_be_default: bool) -> Result<(), FieldFault> {
    let (value, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| here("the field is cut off"))?;
    *bytes = rest;
    match f64::from_le_bytes(*value) {
        v if v == 0.0 && v.is_sign_negative() => Err(here("the number is negative zero")),
        0.0 if !may_be_default => Err(here("the default value is left out, not written")),
        _ => Ok(()),
    }
}

fn packed(field: &FieldDescriptorProto, mut inner: &[u8]) -> Result<(), FieldFault> {
    if inner.is_empty() {
        return Err(here("an empty list is left out, not written"));
    }
    let mut index = 0;
    while !inner.is_empty() {
        let at = |what: String| (format!("[{index}]"), what);
        if field.r#type() == Type::Double {
            double(&mut inner, true).map_err(|(_, what)| at(what))?;
            index += 1;
            continue;
        }
        let value = varint(&mut inner).ok_or_else(|| at("the number is cut off or longer than needed".to_owned()))?;
        number(field, value).map_err(|(_, what)| at(what))?;
        index += 1;
    }
    Ok(())
}

/// Whether the field's type can represent the number.
fn number(field: &FieldDescriptorProto, value: u64) -> Result<(), FieldFault> {
    let fits = match field.r#type() {
        Type::Enum => {
            let known = SCHEMA.enums.get(field.type_name().trim_start_matches('.'));
            let is_known = known.is_some_and(|e| e.value.iter().any(|v| u64::try_from(v.number()) == Ok(value)));
            let unknown = || here(&format!("the value {value} is not known to this version"));
            return is_known.then_some(()).ok_or_else(unknown);
        }
        Type::Bool => value <= 1,
        Type::Uint32 => u32::try_from(value).is_ok(),
        // Negative numbers are written as 64 bits in two's complement.
        Type::Int32 => i32::try_from(value.cast_signed()).is_ok(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(here("the number is larger than its field can hold")) }
}

/// A varint in its shortest form.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for i in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        // The tenth byte has room for one bit.
        if i == 9 && *byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return (i == 0 || *byte != 0).then_some(value);
        }
    }
    None
}
