//! Numbers at the ends of their types, in messages of any kind.

/// Variants of a message in each of which one integer is at an end of its type, or beyond what a column can store.
pub fn with_extreme_numbers(message: &[u8]) -> Vec<Vec<u8>> {
    const EXTREMES: [u64; 6] = [(1 << 31) - 1, u32::MAX as u64, 1 << 53, (1 << 63) - 1, 1 << 63, u64::MAX];
    let mut all = vec![];
    let mut at = 0;
    while let Some((key, value_at)) = varint(message, at) {
        let (before, end) = match key & 7 {
            0 => {
                let Some((_, end)) = varint(message, value_at) else { break };
                all.extend(EXTREMES.iter().map(|n| [&message[..value_at], &encoded(*n), &message[end..]].concat()));
                (value_at, end)
            }
            2 => {
                let Some((length, start)) = varint(message, value_at) else { break };
                let Some(end) = start.checked_add(length as usize).filter(|end| *end <= message.len()) else { break };
                for inner in with_extreme_numbers(&message[start..end]) {
                    let length = encoded(inner.len() as u64);
                    all.push([&message[..value_at], &length, &inner, &message[end..]].concat());
                }
                (start, end)
            }
            1 => (value_at, value_at + 8),
            5 => (value_at, value_at + 4),
            _ => break,
        };
        assert!(before <= end);
        at = end;
    }
    all
}

/// Reads a varint. Returns it and the index after it.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let rest = bytes.get(at..)?;
    let length = rest.iter().position(|b| b & 0x80 == 0)? + 1;
    let value = rest[..length.min(9)].iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((value, at + length))
}

fn encoded(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
