//! What an administrator suspends or revokes takes effect at once, on open streams and without a restart.

use std::{fs, time::Duration};

use watchfire::{
    domain::time::Clock,
    identity::{
        certificate::serial,
        crl::Revocation,
        devca::{DevCa, Purpose},
        files::{Existing, read_chain, to_pem, write_public, write_secret},
    },
    telemetry::SystemClock,
    wire::proto,
};

use crate::kit::{Org, note, pair, pair_by, until};

/// Long enough for something to arrive that must not arrive.
const A_WHILE: Duration = Duration::from_secs(3);

async fn live(org: &Org, partner: &str, direction: &str, is_live: bool) {
    until(&format!("{}: live is {is_live}", org.domain), async || {
        (org.feed(partner, direction).await["live"] == is_live).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_partner_gets_nothing_until_it_is_resumed_and_then_loses_nothing() {
    let (gb, mut no) = pair().await;
    let mut author = gb.author().await;
    let mut published = vec![author.publish(&note("before", "BF")).await];
    no.has("gb.example", &published).await;
    // This one waits in the queue when the suspension comes.
    no.kill().await;
    published.push(author.publish(&note("in the queue", "BF")).await);
    no.start().await;
    no.has("gb.example", &published).await;
    no.kill().await;
    let queued = author.publish(&note("in the queue, too", "BF")).await;
    let suspended = gb.one(&["--as", "root", "partner", "suspend", "no.example"]).await;
    assert_eq!(suspended["state"], "suspended");
    no.start().await;
    let pulled = no.run(&["--as", "ana", "feed", "pull", "--from", "gb.example"]).await;
    assert_eq!(pulled.code, 1, "a suspended partner was served: {}", pulled.stdout);
    // What is published meanwhile is not for it, because recipients are fixed at publication.
    let answer = author.try_publish(&note("while it is suspended", "BF")).await.unwrap();
    assert!(answer.decisions.is_empty(), "{answer:?}");
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(no.assessments("gb.example").await.len(), published.len());
    gb.ask(&["--as", "root", "partner", "resume", "no.example"]).await;
    published.push(queued);
    published.push(author.publish(&note("after", "BF")).await);
    no.has("gb.example", &published).await;
    assert_eq!(no.feed("gb.example", "in").await["last_sequence"], published.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_ends_a_live_stream() {
    let (gb, no) = pair().await;
    let mut author = gb.author().await;
    let mut published = vec![author.publish(&note("before", "BF")).await];
    no.has("gb.example", &published).await;
    live(&gb, "no.example", "out", true).await;
    gb.ask(&["--as", "root", "partner", "suspend", "no.example"]).await;
    live(&gb, "no.example", "out", false).await;
    live(&no, "gb.example", "in", false).await;
    author.publish(&note("while it is suspended", "BF")).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(no.assessments("gb.example").await, published);
    gb.ask(&["--as", "root", "partner", "resume", "no.example"]).await;
    live(&gb, "no.example", "out", true).await;
    published.push(author.publish(&note("after", "BF")).await);
    no.has("gb.example", &published).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_person_is_turned_away_from_a_desk_that_runs_on() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let mut desk = org.connect("analyst-ana").await;
    let mut other = org.connect("officer-olu").await;
    desk.node.get_node(proto::GetNodeRequest::default()).await.unwrap();
    org.ask(&["person", "revoke", "ana"]).await;
    until("her live connection is cut and no new one is made", async || {
        desk.node.get_node(proto::GetNodeRequest::default()).await.is_err().then_some(())
    })
    .await;
    // Her files are moved away, and are of no use to somebody who finds them.
    let aside = fs::read_dir(org.dir.join("persons/revoked")).unwrap().next().unwrap().unwrap().file_name();
    assert!(org.try_connect(&format!("revoked/{}", aside.to_string_lossy())).await.is_err());
    until("the log says why", async || org.log().contains("CERTIFICATE_REVOKED").then_some(())).await;
    other.node.get_node(proto::GetNodeRequest::default()).await.unwrap();
    let answer = org.run(&["--as", "ana", "assess", "list"]).await;
    assert_eq!(answer.code, 5, "{}", answer.stderr);
    // A person of that name may come back, with new keys, and be revoked again.
    org.ask(&["person", "add", "ana", "--role", "analyst"]).await;
    org.ask(&["--as", "ana", "assess", "list"]).await;
    org.ask(&["person", "revoke", "ana"]).await;
    until("the register says so", async || {
        let people = org.ask(&["--as", "root", "person", "list"]).await;
        (people.iter().filter(|p| p["state"] == "counts").count() == 2).then_some(())
    })
    .await;
}

/// Has the organisation's CA revoke its node's TLS certificate.
fn revoke_node(org: &Org) -> DevCa {
    let now = SystemClock.now();
    let text = |name: &str| fs::read_to_string(org.dir.join(name)).unwrap();
    let ca = DevCa::load(&org.domain.parse().unwrap(), &text("ca/ca.pem"), &text("ca/ca.key")).unwrap();
    let serial = serial(&read_chain(&org.dir.join("node/tls.pem")).unwrap()[0]).unwrap();
    let revoked = [(serial, Revocation { at: now, invalid_since: None })];
    let list = ca.revocation_list(u64::try_from(now.unix_nanos()).unwrap(), &revoked, now, 30).unwrap();
    write_public(&org.dir.join("crl.pem"), to_pem("X509 CRL", &list).as_bytes(), Existing::Replace).unwrap();
    ca
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_s_revoked_node_is_cut_off_until_it_shows_a_new_certificate() {
    let (gb, no) = pair().await;
    let mut author = gb.author().await;
    let mut published = vec![author.publish(&note("before", "BF")).await];
    no.has("gb.example", &published).await;
    let ca = revoke_node(&no);
    // The node itself hands its organisation's list to its partner, and is then refused.
    until("the partner refuses it", async || gb.log().contains("CERTIFICATE_REVOKED").then_some(())).await;
    live(&gb, "no.example", "out", false).await;
    published.push(author.publish(&note("while it is revoked", "BF")).await);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(no.assessments("gb.example").await.len(), 1);
    let id = "spiffe://no.example/node/n1".parse().unwrap();
    let issued = ca.issue(&id, Purpose::NodeTls, SystemClock.now(), 30).unwrap();
    write_secret(&no.dir.join("node/tls.key"), issued.key_pem.as_bytes(), Existing::Replace).unwrap();
    write_public(&no.dir.join("node/tls.pem"), issued.certificate_pem.as_bytes(), Existing::Replace).unwrap();
    no.has("gb.example", &published).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_agreement_lets_nothing_more_through_a_live_stream() {
    let (gb, no, agreement) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    let mut author = gb.author().await;
    let published = vec![author.publish(&note("before", "BF")).await];
    no.has("gb.example", &published).await;
    gb.ask(&["--as", "root", "agreement", "suspend", &agreement]).await;
    let answer = author.try_publish(&note("after", "BF")).await.unwrap();
    assert!(answer.decisions.iter().all(|d| !d.release), "{answer:?}");
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(no.assessments("gb.example").await, published);
    // No entry, no number, no trace.
    assert_eq!(no.feed("gb.example", "in").await["last_sequence"], 1);
    assert_eq!(gb.feed("no.example", "out").await["last_sequence"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_its_permission_in_the_queue_leaves_no_trace() {
    let (gb, mut no, agreement) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    let mut author = gb.author().await;
    let published = vec![author.publish(&note("before", "BF")).await];
    no.has("gb.example", &published).await;
    no.kill().await;
    let answer = author.try_publish(&note("in the queue", "BF")).await.unwrap();
    assert!(answer.decisions.iter().all(|d| d.release), "{answer:?}");
    gb.ask(&["--as", "root", "--yes", "agreement", "terminate", &agreement]).await;
    no.start().await;
    no.ask(&["--as", "ana", "feed", "pull", "--from", "gb.example"]).await;
    assert_eq!(no.assessments("gb.example").await, published);
    assert_eq!(no.feed("gb.example", "in").await["last_sequence"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_grant_delivers_late_and_says_from_when_on() {
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), "delay = \"3s\"").await;
    let draft = gb.file("draft.toml", &note("delayed", "BF"));
    let published = gb.one(&["--as", "ana", "assess", "publish", &draft]).await;
    let decision = &published["decisions"][0];
    assert_eq!(decision["decision"], "release", "{published}");
    assert!(decision["not_before"].is_string(), "{published}");
    let id = published["assessment"].as_str().unwrap().to_owned();
    no.has("gb.example", std::slice::from_ref(&id)).await;
    // According to the signed statements: the release came 3 seconds or more after the manifest.
    let request =
        proto::GetAssessmentRequest { assessment_id: hex::decode(&id).unwrap().into(), version: 0, quarantined: false };
    let held = no
        .connect("analyst-ana")
        .await
        .assessments
        .get_assessment(request)
        .await
        .unwrap()
        .into_inner()
        .assessment
        .unwrap();
    let manifest = watchfire::wire::manifest::decode(&held.manifest.unwrap().payload).unwrap();
    let release = watchfire::wire::release::decode(&held.releases[0].payload).unwrap();
    assert!(release.released_at.seconds_since(manifest.issued) >= 3, "{} {}", manifest.issued, release.released_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_s_new_country_needs_a_word_and_lifts_no_suspension() {
    let (gb, mut no) = pair().await;
    gb.ask(&["--as", "root", "partner", "suspend", "no.example"]).await;
    no.kill().await;
    let config = no.dir.join("watchfire.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("country = \"NO\"", "country = \"SE\"")).unwrap();
    no.start().await;
    let path = gb.place("again.txt");
    let fingerprint = no.invite(&path, Some(&no.peer)).await;
    let accept = ["--as", "root", "partner", "accept", &path, "--fingerprint", &fingerprint];
    let refused = gb.run(&accept).await;
    assert_eq!((refused.code, refused.reason().as_str()), (1, "CONFLICT"), "{}", refused.stdout);
    let kept = gb.one(&["--as", "root", "partner", "show", "no.example"]).await;
    assert_eq!((&kept["country"], &kept["state"]), (&"NO".into(), &"suspended".into()));
    let changed = gb.one(&[&accept[..], &["--changed"]].concat()).await;
    assert_eq!((&changed["country"], &changed["state"]), (&"SE".into(), &"suspended".into()));
}
