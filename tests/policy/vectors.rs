//! The cases in `tests/vectors/policy/`, decided by the library and by the oracle.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use watchfire::draft::{Format, Lineage, parse_agreement};

use crate::{
    cases::Case,
    compared::{decided, told},
    domain::{
        agreement::Agreement,
        assessment::Portion,
        body::{Body, Kind},
        group::Group,
        ids::{AssessmentId, Handle, StatementId, TrustDomain},
        level::WarningLevel,
        marking::{Audience, Onward, Tlp, Topic},
        partner::{Organisation, PartnerKind},
        place::Country,
        release::{OnwardLimit, ReleaseTerms},
        time::{Period, Time},
    },
    fixture, house,
    oracle::{self, Answer},
    policy::{Decision, PartnerException, Provenance, Verdict},
};

/// Parses a value from its text.
pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> T {
    text.parse().unwrap_or_else(|e| panic!("`{text}`: {e}"))
}

fn all<T: std::str::FromStr<Err: std::fmt::Display>>(texts: &[String]) -> Vec<T> {
    texts.iter().map(|t| parsed(t)).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    #[serde(rename = "about")]
    _about: String,
    giver: String,
    agreements: Vec<Value>,
    partner: Partner,
    #[serde(default)]
    house_rules: Vec<String>,
    #[serde(default)]
    control: Vec<String>,
    assessment: Assessment,
    #[serde(default)]
    provenances: Vec<Hop>,
    #[serde(default)]
    exceptions: Vec<Exception>,
    #[serde(default)]
    other_versions: Option<Versions>,
    at: String,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Versions {
    about: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    pub domain: String,
    pub kind: String,
    #[serde(default)]
    pub country: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    pub originator: String,
    pub issued: String,
    pub expires: String,
    pub portions: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    pub name: String,
    kind: String,
    marking: Marking,
    #[serde(default)]
    places: Vec<String>,
    #[serde(default)]
    actors: Vec<String>,
    /// The first and the last day of the subject.
    #[serde(default)]
    period: Option<[String; 2]>,
    #[serde(default)]
    level: u8,
    /// The name of the portion that it translates.
    #[serde(default)]
    translates: Option<String>,
    /// The endorser, if it is an endorsement.
    #[serde(default)]
    endorser: Option<String>,
    /// When an endorsement was made; by default, at the time of the decision.
    #[serde(default)]
    endorsed_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    exception: String,
    giver: String,
    partner: String,
    portions: Vec<String>,
    from: String,
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Marking {
    tlp: String,
    #[serde(default)]
    releasable_to: Vec<String>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    caveats: Vec<String>,
    #[serde(default)]
    onward: Reach,
    /// The groups that the marking defines.
    #[serde(default)]
    groups: BTreeMap<String, Members>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Reach {
    Word(String),
    Names(Vec<String>),
}

impl Default for Reach {
    fn default() -> Self {
        Self::Word("none".into())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hop {
    release: String,
    portions: Vec<String>,
    terms: WrittenTerms,
    released_at: String,
    /// When the giver got it; by default, when it was released.
    #[serde(default)]
    received_at: Option<String>,
    groups: BTreeMap<String, Members>,
    #[serde(default)]
    carriers: Vec<String>,
    /// Whether the agreement under which it came was suspended or terminated.
    #[serde(default)]
    stopped: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    as_of: String,
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default)]
    organisations: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenTerms {
    onward: Option<Limit>,
    barred_states: Vec<String>,
    retention_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    to: Vec<String>,
    kinds: Vec<String>,
    max_tlp: String,
    depth: u32,
    #[serde(default)]
    groups: BTreeMap<String, Members>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    released: BTreeMap<String, BTreeSet<String>>,
    withheld: BTreeMap<String, BTreeSet<String>>,
    #[serde(default)]
    agreement: Option<usize>,
    #[serde(default)]
    via: Option<String>,
    #[serde(default)]
    exceptions: Vec<String>,
    #[serde(default)]
    terms: Option<WrittenTerms>,
}

pub fn terms(written: &WrittenTerms) -> ReleaseTerms {
    let WrittenTerms { onward, barred_states, retention_days } = written;
    let onward = onward.as_ref().map(|Limit { to, kinds, max_tlp, depth, groups }| {
        let mut to: Vec<Audience> = all(to);
        to.sort();
        let groups = groups.iter().map(|(name, m)| group(name, m)).collect();
        OnwardLimit { later_kinds: vec![], to, kinds: all(kinds), max_tlp: parsed(max_tlp), depth: *depth, groups }
    });
    ReleaseTerms { onward, barred_states: all(barred_states), retention_days: *retention_days }
}

impl Vector {
    fn case(&self) -> Case {
        let Partner { domain, kind, country } = &self.partner;
        let country: Option<Country> = country.as_deref().map(parsed);
        let kind: PartnerKind = parsed(kind);
        let now: Time = parsed(&self.at);
        let numbered = self.assessment.portions.iter().zip(1..);
        Case {
            giver: parsed(&self.giver),
            originator: parsed(&self.assessment.originator),
            provenances: self.provenances.iter().map(|h| self.provenance(h)).collect(),
            house: self.house_rules.iter().map(|rule| house::number(rule)).collect(),
            control: self.control.clone(),
            taker: Organisation { domain: parsed::<TrustDomain>(domain), kind, country },
            agreements: self.agreements.iter().map(agreement).collect(),
            issued: parsed(&self.assessment.issued),
            expires: parsed(&self.assessment.expires),
            portions: numbered.map(|(written, number)| self.portion(written, number)).collect(),
            endorsers: self
                .assessment
                .portions
                .iter()
                .map(|p| parsed(p.endorser.as_deref().unwrap_or("nobody")))
                .collect(),
            endorsed_at: self
                .assessment
                .portions
                .iter()
                .map(|p| p.endorsed_at.as_deref().map_or(now, parsed))
                .collect(),
            exceptions: self.exceptions.iter().map(|e| self.exception(e)).collect(),
            versions: self.other_versions.as_ref().map(Versions::read).unwrap_or_default(),
            now,
            later: vec![],
        }
    }

    fn portion(&self, written: &Written, number: u8) -> Portion {
        let handle = |name: &String| Handle([u8::try_from(self.index(name)).unwrap() + 1; 8]);
        Portion { translates: written.translates.as_ref().map(handle), ..portion(written, number) }
    }

    fn index(&self, name: &str) -> usize {
        let found = self.assessment.portions.iter().position(|p| p.name == name);
        found.unwrap_or_else(|| panic!("no portion is called `{name}`"))
    }

    fn exception(&self, written: &Exception) -> PartnerException {
        let Exception { exception, giver, partner, portions, from, until } = written;
        PartnerException {
            id: named_id('e', exception),
            giver: parsed(giver),
            partner: parsed(partner),
            digests: portions.iter().map(|p| fixture::digest(self.index(p))).collect(),
            from: parsed(from),
            until: parsed(until),
        }
    }

    fn provenance(&self, hop: &Hop) -> Provenance {
        Provenance {
            release: release_id(&hop.release),
            digests: hop.portions.iter().map(|p| fixture::digest(self.index(p))).collect(),
            terms: terms(&hop.terms),
            released_at: parsed(&hop.released_at),
            received_at: parsed(hop.received_at.as_deref().unwrap_or(&hop.released_at)),
            groups: hop.groups.iter().map(|(name, m)| group(name, m)).collect(),
            is_stopped: hop.stopped,
            carriers: hop.carriers.iter().map(|c| parsed(c)).collect(),
        }
    }

    fn expected(&self) -> Option<Answer> {
        let Expected { released, agreement, via, terms: written, exceptions, .. } = &self.expected;
        let written = written.as_ref()?;
        Some(Answer {
            agreement: agreement.unwrap() - 1,
            via: via.as_deref().map(release_id),
            portions: released.iter().map(|(name, grants)| (self.index(name), grants.clone())).collect(),
            terms: terms(written),
            exceptions: exceptions.iter().map(|e| named_id('e', e)).collect(),
        })
    }

    /// The ids of the reasons for each withheld portion, by the portion's name.
    fn withheld(&self, decision: &Decision) -> BTreeMap<String, BTreeSet<String>> {
        let named = self.assessment.portions.iter().zip(&decision.portions);
        named
            .filter_map(|(written, outcome)| match &outcome.verdict {
                Verdict::Release(_) => None,
                Verdict::Withhold(denial) => {
                    Some((written.name.clone(), denial.reasons().iter().map(|r| r.id.to_string()).collect()))
                }
            })
            .collect()
    }

    /// The differences from the expected result.
    fn differences(&self) -> Vec<String> {
        let (case, expected) = (self.case(), self.expected());
        let decision = decided(&case);
        let mut differences = Vec::new();
        for (who, answer) in [("the engine", told(&decision)), ("the oracle", oracle::answer(&case, None))] {
            if answer != expected {
                differences.push(format!("{who} gives {answer:#?}, expected {expected:#?}"));
            }
        }
        let withheld = self.withheld(&decision);
        if withheld != self.expected.withheld {
            differences.push(format!("withheld {withheld:?}, expected {:?}", self.expected.withheld));
        }
        differences
    }
}

impl Versions {
    fn read(&self) -> BTreeSet<Country> {
        self.about.iter().map(|c| parsed(c)).collect()
    }
}

/// `r1` is the release whose id consists of ones, and so on.
fn release_id(name: &str) -> StatementId {
    named_id('r', name)
}

fn named_id(letter: char, name: &str) -> StatementId {
    StatementId([parsed(name.strip_prefix(letter).unwrap()); 32])
}

pub fn agreement(written: &Value) -> Agreement {
    let lineage = Lineage { series: AssessmentId([1; 16]), previous: None };
    parse_agreement(&written.to_string(), Format::Json, lineage, watchfire::domain::time::Day::FIRST)
        .unwrap_or_else(|e| panic!("{e}"))
}

fn group(name: &str, members: &Members) -> Group {
    let Members { as_of, countries, organisations } = members;
    Group { name: parsed(name), as_of: parsed(as_of), countries: all(countries), organisations: all(organisations) }
}

pub fn portion(written: &Written, number: u8) -> Portion {
    let text = written.name.clone();
    let body = match parsed::<Kind>(&written.kind) {
        Kind::Headline => Body::Headline { text },
        Kind::Gap => Body::Gap { text },
        Kind::Source => Body::Source { text },
        Kind::Endorsement => Body::Endorsement { text },
        Kind::Subject => {
            let places: Vec<&str> = written.places.iter().map(String::as_str).collect();
            let actors: Vec<&str> = written.actors.iter().map(String::as_str).collect();
            fixture::about(&places, &actors, WarningLevel::try_from(written.level).unwrap())
        }
        other => panic!("no vector has a portion of kind {other}"),
    };
    let mut portion = fixture::portion(number, parsed::<Tlp>(&written.marking.tlp), body);
    if let (Body::Subject(subject), Some([from, until])) = (&mut portion.body, &written.period) {
        subject.period = Period { from: parsed(from), until: parsed(until) };
    }
    portion.marking.releasable_to = all(&written.marking.releasable_to);
    portion.marking.groups = written.marking.groups.iter().map(|(name, m)| group(name, m)).collect();
    portion.marking.topics = all::<Topic>(&written.marking.topics);
    portion.marking.caveats = all(&written.marking.caveats);
    portion.marking.onward = match &written.marking.onward {
        Reach::Names(names) => Onward::Named(all(names)),
        Reach::Word(word) if word == "within-organisation" => Onward::WithinOrganisation,
        Reach::Word(word) if word == "none" => Onward::None,
        Reach::Word(word) => panic!("`{word}` is not a reach"),
    };
    portion
}

/// All files by name.
fn vectors() -> BTreeMap<String, Value> {
    files_in("policy")
}

pub fn files_in(folder: &str) -> BTreeMap<String, Value> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    files.filter(|p| p.extension().is_some_and(|e| e == "json")).map(read).collect()
}

#[test]
fn the_engine_and_the_oracle_decide_each_vector_as_it_says() {
    let all = vectors();
    assert!(all.len() >= 40, "{} vectors", all.len());
    let mut wrong = Vec::new();
    for (name, value) in all {
        let vector: Vector = serde_json::from_value(value).unwrap_or_else(|e| panic!("{name}: {e}"));
        wrong.extend(vector.differences().into_iter().map(|d| format!("{name}: {d}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Negative control: a changed expectation in any vector is noticed.
#[test]
fn a_changed_expectation_fails() {
    for (name, mut value) in vectors() {
        let expected = &mut value["expected"];
        let released = expected["released"].as_object_mut().unwrap();
        if let Some(first) = released.keys().next().cloned() {
            released.remove(&first);
        } else {
            let withheld = expected["withheld"].as_object_mut().unwrap();
            withheld.values_mut().next().unwrap()[0] = "another-reason".into();
        }
        let vector: Vector = serde_json::from_value(value.clone()).unwrap();
        assert!(!vector.differences().is_empty(), "{name}");
        if let Some(terms) = value["expected"].get_mut("terms").and_then(Value::as_object_mut) {
            terms.insert("retention_days".into(), 77.into());
            let vector: Vector = serde_json::from_value(value).unwrap();
            assert!(vector.differences().len() >= 2, "{name}: engine and oracle both differ");
        }
    }
}
