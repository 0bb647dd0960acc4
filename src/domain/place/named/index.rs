//! All names in one index, which finds those of a few words of text without reading the others.

use std::sync::LazyLock;

use super::{
    fold::{Key, fold},
    table::{Certainty, Kind, Row, part_rows, table_rows},
    words::{is_apostrophe, is_letter},
};

/// A name: its row, and the byte of the row's names at which it begins.
#[derive(Clone, Copy, Default)]
struct Entry {
    key: u64,
    row: u32,
    at: u32,
}

/// All names by the hash of their folded words. Sixteen bytes a name, because there are some ninety thousand.
pub(super) struct Index {
    rows: Vec<Row>,
    /// In the order of the upper bits of their keys.
    entries: Vec<Entry>,
    /// For each value of these bits, where its entries begin.
    begins: Vec<u32>,
    firsts: Firsts,
}

/// A set of hashes of the first words of names that have more: one bit each, so that it may say yes wrongly and never no. Most words of a text
/// begin no name, and need no further look.
struct Firsts(Vec<u64>);

impl Firsts {
    const BITS: u64 = 1 << 20;

    fn bit(key: Key) -> (usize, u64) {
        let bit = key.number() % Self::BITS;
        (usize::try_from(bit / 64).unwrap_or_default(), 1 << (bit % 64))
    }

    fn insert(&mut self, key: Key) {
        let (at, bit) = Self::bit(key);
        if let Some(bits) = self.0.get_mut(at) {
            *bits |= bit;
        }
    }
}

const BITS: u32 = 16;

/// The most words of a name; the few longer ones are titles that hold a shorter name.
pub(super) const MOST_WORDS: usize = 9;

pub(super) static INDEX: LazyLock<Index> = LazyLock::new(Index::load);

impl Index {
    fn load() -> Self {
        let mut rows = table_rows();
        let mut found = Vec::with_capacity(100_000);
        let mut firsts = Firsts(vec![0; 1 << 14]);
        for (row, Row { names, .. }) in rows.iter().enumerate() {
            add(row, names, &mut found, &mut firsts);
        }
        let own = Self::of(Vec::new(), found.clone(), Firsts(Vec::new()));
        // Names of parts only fill in what the other tables lack, since those know how certain a name is.
        for part in part_rows() {
            let key = key_of(part.names, |_| {}).number();
            let known = own.bucket(key).iter().any(|entry| entry.key == key);
            if !known && part.kind == Kind::Namesake {
                continue;
            }
            add(rows.len(), part.names, &mut found, &mut firsts);
            // Georgia is a part of the United States too, which explains the name where those are the subject.
            rows.push(if known {
                Row { kind: Kind::Namesake, certainty: Certainty::WithContext, ..part }
            } else {
                part
            });
        }
        Self::of(rows, found, firsts)
    }

    /// Sorts by counting, because sorting by comparing would take most of the time.
    fn of(rows: Vec<Row>, found: Vec<Entry>, firsts: Firsts) -> Self {
        let mut begins = vec![0u32; (1 << BITS) + 1];
        for entry in &found {
            if let Some(count) = begins.get_mut(top(entry.key) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut entries = vec![Entry::default(); found.len()];
        for entry in found {
            if let Some(place) = next.get_mut(top(entry.key)) {
                if let Some(slot) = entries.get_mut(*place as usize) {
                    *slot = entry;
                }
                *place += 1;
            }
        }
        Self { rows, entries, begins, firsts }
    }

    fn bucket(&self, key: u64) -> &[Entry] {
        let at = |i: usize| self.begins.get(i).copied().unwrap_or_default() as usize;
        self.entries.get(at(top(key))..at(top(key) + 1)).unwrap_or_default()
    }

    /// The names of this key, with their rows.
    pub(super) fn names(&'static self, key: Key) -> impl Iterator<Item = (&'static str, &'static Row)> {
        let key = key.number();
        self.bucket(key).iter().filter(move |entry| entry.key == key).filter_map(|entry| {
            let row = self.rows.get(entry.row as usize)?;
            let name = row.names.get(entry.at as usize..)?.split('|').next()?;
            Some((name, row))
        })
    }

    /// Whether a name may go on after these words.
    pub(super) fn goes_on(&self, key: Key) -> bool {
        let (at, bit) = Firsts::bit(key);
        self.firsts.0.get(at).is_some_and(|bits| bits & bit != 0)
    }

    /// The number of names, and the bytes that the index holds.
    pub(super) fn size(&self) -> (usize, usize) {
        let bytes = self.rows.capacity() * size_of::<Row>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.begins.capacity() * size_of::<u32>()
            + self.firsts.0.capacity() * size_of::<u64>();
        (self.entries.len(), bytes)
    }
}

fn top(key: u64) -> usize {
    usize::try_from(key >> (u64::BITS - BITS)).unwrap_or_default()
}

fn add(row: usize, names: &'static str, found: &mut Vec<Entry>, firsts: &mut Firsts) {
    let Ok(row) = u32::try_from(row) else { return };
    let mut at = 0;
    for name in names.split('|') {
        if let Ok(begin) = u32::try_from(at) {
            found.push(Entry { key: key_of(name, |first| firsts.insert(first)).number(), row, at: begin });
        }
        at += name.len() + 1;
    }
}

/// The key of a name, as the finder builds that of a text's words; and those of its first words.
fn key_of(name: &str, mut first: impl FnMut(Key)) -> Key {
    let mut key = Key::EMPTY;
    let (mut open, mut begun) = (false, false);
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || (!c.is_ascii() && is_letter(c)) {
            if open && begun {
                first(key);
                key = key.letter(' ');
            }
            (open, begun) = (false, true);
            fold(c, |plain| key = key.letter(plain));
        } else if !is_apostrophe(c) {
            if begun && !open {
                key = key.article();
            }
            open = true;
        }
    }
    key
}
