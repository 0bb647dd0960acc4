//! A release by which an assessment came, and what it may be passed on to.

use serde::Serialize;

use super::answer::Label;
use crate::{
    cli::{CliError, decision::when},
    domain::{
        marking::Audience,
        release::{AgreementRef, Release, Terms},
    },
    wire::{self, proto},
};

/// One release.
#[derive(Serialize)]
pub struct Arrived {
    pub partner: String,
    pub sequence: u64,
    pub at: String,
    pub released_at: String,
    pub agreement: AgreementRef,
    pub grants: Vec<String>,
    pub terms: Terms,
    /// What it brought.
    pub portions: Vec<Brought>,
    pub quarantined: Option<String>,
}

/// One portion of it.
#[derive(Serialize)]
pub struct Brought {
    pub handle: String,
    #[serde(skip)]
    pub name: String,
    /// To whom the release's terms and the portion's own marking together let it be passed on.
    pub onward: Vec<String>,
}

impl Arrived {
    pub fn new(message: proto::ArrivedPart, labels: &[Label]) -> Result<Self, CliError> {
        let envelope = wire::envelope::from_proto(wire::field::present("release", message.release)?)?;
        let release = wire::release::decode(&envelope.payload)?;
        let digests: Vec<String> = release.digests.iter().map(ToString::to_string).collect();
        let brought = labels.iter().filter(|l| digests.contains(&l.digest)).map(|l| Brought {
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
            portions: brought.collect(),
            terms: release.terms,
            quarantined: (!message.quarantined.is_empty()).then_some(message.quarantined),
        })
    }

    /// In words.
    pub fn words(&self) -> Vec<String> {
        let Self { partner, sequence, at, released_at, agreement, grants, terms, portions, quarantined } = self;
        let id: String = agreement.id.to_string().chars().take(12).collect();
        let names = |some: &[&Brought]| some.iter().map(|b| b.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut lines = vec![
            format!("{partner}, number {sequence}: released {released_at}, came {at}"),
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
            let same: Vec<&Brought> = portions.iter().filter(|p| p.onward == portion.onward).collect();
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
            lines.push("  all else may not be passed on".to_owned());
        }
        if !terms.barred_states.is_empty() {
            let states: Vec<String> = terms.barred_states.iter().map(ToString::to_string).collect();
            lines.push(format!("  never to organisations of {}", states.join(", ")));
        }
        lines
    }
}

fn grants_in_words(grants: &[String]) -> String {
    format!("grant{} {}", if grants.len() == 1 { "" } else { "s" }, grants.join(", "))
}

fn onward(release: &Release, label: &Label) -> Vec<String> {
    let Some(limit) = release.terms.onward.as_ref().filter(|o| label.tlp <= o.max_tlp) else { return vec![] };
    limit.to.iter().map(Audience::to_string).filter(|to| label.onward.contains(to)).collect()
}
