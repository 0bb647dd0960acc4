//! Compares two agreements term by term, and says whether each change gives more or less. Version numbers and the order of lists are not
//! compared.

mod change;
mod grants;
#[cfg(test)]
pub(crate) mod tests;

pub use change::{AgreementDifference, Direction, Effect, GroupMember, What};

use self::change::AgreementDifferences;
use super::{AcknowledgeDuty, Agreement, Duties};
use crate::domain::{group::Group, ids::TrustDomain, level::WarningLevel, place::Country};

/// Every change from `a` to `b`. AgreementDifferences of the whole agreement come first, then those of each grant, in the order of `b`.
pub fn differences(a: &Agreement, b: &Agreement) -> Vec<AgreementDifference> {
    let mut all = AgreementDifferences::default();
    // The destructuring ensures that a new term is also compared here. The grants are compared below.
    let Agreement {
        series: _,
        version: _,
        previous: _,
        parties,
        from,
        until,
        purpose,
        notice_days,
        groups,
        grants: _,
        duties,
        triggers: _,
    } = a;
    all.changed(parties, &b.parties, Effect::Other, What::Parties);
    all.changed(from, &b.from, Effect::more(b.from < *from), What::From);
    all.changed(until, &b.until, Effect::more(b.until > *until), What::Until);
    all.changed(purpose, &b.purpose, Effect::Other, What::Purpose);
    all.changed(notice_days, &b.notice_days, Effect::Other, What::Notice);
    self::groups(groups, &b.groups, &mut all);
    self::duties(duties, &b.duties, &mut all);
    all.changed(&a.unkept(), &b.unkept(), Effect::Other, What::Unkept);
    grants::compare(a, b, &mut all);
    all.differences()
}

/// Compares groups. Onward terms and grants refer to groups, so a group with more members gives more.
fn groups(before: &[Group], after: &[Group], all: &mut AgreementDifferences) {
    for group in after {
        let Some(old) = before.iter().find(|g| g.name == group.name) else {
            all.put(Effect::Widens, What::NewGroup(group.clone()));
            continue;
        };
        let Group { name, as_of, countries, organisations } = old;
        all.changed(as_of, &group.as_of, Effect::Other, |a, b| What::GroupDay(name.clone(), a, b));
        let members = |countries: &[Country], organisations: &[TrustDomain]| -> Vec<GroupMember> {
            let states = countries.iter().copied().map(GroupMember::Country);
            states.chain(organisations.iter().cloned().map(GroupMember::Organisation)).collect()
        };
        all.members(
            &members(countries, organisations),
            &members(&group.countries, &group.organisations),
            |m| What::NewMember(name.clone(), m),
            |m| What::DroppedMember(name.clone(), m),
        );
    }
    for group in before.iter().filter(|g| !after.iter().any(|b| b.name == g.name)) {
        all.put(Effect::Narrows, What::DroppedGroup(group.clone()));
    }
}

fn duties(before: &Duties, after: &Duties, all: &mut AgreementDifferences) {
    // The other duties are not enforced by this version. They are compared as unkept terms.
    let Duties { acknowledge, purge_on_recall, approvals, .. } = before;
    for level in WarningLevel::ALL {
        let within = |duties: &[AcknowledgeDuty]| {
            duties.iter().filter(|d| d.min_level == *level).map(|d| d.within_seconds).min()
        };
        let (old, new) = (within(acknowledge), within(&after.acknowledge));
        all.changed(&old, &new, Effect::Other, |a, b| What::Acknowledge(*level, a, b));
    }
    all.changed(purge_on_recall, &after.purge_on_recall, Effect::Other, What::PurgeOnRecall);
    all.changed(approvals, &after.approvals, Effect::Other, What::Approvals);
}
