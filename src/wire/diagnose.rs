//! Finds the first field at fault in bytes that are not canonical. Only runs once they are refused, so it may be slow.

use std::{collections::HashMap, sync::LazyLock};

use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

/// The path of a field, and what is wrong with it.
type Finding = (String, String);

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

/// How deep messages may nest; prost refuses at 100 already.
const MAX_DEPTH: usize = 100;

/// The first fault of `bytes` as a message of that full name; `None` where this walk finds none.
pub(super) fn first_fault(message: &str, bytes: &[u8]) -> Option<Finding> {
    walk(message, bytes, 0).err()
}

fn walk(message: &str, mut bytes: &[u8], depth: usize) -> Result<(), Finding> {
    let here = |what: &str| (String::new(), what.to_owned());
    if depth > MAX_DEPTH {
        return Err(here("messages are nested too deeply"));
    }
    let descriptor = SCHEMA.messages.get(message).ok_or_else(|| here("no such message is known"))?;
    let mut seen: HashMap<i32, usize> = HashMap::new();
    let mut last = 0;
    while !bytes.is_empty() {
        let key = varint(&mut bytes).ok_or_else(|| here("a field's key is cut off or too long"))?;
        let number = i32::try_from(key >> 3).unwrap_or_default();
        let Some(field) = descriptor.field.iter().find(|f| f.number() == number) else {
            return Err((
                number.to_string(),
                "the field is not known to this version; it can't be passed on".to_owned(),
            ));
        };
        let count = seen.entry(number).or_default();
        let path = match field.label() {
            Label::Repeated => format!("{}[{count}]", field.name()),
            _ => field.name().to_owned(),
        };
        if field.label() != Label::Repeated && *count > 0 {
            return Err((path, "the field stands there twice".to_owned()));
        }
        if number < last {
            return Err((path, "the field stands out of order; encode fields by ascending number".to_owned()));
        }
        *count += 1;
        last = number;
        value(field, (key & 7) as u8, &mut bytes, depth).map_err(|(inner, what)| (join(&path, &inner), what))?;
    }
    Ok(())
}

fn join(path: &str, inner: &str) -> String {
    if inner.is_empty() { path.to_owned() } else { format!("{path}.{inner}") }
}

/// Reads one value, and says what is wrong with it (with the path below this field).
fn value(field: &FieldDescriptorProto, wire_type: u8, bytes: &mut &[u8], depth: usize) -> Result<(), Finding> {
    let wrong = |what: &str| Err((String::new(), what.to_owned()));
    let repeated = field.label() == Label::Repeated;
    let is_optional = field.proto3_optional() || field.oneof_index.is_some();
    match wire_type {
        0 => {
            let Some(number) = varint(bytes) else { return wrong("the number is cut off or longer than needed") };
            if repeated {
                return wrong("repeated numbers are written packed");
            }
            if number == 0 && !is_optional {
                return wrong("the default value is left out, not written");
            }
            enum_value(field, number)
        }
        1 if field.r#type() == Type::Double => match bytes.split_at_checked(8) {
            Some((_, rest)) => {
                *bytes = rest;
                Ok(())
            }
            None => wrong("the field is cut off"),
        },
        2 => {
            let length = varint(bytes).and_then(|n| usize::try_from(n).ok());
            let Some((inner, rest)) = length.and_then(|n| bytes.split_at_checked(n)) else {
                return wrong("the field is cut off");
            };
            *bytes = rest;
            delimited(field, inner, repeated || is_optional, depth)
        }
        _ => wrong("the field has another wire type than its number stands for"),
    }
}

fn delimited(field: &FieldDescriptorProto, inner: &[u8], may_be_empty: bool, depth: usize) -> Result<(), Finding> {
    let wrong = |what: &str| Err((String::new(), what.to_owned()));
    match field.r#type() {
        Type::Message => walk(field.type_name().trim_start_matches('.'), inner, depth + 1),
        Type::String if std::str::from_utf8(inner).is_err() => wrong("the text is not UTF-8"),
        Type::String | Type::Bytes if inner.is_empty() && !may_be_empty => {
            wrong("the default value is left out, not written")
        }
        Type::String | Type::Bytes => Ok(()),
        Type::Enum | Type::Uint32 | Type::Uint64 if field.label() == Label::Repeated => {
            let mut rest = inner;
            while !rest.is_empty() {
                let Some(number) = varint(&mut rest) else { return wrong("a number is cut off or longer than needed") };
                enum_value(field, number)?;
            }
            Ok(())
        }
        _ => wrong("the field has another wire type than its number stands for"),
    }
}

fn enum_value(field: &FieldDescriptorProto, number: u64) -> Result<(), Finding> {
    if field.r#type() != Type::Enum {
        return Ok(());
    }
    let known = SCHEMA.enums.get(field.type_name().trim_start_matches('.'));
    let is_known = known.is_some_and(|e| e.value.iter().any(|v| u64::try_from(v.number()) == Ok(number)));
    if is_known { Ok(()) } else { Err((String::new(), format!("the value {number} is not known to this version"))) }
}

/// A varint in its shortest form.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for i in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(7 * i)?;
        if byte & 0x80 == 0 {
            return (i == 0 || *byte != 0).then_some(value);
        }
    }
    None
}
