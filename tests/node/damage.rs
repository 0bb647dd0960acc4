//! A damaged store: it hides nothing that is not damaged itself.

use crate::kit::{Answer, Org, note, pair, watchfire};

/// The assessments of a list, and whether an error comes after them.
fn told(answer: &Answer) -> (Vec<String>, bool) {
    let lines = answer.lines();
    let listed = lines.iter().filter_map(|l| l["assessment"].as_str().map(str::to_owned)).collect();
    (listed, lines.last().is_some_and(|l| l["error"].is_object()))
}

#[tokio::test]
async fn a_list_shows_what_can_be_read_and_names_what_can_not() {
    let root = tempfile::tempdir().unwrap();
    let mut gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    gb.start().await;
    let mut author = gb.author().await;
    let torn = author.publish(&note("The torn one", "NG")).await;
    let whole = author.publish(&note("The one that can be read", "BF")).await;
    gb.kill().await;
    let conn = rusqlite::Connection::open(gb.dir.join("store.db")).unwrap();
    for table in ["portion_set SET", "title SET"] {
        let key = if table.starts_with("title") { "portion_set" } else { "manifest" };
        let sql = format!("UPDATE {table} sealed = CAST(substr(sealed, 2) || x'00' AS BLOB) WHERE {key} = 1");
        assert_eq!(conn.execute(&sql, []).unwrap(), 1);
    }
    drop(conn);
    gb.start().await;
    let answer = gb.run(&["--as", "ana", "assess", "list"]).await;
    assert_eq!(told(&answer), (vec![whole], true));
    let error = answer.lines().pop().unwrap()["error"].clone();
    let message = error["message"].as_str().unwrap();
    assert!(error["reason"] == "STORE_CORRUPT" && message.contains(&torn), "{error}");
    assert!(message.contains("restore a backup") && answer.code != 0, "{error}");
    let shown = watchfire(&gb.dir, &["--as", "ana", "assess", "list"]).await;
    assert!(shown.stdout.contains("The one that can be read") && shown.stderr.contains(&torn), "{}", shown.stderr);
    // Nothing is built upon it.
    let refused = gb.author().await.try_publish(&note("Another", "BF")).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::DataLoss);
}

#[tokio::test]
async fn a_torn_release_hides_nothing_but_what_came_by_it() {
    let (gb, mut no) = pair().await;
    let mut author = gb.author().await;
    let torn = author.publish(&note("The torn one", "NG")).await;
    let whole = author.publish(&note("The one that can be read", "BF")).await;
    no.has(gb.domain, &[torn.clone(), whole.clone()]).await;
    no.kill().await;
    let conn = rusqlite::Connection::open(no.dir.join("store.db")).unwrap();
    let envelope: Vec<u8> = conn.query_row("SELECT envelope FROM received WHERE number = 1", [], |r| r.get(0)).unwrap();
    // In the middle of the statement, which is still an envelope.
    let at = envelope.windows(b"no.example".len()).position(|w| w == b"no.example").unwrap();
    let mut changed = envelope.clone();
    changed[at] = 0xff;
    assert_eq!(conn.execute("UPDATE received SET envelope = ?1 WHERE number = 1", [changed]).unwrap(), 1);
    drop(conn);
    no.start().await;
    // A list reads what names an assessment, and not by which ways it came.
    assert_eq!(no.assessments(gb.domain).await, [whole.clone(), torn.clone()]);
    no.ask(&["--as", "ana", "assess", "show", &whole]).await;
    let answer = no.run(&["--as", "ana", "assess", "show", &torn]).await;
    assert!(answer.code != 0 && answer.stdout.contains("STORE_CORRUPT"), "{}", answer.stdout);
}
