//! A recalled assessment is gone from readers wherever it went, even if nodes were offline or killed meanwhile, and its originator sees who has
//! confirmed it.

use std::{path::Path, time::Duration};

use serde_json::Value;

use crate::kit::{Org, note, pair, pair_by, until};

/// The holders of an assessment, as the originator's officer sees them.
pub async fn holders(org: &Org, id: &str) -> Vec<Value> {
    org.ask(&["--as", "olu", "assess", "holders", id]).await
}

/// Waits until a holder is in that state.
pub async fn holder(org: &Org, id: &str, name: &str, state: &str) -> Value {
    until(&format!("{name} is {state}"), async || {
        holders(org, id).await.into_iter().find(|h| h["holder"] == name && h["state"] == state)
    })
    .await
}

pub async fn recall(org: &Org, id: &str, how: &str) -> Value {
    org.one(&["--as", "olu", "--yes", "assess", "recall", id, how, "--reason", "the source was wrong"]).await
}

pub async fn publish(org: &Org, text: &str) -> String {
    let draft = org.file("draft.toml", text);
    let published = org.one(&["--as", "ana", "assess", "publish", &draft]).await;
    published["assessment"].as_str().unwrap().to_owned()
}

async fn shown(org: &Org, id: &str) -> Value {
    org.one(&["--as", "ana", "assess", "show", id]).await
}

/// Whether a text is in any file of the directory.
fn stands_in(dir: &Path, text: &str) -> bool {
    let found = |path: &Path| std::fs::read(path).is_ok_and(|b| b.windows(text.len()).any(|w| w == text.as_bytes()));
    std::fs::read_dir(dir).unwrap().flatten().any(|e| e.path().is_file() && found(&e.path()))
}

const TWO_OFFICERS: &str = "";
const BY_ITSELF: &str = "\n[duties]\npurge_on_recall = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_seals_and_its_originator_sees_it_confirmed() {
    let (gb, no) = pair().await;
    let id = publish(&gb, &note("a secret thing", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let held = holder(&gb, &id, "no.example", "held").await;
    assert!(held["versions"][0]["stored"].is_string() && held["versions"][0]["portions"] == 3, "{held}");
    let mut follow = no.connect("analyst-ana").await;
    let request = watchfire::wire::proto::FollowFeedRequest {
        partner: "gb.example".into(),
        new_only: true,
        ..Default::default()
    };
    let mut items = follow.assessments.follow_feed(request).await.unwrap().into_inner();
    // The first response names the place from which everything is new.
    assert_eq!(items.message().await.unwrap().unwrap().item, None);

    // Only an officer may recall, only an assessment of their own organisation, and with a reason.
    let refused = gb.run(&["--as", "ana", "assess", "recall", &id, "--withdraw", "--reason", "x"]).await;
    assert_eq!((refused.code, refused.reason().as_str()), (5, "ROLE_REQUIRED"), "{}", refused.stdout);
    let refused = no.run(&["--as", "olu", "assess", "recall", &id, "--withdraw", "--reason", "x"]).await;
    assert_eq!((refused.code, refused.reason().as_str()), (5, "WRONG_DOMAIN"), "{}", refused.stdout);
    assert_eq!(gb.run(&["--as", "olu", "assess", "recall", &id, "--withdraw"]).await.code, 2);
    let told = recall(&gb, &id, "--withdraw").await;
    assert_eq!(told["told"][0], "no.example", "{told}");
    let confirmed = holder(&gb, &id, "no.example", "confirmed").await;
    assert_eq!((&confirmed["answer"]["kind"], &confirmed["recall"]), (&"withdrawn".into(), &"withdraw".into()));

    let item = tokio::time::timeout(Duration::from_secs(5), items.message()).await.unwrap().unwrap().unwrap();
    let item = item.item.unwrap();
    assert_eq!((item.kind.as_str(), item.state.as_str()), ("recall", "withdrawn"));
    assert_eq!(hex::encode(&item.assessment_id), id);
    for org in [&gb, &no] {
        let seen = shown(org, &id).await;
        assert_eq!((&seen["state"], seen["portions"].as_array().unwrap().len()), (&"withdrawn".into(), 0), "{seen}");
        assert_eq!(seen["recall"]["reason"], "the source was wrong");
        let row = &org.ask(&["--as", "ana", "assess", "list"]).await[0];
        assert_eq!((&row["state"], &row["headline"]), (&"withdrawn".into(), &Value::Null), "{row}");
        let words = crate::kit::watchfire(&org.dir, &["--as", "ana", "assess", "show", &id]).await.stdout;
        assert!(words.contains("gb.example has recalled it") && !words.contains("secret"), "{words}");
        // The bytes stay for oversight. Only officers may look at them.
        let sealed = org.one(&["--as", "olu", "assess", "show", &id, "--quarantined"]).await;
        assert_eq!(sealed["portions"].as_array().unwrap().len(), 3, "{sealed}");
        let nosy = org.run(&["--as", "ana", "assess", "show", &id, "--quarantined"]).await;
        assert_eq!(nosy.reason(), "ROLE_REQUIRED");
        let explained = org.one(&["--as", "ana", "policy", "explain", &id]).await;
        assert!(!explained.to_string().contains("secret"), "{explained}");
    }
    // It is closed permanently.
    let again = gb.run(&["--as", "olu", "assess", "recall", &id, "--withdraw", "--reason", "again"]).await;
    assert_eq!((again.code, again.reason().as_str()), (1, "RECALLED"), "{}", again.stdout);
    let draft = gb.file("draft.toml", &note("a better thing", "BF"));
    let later = gb.run(&["--as", "ana", "assess", "correct", &id, &draft]).await;
    assert_eq!((later.code, later.reason().as_str()), (1, "RECALLED"), "{}", later.stdout);
    assert_eq!(no.run(&["--as", "ana", "assess", "acknowledge", &id]).await.reason(), "RECALLED");
    // A purge may follow. It waits for two officers, because no agreement gives the right.
    recall(&gb, &id, "--purge").await;
    holder(&gb, &id, "no.example", "awaiting-approval").await;
    assert_eq!(shown(&gb, &id).await["state"], "purged");
    assert_eq!(shown(&no, &id).await["state"], "withdrawn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_destroys_key_and_content_and_leaves_the_rest() {
    const CANARY: &str = "canary-of-the-purge";
    let (mut gb, mut no, _) = pair_by(async |gb: &Org| gb.peer.clone(), BY_ITSELF).await;
    let (gone, stays) = (publish(&gb, &note(CANARY, "BF")).await, publish(&gb, &note("stays", "BF")).await);
    no.has("gb.example", &[gone.clone(), stays.clone()]).await;
    let unsure = gb.run(&["--as", "olu", "assess", "recall", &gone, "--purge", "--reason", "x"]).await;
    assert_eq!((unsure.code, unsure.reason().as_str()), (1, "NOT_CONFIRMED"));
    recall(&gb, &gone, "--purge").await;
    holder(&gb, &gone, "no.example", "confirmed").await;
    for org in [&gb, &no] {
        let seen = shown(org, &gone).await;
        assert_eq!((&seen["state"], seen["portions"].as_array().unwrap().len()), (&"purged".into(), 0), "{seen}");
        let sealed = org.one(&["--as", "olu", "assess", "show", &gone, "--quarantined"]).await;
        assert!(sealed["portions"].as_array().unwrap().is_empty(), "{sealed}");
        assert_eq!(shown(org, &stays).await["portions"].as_array().unwrap().len(), 3);
        // The log, which contained the earlier pages, was truncated.
        until("the log is emptied of it", async || {
            let log = std::fs::read(org.dir.join("store.db-wal")).unwrap_or_default();
            (log.len() < 200_000).then_some(())
        })
        .await;
    }
    for org in [&mut gb, &mut no] {
        org.kill().await;
        assert!(!stands_in(&org.dir, CANARY), "{}", org.domain);
        let db = rusqlite::Connection::open(org.dir.join("store.db")).unwrap();
        let count = |sql: &str| db.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM assessment WHERE wrapped IS NULL"), 1);
        assert_eq!(count("SELECT count(*) FROM portion_set"), 1, "only that of the other one");
        assert_eq!(count("SELECT count(*) FROM manifest WHERE state = 'purged'"), 1, "the tombstone");
        assert_eq!(count("SELECT count(*) FROM meta WHERE name = 'scrub'"), 0);
        drop(db);
        org.start().await;
        assert_eq!(shown(org, &gone).await["state"], "purged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_right_two_officers_of_the_holder_decide() {
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), TWO_OFFICERS).await;
    no.one(&["person", "add", "ola", "--role", "officer"]).await;
    let [one, other] = [publish(&gb, &note("one", "BF")).await, publish(&gb, &note("other", "BF")).await];
    no.has("gb.example", &[one.clone(), other.clone()]).await;
    recall(&gb, &one, "--purge").await;
    recall(&gb, &other, "--purge").await;
    holder(&gb, &one, "no.example", "awaiting-approval").await;
    holder(&gb, &other, "no.example", "awaiting-approval").await;
    assert_eq!(shown(&no, &one).await["state"], "withdrawn", "it is sealed at once");
    assert_eq!(no.ask(&["--as", "olu", "assess", "purge", "--list"]).await.len(), 2);
    let doctor = no.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("asks for a purge"), "{}", doctor.stdout);

    let purge =
        async |who: &str, more: &[&str]| no.run(&[&["--as", who, "--yes", "assess", "purge"], more].concat()).await;
    for who in ["ana", "root"] {
        assert_eq!(purge(who, &[&one]).await.reason(), "ROLE_REQUIRED");
    }
    let first = purge("olu", &[&one]).await;
    assert_eq!(first.lines()[0]["state"], "awaiting-approval", "{}", first.stdout);
    assert_eq!(purge("olu", &[&one]).await.reason(), "SECOND_PERSON_REQUIRED");
    holder(&gb, &one, "no.example", "awaiting-approval").await;
    assert_eq!(purge("ola", &[&one[..8]]).await.lines()[0]["state"], "purged");
    holder(&gb, &one, "no.example", "confirmed").await;
    assert_eq!(shown(&no, &one).await["state"], "purged");

    let declined = purge("ola", &[&other, "--decline", "a court has asked for it"]).await;
    assert_eq!(declined.lines()[0]["state"], "declined", "{}", declined.stdout);
    let seen = holder(&gb, &other, "no.example", "declined").await;
    assert_eq!(seen["answer"]["text"], "a court has asked for it", "{seen}");
    assert_eq!(shown(&no, &other).await["state"], "withdrawn");
    assert!(!gb.log().contains("a court") && !no.log().contains("a court"));
    // An administrator sees that it was declined, and not what people wrote.
    let seen = gb.ask(&["--as", "root", "assess", "holders", &other]).await;
    assert!(!seen[0].to_string().contains("a court"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_gets_the_recall_before_anything_else() {
    let (gb, mut no) = pair().await;
    let id = publish(&gb, &note("wrong", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    holder(&gb, &id, "no.example", "held").await;
    no.kill().await;
    let mut after = vec![];
    for i in 0..30 {
        after.push(publish(&gb, &note(&format!("after, {i}"), "BF")).await);
    }
    recall(&gb, &id, "--withdraw").await;
    let away = holder(&gb, &id, "no.example", "unreachable").await;
    assert!(away["since"].is_string(), "{away}");
    no.start().await;
    holder(&gb, &id, "no.example", "confirmed").await;
    no.has("gb.example", &[std::slice::from_ref(&id), &after[..]].concat()).await;
    let taken = no.one(&["--as", "olu", "assess", "recall", "--list"]).await;
    let mut follow = no.connect("analyst-ana").await;
    let request =
        watchfire::wire::proto::FollowFeedRequest { partner: String::new(), new_only: false, ..Default::default() };
    let mut items = follow.assessments.follow_feed(request).await.unwrap().into_inner();
    let changed: watchfire::domain::time::Time = taken["changed"].as_str().unwrap().parse().unwrap();
    let mut later = 0;
    while later < after.len() {
        let item = items.message().await.unwrap().unwrap().item.unwrap();
        if item.sequence > 1 {
            let at = watchfire::wire::field::time("received", item.received).unwrap();
            assert!(at > changed, "number {} came before the recall", item.sequence);
            later += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_numbered_and_never_came_goes_as_a_void_and_what_was_queued_goes_never() {
    let (gb, mut no) = pair().await;
    let first = publish(&gb, &note("first", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&first)).await;
    no.kill().await;
    let queued = publish(&gb, &note("queued", "BF")).await;
    recall(&gb, &queued, "--purge").await;
    no.start().await;
    let last = publish(&gb, &note("last", "BF")).await;
    no.has("gb.example", &[first, last]).await;
    assert_eq!(gb.feed("no.example", "out").await["last_sequence"], 2);
    assert!(holders(&gb, &queued).await.is_empty(), "nobody was given any of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_takes_the_place_and_whoever_gets_nothing_of_it_is_named() {
    let (gb, no) = pair().await;
    let id = publish(&gb, &note("first words", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let correct = async |text: &str| {
        let draft = gb.file("draft.toml", text);
        gb.one(&["--as", "ana", "assess", "correct", &id[..8], &draft]).await
    };
    let second = correct(&note("second words", "BF")).await;
    assert_eq!((&second["assessment"], &second["version"]), (&id.clone().into(), &2.into()), "{second}");
    assert!(second["left_behind"].as_array().unwrap().is_empty());
    until("the correction is read there", async || (shown(&no, &id).await["version"] == 2).then_some(())).await;
    let before = no.one(&["--as", "ana", "assess", "show", &id, "--version", "1"]).await;
    assert_eq!(before["state"], "superseded");
    // It is about the partner itself, so the partner gets nothing of it.
    let draft = gb.file("draft.toml", &note("third words", "NO"));
    let third = gb.one(&["--as", "ana", "assess", "correct", &id, &draft]).await;
    assert_eq!((&third["version"], &third["left_behind"][0]["partner"]), (&3.into(), &"no.example".into()), "{third}");
    assert_eq!(third["left_behind"][0]["version"], 2);
    let draft = gb.file("draft.toml", &note("fourth words", "NO"));
    let words = crate::kit::watchfire(&gb.dir, &["--as", "ana", "assess", "correct", &id, &draft]).await.stdout;
    assert!(words.contains("no.example holds version 2 and gets nothing of version 4"), "{words}");
    let mine = no.run(&["--as", "ana", "assess", "correct", &id, &no.file("d.toml", &note("mine", "BF"))]).await;
    assert_eq!((mine.code, mine.reason().as_str()), (5, "WRONG_DOMAIN"));
    // A recall concerns all versions.
    recall(&gb, &id, "--withdraw").await;
    holder(&gb, &id, "no.example", "confirmed").await;
    for version in ["1", "2"] {
        assert_eq!(no.one(&["--as", "ana", "assess", "show", &id, "--version", version]).await["state"], "withdrawn");
    }
    assert_eq!(no.ask(&["--as", "ana", "assess", "list"]).await.len(), 1, "the latest version represents all versions");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_copy_may_be_kept_where_others_destroy_theirs() {
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), BY_ITSELF).await;
    let id = publish(&gb, &note("kept here", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let why = ["--purge", "--reason", "it names a person", "--keep-own"];
    gb.one(&[&["--as", "olu", "--yes", "assess", "recall", &id][..], &why].concat()).await;
    holder(&gb, &id, "no.example", "confirmed").await;
    assert_eq!(shown(&no, &id).await["state"], "purged");
    assert_eq!(shown(&gb, &id).await["state"], "withdrawn");
    let sealed = gb.one(&["--as", "olu", "assess", "show", &id, "--quarantined"]).await;
    assert_eq!(sealed["portions"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_completes_whoever_is_killed_whenever() {
    let (mut gb, mut no, _) = pair_by(async |gb: &Org| gb.peer.clone(), BY_ITSELF).await;
    let mut ids = vec![];
    for i in 0..8 {
        ids.push(publish(&gb, &note(&format!("wrong, {i}"), "BF")).await);
    }
    no.has("gb.example", &ids).await;
    for (i, pause) in [0_u64, 5, 15, 30, 60, 100, 150, 250].into_iter().enumerate() {
        let arguments = ["--as", "olu", "--yes", "assess", "recall", &ids[i], "--purge", "--reason", "wrong"];
        let (asked, ()) = tokio::join!(gb.run(&arguments), async {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            no.kill().await;
        });
        // Killed while the answer, the recall or a receipt is in transit.
        tokio::time::sleep(Duration::from_millis(pause)).await;
        gb.kill().await;
        gb.start().await;
        no.start().await;
        if asked.code != 0 {
            let taken = gb.ask(&["--as", "olu", "assess", "recall", "--list"]).await;
            if !taken.iter().any(|t| t["assessment"] == ids[i].as_str()) {
                recall(&gb, &ids[i], "--purge").await;
            }
        }
    }
    for id in &ids {
        holder(&gb, id, "no.example", "confirmed").await;
        assert_eq!(shown(&no, id).await["state"], "purged");
        assert_eq!(shown(&gb, id).await["state"], "purged");
    }
    // Each is reported once.
    assert_eq!(no.ask(&["--as", "olu", "assess", "recall", "--list"]).await.len(), ids.len());
}
