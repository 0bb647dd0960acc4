//! What a node decided or did, as the ledger records it. It contains names, ids and reasons, and never content.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    actor::{Actor, SignIn},
    browser_session::SessionEnd,
    ids::{AssessmentId, Digest, DraftId, SessionId, Sha256, SpiffeId, StatementId, TrustDomain},
    recall::{RecallKind, RecallState},
    receipt::ReceiptKind,
    request::RequestState,
    statement::StatementKind,
    time::Time,
};

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened.
    pub at: Time,
    /// Who did it. `None` if the node did it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<SpiffeId>,
    /// How that person or program had signed in. `None` in entries that were written before this field existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<SignIn>,
    /// What happened.
    #[serde(flatten)]
    pub deed: Deed,
}

impl Event {
    /// An event that an actor caused, or the node by itself if there is none.
    pub fn of(actor: Option<&Actor>, at: Time, deed: Deed) -> Self {
        Self { at, by: actor.map(|a| a.id().clone()), signed_in: actor.map(Actor::signed_in), deed }
    }

    /// An event that an actor caused.
    pub fn by(actor: &Actor, at: Time, deed: Deed) -> Self {
        Self::of(Some(actor), at, deed)
    }

    /// An event that the node caused by itself.
    pub fn of_node(at: Time, deed: Deed) -> Self {
        Self::of(None, at, deed)
    }
}

/// What was decided or done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the variants and fields are named for what they record")]
pub enum Deed {
    /// A version of an assessment was published here.
    Published { assessment: AssessmentId, version: u32, manifest: StatementId, accepted: Vec<String> },
    /// Which portions one partner may have. Stores that were written before [`Deed::DecidedAlike`] existed have one for each partner.
    Decided { manifest: StatementId, partner: TrustDomain, portions: Vec<PortionDecision> },
    /// Which portions each of these partners may have. The decision and its reasons are the same for all of them.
    DecidedAlike { manifest: StatementId, partners: Vec<TrustDomain>, portions: Vec<PortionDecision> },
    /// A release was signed and numbered.
    Released {
        manifest: StatementId,
        partner: TrustDomain,
        sequence: u64,
        release: StatementId,
        digests: Vec<Digest>,
        grants: Vec<String>,
    },
    /// What a partner was given will be released to it again.
    ReleasedAgain { manifest: StatementId, partner: TrustDomain },
    /// A queued item lost its permission before it was released.
    Dropped { manifest: StatementId, partner: TrustDomain, because: Vec<String> },
    /// A numbered release was requested again after its permission had ended.
    Voided { partner: TrustDomain, sequence: u64, release: StatementId },
    /// A release came in and was stored.
    Received {
        manifest: StatementId,
        partner: TrustDomain,
        sequence: u64,
        release: StatementId,
        quarantined: Option<String>,
        /// The organisation on the way that passed on more than it was allowed to, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_fault: Option<TrustDomain>,
    },
    /// A partner was accepted, or its bundle, kind or endpoint changed.
    PartnerChanged { partner: TrustDomain, fingerprint: String, state: String },
    /// An administrator approves an invitation with other roots, another kind or another country of the organisation.
    PartnerChangeApproved { partner: TrustDomain, fingerprint: String, invitation: StatementId, approval: StatementId },
    /// An administrator proposes other roots of the node's organisation.
    BundleProposed { sequence: u64, fingerprint: Sha256 },
    /// An organisation has these roots from now on. Names the statement of its administrators, if there is one.
    BundleTaken { organisation: TrustDomain, sequence: u64, fingerprint: Sha256, statement: Option<StatementId> },
    /// An organisation is known from now on because a partner introduced it.
    Introduced { organisation: TrustDomain, introducer: TrustDomain, fingerprint: Sha256 },
    /// Another partner introduces it with different roots.
    IntroductionContested { organisation: TrustDomain, introducer: TrustDomain, fingerprint: Sha256 },
    /// An administrator lets a partner introduce others, and whether the approvals are enough.
    IntroductionsAllowed { partner: TrustDomain, is_enough: bool, approval: StatementId },
    /// An administrator signs an introduction of an organisation.
    IntroductionSigned { organisation: TrustDomain, introduction: StatementId },
    /// An agreement was proposed, signed, refused or ended.
    AgreementChanged { agreement: StatementId, version: u32, partner: TrustDomain, state: String },
    /// A person approved an agreement.
    AgreementApproved { agreement: StatementId, version: u32, partner: TrustDomain, approval: StatementId },
    /// A set of house rules came into force.
    RulesChanged { version: u32, digest: Sha256 },
    /// Somebody read an assessment.
    Read { manifest: StatementId },
    /// Statements that a partner handed over within a minute were refused. `count` is their number.
    Refused { partner: TrustDomain, kind: StatementKind, reason: String, count: u64 },
    /// A quarantined entry is shown to users, because the agreement that it needs came into force here.
    Readmitted {
        manifest: StatementId,
        partner: TrustDomain,
        sequence: u64,
        release: StatementId,
        agreement: StatementId,
    },
    /// A version that counted on a hub's word alone is hidden from users from now on, because its originator's own statement came.
    GaveWay { manifest: StatementId, to: StatementId },
    /// A partner's receipt answered releases.
    Answered {
        partner: TrustDomain,
        receipt: StatementId,
        kind: ReceiptKind,
        reason: Option<String>,
        releases: Vec<AnsweredRelease>,
    },
    /// Nothing. Padding keeps the ledger's size from revealing how much happens.
    Padding,
    /// A person connected to the node, for the first time in a while.
    SignedIn,
    /// A one-time link was made with which this person can sign in.
    SignInLinkMade { person: SpiffeId },
    /// A person signed in with a browser.
    SessionOpened { session: SessionId },
    /// A session in a browser is over, and why.
    SessionEnded { session: SessionId, because: SessionEnd },
    /// Somebody tried to sign in with a link that opens nothing. `count` is how often within a minute.
    SignInRefused { count: u64 },
    /// The node uses another key from now on: what it is for, and SHA-256 over its public key or certificate.
    KeyChanged { key: String, digest: Sha256 },
    /// A person saved an attachment to a file.
    AttachmentDownloaded { sha256: Sha256 },
    /// An invitation for a future partner was written.
    InvitationWritten,
    /// A person exported an agreement to a file.
    AgreementExported { agreement: StatementId },
    /// A person exported the ledger to a file.
    LedgerExported { size: u64, root: Sha256 },
    /// A person exported the proof of an entry.
    LedgerProved { index: u64, size: u64 },
    /// Something is wrong with a ledger: whose ledger, what, and the SHA-256 of each piece of evidence that is kept.
    LedgerAlarm { partner: TrustDomain, kind: String, what: String, evidence: Vec<Sha256> },
    /// An administrator installed a revocation list by hand: its organisation, the key that issued it, its SHA-256, and whether it replaced one
    /// with a higher number.
    ListTaken { organisation: TrustDomain, issuing_key: Sha256, list: Sha256, replaced: bool },
    /// An administrator approves that the revocation list with this SHA-256 replaces one with a higher number.
    ListReplacementApproved { issuing_key: Sha256, list: Sha256, approval: StatementId },
    /// A certificate of a person of this organisation became known: its SHA-256 and its serial number.
    PersonRegistered { person: SpiffeId, certificate: Sha256, serial: String },
    /// An administrator confirms that this is a person of the organisation, and whether the approvals are enough.
    PersonConfirmed { person: SpiffeId, is_enough: bool, approval: StatementId },
    /// Somebody with access to the stopped node's files registered this person.
    PersonRecovered { person: SpiffeId },
    /// The ledger is signed with another key from now on, under the name of that epoch.
    LedgerKeyRotated { epoch: u32 },
    /// An administrator approves that a lost ledger begins anew.
    SettlingApproved { reason: String, approval: StatementId },
    /// The ledger began anew: how much of the earlier one is kept, and the signed head whose entries are lost.
    LedgerSettled { epoch: u32, kept: u64, root: Sha256, lost: String, reason: String },
    /// After the ledger was settled, the position of the partner's copy of its feed was adopted.
    PositionAdopted { partner: TrustDomain, sequence: u64, release: StatementId, before: u64 },
    /// A person of this organisation endorsed a version.
    Endorsed { manifest: StatementId, endorsement: StatementId },
    /// More of a version was requested: by this organisation from the partner, or by the partner.
    Requested { manifest: StatementId, partner: TrustDomain, request: StatementId, outgoing: bool },
    /// A request was answered, by the partner if this organisation had asked; or the partner refused to take it.
    RequestSettled {
        manifest: StatementId,
        partner: TrustDomain,
        request: StatementId,
        outgoing: bool,
        state: RequestState,
        answer: Option<StatementId>,
    },
    /// An officer gives a partner for a limited time what no grant gives it.
    Excepted {
        manifest: StatementId,
        partner: TrustDomain,
        request: StatementId,
        exception: StatementId,
        digests: Vec<Digest>,
        until: Time,
    },
    /// A partner's receipt says that it has stored releases: how many, and their first and last number.
    Stored { partner: TrustDomain, receipt: StatementId, releases: u64, first: u64, last: u64 },
    /// A holder that got a version through hubs answered the release by which it came. `verified`: its signature could be checked here.
    HolderAnswered {
        manifest: StatementId,
        holder: TrustDomain,
        receipt: StatementId,
        kind: ReceiptKind,
        verified: bool,
    },
    /// The originator recalled an assessment. Says what the state is here.
    Recalled {
        assessment: AssessmentId,
        originator: TrustDomain,
        recall: StatementId,
        kind: RecallKind,
        state: RecallState,
    },
    /// An officer approved a purge that another organisation asks for.
    PurgeApproved { assessment: AssessmentId, originator: TrustDomain, recall: StatementId, approval: StatementId },
    /// A holder answered a recall by its own receipt.
    RecallAnswered {
        assessment: AssessmentId,
        recall: StatementId,
        holder: TrustDomain,
        receipt: StatementId,
        kind: ReceiptKind,
        verified: bool,
    },
    /// An originator signed two different statements about one subject.
    Equivocated { originator: TrustDomain, assessment: AssessmentId, twice: String, statements: [StatementId; 2] },
    /// The proof of that was exported to a file.
    EvidenceExported { assessment: AssessmentId },
    /// A person read a draft that somebody else began.
    DraftRead { draft: DraftId },
    /// A draft was handed over to a person of this organisation, or taken back.
    DraftAccess { draft: DraftId, person: SpiffeId, is_given: bool },
    /// A draft was deleted, with all its texts.
    DraftDeleted { draft: DraftId },
    /// A person told the senders of a version that it is read, acted upon or not.
    Acknowledged { manifest: StatementId, kind: ReceiptKind },
}

/// How many partners one [`Deed::DecidedAlike`] names at most. With the longest names these are 64 KiB.
const PARTNERS_AN_ENTRY: usize = 250;

impl Deed {
    /// Records the decisions about one version as one deed for each different outcome. Agreements are much alike, so a thousand partners have a
    /// handful of outcomes. The partners of a deed keep their order.
    pub fn decided<'a>(
        manifest: StatementId,
        decisions: impl IntoIterator<Item = (&'a TrustDomain, &'a [PortionDecision])>,
    ) -> Vec<Self> {
        let mut places: HashMap<&[PortionDecision], usize> = HashMap::new();
        let mut outcomes: Vec<(&[PortionDecision], Vec<&TrustDomain>)> = vec![];
        for (partner, portions) in decisions {
            let place = *places.entry(portions).or_insert(outcomes.len());
            match outcomes.get_mut(place) {
                Some((_, partners)) => partners.push(partner),
                None => outcomes.push((portions, vec![partner])),
            }
        }
        let deed = |portions: &[PortionDecision], partners: &[&TrustDomain]| Self::DecidedAlike {
            manifest,
            partners: partners.iter().map(|p| (*p).clone()).collect(),
            portions: portions.to_vec(),
        };
        let outcomes = outcomes.iter();
        outcomes.flat_map(|(portions, all)| all.chunks(PARTNERS_AN_ENTRY).map(|some| deed(portions, some))).collect()
    }

    /// The partners and portions of a decision, if this is one.
    pub fn as_decision(&self) -> Option<(&[TrustDomain], &[PortionDecision])> {
        match self {
            Self::Decided { partner, portions, .. } => Some((std::slice::from_ref(partner), portions)),
            Self::DecidedAlike { partners, portions, .. } => Some((partners, portions)),
            _ => None,
        }
    }
}

/// A release that a receipt answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredRelease {
    /// The manifest that it handed over.
    pub manifest: StatementId,
    /// Its number.
    pub sequence: u64,
    /// Its statement id.
    pub release: StatementId,
}

/// What was decided about one portion.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PortionDecision {
    /// The portion's digest.
    pub portion: Digest,
    /// Whether it may be released.
    pub release: bool,
    /// The grants or rules that decided, each with its explanation.
    pub because: Vec<String>,
    /// From when on it may be released, if that is later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(release: bool) -> Vec<PortionDecision> {
        let because = vec!["sahel: gives headlines".to_owned()];
        vec![PortionDecision { portion: Digest([1; 32]), release, because, not_before: None }]
    }

    fn named(count: usize) -> Vec<TrustDomain> {
        (0..count).map(|n| format!("p{n}.example").parse().unwrap()).collect()
    }

    /// Every partner is in exactly one deed, with its own outcome.
    #[test]
    fn equal_outcomes_are_one_deed_and_nobody_gets_anothers() {
        let (partners, outcomes) = (named(10), [decision(true), decision(false)]);
        let all = partners.iter().enumerate().map(|(n, p)| (p, outcomes[usize::from(n % 3 == 0)].as_slice()));
        let deeds = Deed::decided(StatementId([7; 32]), all);
        assert_eq!(deeds.len(), 2);
        for (n, partner) in partners.iter().enumerate() {
            let its = deeds.iter().filter_map(Deed::as_decision).filter(|(of, _)| of.contains(partner));
            let its: Vec<_> = its.map(|(_, portions)| portions.to_vec()).collect();
            assert_eq!(its, [outcomes[usize::from(n % 3 == 0)].clone()], "{partner}");
        }
    }

    #[test]
    fn no_deed_names_more_partners_than_an_entry_holds() {
        let (partners, outcome) = (named(501), decision(true));
        let deeds = Deed::decided(StatementId([7; 32]), partners.iter().map(|p| (p, outcome.as_slice())));
        let sizes: Vec<usize> = deeds.iter().filter_map(Deed::as_decision).map(|(of, _)| of.len()).collect();
        assert_eq!(sizes, [250, 250, 1]);
    }

    #[test]
    fn a_decision_of_before_is_read_still() {
        let id = "07".repeat(32);
        let text = format!(
            r#"{{"at":"2026-05-02T09:30:00Z","event":"decided","manifest":"{id}","partner":"no.example","portions":[]}}"#
        );
        let event: Event = serde_json::from_str(&text).unwrap();
        assert_eq!(event.signed_in, None);
        let (partners, portions) = event.deed.as_decision().unwrap();
        assert_eq!((partners, portions.len()), (["no.example".parse().unwrap()].as_slice(), 0));
        assert_eq!(serde_json::to_string(&event).unwrap(), text);
    }

    /// The fields of a deed are in one JSON object with the fields of the event. If two had the same name, the entry could not be read back, and
    /// the ledger would not verify.
    #[test]
    fn no_deed_has_a_field_of_the_event_s_name() {
        let source = include_str!("event.rs");
        let deeds = source.split("pub enum Deed {").nth(1).unwrap().split("\n}").next().unwrap();
        for name in ["at", "by", "signed_in", "event"] {
            let is_field = |line: &str| {
                let words = line.trim().split("//").next().unwrap_or_default();
                words.starts_with(&format!("{name}:"))
                    || [" ", "{"].iter().any(|c| words.contains(&format!("{c}{name}:")))
            };
            let found: Vec<&str> = deeds.lines().filter(|line| is_field(line)).collect();
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
