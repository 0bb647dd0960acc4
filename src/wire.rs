//! Converts between protobuf and domain types, in one place. Generated types stop here, except in the code of the two gRPC services. Decoding is
//! strict: a field that this node does not know, or that is not in canonical form, is refused by name.

pub mod agreement;
pub mod approval;
pub mod body;
pub mod bundle;
pub mod canonical;
pub mod codec;
mod diagnose;
mod edition;
pub mod endorsement;
pub mod entry;
pub mod envelope;
pub mod field;
pub mod group;
pub mod introduction;
pub mod invitation;
pub mod ledger;
pub mod list;
pub mod logged;
pub mod manifest;
pub mod names;
pub mod notice;
pub mod number;
pub mod outcome;
pub mod portion;
pub mod recall;
pub mod receipt;
pub mod release;
pub mod request;
pub mod speaker;
pub mod status;
mod trigger;

/// The generated types and services of `proto/watchfire/v1`.
#[allow(missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::too_many_lines)]
pub mod proto {
    tonic::include_proto!("watchfire.v1");

    /// The compiled descriptors, for gRPC reflection and for naming the field in a refusal.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/watchfire.bin"));
}
