//! What a later version of an assessment changes, portion by portion.

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{
    Options,
    assessment::portion_names,
    portion::{self, Names},
    style::Style,
    text::{one_line, wrap},
    words,
};
use crate::domain::{
    assessment::Portion,
    body::{Body, Kind},
    lexicon::Lexicon,
};

/// One portion that differs between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What readers call the portion: by its name in the later version, or in the earlier one if it is no longer there.
    pub portion: String,
    /// `changed`, `added` or `removed`.
    pub change: &'static str,
    /// The paragraphs of the earlier version that the later one does not have.
    pub before: Vec<String>,
    /// The paragraphs of the later version that the earlier one does not have.
    pub after: Vec<String>,
}

/// A portion with its name, in paragraphs.
struct Told {
    name: String,
    kind: Kind,
    paragraphs: Vec<String>,
}

/// The portions that differ, in the order of their kinds in the later version. The order of portions within a kind is kept; those that are equal
/// are left out.
pub fn changes(before: &[Portion], after: &[Portion], lexicon: &'static Lexicon) -> Vec<Change> {
    let (before, after) = (told(before, lexicon), told(after, lexicon));
    let mut kinds: Vec<Kind> = vec![];
    for kind in after.iter().chain(&before).map(|t| t.kind) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let of = |all: &'_ [Told], kind| -> Vec<usize> {
        (0..all.len()).filter(|i| all.get(*i).is_some_and(|t| t.kind == kind)).collect()
    };
    let mut found = vec![];
    for kind in kinds {
        let old: Vec<&Told> = of(&before, kind).into_iter().filter_map(|i| before.get(i)).collect();
        let new: Vec<&Told> = of(&after, kind).into_iter().filter_map(|i| after.get(i)).collect();
        among(&old, &new, &mut found);
    }
    found
}

fn told(portions: &[Portion], lexicon: &'static Lexicon) -> Vec<Told> {
    let names = portion_names(portions.iter());
    let told = |(name, p): (String, &Portion)| {
        let marking = format!("{}, {}", p.marking.tlp, words::handling(&p.marking));
        let paragraphs = portion::paragraphs(&without_basis(&p.body), &Names::new(), lexicon);
        Told { name, kind: p.kind(), paragraphs: paragraphs.into_iter().chain([marking]).collect() }
    };
    names.into_iter().zip(portions).map(told).collect()
}

/// The body without the handles on which it rests: they are other random bytes in each version.
fn without_basis(body: &Body) -> Body {
    match body.clone() {
        Body::Judgement(mut judgement) => {
            judgement.rests_on = vec![];
            Body::Judgement(judgement)
        }
        other => other,
    }
}

/// The differences among the portions of one kind.
fn among(old: &[&Told], new: &[&Told], found: &mut Vec<Change>) {
    let texts = |all: &[&Told]| -> Vec<Vec<String>> { all.iter().map(|t| t.paragraphs.clone()).collect() };
    for op in capture_diff_slices(Algorithm::Myers, &texts(old), &texts(new)) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (from, to) = (op.old_range(), op.new_range());
        let (gone, come) = (old.get(from).unwrap_or_default(), new.get(to).unwrap_or_default());
        for place in 0..gone.len().max(come.len()) {
            found.extend(one(gone.get(place).copied(), come.get(place).copied()));
        }
    }
}

fn one(old: Option<&Told>, new: Option<&Told>) -> Option<Change> {
    let lacking = |a: &Told, b: &Told| -> Vec<String> {
        a.paragraphs.iter().filter(|p| !b.paragraphs.contains(p)).cloned().collect()
    };
    Some(match (old, new) {
        (Some(old), Some(new)) => {
            Change { portion: new.name.clone(), change: "changed", before: lacking(old, new), after: lacking(new, old) }
        }
        (None, Some(new)) => {
            Change { portion: new.name.clone(), change: "added", before: vec![], after: new.paragraphs.clone() }
        }
        (Some(old), None) => {
            Change { portion: old.name.clone(), change: "removed", before: old.paragraphs.clone(), after: vec![] }
        }
        (None, None) => return None,
    })
}

/// The changes as text, ending in a newline. `−` marks what is no longer there, `+` what is new.
pub fn changed(all: &[Change], options: &Options) -> String {
    let style = Style { color: options.color };
    let mut out = String::new();
    for change in all {
        out.push_str(&format!("{}\n", style.bold(&format!("{}: {}", change.portion, change.change))));
        let lines = change.before.iter().map(|p| ("−", p)).chain(change.after.iter().map(|p| ("+", p)));
        for (mark, paragraph) in lines {
            for (i, line) in wrap(&one_line(paragraph), options.columns(), "    ").iter().enumerate() {
                let mark = if i == 0 { mark } else { " " };
                out.push_str(&format!("  {mark} {}\n", line.trim_start()));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{Handle, Salt},
        marking::{Marking, Onward, Tlp},
    };

    fn portion(tlp: Tlp, body: Body) -> Portion {
        let marking = Marking {
            tlp,
            releasable_to: vec![],
            onward: Onward::None,
            topics: vec![],
            caveats: vec![],
            national: None,
            groups: vec![],
        };
        Portion::new(Salt([0; 32]), Handle([0; 8]), marking, body)
    }

    fn text(tlp: Tlp, text: &str) -> Portion {
        portion(tlp, Body::Limitation { text: text.to_owned() })
    }

    fn found(before: &[Portion], after: &[Portion]) -> Vec<Change> {
        changes(before, after, Lexicon::by_id("uk-phia-2025").unwrap())
    }

    #[test]
    fn only_what_differs_is_told() {
        let headline = |text: &str| portion(Tlp::Amber, Body::Headline { text: text.to_owned() });
        let before = [headline("20 killed"), text(Tlp::Amber, "first"), text(Tlp::Amber, "second")];
        assert!(found(&before, &before).is_empty());
        let after =
            [headline("200 killed"), text(Tlp::Amber, "new"), text(Tlp::Amber, "first"), text(Tlp::Green, "second")];
        let all = found(&before, &after);
        let told: Vec<(&str, &str)> = all.iter().map(|c| (c.portion.as_str(), c.change)).collect();
        assert_eq!(told, [("headline 1", "changed"), ("limitation 1", "added"), ("limitation 3", "changed")]);
        assert_eq!(
            (all[0].before.as_slice(), all[0].after.as_slice()),
            (&["20 killed".to_owned()][..], &["200 killed".to_owned()][..])
        );
        assert_eq!(all[2].before, ["AMBER, onward none"], "the text is the same");
        let options = Options { lexicon: Lexicon::by_id("uk-phia-2025").unwrap(), width: 80, color: false };
        let words = changed(&all, &options);
        assert!(words.starts_with("headline 1: changed\n  − 20 killed\n  + 200 killed\n"), "{words}");
        assert_eq!(found(&after, &before).iter().filter(|c| c.change == "removed").count(), 1);
    }
}
