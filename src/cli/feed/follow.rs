//! `watchfire feed follow`: prints what arrives, also over a restart of the node.

use std::time::Duration;

use clap::Args;

use super::item::Item;
use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        filter::FilterArgs,
        output,
    },
    desk::client::DeskClient,
    domain::{fault::Reason, ids::TrustDomain},
    wire::proto,
};

/// How long to wait before the node is called again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Prints what arrives. When the node restarts, it goes on where it was.
#[derive(Args)]
pub struct Follow {
    /// Only this partner
    #[arg(long, value_name = "DOMAIN", add = complete::partners())]
    from: Option<TrustDomain>,
    /// Only assessments of this organisation, whoever passes them on
    #[arg(long, value_name = "DOMAIN")]
    originator: Option<TrustDomain>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Begin with what arrives from now on, not with what is already here
    #[arg(long)]
    new: bool,
    /// Continue after this item: the `cursor` of the last line that `--json` has printed
    #[arg(long, value_name = "CURSOR", conflicts_with = "new")]
    after: Option<String>,
}

impl Follow {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, WRITERS)?;
        // A node that is away at the beginning is a mistake of the caller's. Later it is a restart.
        let mut desk = context.connect().await?;
        output::note(global, "following; press Ctrl-C to end");
        let mut cursor = self.after.clone().unwrap_or_default();
        loop {
            let ended = tokio::select! {
                ended = self.follow(global, &mut desk, &mut cursor) => ended,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            };
            if let Err(error) = ended
                && !is_away(&error)
            {
                return Err(error);
            }
            output::note(global, "the node is away; trying again until it is back");
            desk = tokio::select! {
                desk = again(&context) => desk?,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            };
            output::note(global, "the node is back; going on where it was");
        }
    }

    /// Prints what arrives after `cursor`, until the stream ends.
    async fn follow(&self, global: &Global, desk: &mut DeskClient, cursor: &mut String) -> Result<(), CliError> {
        let text = |domain: &Option<TrustDomain>| domain.as_ref().map(ToString::to_string).unwrap_or_default();
        let request = proto::FollowFeedRequest {
            partner: text(&self.from),
            new_only: self.new,
            cursor: cursor.clone(),
            originator: text(&self.originator),
            filter: self.filter.message(),
        };
        let mut items = desk.assessments.follow_feed(request).await?.into_inner();
        while let Some(proto::FollowFeedResponse { item, cursor: place }) = items.message().await? {
            if let Some(item) = item {
                Item::new(item, Some(place.clone())).print(global);
            }
            *cursor = place;
            output::ended()?;
        }
        Ok(())
    }
}

/// Whether the node may answer again later.
fn is_away(error: &CliError) -> bool {
    error.exit == Exit::Unreachable || error.reason == Reason::Unavailable.as_str()
}

/// Connects until the node answers. It is an error if the node answers with a refusal.
async fn again(context: &Context) -> Result<DeskClient, CliError> {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        match context.connect().await {
            Err(error) if is_away(&error) => {}
            connected => return connected,
        }
    }
}
