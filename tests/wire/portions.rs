//! Generated markings, bodies and portions.

use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
    sample::select,
};
use watchfire::domain::{
    admiralty::{Credibility, Grade, Reliability},
    assessment::{MAX_ATTACHMENT_BYTES, Portion},
    body::{
        Attachment, BASIS_ROW, BaseRate, Body, Evidence, Forecast, Indicator, Judgement, Mandate, Options, Perpetrator,
        Recommendation, Resolves, Subject,
    },
    framework::{State, Trend},
    ids::{Handle, Salt, Sha256},
    language::Language,
    level::{Certainty, Confidence, Crime, Severity, Urgency, WarningLevel},
    lexicon::LEXICONS,
    likelihood::{Interval, Likelihood, Percent, Probability},
    marking::{Caveat, Marking, NationalLabel, Onward, Tlp},
};

use crate::values::{
    audience_text, country, day, domain, domain_text, handle, line, members, name, parsed, period, place, required,
    set_of, some_of, spelled_out, text,
};

pub fn marking() -> impl Strategy<Value = Marking> {
    let onward = prop_oneof![
        Just(Onward::None),
        Just(Onward::WithinOrganisation),
        set_of(audience_text(), 1).prop_map(Onward::Named),
    ];
    let national = (line(), line(), vec(required(), 0..3))
        .prop_map(|(policy, classification, categories)| NationalLabel { policy, classification, categories });
    (
        select(Tlp::ALL),
        set_of(audience_text(), 0),
        onward,
        set_of(name(), 0),
        some_of(Caveat::ALL, 0),
        option::of(national),
        vec(members(), 1..3),
    )
        .prop_map(|(tlp, releasable_to, onward, topics, caveats, national, lists)| {
            let groups = vec![];
            let marking = Marking { tlp, releasable_to, onward, topics, caveats, national, groups };
            let groups = spelled_out(marking.named_groups().into_iter().cloned().collect(), &lists);
            Marking { groups, ..marking }
        })
}

fn mandate() -> impl Strategy<Value = Mandate> {
    (name(), domain_text()).prop_map(|(role, domain)| parsed(&format!("{role}@{domain}")))
}

fn subject() -> impl Strategy<Value = Subject> {
    let actor = (line(), option::of(country())).prop_map(|(name, state)| Perpetrator { name, state });
    let cap = (select(Urgency::ALL), select(Severity::ALL), select(Certainty::ALL));
    (
        set_of(place().prop_map(|p| p.to_string()), 1),
        period(),
        (vec(line(), 0..3), vec(actor, 0..3), vec(mandate(), 0..3)),
        some_of(Crime::ALL, 1),
        select(WarningLevel::ALL),
        cap,
    )
        .prop_map(
            |(places, period, (groups, actors, addressed_to), risk_of, level, (urgency, severity, certainty))| {
                Subject { places, period, groups, actors, risk_of, level, urgency, severity, certainty, addressed_to }
            },
        )
}

fn probability() -> impl Strategy<Value = Probability> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0f64].prop_map(|p| Probability::new(p).unwrap())
}

fn likelihood() -> impl Strategy<Value = Likelihood> {
    let numbers = (0.0..=100.0f64, 0.0..=100.0f64).prop_map(|(a, b)| {
        let percent = |p| Percent::new(p).unwrap();
        Likelihood::of(Interval::new(percent(a.min(b)), percent(a.max(b))).unwrap())
    });
    let terms = LEXICONS.iter().flat_map(|l| l.terms.iter().map(|t| (l.id, t.id)));
    // Lexicons that grade something other than likelihood are excluded.
    let words: Vec<_> = terms.filter_map(|(l, t)| Likelihood::told(l, t, None).ok()).collect();
    assert!(!words.is_empty());
    prop_oneof![numbers, select(words)]
}

/// Whole rows, ascending.
fn basis() -> impl Strategy<Value = Vec<Handle>> {
    let count = select(vec![0, BASIS_ROW, 2 * BASIS_ROW]);
    count
        .prop_flat_map(|count| btree_set(any::<[u8; 8]>(), count))
        .prop_map(|set| set.into_iter().map(Handle).collect())
}

/// Two or three options whose probabilities add up to 1.
fn options() -> impl Strategy<Value = Options> {
    (1..1_000_u32, 1..1_000_u32, any::<bool>()).prop_map(|(a, b, is_ordered)| {
        let share = |n: u32| Probability::new(f64::from(n) / 2_000.0).unwrap();
        let each = vec![("a".to_owned(), share(a)), ("b".to_owned(), share(b)), ("c".to_owned(), share(2_000 - a - b))];
        Options { each, is_ordered }
    })
}

fn judgement() -> impl Strategy<Value = Judgement> {
    (required(), option::of(likelihood()), select(Confidence::ALL), text(), basis()).prop_map(
        |(text, likelihood, confidence, confidence_reason, rests_on)| Judgement {
            text,
            likelihood,
            confidence,
            confidence_reason,
            rests_on,
        },
    )
}

fn forecast() -> impl Strategy<Value = Forecast> {
    let resolves = (text(), day(), domain()).prop_map(|(source, by, resolver)| Resolves { source, by, resolver });
    let base_rate = (probability(), text()).prop_map(|(value, source)| BaseRate { value, source });
    let answer = prop_oneof![probability().prop_map(|p| (Some(p), None)), options().prop_map(|o| (None, Some(o)))];
    let about = (set_of(place().prop_map(|p| p.to_string()), 0), text());
    (required(), required(), resolves, period(), answer, option::of(base_rate), (text(), option::of(day())), about)
        .prop_map(|(question, event, resolves, window, (probability, options), base_rate, how, about)| Forecast {
            condition: about.1,
            options,
            places: about.0,
            question,
            event,
            resolves,
            window,
            probability,
            base_rate,
            method: how.0,
            information_cutoff: how.1,
        })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let grade = (select(&Reliability::ALL[..]), select(&Credibility::ALL[..]))
        .prop_map(|(reliability, credibility)| Grade { reliability, credibility });
    let original = any::<[u8; 32]>().prop_map(Sha256);
    (required(), option::of(day()), option::of(place()), option::of(grade), option::of(original), text()).prop_map(
        |(what, when, r#where, grade, original, custody)| Evidence { what, when, r#where, grade, original, custody },
    )
}

fn attachment() -> impl Strategy<Value = Attachment> {
    let name = line().prop_map(|n| n.replace(['/', '\\'], "_")).prop_filter("no path", |n| n != "." && n != "..");
    (name, line(), 0..=MAX_ATTACHMENT_BYTES, any::<[u8; 32]>())
        .prop_map(|(name, media_type, size, sha256)| Attachment { name, media_type, size, sha256: Sha256(sha256) })
}

pub fn body() -> impl Strategy<Value = Body> {
    let indicator = (line(), any::<u32>(), any::<u32>(), select(State::ALL), select(Trend::ALL), text()).prop_map(
        |(framework, factor, indicator, state, trend, note)| {
            Body::Indicator(Indicator { framework, factor, indicator, state, trend, note })
        },
    );
    let recommendation = (required(), option::of(mandate()), option::of(day()))
        .prop_map(|(text, addressee, by)| Body::Recommendation(Recommendation { text, addressee, by }));
    prop_oneof![
        line().prop_map(|text| Body::Headline { text }),
        subject().prop_map(Body::Subject),
        judgement().prop_map(Body::Judgement),
        forecast().prop_map(Body::Forecast),
        indicator,
        evidence().prop_map(Body::Evidence),
        required().prop_map(|text| Body::Source { text }),
        required().prop_map(|text| Body::Limitation { text }),
        (required(), option::of(likelihood())).prop_map(|(text, likelihood)| Body::Alternative { text, likelihood }),
        required().prop_map(|text| Body::Gap { text }),
        recommendation,
        required().prop_map(|text| Body::Narrative { text }),
        attachment().prop_map(Body::Attachment),
    ]
}

pub fn portion() -> impl Strategy<Value = Portion> {
    let languages: Vec<Language> = ["fr", "ha-Latn-NG", "pt-BR"].iter().map(|tag| tag.parse().unwrap()).collect();
    let language = (option::of(select(languages)), option::of(handle()));
    (any::<[u8; 32]>(), handle(), language, marking(), body()).prop_map(
        |(salt, handle, (language, translates), marking, body)| Portion {
            language,
            translates,
            ..Portion::new(Salt(salt), handle, marking, body)
        },
    )
}
