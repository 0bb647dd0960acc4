//! The states that the subjects of an arrival are about. They are stored separately, so that they are known of all versions of an
//! assessment without reading the versions.

use std::collections::BTreeSet;

use crate::domain::{
    assessment::{Manifest, Portion, subject_states},
    place::Country,
};

/// The states that these portions of a version are about.
pub fn of<'a>(manifest: &Manifest, portions: impl Iterator<Item = &'a Portion>) -> BTreeSet<Country> {
    let states = |portion| subject_states(std::slice::from_ref(portion), manifest.issued, manifest.expires);
    portions.flat_map(states).collect()
}

/// How many codes of two letters a block has. The stored form is padded to whole blocks, so that its length does not reveal how
/// many states there are.
const BLOCK: usize = 32;
/// The padding.
const EMPTY: [u8; 2] = [0; 2];

/// The stored form.
pub(super) fn pack(states: &BTreeSet<Country>) -> Vec<u8> {
    let mut bytes: Vec<u8> = states.iter().flat_map(|state| state.code().bytes()).collect();
    bytes.resize(bytes.len().div_ceil(BLOCK * EMPTY.len()).max(1) * BLOCK * EMPTY.len(), 0);
    bytes
}

/// Reads the form that [`pack`] writes; `None` for anything else.
pub(super) fn unpack(bytes: &[u8]) -> Option<BTreeSet<Country>> {
    let codes = bytes.chunks(EMPTY.len()).take_while(|code| *code != EMPTY);
    codes.map(|code| std::str::from_utf8(code).ok()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_and_their_number_does_not_show() {
        let states = |codes: &[&str]| codes.iter().map(|c| c.parse().unwrap()).collect::<BTreeSet<Country>>();
        let all: BTreeSet<Country> = Country::all().collect();
        for set in [states(&[]), states(&["ML"]), states(&["BF", "ML", "NE"]), all] {
            assert_eq!(unpack(&pack(&set)), Some(set));
        }
        assert_eq!(pack(&states(&[])).len(), pack(&states(&["BF", "ML", "NE"])).len());
        assert_eq!(unpack(b"zz\0\0"), None);
    }
}
