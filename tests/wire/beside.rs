//! Generated endorsements, requests, answers and exceptions.

use proptest::{collection::btree_set, prelude::*, sample::select};
use watchfire::domain::{
    assessment::Portion,
    body::{Body, Kind},
    endorsement::Endorsement,
    ids::{AssessmentId, Nonce, Seen},
    request::{Answer, AnswerKind, AskingRole, Exception, MAX_DAYS, Request},
};

use crate::{
    portions::portion,
    values::{digests, domain, id, line, required, some_of, text, time, versions},
};

pub fn endorsement() -> impl Strategy<Value = Endorsement> {
    let content =
        (portion(), required()).prop_map(|(portion, text)| Portion { body: Body::Endorsement { text }, ..portion });
    let seen = select(vec![16_usize, 32]).prop_flat_map(|count| btree_set(any::<[u8; 16]>(), count));
    let seen = seen.prop_map(|marks| marks.into_iter().map(Seen).collect());
    (domain(), any::<[u8; 16]>(), versions(), id(), domain(), time(), content, seen).prop_map(
        |(originator, assessment, version, manifest, endorser, endorsed_at, portion, seen)| Endorsement {
            originator,
            assessment: AssessmentId(assessment),
            version,
            manifest,
            endorser,
            endorsed_at,
            portion,
            seen,
        },
    )
}

pub fn request() -> impl Strategy<Value = Request> {
    let asked = prop_oneof![(some_of(Kind::ALL, 1), text()), (some_of(Kind::ALL, 0), required()),];
    let about = (domain(), any::<[u8; 16]>(), versions(), id());
    (about, asked, select(AskingRole::ALL), any::<[u8; 16]>(), time()).prop_map(
        |((addressee, assessment, version, manifest), (kinds, question), role, nonce, requested_at)| Request {
            addressee,
            assessment: AssessmentId(assessment),
            version,
            manifest,
            kinds,
            question,
            role,
            nonce: Nonce(nonce),
            requested_at,
        },
    )
}

pub fn answer() -> impl Strategy<Value = Answer> {
    let given = prop_oneof![
        (Just(AnswerKind::Released), text(), id().prop_map(Some)),
        (select(&[AnswerKind::Text, AnswerKind::Declined][..]), required(), Just(None)),
    ];
    (id(), given, time()).prop_map(|(request, (kind, text, exception), answered_at)| Answer {
        request,
        kind,
        text,
        answered_at,
        exception,
    })
}

pub fn exception() -> impl Strategy<Value = Exception> {
    let lives = prop_oneof![1..=MAX_DAYS * 86_400, Just(MAX_DAYS * 86_400)];
    let parties = (domain(), domain(), id(), id());
    (parties, (1..20_usize).prop_flat_map(digests), line(), time(), lives).prop_map(
        |((giver, partner, manifest, request), digests, reason, from, lives)| Exception {
            giver,
            partner,
            manifest,
            digests,
            request,
            reason,
            from,
            until: from.plus_seconds(lives),
        },
    )
}
