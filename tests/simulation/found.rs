//! Earlier findings of simulations, as short plans. A seed gives another plan once the generator changes, but these stay the same. Each fails on
//! the program as it was.

use crate::{
    cast::{Org, Whose},
    net::{Mishap, What},
    plan::{Act, Draft, Halt, Step, Terms},
};

use Org::{Ecowas, Gb, Gh, No};

/// A fault that was found and corrected.
pub struct Found {
    pub name: &'static str,
    pub plan: fn() -> Vec<Act>,
}

const DRAFT: Draft = Draft { place: "ML", tlp: "AMBER", level: 3, onward: true };
/// Longer than the first certificates last.
const TWO_MONTHS: Act = Act::Wait { minutes: 60 * 24 * 60 };

pub const FOUND: [Found; 10] = [
    Found { name: "an_acknowledgement_that_was_lost_on_a_quiet_feed_is_made_good", plan: lost_acknowledgement },
    Found { name: "a_stop_that_waited_longer_than_a_certificate_lasts_is_taken", plan: old_stop },
    Found { name: "a_clock_set_back_makes_no_alarm_about_a_known_ledger", plan: clock_back },
    Found { name: "what_was_signed_anew_on_its_way_to_the_hub_is_read_behind_it", plan: signed_anew },
    Found { name: "a_recall_that_was_signed_anew_is_taken_behind_the_hub", plan: recalled_anew },
    Found { name: "a_version_that_was_countersigned_late_is_in_force_on_both_sides", plan: countersigned_late },
    Found {
        name: "a_partner_with_a_list_from_the_future_is_let_in_once_the_clock_is_right",
        plan: list_from_the_future,
    },
    Found { name: "what_is_resumed_by_a_clock_set_back_is_resumed_on_both_sides", plan: resumed_by_a_clock_set_back },
    Found { name: "a_node_whose_certificate_ended_while_it_was_off_starts", plan: off_past_its_end },
    Found {
        name: "what_a_revoked_key_handed_over_is_handed_over_again_after_its_certificate_has_ended",
        plan: revoked_and_ended,
    },
];

impl Found {
    pub fn steps(&self) -> Vec<Step> {
        (self.plan)().into_iter().map(Step::from).collect()
    }
}

fn connect(from: Org, to: Org) -> Act {
    Act::Connect { from, to, mishaps: vec![] }
}

fn without(from: Org, to: Org, call: u8, what: What) -> Act {
    Act::Connect { from, to, mishaps: vec![Mishap { call, what }] }
}

/// Hello, statements, the feed, and then the acknowledgement, which is lost. Nothing more is published.
fn lost_acknowledgement() -> Vec<Act> {
    vec![Act::Publish { by: Gb, draft: DRAFT }, without(No, Gb, 3, What::LostThere)]
}

/// The notice of a suspension waits for two months, and the certificate under which it was signed has ended. It was refused for ever, and the
/// giver continued to give.
fn old_stop() -> Vec<Act> {
    vec![
        connect(No, Gb),
        Act::Stop { by: No, with: Gb, halt: Halt::Suspend },
        TWO_MONTHS,
        Act::Renew { of: Gb, whose: Whose::Node },
        Act::Renew { of: Gb, whose: Whose::Analyst },
        Act::Publish { by: Gb, draft: DRAFT },
    ]
}

/// A node whose clock is set back by an hour already holds its partner's ledger key. It refused the key as from the future and never said what
/// it holds of the partner's ledger, so the partner raised an alarm.
fn clock_back() -> Vec<Act> {
    let mut acts = vec![connect(No, Gb), connect(Gb, No), Act::SetClock { of: No, beside: -3_600 }];
    for _ in 0..6 {
        acts.extend([Act::Turn { of: Gb }, Act::Turn { of: No }, connect(Gb, No)]);
    }
    acts
}

/// A release is numbered and lost in transit. Two months later it is sent again under the giver's new certificate. Readers behind the hub
/// checked that signature as of the release's own day, on which the certificate did not exist yet.
fn signed_anew() -> Vec<Act> {
    vec![Act::Publish { by: Gb, draft: DRAFT }, without(Ecowas, Gb, 2, What::LostBack), TWO_MONTHS]
}

/// The same with a recall that waits for the hub.
fn recalled_anew() -> Vec<Act> {
    vec![
        Act::Publish { by: Gb, draft: DRAFT },
        connect(Ecowas, Gb),
        Act::Turn { of: Ecowas },
        connect(Gh, Ecowas),
        Act::Recall { nth: 0, purge: false },
        TWO_MONTHS,
    ]
}

/// The partner countersigns, and its copy waits for two months. The proposer refused the copy because of its own old signature, so the version
/// was in force on one side only.
fn countersigned_late() -> Vec<Act> {
    let terms = Terms { max_tlp: "GREEN", all_kinds: true, delay_hours: 0, onward: true, days: 4_000, purge: true };
    vec![Act::Propose { by: No, with: Gb, terms }, connect(No, Gb), Act::Sign { by: Gb, with: No }, TWO_MONTHS]
}

/// A node starts with a clock that is an hour behind, and a partner's revocation list is younger. After that the partner was refused for ever,
/// even after the clock was corrected.
fn list_from_the_future() -> Vec<Act> {
    vec![
        Act::Revoke { of: Ecowas, whose: Whose::Officer },
        connect(Ecowas, Gb),
        Act::SetClock { of: Gb, beside: -3_600 },
        Act::PowerCut { of: Gb },
    ]
}

/// The power fails after the signing certificate has ended. The node could not sign its ledger's key again, and did not start.
fn off_past_its_end() -> Vec<Act> {
    vec![
        Act::Publish { by: Gb, draft: DRAFT },
        TWO_MONTHS,
        Act::PowerCut { of: Gb },
        Act::PowerCut { of: Ecowas },
        connect(Ecowas, Gb),
    ]
}

/// An agreement is suspended and resumed, and between the two the clock was set back a little. The partner took the second notice for older than
/// the first, and kept the suspension for ever.
fn resumed_by_a_clock_set_back() -> Vec<Act> {
    vec![
        connect(Gb, No),
        Act::Stop { by: No, with: Gb, halt: Halt::Suspend },
        connect(No, Gb),
        Act::SetClock { of: No, beside: -60 },
        Act::Stop { by: No, with: Gb, halt: Halt::Resume },
        connect(No, Gb),
        Act::Publish { by: Gb, draft: DRAFT },
    ]
}

/// The key of a release is revoked, and its certificate ends before the hub passes anything on. At each later change of its lists, the giver
/// judged that key as of now, when it had ended and was not revoked. It did not hand over again what nobody behind the hub could verify.
fn revoked_and_ended() -> Vec<Act> {
    let one_month = Act::Wait { minutes: 30 * 24 * 60 };
    vec![
        Act::Publish { by: Gb, draft: DRAFT },
        connect(Ecowas, Gb),
        one_month.clone(),
        Act::Revoke { of: Gb, whose: Whose::Node },
        one_month,
    ]
}
