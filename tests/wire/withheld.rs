//! What a reader gets reveals nothing about what it does not get. Two assessments that differ only in withheld portions give the reader the same
//! number of bytes, and their random parts are in the same places equally often.

use watchfire::{
    domain::{
        assessment::Portion,
        body::{BASIS_ROW, Body, Judgement},
        ids::{Digest, Handle, StatementId},
        level::Confidence,
        marking::{Marking, Tlp},
    },
    seal::{
        compose::{Composed, ManifestHead, UnsealedPortion, compose, new_assessment_id},
        digest::portion_digest,
    },
    wire,
};

const PAIRS: usize = 10_000;
/// Portions that the reader is given.
const GIVEN: usize = 4;
/// The most portions that share a list of 16 digests with a decoy.
const MOST: usize = 15;

fn piece(body: Body, rests_on: Vec<usize>) -> UnsealedPortion {
    let marking = Marking::new(Tlp::Green);
    UnsealedPortion { marking, body, rests_on, language: None, translates: None }
}

fn text(text: &str) -> Body {
    Body::Gap { text: text.to_owned() }
}

/// A judgement, its basis, and three more portions. Between them are this many withheld portions, and the judgement rests on some of them.
fn assessment(withheld: usize, bases: usize) -> Composed {
    let judgement = Judgement {
        text: "It is so.".to_owned(),
        likelihood: None,
        confidence: Confidence::High,
        confidence_reason: String::new(),
        rests_on: vec![],
    };
    let mut pieces = vec![piece(text("given: the basis"), vec![])];
    // The author wrote the withheld portions between the given ones.
    pieces.extend((0..withheld).map(|n| piece(text(&format!("withheld {n}")), vec![])));
    let rests_on = (0..=bases).collect();
    pieces.push(piece(Body::Judgement(judgement), rests_on));
    pieces.push(piece(text("given: one"), vec![]));
    pieces.push(piece(text("given: two"), vec![]));
    let head = ManifestHead {
        assessment: new_assessment_id().unwrap(),
        version: 2,
        previous: Some(StatementId([1; 32])),
        originator: "gb.example".parse().unwrap(),
        issued: "2026-05-01T00:00:00Z".parse().unwrap(),
        expires: "2026-09-30T00:00:00Z".parse().unwrap(),
        exercise: false,
    };
    compose(head, pieces).unwrap()
}

/// What the reader has.
struct Got {
    manifest: Vec<u8>,
    listed: Vec<Digest>,
    /// The digests in the order of the release.
    portions: Vec<(Digest, Vec<u8>, Portion)>,
}

fn given(composed: &Composed) -> Got {
    let read = composed.portions.iter().map(|bytes| {
        let digest = portion_digest(&composed.manifest.assessment, bytes);
        (digest, bytes.clone(), wire::portion::decode(bytes).unwrap())
    });
    let is_given = |portion: &Portion| !matches!(&portion.body, Body::Gap { text } if text.starts_with("withheld"));
    let portions: Vec<_> = read.filter(|(_, _, portion)| is_given(portion)).collect();
    assert_eq!(portions.len(), GIVEN);
    let manifest = wire::manifest::encode(&composed.manifest);
    Got { manifest, listed: composed.manifest.digests.clone(), portions }
}

impl Got {
    /// Everything about it that is not random.
    fn shape(&self) -> (usize, usize, Vec<usize>, usize) {
        let lengths = self.portions.iter().map(|(_, bytes, _)| bytes.len()).collect();
        (self.manifest.len(), self.listed.len(), lengths, self.basis().len())
    }

    fn basis(&self) -> Vec<Handle> {
        let found = self.portions.iter().find_map(|(_, _, portion)| match &portion.body {
            Body::Judgement(judgement) => Some(judgement.rests_on.clone()),
            _ => None,
        });
        found.unwrap()
    }

    /// The positions of the given digests in the manifest, and of the known handle among what the judgement rests on.
    fn places(&self) -> (Vec<usize>, usize) {
        let place = |digest: &Digest| self.listed.binary_search(digest).unwrap();
        let known = self.portions[0].2.handle;
        let basis = self.basis();
        (self.portions.iter().map(|(digest, ..)| place(digest)).collect(), basis.binary_search(&known).unwrap())
    }
}

/// How often each position occurs: of the given digests in the manifest, and of the known handle among the bases.
#[derive(Clone, Copy)]
struct Count {
    digests: [u64; 16],
    bases: [u64; BASIS_ROW],
}

impl Count {
    fn new() -> Self {
        Self { digests: [0; 16], bases: [0; BASIS_ROW] }
    }

    fn add(&mut self, (digests, basis): (Vec<usize>, usize)) {
        digests.into_iter().for_each(|place| self.digests[place] += 1);
        self.bases[basis] += 1;
    }

    /// Whether chance explains how far the counts are from uniform. Chi-squared with n - 1 degrees of freedom has the mean n - 1 and the
    /// variance 2(n - 1). Eight standard deviations above the mean occur less than once in a billion runs.
    fn is_even(&self) -> bool {
        let even = |counts: &[u64]| {
            let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
            let chi: f64 = counts.iter().map(|n| (*n as f64 - expected).powi(2) / expected).sum();
            let degrees = counts.len() as f64 - 1.0;
            chi < degrees + 8.0 * (2.0 * degrees).sqrt()
        };
        even(&self.digests) && even(&self.bases)
    }
}

#[test]
fn what_a_reader_gets_is_the_same_whatever_is_withheld() {
    let (mut with, mut without) = (Count::new(), Count::new());
    for n in 0..PAIRS {
        let withheld = 1 + n % (MOST - GIVEN);
        // The bases fill one row, whether none or seven of them are withheld.
        let bases = withheld.min(n % BASIS_ROW);
        let (all, some) = (given(&assessment(0, 0)), given(&assessment(withheld, bases)));
        assert_eq!(all.shape(), some.shape(), "{withheld} withheld, {bases} of them a basis");
        without.add(all.places());
        with.add(some.places());
    }
    assert!(without.is_even() && with.is_even(), "{:?} {:?}", with.digests, with.bases);
}

/// The control: the same count finds a list that reveals something, with the random handles after those that the author named.
#[test]
fn a_list_in_the_author_s_order_would_be_found_out() {
    let mut told = Count::new();
    for n in 0..PAIRS {
        let got = given(&assessment(n % 8, 0));
        let (digests, _) = got.places();
        // The known handle is the first that the author named.
        told.add((digests, 0));
    }
    assert!(!told.is_even());
}
