//! What operators do with a node and a shell: signals, full outputs, addresses that lead elsewhere, a store from yesterday.

use std::{fs, process::Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::{
    files::{asked, readyz, with_ops},
    kit::{Answer, Org, note, until, watchfire},
    surroundings::clock,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_has_the_files_read_anew_and_ends_nothing() {
    let mut org = Org::found("gb.example", "state", Some("GB")).await;
    let config = org.dir.join("watchfire.toml");
    let good = fs::read_to_string(&config).unwrap();
    org.signal("HUP");
    until("it is told", async || org.log().contains("SIGHUP").then_some(())).await;
    assert!(!org.log().contains("next start would fail"), "{}", org.log());
    fs::write(&config, "broken = = 1").unwrap();
    org.signal("HUP");
    until("the file at fault is told", async || org.log().contains("the next start would fail").then_some(())).await;
    fs::write(&config, good).unwrap();
    org.one(&["--as", "root", "ledger", "head"]).await;
    assert!(org.ended().is_none(), "{}", org.log());
    org.signal("TERM");
    until("it ends", async || org.ended()).await;
}

/// With its output on a full disk.
async fn on_a_full_disk(org: &Org, arguments: &[&str]) -> Answer {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
    command.arg("--dir").arg(&org.dir).args(arguments).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let done = command.spawn().unwrap().wait_with_output().await.unwrap();
    Answer {
        code: done.status.code().unwrap(),
        stdout: String::new(),
        stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_can_t_be_written_is_no_success() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    org.author().await.publish(&note("listed", "BF")).await;
    for arguments in [
        &["--as", "ana", "assess", "list"][..],
        &["--json", "--as", "ana", "assess", "list"],
        &["--as", "root", "ledger", "head"],
        &["assess", "new"],
        &["agreement", "draft", "--partner", "no.example"],
        &["policy", "schema"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let lost = on_a_full_disk(&org, arguments).await;
        assert_eq!(lost.code, 1, "{arguments:?}: {}", lost.stderr);
        let is_clap = arguments.last().is_some_and(|a| ["--help", "--version"].contains(a));
        assert!(is_clap || lost.stderr.contains("the output can't be written"), "{arguments:?}: {}", lost.stderr);
    }
    // Wrong usage keeps its exit code, and so does another failure.
    assert_eq!(on_a_full_disk(&org, &["--json", "nonsense"]).await.code, 2);
    assert_eq!(on_a_full_disk(&org, &["--json", "--as", "nobody", "assess", "list"]).await.code, 3);
    // A reader that has closed the pipe is not a failure.
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
    command.args(["policy", "schema"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut left = command.spawn().unwrap();
    drop(left.stdout.take());
    assert!(left.wait_with_output().await.unwrap().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_entries_of_its_ledger_is_not_ready() {
    let root = tempfile::tempdir().unwrap();
    let (mut org, ops) = with_ops(root.path()).await;
    let config = org.dir.join("watchfire.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[ledger]\ninterval_seconds = 1\nquantum = 1\n")).unwrap();
    let yesterday = fs::read(org.dir.join("store.db")).unwrap();
    org.start().await;
    org.author().await.publish(&note("lost", "BF")).await;
    let head = async || org.one(&["--as", "root", "ledger", "head"]).await["size"].as_u64().unwrap();
    let entries = async || org.ask(&["--as", "root", "ledger", "list"]).await.len() as u64;
    until("a head is signed over what was published", async || {
        (head().await >= 2 && entries().await >= 2).then_some(())
    })
    .await;
    assert!(readyz(&ops).await.starts_with("HTTP/1.1 200"));
    org.kill().await;
    for name in ["store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(org.dir.join(name));
    }
    fs::write(org.dir.join("store.db"), yesterday).unwrap();
    org.start().await;
    let answer = readyz(&ops).await;
    assert!(answer.contains(" 503 ") && answer.contains("BEHIND_WITNESSES"), "{answer}");
    org.ask(&["--as", "root", "--yes", "ledger", "settle", "--reason", "restored from yesterday"]).await;
    until("it is ready", async || readyz(&ops).await.starts_with("HTTP/1.1 200").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_to_somebody_else_is_told_in_plain_words() {
    let root = tempfile::tempdir().unwrap();
    let (mut gb, ops) = with_ops(root.path()).await;
    let mut no = Org::make(root.path(), "no.example", "state", Some("NO")).await;
    gb.start().await;
    no.start().await;
    let listed = async |desk: &str| {
        let override_ = ["--json", "--as", "ana", "assess", "list"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command.arg("--dir").arg(&gb.dir).args(override_).env("WATCHFIRE_LISTEN_DESK", desk).stdin(Stdio::null());
        let done = command.output().await.unwrap();
        let line: Value = serde_json::from_slice(&done.stdout).unwrap();
        let text = |name: &str| line["error"][name].as_str().unwrap().to_owned();
        (done.status.code().unwrap(), text("reason"), text("message"))
    };
    let (code, reason, message) = listed(&no.desk).await;
    assert_eq!((code, reason.as_str()), (6, "WRONG_DOMAIN"));
    assert!(message.contains("another organisation's node answers") && message.contains("no.example"), "{message}");
    // Plain HTTP, and a program that sends a greeting first.
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let greets = other.local_addr().unwrap().to_string();
    let greeting = tokio::spawn(async move {
        while let Ok((mut tcp, _)) = other.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut tcp, b"SSH-2.0-OpenSSH_9.2\r\n").await;
        }
    });
    for address in [&ops, &greets] {
        let (code, reason, message) = listed(address).await;
        assert_eq!((code, reason.as_str()), (4, "UNREACHABLE"), "{message}");
        assert!(message.contains("the program that answers there is not a node"), "{message}");
        assert!(!message.contains("InvalidContentType"), "{message}");
    }
    greeting.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_container_networks_are_hosts_and_metrics_for_everybody_are_told() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("node");
    let init = ["init", "--org", "gb.example", "--kind", "state", "--country", "GB", "--advertise", "node_1:7443"];
    let made = watchfire(&dir, &init).await;
    assert_eq!(made.code, 0, "{}", made.stderr);
    let (mut org, ops) = with_ops(root.path()).await;
    let config = org.dir.join("watchfire.toml");
    let text = fs::read_to_string(&config).unwrap();
    const WORDS: &str = "listen.ops is beyond loopback";
    org.start().await;
    assert!(!org.log().contains(WORDS), "{}", org.log());
    assert!(asked(&ops, "/healthz").await.ends_with("ok\n"));
    org.kill().await;
    fs::write(&config, text.replace(&ops, &ops.replace("127.0.0.1", "0.0.0.0"))).unwrap();
    let checked = org.run(&["config", "check"]).await;
    assert!(checked.code == 0 && checked.stderr.contains(WORDS), "{}", checked.stderr);
    org.start().await;
    assert!(org.log().contains(WORDS), "{}", org.log());
    let doctor = org.run(&["--as", "root", "doctor"]).await;
    assert!(doctor.stdout.contains(WORDS), "{}", doctor.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assessment_whose_time_is_over_is_shown_as_expired() {
    let Some(later) = clock("+3d") else { return };
    let mut org = Org::found("gb.example", "state", Some("GB")).await;
    let until_tomorrow = crate::kit::days_from_now(1);
    let text = note("over soon", "BF");
    let line = text.lines().find(|l| l.trim_start().starts_with("expires")).unwrap().to_owned();
    let id = org.author().await.publish(&text.replace(&line, &format!("expires = \"{until_tomorrow}\""))).await;
    let stays = org.author().await.publish(&note("stays", "BF")).await;
    let states = async |org: &Org| {
        let listed = org.ask(&["--as", "ana", "assess", "list"]).await;
        let of =
            |id: &str| listed.iter().find(|a| a["assessment"] == *id).unwrap()["state"].as_str().unwrap().to_owned();
        [of(&id), of(&stays)]
    };
    assert_eq!(states(&org).await, ["current", "current"]);
    org.kill().await;
    org.environment = later;
    org.start().await;
    assert_eq!(states(&org).await, ["expired", "current"]);
    assert_eq!(org.one(&["--as", "ana", "assess", "show", &id]).await["state"], "expired");
    let holders = watchfire(&org.dir, &["--as", "ana", "assess", "holders", &id]).await.stdout;
    assert!(holders.contains("version 1, expired"), "{holders}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_free_file_descriptors_says_so_once_and_goes_on_afterwards() {
    let root = tempfile::tempdir().unwrap();
    let mut org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    org.under = ["sh", "-c", "ulimit -n 96; exec \"$0\" \"$@\""].map(str::to_owned).to_vec();
    org.start().await;
    let mut idle = vec![];
    for address in [&org.peer, &org.desk] {
        for _ in 0..100 {
            idle.push(tokio::net::TcpStream::connect(address).await.unwrap());
        }
    }
    let told = || org.log().lines().filter(|line| line.contains("can't accept connections")).count();
    until("it is told", async || (told() > 0).then_some(())).await;
    // Many attempts later.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(told() <= 2, "the log must have one line for each listener: {}", org.log());
    drop(idle);
    until("people get in again", async || (org.run(&["--as", "ana", "assess", "list"]).await.code == 0).then_some(()))
        .await;
}
