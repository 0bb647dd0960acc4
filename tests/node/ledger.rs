//! The ledger as people use it: witnessed by partners, proved to them, exported and verified; and its entries.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::kit::{Org, note, pair, terms, until, watchfire};

/// What a witness holds of a ledger, as the ledger's owner sees it.
async fn witness(owner: &Org, partner: &str) -> Value {
    let head = owner.one(&["--as", "root", "ledger", "head"]).await;
    let all = head["witnesses"].as_array().unwrap().clone();
    all.into_iter().find(|w| w["partner"] == partner).unwrap_or_default()
}

/// Waits until the partner has cosigned a head and this node holds the partner's head.
pub async fn witnessed(owner: &Org, partner: &str) -> Value {
    until(&format!("{partner} has witnessed {}", owner.domain), async || {
        let witness = witness(owner, partner).await;
        let is_seen = |key: &str| witness[key].as_u64().is_some_and(|n| n > 0);
        (is_seen("cosigned_size") && is_seen("held_size")).then_some(witness)
    })
    .await
}

/// The entries that name a word.
async fn entries(org: &Org, about: &str) -> Vec<Value> {
    org.ask(&["--as", "root", "ledger", "list", "--about", about]).await
}

pub async fn alarms(org: &Org) -> Vec<Value> {
    org.ask(&["--as", "root", "ledger", "alarms"]).await
}

/// A pair whose ledgers are signed each second.
pub async fn quick_pair(root: &Path) -> (Org, Org) {
    let mut both = vec![];
    for (domain, country) in [("gb.example", "GB"), ("no.example", "NO")] {
        let mut org = Org::make(root, domain, "state", Some(country)).await;
        org.environment = vec![("WATCHFIRE_LEDGER_INTERVAL_SECONDS", "1".into())];
        org.start().await;
        both.push(org);
    }
    let (no, gb) = (both.pop().unwrap(), both.pop().unwrap());
    no.accept(&gb, &gb.peer).await;
    gb.accept(&no, &no.peer).await;
    gb.agree(&no, &terms(gb.domain, no.domain, "")).await;
    (gb, no)
}

#[tokio::test]
async fn partners_witness_each_other_and_check_each_others_proofs() {
    let root = tempfile::tempdir().unwrap();
    let (gb, no) = quick_pair(root.path()).await;
    let witness = witnessed(&gb, "no.example").await;
    witnessed(&no, "gb.example").await;
    assert!(witness["key"].as_str().unwrap().starts_with("no.example/ledger+"));
    let id = gb.author().await.publish(&note("A headline", "NG")).await;
    no.has(gb.domain, std::slice::from_ref(&id)).await;
    let published = entries(&gb, "published").await.pop().unwrap();
    let (index, manifest) = (published["index"].to_string(), published["event"]["manifest"].as_str().unwrap());
    assert_eq!(published["event"]["assessment"], json!(id));
    let proof = until("a checkpoint covers the entry", async || {
        let answer = gb.run(&["--as", "root", "ledger", "prove", &index]).await;
        (answer.code == 0).then_some(answer.stdout)
    })
    .await;
    // Several entries name the manifest.
    let several = gb.run(&["--as", "root", "ledger", "prove", &manifest[..12]]).await;
    assert_eq!((several.code, several.reason().as_str()), (1, "CONFLICT"), "{}", several.stdout);
    // An id may begin with digits only, so a number that is not an index is also searched as an id.
    let unknown = gb.run(&["--as", "root", "ledger", "prove", "349426274129"]).await;
    assert!(unknown.reason() == "NOT_FOUND" && unknown.stdout.contains("no entry names that"), "{}", unknown.stdout);
    assert!(!proof.contains("no.example/ledger"), "a proof for anybody names no witness");
    // Under a head that the partner has cosigned itself.
    let own = gb.run(&["--as", "root", "ledger", "prove", "0", "--for", "no.example"]).await.stdout;
    let checked = no.one(&["--as", "root", "ledger", "check", &no.file("own.json", &own)]).await;
    assert_eq!((&checked["head_known"], &checked["witnesses"][0]["name"]), (&json!(true), &json!("no.example/ledger")));
    let file = no.file("proof.json", &proof);
    let checked = no.one(&["--as", "root", "ledger", "check", &file]).await;
    assert_eq!((&checked["ok"], &checked["key_known"]), (&json!(true), &json!(true)));
    assert_eq!(checked["event"]["assessment"], json!(id));
    let forged = no.file("forged.json", &proof.replace("published", "dublished"));
    let refused = no.run(&["--as", "root", "ledger", "check", &forged]).await;
    assert_eq!((refused.code, refused.reason().as_str()), (6, "DIGEST_NOT_LISTED"));
    // No other node is needed.
    let nowhere = tempfile::tempdir().unwrap();
    let offline = watchfire(nowhere.path(), &["--json", "ledger", "check", &file]).await;
    assert_eq!((offline.code, &offline.lines()[0]["key_known"]), (0, &Value::Null), "{}", offline.stderr);
    assert_eq!(entries(&gb, "ledger-proved").await.len(), 2);
    assert_eq!(alarms(&gb).await.len() + alarms(&no).await.len(), 0);
    let analyst = gb.run(&["--as", "ana", "ledger", "list"]).await;
    assert_eq!((analyst.code, analyst.reason().as_str()), (5, "ROLE_REQUIRED"));
}

#[tokio::test]
async fn a_ledger_grows_by_the_quantum_and_verifies_at_the_node_and_as_an_export() {
    let root = tempfile::tempdir().unwrap();
    let (gb, _no) = quick_pair(root.path()).await;
    let head = gb.one(&["--as", "root", "ledger", "head"]).await;
    let size = head["size"].as_u64().unwrap();
    assert!(size > 0 && size % 8 == 0, "{size}");
    let later = until("the ledger grows by itself", async || {
        let later = gb.one(&["--as", "root", "ledger", "head"]).await["size"].as_u64().unwrap();
        (later > size + 8).then_some(later)
    })
    .await;
    assert_eq!(later % 8, 0);
    let verified = gb.one(&["--as", "root", "ledger", "verify"]).await;
    assert_eq!((&verified["ok"], &verified["fault"]), (&json!(true), &Value::Null));
    assert!(verified["size"].as_u64().unwrap() >= later);
    let export = gb.place("export.txt");
    gb.ask(&["--as", "olu", "ledger", "export", "--out", &export]).await;
    let nowhere = tempfile::tempdir().unwrap();
    let verify = async |path: &str| watchfire(nowhere.path(), &["--json", "ledger", "verify", path]).await;
    let good = verify(&export).await;
    assert_eq!((good.code, &good.lines()[0]["ok"]), (0, &json!(true)), "{}", good.stderr);
    let text = std::fs::read_to_string(&export).unwrap();
    let changed = gb.file("changed.txt", &text.replace("sign", "Sign"));
    let bad = verify(&changed).await;
    let outcome = &bad.lines()[0];
    assert_eq!((bad.code, bad.lines().len(), &outcome["ok"]), (6, 1, &json!(false)), "{}", bad.stdout);
    let index = outcome["fault"]["index"].as_u64().unwrap();
    assert!(outcome["fault"]["what"].as_str().unwrap().contains(&format!("entry {index}")), "{outcome}");
    let cut = gb.file("cut.txt", &text[..text.len() / 2]);
    assert_eq!(verify(&cut).await.code, 6);
    assert!(!entries(&gb, "ledger-exported").await.is_empty());
}

#[tokio::test]
async fn a_store_that_was_tampered_with_is_named_by_its_entry() {
    let root = tempfile::tempdir().unwrap();
    let mut gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    gb.start().await;
    gb.one(&["--as", "root", "ledger", "head"]).await;
    gb.kill().await;
    let conn = rusqlite::Connection::open(gb.dir.join("store.db")).unwrap();
    let sql = "UPDATE ledger SET leaf = zeroblob(32) WHERE number = 1";
    assert_eq!(conn.execute(sql, []).unwrap(), 1);
    drop(conn);
    gb.start().await;
    let answer = gb.run(&["--as", "root", "ledger", "verify"]).await;
    assert_eq!(answer.code, 6);
    assert_eq!(answer.lines()[0]["fault"]["index"], 1, "{}", answer.stdout);
}

#[tokio::test]
async fn what_persons_did_is_on_record() {
    let (gb, no) = pair().await;
    let id = gb.author().await.publish(&note("A headline", "NG")).await;
    no.has(gb.domain, std::slice::from_ref(&id)).await;
    no.ask(&["--as", "ana", "assess", "show", &id]).await;
    let agreement = gb.ask(&["--as", "root", "agreement", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    gb.ask(&["--as", "root", "agreement", "export", &agreement, "--out", &gb.place("agreement.txt")]).await;
    let by = async |org: &Org, event: &str, who: &str| {
        let found = entries(org, event).await;
        // `--about` finds the word anywhere in an entry.
        let found = found.iter().filter(|e| e["event"]["event"] == event);
        let theirs = found.filter(|e| e["event"]["by"].as_str().is_some_and(|by| by.ends_with(who)));
        theirs.inspect(|e| assert_eq!(e["event"]["signed_in"], "certificate", "{e}")).count()
    };
    // Each once, however many commands they ran.
    assert_eq!(by(&gb, "signed-in", "/admin/root").await, 1);
    assert_eq!(by(&gb, "signed-in", "/analyst/ana").await, 1);
    assert_eq!(by(&gb, "agreement-approved", "/admin/root").await, 1);
    assert_eq!(by(&gb, "invitation-written", "/admin/root").await, 1);
    assert_eq!(by(&gb, "agreement-exported", "/admin/root").await, 1);
    assert_eq!(by(&no, "read", "/analyst/ana").await, 1);
    assert_eq!(by(&no, "partner-changed", "/admin/root").await, 1);
}

#[tokio::test]
async fn a_node_without_a_ledger_key_makes_one_and_partners_are_alarmed_by_another() {
    let root = tempfile::tempdir().unwrap();
    let (mut gb, no) = quick_pair(root.path()).await;
    witnessed(&gb, "no.example").await;
    gb.kill().await;
    std::fs::remove_file(gb.dir.join("node/ledger.key")).unwrap();
    gb.start().await;
    assert!(mode(&gb.dir.join("node/ledger.key")) == 0o600);
    let alarm = until("the partner finds the other key", async || {
        alarms(&no).await.into_iter().find(|a| a["kind"] == "key-changed")
    })
    .await;
    assert_eq!((alarm["partner"].as_str(), alarm["evidence"].as_array().unwrap().len()), (Some("gb.example"), 2));
    assert!(no.log().contains("ALARM: its ledger"));
    let doctor = no.run(&["doctor"]).await;
    assert!(doctor.code == 1 && doctor.stdout.contains("key-changed"), "{}", doctor.stdout);
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
