//! A feed made by hand: entries that a rogue signs, correct and faulty ones.

use prost::Message;
use watchfire::{
    domain::{
        ids::{AssessmentId, StatementId},
        release::{AgreementRef, EntryKind, FeedPosition, Listed, Release, ReleaseTerms},
        statement::StatementKind,
        time::Clock,
    },
    draft::{self, Format},
    seal::{digest::portion_digest, sign::SigningKey, statement::id_of},
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile_kit::{Rogue, Served, credentials, serve, signed},
    kit::{Org, note, sealed, terms},
};

pub const ROGUE: &str = "rogue.example";

/// A feed made by hand, with its position.
pub struct Feed {
    pub rogue: Rogue,
    pub recipient: &'static str,
    pub agreement: StatementId,
    pub last: Option<StatementId>,
    pub sequence: u64,
}

/// An entry before its release is signed.
pub struct Making {
    pub assessment: AssessmentId,
    pub manifest: proto::Manifest,
    /// Appended to the manifest's canonical bytes before they are signed.
    pub appended: Vec<u8>,
    /// The signer of the manifest.
    pub by_node: bool,
    pub portions: Vec<Vec<u8>>,
    pub release: Release,
    /// The statements that travel with the portions, made once the manifest has an id: endorsements and exceptions, which the release names.
    pub beside: Option<Beside>,
}

type Beside = Box<dyn FnOnce(&Rogue, AssessmentId, StatementId) -> (Vec<proto::Envelope>, Vec<proto::Envelope>)>;

impl Feed {
    /// A partner of `victim` that may give it everything.
    pub async fn to(victim: &Org) -> (Self, Served, tokio_util::sync::CancellationToken) {
        let rogue = Rogue::new(ROGUE);
        let (address, served, stop) = serve(&rogue, credentials(&rogue.tls), victim).await;
        let agreement = rogue.befriend(victim, &address, &terms(ROGUE, victim.domain, "")).await;
        served.followed().await;
        (Self { rogue, recipient: victim.domain, agreement, last: None, sequence: 0 }, served, stop)
    }

    /// The next entry, changed by `bend`.
    pub fn next(&mut self, headline: &str, bend: impl FnOnce(&mut Making)) -> proto::FeedEntry {
        let (entry, id) = self.made(&note(headline, "BF"), bend);
        (self.last, self.sequence) = (Some(id), self.sequence + 1);
        entry
    }

    /// An entry with that draft, changed by a function.
    pub fn with(&mut self, text: &str, bend: impl FnOnce(&mut Making)) -> proto::FeedEntry {
        let (entry, id) = self.made(text, bend);
        (self.last, self.sequence) = (Some(id), self.sequence + 1);
        entry
    }

    /// An entry with that draft.
    pub fn of(&mut self, text: &str) -> proto::FeedEntry {
        let (entry, id) = self.made(text, |_| {});
        (self.last, self.sequence) = (Some(id), self.sequence + 1);
        entry
    }

    pub fn good(&mut self, headline: &str) -> proto::FeedEntry {
        self.next(headline, |_| {})
    }

    /// An entry that does not count: the next one takes its position.
    pub fn made(&self, text: &str, bend: impl FnOnce(&mut Making)) -> (proto::FeedEntry, StatementId) {
        let draft = draft::parse(text, Format::Toml, SystemClock.now().day())
            .unwrap_or_else(|e| panic!("{}", e.in_file("draft")));
        let composed = sealed(ROGUE, &draft);
        let assessment = composed.manifest.assessment;
        let digests: Vec<_> = composed.portions.iter().map(|p| portion_digest(&assessment, p)).collect();
        let payload = wire::manifest::encode(&composed.manifest);
        let release = Release {
            unknown: vec![],
            recipient: self.recipient.parse().unwrap(),
            kind: EntryKind::Assessment,
            manifest: id_of(StatementKind::Manifest, &payload),
            digests,
            agreement: AgreementRef { id: self.agreement, version: 1 },
            grants: vec!["world".parse().unwrap()],
            terms: ReleaseTerms { onward: None, barred_states: vec!["BF".parse().unwrap()], retention_days: None },
            position: FeedPosition { sequence: self.sequence + 1, previous: self.last },
            released_at: SystemClock.now(),
            via: None,
            logged_at: SystemClock.now().whole_seconds(),
            endorsements: vec![],
            exceptions: vec![],
        };
        let manifest = proto::Manifest::decode(&payload[..]).unwrap();
        let mut making = Making {
            assessment,
            manifest,
            appended: vec![],
            by_node: false,
            portions: composed.portions,
            release,
            beside: None,
        };
        bend(&mut making);
        let key: &SigningKey = if making.by_node { &self.rogue.node } else { &self.rogue.analyst };
        let mut payload = key.payload(making.manifest.encode_to_vec());
        payload.extend(making.appended);
        // Whatever the manifest is, the release names it.
        making.release.manifest = id_of(StatementKind::Manifest, &payload);
        let manifest = wire::envelope::to_proto(&key.envelope(StatementKind::Manifest, payload).unwrap());
        let (mut endorsements, mut exceptions) = (vec![], vec![]);
        if let Some(beside) = making.beside.take() {
            let named = making.release.manifest;
            (endorsements, exceptions) = beside(&self.rogue, making.assessment, named);
            let logged_at = SystemClock.now().whole_seconds();
            let ids = |all: &[proto::Envelope], kind| {
                all.iter().map(|e| Listed { id: id_of(kind, &e.payload), logged_at }).collect()
            };
            making.release.endorsements = ids(&endorsements, StatementKind::Endorsement);
            making.release.exceptions = ids(&exceptions, StatementKind::Exception);
        }
        let payload = self.rogue.node.payload(wire::release::encode(&making.release));
        let id = id_of(StatementKind::Release, &payload);
        let entry = proto::FeedEntry {
            release: Some(signed(&self.rogue.node, StatementKind::Release, payload)),
            manifest: Some(manifest),
            portions: making.portions.into_iter().map(Into::into).collect(),
            provenance: vec![],
            beside: [endorsements, exceptions].concat(),
        };
        (entry, id)
    }
}

impl Making {
    /// Makes manifest and release list the present portions.
    pub fn list_anew(&mut self) {
        let digests: Vec<_> = self.portions.iter().map(|p| portion_digest(&self.assessment, p)).collect();
        let old = std::mem::take(&mut self.release.digests);
        self.manifest.digests.retain(|d| !old.iter().any(|o| o.0[..] == d[..]));
        self.manifest.digests.extend(digests.iter().map(|d| prost::bytes::Bytes::from(d.0.to_vec())));
        self.manifest.digests.sort_unstable();
        self.release.digests = digests;
    }
}
