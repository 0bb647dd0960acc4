//! A release by which an assessment came here, and to whom it may be passed on.

use std::collections::BTreeSet;

use serde::Serialize;

use super::label::PortionLabel;
use crate::{
    cli::{CliError, decision::when},
    domain::{
        group::Group,
        marking::{Audience, Tlp},
        release::{AgreementRef, OnwardLimit, Release, ReleaseTerms},
    },
    wire::{self, proto},
};

/// One release that brought portions of the assessment.
#[derive(Serialize)]
pub struct ReceivedRelease {
    pub partner: String,
    pub sequence: u64,
    pub at: String,
    pub released_at: String,
    pub agreement: AgreementRef,
    pub grants: Vec<String>,
    pub terms: ReleaseTerms,
    /// What it received.
    pub portions: Vec<ReceivedPortion>,
    pub quarantined: Option<String>,
}

/// One portion that a release brought.
#[derive(Serialize)]
pub struct ReceivedPortion {
    pub handle: String,
    #[serde(skip)]
    pub name: String,
    /// The organisations to which the release's terms and the portion's marking together allow it to be passed on.
    pub onward: Vec<String>,
}

impl ReceivedRelease {
    /// Decodes it.
    pub fn new(message: proto::ArrivedPart, labels: &[PortionLabel]) -> Result<Self, CliError> {
        let envelope = wire::envelope::from_proto(wire::field::present("release", message.release)?)?;
        let release = wire::release::decode(&envelope.payload)?;
        let digests: Vec<String> = release.disclosed().map(|digest| digest.to_string()).collect();
        let received = labels.iter().filter(|l| digests.contains(&l.digest)).map(|l| ReceivedPortion {
            handle: l.handle.clone(),
            name: l.name.clone(),
            onward: onward(&release, l),
        });
        Ok(Self {
            partner: message.partner,
            sequence: release.position.sequence,
            at: when(message.at).unwrap_or_default(),
            released_at: release.released_at.to_string(),
            agreement: release.agreement,
            grants: release.grants.iter().map(ToString::to_string).collect(),
            portions: received.collect(),
            terms: release.terms,
            quarantined: (!message.quarantined.is_empty()).then_some(message.quarantined),
        })
    }

    /// In words.
    pub fn words(&self) -> Vec<String> {
        let Self { partner, sequence, at, released_at, agreement, grants, terms, portions, quarantined } = self;
        let id: String = agreement.id.to_string().chars().take(12).collect();
        let names = |some: &[&ReceivedPortion]| some.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut lines = vec![
            format!("{partner}, number {sequence}: released {released_at}, arrived {at}"),
            format!("  under agreement {id} version {}, {}", agreement.version, grants_in_words(grants)),
            format!("  brought {}", names(&portions.iter().collect::<Vec<_>>())),
        ];
        if let Some(reason) = quarantined {
            lines.push(format!("  IN QUARANTINE: {reason}"));
        }
        lines.push(match terms.retention_days {
            Some(days) => format!("  may be kept for {days} days"),
            None => "  may be kept without limit".to_owned(),
        });
        let mut told: Vec<&[String]> = Vec::new();
        for portion in portions.iter().filter(|p| !p.onward.is_empty()) {
            if told.contains(&portion.onward.as_slice()) {
                continue;
            }
            told.push(&portion.onward);
            let same: Vec<&ReceivedPortion> = portions.iter().filter(|p| p.onward == portion.onward).collect();
            let hops = terms.onward.as_ref().map(|o| o.depth).unwrap_or_default();
            let hops = if hops == 1 { "1 hop".to_owned() } else { format!("{hops} hops") };
            lines.push(format!(
                "  may be passed on: {} to {}, over {hops} at most",
                names(&same),
                portion.onward.join(", ")
            ));
        }
        if told.is_empty() {
            lines.push("  may not be passed on to anybody".to_owned());
        } else if portions.iter().any(|p| p.onward.is_empty()) {
            lines.push("  everything else may not be passed on".to_owned());
        }
        if !terms.barred_states.is_empty() {
            let states: Vec<String> = terms.barred_states.iter().map(|c| format!("{} ({c})", c.name())).collect();
            lines.push(format!("  never to organisations of {}", states.join(", ")));
        }
        lines
    }
}

fn grants_in_words(grants: &[String]) -> String {
    format!("grant{} {}", if grants.len() == 1 { "" } else { "s" }, grants.join(", "))
}

/// The audiences to which both the terms and the marking allow a portion to go. A name in the terms is kept if the marking covers all its
/// members. Otherwise the members that both cover are listed.
fn onward(release: &Release, label: &PortionLabel) -> Vec<String> {
    let is_let_go = |o: &&OnwardLimit| {
        label.tlp <= o.max_tlp && o.depth > 0 && o.kinds.iter().any(|kind| kind.as_str() == label.kind)
    };
    let Some(limit) = release.terms.onward.as_ref().filter(is_let_go) else { return vec![] };
    let mut may_have = members_of(&label.onward, &label.groups);
    if !label.releasable_to.is_empty() || label.tlp == Tlp::Red {
        let only_for = members_of(&label.releasable_to, &label.groups);
        may_have.retain(|member| only_for.contains(member));
    }
    let mut all = BTreeSet::new();
    for to in &limit.to {
        let members = members_of(std::slice::from_ref(to), &limit.groups);
        if members.is_subset(&may_have) && !members.is_empty() {
            all.insert(to.to_string());
        } else {
            all.extend(members.into_iter().filter(|member| may_have.contains(member)));
        }
    }
    all.into_iter().collect()
}

/// The members of these names: organisations, and the organs of states.
fn members_of(names: &[Audience], groups: &[Group]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for name in names {
        match name {
            Audience::Organisation(domain) => _ = all.insert(domain.to_string()),
            Audience::Group(name) => {
                for Group { countries, organisations, .. } in groups.iter().filter(|g| g.name == *name) {
                    all.extend(organisations.iter().map(ToString::to_string));
                    all.extend(countries.iter().map(|c| format!("organs of {} ({c})", c.name())));
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        body::Kind,
        ids::StatementId,
        release::{EntryKind, FeedPosition},
        time::Time,
    };

    fn watch(countries: &[&str], organisations: &[&str]) -> Vec<Group> {
        vec![Group {
            name: "watch".parse().unwrap(),
            as_of: "2026-01-01".parse().unwrap(),
            countries: countries.iter().map(|c| c.parse().unwrap()).collect(),
            organisations: organisations.iter().map(|o| o.parse().unwrap()).collect(),
        }]
    }

    /// A release that lets headlines up to AMBER go on to these, `group:watch` being the organs of Benin, no.example and fr.example.
    fn release(to: &[&str], depth: u32) -> Release {
        let onward = OnwardLimit {
            to: to.iter().map(|name| name.parse().unwrap()).collect(),
            kinds: vec![Kind::Headline],
            later_kinds: vec![],
            max_tlp: Tlp::Amber,
            depth,
            groups: watch(&["BJ"], &["fr.example", "no.example"]),
        };
        let at = Time::from_unix_nanos(0);
        Release {
            unknown: vec![],
            recipient: "ecowas.example".parse().unwrap(),
            kind: EntryKind::Assessment,
            manifest: StatementId([1; 32]),
            digests: vec![],
            agreement: AgreementRef { id: StatementId([2; 32]), version: 1 },
            grants: vec![],
            terms: ReleaseTerms { onward: Some(onward), barred_states: vec![], retention_days: None },
            position: FeedPosition { sequence: 1, previous: None },
            released_at: at,
            via: None,
            logged_at: at,
            endorsements: vec![],
            exceptions: vec![],
        }
    }

    fn label(kind: &str, tlp: Tlp, onward: &[&str], releasable_to: &[&str]) -> PortionLabel {
        let names = |all: &[&str]| all.iter().map(|name| name.parse().unwrap()).collect();
        let (handle, digest, name, text) = Default::default();
        let (onward, releasable_to) = (names(onward), names(releasable_to));
        let groups = watch(&["BJ"], &["fr.example", "no.example"]);
        PortionLabel { handle, digest, name, tlp, text, onward, kind: kind.to_owned(), releasable_to, groups }
    }

    #[test]
    fn only_what_terms_and_marking_both_let_go_may_be_passed_on() {
        let all = ["group:watch"];
        let headline = |marked: &[&str], only: &[&str]| label("headline", Tlp::Amber, marked, only);
        let others = PortionLabel { groups: watch(&["BJ", "TG"], &["no.example"]), ..headline(&all, &[]) };
        for (to, label, goes) in [
            (["group:watch"], headline(&all, &[]), &["group:watch"][..]),
            // The author's group has other members than the group of the terms.
            (["group:watch"], others, &["no.example", "organs of Benin (BJ)"]),
            (["group:watch"], label("limitation", Tlp::Amber, &all, &[]), &[]),
            (["group:watch"], label("headline", Tlp::AmberStrict, &all, &[]), &[]),
            (["group:watch"], headline(&[], &[]), &[]),
            // The terms name a member of the group that the marking names.
            (["no.example"], headline(&all, &[]), &["no.example"]),
            (["group:watch"], headline(&["fr.example", "ng.example"], &[]), &["fr.example"]),
            (["ng.example"], headline(&all, &[]), &[]),
            // Releasable to some of them only.
            (["group:watch"], headline(&all, &["no.example"]), &["no.example"]),
            (["group:watch"], headline(&all, &["ecowas.example"]), &[]),
            (["group:watch"], label("headline", Tlp::Red, &all, &[]), &[]),
        ] {
            assert_eq!(onward(&release(&to, 1), &label), goes, "{to:?} {:?} {:?}", label.onward, label.releasable_to);
        }
        assert!(onward(&release(&["group:watch"], 0), &headline(&all, &[])).is_empty(), "no hop is left");
    }
}
