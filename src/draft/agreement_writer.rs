//! Writes an agreement as people write it, so that the next version can begin with this one.

use std::fmt::{self, Display, Write};

use crate::domain::agreement::{Agreement, Duties, Grant, OnwardTerms};
use crate::domain::group::Group;
use crate::domain::time::spoken;

/// The agreement's text. It does not contain the series and the version.
pub fn agreement_to_toml(agreement: &Agreement) -> String {
    let mut text = String::new();
    // INVARIANT: writing to a String does not fail.
    let _ = write(&mut text, agreement);
    text
}

fn write(out: &mut String, agreement: &Agreement) -> fmt::Result {
    let Agreement { parties, from, until, purpose, notice_days, groups, grants, duties, .. } = agreement;
    writeln!(out, "[agreement]\nparties = {}\nfrom    = \"{from}\"\nuntil   = \"{until}\"", list(parties))?;
    text(out, "purpose", purpose)?;
    if *notice_days > 0 {
        writeln!(out, "notice  = \"{notice_days} days\"")?;
    }
    for group in groups {
        write_group(out, group)?;
    }
    for grant in grants {
        if grant.kinds.is_empty() {
            writeln!(out, "\n# The grant {} gives only kinds of portions that this version can't read.", grant.id)?;
        } else {
            write_grant(out, grant)?;
        }
    }
    write_duties(out, duties)
}

fn write_group(out: &mut String, group: &Group) -> fmt::Result {
    let Group { name, as_of, countries, organisations } = group;
    writeln!(out, "\n[groups.{name}]\nas_of = \"{as_of}\"\ncountries = {}", list(countries))?;
    if !organisations.is_empty() {
        writeln!(out, "organisations = {}", list(organisations))?;
    }
    Ok(())
}

fn write_grant(out: &mut String, grant: &Grant) -> fmt::Result {
    let Grant {
        id,
        from,
        to,
        places,
        topics,
        kinds,
        // A draft uses the words of this edition.
        later_kinds: _,
        max_tlp,
        min_level,
        delay_seconds,
        retention_days,
        onward,
        purpose,
    } = grant;
    writeln!(out, "\n[[grant]]\nid = \"{id}\"\nfrom = \"{from}\"\nto = \"{to}\"\nplaces = {}", list(places))?;
    if !topics.is_empty() {
        writeln!(out, "topics = {}", list(topics))?;
    }
    writeln!(out, "kinds = {}\nmax_tlp = \"{max_tlp}\"", list(kinds))?;
    if let Some(level) = min_level {
        writeln!(out, "min_level = {}", u8::from(*level))?;
    }
    writeln!(out, "delay = \"{}\"", spoken::written(*delay_seconds))?;
    if let Some(days) = retention_days {
        writeln!(out, "retention = \"{days} days\"")?;
    }
    text(out, "purpose", purpose)?;
    if let Some(OnwardTerms { to, kinds, later_kinds: _, max_tlp, depth }) =
        onward.as_ref().filter(|o| !o.kinds.is_empty())
    {
        let (to, kinds) = (list(to), list(kinds));
        writeln!(
            out,
            "  [grant.onward]\n  to = {to}\n  kinds = {kinds}\n  max_tlp = \"{max_tlp}\"\n  depth = {depth}"
        )?;
    }
    Ok(())
}

fn write_duties(out: &mut String, duties: &Duties) -> fmt::Result {
    if *duties == Duties::default() {
        return Ok(());
    }
    // The other duties are not in force in this version.
    let Duties { acknowledge, purge_on_recall, approvals, .. } = duties;
    let each = acknowledge.iter().map(|d| {
        let within = spoken::written(d.within_seconds);
        format!("{{ min_level = {}, within = \"{within}\" }}", u8::from(d.min_level))
    });
    let each = each.collect::<Vec<_>>().join(", ");
    writeln!(out, "\n[duties]\nacknowledge = [{each}]\npurge_on_recall = {purge_on_recall}\napprovals = {approvals}")
}

fn text(out: &mut String, key: &str, value: &str) -> fmt::Result {
    if value.is_empty() { Ok(()) } else { writeln!(out, "{key} = {}", toml::Value::from(value)) }
}

/// A list of names. They contain nothing that needs escaping.
fn list<T: Display>(all: &[T]) -> String {
    format!("[{}]", all.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", "))
}
