//! An agreement in sentences.

use super::{
    Options,
    text::{harmless, one_line, wrap},
    words::{and, count, place, span},
};
use crate::domain::{
    agreement::{Agreement, Area, Duties, Grant},
    group::Group,
    marking::Tlp,
};

/// The agreement as text, ending in a newline.
pub fn agreement(agreement: &Agreement, options: &Options) -> String {
    let width = options.columns();
    let [a, b] = &agreement.parties;
    let mut out = String::new();
    let mut put = |text: &str, indent: &str| {
        for line in wrap(text, width, indent) {
            out.push_str(&line);
            out.push('\n');
        }
    };
    put(&format!("Agreement between {a} and {b}, version {}", agreement.version), "");
    put(&format!("In force from {} to {}, both included.", agreement.from, agreement.until), "");
    if agreement.notice_days > 0 {
        put(&format!("Both are told {} before it ends.", days(agreement.notice_days)), "");
    }
    if !agreement.purpose.is_empty() {
        put(&format!("Purpose: {}", harmless(&agreement.purpose)), "");
    }
    for grant in &agreement.grants {
        put("", "");
        put(&format!("{}:", grant.id), "");
        put(&one_line(&self::grant(grant)), "  ");
    }
    put("\nNothing else is given. Nothing about a state reaches that state, whatever this agreement says.", "");
    for group in &agreement.groups {
        put(&format!("\n{}", self::group(group)), "");
    }
    for duty in duties(&agreement.duties) {
        put(&duty, "");
    }
    if !agreement.unkept().is_empty() {
        put(&format!("This version of the program does not keep: {}.", and(&agreement.unkept())), "");
    }
    out
}

/// One grant in one sentence, and the recipient's obligations in the next.
pub(super) fn grant(grant: &Grant) -> String {
    let Grant {
        id: _,
        from,
        to,
        places,
        topics,
        kinds,
        later_kinds,
        max_tlp,
        min_level,
        delay_seconds,
        retention_days,
        onward,
        purpose,
    } = grant;
    let areas: Vec<String> = places.iter().map(area).collect();
    let mut text = format!("{from} gives {to}: {} about {}", and(kinds), and(&areas));
    if !later_kinds.is_empty() {
        text.push_str(&format!(" (and {}, which this version can't read)", and(later_kinds)));
    }
    if !topics.is_empty() {
        text.push_str(&format!(", on {}", and(topics)));
    }
    if let Some(level) = min_level {
        text.push_str(&format!(", of level {level} and above"));
    }
    text.push_str(&format!(", {}", up_to(*max_tlp)));
    text.push_str(&match delay_seconds {
        0 => ", at once.".to_owned(),
        seconds => format!(", {} after its issue.", span(*seconds)),
    });
    match retention_days {
        Some(n) => text.push_str(&format!(" {to} may keep it for {}.", days(*n))),
        None => text.push_str(&format!(" {to} may keep it without limit.")),
    }
    match onward {
        Some(o) => text.push_str(&format!(
            " {to} may pass on {} to {}, {}, over at most {}.",
            and(&o.kinds),
            and(&o.to),
            up_to(o.max_tlp),
            count(usize::try_from(o.depth).unwrap_or(usize::MAX), "hop"),
        )),
        None => text.push_str(&format!(" {to} may pass nothing on.")),
    }
    if !purpose.is_empty() {
        text.push_str(&format!(" Purpose: {purpose}"));
    }
    text
}

pub(super) fn up_to(tlp: Tlp) -> String {
    format!("up to TLP:{tlp}")
}

pub(super) fn days(number: u32) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "day")
}

pub(super) fn area(area: &Area) -> String {
    match area {
        Area::Place(p) => place(*p),
        Area::Group(name) => format!("the countries of group:{name}"),
    }
}

/// `group:ecowas as of 2025-01-29: Benin (BJ), …`.
pub fn group(group: &Group) -> String {
    let Group { name, as_of, countries, organisations } = group;
    let states = countries.iter().map(|c| place((*c).into()));
    let members: Vec<String> = states.chain(organisations.iter().map(ToString::to_string)).collect();
    let members = if members.is_empty() { "nobody".to_owned() } else { and(&members) };
    format!("group:{name} as of {as_of}: {members}.")
}

fn duties(duties: &Duties) -> Vec<String> {
    // The other duties are among the terms that this program does not keep.
    let Duties { acknowledge, purge_on_recall, approvals, .. } = duties;
    let mut all = vec![String::new()];
    all.extend(
        acknowledge
            .iter()
            .map(|d| format!("From level {} up, each acknowledges within {}.", d.min_level, span(d.within_seconds))),
    );
    let purge = if *purge_on_recall { "runs at the recipient by itself" } else { "waits for the recipient's officers" };
    all.push(format!("An originator's purge {purge}."));
    if *approvals > 0 {
        let persons = count(usize::try_from(*approvals).unwrap_or(usize::MAX), "person");
        all.push(format!("Changes need the approval of {persons} on each side."));
    }
    all
}
