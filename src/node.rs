//! The use cases, in services by subject. Everything that changes something goes through here, whether a partner, a person or a program
//! asked for it. There is no protobuf, SQL or socket in it.
//!
//! Each service is a struct that names what it depends on. A service depends only on services that do not depend on it in turn.
//! `app::services` makes them all.

pub mod agreements;
pub mod alarms;
pub mod assessment_cache;
pub mod assessment_state;
pub mod assessments;
pub mod browser_sessions;
pub mod bundles;
pub mod catalogue;
pub mod certificates;
pub mod decisions;
pub mod directory;
pub mod drafts;
mod fault_conversions;
pub mod handed_over;
pub mod house_rules;
pub mod inbound;
pub mod inbox;
pub mod ledger;
pub mod lock;
pub mod monitor;
pub mod outbound;
pub mod outbox;
pub mod own_identity;
pub mod parallel;
pub mod partnerships;
pub mod people;
pub mod rate_limit;
pub mod recalls;
pub mod receipts;
pub mod refusal_log;
pub mod refusals;
pub mod requests;
pub mod revocations;
pub mod session;
pub mod sessions;
pub mod simulation;
pub mod task;
pub mod timers;
pub mod today;
pub mod trust_in_force;
pub mod unwritable;

use std::sync::Arc;

use crate::{
    domain::{
        ids::TrustDomain,
        partner::Organisation,
        time::{Clock, Time},
    },
    node::{
        agreements::Agreements, alarms::Alarms, assessments::Assessments, browser_sessions::BrowserSessions,
        bundles::Bundles, directory::PartnerDirectory, drafts::Drafts, house_rules::Rules, inbound::InboundFeeds,
        inbox::Inbox, ledger::Ledger, monitor::Monitor, outbound::OutboundFeeds, outbox::Outbox,
        own_identity::OwnIdentity, partnerships::Partnerships, people::People, recalls::Recalls, receipts::Receipts,
        refusal_log::RefusalLog, requests::Requests, revocations::RevocationLists, sessions::PartnerSessions,
        simulation::Simulation, timers::Timers, today::Today,
    },
};

/// The services of one running node.
pub struct Node {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What this process knows of each partner at run time.
    pub sessions: Arc<PartnerSessions>,
    /// The name, the bundle and the signing key of the organisation that this node acts for.
    pub identity: Arc<OwnIdentity>,
    /// The partners with their agreements, the house rules and the trust in force.
    pub directory: Arc<PartnerDirectory>,
    /// Sessions in browsers, and the links that open them.
    pub browser_sessions: Arc<BrowserSessions>,
    /// This organisation's people, and what they have approved.
    pub people: Arc<People>,
    /// Raises alarms and stores them with their evidence.
    pub alarms: Arc<Alarms>,
    /// The own bundle, and the bundles of other organisations.
    pub bundles: Arc<Bundles>,
    /// Revocation lists: those of this organisation, of partners, and those that partners pass on.
    pub revocations: Arc<RevocationLists>,
    /// The ledger in operation: checkpoints, witnesses, audits, and what happens after a loss.
    pub ledger: Arc<Ledger>,
    /// Records what partners sent that was refused.
    pub refusals: Arc<RefusalLog>,
    /// Requests for more of an assessment, and their answers.
    pub requests: Arc<Requests>,
    /// What goes to partners: decides, signs, numbers and sends releases, and passes on what came from others.
    pub outbound: Arc<OutboundFeeds>,
    /// Receipts: answers what came, and takes the answers of others.
    pub receipts: Arc<Receipts>,
    /// Recalls of assessments, and purges.
    pub recalls: Arc<Recalls>,
    /// Publishes, endorses, reads, explains and acknowledges assessments.
    pub assessments: Arc<Assessments>,
    /// What comes from partners: verifies entries, keeps what is not usable yet, and examines it again.
    pub inbound: Arc<InboundFeeds>,
    /// Drafts that the node keeps for its people.
    pub drafts: Arc<Drafts>,
    /// Who is a partner: invitations, acceptance, introductions, suspension.
    pub partnerships: Arc<Partnerships>,
    /// Sharing agreements: proposals, signatures, stops, succession.
    pub agreements: Arc<Agreements>,
    /// Checks new house rules, stores them and puts them in force.
    pub rules: Arc<Rules>,
    /// Statements on their way to partners.
    pub outbox: Arc<Outbox>,
    /// Takes the statements that partners hand over.
    pub inbox: Arc<Inbox>,
    /// Says what other rules or agreements would have changed.
    pub simulation: Arc<Simulation>,
    /// The state of the node: feeds, damage, and what expires.
    pub monitor: Arc<Monitor>,
    /// Lists what waits for a person.
    pub today: Arc<Today>,
    /// Fires the timers that are due.
    pub timers: Arc<Timers>,
}

impl Node {
    /// The organisation that this node acts for.
    pub fn organisation(&self) -> &Organisation {
        self.identity.organisation()
    }

    /// The organisation's name.
    pub fn domain(&self) -> &TrustDomain {
        self.identity.domain()
    }

    /// The current time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}
