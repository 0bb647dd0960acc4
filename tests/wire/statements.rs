//! Generated statements and envelopes.

use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
    sample::{select, subsequence},
};
use watchfire::domain::{
    agreement::{AcknowledgeDuty, Agreement, AgreementNotice, AgreementStep, Area, Duties, Grant, OnwardTerms},
    assessment::Manifest,
    body::{Kind, Mandate},
    bundle::{Bundle, Compromised},
    endorsement::MAX_ENDORSEMENTS,
    group::Group,
    ids::{AssessmentId, Role, Sha256, StatementId, TrustDomain},
    level::WarningLevel,
    logged::Logged,
    marking::{Audience, GroupName, Tlp},
    partner::{Invitation, InvitedList, Organisation, PartnerKind},
    recall::{MAX_REASON, Recall, RecallKind},
    receipt::{MAX_NOTE, Receipt, ReceiptKind},
    release::{AgreementRef, EntryKind, FeedPosition, Listed, MAX_ATTACHED, OnwardLimit, Release, ReleaseTerms, Void},
    request::MAX_EXCEPTIONS,
    statement::{Envelope, MAX_LOGGED, Signature, StatementKind, Suite},
    time::Time,
};

use crate::values::{
    MAX_DAYS, MAX_FEW, MAX_SECONDS, MAX_SEQUENCE, audience_text, countries, country, day, digests, domain, domain_text,
    id, line, members, name, parsed, place, set_of, some_of, spelled_out, text, time, versions,
};

/// Version 1 without a version before, or a later one with it.
fn version() -> impl Strategy<Value = (u32, Option<StatementId>)> {
    prop_oneof![Just((1, None)), (2..=1_000_000_u32, id()).prop_map(|(v, id)| (v, Some(id)))]
}

fn position() -> impl Strategy<Value = FeedPosition> {
    prop_oneof![
        Just(FeedPosition { sequence: 1, previous: None }),
        (2..=MAX_SEQUENCE, id()).prop_map(|(sequence, id)| FeedPosition { sequence, previous: Some(id) }),
    ]
}

pub fn manifest() -> impl Strategy<Value = Manifest> {
    let digests = select(vec![16usize, 32, 48]).prop_flat_map(digests);
    let sealed = option::of(any::<[u8; 32]>().prop_map(Sha256));
    (any::<[u8; 16]>(), version(), domain(), time(), 1..1_000_000_000i64, digests, (any::<bool>(), sealed)).prop_map(
        |(assessment, (version, previous), originator, issued, lives, digests, (exercise, sealed_origin))| Manifest {
            sealed_origin,
            assessment: AssessmentId(assessment),
            version,
            previous,
            originator,
            issued,
            expires: issued.plus_seconds(lives),
            digests,
            exercise,
        },
    )
}

/// Names of kinds that this edition does not have, ascending.
fn later_kinds() -> impl Strategy<Value = Vec<GroupName>> {
    set_of(name().prop_map(|name| format!("later-{}", &name[..name.len().min(20)])), 0)
}

fn mandate() -> impl Strategy<Value = Mandate> {
    (name(), domain()).prop_map(|(role, organisation)| Mandate { role: parsed(&role), organisation })
}

fn terms() -> impl Strategy<Value = ReleaseTerms> {
    let kinds = subsequence(Kind::ALL, 1..=Kind::ALL.len());
    let lists = vec(members(), 1..3);
    let onward = (set_of(audience_text(), 1), (kinds, later_kinds()), select(Tlp::ALL), 1..=MAX_FEW, lists).prop_map(
        |(to, (kinds, later_kinds), max_tlp, depth, lists): (Vec<Audience>, _, _, _, _)| {
            let groups = spelled_out(to.iter().filter_map(Audience::group).cloned().collect(), &lists);
            OnwardLimit { later_kinds, to, kinds, max_tlp, depth, groups }
        },
    );
    (option::of(onward), countries(), option::of(1..=MAX_DAYS))
        .prop_map(|(onward, barred_states, retention_days)| ReleaseTerms { onward, barred_states, retention_days })
}

/// The ids of at most this many statements, ascending.
fn ids(most: usize) -> impl Strategy<Value = Vec<StatementId>> {
    btree_set(any::<[u8; 32]>(), 0..=most).prop_map(|set| set.into_iter().map(StatementId).collect())
}

pub fn release() -> impl Strategy<Value = Release> {
    (
        (domain(), select(EntryKind::ALL), id(), digests(1..20)),
        (id(), versions()).prop_map(|(id, version)| AgreementRef { id, version }),
        (set_of(name(), 1), terms(), position(), time(), option::of(id())),
        (seconds(), listed(MAX_ENDORSEMENTS), listed(MAX_EXCEPTIONS), unknown()),
    )
        .prop_map(
            |(
                (recipient, kind, manifest, digests),
                agreement,
                (grants, terms, position, released_at, via),
                (logged_at, endorsements, exceptions, unknown),
            )| Release {
                unknown,
                recipient,
                // The outcomes of forecasts have no portions.
                digests: if kind == EntryKind::Resolution { vec![] } else { digests },
                kind,
                manifest,
                agreement,
                grants,
                terms,
                position,
                released_at,
                via,
                logged_at,
                endorsements,
                exceptions,
            },
        )
}

/// Statements of kinds of a later version, ascending.
fn unknown() -> impl Strategy<Value = Vec<(GroupName, Listed)>> {
    (later_kinds(), listed(2)).prop_map(|(kinds, listed)| {
        let mut all: Vec<_> = kinds.iter().flat_map(|kind| listed.iter().map(|l| (kind.clone(), *l))).collect();
        all.sort_by(|(a, l), (b, m)| (a, l.id).cmp(&(b, m.id)));
        all.truncate(MAX_ATTACHED - MAX_ENDORSEMENTS - MAX_EXCEPTIONS);
        all
    })
}

fn seconds() -> impl Strategy<Value = Time> {
    time().prop_map(Time::whole_seconds)
}

fn listed(most: usize) -> impl Strategy<Value = Vec<Listed>> {
    (ids(most), seconds()).prop_map(|(ids, logged_at)| ids.into_iter().map(|id| Listed { id, logged_at }).collect())
}

/// When a statement was first logged.
pub fn logged() -> impl Strategy<Value = Logged> {
    (id(), seconds()).prop_map(|(statement, at)| Logged { statement, at })
}

pub fn void() -> impl Strategy<Value = Void> {
    (domain(), position(), id(), time()).prop_map(|(recipient, position, replaced, voided_at)| Void {
        recipient,
        position,
        replaced,
        voided_at,
    })
}

pub fn notice() -> impl Strategy<Value = AgreementNotice> {
    let parts = (id(), select(AgreementStep::ALL), time(), option::of(line()), any::<bool>());
    parts.prop_map(|(agreement, step, at, reason, every_version)| AgreementNotice {
        agreement,
        step,
        at,
        reason: reason.unwrap_or_default(),
        every_version,
    })
}

pub fn receipt() -> impl Strategy<Value = Receipt> {
    let said = (option::of(line()), select(vec![Role::Analyst, Role::Officer, Role::Service]), option::of(id()));
    let path = option::of(any::<[u8; 32]>().prop_map(Sha256));
    (domain(), select(ReceiptKind::ALL), vec(id(), 0..9), time(), said, path, option::of(mandate())).prop_map(
        |(sender, kind, mut releases, at, (reason, role, recall), path, mandate)| {
            let by_recall = matches!(kind, ReceiptKind::Withdrawn | ReceiptKind::Purged);
            let recall = match kind {
                _ if by_recall => Some(recall.unwrap_or(StatementId([3; 32]))),
                ReceiptKind::Declined => recall,
                _ => None,
            };
            if path.is_some() || (releases.is_empty() && recall.is_none()) {
                releases = vec![StatementId([4; 32])];
            }
            let role = kind.acknowledges().then_some(role);
            let reason = reason.filter(|r| !kind.acknowledges() || r.len() <= MAX_NOTE);
            // A reading or an answer may have a mandate.
            let mandate = mandate.filter(|_| role.is_some());
            Receipt { mandate, sender, kind, releases, at, reason, role, recall, path }
        },
    )
}

pub fn recall() -> impl Strategy<Value = Recall> {
    let parts = (domain(), any::<[u8; 16]>(), select(RecallKind::ALL), line(), time(), any::<bool>());
    parts.prop_map(|(originator, assessment, kind, reason, recalled_at, exercise)| Recall {
        originator,
        assessment: AssessmentId(assessment),
        kind,
        // Long lines are refused, so these fit.
        reason: if reason.len() > MAX_REASON { "r".repeat(MAX_REASON) } else { reason },
        recalled_at,
        exercise,
    })
}

fn duties() -> impl Strategy<Value = Duties> {
    let to_whom = (option::of(mandate()), option::of(1..=MAX_SECONDS));
    let acknowledge = (select(WarningLevel::ALL), 0..=MAX_SECONDS, to_whom).prop_map(
        |(min_level, within_seconds, (mandate, answer_within_seconds))| AcknowledgeDuty {
            answer_within_seconds,
            mandate,
            min_level,
            within_seconds,
        },
    );
    let counts_for = set_of(domain_text(), 0);
    let kept = (0..=MAX_DAYS, any::<bool>());
    (vec(acknowledge, 0..3), any::<bool>(), 0..=MAX_FEW, counts_for, kept).prop_map(
        |(acknowledge, purge_on_recall, approvals, counts_for, kept)| Duties {
            counts_for,
            offline_crl_days: kept.0,
            retention_without_exception: kept.1,
            acknowledge,
            purge_on_recall,
            approvals,
        },
    )
}

fn groups() -> impl Strategy<Value = Vec<Group>> {
    (btree_set(name(), 0..3), vec(members(), 1..3))
        .prop_map(|(names, lists)| spelled_out(names.iter().map(|name| parsed(name)).collect(), &lists))
}

/// A grant whose parties and groups are corrected by [`agreement`].
fn grant() -> impl Strategy<Value = Grant> {
    let onward = (vec(audience_text(), 0..3), (some_of(Kind::ALL, 0), later_kinds()), select(Tlp::ALL), 0..=MAX_FEW)
        .prop_map(|(to, (kinds, later_kinds), max_tlp, depth)| OnwardTerms {
            later_kinds,
            to: to.iter().map(|t| parsed(t)).collect(),
            kinds,
            max_tlp,
            depth,
        });
    (
        (name(), domain(), domain(), vec(place().prop_map(Area::Place), 1..4), vec(name(), 0..3)),
        (
            (some_of(Kind::ALL, 1), later_kinds()),
            select(Tlp::ALL),
            option::of(select(WarningLevel::ALL)),
            0..=MAX_SECONDS,
        ),
        (option::of(1..=MAX_DAYS), option::of(onward), text()),
    )
        .prop_map(
            |((id, from, to, places, topics), ((kinds, later_kinds), max_tlp, min_level, delay_seconds), rest)| {
                let (retention_days, onward, purpose) = rest;
                let topics = topics.iter().map(|t| parsed(t)).collect();
                let id = parsed(&id);
                Grant {
                    later_kinds,
                    id,
                    from,
                    to,
                    places,
                    topics,
                    kinds,
                    max_tlp,
                    min_level,
                    delay_seconds,
                    retention_days,
                    onward,
                    purpose,
                }
            },
        )
}

pub fn agreement() -> impl Strategy<Value = Agreement> {
    (
        (any::<[u8; 16]>(), version(), set_of::<TrustDomain>(domain_text(), 2), day(), day()),
        (text(), 0..=MAX_DAYS, groups(), vec((grant(), any::<bool>()), 1..4), duties()),
    )
        .prop_map(
            |((series, (version, previous), parties, a, b), (purpose, notice_days, groups, grants, duties))| {
                let parties: [_; 2] = [parties[0].clone(), parties[1].clone()];
                let mut agreement = Agreement {
                    triggers: vec![],
                    series: AssessmentId(series),
                    version,
                    previous,
                    parties,
                    from: a.min(b),
                    until: a.max(b),
                    purpose,
                    notice_days,
                    groups,
                    grants: vec![],
                    duties,
                };
                for (mut grant, turned) in grants {
                    let [from, to] = agreement.parties.clone();
                    (grant.from, grant.to) = if turned { (to, from) } else { (from, to) };
                    if let Some(onward) = &mut grant.onward {
                        onward.to.retain(|to| to.group().is_none());
                        onward
                            .to
                            .extend(agreement.groups.iter().map(|g| parsed::<Audience>(&format!("group:{}", g.name))));
                    }
                    grant.places.extend(agreement.groups.iter().map(|g| Area::Group(g.name.clone())));
                    if agreement.grants.iter().all(|g| g.id != grant.id) {
                        agreement.grants.push(grant);
                    }
                }
                agreement
            },
        )
}

pub fn invitation() -> impl Strategy<Value = Invitation> {
    let endpoint = r"[a-z0-9]{1,10}\.example:[1-9][0-9]{0,3}".prop_map(|t| parsed(&t));
    let organisation = (domain(), select(PartnerKind::ALL), country(), any::<bool>()).prop_map(
        |(domain, kind, country, has_country)| {
            let country = (has_country || kind == PartnerKind::State).then_some(country);
            Organisation { domain, kind, country }
        },
    );
    let bytes = || vec(any::<u8>(), 1..50);
    let ledger = option::of((envelope_of(Just(StatementKind::LedgerKey)), vec(any::<u8>(), 0..50)));
    let list = (bytes(), vec(bytes(), 0..3)).prop_map(|(list, issuers)| InvitedList { list, issuers });
    let parts =
        (organisation, option::of(endpoint), vec(bytes(), 1..=8), time(), 1..=MAX_SEQUENCE, ledger, vec(list, 0..4));
    parts.prop_map(|(organisation, endpoint, roots, issued, sequence, ledger, lists)| {
        let (ledger_key, ledger_note) = ledger.map_or((None, vec![]), |(key, note)| (Some(key), note));
        Invitation { organisation, endpoint, roots, issued, sequence, ledger_key, ledger_note, lists }
    })
}

pub fn bundle() -> impl Strategy<Value = Bundle> {
    let bytes = || vec(any::<u8>(), 1..50);
    let digest = || any::<[u8; 32]>().prop_map(Sha256);
    let compromised = proptest::collection::btree_map(digest(), day(), 0..4)
        .prop_map(|all| all.into_iter().map(|(root, since)| Compromised { root, since }).collect());
    (domain(), 2..=MAX_SEQUENCE, vec(bytes(), 1..=8), time(), digest(), compromised).prop_map(
        |(domain, sequence, roots, issued, previous, compromised)| Bundle {
            domain,
            sequence,
            roots,
            issued,
            previous,
            compromised,
        },
    )
}

pub fn envelope() -> impl Strategy<Value = Envelope> {
    let told = envelope_of(select(&[StatementKind::Logged][..]));
    let releases = envelope_of(select(&[StatementKind::Release][..]));
    let path = prop_oneof![Just(vec![]), vec(releases, 2..=3)];
    (envelope_of(select(StatementKind::ALL)), vec(told, 0..=MAX_LOGGED), path).prop_map(|(envelope, told, path)| {
        let logged = if envelope.kind == StatementKind::Logged { vec![] } else { told };
        let path = if envelope.kind == StatementKind::Receipt { path } else { vec![] };
        Envelope { logged, path, ..envelope }
    })
}

fn envelope_of(kind: impl Strategy<Value = StatementKind>) -> impl Strategy<Value = Envelope> {
    let bytes = || vec(any::<u8>(), 0..80);
    let signature = (select(Suite::ALL), vec(bytes(), 1..=4), bytes())
        .prop_map(|(suite, certificates, value)| Signature { suite, certificates, value });
    (kind, bytes(), vec(signature, 1..=4))
        .prop_map(|(kind, payload, signatures)| Envelope::new(kind, payload, signatures))
}
