//! Every command in `docs/runbooks/` is known to the program and does its work on a real node.

use std::fs;

use crate::kit::{Org, note, pair, watchfire};

/// Commands that end with 1 where they find something to do: that is an answer.
const MAY_FIND: &[&str] = &["watchfire doctor"];

/// The commands of a page: lines of its fenced blocks.
fn commands(page: &str) -> Vec<String> {
    let (mut inside, mut found) = (false, vec![]);
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside && line.starts_with("watchfire ") {
            found.push(line.trim().to_owned());
        }
    }
    found
}

/// What stands in pages for what only a real node has.
fn substituted(word: &str, gb: &Org, no: &Org, (agreement, assessment): (&str, &str)) -> String {
    match word {
        "ASSESSMENT" => assessment.to_owned(),
        "DOMAIN" => no.domain.to_owned(),
        "WORDS" => no.fingerprint.clone(),
        "PERSON" => "ana".to_owned(),
        "AGREEMENT" => agreement.to_owned(),
        "their.invitation" | "their.crl" | "next.toml" => gb.dir.join(word).to_string_lossy().into_owned(),
        "our.invitation" => gb.place(word),
        other => other.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_runbooks_does_its_work() {
    let (gb, no) = pair().await;
    let agreements = gb.ask(&["--as", "root", "agreement", "list"]).await;
    let agreement = agreements[0]["id"].as_str().unwrap().to_owned();
    let assessment = gb.author().await.publish(&note("a warning", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&assessment)).await;
    let theirs = gb.place("their.invitation");
    no.ask(&["--as", "root", "partner", "invite", "--out", &theirs]).await;
    fs::copy(no.dir.join("crl.pem"), gb.dir.join("their.crl")).unwrap();
    let mut pages: Vec<_> = fs::read_dir("docs/runbooks").unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() >= 3, "{pages:?}");
    for page in pages {
        let all = commands(&fs::read_to_string(&page).unwrap());
        assert!(!all.is_empty(), "{} names no command", page.display());
        for command in all {
            if command.contains("--out next.toml") {
                let _ = fs::remove_file(gb.dir.join("next.toml"));
            }
            let words: Vec<String> = command
                .split_whitespace()
                .skip(1)
                .map(|w| substituted(w, &gb, &no, (&agreement, &assessment)))
                .collect();
            let answer = watchfire(&gb.dir, &words.iter().map(String::as_str).collect::<Vec<_>>()).await;
            let found_something = answer.code == 1 && MAY_FIND.contains(&&*command);
            assert!(
                answer.code == 0 || found_something,
                "{}: `{command}` ended with {}: {}{}",
                page.display(),
                answer.code,
                answer.stdout,
                answer.stderr
            );
        }
    }
}

#[test]
fn commands_are_found_in_fenced_blocks_only() {
    let page = "watchfire serve\n```sh\nwatchfire doctor\n# not this\n```\nwatchfire init\n";
    assert_eq!(commands(page), ["watchfire doctor"]);
}
