//! Markings that contradict themselves or expose somebody.

use super::Findings;
use crate::domain::{
    body::Kind,
    marking::{Marking, Onward, Tlp},
};

pub(super) fn check(found: &mut Findings<'_>) {
    let draft = found.draft;
    for (i, portion) in draft.portions.iter().enumerate() {
        let Marking { tlp, releasable_to, onward, .. } = &portion.marking;
        if *tlp == Tlp::Red && releasable_to.is_empty() {
            let help = "name them in `marking.releasable_to`";
            found.error("red-without-recipients", Some(i), "RED is for named recipients, and none is named", help);
        }
        if *tlp >= Tlp::AmberStrict && matches!(onward, Onward::Named(_)) {
            let what = format!("{tlp} stays with its recipient, yet `onward` names others");
            found.warn("onward-beyond-tlp", Some(i), what, "lower the level, or set `onward` to `none`");
        }
        if portion.body.kind() == Kind::Source && *tlp <= Tlp::Green {
            let what = format!("the portion about a source is marked {tlp} only");
            found.warn("source-exposed", Some(i), what, "raise its level: sources die of what is known of them");
        }
    }
}
