//! `watchfire doctor`: checks the node, and says what to do about each fault.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{
    CliError, Exit, Global,
    context::{ANYBODY, Context, PersonFiles, persons},
    output,
};
use crate::{
    app::{NodeFiles, endings, is_node_here},
    config::{Config, OPEN_OPS},
    desk::client::DeskClient,
    domain::{
        ending::{Ending, EndingKind},
        time::{Clock, Time},
    },
    identity::{
        bundle::TrustBundle,
        files::{read_chain, read_roots},
    },
    render::text::one_line,
    telemetry::SystemClock,
    wire::{field::time, proto},
};

/// For how many days an alarm about a ledger is reported.
const ALARMED_DAYS: i64 = 30;

/// Checks files, keys, the end of certificates, the node, clocks and links to partners, and says what to do.
#[derive(Args)]
pub struct Doctor {}

#[derive(Serialize)]
struct Check {
    check: String,
    ok: bool,
    message: String,
    fix: Option<String>,
}

impl Check {
    fn well(check: &str, message: impl Into<String>) -> Self {
        Self { check: check.to_owned(), ok: true, message: message.into(), fix: None }
    }

    fn ill(check: &str, message: impl Into<String>, fix: &str) -> Self {
        Self { check: check.to_owned(), ok: false, message: message.into(), fix: Some(fix.to_owned()) }
    }
}

impl Doctor {
    /// Runs the checks.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        let now = SystemClock.now();
        let open = config.open_ops().map(|_| format!("; {OPEN_OPS}")).unwrap_or_default();
        let mut checks = vec![Check::well("configuration", format!("watchfire.toml has no faults{open}"))];
        checks.push(own_files(&config, now));
        checks.push(people(global, &config));
        let (live, known) = live(global).await;
        checks.extend(of_endings(&known.unwrap_or_else(|| endings::on_disk(&config, now)), now));
        checks.extend(live);
        let ill = checks.iter().filter(|c| !c.ok).count();
        if global.json {
            checks.iter().for_each(output::print_json);
        } else {
            checks.iter().for_each(|c| output::print(&words(c)));
        }
        if ill > 0 {
            return Err(CliError::new(Exit::Failed, "NOT_WELL", format!("{ill} of {} checks failed", checks.len())));
        }
        Ok(())
    }
}

/// Checks the node's own files, or the organisation's roots on a person's own machine.
fn own_files(config: &Config, now: Time) -> Check {
    const FIX: &str =
        "correct the named file: see certs/README.md for certificates, and run `watchfire policy check` for rules";
    if !is_node_here(config) {
        return match read_roots(&config.bundle) {
            Ok(_) => Check::well(
                "own files",
                format!("there is no node here; this machine uses the node at {}", config.desk),
            ),
            Err(error) => {
                Check::ill("own files", error.to_string(), "ask for a new file: `watchfire person pack` at the node")
            }
        };
    }
    match NodeFiles::check(config, now) {
        Ok(notices) if notices.is_empty() => {
            Check::well("own files", "keys, certificates, bundle, revocation lists and house rules are valid")
        }
        Ok(notices) => {
            let told: Vec<String> = notices.iter().map(ToString::to_string).collect();
            Check::ill("own files", told.join("; "), "correct the named files; a running node loads them by itself")
        }
        Err(error) => Check::ill("own files", error.to_string(), FIX),
    }
}

/// Checks the people whose certificates are in the directory. It is not a fault if both keys of a person are on another machine.
fn people(global: &Global, config: &Config) -> Check {
    let all = match persons(&global.dir) {
        Ok(all) => all,
        Err(error) => return Check::ill("persons", error.to_string(), "correct the named file"),
    };
    if all.is_empty() {
        return Check::ill("persons", "no person is registered yet", "watchfire person add NAME --role admin");
    }
    let (elsewhere, here): (Vec<_>, Vec<_>) = all.iter().partition(|person| person.is_elsewhere());
    let faults = here.iter().filter_map(|person| person.check().err()).map(|e| e.to_string());
    let faults: Vec<String> = faults.chain(all.iter().flat_map(|person| not_ours(person, config))).collect();
    if !faults.is_empty() {
        let fix = "put a key and its certificate there, issued by a CA of the organisation";
        return Check::ill("persons", faults.join("; "), fix);
    }
    let away = match elsewhere.len() {
        0 => String::new(),
        n => format!("; the keys of {n} more are on their own machines"),
    };
    Check::well("persons", format!("{} in this directory{away}", here.len()))
}

/// Reports a person's certificates that don't lead to a root of the organisation. The node refuses them.
fn not_ours(person: &PersonFiles, config: &Config) -> Vec<String> {
    let roots = read_roots(&config.bundle).ok();
    let bundle = roots.and_then(|roots| TrustBundle::new(config.organisation.domain.clone(), roots).ok());
    let Some(bundle) = bundle else { return vec![] };
    let is_ours = |file: &PathBuf| {
        // A file that can't be read is reported elsewhere.
        let chain = read_chain(file).map(|chain| chain.iter().map(|der| der.to_vec()).collect::<Vec<_>>());
        chain.map_or(true, |chain| bundle.stands_behind(&chain))
    };
    let told = |file: PathBuf| {
        format!("{}: no root of the organisation proves it, so the node refuses `{}`", file.display(), person.id)
    };
    [person.tls(), person.signing()].into_iter().filter(|file| !is_ours(file)).map(told).collect()
}

/// Reports administrators and officers who wait for a confirmation. It is easy to give while two others can give it.
async fn unconfirmed(desk: &mut DeskClient) -> Option<Check> {
    // A person who may not see the register gets no report about it.
    let people = desk.all_people().await.ok()?;
    let waits = people.iter().filter(|p| p.works && p.confirmed_at.is_none());
    let names: Vec<&str> = waits.map(|p| p.id.as_str()).collect();
    let what = "not confirmed, so they do not count in decisions that take two persons: `watchfire person confirm`";
    (!names.is_empty()).then(|| Check::well("people", format!("{}: {what}", names.join(", "))))
}

fn words(check: &Check) -> String {
    let mark = if check.ok { "ok  " } else { "FAIL" };
    let fix = check.fix.as_ref().map(|f| format!("\n       {f}")).unwrap_or_default();
    format!("{mark} {}: {}{fix}", check.check, one_line(&check.message))
}

/// Reports what ends within 30 days, has ended, or must be renewed. Something that is renewed in time fails no check, however short its
/// validity: see [`Ending::third_of_life`].
fn of_endings(all: &[Ending], now: Time) -> Vec<Check> {
    let soon: Vec<&Ending> = all.iter().filter(|e| e.is_soon(now)).collect();
    if soon.is_empty() {
        let next = all.first().map(|e| format!("; the first: {}", e.words(now))).unwrap_or_default();
        return vec![Check::well("what ends", format!("nothing within 30 days{next}"))];
    }
    let check = |ending: &&Ending| {
        let name = match ending.kind {
            EndingKind::Certificate => "certificates",
            EndingKind::Root => "roots",
            EndingKind::RevocationList => "revocation lists",
            EndingKind::Person => "people",
            EndingKind::Agreement => "agreements",
            EndingKind::Exception => "exceptions",
        };
        match (ending.is_urgent(now), ending.is_revoked) {
            (true, _) => Check::ill(name, ending.words(now), &ending.fix),
            (false, true) => Check::well(name, format!("{}; {}", ending.words(now), ending.fix)),
            // A check that passes has no fix. It says what to do when the time comes.
            (false, false) => Check::well(name, ending.words(now)),
        }
    };
    soon.iter().map(check).collect()
}

/// Checks what only the running node knows.
async fn live(global: &Global) -> (Vec<Check>, Option<Vec<Ending>>) {
    let connected = match Context::load(global, ANYBODY) {
        Ok(context) => context.connect().await,
        Err(error) => Err(error),
    };
    let mut desk = match connected {
        Ok(desk) => desk,
        Err(error) => {
            let fix = if error.exit == Exit::Unreachable { "watchfire serve" } else { "the message says what to do" };
            return (vec![Check::ill("node", error.message, fix)], None);
        }
    };
    let known = super::expiry::all(&mut desk).await;
    let mut checks = vec![];
    if let Err(error) = &known {
        checks.push(Check::ill("what ends", &*error.message, "see the node's log"));
    }
    checks.extend(answers(&mut desk).await);
    (checks, known.ok())
}

/// Checks what a running node says about itself, its feeds and its ledger.
async fn answers(desk: &mut DeskClient) -> Vec<Check> {
    let mut checks = vec![Check::well("node", "answers at the desk"), store(desk).await];
    checks.extend(unconfirmed(desk).await);
    match super::waiting::list(desk).await {
        Ok(waiting) => checks
            .extend(waiting.iter().map(|w| Check::ill(&format!("what waits from {}", w.partner), w.words(), &w.fix))),
        Err(error) => checks.push(Check::ill("what waits", error.message, "see the node's log")),
    }
    let feeds = match desk.all_feeds().await {
        Ok(feeds) => feeds,
        Err(status) => {
            checks.push(Check::ill("feeds", CliError::from(status).message, "see the node's log"));
            return checks;
        }
    };
    if let Ok(answer) = desk.rules.get_rules(proto::GetRulesRequest::default()).await {
        let faults = answer.into_inner().faults;
        checks.extend(faults.iter().map(|f| {
            let message = format!("the files are NOT in force: {}: {}", f.file, f.message);
            Check::ill(
                "house rules",
                message,
                "run `watchfire policy check`; `watchfire policy rules` shows what is in force",
            )
        }));
    }
    checks.extend(ledger(desk).await);
    if let Ok(waiting) = super::recall_details::all(desk, true).await {
        checks.extend(waiting.iter().map(|r| {
            let message = format!("{} asks for a purge of {}", r.originator, hex::encode(&r.assessment_id));
            Check::ill("purges", message, "two officers decide: `watchfire assess purge ID`, or with --decline REASON")
        }));
    }
    checks.extend(of_feeds(&feeds));
    checks
}

/// Checks that the store can be written, and that every page of it can be read.
async fn store(desk: &mut DeskClient) -> Check {
    let trouble = match desk.node.get_node(proto::GetNodeRequest { check_store: true }).await {
        Ok(answer) => answer.into_inner().store_trouble,
        Err(status) => return Check::ill("store", CliError::from(status).message, "see the node's log"),
    };
    match trouble {
        None => Check::well("store", "every page can be read"),
        Some(trouble) => {
            let message = format!("{}: nothing is written: {}", trouble.reason, trouble.message);
            Check::ill("store", message, "reading still works; the message says what to do")
        }
    }
}

/// Checks the feeds: statements that wait, requests and acknowledgements that are due, links and clocks.
fn of_feeds(feeds: &[proto::FeedStatus]) -> Vec<Check> {
    let mut checks = vec![];
    for feed in feeds.iter().filter(|f| f.outgoing && !f.problem.is_empty()) {
        let name = format!("statements for {}", feed.partner);
        checks.push(Check::ill(&name, &*feed.problem, "the message says what to do"));
    }
    for feed in feeds.iter().filter(|f| f.open_requests > 0) {
        let message = format!("{} wait for an answer; see `watchfire assess requests --open`", feed.open_requests);
        checks.push(Check::well(&format!("requests of {}", feed.partner), message));
    }
    checks.extend(feeds.iter().filter(|f| f.overdue > 0).map(|f| {
        let (whose, fix) = match f.outgoing {
            true => {
                ("the partner has not acknowledged in time", "ask its watch desk; `watchfire feed status` lists them")
            }
            false => (
                "should have been acknowledged here",
                "run `watchfire assess acknowledge ID`; readings are sent at the end of the interval",
            ),
        };
        Check::ill(&format!("duties with {}", f.partner), format!("{} assessments: {whose}", f.overdue), fix)
    }));
    for feed in feeds.iter().filter(|f| !f.outgoing) {
        let name = format!("link to {}", feed.partner);
        checks.push(if feed.problem.is_empty() {
            Check::well(&name, if feed.live { "live" } else { "not dialled" })
        } else {
            Check::ill(&name, &*feed.problem, "follow docs/runbooks/a-link-is-refused.md")
        });
        if feed.clock_ahead_seconds.abs() >= 60 {
            let message = format!("the partner's clock is {} seconds ahead of this one", feed.clock_ahead_seconds);
            checks.push(Check::ill(&name, message, "have both clocks checked (NTP)"));
        }
    }
    checks
}

/// Checks that the ledger is complete up to its head, and what partners' ledgers show.
async fn ledger(desk: &mut DeskClient) -> Vec<Check> {
    let alarms = match desk.all_alarms().await {
        Ok(alarms) => alarms,
        Err(status) => return vec![Check::ill("ledger", CliError::from(status).message, "see the node's log")],
    };
    // An alarm stays recorded. After a month only `ledger alarms` lists it.
    let recent = |a: &&proto::LedgerAlarm| {
        let at = time("at", a.at).ok();
        a.open && at.is_none_or(|at| SystemClock.now().seconds_since(at) < ALARMED_DAYS * 86_400)
    };
    let alarms: Vec<_> = alarms.iter().filter(recent).collect();
    if alarms.is_empty() {
        return vec![Check::well("ledger", "no alarms")];
    }
    let one = |a: &&proto::LedgerAlarm| {
        let fix = match a.kind.as_str() {
            "behind" => "watchfire ledger settle --reason ...",
            "twin" => "watchfire ledger rotate-key",
            _ => "watchfire ledger alarms",
        };
        let of = if a.kind == "damage" { "store".to_owned() } else { format!("ledger of {}: {}", a.partner, a.kind) };
        Check::ill(&of, &*a.message, fix)
    };
    alarms.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(days: i64) -> (Ending, Time) {
        let made: Time = "2026-05-01T12:00:00Z".parse().unwrap();
        let ends_at = made.plus_seconds(days * 86_400);
        let ending = Ending {
            kind: EndingKind::RevocationList,
            domain: "gb.example".parse().unwrap(),
            name: "revocation list of `CA`".to_owned(),
            usage: "",
            subject: "CA".to_owned(),
            starts_at: made,
            ends_at,
            act_from: Ending::third_of_life(made, ends_at),
            fix: "renew it".to_owned(),
            is_revoked: false,
        };
        (ending, made)
    }

    #[test]
    fn what_to_do_stands_beneath_what_is_to_be_done_now_only() {
        let (fresh, made) = list(30);
        let early = of_endings(std::slice::from_ref(&fresh), made);
        assert!(early.len() == 1 && early[0].ok && early[0].fix.is_none(), "{}", words(&early[0]));
        let late = of_endings(&[fresh], made.plus_seconds(20 * 86_400));
        assert!(!late[0].ok && late[0].fix.as_deref() == Some("renew it"), "{}", words(&late[0]));
    }

    #[test]
    fn who_was_revoked_is_no_failure_and_the_directory_is_named() {
        let (ending, made) = list(30);
        let fix = "the directory persons/analyst-dan may be removed".to_owned();
        let revoked = Ending { kind: EndingKind::Person, is_revoked: true, fix, ..ending };
        for day in [0, 25, 400] {
            let checks = of_endings(std::slice::from_ref(&revoked), made.plus_seconds(day * 86_400));
            let told = words(&checks[0]);
            assert!(
                checks[0].ok && told.contains("was revoked; the directory persons/analyst-dan may be removed"),
                "{told}"
            );
        }
    }
}
