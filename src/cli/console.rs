//! `watchfire console`: signing in to the web console, and one's sessions there.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    CliError, Global,
    context::{ANYBODY, Context},
    output,
};
use crate::{
    domain::{
        ids::SessionId,
        time::{Clock, Time},
    },
    telemetry::SystemClock,
    wire::{field::time, proto},
};

/// Sign in to the web console, and list and end sessions there.
#[derive(Subcommand)]
pub enum ConsoleCommand {
    /// Print a link that signs you in once, within five minutes
    Link,
    /// List your sessions
    Sessions,
    /// End one of your sessions, or all
    End(End),
}

/// Ends sessions. Pages that are open show nothing any more.
#[derive(Args)]
pub struct End {
    /// The session's id, as `console sessions` lists it
    #[arg(required_unless_present = "all")]
    id: Option<SessionId>,
    /// End all of them
    #[arg(long, conflicts_with = "id")]
    all: bool,
}

#[derive(Serialize)]
struct Row {
    session: String,
    opened_at: Option<String>,
    seen_at: Option<String>,
    #[serde(skip)]
    seen: Option<Time>,
}

impl ConsoleCommand {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ANYBODY)?;
        let mut desk = context.connect().await?;
        match self {
            Self::Link => {
                let made = desk.console.create_sign_in_link(proto::CreateSignInLinkRequest {}).await?.into_inner();
                let until = time("expires_at", made.expires_at).ok().map(|until| until.to_string());
                let value = serde_json::json!({ "url": made.url, "expires_at": until });
                output::result(global, &value, || made.url.clone());
                output::note(global, "the link signs in once, within five minutes; whoever has it can sign in as you");
                Ok(())
            }
            Self::Sessions => {
                let rows = rows(&mut desk).await?;
                if global.json {
                    rows.iter().for_each(output::print_json);
                } else if rows.is_empty() {
                    output::print("you are signed in nowhere");
                } else {
                    let now = SystemClock.now();
                    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells(now)).collect();
                    output::print(output::table(&["SESSION", "SIGNED IN (UTC)", "LAST USED"], &cells).trim_end());
                }
                Ok(())
            }
            Self::End(End { id, all }) => {
                let ids: Vec<String> = match (id, all) {
                    (Some(id), _) => vec![id.to_string()],
                    (None, _) => rows(&mut desk).await?.into_iter().map(|row| row.session).collect(),
                };
                for id in &ids {
                    let id: SessionId = id.parse().map_err(CliError::usage)?;
                    desk.console.end_session(proto::EndSessionRequest { id: id.0.to_vec().into() }).await?;
                }
                output::result(global, &serde_json::json!({ "ended": ids }), || match ids.len() {
                    1 => "ended 1 session".to_owned(),
                    n => format!("ended {n} sessions"),
                });
                Ok(())
            }
        }
    }
}

impl Row {
    fn cells(&self, now: Time) -> Vec<String> {
        let minute = |time: &Option<String>| {
            time.as_ref().and_then(|t| t.get(..16)).map_or("-".to_owned(), |t| t.replace('T', " "))
        };
        let ago = self.seen.map_or("-".to_owned(), |seen| format!("{} min ago", now.seconds_since(seen).max(0) / 60));
        vec![self.session.clone(), minute(&self.opened_at), ago]
    }
}

async fn rows(desk: &mut crate::desk::client::DeskClient) -> Result<Vec<Row>, CliError> {
    let all = desk.console.list_sessions(proto::ListSessionsRequest {}).await?.into_inner().sessions;
    let row = |view: proto::SessionView| {
        let seen = time("seen_at", view.seen_at).ok();
        Row {
            session: hex::encode(&view.id),
            opened_at: time("opened_at", view.opened_at).ok().map(|t| t.to_string()),
            seen_at: seen.map(|t| t.to_string()),
            seen,
        }
    };
    Ok(all.into_iter().map(row).collect())
}
