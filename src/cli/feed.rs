//! `watchfire feed`: receive what partners send.

mod follow;
mod item;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use self::{follow::Follow, item::Item};
use super::{
    CliError, Exit, Global, complete,
    context::{ANYBODY, Context, WRITERS},
    output,
    quarantine::reason_in_words,
    waiting::Waiting,
};
use crate::{
    domain::{fault::Reason, ids::TrustDomain},
    render::{self, Heading, text::one_line},
    wire::{field::time, proto},
};

/// Receive what partners send, and show the state of each feed.
#[derive(Subcommand)]
pub enum Feed {
    /// Print what arrives, until Ctrl-C
    Follow(Box<Follow>),
    /// Catch up with partners once, and end
    Pull(Pull),
    /// Show the state of each feed, in both directions
    Status,
}

/// Catches up.
#[derive(Args)]
pub struct Pull {
    /// Only this partner
    #[arg(long, value_name = "DOMAIN", add = complete::partners())]
    from: Option<TrustDomain>,
}

#[derive(Serialize)]
struct Status {
    partner: String,
    direction: &'static str,
    last_sequence: u64,
    acknowledged: u64,
    queued: u64,
    live: bool,
    overdue: u64,
    lag: u64,
    last_at: Option<String>,
    problem: Option<String>,
    clock_ahead_seconds: i64,
    /// How many entries the partner keeps from its users, and the newest of them.
    quarantined_there: u64,
    quarantined_newest: Vec<There>,
    /// How many requests of the partner wait for an answer.
    open_requests: u64,
    /// The oldest overdue duties to acknowledge.
    overdue_oldest: Vec<Overdue>,
    /// What arrived by this feed and can't be verified yet.
    waiting: Vec<Waiting>,
}

#[derive(Serialize)]
struct Overdue {
    assessment: String,
    version: u32,
    since: Option<String>,
}

impl Overdue {
    fn new(duty: proto::OverdueDuty) -> Self {
        Self {
            assessment: hex::encode(&duty.assessment_id),
            version: duty.version,
            since: time("due", duty.due).ok().map(|t| t.to_string()),
        }
    }
}

#[derive(Serialize)]
struct There {
    sequence: u64,
    assessment: String,
    version: u32,
    reason: String,
    at: Option<String>,
}

impl There {
    fn new(entry: proto::QuarantinedThere) -> Self {
        Self {
            sequence: entry.sequence,
            assessment: hex::encode(&entry.assessment_id),
            version: entry.version,
            reason: entry.reason,
            at: time("at", entry.at).ok().map(|t| t.to_string()),
        }
    }
}

impl Feed {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Follow(follow) => follow.run(global).await,
            Self::Pull(pull) => pull.run(global).await,
            Self::Status => status(global).await,
        }
    }
}

impl Pull {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let partner = self.from.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut steps = desk.assessments.pull_feed(proto::PullFeedRequest { partner }).await?.into_inner();
        let bar = spinner(global);
        let (mut total, mut failed) = (0, vec![]);
        while let Some(step) = steps.message().await? {
            total += step.items.len() as u64;
            bar.set_message(format!("{}: {} entries", step.partner, step.stored));
            bar.tick();
            bar.suspend(|| step.items.into_iter().for_each(|item| Item::new(item, None).print(global)));
            if !step.error.is_empty() {
                failed.push(format!("{}: {}", step.partner, one_line(&step.error)));
            }
        }
        bar.finish_and_clear();
        if !failed.is_empty() {
            let what = format!("no link to {}", failed.join("; "));
            return Err(CliError::new(Exit::Failed, "UNAVAILABLE", what));
        }
        output::note(global, &format!("caught up; {total} new entries"));
        Ok(())
    }
}

fn spinner(global: &Global) -> ProgressBar {
    if global.quiet || global.json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}

/// The columns of `feed status`. A partner's name is never cut, because two names that are cut may look alike.
const COLUMNS: [Heading; 8] = [
    Heading::whole("PARTNER", 0),
    Heading::whole("DIRECTION", 0),
    Heading::whole("LAST", 3),
    Heading::whole("ACKNOWLEDGED", 4),
    Heading::whole("QUEUED", 2),
    Heading::whole("LIVE", 0),
    Heading::whole("OVERDUE", 1),
    Heading::whole("LAST AT", 5),
];

async fn status(global: &Global) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let feeds = desk.all_feeds().await?;
    let withheld = desk.node.get_node(proto::GetNodeRequest::default()).await?.into_inner().withheld;
    let waiting = super::waiting::list(&mut desk).await?;
    let all: Vec<Status> = feeds.into_iter().map(|f| Status::new(f, &waiting)).collect();
    if global.json {
        all.iter().for_each(output::print_json);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    output::print(&render::fitted(&COLUMNS, &rows, output::table_width()));
    if !withheld.is_empty() {
        output::print(&withheld);
    }
    for feed in &all {
        if let Some(problem) = &feed.problem {
            output::print(&format!("{}: {}", feed.partner, one_line(problem)));
        }
        print_quarantined(feed);
        if feed.open_requests > 0 {
            let (partner, count) = (&feed.partner, feed.open_requests);
            let requests = if count == 1 { "request waits" } else { "requests wait" };
            output::print(&format!(
                "{partner}: {count} {requests} for an answer; see `watchfire assess requests --open`"
            ));
        }
        print_overdue(feed);
    }
    waiting.iter().for_each(|w| output::print(&w.words()));
    for feed in all.iter().filter(|f| f.direction == "in") {
        if feed.clock_ahead_seconds.abs() >= 60 {
            let (by, way) =
                (feed.clock_ahead_seconds.abs(), if feed.clock_ahead_seconds > 0 { "ahead of" } else { "behind" });
            output::print(&format!("{}: its clock is {by} seconds {way} this node's; check both clocks", feed.partner));
        }
    }
    Ok(())
}

/// Prints what should have been acknowledged.
fn print_overdue(feed: &Status) {
    let Status { partner, overdue, .. } = feed;
    if *overdue == 0 {
        return;
    }
    let assessments = if *overdue == 1 { "assessment" } else { "assessments" };
    output::print(&if feed.direction == "out" {
        format!("{partner}: it has not acknowledged {overdue} {assessments} in time")
    } else {
        format!(
            "{partner}: {overdue} {assessments} from it should have been acknowledged here; `watchfire assess acknowledge ID` does so at \
                    once, reading does so at the end of the interval"
        )
    });
    for Overdue { assessment, version, since } in &feed.overdue_oldest {
        output::print(&format!("    {assessment} version {version}: due since {}", since.as_deref().unwrap_or("-")));
    }
}

/// Whether new roots or lists at the reader can resolve this reason.
pub(super) fn can_t_verify(reason: &str) -> bool {
    let reasons = [Reason::ChainInvalid, Reason::OriginUnknown, Reason::CertificateRevoked, Reason::LimitExceeded];
    reasons.iter().any(|r| r.as_str() == reason)
}

/// Prints what the partner keeps from its users.
fn print_quarantined(feed: &Status) {
    if feed.quarantined_there == 0 {
        return;
    }
    let (partner, count) = (&feed.partner, feed.quarantined_there);
    let entries = if count == 1 { "entry" } else { "entries" };
    let is_unverified = feed.quarantined_newest.iter().any(|entry| can_t_verify(&entry.reason));
    let what_to_do = if is_unverified {
        "it can't verify them yet. If your roots have changed, give it a new invitation (`watchfire partner invite --out FILE`), which it \
         accepts with `watchfire partner accept`; your revocation lists are sent by themselves. It shows the entries as soon as it can verify \
         them"
    } else {
        "compare the agreement that each side holds"
    };
    output::print(&format!("{partner}: it keeps {count} {entries} of this node's feed from its users; {what_to_do}"));
    for entry in &feed.quarantined_newest {
        let There { sequence, assessment, version, reason, .. } = entry;
        output::print(&format!("    #{sequence}  {assessment} version {version}: {}", reason_in_words(reason)));
    }
    if count > feed.quarantined_newest.len() as u64 {
        output::print("    and older ones");
    }
}

impl Status {
    fn new(f: proto::FeedStatus, waiting: &[Waiting]) -> Self {
        let waits = waiting.iter().filter(|w| !f.outgoing && w.partner == f.partner);
        Self {
            waiting: waits.cloned().collect(),
            partner: f.partner,
            direction: if f.outgoing { "out" } else { "in" },
            last_sequence: f.last_sequence,
            acknowledged: f.acknowledged,
            queued: f.queued,
            live: f.live,
            overdue: f.overdue,
            lag: f.last_sequence.saturating_sub(f.acknowledged) + f.queued,
            last_at: time("last_at", f.last_at).ok().map(|t| t.to_string()),
            problem: (!f.problem.is_empty()).then_some(f.problem),
            clock_ahead_seconds: f.clock_ahead_seconds,
            quarantined_there: f.quarantined_there,
            quarantined_newest: f.quarantined_newest.into_iter().map(There::new).collect(),
            open_requests: f.open_requests,
            overdue_oldest: f.overdue_oldest.into_iter().map(Overdue::new).collect(),
        }
    }
}

fn row(status: &Status) -> Vec<String> {
    let direction = if status.direction == "out" { "to it" } else { "from it" };
    vec![
        status.partner.clone(),
        direction.to_owned(),
        status.last_sequence.to_string(),
        status.acknowledged.to_string(),
        status.queued.to_string(),
        if status.live { "yes" } else { "no" }.to_owned(),
        status.overdue.to_string(),
        status.last_at.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}
