//! Files that are attached: whatever they contain, what they tell about themselves is bounded, and a cleaned copy tells no more than its original.

use watchfire::draft::attachment::{cleaned, traces};

/// The bytes are a file.
pub fn check(data: &[u8]) {
    let told = traces(data);
    assert!(told.traces.len() <= 100, "the traces are bounded");
    assert!(told.traces.iter().all(|trace| trace.says.chars().count() <= 160), "each trace is short");
    let Ok(copy) = cleaned(data) else { return };
    assert!(copy.bytes.len() <= data.len() * 1_100 + (1 << 20), "a copy is no bomb");
    assert_eq!(traces(&copy.bytes), copy.remains, "what is told of a copy is what remains in it");
    let gone = ["place (GPS)", "device", "device serial number", "owner", "company", "last changed by"];
    let picture = data.starts_with(b"\xff\xd8") || data.starts_with(b"\x89PNG");
    let left = copy.remains.traces.iter().find(|trace| gone.contains(&trace.what.as_str()));
    assert!(!picture || left.is_none(), "a cleaned picture tells {left:?}");
}
