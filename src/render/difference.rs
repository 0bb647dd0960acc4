//! What changed between two agreements, in sentences.

use super::{
    Options,
    agreement::{area, days, grant, group, up_to},
    style::Style,
    text::{one_line, wrap},
    words::{and, count, place, span},
};
use crate::domain::{
    agreement::difference::{AgreementDifference, Effect, GroupMember, What},
    level::WarningLevel,
};

/// All changes as text, grant by grant, ending in a newline. `+` marks what gives more, `−` what gives less.
pub fn differences(all: &[AgreementDifference], options: &Options) -> String {
    let style = Style { color: options.color };
    let mut out = String::new();
    let mut told = None;
    for one in all {
        if told != Some(&one.grant) {
            if told.is_some() {
                out.push('\n');
            }
            told = Some(&one.grant);
            let heading = one.grant.as_ref().map_or_else(
                || "The whole agreement".to_owned(),
                |g| format!("Grant {}, {} to {}", g.id, g.from, g.to),
            );
            out.push_str(&format!("{}\n", style.bold(&heading)));
        }
        let mark = match one.effect {
            Effect::Widens => style.bold("+"),
            Effect::Narrows => style.bold("−"),
            Effect::Other => "·".to_owned(),
        };
        for (i, line) in wrap(&one_line(&difference(one)), options.columns(), "    ").iter().enumerate() {
            if i == 0 {
                out.push_str(&format!("  {mark} {}\n", line.trim_start()));
            } else {
                out.push_str(&format!("{line}\n"));
            }
        }
    }
    out
}

/// One change in a sentence.
pub fn difference(difference: &AgreementDifference) -> String {
    match &difference.what {
        What::NewGrant(new) => format!("new: {}", grant(new)),
        What::DroppedGrant(old) => format!("no more: {}", grant(old)),
        What::NewGroup(new) => format!("now spells out {}", group(new)),
        What::DroppedGroup(old) => format!("no longer spells out {}", group(old)),
        What::GroupDay(name, before, after) => format!("group:{name} as of {after} (before: {before})"),
        What::NewMember(name, member) => format!("group:{name} now has {} too", self::member(member)),
        What::DroppedMember(name, member) => format!("group:{name} no longer has {}", self::member(member)),
        other => whole(other).or_else(|| reach(other)).or_else(|| after_receipt(other)).unwrap_or_default(),
    }
}

fn member(member: &GroupMember) -> String {
    match member {
        GroupMember::Country(country) => place((*country).into()),
        GroupMember::Organisation(domain) => domain.to_string(),
    }
}

/// Terms of the whole agreement.
fn whole(what: &What) -> Option<String> {
    Some(match what {
        What::Parties(before, after) => format!("between {} (before: {})", and(after), and(before)),
        What::From(before, after) => format!("in force from {after} on (before: {before})"),
        What::Until(before, after) => format!("in force until {after} (before: {before})"),
        What::Purpose(before, after) => format!("purpose: {} (before: {})", text(after), text(before)),
        What::Notice(before, after) => {
            format!("both are told {} before it ends (before: {})", days(*after), days(*before))
        }
        What::Acknowledge(level, before, after) => {
            let within =
                |s: &Option<u64>| s.map_or_else(|| "not asked for".to_owned(), |s| format!("within {}", span(s)));
            format!("acknowledging from level {level} up: {} (before: {})", within(after), within(before))
        }
        What::PurgeOnRecall(_, true) => "an originator's purge now runs at the recipient by itself".to_owned(),
        What::PurgeOnRecall(_, false) => "an originator's purge now waits for the recipient's officers".to_owned(),
        What::Approvals(before, after) => {
            let persons = |n: &u32| match n {
                0 => "as each organisation decides".to_owned(),
                n => count(usize::try_from(*n).unwrap_or(usize::MAX), "person"),
            };
            format!("approvals on each side: {} (before: {})", persons(after), persons(before))
        }
        _ => return None,
    })
}

/// What a grant reaches.
fn reach(what: &What) -> Option<String> {
    Some(match what {
        What::NewPlace(new) => format!("now also about {}", area(new)),
        What::DroppedPlace(old) => format!("no longer about {}", area(old)),
        What::NewTopic(topic) => format!("now also on {topic}"),
        What::DroppedTopic(topic) => format!("no longer on {topic}"),
        What::OnlyTopics(topics) => format!("on {} only (before: on every topic)", and(topics)),
        What::AllTopics(topics) => format!("on every topic (before: on {} only)", and(topics)),
        What::LaterKinds(_, after) | What::LaterOnwardKinds(_, after) => {
            format!("kinds that this version can't read: {}", none_or(after))
        }
        What::Unkept(_, after) => format!("terms that this version does not keep: {}", none_or(after)),
        What::NewKind(kind) => format!("now also gives {kind}"),
        What::DroppedKind(kind) => format!("no longer gives {kind}"),
        What::MaxTlp(before, after) => format!("reaches {after} (before: {before})"),
        What::MinLevel(before, after) => {
            let level = |l: &Option<WarningLevel>| {
                l.map_or_else(|| "of every level".to_owned(), |l| format!("of level {l} and above"))
            };
            format!("{} (before: {})", level(after), level(before))
        }
        What::Delay(before, after) => {
            let late = |s: &u64| if *s == 0 { "at once".to_owned() } else { format!("{} after its issue", span(*s)) };
            format!("{} instead of {}", late(after), late(before))
        }
        _ => return None,
    })
}

/// What the recipient may do with it.
fn after_receipt(what: &What) -> Option<String> {
    Some(match what {
        What::Retention(before, after) => {
            let kept = |d: &Option<u32>| d.map_or_else(|| "without limit".to_owned(), |d| format!("for {}", days(d)));
            format!("may be kept {} (before: {})", kept(after), kept(before))
        }
        What::NewOnward(terms) => format!(
            "may now be passed on: {} to {}, {}, over at most {}",
            and(&terms.kinds),
            and(&terms.to),
            up_to(terms.max_tlp),
            hops(terms.depth)
        ),
        What::DroppedOnward(_) => "may no longer be passed on".to_owned(),
        What::NewOnwardTo(to) => format!("may now be passed on to {to} too"),
        What::DroppedOnwardTo(to) => format!("may no longer be passed on to {to}"),
        What::NewOnwardKind(kind) => format!("{kind} may now be passed on too"),
        What::DroppedOnwardKind(kind) => format!("{kind} may no longer be passed on"),
        What::OnwardTlp(before, after) => format!("may be passed on {} (before: {})", up_to(*after), up_to(*before)),
        What::OnwardDepth(before, after) => {
            format!("may be passed on over at most {} (before: {})", hops(*after), hops(*before))
        }
        _ => return None,
    })
}

fn hops(depth: u32) -> String {
    count(usize::try_from(depth).unwrap_or(usize::MAX), "hop")
}

/// A text, or words that say that there is none.
fn text(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { format!("\"{}\"", one_line(text)) }
}

fn none_or<T: ToString>(all: &[T]) -> String {
    if all.is_empty() { "none any more".to_owned() } else { and(all) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{agreement::difference::tests::single_changes, lexicon::Lexicon};

    #[test]
    fn each_change_is_a_sentence() {
        for (change, words) in single_changes() {
            assert_eq!(difference(&change), words);
        }
    }

    #[test]
    fn changes_stand_grant_by_grant_with_a_mark() {
        let all: Vec<AgreementDifference> = single_changes().into_iter().map(|(d, _)| d).collect();
        let options = Options { lexicon: Lexicon::by_id("uk-phia-2025").unwrap(), width: 80, color: false };
        insta::assert_snapshot!(differences(&all, &options));
    }
}
