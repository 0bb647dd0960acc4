//! The JSON mapping of protobuf for the bytes of a message. It uses the compiled descriptors and nothing else of this program.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet, Timestamp,
    field_descriptor_proto::{Label, Type},
};
use serde_json::{Map, Value, json};
use watchfire::wire::proto::DESCRIPTORS;

static FILES: LazyLock<FileDescriptorSet> = LazyLock::new(|| FileDescriptorSet::decode(DESCRIPTORS).unwrap());

fn message(name: &str) -> &'static DescriptorProto {
    let mut all = FILES.file.iter().flat_map(|f| f.message_type.iter().map(move |m| (f.package(), m)));
    all.find(|(package, m)| name == format!("{package}.{}", m.name())).unwrap().1
}

fn word(name: &str, number: u64) -> String {
    let mut all = FILES.file.iter().flat_map(|f| f.enum_type.iter().map(move |e| (f.package(), e)));
    let found: &EnumDescriptorProto = all.find(|(package, e)| name == format!("{package}.{}", e.name())).unwrap().1;
    found.value.iter().find(|v| u64::try_from(v.number()) == Ok(number)).unwrap().name().to_owned()
}

/// The message with that full name.
pub fn to_json(name: &str, mut bytes: &[u8]) -> Value {
    if name == "google.protobuf.Timestamp" {
        let Timestamp { seconds, nanos } = Timestamp::decode(bytes).unwrap();
        return json!(jiff::Timestamp::new(seconds, nanos).unwrap().to_string());
    }
    let mut object = Map::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = message(name).field.iter().find(|f| u64::try_from(f.number()) == Ok(key >> 3)).unwrap();
        let values = match key & 7 {
            0 => vec![number(field, varint(&mut bytes))],
            1 => vec![json!(f64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap()))],
            2 => {
                let length = varint(&mut bytes) as usize;
                delimited(field, take(&mut bytes, length))
            }
            other => panic!("wire type {other}"),
        };
        if field.label() == Label::Repeated {
            let list = object.entry(field.name()).or_insert_with(|| json!([]));
            list.as_array_mut().unwrap().extend(values);
        } else {
            object.insert(field.name().to_owned(), values[0].clone());
        }
    }
    Value::Object(object)
}

fn number(field: &FieldDescriptorProto, value: u64) -> Value {
    match field.r#type() {
        Type::Enum => json!(word(field.type_name().trim_start_matches('.'), value)),
        Type::Bool => json!(value == 1),
        Type::Uint64 => json!(value.to_string()),
        Type::Uint32 => json!(value),
        other => panic!("{other:?}"),
    }
}

fn delimited(field: &FieldDescriptorProto, mut bytes: &[u8]) -> Vec<Value> {
    match field.r#type() {
        Type::Message => vec![to_json(field.type_name().trim_start_matches('.'), bytes)],
        Type::String => vec![json!(std::str::from_utf8(bytes).unwrap())],
        Type::Bytes => vec![json!(BASE64_STANDARD.encode(bytes))],
        _ => {
            let mut values = vec![];
            while !bytes.is_empty() && field.r#type() == Type::Double {
                values.push(json!(f64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())));
            }
            while !bytes.is_empty() {
                values.push(number(field, varint(&mut bytes)));
            }
            values
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    prost::encoding::decode_varint(bytes).unwrap()
}
