//! `watchfire expiry`: everything that ends on a day known beforehand.

use clap::{Args, Subcommand};

use super::{
    CliError, Global,
    context::{ANYBODY, Context},
    output,
};
use crate::{
    desk::client::DeskClient,
    domain::{
        ending::{Ending, EndingKind, EndingView},
        fault::Fault,
        time::Clock,
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
    /// List certificates, roots, revocation lists, agreements and exceptions by when they end
    List(List),
}

/// Lists everything that ends, the first end first: the node's and the people's certificates, roots and revocation lists, those of
/// partners, agreements and exceptions in force.
#[derive(Args)]
pub struct List {
    /// Only what ends within so many days, or has ended
    #[arg(long, value_name = "DAYS")]
    within: Option<u32>,
}

impl Expiry {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let Self::List(list) = self;
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        list.show(global, all(&mut desk).await?);
        Ok(())
    }
}

impl List {
    fn show(&self, global: &Global, mut endings: Vec<Ending>) {
        let now = SystemClock.now();
        if let Some(days) = self.within {
            let latest = now.plus_seconds(i64::from(days) * 86_400);
            endings.retain(|e| e.ends_at <= latest);
        }
        if global.json {
            endings.iter().for_each(|e| output::print_json(&EndingView::of(e, now)));
            return;
        }
        if endings.is_empty() {
            return output::print("nothing ends in that time");
        }
        let row = |e: &Ending| {
            let left = if e.has_ended(now) { "ended".to_owned() } else { e.days_left(now).to_string() };
            let fix = if e.is_soon(now) { one_line(&e.fix) } else { String::new() };
            vec![one_line(&e.name), e.ends_at.day().to_string(), left, fix]
        };
        let rows: Vec<Vec<String>> = endings.iter().map(row).collect();
        output::print(&output::table(&["what", "ends", "days left", "what to do"], &rows));
    }
}

/// Everything that ends, as the node knows it.
pub async fn all(desk: &mut DeskClient) -> Result<Vec<Ending>, CliError> {
    let answer = desk.list_endings(proto::ListEndingsRequest {}).await?.into_inner();
    Ok(answer.endings.into_iter().map(ending).collect::<Result<_, Fault>>()?)
}

fn ending(view: proto::EndingView) -> Result<Ending, Fault> {
    let proto::EndingView { kind, domain, name, usage, subject, ends_at, act_from, fix } = view;
    Ok(Ending {
        kind: parsed::<EndingKind>("kind", &kind)?,
        domain: parsed("domain", &domain)?,
        name: required("name", name)?,
        usage: ["tls", "signing", "ca"].into_iter().find(|known| *known == usage).unwrap_or_default(),
        subject,
        ends_at: time("ends_at", ends_at)?,
        act_from: time("act_from", act_from)?,
        fix,
    })
}
