//! What a preview shows equals what the partner reads afterwards: random drafts, under terms with delays.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        agreement::{Agreement, Duties, Grant},
        assessment::Portion,
        body::{Body, Kind, Subject},
        ids::{AssessmentId, StatementId},
        level::{Certainty, Crime, Severity as CapSeverity, Urgency, WarningLevel},
        lexicon::Lexicon,
        marking::{Marking, Tlp},
        partner::{Organisation, PartnerKind},
        statement::Suite,
        time::Period,
    },
    node::assessments::read::AssessmentView,
    policy::{HouseRules, decide, possible_release_times},
    render::{self, AssessmentText, Options, SignatureLine},
    seal::compose::{Composed, ManifestHead, UnsealedPortion, compose},
};

const AUTHOR: &str = "spiffe://gb.example/analyst/ana";

fn now() -> Time {
    "2026-05-01T09:30:00Z".parse().unwrap()
}

fn grant(id: &str, to: &Organisation, kinds: &[Kind], max_tlp: Tlp, delay_days: u64) -> Grant {
    Grant {
        later_kinds: vec![],
        id: id.parse().unwrap(),
        from: "gb.example".parse().unwrap(),
        to: to.domain.clone(),
        places: vec!["M49:001".parse().unwrap()],
        topics: vec![],
        kinds: kinds.to_vec(),
        max_tlp,
        min_level: None,
        delay_seconds: delay_days * 86_400,
        retention_days: None,
        onward: None,
        purpose: String::new(),
    }
}

/// Terms that give more with time: two partners with the same terms, and a state that some drafts are about.
static ADDRESSEES: LazyLock<Vec<(TrustDomain, Arc<PartnerPolicy>)>> = LazyLock::new(|| {
    let policy = |(domain, country): &(&str, &str)| {
        let to =
            Organisation { domain: domain.parse().unwrap(), kind: PartnerKind::State, country: country.parse().ok() };
        let (first, all) = ([Kind::Headline, Kind::Subject, Kind::Limitation], Kind::ALL);
        let grants = vec![
            grant("first", &to, &first, Tlp::Green, 0),
            grant("late", &to, &[Kind::Headline, Kind::Judgement, Kind::Narrative], Tlp::Amber, 1),
            grant("later", &to, all, Tlp::Amber, 3),
        ];
        let mut parties = ["gb.example".parse().unwrap(), to.domain.clone()];
        parties.sort();
        let agreement = Agreement {
            triggers: vec![],
            series: AssessmentId([1; 16]),
            version: 1,
            previous: None,
            parties,
            from: "2026-01-01".parse().unwrap(),
            until: "2027-12-31".parse().unwrap(),
            purpose: "tests".into(),
            notice_days: 90,
            groups: vec![],
            grants,
            duties: Duties::default(),
        };
        let agreements = [(StatementId([1; 32]), agreement)];
        let policy = PartnerPolicy::compile(&"gb.example".parse().unwrap(), &to, &agreements, &HouseRules::none());
        (to.domain.clone(), Arc::new(policy.unwrap()))
    };
    [("ml.example", "ML"), ("no.example", "NO"), ("se.example", "SE")].iter().map(policy).collect()
});

fn subject(place: &str) -> Body {
    Body::Subject(Subject {
        places: vec![place.parse().unwrap()],
        period: Period { from: "2026-05-01".parse().unwrap(), until: "2026-12-31".parse().unwrap() },
        groups: vec![],
        actors: vec![],
        risk_of: vec![Crime::MassKilling],
        level: WarningLevel::Warning,
        urgency: Urgency::Future,
        severity: CapSeverity::Extreme,
        certainty: Certainty::Possible,
        addressed_to: vec![],
    })
}

/// A text of one or two paragraphs, long enough to be wrapped.
fn text() -> impl Strategy<Value = String> {
    let word =
        prop::sample::select(vec!["killing", "of", "civilians", "à", "Ménaka", "安全", "before", "العنف", "the rains"]);
    let line = prop::collection::vec(word, 1..25).prop_map(|words| words.join(" "));
    prop::collection::vec(line, 1..3).prop_map(|lines| lines.join("\n\n"))
}

/// A portion: which kind, its text, its marking, and a headline's line.
type Written = (u8, String, Tlp, String);

fn written() -> impl Strategy<Value = Written> {
    let tlp = prop::sample::select(vec![Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict]);
    (0..7_u8, text(), tlp, "[A-Za-z ]{0,30}")
}

fn of(tlp: Tlp, body: Body) -> UnsealedPortion {
    UnsealedPortion { marking: Marking::new(tlp), body, rests_on: vec![], language: None, translates: None }
}

fn piece((kind, text, tlp, line): Written) -> UnsealedPortion {
    let body = match kind {
        0 => Body::Headline { text: format!("Headline {line}") },
        1 | 2 => Body::Narrative { text },
        3 => Body::Limitation { text },
        4 => Body::Gap { text },
        5 => Body::Alternative { text, likelihood: None },
        _ => Body::Source { text },
    };
    of(tlp, body)
}

/// A draft with a headline and a subject in front, composed.
fn composed(place: &str, portions: Vec<Written>, exercise: bool) -> Composed {
    let first = [Body::Headline { text: format!("About {place}") }, subject(place)].map(|body| of(Tlp::Green, body));
    compose(head(exercise), first.into_iter().chain(portions.into_iter().map(piece)).collect()).unwrap()
}

fn head(exercise: bool) -> ManifestHead {
    ManifestHead {
        assessment: AssessmentId([7; 16]),
        version: 1,
        previous: None,
        originator: "gb.example".parse().unwrap(),
        issued: now(),
        expires: now().plus_seconds(30 * 86_400),
        exercise,
    }
}

fn loaded(Composed { manifest, portions }: Composed) -> LoadedAssessment {
    let payload = wire::manifest::encode(&manifest);
    let id = id_of(StatementKind::Manifest, &payload);
    let signature = Signature { suite: Suite::Ed25519, certificates: vec![vec![0]], value: vec![] };
    let envelope = Envelope::new(StatementKind::Manifest, payload, vec![signature]);
    let opened = open_listed(&manifest, &portions).unwrap();
    LoadedAssessment::assemble(id, manifest, Arc::new(envelope), opened, portions, now())
}

/// What `assess show` prints of these portions.
fn shown(manifest: &Manifest, portions: &[Vec<u8>]) -> String {
    let opened = open_listed(manifest, portions).unwrap();
    let portions: Vec<Portion> = opened.into_iter().map(|o| o.into_portion()).collect();
    let signature = SignatureLine { id: AUTHOR.into(), suite: "ed25519".into(), valid: true, note: None };
    let text = AssessmentText {
        manifest,
        portions: &portions,
        signatures: &[signature],
        endorsements: &[],
        state: "current",
        via: &[],
        is_own: false,
        language: None,
        acknowledge: None,
    };
    let lexicon = Lexicon::by_id("uk-phia-2025").unwrap();
    render::assessment(&text, &Options { lexicon, width: 80, color: false })
}

/// The text at a partner after each release: each is decided when it is due, as the feed does, and the partner's store brings them together.
fn afterwards(policy: &PartnerPolicy, prepared: &LoadedAssessment) -> Vec<(Option<Time>, String)> {
    let facts_at = |at| prepared.facts(at, &Partners::default());
    let later = possible_release_times(policy, &facts_at(now())).into_iter().filter(|at| *at > now());
    let (mut arrivals, mut given, mut texts): (Vec<Vec<Vec<u8>>>, BTreeSet<Digest>, Vec<_>) = Default::default();
    for at in std::iter::once(now()).chain(later) {
        let Some(cleared) = decide(policy, &facts_at(at), at).release else { continue };
        let digests: Vec<Digest> = cleared.digests().collect();
        if digests.iter().all(|d| given.contains(d)) {
            continue;
        }
        given.extend(&digests);
        arrivals.push(prepared.encodings_of(&digests).iter().map(|bytes| bytes.to_vec()).collect());
        let held = order::merged(arrivals.clone());
        texts.push(((at > now()).then_some(at), shown(&prepared.manifest, &held)));
    }
    texts
}

fn previewed(prepared: LoadedAssessment) -> Preview {
    let id = Some(AUTHOR.parse().unwrap());
    let signature = SignatureCheck { id, suite: Suite::Ed25519, fault: None, doubtful_since: None };
    let addressee = |(name, policy): &(TrustDomain, Arc<PartnerPolicy>)| Addressee {
        name: name.clone(),
        policy: policy.clone(),
        is_active: true,
    };
    decided(prepared, signature, ADDRESSEES.iter().map(addressee).collect(), now())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn each_partner_reads_afterwards_what_the_preview_shows(
        place in prop::sample::select(vec!["BF", "ML", "NE"]),
        portions in prop::collection::vec(written(), 0..12),
        exercise: bool,
    ) {
        let preview = previewed(loaded(composed(place, portions, exercise)));
        let manifest = &preview.prepared.manifest;
        for (name, policy) in ADDRESSEES.iter() {
            let readers = preview.readers.iter().find(|readers| readers.partners.contains(name));
            let text = |step: &ReadingStep| {
                let AssessmentView { record, .. } = preview.view(&step.digests);
                (step.from, shown(manifest, &record.portions))
            };
            let before: Vec<_> = readers.iter().flat_map(|readers| &readers.steps).map(text).collect();
            prop_assert_eq!(&before, &afterwards(policy, &preview.prepared), "{}", name);
            // Whoever reads nothing is told why.
            let nothing = preview.nothing.iter().find(|(partner, _)| partner == name);
            prop_assert_eq!(nothing.is_some(), before.is_empty());
            prop_assert!(nothing.is_none_or(|(_, because)| !because.is_empty()));
        }
    }
}

#[test]
fn partners_with_the_same_terms_read_together_and_a_state_reads_nothing_about_itself() {
    let pieces = vec![
        of(Tlp::Green, Body::Headline { text: "About Mali".into() }),
        of(Tlp::Green, subject("ML")),
        of(Tlp::Amber, Body::Narrative { text: "Tomorrow's part".into() }),
        of(Tlp::Amber, Body::Gap { text: "A later part".into() }),
    ];
    let preview = previewed(loaded(compose(head(false), pieces).unwrap()));
    let [together] = preview.readers.as_slice() else { panic!("one group of readers") };
    assert_eq!(together.partners.iter().map(TrustDomain::as_str).collect::<Vec<_>>(), ["no.example", "se.example"]);
    let steps: Vec<_> = together.steps.iter().map(|step| (step.from, step.digests.len())).collect();
    let day = |n: i64| Some(now().plus_seconds(n * 86_400));
    assert_eq!(steps, [(None, 2), (day(1), 3), (day(3), 4)]);
    let [(state, because)] = preview.nothing.as_slice() else { panic!("one reads nothing") };
    assert_eq!(state.as_str(), "ml.example");
    assert!(because.iter().any(|reason| reason.starts_with("subject")), "{because:?}");
}

#[test]
fn a_suspended_partner_reads_nothing() {
    let (name, policy) = ADDRESSEES[1].clone();
    let composed = composed("BF", vec![], false);
    let id = Some(AUTHOR.parse().unwrap());
    let signature = SignatureCheck { id, suite: Suite::Ed25519, fault: None, doubtful_since: None };
    let preview = decided(loaded(composed), signature, vec![Addressee { name, policy, is_active: false }], now());
    assert!(preview.readers.is_empty() && preview.decisions.iter().all(|d| !d.release));
    assert!(preview.nothing[0].1[0].starts_with("partner-suspended"), "{:?}", preview.nothing[0].1);
}
