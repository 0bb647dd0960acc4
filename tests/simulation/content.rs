//! The content: assessments, recalls and agreements, made from texts as people write them, signed with real keys.

use watchfire::{
    domain::{
        agreement::{Agreement, Standing},
        assessment::Portion,
        ids::{AssessmentId, Digest, StatementId},
        lint::lint,
        recall::{Recall, RecallKind},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    draft::{Format, Lineage, parse, parse_agreement},
    node::assessments::publish::Submission,
    seal::{
        compose::{ManifestHead, UnsealedPortion, compose, new_assessment_id},
        digest::portion_digest,
        sign::SigningKey,
        statement::id_of,
    },
    store::AgreementRecord,
    wire,
};

use crate::{
    cast::{Org, Whose},
    clock::begin,
    plan::{Draft, Terms},
};

/// A version of an assessment, as its author knows it.
#[derive(Clone)]
pub struct Made {
    pub by: Org,
    pub name: String,
    pub assessment: AssessmentId,
    pub version: u32,
    pub manifest: StatementId,
    pub portions: Vec<(Digest, Portion)>,
    /// When the author's certificate ends or was revoked. A reader that gets it by a release of a later day can't check it.
    pub provable_until: Time,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// Whether the author got the answer that it is published.
    pub is_answered: bool,
}

fn text(draft: &Draft) -> String {
    let Draft { place, tlp, level, onward } = draft;
    let onward =
        if *onward { "[\"ecowas.example\", \"gh.example\", \"bf.example\"]" } else { "\"within-organisation\"" };
    format!(
        r#"[assessment]
topics = ["sahel"]
level = {level}
expires = "2049-12-31"
[default.marking]
tlp = "{tlp}"
onward = {onward}
[[portion]]
kind = "headline"
text = "Killings of civilians are likely within weeks"
[[portion]]
kind = "headline"
text = "The situation is tense"
marking = {{ tlp = "GREEN" }}
[[portion]]
kind = "subject"
places = ["{place}"]
period = {{ from = "2026-06-01", until = "2026-09-30" }}
risk_of = ["mass-killing"]
cap = {{ urgency = "Future", severity = "Extreme", certainty = "Possible" }}
marking = {{ tlp = "GREEN" }}
[[portion]]
kind = "judgement"
text = "An attack is being prepared."
confidence = {{ level = "moderate", why = "two sources agree" }}
rests_on = ["e1"]
[[portion]]
key = "e1"
kind = "evidence"
what = "Weapons were handed out in three villages."
when = "2026-05-19"
where = "{place}"
grade = "B2"
original = {{ custody = "kept by the author" }}
marking = {{ tlp = "AMBER+STRICT", onward = "none" }}
[[portion]]
kind = "limitation"
text = "Nobody has been there."
[[portion]]
kind = "gap"
text = "Who gave the order is not known."
[[portion]]
kind = "recommendation"
text = "Ask the mission which roads are open."
marking = {{ tlp = "GREEN" }}
"#
    )
}

/// An assessment, or the version after `before`, signed.
pub fn made(
    by: Org,
    author: &SigningKey,
    draft: &Draft,
    before: Option<&Made>,
    now: Time,
    name: String,
) -> (Made, Submission) {
    let draft = parse(&text(draft), Format::Toml, "2026-05-01".parse().unwrap()).unwrap();
    let accepted = lint(&draft, now).iter().map(|f| f.code.to_owned()).collect();
    let piece = |p: &watchfire::domain::draft::DraftPortion| UnsealedPortion {
        language: None,
        translates: None,
        marking: p.marking.clone(),
        body: p.body.clone(),
        rests_on: draft.rests_on(p),
    };
    let head = ManifestHead {
        assessment: before.map_or_else(|| new_assessment_id().unwrap(), |b| b.assessment),
        version: before.map_or(1, |b| b.version + 1),
        previous: before.map(|b| b.manifest),
        originator: by.domain(),
        issued: now,
        expires: draft.expires.of(now),
        exercise: false,
    };
    let (assessment, version) = (head.assessment, head.version);
    let composed = compose(head, draft.portions.iter().map(piece).collect()).unwrap();
    let manifest = author.statement(StatementKind::Manifest, wire::manifest::encode(&composed.manifest)).unwrap();
    let portions = composed.portions.iter().map(|bytes| decoded(&assessment, bytes)).collect();
    let made = Made {
        by,
        name,
        assessment,
        version,
        manifest: id_of(StatementKind::Manifest, &manifest.payload),
        portions,
        provable_until: composed.manifest.expires,
        is_revoked: false,
        is_answered: false,
    };
    (made, Submission { manifest, portions: composed.portions, accepted })
}

/// A portion with its digest.
pub fn decoded(assessment: &AssessmentId, bytes: &[u8]) -> (Digest, Portion) {
    (portion_digest(assessment, bytes), wire::portion::decode(bytes).unwrap())
}

/// The officer's recall.
pub fn recall(officer: &SigningKey, made: &Made, purge: bool, now: Time) -> Envelope {
    let recall = Recall {
        originator: made.by.domain(),
        assessment: made.assessment,
        kind: if purge { RecallKind::Purge } else { RecallKind::Withdraw },
        reason: "the source was wrong".to_owned(),
        recalled_at: now,
        exercise: false,
    };
    officer.statement(StatementKind::Recall, wire::recall::encode(&recall)).unwrap()
}

fn grant(from: Org, to: Org, terms: &Terms) -> String {
    let Terms { max_tlp, all_kinds, delay_hours, onward, .. } = terms;
    let kinds = if *all_kinds {
        "\"headline\", \"subject\", \"judgement\", \"evidence\", \"limitation\", \"gap\", \"recommendation\""
    } else {
        "\"headline\", \"subject\", \"recommendation\""
    };
    let onward = if *onward {
        format!(
            "[grant.onward]\nto = [\"gh.example\", \"bf.example\"]\nkinds = [\"headline\", \"subject\", \"judgement\", \
             \"limitation\"]\nmax_tlp = \"{max_tlp}\"\ndepth = 1\n"
        )
    } else {
        String::new()
    };
    format!(
        "[[grant]]\nid = \"from-{from}\"\nfrom = \"{from}.example\"\nto = \"{to}.example\"\nplaces = [\"M49:001\"]\n\
         kinds = [{kinds}]\nmax_tlp = \"{max_tlp}\"\ndelay = \"{delay_hours}h\"\n{onward}"
    )
}

/// An agreement between two organisations.
pub fn agreement(a: Org, b: Org, terms: &Terms, lineage: Lineage) -> Agreement {
    let until = begin().plus_seconds(i64::from(terms.days) * 86_400).day();
    let grants = match (a, b) {
        (Org::Gb, Org::No) => grant(a, b, terms) + &grant(b, a, terms),
        _ => grant(a, b, terms),
    };
    let text = format!(
        "[agreement]\nparties = [\"{a}.example\", \"{b}.example\"]\nfrom = \"2020-01-01\"\nuntil = \"{until}\"\n\
         purpose = \"simulated\"\nnotice = \"90 days\"\n{grants}[duties]\npurge_on_recall = {}\n",
        terms.purge
    );
    parse_agreement(&text, Format::Toml, lineage, watchfire::domain::time::Day::FIRST).unwrap()
}

/// The agreement with which a pair begins, in force: the first party's record and the second party's.
pub fn in_force(a: Org, b: Org, terms: &Terms) -> [AgreementRecord; 2] {
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    signed_by_both(a, b, &agreement(a, b, terms, lineage))
}

/// An agreement in force: the first party's record and the second party's.
pub fn signed_by_both(a: Org, b: Org, agreement: &Agreement) -> [AgreementRecord; 2] {
    let payload = wire::agreement::encode(agreement);
    let id = id_of(StatementKind::Agreement, &payload);
    let sign = |org: Org| org.keys().ring().pair(Whose::Node).key();
    let mut envelope = sign(a).envelope(StatementKind::Agreement, payload).unwrap();
    envelope.signatures.push(sign(b).sign(StatementKind::Agreement, &envelope.payload).unwrap());
    [b, a].map(|partner| AgreementRecord {
        id,
        partner: partner.domain(),
        agreement: agreement.clone(),
        envelope: wire::envelope::encode(&envelope),
        standing: Standing { signed_here: Some(begin()), ..Standing::proposed_there(begin()) },
        changed_at: begin(),
    })
}
