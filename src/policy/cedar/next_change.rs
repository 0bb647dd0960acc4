//! When the result of an evaluation may next change as time passes.
//!
//! It is read from the policies themselves, so that a result can be kept for as long as it holds.

use std::cmp::Ordering;

use serde_json::Value;

use super::request::RequestTimes;

/// An interval of time in which results do not change. Two requests that differ only in their times, and whose times are in the same
/// interval, have the same result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StableInterval {
    /// How many of the limits on `context.now` are reached.
    now: usize,
    /// How many of the limits on `context.age` are reached.
    age: usize,
    /// Whether the assessment has expired.
    expiry: Ordering,
}

/// The values of `context.now` and `context.age` at which a result may change, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ChangeTimes {
    now: Vec<i64>,
    age: Vec<i64>,
}

/// One side of a comparison.
enum Side {
    Now,
    Age,
    Expires,
    Limit(i64),
    Other,
}

impl ChangeTimes {
    /// Reads the limits from these policies.
    ///
    /// A policy may compare `context.now` or `context.age` with a number, or `context.now` with `resource.expires`. `None` if a policy uses
    /// a time in any other way: then no result may be kept.
    pub fn read<'a>(policies: impl IntoIterator<Item = &'a cedar_policy::Policy>) -> Option<Self> {
        let mut times = Self::default();
        for policy in policies {
            times.read_node(&policy.to_json().ok()?)?;
        }
        for limits in [&mut times.now, &mut times.age] {
            limits.sort_unstable();
            limits.dedup();
        }
        Some(times)
    }

    /// The interval that the times of a request are in.
    pub fn interval_of(&self, times: RequestTimes) -> StableInterval {
        let RequestTimes { now, age, expires } = times;
        let reached = |limits: &[i64], value| limits.partition_point(|limit| *limit <= value);
        StableInterval { now: reached(&self.now, now), age: reached(&self.age, age), expiry: now.cmp(&expires) }
    }

    /// Reads a part of a policy's JSON form, in which an operator is an object with one key.
    fn read_node(&mut self, node: &Value) -> Option<()> {
        match node {
            Value::Object(fields) => {
                if let Some((op, sides)) = fields.iter().next().filter(|_| fields.len() == 1)
                    && let (Some(left), Some(right)) = (sides.get("left"), sides.get("right"))
                    && self.read_comparison(op, left, right).is_some()
                {
                    return Some(());
                }
                fields.iter().try_for_each(|(name, inner)| {
                    not_a_time(name)?;
                    self.read_node(inner)
                })
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.read_node(item)),
            Value::String(name) => not_a_time(name),
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(()),
        }
    }

    /// Adds the limits of a comparison with a time. `None` if it is no comparison that can be read.
    fn read_comparison(&mut self, op: &str, left: &Value, right: &Value) -> Option<()> {
        let (limits, limit, op) = match (side(left), side(right)) {
            (Side::Now, Side::Expires) | (Side::Expires, Side::Now) => return change_point(op).map(|_| ()),
            (Side::Now, Side::Limit(limit)) => (&mut self.now, limit, change_point(op)?),
            (Side::Limit(limit), Side::Now) => (&mut self.now, limit, mirrored(change_point(op)?)),
            (Side::Age, Side::Limit(limit)) => (&mut self.age, limit, change_point(op)?),
            (Side::Limit(limit), Side::Age) => (&mut self.age, limit, mirrored(change_point(op)?)),
            _ => return None,
        };
        // `>= x` and `< x` change at x, `> x` and `<= x` change at x + 1, and `==` changes at both. No number follows the largest one.
        let after = limit.checked_add(1);
        limits.extend(Some(limit).filter(|_| op != ChangePoint::After));
        limits.extend(after.filter(|_| op != ChangePoint::At));
        Some(())
    }
}

/// Where the result of a comparison with a limit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangePoint {
    At,
    After,
    Both,
}

fn change_point(op: &str) -> Option<ChangePoint> {
    match op {
        ">=" | "<" => Some(ChangePoint::At),
        ">" | "<=" => Some(ChangePoint::After),
        "==" | "!=" => Some(ChangePoint::Both),
        _ => None,
    }
}

/// The same comparison with its sides exchanged: `x <= now` is `now >= x`.
fn mirrored(point: ChangePoint) -> ChangePoint {
    match point {
        ChangePoint::At => ChangePoint::After,
        ChangePoint::After => ChangePoint::At,
        ChangePoint::Both => ChangePoint::Both,
    }
}

fn side(node: &Value) -> Side {
    if let Some(limit) = node.get("Value").and_then(Value::as_i64) {
        return Side::Limit(limit);
    }
    let attribute = node.get(".");
    let of = |field| attribute.and_then(|a| a.get(field));
    let (left, attr) =
        (of("left").and_then(|l| l.get("Var")).and_then(Value::as_str), of("attr").and_then(Value::as_str));
    match (left, attr) {
        (Some("context"), Some("now")) => Side::Now,
        (Some("context"), Some("age")) => Side::Age,
        (Some("resource"), Some("expires")) => Side::Expires,
        _ => Side::Other,
    }
}

/// `None` for the name of a time. Cedar can't compute a name, so a policy that uses a time names it.
fn not_a_time(name: &str) -> Option<()> {
    (!matches!(name, "now" | "age" | "expires")).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(conditions: &str) -> Option<ChangeTimes> {
        let text = format!("forbid (principal, action, resource) {conditions};");
        ChangeTimes::read([&text.parse::<cedar_policy::Policy>().unwrap()])
    }

    fn limits(now: &[i64], age: &[i64]) -> Option<ChangeTimes> {
        Some(ChangeTimes { now: now.to_vec(), age: age.to_vec() })
    }

    #[test]
    fn the_limits_are_those_that_the_policies_compare_time_with() {
        assert_eq!(read(""), limits(&[], &[]));
        assert_eq!(read("when { context.now >= 5 && context.age < 7 }"), limits(&[5], &[7]));
        assert_eq!(read("when { context.now > 5 } unless { context.age <= -7 }"), limits(&[6], &[-6]));
        assert_eq!(read("when { 5 <= context.now || 9 > context.age }"), limits(&[5], &[9]));
        assert_eq!(read("when { context.now == 5 || context.now != 5 }"), limits(&[5, 6], &[]));
        assert_eq!(read("when { context.now >= resource.expires }"), limits(&[], &[]));
        assert_eq!(read("when { if context.now < 3 then context.tlp > 2 else resource.level > 1 }"), limits(&[3], &[]));
        assert_eq!(read("when { context.now <= 9223372036854775807 }"), limits(&[], &[]));
    }

    #[test]
    fn nothing_is_kept_where_a_time_is_used_in_any_other_way() {
        for condition in [
            "context.now > context.age",
            "context.age + 1 > 5",
            "context.now - resource.expires > 5",
            "resource.expires > 5",
            "context.age < resource.level",
            "context has now",
            "{\"now\": 5} == {\"now\": 6}",
            "context.topics.contains(\"age\")",
            "!(context.now * 2 == 6)",
        ] {
            assert_eq!(read(&format!("when {{ {condition} }}")), None, "{condition}");
        }
    }

    proptest::proptest! {
        #[test]
        fn all_comparisons_are_equal_within_an_interval(
            limits in proptest::collection::vec((0..6_usize, -5..5_i64), 0..5),
            a in -7..7_i64,
            b in -7..7_i64,
        ) {
            const OPS: [&str; 6] = [">=", "<", ">", "<=", "==", "!="];
            let text: Vec<String> = limits.iter().map(|(op, x)| format!("when {{ context.now {} {x} }}", OPS[*op])).collect();
            let times = read(&text.join(" ")).unwrap();
            let interval = |now| times.interval_of(RequestTimes { now, age: 0, expires: 9 });
            if interval(a) == interval(b) {
                let holds = |now: i64| -> Vec<bool> {
                    limits.iter().map(|(op, x)| [now >= *x, now < *x, now > *x, now <= *x, now == *x, now != *x][*op]).collect()
                };
                proptest::prop_assert_eq!(holds(a), holds(b));
            }
        }
    }
}
