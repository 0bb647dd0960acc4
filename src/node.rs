//! The use cases, one in each file. Everything that changes something goes through here, whether a partner, a person or a program asked
//! for it. There is no protobuf, SQL or socket in it.

mod acknowledge;
mod again;
pub mod agree;
mod another_way;
pub mod attach;
pub mod bundles;
mod carried;
mod cores;
mod damage;
pub mod directory;
pub mod endorse;
pub mod evidence;
pub mod expiry;
pub mod explain;
mod correct;
pub mod fault;
pub mod feed_out;
mod forward;
pub mod held;
pub mod ledger;
pub mod lists;
pub mod holders;
pub mod introductions;
pub mod invitation;
pub mod live;
pub mod outgoing;
mod pace;
mod refusals;
mod spent;
pub mod approve;
pub mod partners;
pub mod people;
pub mod post;
pub mod prepared;
pub mod publish;
pub mod read;
pub mod readmit;
pub mod recall;
pub mod receipts;
mod readings;
pub mod receive;
pub mod release;
pub mod requests;
pub mod rules;
pub mod simulate;
pub mod search;
mod statements;
pub mod status;
pub mod timers;
pub mod trust;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64},
    },
};

use arc_swap::ArcSwap;

use crate::{
    domain::{
        budget::Budgets,
        fault::Fault,
        ids::TrustDomain,
        partner::{Endpoint, Organisation},
        time::{Clock, Time},
    },
    identity::{
        signers::{Accept, Identities},
        trust::{Member, Trust},
    },
    seal::{chains::Chains, sign::SigningKey},
    store::Store,
};

/// What a node is made of; `main` wires it.
pub struct Parts {
    /// The organisation that it acts for.
    pub organisation: Organisation,
    /// Where partners reach it, for invitations.
    pub endpoint: Option<Endpoint>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The node's signing key.
    pub key: SigningKey,
    /// This organisation's bundle and revocation lists.
    pub own: Member,
    /// The file that this organisation's lists come from, for messages to people.
    pub own_lists: PathBuf,
    /// Extended key usages that count for signing besides id-kp-documentSigning.
    pub signing_usages: Vec<String>,
    /// The house rules, as they are on disk.
    pub house_rules: rules::FoundRules,
    /// How many people the house requires where a decision takes several.
    pub approvals: Option<u32>,
    /// How much of each partner is taken and kept.
    pub budgets: Budgets,
    /// How many seconds lie between two times at which readings are told.
    pub readings_every_seconds: u32,
    /// What the ledger is made of.
    pub ledger: ledger::LedgerParts,
    /// Writes this organisation's roots into the file that they come from.
    pub keep_bundle: bundles::KeepBundle,
    /// Certificates that the use cases do not hold, for the list of what expires.
    pub certificates: expiry::ReadCertificates,
    /// The trust in force, shared with whoever checks connections.
    pub trust: Arc<ArcSwap<Trust>>,
    /// Puts new trust in force, for live connections too.
    pub set_trust: Box<dyn Fn(Trust) + Send + Sync>,
}

/// One running node.
pub struct Node {
    organisation: Organisation,
    endpoint: Option<Endpoint>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: ArcSwap<SigningKey>,
    house: ArcSwap<rules::House>,
    /// How many people the house requires where a decision takes several.
    approvals: Option<u32>,
    budgets: Budgets,
    readings_every_seconds: u32,
    people: people::People,
    own: ArcSwap<Member>,
    signing_usages: Vec<String>,
    certificates: expiry::ReadCertificates,
    set_trust: Box<dyn Fn(Trust) + Send + Sync>,
    /// Verifies what comes in now: statements of active partners.
    identities: Identities,
    /// Verifies what partners pass on: statements of organisations that are only known, too.
    carried: Identities,
    /// Verifies what is stored already: statements of suspended partners, too.
    held: Identities,
    /// When everything that waits was last examined, in nanoseconds since 1970.
    held_examined_at: AtomicI64,
    directory: ArcSwap<directory::Directory>,
    /// The trust in force. Only `set_trust` changes it.
    trust: Arc<ArcSwap<Trust>>,
    lists: lists::Lists,
    /// Held during a change of partners or agreements, so that there is one at a time.
    changing: tokio::sync::Mutex<()>,
    /// Held during a step of a recall, so that there is one at a time.
    recalling: tokio::sync::Mutex<()>,
    live: live::LiveFeeds,
    ledger: ledger::Ledger,
    own_bundle: bundles::OwnBundle,
    doubts: bundles::Doubts,
    /// Whether the standing timers were set since the start.
    timers_begun: AtomicBool,
    told_damage: damage::Told,
    prepared: prepared::Cache,
}

impl Node {
    /// Starts a node with what its store already holds.
    ///
    /// # Errors
    /// Faults where the store can't be read, or holds a bundle or agreement that does not parse; where the house rules have mistakes and
    /// none were in force before.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, Fault> {
        let ledger::LedgerParts { key, next_key, keep_key, quantum, found_head, keep_head } = parts.ledger;
        let node = Arc::new(Self {
            identities: Identities::new(parts.trust.clone(), Accept::Active),
            carried: Identities::new(parts.trust.clone(), Accept::Carried),
            held: Identities::new(parts.trust.clone(), Accept::Held),
            held_examined_at: AtomicI64::default(),
            trust: parts.trust,
            organisation: parts.organisation,
            endpoint: parts.endpoint,
            store: parts.store,
            clock: parts.clock,
            key: ArcSwap::from_pointee(parts.key),
            house: ArcSwap::default(),
            approvals: parts.approvals,
            budgets: parts.budgets.clone(),
            readings_every_seconds: parts.readings_every_seconds,
            people: people::People::default(),
            own: ArcSwap::from_pointee(Member { crls: vec![], ..parts.own.clone() }),
            signing_usages: parts.signing_usages,
            certificates: parts.certificates,
            set_trust: parts.set_trust,
            directory: ArcSwap::default(),
            lists: lists::Lists::new(parts.own_lists, parts.budgets.lists_per_hour),
            changing: tokio::sync::Mutex::default(),
            recalling: tokio::sync::Mutex::default(),
            live: live::LiveFeeds::default(),
            ledger: ledger::Ledger::new(key, keep_key, quantum, keep_head),
            own_bundle: bundles::OwnBundle::new(parts.keep_bundle),
            doubts: bundles::Doubts::default(),
            prepared: prepared::Cache::default(),
            timers_begun: AtomicBool::default(),
            told_damage: damage::Told::default(),
        });
        node.begin_people().await?;
        node.begin_lists(parts.own).await?;
        node.begin_rules(parts.house_rules).await?;
        node.begin_ledger(found_head.as_deref(), next_key).await?;
        Ok(node)
    }

    /// The organisation that this node acts for.
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The organisation's name.
    pub fn domain(&self) -> &TrustDomain {
        &self.organisation.domain
    }

    /// The current time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The live state of the feeds.
    pub fn live(&self) -> &live::LiveFeeds {
        &self.live
    }

    fn chains(&self) -> &dyn Chains {
        &self.identities
    }
}

/// Runs a change to its end even if whoever asked for it goes away in the middle. So what is in the store is also in force.
///
/// # Errors
/// Those of the work.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    tokio::spawn(work).await.map_err(fault::lost)?
}

pub use statements::is_of_the_moment;
