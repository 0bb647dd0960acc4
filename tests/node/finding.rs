//! Words, read marks, saved searches, and what waits for a person: each reader finds what that reader may read, and nobody else learns of it.

use std::path::Path;

use memchr::memmem;

use crate::{
    feed_kit::{Feed, ROGUE},
    kit::{Org, note, pair, pair_by, until, watchfire},
    recall::publish,
};

/// The headlines that a person's list with these options has.
async fn listed(org: &Org, who: &str, options: &[&str]) -> Vec<String> {
    let rows = org.ask(&[&["--as", who, "assess", "list"], options].concat()).await;
    let mut all: Vec<_> = rows.iter().map(|row| row["headline"].as_str().unwrap_or("-").to_owned()).collect();
    all.sort();
    all
}

/// Whether a file of the store has the bytes of a word, in any case.
fn is_on_disk(dir: &Path, word: &str) -> bool {
    let files = ["store.db", "store.db-wal"].map(|file| std::fs::read(dir.join(file)).unwrap_or_default());
    files.iter().any(|bytes| memmem::find(&bytes.to_ascii_lowercase(), word.as_bytes()).is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn words_find_assessments_with_and_without_an_index_and_none_is_on_the_disk() {
    let (mut gb, mut no) = pair().await;
    let nothing = Vec::<String>::new();
    let mut sent = vec![];
    for headline in ["Zèbrelune near Quellbrook", "Zebrelune alone", "Quiet"] {
        sent.push(publish(&gb, &note(headline, "BF")).await);
    }
    no.has(gb.domain, &sent).await;
    for round in 0..3 {
        for org in [&gb, &no] {
            let both = ["Zebrelune alone", "Zèbrelune near Quellbrook"];
            assert_eq!(listed(org, "ana", &["--words", "ZEBRELUNE"]).await, both, "{round}");
            let one = ["Zèbrelune near Quellbrook"];
            assert_eq!(listed(org, "olu", &["--words", "quellbrook zebrelune", "--place", "M49:011"]).await, one);
            assert_eq!(listed(org, "ana", &["--words", "zebrelune", "--words", "quellbrook"]).await, one);
            assert_eq!(listed(org, "ana", &["--words", "zebrelun"]).await, nothing, "words match whole");
            assert_eq!(listed(org, "ana", &["--words", "zebrelune", "--place", "SO"]).await, nothing);
            assert_eq!(
                listed(org, "ana", &["--words", "burkina", "--words", "quiet"]).await,
                ["Quiet"],
                "by a place's name"
            );
            for word in ["quellbrook", "brelune"] {
                assert!(!is_on_disk(&org.dir, word), "{word}");
            }
        }
        // The second round has no index, and says so. The third one makes it again.
        for org in [&mut gb, &mut no] {
            let told = org.run(&["--as", "ana", "assess", "list", "--words", "quiet"]).await.stderr;
            assert_eq!(told.contains("no whole index of words"), round == 1, "{round}: {told}");
            org.kill().await;
            org.environment.retain(|(name, _)| *name != "WATCHFIRE_SEARCH_INDEX");
            if round == 0 {
                org.environment.push(("WATCHFIRE_SEARCH_INDEX", "off".to_owned()));
            }
            org.start().await;
        }
    }
    for wrong in ["—", &"x".repeat(2000)] {
        let refused = no.run(&["--as", "ana", "assess", "list", "--words", wrong]).await;
        assert_eq!((refused.code, refused.reason().as_str()), (1, "INVALID_ARGUMENT"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_removes_the_words_and_what_is_in_quarantine_is_not_found() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let shown = feed.with(&note("Shown quellbrook", "BF"), |_| {});
    let kept = feed.with(&note("Kept zebrelune", "BF"), |making| making.release.agreement.id.0[0] ^= 1);
    served.set(vec![shown, kept]);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let nothing = Vec::<String>::new();
    assert_eq!(listed(&no, "ana", &["--words", "quellbrook"]).await, ["Shown quellbrook"]);
    assert_eq!(listed(&no, "ana", &["--words", "zebrelune"]).await, nothing);
    assert_eq!(
        listed(&no, "olu", &["--words", "zebrelune"]).await,
        nothing,
        "an officer who does not ask for quarantine"
    );
    assert_eq!(listed(&no, "olu", &["--words", "zebrelune", "--quarantined"]).await, ["Kept zebrelune"]);
    let admin = no.run(&["--as", "root", "assess", "list", "--words", "quellbrook"]).await;
    assert_eq!(admin.reason(), "ROLE_REQUIRED");

    let (mut gb, fr) = pair().await;
    let id = publish(&gb, &note("Purged quellbrook", "BF")).await;
    fr.has(gb.domain, std::slice::from_ref(&id)).await;
    assert_eq!(listed(&gb, "ana", &["--words", "quellbrook"]).await, ["Purged quellbrook"]);
    gb.ask(&["--as", "olu", "assess", "recall", &id, "--purge", "--reason", "a source is in danger", "--yes"]).await;
    for who in ["ana", "olu"] {
        assert_eq!(listed(&gb, who, &["--words", "quellbrook"]).await, nothing);
        assert_eq!(listed(&gb, who, &["--words", "burkina"]).await, nothing);
    }
    gb.kill().await;
    let store = rusqlite::Connection::open(gb.dir.join("store.db")).unwrap();
    let rows: i64 = store.query_row("SELECT count(*) FROM words", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0, "tokens are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_and_saved_is_each_person_s_own() {
    let (gb, _no) = pair().await;
    let nothing = Vec::<String>::new();
    let mut ids = vec![];
    for headline in ["One", "Two"] {
        ids.push(publish(&gb, &note(headline, "BF")).await);
    }
    let unread = async |who: &str| listed(&gb, who, &["--unread"]).await;
    // Whoever publishes an assessment has read it.
    assert_eq!(unread("ana").await, nothing);
    for id in &ids {
        gb.ask(&["--as", "ana", "assess", "mark", id, "--unread"]).await;
    }
    assert_eq!((unread("ana").await, unread("olu").await.len()), (vec!["One".to_owned(), "Two".to_owned()], 2));
    gb.ask(&["--as", "ana", "assess", "show", &ids[0]]).await;
    let rows = gb.ask(&["--as", "ana", "assess", "list"]).await;
    let marks: Vec<_> =
        rows.iter().map(|row| (row["headline"].as_str().unwrap(), row["unread"].as_bool().unwrap())).collect();
    assert_eq!(marks, [("Two", true), ("One", false)]);
    assert_eq!((unread("ana").await, unread("olu").await.len()), (vec!["Two".to_owned()], 2));
    gb.ask(&["--as", "ana", "assess", "mark", &ids[0], "--unread"]).await;
    gb.ask(&["--as", "ana", "assess", "mark", &ids[1], "--read"]).await;
    assert_eq!(unread("ana").await, ["One"]);
    let neither = gb.run(&["--as", "ana", "assess", "mark", &ids[0]]).await;
    assert_eq!(neither.code, 2);

    let save =
        ["--as", "ana", "assess", "list", "--place", "M49:011", "--words", "two zebrelune", "--save", "my search"];
    assert_eq!(gb.ask(&save).await, Vec::<serde_json::Value>::new());
    gb.ask(&["--as", "ana", "assess", "list", "--words", "two", "--save", "my search"]).await;
    assert_eq!(listed(&gb, "ana", &["--saved", "my search"]).await, ["Two"]);
    let saved = gb.ask(&["--as", "ana", "assess", "saved", "list"]).await;
    assert_eq!((saved[0]["name"].as_str(), saved[0]["options"].as_str()), (Some("my search"), Some("--words \"two\"")));
    let misspelt = gb.run(&["--as", "ana", "assess", "list", "--saved", "my-serch"]).await;
    assert!(misspelt.stderr.contains("is `my search` meant?"), "{}", misspelt.stderr);
    let of_another = gb.run(&["--as", "olu", "assess", "list", "--saved", "my search"]).await;
    assert_eq!(of_another.reason(), "NOT_FOUND");
    let both = gb.run(&["--as", "ana", "assess", "list", "--saved", "my search", "--unread"]).await;
    assert_eq!(both.code, 2);
    for word in ["my search", "zebrelune"] {
        assert!(!is_on_disk(&gb.dir, word), "{word}");
    }
    gb.ask(&["--as", "ana", "assess", "saved", "delete", "my search"]).await;
    assert!(gb.ask(&["--as", "ana", "assess", "saved", "list"]).await.is_empty());
    assert_eq!(gb.run(&["--as", "ana", "assess", "saved", "delete", "my search"]).await.reason(), "NOT_FOUND");
    assert_eq!(listed(&gb, "ana", &["--until", "2020-01-01"]).await, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn today_lists_what_waits_for_each_role_and_by_when() {
    let duties = "\n[duties]\nacknowledge = [{ min_level = 3, within = \"72h\" }]\n";
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), duties).await;
    let kinds = async |org: &Org, who: &str| {
        let rows = org.ask(&["--as", who, "today"]).await;
        rows.iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for who in ["ana", "olu"] {
        assert_eq!(kinds(&no, who).await, Vec::<String>::new());
    }
    let words = watchfire(&no.dir, &["--as", "ana", "today"]).await.stdout;
    assert_eq!(words, "nothing waits for ana\n");
    let id = publish(&gb, &note("urgent", "BF")).await;
    no.has(gb.domain, std::slice::from_ref(&id)).await;
    let due = no.ask(&["--as", "ana", "today"]).await;
    let item = &due[0];
    assert_eq!(
        (due.len(), item["kind"].as_str(), item["subject"].as_str()),
        (1, Some("acknowledge"), Some(id.as_str()))
    );
    assert!(item["due"].is_string() && item["overdue"] == false && item["version"] == 1, "{item}");
    assert_eq!(item["fix"], format!("assess acknowledge {id}"));
    assert_eq!(item["gist"]["headline"], "urgent");
    assert_eq!((&item["gist"]["level"], &item["gist"]["tlp"]), (&3.into(), &"AMBER".into()), "{item}");
    assert!(item["not_listed"].is_null() && !item["summary"].to_string().contains("urgent"), "{item}");
    let words = watchfire(&no.dir, &["--as", "ana", "today"]).await.stdout;
    let expected = format!(
        "in 2 days     acknowledge  3 warning  TLP:AMBER  gb.example  Burkina Faso\n    urgent\n    watchfire assess acknowledge {id}\n"
    );
    assert_eq!(words, expected);
    assert_eq!(kinds(&no, "root").await, Vec::<String>::new(), "an administrator does not acknowledge");

    no.ask(&["--as", "ana", "assess", "request", &id, "--kind", "evidence", "--question", "what else is known?"]).await;
    let asked = until("the request comes", async || {
        let rows = gb.ask(&["--as", "olu", "today"]).await;
        rows.into_iter().find(|row| row["kind"] == "answer-request")
    })
    .await;
    assert!(asked["due"].is_null() && asked["since"].is_string(), "{asked}");
    assert_eq!(asked["summary"], format!("no.example asks for evidence of {id} (version 1)"));
    assert_eq!(kinds(&gb, "ana").await, Vec::<String>::new(), "an analyst does not answer requests");
    // What it says to do is enough.
    let fix: Vec<&str> = asked["fix"].as_str().unwrap().split(' ').collect();
    gb.ask(&[&["--as", "olu"], &fix[..], &["--text", "nothing"]].concat()).await;
    assert_eq!(kinds(&gb, "olu").await, Vec::<String>::new());

    no.ask(&["--as", "ana", "assess", "acknowledge", &id]).await;
    assert_eq!(kinds(&no, "ana").await, Vec::<String>::new());
    // A purge that the agreement does not entitle its originator to takes two officers.
    gb.ask(&["--as", "olu", "assess", "recall", &id, "--purge", "--reason", "a source is in danger", "--yes"]).await;
    until("the purge waits", async || (kinds(&no, "olu").await == ["decide-purge"]).then_some(())).await;
    assert_eq!(kinds(&no, "ana").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_looked_up_without_a_node() {
    let dir = tempfile::tempdir().unwrap();
    let place = async |arguments: &[&str]| watchfire(dir.path(), &[&["place"], arguments].concat()).await;
    let found = place(&["costa", "do", "marfim"]).await;
    let table = "CODE  NAME           IN                        FOUND BY\n\
                 CI    Côte d'Ivoire  Western Africa (M49:011)  Costa do Marfim (pt)\n";
    assert_eq!((found.code, found.stdout.as_str(), found.stderr.as_str()), (0, table, ""));
    let similar = place(&["Somalya"]).await;
    assert!(similar.stderr.contains("no place is called `Somalya`; these names are similar"), "{}", similar.stderr);
    assert!(similar.stdout.contains("\nSO "), "{}", similar.stdout);
    let json = place(&["mali", "--json", "--limit", "1"]).await;
    assert_eq!((json.lines().len(), json.lines()[0]["code"].as_str()), (1, Some("ML")));
    let unknown = place(&["xyzzy"]).await;
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("no place is known by `xyzzy`; write a name,"), "{}", unknown.stderr);
    for wrong in [&[][..], &["mali", "--limit", "0"], &["mali", "--limit", "many"]] {
        assert_eq!(place(wrong).await.code, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_originator_is_no_silence() {
    let (gb, no) = pair().await;
    publish(&gb, &note("One", "BF")).await;
    let none = no.run(&["--as", "ana", "assess", "list", "--from", "gb.exampel"]).await;
    assert!(none.code == 0 && none.stderr.contains("did you mean `gb.example`?"), "{}", none.stderr);
    let none = no.run(&["--as", "ana", "assess", "list", "--from", "no.example"]).await;
    assert!(none.code == 0 && !none.stderr.contains("no partner"), "{}", none.stderr);
}
