use super::*;

fn at(seconds: i64) -> Time {
    Time::from_parts(1_767_225_600 + seconds, 0).unwrap()
}

/// A root that differs between the two views if it covers an entry after the fork.
fn root(view: u8, size: u64, fork: u64) -> Hash {
    let mut root = [0; 32];
    root[..8].copy_from_slice(&size.to_be_bytes());
    root[8] = if size > fork { view } else { 0 };
    root
}

fn by(n: u8) -> TrustDomain {
    format!("d{n}.example").parse().unwrap()
}

/// A partner of an organisation that shows it one of two views.
struct Partner {
    view: View,
    of: u8,
    size: u64,
    fork: u64,
}

impl Partner {
    fn new(of: u8, size: u64, fork: u64) -> Self {
        let mut partner = Self { view: View::default(), of, size, fork };
        partner.greet();
        partner
    }

    fn shown(&self, size: u64) -> SignedBase {
        SignedBase { note: vec![], base: Base { size, root: root(self.of, size, self.fork), proof: vec![] } }
    }

    /// The organisation's greeting: its head, and the root at the last multiple.
    fn greet(&mut self) {
        self.view.set_head(self.size);
        if let Some(size) = last_multiple(self.size) {
            self.view.add(self.shown(size));
        }
    }

    /// Receives the other partner's multiples. Returns whether one differs.
    fn hears(&mut self, other: &Self) -> bool {
        let told: Vec<(u64, Hash)> = other.view.newest().map(|s| (s.base.size, s.base.root)).collect();
        told.iter().any(|(size, root)| {
            matches!(self.view.compare(&by(self.of), *size, |held| held == root), Compared::Differs(_))
        })
    }
}

/// After how many minutes the two views that begin at these sizes are found out, or it is found out that the organisation does not answer.
fn found_after(a: u64, b: u64, fork: u64, answers: bool) -> Option<(i64, bool)> {
    let (mut one, mut other) = (Partner::new(1, a, fork), Partner::new(2, b, fork));
    for minute in 0..=20 {
        let now = at(60 * minute);
        if one.hears(&other) | other.hears(&one) {
            return Some((minute, true));
        }
        for partner in [&mut one, &mut other] {
            let asked = partner.view.questions();
            if answers {
                asked.into_iter().for_each(|size| partner.view.add(partner.shown(size)));
            }
            partner.size += 8;
            partner.greet();
        }
        // Both greet the organisation twice a minute, without exception.
        if one.view.heard(now) | other.view.heard(now) {
            return Some((minute, false));
        }
    }
    None
}

#[test]
fn two_views_are_found_out_in_ten_minutes_from_every_pair_of_sizes() {
    for a in (0..=1000).step_by(8) {
        for b in (0..=a).step_by(8) {
            // The fork comes after the last entry that both have in common.
            let found = found_after(a, b, b, true);
            assert!(found.is_some_and(|(minutes, differs)| minutes <= 10 && differs), "{a} and {b}: {found:?}");
            let told = found_after(a, b, b, false);
            assert!(told.is_some_and(|(minutes, _)| minutes <= 20), "{a} and {b}: {told:?}");
        }
    }
}

#[test]
#[ignore = "all million pairs take half a minute; `.ci/long` runs it"]
fn two_views_are_found_out_from_every_pair_of_sizes_also_odd_ones() {
    for a in 0..=1000 {
        for b in 0..=a {
            let found = found_after(a, b, b, true);
            assert!(found.is_some_and(|(minutes, differs)| minutes <= 10 && differs), "{a} and {b}: {found:?}");
            let told = found_after(a, b, b, false);
            assert!(told.is_some_and(|(minutes, _)| minutes <= 20), "{a} and {b}: {told:?}");
        }
    }
}

#[test]
fn one_view_is_never_taken_for_two() {
    for (a, b) in [(1000, 8), (640, 640), (64, 63), (0, 1000), (130, 1)] {
        assert_eq!(found_after(a, b, u64::MAX, true), None, "{a} and {b}");
    }
}

#[test]
fn an_organisation_that_does_not_answer_is_told_of_once_for_each_question() {
    let mut view = View::default();
    view.set_head(1000);
    view.ask(Some(&by(1)), 64);
    view.ask(Some(&by(2)), 1024);
    assert_eq!(view.questions(), [64], "nobody is asked for what there can't be");
    assert!((0..20).all(|n| !view.heard(at(n * 30))));
    assert!(!view.heard(at(PATIENCE)) && view.heard(at(PATIENCE + 1)) && !view.heard(at(PATIENCE + 2)));
    (1..=9).for_each(|n| view.ask(Some(&by(1)), 64 * n));
    assert_eq!(view.questions(), [64], "nobody fills the places of others");
    (2..=9).for_each(|n| view.ask(Some(&by(n)), 64 * u64::from(n)));
    assert_eq!(view.questions(), [64, 128, 192, 256]);
    // Each question has its turn.
    let shown = |size| SignedBase { note: vec![], base: Base { size, root: [0; 32], proof: vec![] } };
    [64, 128].into_iter().for_each(|size| view.add(shown(size)));
    assert_eq!(view.questions(), [192, 256, 320, 384]);
}

#[test]
fn an_organisation_that_was_away_owes_no_answer() {
    let mut view = View::default();
    view.set_head(1000);
    view.ask(None, 64);
    assert!(!view.heard(at(0)), "it did not know it yet");
    view.questions();
    assert!(!view.heard(at(9_000)) && !view.heard(at(20_000)) && !view.heard(at(40_000)), "it has spoken three times");
    assert!(view.heard(at(40_001)));
}
