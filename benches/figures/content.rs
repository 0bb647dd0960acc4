//! What is exchanged: assessments made from a real warning, signed, and an agreement under which they go.

use std::collections::BTreeSet;

use watchfire::{
    domain::{
        agreement::Standing,
        event::{Deed, Event},
        ids::{AssessmentId, StatementId, TrustDomain},
        lint::lint,
        statement::{Envelope, StatementKind},
        time::Clock,
    },
    draft::{Format, Lineage, parse, parse_agreement},
    node::assessments::publish::Submission,
    seal::{
        compose::{ManifestHead, UnsealedPortion, compose, new_assessment_id},
        sign::SigningKey,
        statement::id_of,
    },
    store::{AgreementRecord, PartnerRecord, Publication, Store, Verification, summary, title},
    telemetry::SystemClock,
    wire::{self, proto},
};

/// About 4 KiB with both statements and what goes to a partner.
const DRAFT: &str = include_str!("../../examples/demo/r02.toml");

/// About how many bytes a publication of it has.
pub const BYTES: usize = 4 << 10;

/// Where the assessments are about, in turn: a decision sees that, so that all of one country would be decided once.
const COUNTRIES: [&str; 24] = [
    "CD", "ML", "NE", "BF", "SS", "CF", "TD", "CM", "NG", "ET", "ER", "SO", "BI", "RW", "UG", "MZ", "YE", "SY", "IQ",
    "AF", "MM", "BD", "HT", "CO",
];

/// A signed assessment, ready to be handed in.
#[derive(Clone)]
pub struct Signed {
    pub manifest: Envelope,
    pub portions: Vec<Vec<u8>>,
    pub accepted: Vec<String>,
}

impl Signed {
    /// For a call within the process.
    pub fn submission(self) -> Submission {
        Submission { manifest: self.manifest, portions: self.portions, accepted: self.accepted }
    }

    /// For the desk.
    pub fn request(self) -> proto::PublishAssessmentRequest {
        proto::PublishAssessmentRequest {
            manifest: Some(wire::envelope::to_proto(&self.manifest)),
            portions: self.portions.into_iter().map(Into::into).collect(),
            accepted_findings: self.accepted,
        }
    }
}

/// So many assessments, each with its own id, salts and signature, about one country after the other.
pub fn assessments(originator: &TrustDomain, author: &SigningKey, count: usize) -> Vec<Signed> {
    let about = |code: &str| DRAFT.replacen("places  = [\"CD\"]", &format!("places  = [\"{code}\"]"), 1);
    let share = |i: usize| count / COUNTRIES.len() + usize::from(i < count % COUNTRIES.len());
    let mut all: Vec<Vec<Signed>> = (COUNTRIES.iter().enumerate())
        .map(|(i, code)| assessments_of(&about(code), originator, author, share(i)))
        .collect();
    (0..count).map(|i| all[i % COUNTRIES.len()].pop().unwrap()).collect()
}

/// The same of another draft.
pub fn assessments_of(draft: &str, originator: &TrustDomain, author: &SigningKey, count: usize) -> Vec<Signed> {
    let draft = parse(draft, Format::Toml, SystemClock.now().day()).unwrap();
    let now = SystemClock.now();
    let accepted: Vec<String> = lint(&draft, now).iter().map(|f| f.code.to_owned()).collect();
    let one = |_| {
        let piece = |p: &watchfire::domain::draft::DraftPortion| UnsealedPortion {
            language: None,
            translates: None,
            marking: p.marking.clone(),
            body: p.body.clone(),
            rests_on: draft.rests_on(p),
        };
        let head = ManifestHead {
            assessment: new_assessment_id().unwrap(),
            version: 1,
            previous: None,
            originator: originator.clone(),
            issued: now,
            expires: draft.expires.of(now),
            exercise: draft.exercise,
        };
        let composed = compose(head, draft.portions.iter().map(piece).collect()).unwrap();
        let payload = wire::manifest::encode(&composed.manifest);
        let manifest = author.statement(StatementKind::Manifest, payload).unwrap();
        Signed { manifest, portions: composed.portions, accepted: accepted.clone() }
    };
    (0..count).map(one).collect()
}

/// The same, such that all of it may go on to these.
pub fn assessments_for(to: &[&str], originator: &TrustDomain, author: &SigningKey, count: usize) -> Vec<Signed> {
    let draft = DRAFT.replacen("onward = \"within-organisation\"", &format!("onward = {to:?}"), 1);
    assessments_of(&draft, originator, author, count)
}

/// As it is kept once it is published under these ids: queued for nobody, with the record of its publication.
pub fn kept(signed: &Signed, manifest_id: StatementId, assessment: AssessmentId) -> Publication {
    let manifest = wire::manifest::decode(&signed.manifest.payload).unwrap();
    let at = SystemClock.now();
    let deed = Deed::Published { assessment, version: 1, manifest: manifest_id, accepted: vec![] };
    Publication {
        catalogue: None,
        assessment,
        version: 1,
        manifest_id,
        manifest: wire::envelope::encode(&signed.manifest),
        author: format!("spiffe://{}/analyst/author", manifest.originator).parse().unwrap(),
        originator: manifest.originator,
        at,
        urgency: 3,
        portions: signed.portions.clone(),
        title: title::among(&signed.portions),
        summary: summary::among(&wire::envelope::encode(&signed.manifest), &signed.portions).unwrap(),
        subject_states: BTreeSet::new(),
        attachments: vec![],
        queue: vec![],
        events: vec![Event::of_node(at, deed)],
        verified: Verification { at, roots: vec![], on_word_of: None },
    }
}

/// The same under its own ids.
pub fn published(signed: &Signed) -> Publication {
    let assessment = wire::manifest::decode(&signed.manifest.payload).unwrap().assessment;
    kept(signed, id_of(signed.manifest.kind, &signed.manifest.payload), assessment)
}

/// One side of an agreement: an organisation, and the key of its node.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    /// The organisation.
    pub domain: &'a TrustDomain,
    /// Its node's key.
    pub key: &'a SigningKey,
}

/// An agreement in force, signed by both nodes. It permits nearly everything from `from` to `to`.
pub fn agreement(from: Party<'_>, to: Party<'_>) -> AgreementRecord {
    agreement_with("", from, to)
}

/// The same with more lines for its grant.
pub fn agreement_with(more: &str, giver: Party<'_>, taker: Party<'_>) -> AgreementRecord {
    let (from, to) = (giver.domain, taker.domain);
    let text = format!(
        "[agreement]\nparties = [\"{from}\", \"{to}\"]\nfrom = \"2020-01-01\"\nuntil = \"2039-12-31\"\n\
         purpose = \"figures\"\nnotice = \"90 days\"\n[[grant]]\nid = \"world\"\nfrom = \"{from}\"\nto = \"{to}\"\n\
         places = [\"M49:001\"]\nkinds = [\"headline\", \"subject\", \"judgement\", \"forecast\", \"indicator\", \
         \"evidence\", \"limitation\", \"alternative\", \"gap\", \"recommendation\"]\nmax_tlp = \"AMBER+STRICT\"\n{more}"
    );
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let agreement = parse_agreement(&text, Format::Toml, lineage, watchfire::domain::time::Day::FIRST).unwrap();
    let payload = wire::agreement::encode(&agreement);
    let id = id_of(StatementKind::Agreement, &payload);
    let mut envelope = giver.key.envelope(StatementKind::Agreement, payload).unwrap();
    envelope.signatures.push(taker.key.sign(StatementKind::Agreement, &envelope.payload).unwrap());
    let now = SystemClock.now();
    AgreementRecord {
        id,
        partner: to.clone(),
        agreement,
        envelope: wire::envelope::encode(&envelope),
        standing: Standing { signed_here: Some(now), ..Standing::proposed_there(now) },
        changed_at: now,
    }
}

/// Puts partners and agreements into a store, as accepting and countersigning would.
pub async fn seed(store: &dyn Store, partners: Vec<PartnerRecord>, agreements: Vec<AgreementRecord>) {
    let at = SystemClock.now();
    for partner in partners {
        let domain = partner.organisation.domain.clone();
        let deed = Deed::PartnerChanged { partner: domain, fingerprint: String::new(), state: "active".into() };
        store.save_partner(partner, Event::of_node(at, deed)).await.unwrap();
    }
    store.save_agreements(agreements, None, vec![]).await.unwrap();
}
