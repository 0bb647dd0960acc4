//! The decision: for one portion and partner, in directories of several sizes; and one publication for a thousand partners until
//! every decision is on disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    str::FromStr,
    time::{Duration, Instant},
};

use cedar_policy::{Authorizer, Context, Entities, PolicySet, Request};
use serde_json::json;
use watchfire::{
    domain::{
        agreement::Agreement,
        assessment::{Manifest, Portion},
        event::{Deed, Event, PortionDecision},
        ids::{Digest, StatementId, TrustDomain},
        partner::{Organisation, PartnerKind},
        time::{Clock, Time},
    },
    draft::{Format, Lineage, parse_agreement},
    policy::{Facts, HouseRules, PartnerPolicy, decide},
    seal::{compose::new_assessment_id, statement::id},
    store::{Publication, Store, Verification, summary, title},
    telemetry::SystemClock,
    wire,
};

use super::{
    Run,
    content::{Party, Signed, agreement, assessments_of, seed},
    machine::percentile,
    organisation::{Light, Org},
    report::Figure,
};

const PORTIONS: usize = 20;

/// Twenty portions, as one marks them: levels and topics differ, so that eleven evaluations answer for all.
fn draft() -> String {
    let mut text = "[assessment]\ntopics = [\"sahel\"]\nlevel = 3\nexpires = \"2027-12-31\"\n\
         [default.marking]\ntlp = \"AMBER\"\nonward = \"within-organisation\"\n\
         [[portion]]\nkind = \"headline\"\ntext = \"Civilians in the north at risk\"\n\
         [[portion]]\nkind = \"headline\"\ntext = \"Outlook\"\nmarking = { tlp = \"GREEN\" }\n\
         [[portion]]\nkind = \"subject\"\nplaces = [\"BF-SOM\", \"ML\"]\nperiod = { from = \"2026-01-01\", until = \"2026-12-31\" }\n\
         risk_of = [\"mass-killing\"]\ncap = { urgency = \"Future\", severity = \"Extreme\", certainty = \"Possible\" }\n"
        .to_owned();
    for i in 3..PORTIONS {
        let kind = ["gap", "limitation", "narrative", "source"][i % 4];
        let tlp = ["AMBER", "GREEN"][i / 4 % 2];
        text += &format!("[[portion]]\nkind = \"{kind}\"\ntext = \"portion {i}\"\nmarking = {{ tlp = \"{tlp}\" }}\n");
    }
    text
}

/// Twenty rules of the shapes that houses write; none forbids what is measured.
fn house() -> String {
    let shapes = |i: usize| match i % 5 {
        0 => format!("context.kind == \"attachment\" && context.tlp >= {}", 1 + i % 4),
        1 => {
            let country = ["AQ", "BV"][i / 5 % 2];
            format!("principal.kind == \"state\" && resource.countries.contains(\"{country}\") && resource.level < 4")
        }
        2 => format!("context.caveats.contains(\"no-legal-use\") && !context.topics.contains(\"topic-{i}\")"),
        3 => format!("principal == Organisation::\"embargoed-{i}.example\""),
        _ => format!("context.topics.contains(\"embargo-{i}\") && context.age < 86400"),
    };
    (0..20)
        .map(|i| {
            format!(
                "@id(\"rule-{i}\")\n@reason(\"figure\")\nforbid (principal, action, resource)\nwhen {{ {} }};\n",
                shapes(i)
            )
        })
        .collect()
}

/// As an agreement of some length has them: three grants, of which one is wide, one topical and one urgent.
fn terms(taker: &TrustDomain) -> Agreement {
    let grant = |id: &str, rest: &str| {
        format!("[[grant]]\nid = \"{id}\"\nfrom = \"gb.example\"\nto = \"{taker}\"\nmax_tlp = \"AMBER\"\n{rest}\n")
    };
    let kinds = "kinds = [\"headline\", \"subject\", \"gap\", \"limitation\", \"narrative\"]";
    let text = format!(
        "[agreement]\nparties = [\"gb.example\", \"{taker}\"]\nfrom = \"2020-01-01\"\nuntil = \"2039-12-31\"\npurpose = \"figures\"\n\
         [groups.sahel]\nas_of = \"2026-01-01\"\ncountries = [\"BF\", \"ML\", \"NE\"]\n{}{}{}",
        grant("west-africa", &format!("places = [\"M49:011\"]\n{kinds}")),
        grant(
            "topical",
            &format!("places = [\"group:sahel\"]\ntopics = [\"sahel\", \"horn\"]\n{kinds}\nretention = \"5y\"")
        ),
        grant("urgent", &format!("places = [\"M49:202\"]\nmin_level = 4\n{kinds}")),
    );
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    parse_agreement(&text, Format::Toml, lineage, watchfire::domain::time::Day::FIRST).unwrap()
}

fn directory(partners: usize) -> BTreeMap<TrustDomain, PartnerPolicy> {
    let (giver, house) = ("gb.example".parse().unwrap(), HouseRules::parse(&house()).unwrap());
    let one = |i: usize| {
        let domain: TrustDomain = format!("p{i}.example").parse().unwrap();
        let taker = Organisation { domain: domain.clone(), kind: PartnerKind::Ngo, country: None };
        let agreement = (StatementId([1; 32]), terms(&domain));
        (domain, PartnerPolicy::compile(&giver, &taker, &[agreement], &house).unwrap())
    };
    (0..partners).map(one).collect()
}

/// Microseconds for one portion and partner, one partner after the other, on one core: of an assessment such as none was decided before,
/// and beside it, of others like it.
pub fn decision(run: &Run, name: &'static str, partners: usize) {
    let (anew, again) =
        (run.count(1_000, 200).max(partners) / partners, run.count(20_000, 2_000).max(partners) / partners);
    let dir = run.directory();
    let org = Org::found(dir.path(), "gb.example", "GB");
    let signed = assessments_of(&draft(), &org.domain, &org.author_key(), 1).remove(0);
    let manifest: Manifest = wire::manifest::decode(&signed.manifest.payload).unwrap();
    let portions: Vec<Portion> = signed.portions.iter().map(|p| wire::portion::decode(p).unwrap()).collect();
    // As for a publication: what is known of the assessment is put together once for all partners.
    let round = |directory: &BTreeMap<TrustDomain, PartnerPolicy>| {
        let (start, mut released) = (Instant::now(), 0);
        let digest = |i: usize| Digest([u8::try_from(i).unwrap(); 32]);
        let facts = Facts::new(&manifest, portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
        for policy in directory.values() {
            let decision = black_box(decide(policy, &facts, manifest.issued));
            released += decision.release.map_or(0, |r| r.digests().count());
        }
        assert_eq!(released, partners * 14, "a headline, the subject and 12 others go");
        start.elapsed()
    };
    let took: Duration = (0..anew).map(|_| round(&directory(partners))).sum();
    let known = directory(partners);
    round(&known);
    let took_again: Duration = (0..again).map(|_| round(&known)).sum();
    let (n, n_again) = (anew * partners, again * partners);
    Figure {
        name,
        value: took.as_secs_f64() * 1e6 / (n * PORTIONS) as f64,
        unit: "us for one portion and partner, one core, of an assessment such as none was decided before",
        limit: bare_cedar(),
        limit_is: "Cedar's own evaluation of one ready-made request under the built-in and 20 house rules and a permit",
        n: n * PORTIONS,
        more: json!({ "partners": partners, "us_per_partner": took.as_secs_f64() * 1e6 / n as f64,
                      "again_us": took_again.as_secs_f64() * 1e6 / (n_again * PORTIONS) as f64,
                      "again_us_per_partner": took_again.as_secs_f64() * 1e6 / n_again as f64 }),
    }
    .print();
}

/// Microseconds for one evaluation.
fn bare_cedar() -> f64 {
    const TIMES: u32 = 5_000;
    let builtin = include_str!("../../src/policy/cedar/builtin.cedar");
    let permit = "@id(\"g\") permit (principal, action, resource) when { context.tlp <= 2 };";
    let policies = PolicySet::from_str(&format!("{builtin}\n{}\n{permit}", house())).unwrap();
    let entities = Entities::from_json_str(
        r#"[{"uid": {"type": "Organisation", "id": "p"}, "parents": [],
             "attrs": {"kind": "ngo", "names": ["p.example"], "own_names": ["p.example"]}},
            {"uid": {"type": "Assessment", "id": "this"}, "parents": [],
             "attrs": {"subject_known": true, "subject_states": ["BF", "ML"], "countries": ["BF", "ML"],
                       "places": ["BF-SOM", "ML"], "level": 3, "expires": 100}}]"#,
        None,
    )
    .unwrap();
    let context = Context::from_json_str(
        r#"{"now": 1, "age": 1, "kind": "gap", "tlp": 1, "topics": ["sahel"], "releasable_to": [], "caveats": []}"#,
        None,
    )
    .unwrap();
    let uid = |text: &str| text.parse().unwrap();
    let (principal, action) = (uid("Organisation::\"p\""), uid("Action::\"release\""));
    let request = Request::new(principal, action, uid("Assessment::\"this\""), context, None).unwrap();
    let start = Instant::now();
    for _ in 0..TIMES {
        let answer = black_box(Authorizer::new().is_authorized(black_box(&request), &policies, &entities));
        assert_eq!(answer.decision(), cedar_policy::Decision::Allow);
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
}

/// One assessment of twenty portions for many partners, until every decision is on disk.
pub async fn publication(run: &Run, name: &'static str, partners: usize) {
    let rounds = run.count(20, 5);
    let dir = run.directory();
    let publisher = Org::found(dir.path(), "gb.example", "GB");
    std::fs::create_dir_all(publisher.dir.join("rules")).unwrap();
    std::fs::write(publisher.dir.join("rules/house.cedar"), house()).unwrap();
    let key = publisher.node_key();
    let lights: Vec<Light> = (0..partners).map(|i| Light::found(&format!("p{i}.example"))).collect();
    let agreements = lights
        .iter()
        .map(|l| {
            let from = Party { domain: &publisher.domain, key: &key };
            agreement(from, Party { domain: &l.domain(), key: &l.key })
        })
        .collect();
    seed(&publisher.store(), lights.iter().map(|l| l.record.clone()).collect(), agreements).await;
    let takers: Vec<TrustDomain> = lights.iter().map(Light::domain).collect();
    let author = publisher.author_key();
    let signed = |count| assessments_of(&draft(), &publisher.domain, &author, count);
    let limit = bare_commits(&publisher, signed(rounds), &takers).await;

    let node = publisher.run().await;
    let mut took = vec![];
    for signed in signed(rounds) {
        let submission = signed.submission();
        let start = Instant::now();
        let published = node.node.assessments.publish(&publisher.author(), submission).await.unwrap();
        took.push(start.elapsed());
        assert_eq!(published.decisions.iter().filter(|d| d.release).count(), partners);
    }
    node.stop().await;
    Figure {
        name,
        value: percentile(took.clone(), 50.0),
        unit: "ms, median, from the call until every decision is on disk",
        limit: percentile(limit, 50.0),
        limit_is: "the store's own commit of as many queue entries and records of decisions",
        n: rounds,
        more: json!({ "partners": partners, "portions": PORTIONS, "worst_ms": percentile(took, 100.0) }),
    }
    .print();
}

async fn bare_commits(publisher: &Org, all: Vec<Signed>, partners: &[TrustDomain]) -> Vec<Duration> {
    let store = publisher.store();
    let mut took = vec![];
    for signed in all {
        let publication = committed(&signed, partners, SystemClock.now());
        let start = Instant::now();
        store.publish(publication).await.unwrap();
        took.push(start.elapsed());
    }
    took
}

fn committed(signed: &Signed, partners: &[TrustDomain], at: Time) -> Publication {
    let manifest = wire::manifest::decode(&signed.manifest.payload).unwrap();
    let manifest_id = id(&signed.manifest);
    let because = vec!["world: grant world gives every kind of portion on M49:001 up to AMBER+STRICT".to_owned()];
    let one = |digest: &Digest| PortionDecision {
        portion: *digest,
        release: true,
        not_before: None,
        because: because.clone(),
    };
    let portions: Vec<PortionDecision> = manifest.digests.iter().take(PORTIONS).map(one).collect();
    let decided = Deed::decided(manifest_id, partners.iter().map(|partner| (partner, portions.as_slice())));
    Publication {
        catalogue: None,
        assessment: manifest.assessment,
        version: 1,
        manifest_id,
        manifest: wire::envelope::encode(&signed.manifest),
        originator: manifest.originator.clone(),
        author: format!("spiffe://{}/analyst/author", manifest.originator).parse().unwrap(),
        at,
        urgency: 3,
        portions: signed.portions.clone(),
        title: title::among(&signed.portions),
        summary: summary::among(&wire::envelope::encode(&signed.manifest), &signed.portions).unwrap(),
        subject_states: BTreeSet::new(),
        attachments: vec![],
        queue: partners.iter().map(|p| (p.clone(), at)).collect(),
        events: decided.into_iter().map(|deed| Event::of_node(at, deed)).collect(),
        verified: Verification { at, roots: vec![], on_word_of: None },
    }
}
