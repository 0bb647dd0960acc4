//! The bytes around signed bytes are ordinary protobuf. A later version may add fields to them, and other libraries encode them differently.

use serde::Deserialize;
use watchfire::wire;

use crate::files::{Hex, vectors};

#[derive(Deserialize)]
struct Vector {
    name: String,
    payload: Hex,
    means: Hex,
}

#[test]
fn an_entry_in_other_bytes_is_read_as_what_it_means_and_written_again_without_what_is_not_known() {
    for v in vectors::<Vector>("tolerated.json") {
        assert_ne!(v.payload, v.means, "{}", v.name);
        let again = |bytes: &[u8]| wire::entry::encode(wire::entry::decode(bytes).expect(&v.name));
        assert_eq!(hex::encode(again(&v.payload.0)), hex::encode(&v.means.0), "{}", v.name);
        assert_eq!(hex::encode(again(&v.means.0)), hex::encode(&v.means.0), "{}", v.name);
    }
}
