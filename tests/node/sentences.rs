//! What people see when something is wrong: one sentence, a documented exit code, and the same in JSON.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::kit::{Answer, Org, note, watchfire};

/// Checks that the command failed as documented: exit code, reason, and words that say what is wrong and what to do.
fn told(answer: &Answer, code: i32, reason: &str, words: &[&str]) {
    assert_eq!(answer.code, code, "{}{}", answer.stdout, answer.stderr);
    assert_eq!(answer.reason(), reason, "{}", answer.stdout);
    for word in words {
        assert!(answer.stderr.contains(word), "`{word}` is missing in: {}", answer.stderr);
    }
}

async fn stopped() -> (tempfile::TempDir, Org) {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    (root, org)
}

#[tokio::test]
async fn a_wrong_flag_is_wrong_usage() {
    let root = tempfile::tempdir().unwrap();
    let answer = watchfire(root.path(), &["--json", "assess", "list", "--form", "no.example"]).await;
    told(&answer, 2, "USAGE", &["--form", "--from"]);
}

#[tokio::test]
async fn a_typo_in_the_configuration_is_named_with_its_line_and_key() {
    let (_root, org) = stopped().await;
    let path = org.dir.join("watchfire.toml");
    let text = fs::read_to_string(&path).unwrap();
    let line = 1 + text.lines().position(|l| l.starts_with("desk = ")).unwrap();
    fs::write(&path, text.replace("desk = ", "dekc = ")).unwrap();
    for command in [["config", "check"].as_slice(), &["serve"], &["--as", "ana", "assess", "list"]] {
        let answer = org.run(command).await;
        told(&answer, 3, "CONFIG_AT_FAULT", &["watchfire.toml", &format!(":{line}"), "dekc"]);
        assert!(answer.lines()[0]["error"]["field"].as_str().unwrap().contains("dekc"), "{}", answer.stdout);
    }
}

#[tokio::test]
async fn a_directory_without_a_node_is_a_matter_of_files() {
    let root = tempfile::tempdir().unwrap();
    for command in [["serve"].as_slice(), &["assess", "list"], &["person", "list"]] {
        let mut all = vec!["--json"];
        all.extend(command);
        let answer = watchfire(root.path(), &all).await;
        assert_eq!(answer.code, 3, "{}", answer.stderr);
        assert!(answer.stderr.contains("watchfire.toml"), "{}", answer.stderr);
    }
}

#[tokio::test]
async fn a_missing_key_is_named() {
    let (_root, org) = stopped().await;
    for key in ["node/tls.key", "node/signing.key", "storage.key"] {
        let (path, aside) = (org.dir.join(key), org.dir.join("aside"));
        fs::rename(&path, &aside).unwrap();
        told(&org.run(&["serve"]).await, 3, "FILES_AT_FAULT", &[key, "missing", "watchfire doctor"]);
        fs::rename(&aside, &path).unwrap();
    }
}

#[tokio::test]
async fn a_key_that_others_may_read_is_refused_with_the_command_that_mends_it() {
    let (_root, org) = stopped().await;
    for key in ["node/tls.key", "node/signing.key", "storage.key"] {
        let path = org.dir.join(key);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let command = format!("chmod 600 {}", path.display());
        told(&org.run(&["serve"]).await, 3, "FILES_AT_FAULT", &["644", &command]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test]
async fn a_directory_in_the_place_of_a_certificate_is_unreadable() {
    let (_root, org) = stopped().await;
    let path = org.dir.join("node/tls.pem");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    told(&org.run(&["serve"]).await, 3, "FILES_AT_FAULT", &["node/tls.pem", "cannot be read"]);
}

#[tokio::test]
async fn a_file_in_the_place_of_the_directory_is_told() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("node");
    fs::write(&file, "not a directory").unwrap();
    let answer = watchfire(&file, &["--json", "serve"]).await;
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    let init = ["--json", "init", "--org", "gb.example", "--kind", "state", "--country", "GB"];
    let answer = watchfire(&file, &init).await;
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a directory");
}

#[tokio::test]
async fn a_missing_store_is_not_made_anew() {
    let (_root, org) = stopped().await;
    fs::remove_file(org.dir.join("store.db")).unwrap();
    let answer = org.run(&["serve"]).await;
    told(&answer, 3, "FILES_AT_FAULT", &["store.db"]);
    assert!(!org.dir.join("store.db").exists(), "an empty store replaced the lost one");
}

#[tokio::test]
async fn a_store_under_another_storage_key_stays_closed() {
    let (_root, org) = stopped().await;
    let path = org.dir.join("storage.key");
    fs::write(&path, "42".repeat(32)).unwrap();
    told(&org.run(&["serve"]).await, 3, "FILES_AT_FAULT", &["storage key"]);
    fs::write(&path, "too short").unwrap();
    told(&org.run(&["serve"]).await, 3, "FILES_AT_FAULT", &["storage.key", "64 hexadecimal digits"]);
}

#[tokio::test]
async fn a_store_that_is_no_database_stays_as_it_is() {
    let (_root, org) = stopped().await;
    let path = org.dir.join("store.db");
    fs::write(&path, [7; 8192]).unwrap();
    let answer = org.run(&["serve"]).await;
    assert_eq!(answer.code, 3, "{}", answer.stderr);
    assert_eq!(fs::read(&path).unwrap(), [7; 8192]);
}

#[tokio::test]
async fn without_a_node_the_desk_can_t_be_reached() {
    let (_root, org) = stopped().await;
    for command in [["--as", "ana", "assess", "list"].as_slice(), &["--as", "root", "partner", "list"]] {
        told(&org.run(command).await, 4, "UNREACHABLE", &[&org.desk, "watchfire serve"]);
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_key() {
    let (_root, org) = stopped().await;
    for (address, key) in [(&org.peer, "listen.peer"), (&org.desk, "listen.desk")] {
        let _taken = std::net::TcpListener::bind(address).unwrap();
        told(&org.run(&["serve"]).await, 1, "ADDRESS_IN_USE", &[address, key]);
    }
}

#[tokio::test]
async fn a_second_node_on_one_directory_is_refused_and_the_first_goes_on() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let second = org.run(&["serve"]).await;
    told(&second, 3, "FILES_AT_FAULT", &["store.db"]);
    // With its own ports it would write to the same store.
    let path = org.dir.join("watchfire.toml");
    let text = fs::read_to_string(&path).unwrap();
    let other = |text: String, address: &str| text.replace(address, &format!("127.0.0.1:{}", crate::kit::free_port()));
    fs::write(&path, other(other(text.clone(), &org.peer), &org.desk)).unwrap();
    let second = tokio::time::timeout(std::time::Duration::from_secs(10), org.run(&["serve"])).await;
    fs::write(&path, text).unwrap();
    let second = second.expect("a second node could serve the same store");
    assert!([1, 3].contains(&second.code), "{}", second.stderr);
    assert!(second.stderr.contains("store.db"), "{}", second.stderr);
    org.ask(&["--as", "ana", "assess", "list"]).await;
}

#[tokio::test]
async fn an_analyst_may_not_do_what_an_administrator_does() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let out = org.dir.join("invitation.txt");
    let out = out.to_string_lossy();
    told(&org.run(&["--as", "ana", "partner", "invite", "--out", &out]).await, 5, "ROLE_REQUIRED", &["admin"]);
    told(&org.run(&["--as", "ana", "partner", "suspend", "no.example"]).await, 5, "ROLE_REQUIRED", &["admin"]);
    let draft = org.file("draft.toml", &note("not hers to publish", "BF"));
    told(&org.run(&["--as", "root", "assess", "publish", &draft]).await, 5, "ROLE_REQUIRED", &["analyst"]);
    told(&org.run(&["--as", "ana", "assess", "list", "--quarantined"]).await, 5, "ROLE_REQUIRED", &["officer"]);
}

#[tokio::test]
async fn a_tampered_invitation_does_not_verify() {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    let path = gb.place("invitation.txt");
    let fingerprint = no.invite(&path, None).await;
    let whole = fs::read_to_string(&path).unwrap();
    let accept = ["--as", "root", "partner", "accept", &path, "--fingerprint", &fingerprint];
    // One letter of the endpoint's port is changed, in the middle of the signed bytes.
    let lines: Vec<&str> = whole.lines().collect();
    let middle = lines.len() / 4;
    let tampered: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(i, l)| {
            if i == middle {
                l.replacen(&l[10..11], if &l[10..11] == "A" { "B" } else { "A" }, 1)
            } else {
                (*l).to_owned()
            }
        })
        .collect();
    fs::write(&path, tampered.join("\n")).unwrap();
    let answer = gb.run(&accept).await;
    assert_eq!(answer.code, 6, "{}", answer.stderr);
    assert!(gb.ask(&["--as", "root", "partner", "list"]).await.is_empty());
    // The complete invitation with the fingerprint of another one.
    fs::write(&path, &whole).unwrap();
    let other = no.invite(&gb.place("other.txt"), None).await;
    let wrong = ["--as", "root", "partner", "accept", &path, "--fingerprint", &other];
    told(&gb.run(&wrong).await, 1, "CONFLICT", &["fingerprint"]);
    fs::write(&path, "an invitation").unwrap();
    told(&gb.run(&accept).await, 3, "FILES_AT_FAULT", &["contains no statement"]);
    fs::write(&path, whole).unwrap();
    assert_eq!(gb.run(&accept).await.code, 0);
}

#[tokio::test]
async fn a_broken_draft_is_told_with_its_line() {
    let (_root, org) = stopped().await;
    let draft = note("broken", "BF").replace("level   = 3", "level   = 9");
    let line = 1 + draft.lines().position(|l| l.starts_with("level")).unwrap();
    let path = org.file("draft.toml", &draft);
    for command in ["lint", "publish"] {
        let answer = org.run(&["--as", "ana", "assess", command, &path]).await;
        told(&answer, 3, "FILES_AT_FAULT", &[&format!("draft.toml:{line}"), "level"]);
    }
    let path = org.file("draft.toml", "[assessment\n");
    told(&org.run(&["assess", "lint", &path]).await, 3, "FILES_AT_FAULT", &["draft.toml:1"]);
}

#[tokio::test]
async fn a_finding_that_blocks_is_named_and_nothing_is_published() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let baseless = "\n[[portion]]\nkind = \"judgement\"\ntext = \"It is likely.\"\nconfidence = { level = \"low\", why = \"a test\" }\n";
    let path = org.file("draft.toml", &(note("blocked", "BF") + baseless));
    for command in ["lint", "publish"] {
        let answer = org.run(&["--as", "ana", "assess", command, &path]).await;
        assert_eq!((answer.code, answer.reason().as_str()), (1, "LINT_FAILED"), "{}", answer.stderr);
    }
    assert!(org.ask(&["--as", "ana", "assess", "list"]).await.is_empty());
}

#[tokio::test]
async fn an_unknown_assessment_is_not_found() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let id = "00112233445566778899aabbccddeeff";
    told(&org.run(&["--as", "ana", "assess", "show", id]).await, 1, "NOT_FOUND", &[]);
    told(&org.run(&["--as", "ana", "policy", "explain", id]).await, 1, "NOT_FOUND", &[]);
    let answer = org.run(&["--as", "ana", "assess", "show", "no-id"]).await;
    told(&answer, 2, "USAGE", &["no-id"]);
}
