//! Markings that contradict themselves or expose somebody.

use super::finding::Findings;
use crate::domain::{
    body::Kind,
    group::Group,
    marking::{Caveat, Marking, Onward, Tlp},
    time::Time,
};

pub(super) fn check(found: &mut Findings<'_>, now: Time) {
    let draft = found.draft;
    for (i, portion) in draft.portions.iter().enumerate() {
        let Marking { tlp, releasable_to, onward, caveats, groups, .. } = &portion.marking;
        for Group { name, as_of, .. } in groups.iter().filter(|group| group.as_of > now.day()) {
            let what = format!("group:{name} is as of {as_of}, which is in the future, so its members are not known");
            found.error("group-of-a-later-day", Some(i), what, "write the day of the list");
        }
        if *tlp == Tlp::Red && releasable_to.is_empty() {
            let help = "name them in `marking.releasable_to`";
            found.error("red-without-recipients", Some(i), "RED is for named recipients, but none is named", help);
        }
        if *tlp >= Tlp::AmberStrict && matches!(onward, Onward::Named(_)) {
            let what = format!("{tlp} stays with its recipient, but `onward` names others");
            found.warn("onward-beyond-tlp", Some(i), what, "lower the level, or set `onward` to `none`");
        }
        if caveats.contains(&Caveat::NoAttribution) && matches!(onward, Onward::Named(_)) {
            let what = "no-attribution lets nobody pass the portion on, but `onward` names others";
            found.warn("onward-unattributed", Some(i), what, "leave the caveat out, or set `onward` to `none`");
        }
        if portion.body.kind() == Kind::Source && *tlp <= Tlp::Green {
            let what = format!("the portion about a source is only marked {tlp}");
            found.warn(
                "source-exposed",
                Some(i),
                what,
                "raise its level, because a source whose identity becomes known may be killed",
            );
        }
    }
}
