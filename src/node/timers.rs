//! Fires the timers that are due: the table of kinds, and the one task that looks at the timer table.
//!
//! A handler may run twice (if a restart comes in between) and may run early (if a clock was wrong when the timer was set). So it looks
//! at what is true now, changes only what is to be changed now, and returns when it wants to be called next.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    domain::{
        fault::Fault,
        receipt::MOST_SECONDS_BETWEEN_READINGS,
        time::{Clock, Time},
        timer::{Timer, TimerKind},
    },
    node::{agreements::Agreements, assessments::Assessments, inbound::InboundFeeds, monitor::Monitor},
    store::Store,
};

/// How many timers are read at once.
const PAGE: u32 = 64;

/// The most pages that one call fires. The next call fires what is left.
const PAGES: usize = 64;

/// The longest sleep between two looks. The wall clock may be set while the task sleeps.
const NAP: i64 = 5;

/// After how many seconds a handler that failed is called again.
const PAUSE: i64 = 30;

/// What a handler returns: when it is to be called next for the same subject. `None` means never.
type NextDue = Result<Option<Time>, Fault>;

/// A running handler.
type RunningHandler = Pin<Box<dyn Future<Output = NextDue> + Send>>;

/// How timers of a kind are handled.
struct TimerHandler {
    /// The longest time in seconds between setting a timer and its firing. A row that is due later than that was set under a wrong
    /// clock, and is pulled in.
    longest: i64,
    /// Whether there is always a row with an empty subject, which is due at each start.
    is_standing: bool,
    /// The handler. It never waits for the network.
    handler: fn(Arc<Timers>, Vec<u8>) -> RunningHandler,
}

/// The table of kinds. A new kind is a name in [`TimerKind`] and an arm here.
fn work(kind: TimerKind) -> TimerHandler {
    match kind {
        TimerKind::Agreements => TimerHandler {
            longest: 600,
            is_standing: true,
            handler: |timers, _| Box::pin(async move { timers.agreements.look_at_the_calendar().await }),
        },
        TimerKind::Endings => TimerHandler {
            longest: 600,
            is_standing: true,
            handler: |timers, _| Box::pin(async move { timers.monitor.tell_of_endings().await }),
        },
        TimerKind::Held => TimerHandler {
            longest: crate::node::inbound::unverified::LONGEST_WAIT,
            is_standing: true,
            handler: |timers, _| Box::pin(async move { timers.inbound.examine_what_waits().await.map(Some) }),
        },
        TimerKind::Readings => TimerHandler {
            longest: MOST_SECONDS_BETWEEN_READINGS.into(),
            is_standing: true,
            handler: |timers, _| Box::pin(async move { timers.assessments.tell_readings().await.map(Some) }),
        },
        TimerKind::EndingTold => TimerHandler {
            longest: crate::node::monitor::expiry::REMEMBERED,
            is_standing: false,
            handler: |_, _| Box::pin(async { Ok(None) }),
        },
    }
}

/// Fires the timers that are due.
pub struct Timers {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) agreements: Arc<Agreements>,
    pub(crate) assessments: Arc<Assessments>,
    pub(crate) inbound: Arc<InboundFeeds>,
    pub(crate) monitor: Arc<Monitor>,
    /// Whether this process has set the standing timers. The store decides; this only saves work. A second process that starts makes them
    /// due at once, as a restart does, and both would fire each timer. Each handler looks at the store and may run twice.
    pub(crate) begun: AtomicBool,
}

impl Timers {
    /// Fires timers. It never returns.
    pub async fn fire_timers_for_ever(self: Arc<Self>) {
        loop {
            let seconds = match self.fire_due_timers().await {
                Ok(()) => self.seconds_to_next().await,
                Err(fault) => {
                    tracing::warn!(reason = %fault.reason, "timers could not be fired");
                    NAP
                }
            };
            tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await;
        }
    }

    /// The seconds until the next timer is due, from 1 to [`NAP`].
    async fn seconds_to_next(&self) -> i64 {
        match self.store.next_due().await {
            // It is rounded up, so that a timer that is due in half a second does not cause two looks.
            Ok(Some(due)) => due.seconds_since(self.clock.now()).saturating_add(1).clamp(1, NAP),
            Ok(None) | Err(_) => NAP,
        }
    }

    /// Fires once what is due now.
    ///
    /// # Errors
    /// Store faults. A handler's fault is logged, and its timer is due again after a pause; the others are fired all the same.
    pub async fn fire_due_timers(self: &Arc<Self>) -> Result<(), Fault> {
        self.begin_timers().await?;
        for kind in TimerKind::ALL {
            let latest = self.clock.now().plus_seconds(work(*kind).longest);
            let pulled_in = self.store.pull_in_timers(*kind, latest).await?;
            if pulled_in > 0 {
                tracing::info!(
                    kind = kind.as_str(),
                    pulled_in,
                    "timers were due too far ahead, and are due earlier now"
                );
            }
        }
        for _ in 0..PAGES {
            let page = self.store.due_timers(self.clock.now(), PAGE).await?;
            if page.is_empty() {
                return Ok(());
            }
            for timer in page {
                self.fire(&timer).await?;
            }
        }
        Ok(())
    }

    async fn fire(self: &Arc<Self>, timer: &Timer) -> Result<(), Fault> {
        let work = work(timer.kind);
        let done = (work.handler)(self.clone(), timer.subject.clone()).await;
        let now = self.clock.now();
        let next = done.unwrap_or_else(|fault| {
            let kind = timer.kind.as_str();
            tracing::warn!(kind, reason = %fault.reason, "what was due could not be done; it is tried again");
            Some(now.plus_seconds(PAUSE))
        });
        // It is never due at once again. Otherwise a handler that is always due would keep the others from their turn.
        let next = next.map(|next| next.clamp(now.plus_seconds(1), now.plus_seconds(work.longest)));
        Ok(self.store.timer_fired(timer, next).await?)
    }

    /// Sets the standing rows, once per run of the node.
    async fn begin_timers(&self) -> Result<(), Fault> {
        if self.begun.load(Ordering::Relaxed) {
            return Ok(());
        }
        let standing = TimerKind::ALL.iter().filter(|kind| work(**kind).is_standing);
        self.store.set_timers(standing.map(|kind| Timer::new(*kind, [], self.clock.now())).collect()).await?;
        self.begun.store(true, Ordering::Relaxed);
        Ok(())
    }
}
