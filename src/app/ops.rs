//! Health, readiness and metrics for the operator, on loopback.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{Router, http::StatusCode, routing::get};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ending::{Ending, EndingKind},
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    node::Node,
    transport::tls_config::TlsConfig,
};

/// Serves until `stop`.
pub(super) async fn serve(tcp: TcpListener, node: Arc<Node>, tls_config: Arc<TlsConfig>, stop: CancellationToken) {
    let ready = node.clone();
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || readiness(ready.clone(), tls_config.clone())))
        .route("/metrics", get(move || metrics(node.clone())));
    let served = axum::serve(tcp, router).with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "health and metrics ended");
    }
}

/// Returns 200, or 503 with the reason why the node can't work. If only the signing certificate is unusable, the answer is 200 and says so,
/// because the organisation's people can still work.
async fn readiness(node: Arc<Node>, tls_config: Arc<TlsConfig>) -> (StatusCode, String) {
    if let Some(why) = unready(&node, &tls_config).await {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    }
    let signs = node.identity.good_key().err().map(|fault| format!("; {fault}")).unwrap_or_default();
    (StatusCode::OK, format!("ready{signs}\n"))
}

/// Why this node can't work: its certificate is invalid, the store does not answer or can't be written to, or the store is older than what
/// partners have seen. How much it asks of the store does not depend on the number of partners.
async fn unready(node: &Node, tls_config: &TlsConfig) -> Option<String> {
    if let Err(fault) = tls_config.check_own() {
        return Some(format!("nobody takes this node's TLS certificate: {fault}; put a new one in its place"));
    }
    // First: it may be what meets damage.
    let answers = node.ledger.ledger_entries().await.is_ok();
    if let Some(Fault { reason, message, .. }) = node.monitor.store_trouble(false).await {
        return Some(format!("{reason}: nothing is written{}: {message}", until_when(reason)));
    }
    if let Some(lapse) = node.revocations.own_lapse() {
        let Fault { reason, message, .. } = node.revocations.own_lapse_refusal(&lapse);
        return Some(format!("{reason}: {message}"));
    }
    if let Err(Fault { reason, message, .. }) = node.ledger.may_change() {
        return Some(format!("{reason}: {message}"));
    }
    (!answers).then(|| "the store does not answer".to_owned())
}

/// A full disk recovers as soon as there is room. Every other reason lasts until a restart.
fn until_when(reason: Reason) -> &'static str {
    if reason == Reason::StoreFull { "" } else { " any more" }
}

/// The metrics in Prometheus' text format. Figures that can't be read are left out. Whether the store is read-only is always included.
async fn metrics(node: Arc<Node>) -> String {
    let figures = [feed_metrics(&node).await, ledger_metrics(&node).await, ending_metrics(&node).await];
    // Only now: reading the figures may be what meets the damage.
    let trouble = node.monitor.store_trouble(false).await.map(|fault| fault.reason);
    let is_full = u8::from(trouble == Some(Reason::StoreFull));
    let is_read_only = u8::from(trouble.is_some()) - is_full;
    let text = format!(
        "# HELP watchfire_store_read_only whether nothing is written any more: a failed disk, or damage\n\
         # TYPE watchfire_store_read_only gauge\nwatchfire_store_read_only {is_read_only}\n\
         # HELP watchfire_store_full whether the disk has no room for changes\n\
         # TYPE watchfire_store_full gauge\nwatchfire_store_full {is_full}\n"
    );
    let missing = |_: Fault| "# the store does not answer: figures are missing\n".to_owned();
    figures.into_iter().fold(text, |text, part| text + &part.unwrap_or_else(missing))
}

/// The metrics of the feeds.
async fn feed_metrics(node: &Node) -> Result<String, Fault> {
    let feeds = node.monitor.feed_figures().await?;
    let mut text = String::new();
    type Gauge = (&'static str, &'static str, fn(&crate::node::monitor::status::FeedFigure) -> u64);
    let gauges: [Gauge; 4] = [
        ("watchfire_feed_last_sequence", "number of the last entry", |f| f.last_sequence),
        ("watchfire_feed_acknowledged", "acknowledged up to this number", |f| f.acknowledged),
        ("watchfire_feed_queued", "items that wait to be released", |f| f.queued),
        ("watchfire_feed_live", "whether a stream is open", |f| u64::from(f.live)),
    ];
    for (name, help, value) in gauges {
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for feed in &feeds {
            let direction = if feed.outgoing { "out" } else { "in" };
            let labels = format!("partner=\"{}\",direction=\"{direction}\"", feed.partner);
            text.push_str(&format!("{name}{{{labels}}} {}\n", value(feed)));
        }
    }
    Ok(text)
}

/// The metrics of the ledger, and the open alarms about ledgers.
async fn ledger_metrics(node: &Node) -> Result<String, Fault> {
    let mut text = format!(
        "# HELP watchfire_ledger_entries entries of the ledger\n# TYPE watchfire_ledger_entries counter\n\
         watchfire_ledger_entries {}\n# HELP watchfire_ledger_behind whether entries are lost that were signed\n\
         # TYPE watchfire_ledger_behind gauge\nwatchfire_ledger_behind {}\n",
        node.ledger.ledger_entries().await?,
        u8::from(node.ledger.is_behind()),
    );
    text.push_str("# HELP watchfire_ledger_alarms open alarms about ledgers, and about what can't be read here\n# TYPE watchfire_ledger_alarms gauge\n");
    let mut counts: BTreeMap<(TrustDomain, &'static str), u64> = BTreeMap::new();
    for alarm in node.ledger.alarms().await?.into_iter().filter(|alarm| node.ledger.is_open(alarm)) {
        *counts.entry((alarm.partner, alarm.kind.as_str())).or_default() += 1;
    }
    for ((partner, kind), count) in counts {
        text.push_str(&format!("watchfire_ledger_alarms{{partner=\"{partner}\",kind=\"{kind}\"}} {count}\n"));
    }
    Ok(text)
}

/// When everything ends, as Unix time in seconds. Each kind has a metric of its own: `watchfire_certificate_not_after_seconds` and so on.
async fn ending_metrics(node: &Node) -> Result<String, Fault> {
    let all = node.monitor.endings().await?;
    let mut text = String::new();
    for kind in EndingKind::ALL {
        let name = format!("watchfire_{kind}_not_after_seconds");
        let what = match kind {
            EndingKind::Certificate => "when the certificate of a node or CA ends",
            EndingKind::Root => "when a root certificate ends",
            EndingKind::RevocationList => "when a revocation list is to be followed by the next",
            EndingKind::Person => "when a person's certificate ends",
            EndingKind::Agreement => "when an agreement in force ends",
            EndingKind::Exception => "when an exception in force ends",
        };
        text.push_str(&format!("# HELP {name} {what}, Unix time in seconds\n# TYPE {name} gauge\n"));
        text.push_str(&series(&name, all.iter().filter(|e| e.kind == *kind)));
    }
    Ok(text)
}

/// One line for each ending. What was revoked is left out, because nobody has to act on it. If two endings have the same labels (lists of one CA
/// for several scopes), the earlier end counts, because a series may occur only once.
fn series<'a>(name: &str, endings: impl Iterator<Item = &'a Ending>) -> String {
    let (mut text, mut written) = (String::new(), BTreeSet::new());
    for ending in endings.filter(|e| !e.is_revoked) {
        let [domain, usage, called, subject] =
            [ending.domain.as_str(), ending.usage, &ending.name, &ending.subject].map(label);
        let labels = format!("domain=\"{domain}\",use=\"{usage}\",name=\"{called}\",subject=\"{subject}\"");
        if written.insert(labels.clone()) {
            text.push_str(&format!("{name}{{{labels}}} {}\n", ending.ends_at.parts().0));
        }
    }
    text
}

/// The value of a label, escaped as Prometheus' text format requires.
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Time;

    #[test]
    fn lists_of_two_cas_are_two_series_and_revoked_people_are_none() {
        let day = |n: i64| Time::from_unix_nanos(0).plus_seconds(n * 86_400);
        let list = |subject: &str, ends: i64| Ending {
            kind: EndingKind::RevocationList,
            domain: "gb.example".parse().unwrap(),
            name: format!("revocation list of `{subject}`"),
            usage: "",
            subject: subject.to_owned(),
            starts_at: day(0),
            ends_at: day(ends),
            act_from: day(ends),
            fix: String::new(),
            is_revoked: false,
        };
        let revoked = Ending { kind: EndingKind::Person, is_revoked: true, ..list("dan", 1) };
        let all = [list("CA 1", 1), list("CA 1", 2), list("CA 2", 2), revoked];
        let line = |ca: &str, ends: i64| {
            let labels = format!("domain=\"gb.example\",use=\"\",name=\"revocation list of `{ca}`\",subject=\"{ca}\"");
            format!("x{{{labels}}} {}\n", ends * 86_400)
        };
        assert_eq!(series("x", all.iter()), line("CA 1", 1) + &line("CA 2", 2));
    }
}
