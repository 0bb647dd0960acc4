//! Makes each service with its dependencies.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64},
};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::{
    app::services::parts::{ConsoleParts, NodeParts},
    domain::{budget::Budgets, time::Clock},
    identity::trust::KnownOrganisation,
    node::{
        agreements::Agreements,
        alarms::Alarms,
        assessment_cache::{AssessmentCache, entries::Entries},
        assessments::Assessments,
        browser_sessions::{BrowserSessions, RefusedSignIns},
        bundles::{Bundles, own_bundle::OwnBundle},
        catalogue::CatalogueInForce,
        certificates::ReadCertificates,
        directory::{PartnerDirectory, doubts::Doubts},
        drafts::Drafts,
        house_rules::Rules,
        inbound::InboundFeeds,
        ledger::{
            Ledger, last_heard::LastHeard, partner_ledgers::PartnerLedgers, parts::LedgerParts, start::StartWait,
        },
        monitor::{Monitor, reported_damage::ReportedDamage},
        outbound::OutboundFeeds,
        outbox::Outbox,
        own_identity::OwnIdentity,
        partnerships::Partnerships,
        people::{People, register_in_force::RegisterInForce},
        recalls::Recalls,
        receipts::Receipts,
        refusal_log::RefusalLog,
        requests::Requests,
        revocations::{RevocationLists, held::HeldLists},
        sessions::PartnerSessions,
        simulation::Simulation,
        timers::Timers,
        today::Today,
        trust_in_force::TrustInForce,
    },
    store::Store,
};

/// What many services depend on. It makes the services.
pub(super) struct ServiceFactory {
    store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub budgets: Budgets,
    console: ConsoleParts,
    certificates: ReadCertificates,
    lists: Arc<HeldLists>,
    pub sessions: Arc<PartnerSessions>,
    trust: Arc<TrustInForce>,
    pub identity: Arc<OwnIdentity>,
    pub directory: Arc<PartnerDirectory>,
    pub alarms: Arc<Alarms>,
    pub people: Arc<People>,
    cache: Arc<AssessmentCache>,
}

fn alarms(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, identity: &Arc<OwnIdentity>) -> Arc<Alarms> {
    let (store, clock, identity) = (store.clone(), clock.clone(), identity.clone());
    Arc::new(Alarms { store, clock, identity, alarming: Mutex::default() })
}

impl ServiceFactory {
    pub(super) fn new(parts: NodeParts) -> Self {
        let (store, clock) = (parts.store, parts.clock);
        let lists = Arc::new(HeldLists::new(parts.own_lists, parts.budgets.lists_per_hour));
        let sessions = Arc::new(PartnerSessions::default());
        let trust = Arc::new(TrustInForce::new(parts.trust, parts.set_trust, parts.signing_usages));
        let identity = Arc::new(OwnIdentity {
            store: store.clone(),
            clock: clock.clone(),
            trust: trust.clone(),
            sessions: sessions.clone(),
            organisation: parts.organisation,
            endpoint: parts.endpoint,
            key: ArcSwap::from_pointee(parts.key),
            member: ArcSwap::from_pointee(KnownOrganisation { crls: vec![], ..parts.own }),
        });
        let alarms = alarms(&store, &clock, &identity);
        let register = Arc::new(RegisterInForce::new(store.clone(), alarms.clone()));
        let catalogue = Arc::new(CatalogueInForce::new(store.clone()));
        let directory = Arc::new(PartnerDirectory {
            store: store.clone(),
            clock: clock.clone(),
            trust: trust.clone(),
            identity: identity.clone(),
            lists: lists.clone(),
            sessions: sessions.clone(),
            partners: ArcSwap::default(),
            house: ArcSwap::default(),
            doubts: Doubts::default(),
            register: register.clone(),
            own_bundle: Arc::new(OwnBundle::new(parts.keep_bundle)),
            loss: Arc::default(),
            catalogue: catalogue.clone(),
        });
        let people = Arc::new(People {
            store: store.clone(),
            clock: clock.clone(),
            trust: trust.clone(),
            identity: identity.clone(),
            certificates: parts.certificates.clone(),
            approvals: parts.approvals,
            register,
            catalogue,
        });
        let cache =
            Arc::new(AssessmentCache { store: store.clone(), clock: clock.clone(), entries: Entries::default() });
        let (budgets, certificates, console) = (parts.budgets, parts.certificates, parts.console);
        Self {
            store,
            clock,
            budgets,
            console,
            certificates,
            lists,
            sessions,
            trust,
            identity,
            directory,
            alarms,
            people,
            cache,
        }
    }

    pub(super) fn bundles(&self) -> Arc<Bundles> {
        Arc::new(Bundles {
            alarms: self.alarms.clone(),
            certificates: self.certificates.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            lists: self.lists.clone(),
            sessions: self.sessions.clone(),
            people: self.people.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
            own_bundle: self.directory.own_bundle.clone(),
        })
    }

    pub(super) fn revocations(&self, bundles: &Arc<Bundles>) -> Arc<RevocationLists> {
        Arc::new(RevocationLists {
            bundles: bundles.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            lists: self.lists.clone(),
            sessions: self.sessions.clone(),
            people: self.people.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
        })
    }

    pub(super) fn ledger(
        &self,
        parts: LedgerParts,
        bundles: &Arc<Bundles>,
        revocations: &Arc<RevocationLists>,
    ) -> Arc<Ledger> {
        Arc::new(Ledger {
            alarms: self.alarms.clone(),
            bundles: bundles.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            sessions: self.sessions.clone(),
            people: self.people.clone(),
            revocations: revocations.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
            key: ArcSwap::from_pointee(parts.key),
            keep_key: parts.keep_key,
            start: StartWait::default(),
            quantum: parts.quantum,
            keep_head: parts.keep_head,
            marked: AtomicU64::default(),
            epoch: AtomicU32::new(1),
            loss: self.directory.loss.clone(),
            signing: Mutex::default(),
            watch: PartnerLedgers::default(),
            last_heard: LastHeard::default(),
        })
    }

    pub(super) fn refusals(&self) -> Arc<RefusalLog> {
        Arc::new(RefusalLog { clock: self.clock.clone(), sessions: self.sessions.clone(), store: self.store.clone() })
    }

    pub(super) fn browser_sessions(&self, revocations: &Arc<RevocationLists>) -> Arc<BrowserSessions> {
        Arc::new(BrowserSessions {
            store: self.store.clone(),
            clock: self.clock.clone(),
            identity: self.identity.clone(),
            people: self.people.clone(),
            revocations: revocations.clone(),
            limits: self.console.session_limits,
            origin: self.console.origin.clone(),
            refused: RefusedSignIns::default(),
        })
    }

    pub(super) fn drafts(&self) -> Arc<Drafts> {
        Arc::new(Drafts {
            clock: self.clock.clone(),
            identity: self.identity.clone(),
            people: self.people.clone(),
            store: self.store.clone(),
            changing: Mutex::default(),
        })
    }

    pub(super) fn requests(&self) -> Arc<Requests> {
        Arc::new(Requests {
            cache: self.cache.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            sessions: self.sessions.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
        })
    }

    pub(super) fn outbound(&self, ledger: &Arc<Ledger>) -> Arc<OutboundFeeds> {
        Arc::new(OutboundFeeds {
            cache: self.cache.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            ledger: ledger.clone(),
            sessions: self.sessions.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
        })
    }

    pub(super) fn receipts(&self, outbound: &Arc<OutboundFeeds>, refusals: &Arc<RefusalLog>) -> Arc<Receipts> {
        Arc::new(Receipts {
            budgets: self.budgets.clone(),
            cache: self.cache.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            sessions: self.sessions.clone(),
            outbound: outbound.clone(),
            refusals: refusals.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
        })
    }

    pub(super) fn recalls(&self, receipts: &Arc<Receipts>) -> Arc<Recalls> {
        Arc::new(Recalls {
            cache: self.cache.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            sessions: self.sessions.clone(),
            people: self.people.clone(),
            receipts: receipts.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
            recalling: Mutex::default(),
        })
    }

    pub(super) fn assessments(
        &self,
        readings_every_seconds: u32,
        ledger: &Arc<Ledger>,
        recalls: &Arc<Recalls>,
        receipts: &Arc<Receipts>,
    ) -> Arc<Assessments> {
        Arc::new(Assessments {
            cache: self.cache.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            ledger: ledger.clone(),
            sessions: self.sessions.clone(),
            recalls: recalls.clone(),
            receipts: receipts.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
            readings_every_seconds,
        })
    }

    pub(super) fn inbound(
        &self,
        assessments: &Arc<Assessments>,
        outbound: &Arc<OutboundFeeds>,
        recalls: &Arc<Recalls>,
        receipts: &Arc<Receipts>,
        requests: &Arc<Requests>,
    ) -> Arc<InboundFeeds> {
        Arc::new(InboundFeeds {
            assessments: assessments.clone(),
            budgets: self.budgets.clone(),
            cache: self.cache.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            sessions: self.sessions.clone(),
            outbound: outbound.clone(),
            recalls: recalls.clone(),
            receipts: receipts.clone(),
            requests: requests.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
            examined_all_at: AtomicI64::default(),
        })
    }

    pub(super) fn partnerships(
        &self,
        bundles: &Arc<Bundles>,
        ledger: &Arc<Ledger>,
        recalls: &Arc<Recalls>,
        revocations: &Arc<RevocationLists>,
    ) -> Arc<Partnerships> {
        Arc::new(Partnerships {
            bundles: bundles.clone(),
            cache: self.cache.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            ledger: ledger.clone(),
            lists: self.lists.clone(),
            sessions: self.sessions.clone(),
            people: self.people.clone(),
            recalls: recalls.clone(),
            revocations: revocations.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
        })
    }

    pub(super) fn agreements(&self) -> Arc<Agreements> {
        Arc::new(Agreements {
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            sessions: self.sessions.clone(),
            people: self.people.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
        })
    }

    pub(super) fn rules(&self) -> Arc<Rules> {
        Arc::new(Rules {
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            store: self.store.clone(),
        })
    }

    pub(super) fn outbox(&self, requests: &Arc<Requests>) -> Arc<Outbox> {
        Arc::new(Outbox {
            clock: self.clock.clone(),
            identity: self.identity.clone(),
            sessions: self.sessions.clone(),
            requests: requests.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
        })
    }

    pub(super) fn simulation(&self) -> Arc<Simulation> {
        Arc::new(Simulation {
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            store: self.store.clone(),
        })
    }

    pub(super) fn monitor(&self, outbox: &Arc<Outbox>) -> Arc<Monitor> {
        Arc::new(Monitor {
            alarms: self.alarms.clone(),
            certificates: self.certificates.clone(),
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            lists: self.lists.clone(),
            sessions: self.sessions.clone(),
            outbox: outbox.clone(),
            store: self.store.clone(),
            trust: self.trust.clone(),
            told_damage: ReportedDamage::default(),
        })
    }

    pub(super) fn today(&self, ledger: &Arc<Ledger>, monitor: &Arc<Monitor>) -> Arc<Today> {
        Arc::new(Today {
            clock: self.clock.clone(),
            directory: self.directory.clone(),
            identity: self.identity.clone(),
            people: self.people.clone(),
            store: self.store.clone(),
            ledger: ledger.clone(),
            monitor: monitor.clone(),
        })
    }

    pub(super) fn timers(
        &self,
        agreements: &Arc<Agreements>,
        monitor: &Arc<Monitor>,
        inbound: &Arc<InboundFeeds>,
        assessments: &Arc<Assessments>,
    ) -> Arc<Timers> {
        Arc::new(Timers {
            clock: self.clock.clone(),
            store: self.store.clone(),
            agreements: agreements.clone(),
            monitor: monitor.clone(),
            inbound: inbound.clone(),
            assessments: assessments.clone(),
            begun: AtomicBool::default(),
        })
    }
}
