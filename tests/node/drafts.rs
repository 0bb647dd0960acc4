//! Drafts that the node keeps: nobody's text is lost, and nobody sees what they may not.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use serde_json::{Value, json};
use watchfire::wire::proto;

use crate::kit::{Org, note, until, watchfire};

/// A node with a second analyst.
async fn desk_of_two() -> Org {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    gb.one(&["person", "add", "bob", "--role", "analyst"]).await;
    // The node reads the directory of people every other second.
    until("bob is registered", async || {
        let people = gb.ask(&["--as", "root", "person", "list"]).await;
        people.iter().any(|p| p["id"] == "spiffe://gb.example/analyst/bob").then_some(())
    })
    .await;
    gb
}

impl Org {
    /// Runs a command of `draft` as a person.
    async fn draft(&self, person: &str, arguments: &[&str]) -> Value {
        self.one(&[&["--as", person, "draft"], arguments].concat()).await
    }

    /// Why a command of `draft` is refused.
    async fn draft_refused(&self, person: &str, arguments: &[&str]) -> String {
        self.run(&[&["--as", person, "draft"], arguments].concat()).await.reason()
    }

    /// Keeps a text as a new draft.
    async fn keep(&self, person: &str, text: &str) -> String {
        let kept = self.draft(person, &["save", &self.file("new.toml", text), "--name", "Sahel"]).await;
        kept["id"].as_str().unwrap().to_owned()
    }

    /// Saves a text of a draft.
    async fn save(&self, person: &str, id: &str, based_on: &[u32], text: &str) -> Value {
        let file = self.file(&format!("of-{person}.toml"), text);
        let numbers: Vec<String> = based_on.iter().map(ToString::to_string).collect();
        let bases = numbers.iter().flat_map(|n| ["--based-on", n.as_str()]);
        let arguments: Vec<&str> = ["save", &file, "--draft", id].into_iter().chain(bases).collect();
        self.draft(person, &arguments).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_edit_one_draft_are_told_and_nobody_s_text_is_lost() {
    let gb = desk_of_two().await;
    let typed = "# typed with\ttabs, and not finished\n[assessment\nlevel = \"FILL IN\"\n";
    let id = gb.keep("ana", typed).await;
    assert_eq!(gb.draft("ana", &["show", &id]).await["text"], typed);
    gb.draft("ana", &["hand-over", &id, "--to", "bob"]).await;
    let by_ana = gb.save("ana", &id, &[1], "by ana\n").await;
    assert_eq!((&by_ana["revision"], &by_ana["is_current"], &by_ana["unseen"]), (&json!(2), &json!(true), &json!([])));
    let by_bob = gb.save("bob", &id[..6], &[1], "by bob\n").await;
    assert_eq!((&by_bob["revision"], &by_bob["is_current"]), (&json!(3), &json!(false)));
    assert_eq!(by_bob["unseen"][0]["by"], "spiffe://gb.example/analyst/ana");
    assert!(!by_bob["unseen"][0]["at"].as_str().unwrap().is_empty());
    // Both are there, and the difference names both.
    for (revision, text) in [("1", typed), ("2", "by ana\n"), ("3", "by bob\n")] {
        assert_eq!(gb.draft("ana", &["show", &id, "--revision", revision]).await["text"], text);
    }
    let diff = gb.draft("ana", &["diff", &id]).await["diff"].as_str().unwrap().to_owned();
    assert!(diff.contains("-by ana") && diff.contains("+by bob") && diff.contains("analyst/bob"), "{diff}");
    let merged = gb.save("bob", &id, &[2, 3], "by both\n").await;
    assert_eq!((&merged["is_current"], &merged["unseen"]), (&json!(true), &json!([])));
    let history = gb.ask(&["--as", "ana", "draft", "history", &id]).await;
    let bases: Vec<&Value> = history.iter().map(|r| &r["based_on"]).collect();
    assert_eq!(bases, [&json!([2, 3]), &json!([1]), &json!([1]), &json!([])]);
    // The same text again is no new revision.
    assert_eq!(gb.save("bob", &id, &[4], "by both\n").await["is_new"], false);
    // A copy in a file is the text, byte for byte, for its owner alone.
    let out = gb.place("copy.toml");
    gb.draft("ana", &["show", &id, "--revision", "1", "--out", &out]).await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), typed);
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_for_its_author_those_it_was_handed_to_and_officers() {
    let gb = desk_of_two().await;
    let id = gb.keep("ana", "canary-text\n").await;
    for arguments in
        [&["show", &id][..], &["history", &id], &["delete", &id, "--yes"], &["hand-over", &id, "--to", "bob"]]
    {
        assert_eq!(gb.draft_refused("bob", arguments).await, "NOT_FOUND", "{arguments:?}");
        assert_eq!(gb.draft_refused("root", arguments).await, "ROLE_REQUIRED", "{arguments:?}");
    }
    assert!(gb.ask(&["--as", "bob", "draft", "list"]).await.is_empty());
    assert_eq!(gb.draft_refused("ana", &["hand-over", &id, "--to", "root"]).await, "INVALID_ARGUMENT");
    assert_eq!(gb.draft_refused("ana", &["hand-over", &id, "--to", "nobody"]).await, "NOT_FOUND");
    gb.draft("ana", &["hand-over", &id, "--to", "bob"]).await;
    gb.save("bob", &id, &[1], "of bob\n").await;
    assert_eq!(gb.draft_refused("bob", &["delete", &id, "--yes"]).await, "ROLE_REQUIRED");
    gb.draft("olu", &["show", &id]).await;
    gb.draft("ana", &["take-back", &id, "--from", "bob"]).await;
    assert_eq!(gb.draft_refused("bob", &["show", &id]).await, "NOT_FOUND");
    assert_eq!(gb.draft("ana", &["show", &id]).await["text"], "of bob\n", "what he has saved stays");
    gb.draft("olu", &["rename", &id, "Burkina Faso"]).await;
    gb.draft("olu", &["delete", &id, "--yes"]).await;
    assert_eq!(gb.draft_refused("ana", &["show", &id]).await, "NOT_FOUND");
    // Who was let in, who read somebody else's draft, and who deleted it is on record. The texts are not.
    let ledger = gb.ask(&["--as", "root", "ledger", "list"]).await;
    let deeds: Vec<(&str, &str)> = ledger
        .iter()
        .map(|entry| &entry["event"])
        .filter(|event| event["draft"] == json!(id))
        .map(|event| (event["event"].as_str().unwrap(), event["by"].as_str().unwrap()))
        .collect();
    for (event, by) in [("draft-access", "ana"), ("draft-read", "olu"), ("draft-deleted", "olu")] {
        assert!(deeds.iter().any(|(e, who)| *e == event && who.ends_with(by)), "{event}: {deeds:?}");
    }
    assert!(!ledger.iter().any(|entry| entry.to_string().contains("canary")));
}

/// The text that is typed on top of a revision.
fn typed(revision: u32, round: u64) -> String {
    format!("text {revision} of round {round}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_survives_kill_9() {
    let mut gb = desk_of_two().await;
    let id = gb.keep("ana", "text 0\n").await;
    let draft_id: prost::bytes::Bytes = hex::decode(&id).unwrap().into();
    let mut current = 1;
    for round in 0..5_u64 {
        let mut desk = gb.connect("analyst-ana").await;
        let (sender, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
        let (draft_id, from) = (draft_id.clone(), current);
        let typing = tokio::spawn(async move {
            // As a page does that saves all the time, until nobody answers any more.
            for n in from.. {
                let text = format!("text {n} of round {round}\n");
                let request =
                    proto::SaveDraftRequest { draft_id: draft_id.clone(), based_on: vec![n], text: text.clone() };
                match desk.drafts.save_draft(request).await {
                    Ok(saved) => sender.send(saved.into_inner().revision).unwrap(),
                    Err(_) => return,
                }
            }
        });
        tokio::time::sleep(Duration::from_millis(200 + 70 * round)).await;
        gb.kill().await;
        typing.await.unwrap();
        gb.start().await;
        let mut last = None;
        while let Ok(number) = acknowledged.try_recv() {
            last = Some(number);
        }
        let number = last.unwrap_or_else(|| panic!("nothing was saved in round {round}"));
        let shown = gb.draft("ana", &["show", &id]).await;
        // A save whose answer was lost may be there too, and nothing else.
        current = u32::try_from(shown["draft"]["current"].as_u64().unwrap()).unwrap();
        assert!(current == number || current == number + 1, "{current} after {number}");
        assert_eq!(shown["text"], typed(current - 1, round), "round {round}");
        assert_eq!(shown["draft"]["beside"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_s_text_is_saved_on_exit_and_kept_if_it_can_t_be() {
    let gb = desk_of_two().await;
    let id = gb.keep("ana", "first\n").await;
    let runtime = gb.dir.join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700)).unwrap();
    let edit = async |editor: &str| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command.arg("--dir").arg(&gb.dir).args(["--as", "ana", "draft", "edit", &id]);
        command.env("VISUAL", editor).env("XDG_RUNTIME_DIR", &runtime).output().await.unwrap()
    };
    let left = || std::fs::read_dir(&runtime).unwrap().count();
    // The editor sees a private file with the text.
    let modes = gb.place("modes");
    let saved = edit(&format!("sh -c 'stat -c %a \"$0\" \"${{0%/*}}\" > {modes}; echo second >> \"$0\"'")).await;
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    assert_eq!(std::fs::read_to_string(&modes).unwrap(), "600\n700\n");
    assert_eq!(gb.draft("ana", &["show", &id]).await["text"], "first\nsecond\n");
    assert_eq!(left(), 0);
    // Nothing changed, and an editor that gives up without a change.
    assert!(edit("true").await.status.success());
    assert!(!edit("false").await.status.success());
    assert_eq!((gb.draft("ana", &["show", &id]).await["revision"].clone(), left()), (json!(2), 0));
    // What was typed before it gave up is kept.
    let given_up = edit("sh -c 'echo third >> \"$0\"; exit 3'").await;
    let told = String::from_utf8_lossy(&given_up.stderr).into_owned();
    assert!(!given_up.status.success() && told.contains("what you typed is in"), "{told}");
    assert_eq!(left(), 1);
    // Somebody else has saved while the editor was open.
    gb.draft("ana", &["hand-over", &id, "--to", "bob"]).await;
    let file = gb.file("bob.toml", "of bob\n");
    let program = env!("CARGO_BIN_EXE_watchfire");
    let dir = gb.dir.display();
    let beside = edit(&format!(
        "sh -c '{program} --dir {dir} --as bob draft save {file} --draft {id} --based-on 2 >/dev/null && echo late >> \"$0\"'"
    ))
    .await;
    let told = String::from_utf8_lossy(&beside.stdout).into_owned();
    assert!(
        !beside.status.success() && told.contains("others have saved meanwhile") && told.contains("analyst/bob"),
        "{told}"
    );
    assert_eq!(gb.draft("ana", &["show", &id]).await["text"], "of bob\n");
    assert_eq!(gb.draft("ana", &["show", &id, "--revision", "4"]).await["text"], "first\nsecond\nlate\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_publishes_says_which_text_of_a_colleague_is_meant_and_where_its_files_are() {
    let gb = desk_of_two().await;
    let id = gb.keep("ana", &note("what ana wrote", "BF")).await;
    gb.draft("ana", &["hand-over", &id, "--to", "bob"]).await;
    gb.save("bob", &id, &[1], &note("what bob wrote", "BF")).await;
    let accept = ["--accept", "no-alternative"];
    let publish = ["--as", "ana", "assess", "publish", "--draft", &id, accept[0], accept[1]];
    let refused = gb.run(&publish).await;
    assert_eq!(refused.reason(), "NOT_CONFIRMED");
    assert!(refused.stderr.contains("revision 2, saved by analyst/bob"), "{}", refused.stderr);
    let earlier = gb.one(&[&publish[..], &["--revision", "1"]].concat()).await;
    let shown = gb.one(&["--as", "ana", "assess", "show", earlier["assessment"].as_str().unwrap()]).await;
    assert!(shown.to_string().contains("what ana wrote") && !shown.to_string().contains("what bob wrote"), "{shown}");

    // A colleague names a file of whoever publishes.
    let theft =
        "\n[[portion]]\nkind = \"attachment\"\nname = \"map.txt\"\nfile = \".ssh/key\"\nmedia_type = \"text/plain\"\n";
    let id = gb.keep("ana", &format!("{}{theft}", note("with a file", "BF"))).await;
    let publish = ["--as", "ana", "assess", "publish", "--draft", &id, "--accept", "attachment", accept[0], accept[1]];
    let refused = gb.run(&publish).await;
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("`.ssh/key`") && refused.stderr.contains("--files"), "{}", refused.stderr);
    std::fs::create_dir(gb.dir.join(".ssh")).unwrap();
    std::fs::write(gb.dir.join(".ssh/key"), "a key").unwrap();
    let refused = gb.run(&[&publish[..], &["--files", gb.dir.to_str().unwrap()]].concat()).await;
    assert!(refused.code == 3 && refused.stderr.contains("begins with a dot"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_editor_and_all_that_it_has_started_and_what_was_typed_is_saved() {
    let gb = desk_of_two().await;
    let id = gb.keep("ana", "first\n").await;
    let runtime = gb.dir.join("runtime");
    std::fs::create_dir(&runtime).unwrap();
    std::fs::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700)).unwrap();
    for (round, signal) in ["TERM", "HUP", "INT"].into_iter().enumerate() {
        // The editor runs under a shell. It types for as long as it lives, and saves once more when it is asked to end.
        let (started, pids) = (gb.place("started"), gb.place("pids"));
        let inner =
            format!("trap \"sleep 0.2; echo last-{signal} >> $1; exit 0\" {signal}; echo typed-{signal} >> $1; ");
        let script = gb.file(
            "editor.sh",
            &format!(
                "{inner}echo $$ >> {pids}; sleep 100 & echo $! >> {pids}; touch {started}; while :; do wait; done\n"
            ),
        );
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command.arg("--dir").arg(&gb.dir).args(["--as", "ana", "draft", "edit", &id]);
        command.env("VISUAL", format!("true; sh {script}")).env("XDG_RUNTIME_DIR", &runtime);
        let child = command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        until("the editor runs", async || std::path::Path::new(&started).exists().then_some(())).await;
        let pid = child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
        let ended = child.wait_with_output().await.unwrap();
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.code() == Some(1) && told.contains("is saved"), "{signal}: {told}");
        assert_eq!(std::fs::read_dir(&runtime).unwrap().count(), 0, "{signal}: no plain copy is left");
        for process in std::fs::read_to_string(&pids).unwrap().lines() {
            let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            assert!(state.is_empty() || state.contains(") Z "), "{signal}: {process} still runs: {state}");
        }
        let shown = gb.draft("ana", &["show", &id]).await;
        let text = shown["text"].as_str().unwrap();
        assert!(text.ends_with(&format!("typed-{signal}\nlast-{signal}\n")), "{signal}: {text}");
        assert_eq!(shown["revision"], round + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_versions_of_a_draft_are_named_and_whoever_gets_it_is_told() {
    let gb = desk_of_two().await;
    let id = gb.keep("ana", "first\n").await;
    let todo = async |person: &str| gb.ask(&["--as", person, "today"]).await;
    let is_told = |items: &[Value]| items.iter().any(|item| item["kind"] == "draft" && item["subject"] == json!(id));
    assert!(!is_told(&todo("bob").await));
    gb.draft("ana", &["hand-over", &id, "--to", "bob"]).await;
    let items = todo("bob").await;
    assert!(is_told(&items) && !is_told(&todo("ana").await), "{items:?}");
    assert!(items.iter().any(|item| item["summary"] == "ana has handed the draft \"Sahel\" over to you"), "{items:?}");
    let listed = async |person: &str| watchfire(&gb.dir, &["--as", person, "draft", "list"]).await.stdout;
    assert!(listed("bob").await.contains("handed to you"));
    assert!(!listed("ana").await.contains("handed to you"));

    gb.save("ana", &id, &[1], "by ana\n").await;
    gb.save("bob", &id, &[1], "by bob\n").await;
    assert!(!is_told(&todo("bob").await), "he has taken it up");
    let file = gb.file("olu.toml", "by olu\n");
    let save = ["--as", "olu", "draft", "save", &file, "--draft", &id, "--based-on", "1"];
    let told = watchfire(&gb.dir, &save).await.stdout;
    for wanted in [
        "3 versions of this draft exist:",
        "revision 2, saved by analyst/ana",
        "revision 3, saved by analyst/bob",
        "revision 4, saved by officer/olu",
        "save with --based-on 2 --based-on 3 --based-on 4",
    ] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    assert!(listed("ana").await.contains("3 versions"));
    gb.save("ana", &id, &[2, 3, 4], "by all\n").await;
    assert!(!listed("ana").await.contains("versions"));
}
