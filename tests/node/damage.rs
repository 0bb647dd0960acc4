//! A damaged store: damage hides nothing that is not damaged itself.

use std::fs;

use crate::kit::{Answer, Org, note, pair, terms, until, watchfire};

/// Stops a node, changes its store, and starts it again.
async fn tear(org: &mut Org, sql: &str) {
    org.kill().await;
    let conn = rusqlite::Connection::open(org.dir.join("store.db")).unwrap();
    assert!(conn.execute(sql, []).unwrap() > 0, "{sql}");
    drop(conn);
    org.start().await;
}

/// The text of an alarm about damage that begins with these words.
async fn alarm(org: &Org, thing: &str) -> String {
    until(&format!("an alarm about {thing}"), async || {
        let all = org.ask(&["--as", "root", "ledger", "alarms"]).await;
        let mut said = all.iter().filter(|a| a["kind"] == "damage").filter_map(|a| a["message"].as_str());
        said.find(|what| what.starts_with(thing)).map(str::to_owned)
    })
    .await
}

/// A state that gives everything to two others.
async fn three() -> (Org, Org, Org, String) {
    let (gb, no) = pair().await;
    let fr = Org::found("fr.example", "state", Some("FR")).await;
    fr.accept(&gb, &gb.peer).await;
    gb.accept(&fr, &fr.peer).await;
    let id = gb.agree(&fr, &terms(gb.domain, fr.domain, "")).await;
    (gb, no, fr, id)
}

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
    // Everything else continues, and an alarm says what to do.
    gb.author().await.publish(&note("Another", "BF")).await;
    let what = alarm(&gb, "the version of an assessment with manifest").await;
    assert!(what.contains("restore a backup"), "{what}");
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
    // In the middle of the statement, so that it is still an envelope.
    let at = envelope.windows(b"no.example".len()).position(|w| w == b"no.example").unwrap();
    let mut changed = envelope.clone();
    changed[at] = 0xff;
    assert_eq!(conn.execute("UPDATE received SET envelope = ?1 WHERE number = 1", [changed]).unwrap(), 1);
    drop(conn);
    no.start().await;
    // A list reads the naming portions of an assessment, and not the ways by which it came.
    assert_eq!(no.assessments(gb.domain).await, [whole.clone(), torn.clone()]);
    no.ask(&["--as", "ana", "assess", "show", &whole]).await;
    let answer = no.run(&["--as", "ana", "assess", "show", &torn]).await;
    assert!(answer.code != 0 && answer.stdout.contains("STORE_CORRUPT"), "{}", answer.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_agreement_closes_its_partner_until_it_is_imported_again() {
    let (mut gb, no, fr, id) = three().await;
    let first = gb.author().await.publish(&note("For both", "BF")).await;
    no.has(gb.domain, std::slice::from_ref(&first)).await;
    fr.has(gb.domain, std::slice::from_ref(&first)).await;
    tear(&mut gb, &format!("UPDATE agreement SET standing = x'00ff' WHERE id = x'{id}'")).await;
    let what = alarm(&gb, &format!("agreement {id} with fr.example")).await;
    assert!(what.contains("import"), "{what}");
    let second = gb.author().await.publish(&note("After the damage", "BF")).await;
    no.has(gb.domain, &[first.clone(), second.clone()]).await;
    assert_eq!(fr.assessments(gb.domain).await, std::slice::from_ref(&first), "it is closed");
    let listed = gb.ask(&["--as", "root", "partner", "list"]).await;
    let state = |of: &str| listed.iter().find(|p| p["domain"] == of).unwrap()["state"].clone();
    assert!(state("fr.example") == "damaged" && state("no.example") == "active", "{listed:?}");
    let resumed = gb.run(&["--as", "root", "partner", "resume", "fr.example"]).await;
    assert!(resumed.code != 0 && resumed.stdout.contains("import"), "{}", resumed.stdout);
    // The solution that the alarm names.
    let file = fr.place("agreement.txt");
    fr.ask(&["--as", "root", "agreement", "export", &id, "--out", &file]).await;
    gb.ask(&["--as", "root", "agreement", "import", &file]).await;
    gb.ask(&["--as", "root", "agreement", "sign", &id]).await;
    gb.agreement(&id, "in-force").await;
    let third = gb.author().await.publish(&note("Once it is mended", "BF")).await;
    until("what comes from then on arrives", async || fr.assessments(gb.domain).await.contains(&third).then_some(()))
        .await;
    let open = gb.ask(&["--as", "root", "ledger", "alarms"]).await;
    assert!(open.iter().filter(|a| a["kind"] == "damage").all(|a| a["open"] == false), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_partner_is_closed_until_it_is_invited_again() {
    let (mut gb, no, fr, _) = three().await;
    tear(
        &mut gb,
        "UPDATE partner SET roots = x'00ff' WHERE peer = (SELECT number FROM peer WHERE domain = 'fr.example')",
    )
    .await;
    let what = alarm(&gb, "what is known of fr.example").await;
    assert!(what.contains("invitation"), "{what}");
    let first = gb.author().await.publish(&note("While it is closed", "BF")).await;
    no.has(gb.domain, std::slice::from_ref(&first)).await;
    assert_eq!(fr.assessments(gb.domain).await, [] as [String; 0]);
    gb.accept(&fr, &fr.peer).await;
    let second = gb.author().await.publish(&note("Once it is mended", "BF")).await;
    until("what comes from then on arrives", async || fr.assessments(gb.domain).await.contains(&second).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_revocation_closes_its_partner_until_it_is_invited_again() {
    let (mut gb, no, fr, _) = three().await;
    fr.ask(&["person", "add", "eve", "--role", "analyst"]).await;
    fr.ask(&["person", "revoke", "eve"]).await;
    let held = async || {
        let count =
            "SELECT count(*) FROM revocation WHERE peer = (SELECT number FROM peer WHERE domain = 'fr.example')";
        let conn = rusqlite::Connection::open(gb.dir.join("store.db")).unwrap();
        (conn.query_row(count, [], |r| r.get::<_, i64>(0)).unwrap() > 0).then_some(())
    };
    until("the revocation is known", held).await;
    let of_fr = "peer = (SELECT number FROM peer WHERE domain = 'fr.example')";
    tear(&mut gb, &format!("UPDATE revocation SET sealed = x'00ff' WHERE {of_fr}")).await;
    alarm(&gb, "revocations of fr.example's certificates").await;
    let first = gb.author().await.publish(&note("While it is closed", "BF")).await;
    no.has(gb.domain, std::slice::from_ref(&first)).await;
    assert_eq!(fr.assessments(gb.domain).await, [] as [String; 0]);
    gb.accept(&fr, &fr.peer).await;
    let second = gb.author().await.publish(&note("Once it is mended", "BF")).await;
    until("what comes from then on arrives", async || fr.assessments(gb.domain).await.contains(&second).then_some(()))
        .await;
}

#[tokio::test]
async fn without_its_own_revocations_a_node_starts_only_on_an_administrator_s_word() {
    let root = tempfile::tempdir().unwrap();
    let mut gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    gb.start().await;
    gb.ask(&["person", "add", "eve", "--role", "analyst"]).await;
    gb.ask(&["person", "revoke", "eve"]).await;
    let store = gb.dir.join("store.db");
    until("the revocation is kept", async || {
        let conn = rusqlite::Connection::open(&store).unwrap();
        let count = "SELECT count(*) FROM revocation";
        (conn.query_row(count, [], |r| r.get::<_, i64>(0)).unwrap() > 0).then_some(())
    })
    .await;
    gb.kill().await;
    let conn = rusqlite::Connection::open(&store).unwrap();
    assert!(conn.execute("UPDATE revocation SET sealed = x'00ff'", []).unwrap() > 0);
    drop(conn);
    let said = gb.try_start().await.unwrap_err();
    assert!(said.contains("serve --forget-damaged-revocations"), "{said}");
    let mut once = tokio::process::Command::new(env!("CARGO_BIN_EXE_watchfire"))
        .arg("--dir")
        .arg(&gb.dir)
        .args(["serve", "--forget-damaged-revocations"])
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    until("it runs", async || gb.try_connect("admin-root").await.ok()).await;
    once.kill().await.unwrap();
    gb.start().await;
    // This organisation's own list has it all the same.
    let people = gb.ask(&["--as", "root", "person", "list"]).await;
    let eve = people.iter().find(|p| p["id"] == "spiffe://gb.example/analyst/eve").unwrap();
    assert!(eve["certificates"].as_array().unwrap().iter().all(|c| c["revoked"] == true), "{eve}");
}

#[tokio::test(flavor = "multi_thread")]
async fn torn_house_rules_let_nothing_out_until_somebody_says_what_they_are() {
    let (mut gb, no) = pair().await;
    let rule = "@id(\"no-limitations\")\n@reason(\"limitations stay in the house\")\n\
                forbid (principal, action, resource)\nwhen { context.kind == \"limitation\" };\n";
    fs::create_dir_all(gb.dir.join("rules")).unwrap();
    fs::write(gb.dir.join("rules/a.cedar"), rule).unwrap();
    let in_force = async |org: &Org, version: u64| {
        until("rules are in force", async || {
            let said = org.one(&["--as", "root", "policy", "rules"]).await;
            (said["in_force"] == version).then_some(())
        })
        .await;
    };
    in_force(&gb, 1).await;
    tear(&mut gb, "UPDATE house_rules SET sealed = x'00ff'").await;
    let what = alarm(&gb, "version 1 of the house rules").await;
    assert!(what.contains("a comment is enough"), "{what}");
    let first = gb.author().await.publish(&note("While nobody knows the rules", "BF")).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(no.assessments(gb.domain).await, [] as [String; 0]);
    fs::write(gb.dir.join("rules/a.cedar"), format!("// Looked through.\n{rule}")).unwrap();
    in_force(&gb, 2).await;
    let alarms = gb.ask(&["--as", "root", "ledger", "alarms"]).await;
    assert!(alarms.iter().filter(|a| a["kind"] == "damage").all(|a| a["open"] == false), "{alarms:?}");
    let second = gb.author().await.publish(&note("Once they are known", "BF")).await;
    until("what comes from then on arrives", async || no.assessments(gb.domain).await.contains(&second).then_some(()))
        .await;
    let _ = first;
}

#[tokio::test(flavor = "multi_thread")]
async fn torn_content_holds_up_nothing_that_is_due() {
    let (mut gb, mut no) = pair().await;
    no.kill().await;
    let mut author = gb.author().await;
    let torn = author.publish(&note("Torn before it goes", "BF")).await;
    let whole = author.publish(&note("It goes all the same", "BF")).await;
    tear(&mut gb, "UPDATE portion_set SET sealed = x'00ff' WHERE manifest = 1").await;
    no.start().await;
    no.has(gb.domain, std::slice::from_ref(&whole)).await;
    alarm(&gb, "the version of an assessment with manifest").await;
    let next = gb.author().await.publish(&note("And what comes later", "BF")).await;
    no.has(gb.domain, &[whole, next]).await;
    let shown = gb.run(&["--as", "ana", "assess", "show", &torn]).await;
    assert!(shown.code != 0 && shown.stdout.contains("STORE_CORRUPT"), "{}", shown.stdout);
    // It is not read at a start, so the alarm stays; and it can be recalled.
    gb.kill().await;
    gb.start().await;
    let alarms = gb.ask(&["--as", "root", "ledger", "alarms"]).await;
    assert!(alarms.iter().any(|a| a["kind"] == "damage" && a["open"] == true), "{alarms:?}");
    gb.ask(&["--as", "olu", "assess", "recall", &torn, "--withdraw", "--reason", "it can't be read"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_entry_is_torn_may_do_nothing_and_the_others_may() {
    let root = tempfile::tempdir().unwrap();
    let mut gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    gb.start().await;
    gb.ask(&["--as", "ana", "assess", "list"]).await;
    let id = hex::encode(ring::digest::digest(&ring::digest::SHA256, b"spiffe://gb.example/analyst/ana"));
    tear(&mut gb, &format!("UPDATE person SET sealed = x'00ff' WHERE id = x'{id}'")).await;
    alarm(&gb, &format!("the register's entry {id}")).await;
    let refused = gb.run(&["--as", "ana", "assess", "list"]).await;
    assert!(refused.code != 0 && refused.stdout.contains("your entry in the register"), "{}", refused.stdout);
    let listed = gb.ask(&["--as", "root", "person", "list"]).await;
    let ana = listed.iter().find(|p| p["id"] == "spiffe://gb.example/analyst/ana").unwrap();
    assert_eq!(ana["state"], "unknown", "her files are there: {ana}");
}
