//! When the answer of a set of policies may change as time passes: read from the policies themselves, so that answers can be kept
//! for as long as they hold.

use std::cmp::Ordering;

use serde_json::Value;

/// Where time stands among all the limits that a set of policies compares it with. Two requests that differ only in their times and have the
/// same moment have the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Moment {
    now: usize,
    age: usize,
    expiry: Ordering,
}

/// The limits, ascending: an answer may change where time reaches one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Clock {
    now: Vec<i64>,
    age: Vec<i64>,
}

/// What is compared.
enum Side {
    Now,
    Age,
    Expires,
    Limit(i64),
    Other,
}

impl Clock {
    /// The limits in these policies. `None` where one speaks of time in any other way than by comparing `context.now` or `context.age` with
    /// a number, or `context.now` with `resource.expires`: then no answer may be kept.
    pub fn read<'a>(policies: impl IntoIterator<Item = &'a cedar_policy::Policy>) -> Option<Self> {
        let mut clock = Self::default();
        for policy in policies {
            clock.walk(&policy.to_json().ok()?)?;
        }
        for limits in [&mut clock.now, &mut clock.age] {
            limits.sort_unstable();
            limits.dedup();
        }
        Some(clock)
    }

    /// Where a request stands.
    pub fn moment(&self, now: i64, age: i64, expires: i64) -> Moment {
        let reached = |limits: &[i64], value| limits.partition_point(|limit| *limit <= value);
        Moment { now: reached(&self.now, now), age: reached(&self.age, age), expiry: now.cmp(&expires) }
    }

    /// Cedar's JSON form of a policy, whose operators are objects with one key.
    fn walk(&mut self, node: &Value) -> Option<()> {
        match node {
            Value::Object(fields) => {
                if let Some((op, sides)) = fields.iter().next().filter(|_| fields.len() == 1)
                    && let (Some(left), Some(right)) = (sides.get("left"), sides.get("right"))
                    && self.compare(op, left, right).is_some()
                {
                    return Some(());
                }
                fields.iter().try_for_each(|(name, inner)| {
                    is_timeless(name)?;
                    self.walk(inner)
                })
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item)),
            Value::String(name) => is_timeless(name),
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(()),
        }
    }

    /// Takes a comparison with time; `None` where it is none that is understood.
    fn compare(&mut self, op: &str, left: &Value, right: &Value) -> Option<()> {
        let (limits, limit, op) = match (side(left), side(right)) {
            (Side::Now, Side::Expires) | (Side::Expires, Side::Now) => return order(op).map(|_| ()),
            (Side::Now, Side::Limit(limit)) => (&mut self.now, limit, order(op)?),
            (Side::Limit(limit), Side::Now) => (&mut self.now, limit, mirrored(order(op)?)),
            (Side::Age, Side::Limit(limit)) => (&mut self.age, limit, order(op)?),
            (Side::Limit(limit), Side::Age) => (&mut self.age, limit, mirrored(order(op)?)),
            _ => return None,
        };
        // `>= x` and `< x` turn at x; `> x` and `<= x` one later; `==` at both. Nothing comes after the largest number.
        let after = limit.checked_add(1);
        limits.extend(Some(limit).filter(|_| op != Turn::After));
        limits.extend(after.filter(|_| op != Turn::At));
        Some(())
    }
}

/// Where a comparison with a limit turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    At,
    After,
    Both,
}

fn order(op: &str) -> Option<Turn> {
    match op {
        ">=" | "<" => Some(Turn::At),
        ">" | "<=" => Some(Turn::After),
        "==" | "!=" => Some(Turn::Both),
        _ => None,
    }
}

/// The same with its sides exchanged: `x <= now` is `now >= x`.
fn mirrored(turn: Turn) -> Turn {
    match turn {
        Turn::At => Turn::After,
        Turn::After => Turn::At,
        Turn::Both => Turn::Both,
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

/// Cedar has no computed names: who speaks of a time, names it.
fn is_timeless(name: &str) -> Option<()> {
    (!matches!(name, "now" | "age" | "expires")).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(conditions: &str) -> Option<Clock> {
        let text = format!("forbid (principal, action, resource) {conditions};");
        Clock::read([&text.parse::<cedar_policy::Policy>().unwrap()])
    }

    fn clock(now: &[i64], age: &[i64]) -> Option<Clock> {
        Some(Clock { now: now.to_vec(), age: age.to_vec() })
    }

    #[test]
    fn the_limits_are_those_that_the_policies_compare_time_with() {
        assert_eq!(read(""), clock(&[], &[]));
        assert_eq!(read("when { context.now >= 5 && context.age < 7 }"), clock(&[5], &[7]));
        assert_eq!(read("when { context.now > 5 } unless { context.age <= -7 }"), clock(&[6], &[-6]));
        assert_eq!(read("when { 5 <= context.now || 9 > context.age }"), clock(&[5], &[9]));
        assert_eq!(read("when { context.now == 5 || context.now != 5 }"), clock(&[5, 6], &[]));
        assert_eq!(read("when { context.now >= resource.expires }"), clock(&[], &[]));
        assert_eq!(read("when { if context.now < 3 then context.tlp > 2 else resource.level > 1 }"), clock(&[3], &[]));
        assert_eq!(read("when { context.now <= 9223372036854775807 }"), clock(&[], &[]));
    }

    #[test]
    fn nothing_is_kept_where_time_is_spoken_of_in_any_other_way() {
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
        fn a_moment_tells_all_that_comparisons_tell(limits in proptest::collection::vec((0..6_usize, -5..5_i64), 0..5), a in -7..7_i64, b in -7..7_i64) {
            const OPS: [&str; 6] = [">=", "<", ">", "<=", "==", "!="];
            let text: Vec<String> = limits.iter().map(|(op, x)| format!("when {{ context.now {} {x} }}", OPS[*op])).collect();
            let clock = read(&text.join(" ")).unwrap();
            if clock.moment(a, 0, 9) == clock.moment(b, 0, 9) {
                let holds = |now: i64| -> Vec<bool> {
                    limits.iter().map(|(op, x)| [now >= *x, now < *x, now > *x, now <= *x, now == *x, now != *x][*op]).collect()
                };
                proptest::prop_assert_eq!(holds(a), holds(b));
            }
        }
    }
}
