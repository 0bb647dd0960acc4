use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Time {
    Time::from_parts(1_767_225_600 + seconds, 0).unwrap()
}

fn print(n: u8) -> Sha256 {
    Sha256([n; 32])
}

fn claim(sequence: u64, n: u8, previous: u8, issued: i64) -> Claim {
    Claim { sequence, fingerprint: print(n), previous: print(previous), issued: at(issued), digest: print(n) }
}

fn held() -> HeldBundle {
    HeldBundle::new(3, print(3), at(0))
}

fn step(held: &HeldBundle, waiting: &[Claim]) -> BundleStep {
    next_step(held, waiting, |_| true)
}

#[test]
fn the_next_one_is_taken_where_it_names_the_one_that_is_held() {
    let next = claim(4, 4, 3, 10);
    assert_eq!(step(&held(), std::slice::from_ref(&next)), BundleStep::Take(next.clone()));
    assert_eq!(step(&held(), &[claim(4, 4, 2, 10)]), BundleStep::Drop(vec![claim(4, 4, 2, 10)]));
    assert_eq!(step(&held(), &[claim(5, 5, 4, 10)]), BundleStep::Rest, "it waits for the one before");
    assert_eq!(next_step(&held(), std::slice::from_ref(&next), |_| false), BundleStep::Drop(vec![next]));
}

#[test]
fn what_is_over_is_forgotten_without_asking_for_signatures() {
    for over in [claim(3, 3, 2, 0), claim(2, 9, 1, 0)] {
        assert_eq!(next_step(&held(), std::slice::from_ref(&over), |_| panic!()), BundleStep::Drop(vec![over]));
    }
}

#[test]
fn two_of_one_number_are_an_alarm() {
    let (one, other) = (claim(4, 4, 3, 10), claim(4, 5, 3, 11));
    assert_eq!(step(&held(), &[one.clone(), other.clone()]), BundleStep::Rivals(one.clone(), other.clone()));
    // A forged bundle blocks nobody.
    let only = |c: &Claim| c.fingerprint == print(4);
    assert_eq!(next_step(&held(), &[one.clone(), other.clone()], only), BundleStep::Drop(vec![other]));
    let rival = claim(3, 9, 2, 0);
    assert_eq!(step(&held(), std::slice::from_ref(&rival)), BundleStep::Contest(rival.clone()));
    assert_eq!(next_step(&held(), std::slice::from_ref(&rival), |_| false), BundleStep::Drop(vec![rival.clone()]));
    // Nothing follows a contested bundle.
    let contested = HeldBundle { rival: Some(print(9)), ..held() };
    assert_eq!(step(&contested, &[rival, one]), BundleStep::Rest);
}

#[test]
fn whoever_dates_back_is_found_by_what_the_organisation_has_named_since() {
    let named = HeldBundle { named_at: Some(at(30 * 86_400)), ..held() };
    let day = |day: i64| claim(4, 4, 3, day * 86_400);
    assert_eq!(named.fits(&day(22)), Err(Unfit::Backdated));
    assert_eq!(named.fits(&day(23)), Ok(()));
    let before = claim(4, 4, 3, -SKEW - 1);
    assert_eq!(held().fits(&before), Err(Unfit::Backdated), "before the one that is held");
    assert_eq!(held().fits(&claim(4, 4, 3, -SKEW)), Ok(()), "clocks differ");
    assert_eq!(held().fits(&day(1)), Ok(()));
}

#[test]
fn an_invitation_lets_the_proposal_follow_that_was_open_when_it_was_written() {
    let invited = HeldBundle::invited(3, print(3), at(30 * 86_400));
    assert_eq!(invited.fits(&claim(4, 4, 3, 23 * 86_400)), Ok(()));
    assert_eq!(invited.fits(&claim(4, 4, 3, 22 * 86_400)), Err(Unfit::Backdated));
}

#[test]
fn whoever_dates_a_rival_back_contests_nothing() {
    let named = HeldBundle { named_at: Some(at(30 * 86_400)), ..held() };
    let next = named.followed_by(&claim(4, 4, 3, 29 * 86_400));
    let rival = |day: i64| claim(4, 9, 3, day * 86_400);
    assert_eq!(step(&next, &[rival(22)]), BundleStep::Drop(vec![rival(22)]));
    assert_eq!(step(&next, &[rival(23)]), BundleStep::Contest(rival(23)));
}

#[test]
fn a_forgery_with_the_same_roots_stands_in_nobody_s_way() {
    let (good, forged) = (claim(4, 4, 3, 10), Claim { digest: print(99), ..claim(4, 4, 3, 10) });
    let only = |c: &Claim| c.digest == good.digest;
    assert_eq!(next_step(&held(), &[forged.clone(), good.clone()], only), BundleStep::Drop(vec![forged.clone()]));
    // Two bundles that differ only in the administrators who signed count as one.
    assert_eq!(step(&held(), &[good.clone(), forged]), BundleStep::Take(good));
}

/// The bundles of an organisation, with a fork at the number `fork_at` if there is one, and with forgeries.
#[derive(Debug)]
struct History {
    honest: Vec<Claim>,
    fork: Option<Claim>,
    forged: Vec<Claim>,
    /// The order in which they come, as indexes into all of them. Each may come several times or never.
    order: Vec<usize>,
}

const FIRST: u64 = 1;

fn history() -> impl Strategy<Value = History> {
    let forged = prop::collection::vec((FIRST + 1..9u64, 100..200u8, 0..9u8), 0..4);
    (1..8u64, prop::option::of(0..8u64), forged, prop::collection::vec(any::<prop::sample::Index>(), 0..40)).prop_map(
        |(length, fork_at, forged, order)| {
            let one = |n: u64| claim(n, n as u8, (n - 1) as u8, n as i64);
            let honest: Vec<Claim> = (FIRST + 1..=FIRST + length).map(one).collect();
            let of_fork = |at: u64| honest.get((at % length) as usize).cloned();
            let fork = fork_at.and_then(of_fork).map(|c| Claim {
                fingerprint: print(50 + c.sequence as u8),
                digest: print(50 + c.sequence as u8),
                ..c
            });
            let forged: Vec<Claim> = forged.into_iter().map(|(s, n, p)| claim(s, n, p, s as i64)).collect();
            let all = honest.len() + usize::from(fork.is_some()) + forged.len();
            History { order: order.iter().map(|index| index.index(all)).collect(), honest, fork, forged }
        },
    )
}

impl History {
    fn all(&self) -> Vec<Claim> {
        self.honest.iter().chain(&self.fork).chain(&self.forged).cloned().collect()
    }

    /// Whether two administrators have signed it, under any bundle before it.
    fn is_signed(&self, claim: &Claim) -> bool {
        self.honest.contains(claim) || self.fork.as_ref() == Some(claim)
    }
}

/// A receiver that behaves like a node: it keeps bundles that have to wait, and proceeds as far as it can.
struct Receiver {
    held: HeldBundle,
    waiting: Vec<Claim>,
    taken: Vec<Claim>,
    rivals: BTreeSet<Sha256>,
}

impl Receiver {
    fn new() -> Self {
        let held = HeldBundle::new(FIRST, print(FIRST as u8), at(0));
        Self { held, waiting: vec![], taken: vec![], rivals: BTreeSet::new() }
    }

    fn receive(&mut self, of: &History, claim: &Claim) {
        if !self.waiting.contains(claim) {
            self.waiting.push(claim.clone());
        }
        loop {
            match next_step(&self.held, &self.waiting, |claim| of.is_signed(claim)) {
                BundleStep::Take(claim) => {
                    self.held = self.held.followed_by(&claim);
                    self.waiting.retain(|c| *c != claim);
                    self.taken.push(claim);
                }
                BundleStep::Contest(claim) => {
                    self.held.rival = Some(claim.fingerprint);
                    self.rivals.insert(claim.fingerprint);
                }
                BundleStep::Rivals(one, other) => {
                    self.rivals.extend([one.fingerprint, other.fingerprint]);
                    return;
                }
                BundleStep::Drop(gone) => {
                    assert!(!gone.is_empty(), "a step that changes nothing would go on for ever");
                    self.waiting.retain(|c| !gone.contains(c));
                }
                BundleStep::Rest => return,
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn whatever_comes_in_whatever_order_each_bundle_follows_the_one_before(history in history()) {
        let all = history.all();
        let mut receiver = Receiver::new();
        for place in &history.order {
            receiver.receive(&history, &all[*place]);
        }
        // Each bundle that was taken is signed, has the next number, and names the one before.
        let mut before = (FIRST, print(FIRST as u8));
        for taken in &receiver.taken {
            prop_assert!(history.is_signed(taken));
            prop_assert_eq!((taken.sequence, taken.previous), (before.0 + 1, before.1));
            before = (taken.sequence, taken.fingerprint);
        }
        prop_assert_eq!((receiver.held.sequence, receiver.held.fingerprint), before);
        // Without a fork, nobody is contested. If all bundles came in the end, the newest one is held.
        let mut late = Receiver::new();
        for claim in history.order.iter().map(|place| &all[*place]).chain(&history.honest) {
            late.receive(&history, claim);
        }
        if history.fork.is_none() {
            prop_assert!(receiver.rivals.is_empty());
            prop_assert_eq!(late.held.sequence, FIRST + history.honest.len() as u64);
        }
        // With a fork, a receiver that has seen both bundles at the number that it held or waited for raises an alarm and stops there.
        if let Some(fork) = &history.fork {
            late.receive(&history, fork);
            if late.held.sequence == fork.sequence {
                prop_assert!(late.held.rival.is_some());
            }
            if late.held.sequence < fork.sequence {
                prop_assert!(late.rivals.contains(&fork.fingerprint));
            }
        }
    }
}
