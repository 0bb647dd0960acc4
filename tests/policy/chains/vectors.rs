//! The chains in `tests/vectors/chains/`, decided by the library and by the oracle.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Count, made,
    run::{Policies, Run, Step, foretold},
    world::{Piece, World},
};
use crate::{
    domain::{partner::Organisation, release::ReleaseTerms},
    fixture::digest,
    vectors::{Assessment, Partner, WrittenTerms, agreement, files_in, parsed, portion, terms},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    #[serde(rename = "about")]
    _about: String,
    parties: Vec<Partner>,
    agreements: Vec<Value>,
    assessment: Assessment,
    at: Vec<String>,
    expected: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    portions: Vec<String>,
    terms: WrittenTerms,
}

fn organisation(written: &Partner) -> Organisation {
    let Partner { domain, kind, country } = written;
    Organisation { domain: parsed(domain), kind: parsed(kind), country: country.as_deref().map(parsed) }
}

impl Vector {
    fn world(&self) -> World {
        let Assessment { originator, issued, expires, portions } = &self.assessment;
        assert_eq!(*originator, self.parties[0].domain);
        let piece = Piece {
            portions: portions.iter().zip(1..).map(|(written, number)| portion(written, number)).collect(),
            issued: parsed(issued),
            expires: parsed(expires),
            at: self.at.iter().map(|at| parsed(at)).collect(),
            bars: vec![],
            bends: vec![],
        };
        World {
            parties: self.parties.iter().map(organisation).collect(),
            agreements: self.agreements.iter().map(|a| vec![agreement(a)]).collect(),
            house: self.agreements.iter().map(|_| vec![]).collect(),
            pieces: vec![piece],
        }
    }

    /// What each organisation gets, on which the library and the oracle must agree.
    fn given(&self) -> Vec<(Vec<String>, ReleaseTerms)> {
        let world = self.world();
        let (policies, piece) = (Policies::of(&world), &world.pieces[0]);
        let run = Run::new(&world, &policies, piece);
        let steps: Vec<Step> = made(&run, &foretold(&world, piece), &mut Count::default()).unwrap();
        let named = self.assessment.portions.iter().enumerate();
        let names = |step: &Step| {
            let goes = |i: usize| step.release.digests.contains(&digest(i));
            named.clone().filter(|(i, _)| goes(*i)).map(|(_, p)| p.name.clone()).collect()
        };
        steps.iter().map(|step| (names(step), step.release.terms.clone())).collect()
    }

    fn expected(&self) -> Vec<(Vec<String>, ReleaseTerms)> {
        self.expected.iter().map(|given| (given.portions.clone(), terms(&given.terms))).collect()
    }
}

#[test]
fn each_chain_goes_as_its_vector_says() {
    let all: BTreeMap<String, Value> = files_in("chains");
    assert!(all.len() >= 3, "{} vectors", all.len());
    for (name, mut value) in all {
        let vector: Vector = serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(vector.given(), vector.expected(), "{name}");
        // Negative control: a changed expectation is noticed.
        value["expected"][0]["terms"]["retention_days"] = 77.into();
        let vector: Vector = serde_json::from_value(value).unwrap();
        assert_ne!(vector.given(), vector.expected(), "{name}");
    }
}
