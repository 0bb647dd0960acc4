//! Passing on: what came from a partner is offered to others as far as its terms, the agreements with them and this organisation's house
//! rules allow. A hub never gives it back to an organisation that had it before. Only its own endorsements go back, to the originator
//! (`node/assessments/endorse.rs`).

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{fault::Fault, ids::StatementId},
    node::{
        decisions::{PartnerDecision, Queue, decided, plan_for_all, urgency},
        outbound::OutboundFeeds,
        task::lost,
    },
    store::{
        StoreError,
        damage::Damage,
        forward::{ForwardableEntry, Forwarding},
    },
    wire,
};

/// How many arrivals are read at once.
const PAGE: u32 = 64;

/// After how many arrivals the position is stored even if none of them was passed on.
const UNKEPT: u64 = 4096;

/// How long to wait after the store has failed.
const PAUSE: Duration = Duration::from_secs(5);

impl OutboundFeeds {
    /// Passes on whatever arrives. It never returns.
    pub async fn forward_for_ever(self: Arc<Self>) {
        let mut arrivals = self.sessions.arrivals();
        // The stored position may lag behind. After a restart, arrivals of which nothing was passed on are looked at again.
        let mut position = None;
        loop {
            arrivals.mark_unchanged();
            match self.forward_all(&mut position).await {
                Ok(()) => _ = arrivals.changed().await,
                Err(fault) => {
                    tracing::warn!(reason = %fault.reason, "what came in could not be looked at for passing on");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Passes on what has arrived so far. `position` is where the last turn ended: `None` at first.
    ///
    /// # Errors
    /// Store faults; the next turn looks again.
    pub async fn forward_all(self: &Arc<Self>, position: &mut Option<(u64, u64)>) -> Result<(), Fault> {
        let (mut kept, mut upto) = match *position {
            Some(position) => position,
            None => {
                let kept = self.store.forwarded().await?;
                (kept, kept)
            }
        };
        let mut in_vain = 0;
        loop {
            let page = self.store.arrived_after(upto, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            let alone = self.directory.alone_after(in_vain).await?;
            let last = last.arrival;
            let forwarding = self.look_at(page, kept, last).await?;
            if !forwarding.events.is_empty() || last - kept > UNKEPT {
                let wake: Vec<_> =
                    forwarding.queue.iter().flat_map(|(_, _, queue)| queue.iter().map(|(p, _)| p.clone())).collect();
                match self.store.forward(forwarding).await {
                    // Another process has forwarded these arrivals. This one goes on from the position that is stored now.
                    Err(StoreError::Conflict) => {
                        let stored = self.store.forwarded().await?;
                        if stored == kept {
                            return Err(StoreError::Conflict.into());
                        }
                        (kept, upto) = (stored, stored);
                        *position = Some((kept, upto));
                        continue;
                    }
                    Err(StoreError::CatalogueMoved) => {
                        drop(alone);
                        in_vain += 1;
                        self.directory.catch_up().await?;
                        continue;
                    }
                    done => done?,
                }
                wake.iter().for_each(|partner| self.sessions.of(partner).wake());
                kept = last;
            }
            (upto, in_vain) = (last, 0);
            *position = Some((kept, upto));
        }
    }

    /// Plans what is passed on of these arrivals. Only those are considered whose terms let anything be passed on.
    async fn look_at(self: &Arc<Self>, page: Vec<ForwardableEntry>, from: u64, upto: u64) -> Result<Forwarding, Fault> {
        let (catalogue, mut ids) = (Some(self.directory.version()), Vec::<StatementId>::new());
        for arrived in page {
            let release = wire::envelope::decode(&arrived.release).and_then(|e| wire::release::decode(&e.payload));
            // It could be read when it came, so it is damaged.
            let Ok(release) = release else {
                self.store.report_corruption(Damage::Version(arrived.manifest_id));
                continue;
            };
            if release.terms.onward.is_some() && !ids.contains(&arrived.manifest_id) {
                ids.push(arrived.manifest_id);
            }
        }
        let mut forwarding = Forwarding { catalogue, from, upto, queue: vec![], events: vec![] };
        if ids.is_empty() {
            return Ok(forwarding);
        }
        let now = self.clock.now();
        for id in ids {
            // They are loaded one at a time, because each may take megabytes.
            let Some(prepared) = self.cache.prepare(&[id]).await?.pop() else { continue };
            let (node, shared) = (self.clone(), prepared.clone());
            let planned = tokio::task::spawn_blocking(move || plan_for_all(&node.directory.current(), &shared, now));
            let (decisions, queue): (Vec<PartnerDecision>, Queue) = planned.await.map_err(lost)?;
            forwarding.events.extend(decided(&prepared.id, &decisions, now));
            forwarding.queue.push((prepared.id, urgency(&prepared), queue));
            self.release_by_another_route(&prepared, None).await?;
        }
        Ok(forwarding)
    }
}
