//! A damaged store: it hides nothing that is not damaged itself.

use crate::kit::{Org, note, watchfire};

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
    let sql = "UPDATE portion_set SET sealed = CAST(substr(sealed, 2) || x'00' AS BLOB) WHERE manifest = 1";
    assert_eq!(conn.execute(sql, []).unwrap(), 1);
    drop(conn);
    gb.start().await;
    let answer = gb.run(&["--as", "ana", "assess", "list"]).await;
    let listed: Vec<_> = answer.lines().iter().map(|l| l["assessment"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, [whole]);
    assert_ne!(answer.code, 0);
    let error = &answer.stderr;
    assert!(error.contains("STORE_CORRUPT") && error.contains(&torn) && error.contains("restore a backup"), "{error}");
    let shown = watchfire(&gb.dir, &["--as", "ana", "assess", "list"]).await;
    assert!(shown.stdout.contains("The one that can be read") && shown.stderr.contains(&torn), "{}", shown.stderr);
    // Nothing is built upon it.
    let refused = gb.author().await.try_publish(&note("Another", "BF")).await;
    assert_eq!(refused.unwrap_err().code(), tonic::Code::DataLoss);
}
