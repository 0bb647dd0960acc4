//! Where each feed stands in both directions, and what has arrived.

use std::collections::BTreeMap;

use crate::{
    domain::{
        actor::{Authorized, Write},
        assessment::Manifest,
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        level::WarningLevel,
        marking::Tlp,
        place::Place,
        time::Time,
    },
    node::{
        assessment_state::state_at,
        monitor::{Monitor, gist::named_by},
    },
    store::{
        AssessmentRecord, AssessmentState, FeedFigures, ReceivedRecord, StoreError,
        receipts::{AnswerRecord, OverdueRecord},
    },
    wire,
};

/// Where one feed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStatus {
    /// The partner.
    pub partner: TrustDomain,
    /// Whether it goes from this node to the partner.
    pub outgoing: bool,
    /// The last number.
    pub last_sequence: u64,
    /// The last number that was acknowledged.
    pub acknowledged: u64,
    /// How many assessments wait to be released.
    pub queued: u64,
    /// Whether a stream is open.
    pub live: bool,
    /// When the last entry was acknowledged or stored.
    pub last_at: Option<Time>,
    /// Why there is no stream where there should be one.
    pub problem: Option<String>,
    /// How far the partner's clock is ahead, in seconds.
    pub clock_ahead: i64,
    /// How many entries the partner says that it keeps from its users; outgoing only.
    pub quarantined_there: u64,
    /// The newest of them.
    pub quarantined_newest: Vec<AnswerRecord>,
    /// How many requests of the partner wait for an answer of this organisation; outgoing only.
    pub open_requests: u64,
    /// How many duties to acknowledge are overdue: this organisation's for what came, the partner's for what went out.
    pub overdue: u64,
    /// The oldest of them.
    pub overdue_oldest: Vec<OverdueRecord>,
}

/// The figures of one feed for monitoring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFigure {
    /// The partner.
    pub partner: TrustDomain,
    /// Whether it goes from this node to the partner.
    pub outgoing: bool,
    /// The last number.
    pub last_sequence: u64,
    /// The last number that was acknowledged.
    pub acknowledged: u64,
    /// How many assessments wait to be released.
    pub queued: u64,
    /// Whether a stream is open.
    pub live: bool,
}

/// How many bytes are read for a page of arrivals, apart from the last one.
pub(in crate::node) const PAGE_BYTES: usize = 1 << 20;

/// How many overdue duties a status names.
pub(in crate::node) const NAMED_OVERDUE: u32 = 5;

/// How many of the entries that a partner keeps from its users a status names.
pub(in crate::node) const NAMED: u32 = 20;

/// An entry that arrived, as a follower sees it.
pub struct Arrival {
    /// The stored record.
    pub record: ReceivedRecord,
    /// current, superseded, … or void.
    pub state: String,
    /// The headline that is here.
    pub headline: Option<String>,
    /// The decoded manifest.
    pub manifest: Option<Manifest>,
    /// The highest level of its subjects that are here.
    pub level: Option<WarningLevel>,
    /// The places of its subjects that are here, each once.
    pub places: Vec<Place>,
    /// The highest TLP level of the portions that are here.
    pub tlp: Option<Tlp>,
    /// The time by which it must be acknowledged here.
    pub acknowledge_by: Option<Time>,
}

impl Monitor {
    /// Why nothing can be written, if that is so: because the store has failed, or while the disk is full. With `look`, the whole store
    /// is checked first.
    pub async fn store_trouble(&self, look: bool) -> Option<Fault> {
        let looked = if look { self.store.check_integrity().await.err() } else { None };
        let trouble = self.store.failure().or(looked);
        match trouble {
            None if self.store.is_full().await => Some(StoreError::Full.into()),
            trouble => trouble.map(Fault::from),
        }
    }

    /// The figures of all feeds, by partner: first from the partner, then to it. The store is asked only once, however many partners
    /// there are.
    ///
    /// # Errors
    /// Store faults.
    pub async fn feed_figures(&self) -> Result<Vec<FeedFigure>, Fault> {
        let known: BTreeMap<TrustDomain, FeedFigures> =
            self.store.feed_figures().await?.into_iter().map(|f| (f.partner.clone(), f)).collect();
        let mut all = vec![];
        for partner in self.directory.current().partners() {
            let partner = &partner.record.organisation.domain;
            let (live, known) = (self.sessions.of(partner), known.get(partner));
            let of = |figure: fn(&FeedFigures) -> u64| known.map_or(0, figure);
            let (inbound, is_live) = (of(|f| f.inbound), live.inbound().borrow().live);
            let feed = |outgoing, last_sequence, acknowledged, queued, live| FeedFigure {
                partner: partner.clone(),
                outgoing,
                last_sequence,
                acknowledged,
                queued,
                live,
            };
            all.push(feed(false, inbound, inbound, 0, is_live));
            let (last, acknowledged, queued) = (of(|f| f.outbound), of(|f| f.acknowledged), of(|f| f.queued));
            all.push(feed(true, last, acknowledged, queued, live.is_streaming()));
        }
        Ok(all)
    }

    /// Where the feeds stand, by partner: first from the partner, then to it. It begins with the partner `from`, and covers at most
    /// `most` partners.
    ///
    /// # Errors
    /// Store faults.
    pub async fn feed_status(&self, from: Option<&TrustDomain>, most: usize) -> Result<Vec<FeedStatus>, Fault> {
        let mut all = vec![];
        let is_before = |domain: &TrustDomain| from.is_some_and(|from| domain < from);
        let directory = self.directory.current();
        let partners = directory.partners().skip_while(|p| is_before(&p.record.organisation.domain));
        for partner in partners.take(most) {
            let domain = &partner.record.organisation.domain;
            let live = self.sessions.of(domain);
            let (inbound, outbound) = (self.store.inbound(domain).await?, self.store.outbound(domain).await?);
            let following = live.inbound().borrow().clone();
            let (overdue, overdue_oldest) = self.store.overdue(domain, false, self.clock.now(), NAMED_OVERDUE).await?;
            all.push(FeedStatus {
                partner: domain.clone(),
                outgoing: false,
                last_sequence: inbound.sequence,
                acknowledged: inbound.sequence,
                queued: 0,
                live: following.live,
                last_at: inbound.at,
                problem: partner.damage().map(|d| format!("closed: {d} can't be read any more")).or(following.problem),
                clock_ahead: following.clock_ahead,
                quarantined_there: 0,
                quarantined_newest: vec![],
                open_requests: 0,
                overdue,
                overdue_oldest,
            });
            let problem: Vec<String> =
                live.outgoing.problem().into_iter().chain(self.outbox.held_back(domain).await?).collect();
            let problem = (!problem.is_empty()).then(|| problem.join("; "));
            let (overdue, overdue_oldest) = self.store.overdue(domain, true, self.clock.now(), NAMED_OVERDUE).await?;
            let (quarantined_there, quarantined_newest) = self.store.quarantined_there(domain, NAMED).await?;
            all.push(FeedStatus {
                partner: domain.clone(),
                outgoing: true,
                last_sequence: outbound.sequence,
                acknowledged: outbound.acknowledged,
                queued: self.store.queued(domain).await?,
                live: live.is_streaming(),
                last_at: outbound.acknowledged_at,
                problem,
                clock_ahead: following.clock_ahead,
                quarantined_there,
                quarantined_newest,
                open_requests: self.store.open_requests(domain).await?,
                overdue,
                overdue_oldest,
            });
        }
        Ok(all)
    }

    /// Notes that the feed to a partner has ended with a fault. For an organisation that is no longer a partner the end was decided, so
    /// it is no fault.
    pub fn feed_stopped(&self, partner: &TrustDomain, fault: &Fault) {
        if fault.reason != Reason::NotAPartner {
            self.sessions.of(partner).outgoing.set_obstacle(partner, Some(fault));
        }
    }

    /// Entries that arrived after the given one, at most a page, with what a follower shows of them.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn arrivals(&self, _actor: &Authorized<Write>, after: u64) -> Result<Vec<Arrival>, Fault> {
        let (mut arrivals, mut bytes) = (vec![], 0);
        for record in self.store.received_after(after, 256).await? {
            let (arrival, read) = self.arrival(record).await?;
            arrivals.push(arrival);
            bytes += read;
            if bytes >= PAGE_BYTES {
                break;
            }
        }
        Ok(arrivals)
    }

    /// The arrival, and how many bytes were read for it.
    async fn arrival(&self, record: ReceivedRecord) -> Result<(Arrival, usize), Fault> {
        // It is looked up by its manifest, because another originator may use the same id.
        let held = match &record.manifest_id {
            Some(manifest) => self.store.titles(std::slice::from_ref(manifest)).await?.pop(),
            None => None,
        };
        let bytes = held.as_ref().map_or(0, AssessmentRecord::bytes);
        let state = match (&held, record.kind) {
            _ if record.quarantined => AssessmentState::Quarantined.to_string(),
            (Some(held), _) => {
                state_at(held.state, &wire::envelope::decode(&held.manifest)?, self.clock.now())?.to_string()
            }
            (None, Some(_)) => AssessmentState::Quarantined.to_string(),
            (None, None) => "void".to_owned(),
        };
        let Some(held) = held.filter(|_| !record.quarantined) else {
            let (headline, manifest, level, places, tlp, acknowledge_by) = (None, None, None, vec![], None, None);
            return Ok((Arrival { record, state, headline, manifest, level, places, tlp, acknowledge_by }, bytes));
        };
        let manifest = wire::manifest::decode(&wire::envelope::decode(&held.manifest)?.payload)?;
        let (headline, level, places) = named_by(&held);
        let tlp = self.highest_tlp(&held.manifest_id).await?;
        let acknowledge_by = self.store.acknowledge_by(&held.manifest_id).await?;
        let manifest = Some(manifest);
        Ok((Arrival { record, state, headline, manifest, level, places, tlp, acknowledge_by }, bytes))
    }

    /// The highest TLP level of the portions of a version that its readers here may read.
    async fn highest_tlp(&self, manifest: &StatementId) -> Result<Option<Tlp>, Fault> {
        let summary = self.store.summaries(std::slice::from_ref(manifest), false).await?.pop();
        Ok(summary.and_then(|s| s.portions).into_iter().flatten().map(|p| p.tlp).max())
    }

    /// The number of the last entry stored from a partner, and the release under that number.
    ///
    /// # Errors
    /// Store faults.
    pub async fn inbound_place(&self, partner: &TrustDomain) -> Result<(u64, Option<StatementId>), Fault> {
        let position = self.store.inbound(partner).await?;
        Ok((position.sequence, position.release))
    }

    /// The number of the last entry stored from a partner.
    ///
    /// # Errors
    /// Store faults.
    pub async fn inbound_position(&self, partner: &TrustDomain) -> Result<u64, Fault> {
        Ok(self.store.inbound(partner).await?.sequence)
    }
}
