//! A text that names a state which is no subject, where an organisation of that state would receive it: its author can't accept that alone.

use std::collections::BTreeSet;

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Digest, Role, TrustDomain},
        lint::{Finding, NamedStates},
        partner::Organisation,
        place::Country,
    },
    node::{assessment_cache::loaded::LoadedAssessment, decisions::PartnerDecision, directory::Partners},
    policy::Reach,
};

/// What a publication decides, as far as it matters who learns of a name.
#[derive(Clone, Copy)]
pub(super) struct Outcome<'a> {
    pub prepared: &'a LoadedAssessment,
    pub decisions: &'a [PartnerDecision],
    /// All organisations that are known here.
    pub known: &'a Partners,
    /// The organisation itself.
    pub own: &'a TrustDomain,
}

/// Refuses a name that is not accepted, and one that a person without the role of an officer accepts although an organisation of the state would
/// receive it.
pub(super) fn check(outcome: Outcome<'_>, findings: &[Finding], accepted: &[String], role: Role) -> Result<(), Fault> {
    for (finding, named) in findings.iter().filter_map(|finding| Some((finding, finding.named.as_ref()?))) {
        let is_accepted = accepted.iter().any(|code| code == finding.code);
        if is_accepted && role == Role::Officer {
            continue;
        }
        let receivers = receivers(outcome, named);
        let field = finding.portion.map(|i| format!("portions[{i}]"));
        let because = format!("{}: {}", finding.code, finding.message);
        if !receivers.is_empty() {
            let what = format!(
                "{because}. {}; {}; otherwise an officer must publish it, with --accept {}",
                consequence(&receivers, &named.states),
                finding.help,
                finding.code
            );
            let reason = if is_accepted { Reason::SecondPersonRequired } else { Reason::LintFailed };
            return Err(Fault { field, ..Fault::new(reason, what) });
        }
        if !is_accepted {
            let what = format!(
                "{because}. None of its organisations would receive it today; {}, or publish with --accept {}",
                finding.help, finding.code
            );
            return Err(Fault { field, ..Fault::new(Reason::LintFailed, what) });
        }
    }
    Ok(())
}

/// Who would receive it: in words that follow each other in a sentence.
type Receivers = BTreeSet<String>;

/// What would happen to whom, in one sentence.
fn consequence(receivers: &Receivers, states: &[Country]) -> String {
    let all: Vec<&str> = receivers.iter().map(String::as_str).collect();
    let states: Vec<&str> = states.iter().map(|state| state.name()).collect();
    format!("{} would receive this and learn what it says about {}", all.join(" and "), states.join(" or "))
}

/// The organisations of the states that would receive one of the portions, from here or from a partner that may pass it on.
fn receivers(outcome: Outcome<'_>, NamedStates { states, portions }: &NamedStates) -> Receivers {
    let naming: Vec<_> = portions.iter().filter_map(|i| outcome.prepared.portions.get(*i)).collect();
    let mut all = Receivers::new();
    for decision in outcome.decisions {
        let released: BTreeSet<Digest> = decision.released().collect();
        let given: Vec<_> = naming.iter().filter(|loaded| released.contains(&loaded.digest)).collect();
        if given.is_empty() {
            continue;
        }
        let partner = outcome.known.get(&decision.partner).map(|partner| &partner.record.organisation);
        if partner.is_some_and(|organisation| is_of(organisation, states)) {
            all.insert(decision.partner.to_string());
        }
        for (loaded, limit) in given.iter().flat_map(|loaded| decision.onward.iter().map(move |limit| (loaded, limit)))
        {
            let Some(reach) = Reach::of(&loaded.portion, limit) else { continue };
            let further = further(outcome, &reach, states, &decision.partner);
            all.extend(further.into_iter().map(|who| format!("{who}, by way of {},", decision.partner)));
        }
    }
    all
}

/// Those of the states to whom the partner may pass it on. An organisation of which nobody here knows the state may be one of them.
fn further(outcome: Outcome<'_>, reach: &Reach<'_>, states: &[Country], partner: &TrustDomain) -> Vec<String> {
    let other = |domain: &TrustDomain| domain != partner && domain != outcome.own;
    let organisations = outcome.known.all().map(|known| &known.record.organisation);
    let known = organisations.filter(|o| other(&o.domain) && is_of(o, states) && reach.contains(o));
    let mut all: Vec<String> = known.map(|organisation| organisation.domain.to_string()).collect();
    let unknown = reach.named(states).into_iter().filter(|domain| other(domain) && outcome.known.get(domain).is_none());
    all.extend(unknown.map(|domain| format!("{domain} (whose state is not known here)")));
    if all.is_empty() {
        let organs = states.iter().filter(|state| reach.contains_organs_of(**state));
        all.extend(organs.map(|state| format!("an organisation of {}", state.name())));
    }
    all
}

/// Whether the organisation is an organ of one of the states, of a territory of it, or of the state that governs it.
fn is_of(organisation: &Organisation, states: &[Country]) -> bool {
    let governors = states.iter().filter_map(|state| state.governed_by());
    let meant: Vec<Country> = states.iter().copied().chain(governors).collect();
    organisation.states().any(|state| meant.contains(&state))
}
