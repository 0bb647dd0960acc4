//! How a dishonest hub changes its release, and what the hubs after it do.

use proptest::{prelude::*, sample::Index, sample::select};

use super::{
    run::{Run, Step},
    world::{DOMAINS, KINDS, NAMES, STATES},
};
use crate::{
    domain::{
        group::Group,
        ids::{Digest, StatementId},
        marking::{Audience, Tlp},
        partner::{Organisation, PartnerKind},
        release::{OnwardLimit, ReleaseTerms},
    },
    fixture::{self, digest},
};

const DAY: i64 = 86_400;

/// One way to change a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It adds a portion that it got and did not pass on.
    AddsPortion,
    /// It adds a portion that it did not get.
    AddsAnother,
    /// It releases to an organisation outside the chain, which passes it on.
    OtherTaker,
    /// It releases to an organ of a barred state.
    ToBarredState,
    /// It releases to an organisation that had it before.
    Back,
    WiderTo,
    WiderKinds,
    HigherTlp,
    Deeper,
    LargerGroup,
    /// It adds a second group of the same name with more members.
    SecondGroup,
    LeavesBarOut,
    KeptLonger,
    /// It releases later than it may keep it.
    TooLate,
    /// It sets its own terms, as if it were the originator.
    DropsTerms,
    /// It lets nothing be passed on, or not as far. A hub that passes it on all the same is at fault.
    Closes,
}

pub const ALL: [Kind; 16] = [
    Kind::AddsPortion,
    Kind::AddsAnother,
    Kind::OtherTaker,
    Kind::ToBarredState,
    Kind::Back,
    Kind::WiderTo,
    Kind::WiderKinds,
    Kind::HigherTlp,
    Kind::Deeper,
    Kind::LargerGroup,
    Kind::SecondGroup,
    Kind::LeavesBarOut,
    Kind::KeptLonger,
    Kind::TooLate,
    Kind::DropsTerms,
    Kind::Closes,
];

#[derive(Debug, Clone)]
pub struct Bend {
    pub kind: Kind,
    hub: Index,
    pick: Index,
    other: Index,
    /// Whether the hubs after it decide anew from the changed release. Otherwise they send what they would have sent.
    decide_anew: bool,
}

/// A chain in which one hub changed its release.
pub struct Bent {
    pub steps: Vec<Step>,
    /// The index of the changed step.
    pub hub: usize,
    /// Whether the hubs after it decided from the changed release.
    pub is_followed_honestly: bool,
}

pub fn bend() -> impl Strategy<Value = Bend> {
    (select(&ALL[..]), any::<Index>(), any::<Index>(), any::<Index>(), any::<bool>())
        .prop_map(|(kind, hub, pick, other, decide_anew)| Bend { kind, hub, pick, other, decide_anew })
}

impl Bend {
    /// The chain with this change. `None` if there is nothing to change.
    pub fn apply(&self, run: &Run<'_>, honest: &[Step]) -> Option<Bent> {
        use Kind::{AddsAnother, AddsPortion, Back, OtherTaker, ToBarredState};
        let last = honest.len() - 1;
        let mut steps = honest.to_vec();
        let is_new_taker = matches!(self.kind, OtherTaker | ToBarredState | Back);
        let hubs = if is_new_taker { last - 1 } else { last };
        if hubs == 0 {
            return None;
        }
        let k = 1 + self.hub.index(hubs);
        let changed = match self.kind {
            AddsPortion | AddsAnother => self.add(run, &mut steps, k)?,
            OtherTaker | ToBarredState | Back => self.give_to(&mut steps, k)?,
            _ => self.bend_terms(&mut steps, k)?,
        };
        steps[k].id = changed;
        if self.decide_anew && !is_new_taker {
            let mut anew = steps[..=k].to_vec();
            while anew.len() < steps.len() {
                let Some(next) = run.step(anew.len(), &run.decided(&anew)) else { break };
                anew.push(next);
            }
            if anew.len() == steps.len() {
                return Some(Bent { steps: anew, hub: k, is_followed_honestly: true });
            }
        }
        // The hubs after it send what they would have sent, and cite what they got.
        for j in k + 1..steps.len() {
            steps[j].release.via = Some(steps[j - 1].id);
            steps[j].id = StatementId([200 + u8::try_from(j).unwrap(); 32]);
        }
        Some(Bent { steps, hub: k, is_followed_honestly: false })
    }

    /// The same choices for each kind of change.
    pub fn of_any_kind(&self) -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|kind| self.of_kind(kind))
    }

    pub fn of_kind(&self, kind: Kind) -> Self {
        Self { kind, ..self.clone() }
    }

    /// The same change, if the hubs after it send what they would have sent.
    pub fn apply_as_a_liar(&self, run: &Run<'_>, honest: &[Step]) -> Option<Bent> {
        Self { decide_anew: false, ..self.clone() }.apply(run, honest)
    }

    fn another_id(&self, k: usize) -> StatementId {
        StatementId([100 + u8::try_from(k).unwrap(); 32])
    }

    fn add(&self, run: &Run<'_>, steps: &mut [Step], k: usize) -> Option<StatementId> {
        let came = &steps[k - 1].release.digests;
        let wanted = |d: &Digest| came.contains(d) == (self.kind == Kind::AddsPortion);
        let all = (0..run.piece.portions.len()).map(digest);
        let more: Vec<Digest> = all.filter(|d| wanted(d) && !steps[k].release.digests.contains(d)).collect();
        let added = *more.get(self.pick.index(more.len().max(1)))?;
        for step in &mut steps[k..] {
            if !step.release.digests.contains(&added) {
                step.release.digests.push(added);
                step.release.digests.sort_unstable();
            }
        }
        Some(self.another_id(k))
    }

    fn give_to(&self, steps: &mut [Step], k: usize) -> Option<StatementId> {
        let taker: Organisation = match self.kind {
            Kind::Back => steps[self.pick.index(k)].giver.clone(),
            Kind::ToBarredState => {
                let barred = &steps[k - 1].release.terms.barred_states;
                let state = barred.get(self.pick.index(barred.len().max(1)))?.code();
                fixture::taker("other.example", PartnerKind::State, state)
            }
            _ => {
                let domain = [NAMES[3], "stranger.example", "hub3.example"][self.pick.index(3)];
                if steps.iter().any(|s| s.taker.domain.as_str() == domain) {
                    return None;
                }
                let kind = PartnerKind::ALL[self.other.index(PartnerKind::ALL.len())];
                fixture::taker(domain, kind, STATES[self.other.index(STATES.len())])
            }
        };
        if taker.domain == steps[k].giver.domain {
            return None;
        }
        steps[k].release.recipient = taker.domain.clone();
        steps[k].taker = taker.clone();
        steps[k + 1].giver = taker;
        Some(self.another_id(k))
    }

    fn bend_terms(&self, steps: &mut [Step], k: usize) -> Option<StatementId> {
        let came = steps[k - 1].release.clone();
        let release = &mut steps[k].release;
        match self.kind {
            Kind::LeavesBarOut => {
                let barred = &mut release.terms.barred_states;
                if barred.is_empty() {
                    return None;
                }
                let which = self.pick.index(barred.len());
                barred.remove(which);
            }
            Kind::KeptLonger => {
                let days = release.terms.retention_days?;
                let more = [1, 2, 30][self.other.index(3)];
                release.terms.retention_days = (self.pick.index(3) > 0).then_some(days + more);
            }
            Kind::TooLate => {
                let days = came.terms.retention_days.unwrap_or(3);
                let nanos = [0, 1, DAY * 1_000_000_000][self.pick.index(3)];
                let at = came.released_at.plus_seconds(i64::from(days) * DAY - [0, DAY][self.other.index(2)]);
                release.released_at = crate::domain::time::Time::from_unix_nanos(at.unix_nanos() + nanos);
            }
            Kind::DropsTerms => {
                let onward = Some(wide());
                release.terms = ReleaseTerms { onward, barred_states: vec![], retention_days: None };
            }
            _ => self.bend_onward(&mut release.terms, came.terms.onward.as_ref()?)?,
        }
        Some(self.another_id(k))
    }

    fn bend_onward(&self, terms: &mut ReleaseTerms, came: &OnwardLimit) -> Option<()> {
        if self.kind == Kind::Closes {
            match self.pick.index(2) {
                0 => terms.onward = None,
                _ => {
                    let onward = terms.onward.as_mut()?;
                    onward.to.truncate(1);
                    // A limit defines exactly the groups that it names: `wire` refuses any other.
                    onward.groups.retain(|group| onward.to.contains(&Audience::Group(group.name.clone())));
                }
            }
            return Some(());
        }
        // The release lets a reader pass it on that may not.
        let first = OnwardLimit { depth: 1, ..came.clone() };
        let onward = terms.onward.get_or_insert(first);
        match self.kind {
            Kind::WiderTo => {
                let name = NAMES[self.pick.index(NAMES.len())].parse().unwrap();
                if onward.to.contains(&name) {
                    return None;
                }
                onward.to.push(name);
                onward.to.sort();
            }
            Kind::WiderKinds => {
                let more: Vec<_> = KINDS.into_iter().filter(|k| !onward.kinds.contains(k)).collect();
                onward.kinds.push(*more.get(self.pick.index(more.len().max(1)))?);
                onward.kinds.sort();
            }
            Kind::HigherTlp => {
                let higher: Vec<Tlp> = Tlp::ALL.iter().copied().filter(|t| *t > onward.max_tlp).collect();
                onward.max_tlp = *higher.get(self.pick.index(higher.len().max(1)))?;
            }
            Kind::Deeper => onward.depth += 1 + u32::try_from(self.pick.index(2)).unwrap(),
            Kind::LargerGroup | Kind::SecondGroup => {
                let groups = &mut onward.groups;
                if groups.is_empty() {
                    return None;
                }
                let which = self.pick.index(groups.len());
                let mut group: Group = groups[which].clone();
                let member = [DOMAINS[2], DOMAINS[4], "other.example", "stranger.example"][self.other.index(4)];
                group.organisations.push(member.parse().unwrap());
                group.organisations.sort();
                group.organisations.dedup();
                if self.kind == Kind::LargerGroup {
                    groups[which] = group;
                } else {
                    groups.insert(which + 1, group);
                }
            }
            _ => return None,
        }
        Some(())
    }
}

/// A limit that lets everything go to every organisation that occurs in chains.
fn wide() -> OnwardLimit {
    let groups = ["a", "b"].map(|name| fixture::group(name, &STATES, &NAMES[..5]));
    let to = fixture::audiences(&NAMES);
    OnwardLimit { later_kinds: vec![], to, kinds: KINDS.to_vec(), max_tlp: Tlp::Red, depth: 9, groups: groups.to_vec() }
}
