//! `watchfire expiry`: everything with a known end.

use clap::{Args, Subcommand};

use super::{
    CliError, Exit, Global,
    context::{ANYBODY, Context},
    output,
};
use crate::{
    app::endings,
    config::Config,
    desk::client::DeskClient,
    domain::{
        ending::{Ending, EndingKind, EndingView},
        fault::Fault,
        time::{Clock, Time, spoken},
    },
    render::text::one_line,
    telemetry::SystemClock,
    wire::{
        field::{parsed, required, time},
        proto,
    },
};

/// What ends, and when.
#[derive(Subcommand)]
pub enum Expiry {
    /// List certificates of nodes, CAs and people, roots, revocation lists, agreements and exceptions by when they end
    List(List),
}

/// Lists everything that ends, the earliest end first: certificates of this node, of its people and of CAs, roots and revocation lists; the same
/// of partners, without their people; exceptions in force; agreements in force, and agreements that expired within the last 30 days and that no
/// other version replaces. If the node can't be reached, it lists what the files in the directory say.
#[derive(Args)]
pub struct List {
    /// List only what has ended or ends within this many days, e.g. 30 or 30d
    #[arg(long, value_name = "DAYS", value_parser = days, allow_hyphen_values = true)]
    within: Option<u32>,
}

fn days(text: &str) -> Result<u32, String> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let span = if is_number { format!("{text}d") } else { text.to_owned() };
    spoken::days_ahead(&span)
        .map_err(|_| "write a number of days, 0 or more, e.g. 30 or 30d, or \"2 weeks\"".to_owned())
}

impl Expiry {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let Self::List(list) = self;
        let now = SystemClock.now();
        let config = Config::load(&global.dir)?;
        let endings = match asked(global).await? {
            Ok(endings) => endings,
            Err(why) => {
                output::note(global, &format!("{MISSING}: {}", why.message));
                endings::on_disk(&config, now)
            }
        };
        list.show(global, endings, now);
        Ok(())
    }
}

const MISSING: &str = "only what the files here say is listed; partners' certificates and lists, agreements and exceptions are missing, because the node \
                       could not be asked";

/// The node's answer. The inner error says why the node could not be reached; the outer error is a fault of the command itself.
async fn asked(global: &Global) -> Result<Result<Vec<Ending>, CliError>, CliError> {
    let context = match Context::load(global, ANYBODY) {
        // Nobody here may ask the node, but anybody who can read the files may see what they say.
        Err(why) if why.exit == Exit::Denied => return Ok(Err(why)),
        context => context?,
    };
    let mut desk = match context.connect().await {
        Ok(desk) => desk,
        Err(why) => return Ok(Err(why)),
    };
    Ok(all(&mut desk).await)
}

impl List {
    fn show(&self, global: &Global, mut endings: Vec<Ending>, now: Time) {
        if let Some(days) = self.within {
            endings.retain(|e| e.days_left(now) <= i64::from(days));
        }
        if global.json {
            endings.iter().for_each(|e| output::print_json(&EndingView::of(e, now)));
            return;
        }
        if endings.is_empty() {
            return output::print("nothing ends within that time");
        }
        let row = |e: &Ending| {
            let left = match (e.is_revoked, e.has_ended(now)) {
                (true, _) => "revoked".to_owned(),
                (false, true) => "ended".to_owned(),
                (false, false) => e.days_left(now).to_string(),
            };
            let fix = if e.shows_fix(now) { one_line(&e.fix) } else { String::new() };
            vec![one_line(&e.name), e.last_day().to_string(), left, fix]
        };
        let rows: Vec<Vec<String>> = endings.iter().map(row).collect();
        output::print(&output::table(&["what", "ends", "days left", "what to do"], &rows));
    }
}

/// Everything that ends, as the node knows it.
pub async fn all(desk: &mut DeskClient) -> Result<Vec<Ending>, CliError> {
    Ok(desk.all_endings().await?.into_iter().map(ending).collect::<Result<_, Fault>>()?)
}

fn ending(view: proto::EndingView) -> Result<Ending, Fault> {
    let proto::EndingView { kind, domain, name, usage, subject, ends_at, act_from, fix, starts_at, revoked } = view;
    Ok(Ending {
        kind: parsed::<EndingKind>("kind", &kind)?,
        domain: parsed("domain", &domain)?,
        name: required("name", name)?,
        usage: ["tls", "signing", "ca"].into_iter().find(|known| *known == usage).unwrap_or_default(),
        subject,
        // A node of an earlier version does not say it.
        starts_at: time("starts_at", starts_at).unwrap_or(Time::from_unix_nanos(0)),
        ends_at: time("ends_at", ends_at)?,
        act_from: time("act_from", act_from)?,
        fix,
        is_revoked: revoked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_with_or_without_their_letter() {
        assert_eq!(["0", "30", "30d", "2 weeks"].map(days), [Ok(0), Ok(30), Ok(30), Ok(14)]);
        for wrong in ["", "d", "-1", "-1d", "+3", "1.5", "99999999999"] {
            assert!(days(wrong).is_err_and(|told| told.contains("e.g. 30 or 30d")), "{wrong}");
        }
    }
}
