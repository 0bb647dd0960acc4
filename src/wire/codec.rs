//! The codec of both gRPC services. It decodes a protobuf message only after checking that the message does not expand to far more memory than
//! its bytes. Four megabytes can encode two million empty statements, each of which would take eighty bytes.

use std::{collections::HashMap, marker::PhantomData, sync::LazyLock};

use prost::{
    Message, Name,
    bytes::{Buf, Bytes},
};
use prost_types::{FileDescriptorSet, field_descriptor_proto::Type};
use tonic::{
    Status,
    codec::{self, BufferSettings, DecodeBuf, Decoder},
};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::status::from_fault;
use crate::domain::fault::{Fault, Reason};

/// Messages up to this size are not checked, because they can't expand to much.
const SMALL: usize = 64 << 10;
/// How many pieces (texts, byte strings, nested messages) any message may have.
const MOST_PIECES: usize = 1 << 16;
/// A larger message may have one piece for each this many bytes.
const BYTES_EACH: usize = 16;

/// The codec of both services.
#[derive(Debug, Clone)]
pub struct Codec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> codec::Codec for Codec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = GuardedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::default())
    }

    fn decoder(&mut self) -> Self::Decoder {
        GuardedDecoder(PhantomData)
    }
}

/// A decoder that refuses messages that are out of proportion.
#[derive(Debug, Clone)]
pub struct GuardedDecoder<U>(PhantomData<U>);

impl<U: Message + Name + Default> Decoder for GuardedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes: Bytes = source.copy_to_bytes(source.remaining());
        let most = MOST_PIECES.max(bytes.len() / BYTES_EACH);
        if bytes.len() > SMALL && pieces::<U>(&bytes, most) > most {
            let what = "the message is made of more pieces than any message of this kind has; send less at once";
            return Err(from_fault(Fault::new(Reason::LimitExceeded, what)));
        }
        // In the library's words. `status::documented` adds the documented reason.
        U::decode(bytes).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

/// The fields of each message that have a length prefix, and for nested messages the index of their type.
struct Shapes {
    places: HashMap<String, usize>,
    messages: Vec<HashMap<u32, usize>>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let set = FileDescriptorSet::decode(super::proto::DESCRIPTORS).unwrap_or_default();
    let all: Vec<_> = set
        .file
        .into_iter()
        .flat_map(|file| {
            let package = file.package().to_owned();
            file.message_type.into_iter().map(move |m| (format!("{package}.{}", m.name()), m))
        })
        .collect();
    let places: HashMap<String, usize> = all.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    let inner = |field: &prost_types::FieldDescriptorProto| {
        let name = field.type_name().trim_start_matches('.');
        let place = (field.r#type() == Type::Message).then(|| places.get(name)).flatten();
        Some((u32::try_from(field.number()).ok()?, *place?))
    };
    let messages = all.iter().map(|(_, message)| message.field.iter().filter_map(inner).collect()).collect();
    Shapes { places, messages }
});

/// How many pieces a message has. Counting stops above `most`.
fn pieces<U: Name>(bytes: &[u8], most: usize) -> usize {
    SHAPES.places.get(&U::full_name()).map_or(0, |place| count(*place, bytes, 0, most))
}

/// How many pieces there are before the first byte that is not valid protobuf. prost stops there, too.
fn count(message: usize, mut bytes: &[u8], depth: usize, most: usize) -> usize {
    let mut pieces = 0;
    let Some(inner) = SHAPES.messages.get(message).filter(|_| depth <= 100) else { return 0 };
    while pieces <= most
        && let Some(key) = varint(&mut bytes)
    {
        let rest = match key & 7 {
            0 => varint(&mut bytes).map(|_| bytes),
            1 => bytes.get(8..),
            5 => bytes.get(4..),
            2 => {
                let length = varint(&mut bytes).and_then(|n| usize::try_from(n).ok());
                let split = length.and_then(|n| bytes.split_at_checked(n));
                pieces += 1;
                split.map(|(field, rest)| {
                    let place = u32::try_from(key >> 3).ok().and_then(|number| inner.get(&number));
                    pieces += place.map_or(0, |place| count(*place, field, depth + 1, most.saturating_sub(pieces)));
                    rest
                })
            }
            // prost skips a group. Its contents are counted too, until the group ends.
            _ => Some(bytes),
        };
        let Some(rest) = rest else { return pieces };
        bytes = rest;
    }
    pieces
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 127) << shift;
        if first & 128 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::proto::{Envelope, FeedEntry, Signature, SubmitStatementsRequest};

    const ALL: usize = usize::MAX;

    fn statements(of: usize, signatures: usize) -> SubmitStatementsRequest {
        let signature = Signature { suite: 1, certificates: vec![vec![1; 9].into(); 4], value: vec![1; 64].into() };
        let envelope = Envelope {
            payload_type: "x".into(),
            payload: vec![0x0a, 0].into(),
            signatures: vec![signature; signatures],
            logged: vec![],
            path: vec![],
        };
        SubmitStatementsRequest { statements: vec![envelope; of] }
    }

    #[test]
    fn pieces_are_counted_at_every_depth_and_not_inside_byte_strings() {
        // The pieces: the request's field, type, payload, signature, four certificates, value.
        assert_eq!(pieces::<SubmitStatementsRequest>(&statements(1, 1).encode_to_vec(), ALL), 9);
        assert_eq!(pieces::<SubmitStatementsRequest>(&statements(256, 4).encode_to_vec(), ALL), 256 * (3 + 4 * 6));
        let entry = FeedEntry { portions: vec![[0x0a, 0].repeat(1000).into(); 3], ..Default::default() };
        assert_eq!(pieces::<FeedEntry>(&entry.encode_to_vec(), ALL), 3);
    }

    #[test]
    fn empty_pieces_are_counted_as_the_many_that_they_are() {
        let bomb = [0x0a, 0].repeat(2 << 20);
        assert_eq!(pieces::<SubmitStatementsRequest>(&bomb, ALL), 2 << 20);
        assert_eq!(pieces::<SubmitStatementsRequest>(&bomb, 99), 100, "what is too many already is not counted on");
        // Many signatures within one statement.
        let inner = [0x1a, 0].repeat(1 << 20);
        let one = Envelope::decode(&inner[..]).unwrap();
        let request = SubmitStatementsRequest { statements: vec![one] };
        assert_eq!(pieces::<SubmitStatementsRequest>(&request.encode_to_vec(), ALL), 1 + (1 << 20));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let _ = pieces::<FeedEntry>(&bytes, ALL);
        }
    }
}
