//! A wrong clock and a full disk are reported, survived, and over once they are corrected.

use std::io::Write;

use tonic::Code;
use watchfire::{domain::fault::Reason, wire::status::to_fault};

use crate::{
    files::{asked, readyz, with_ops},
    kit::{Org, note, pair, until, watchfire},
    system::{Disk, NO_DISK, NO_FAKETIME, faketime},
};

/// Says clearly why a test is skipped. If `CI` is set, no test may be skipped.
fn skipped(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "skipped, and with CI set no test may be: {why}");
    let _ = writeln!(std::io::stderr(), "\nSKIPPED, nothing was tested: {why}\n");
}

/// The environment of a process whose clock is off by this much. `None`, with a clear message, if that is not available.
pub fn clock(off: &str) -> Option<Vec<(&'static str, String)>> {
    let Some(library) = faketime() else {
        skipped(NO_FAKETIME);
        return None;
    };
    let library = library.to_string_lossy();
    let values = [("LD_PRELOAD", &*library), ("FAKETIME", off), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    Some(values.map(|(name, value)| (name, value.to_owned())).to_vec())
}

/// Starts the node again with its development CA moved away, so that nobody renews what ends.
pub async fn without_ca(org: &mut Org) {
    org.kill().await;
    std::fs::rename(org.dir.join("ca"), org.dir.join("ca-aside")).unwrap();
    org.start().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_whose_clocks_differ_by_an_hour_say_so_and_the_feed_goes_on() {
    let Some(later) = clock("+3600s") else { return };
    let (gb, mut no) = pair().await;
    no.kill().await;
    no.environment = later;
    no.start().await;
    let published = gb.author().await.publish(&note("an hour apart", "BF")).await;
    no.has("gb.example", &[published]).await;
    for (org, partner, ahead, way) in [(&gb, "no.example", 3600, "ahead of"), (&no, "gb.example", -3600, "behind")] {
        let seconds = until("the difference is told", async || {
            org.feed(partner, "in").await["clock_ahead_seconds"].as_i64().filter(|s| s.abs() > 60)
        })
        .await;
        assert!((seconds - ahead).abs() < 60, "{}: {seconds}", org.domain);
        let words = watchfire(&org.dir, &["--as", "root", "feed", "status"]).await.stdout;
        assert!(words.contains(&format!("{partner}: its clock is ")) && words.contains(way), "{words}");
        assert!(org.log().contains("clock differs"), "{}", org.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_keeps_reading_and_recovers_by_itself() {
    let Some(disk) = Disk::of("8m") else {
        return skipped(NO_DISK);
    };
    let (mut org, ops) = with_ops(disk.path()).await;
    org.start().await;
    let mut author = org.author().await;
    let mut published = vec![author.publish(&note("before", "BF")).await];
    let told = async || {
        let metrics = asked(&ops, "/metrics").await;
        let is_full = metrics.lines().any(|line| line == "watchfire_store_full 1");
        assert!(metrics.lines().any(|line| line == "watchfire_store_read_only 0"), "{metrics}");
        let doctor = org.run(&["--as", "root", "doctor"]).await;
        assert_eq!(doctor.code != 0, doctor.stdout.contains("STORE_FULL"), "{}", doctor.stdout);
        let ready = readyz(&ops).await;
        assert_eq!(ready.contains(" 503 "), ready.contains("STORE_FULL"), "{ready}");
        [is_full, doctor.code != 0, ready.contains(" 503 ")]
    };
    assert_eq!(told().await, [false; 3]);
    let filler = disk.path().join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
    // Before any other command finds it.
    assert_eq!(told().await, [true; 3]);
    // A command that can't write its file leaves no file, and says so.
    let draft = org.place("draft.toml");
    let new = org.run(&["assess", "new", "--out", &draft]).await;
    assert!(new.code == 3 && new.stderr.contains("can't be written"), "{}", new.stderr);
    assert!(!std::path::Path::new(&draft).exists());
    // Data for which the store's files still have room inside are stored.
    let mut refusal = None;
    for i in 0..500 {
        match author.try_publish(&note(&format!("note {i}"), "BF")).await {
            Ok(answer) => published.push(hex::encode(answer.assessment_id)),
            Err(status) => {
                refusal = Some(status);
                break;
            }
        }
    }
    let refusal = refusal.expect("the disk is full, but everything was accepted");
    assert_eq!(to_fault(&refusal).reason, Reason::StoreFull, "{refusal:?}");
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    // Reading still works, and nothing incomplete is shown.
    org.has("gb.example", &published).await;
    let told_the_author = org.run(&["--as", "ana", "assess", "publish", "-"]).await;
    assert_ne!(told_the_author.code, 0);
    assert_eq!(told().await, [true; 3]);
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    // The same if nothing is written meanwhile.
    assert_eq!(told().await, [false; 3]);
    published.push(author.publish(&note("after", "BF")).await);
    org.has("gb.example", &published).await;
    org.kill().await;
    org.start().await;
    org.has("gb.example", &published).await;
    org.kill().await;
}
