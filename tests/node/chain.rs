//! After a release over three hops: recalls, receipts and corrections follow the warning, even if nodes are killed or silent.

use std::time::Duration;

use crate::{
    hubs::{for_all, know, limit, link, onward},
    kit::{Org, until},
    recall::{holder, holders, publish, recall},
};

const KINDS: [&str; 4] = ["headline", "subject", "limitation", "attachment"];
const PURGES: &str = "\n[duties]\npurge_on_recall = true\n";
const HOPS: [&str; 3] = ["ecowas.example", "au.example", "no.example"];

/// gb → ecowas → au → no. All know each other, and their agreements permit purges without a decision.
async fn chain() -> (Org, Org, Org, Org) {
    let (gb, ecowas, au, no) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("au.example", "regional", None),
        Org::found("no.example", "state", Some("NO")),
    );
    let terms = |from: &str, to: &str, depth: u32| {
        let on = if depth > 0 { limit("group:watch", &KINDS, "AMBER", depth) } else { String::new() };
        onward(from, to, &format!("{on}{PURGES}"), &HOPS)
    };
    link(&gb, &ecowas, &terms("gb.example", "ecowas.example", 2)).await;
    link(&ecowas, &au, &terms("ecowas.example", "au.example", 1)).await;
    link(&au, &no, &terms("au.example", "no.example", 0)).await;
    for (reader, other) in [(&au, &gb), (&no, &gb), (&no, &ecowas), (&gb, &au), (&gb, &no), (&ecowas, &no)] {
        know(reader, other).await;
    }
    (gb, ecowas, au, no)
}

/// A warning that all hold, which the originator knows.
async fn held_by_all(gb: &Org, no: &Org) -> String {
    let id = publish(gb, &for_all("over three hops", "BF")).await;
    until("it has come to the last", async || no.assessments("gb.example").await.contains(&id).then_some(())).await;
    for name in HOPS {
        let held = holder(gb, &id, name, "held").await;
        let through: Vec<&str> = HOPS.into_iter().take_while(|h| *h != name).collect();
        assert_eq!(held["through"], serde_json::json!(through), "{held}");
    }
    id
}

async fn purged(org: &Org, id: &str) {
    until(&format!("{} has purged it", org.domain), async || {
        let shown = org.run(&["--as", "ana", "assess", "show", id]).await.lines().pop()?;
        (shown["state"] == "purged" && shown["portions"].as_array()?.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_goes_over_three_hops_and_each_holder_confirms_it_by_itself() {
    let (gb, ecowas, au, mut no) = chain().await;
    let id = held_by_all(&gb, &no).await;
    // Its readers are known by their role only.
    no.one(&["--as", "ana", "assess", "show", &id]).await;
    until("the reading is known", async || {
        let all = holders(&gb, &id).await;
        let of_no = all.iter().find(|h| h["holder"] == "no.example")?;
        of_no["read"].as_array()?.iter().any(|r| r["role"] == "analyst").then_some(())
    })
    .await;

    no.kill().await;
    recall(&gb, &id, "--purge").await;
    purged(&ecowas, &id).await;
    purged(&au, &id).await;
    holder(&gb, &id, "ecowas.example", "confirmed").await;
    holder(&gb, &id, "au.example", "confirmed").await;
    let waiting = holders(&gb, &id).await;
    let waiting = waiting.iter().find(|h| h["holder"] == "no.example").unwrap();
    assert!(waiting["state"] == "pending" || waiting["state"] == "unreachable", "{waiting}");
    no.start().await;
    purged(&no, &id).await;
    holder(&gb, &id, "no.example", "confirmed").await;
    for org in [&gb, &ecowas, &au, &no] {
        let verified = org.one(&["--as", "root", "ledger", "verify"]).await;
        assert_eq!(verified["ok"], true, "{}: {verified}", org.domain);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_over_hops_completes_whichever_hub_is_killed_whenever() {
    let (gb, mut ecowas, mut au, no) = chain().await;
    for (round, wait) in [0_u64, 15, 40, 90, 160, 300].into_iter().enumerate() {
        let id = held_by_all(&gb, &no).await;
        let how = if round % 2 == 0 { "--withdraw" } else { "--purge" };
        recall(&gb, &id, how).await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let killed = if round % 3 == 0 { &mut au } else { &mut ecowas };
        killed.kill().await;
        killed.start().await;
        for name in HOPS {
            holder(&gb, &id, name, "confirmed").await;
        }
        let state = no.one(&["--as", "ana", "assess", "show", &id]).await;
        assert!(state["portions"].as_array().unwrap().is_empty(), "round {round}: {state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_passes_no_recall_on_is_seen_by_the_originator_and_a_correction_reaches_all() {
    let (gb, _ecowas, au, no) = chain().await;
    let id = held_by_all(&gb, &no).await;
    let draft = gb.file("second.toml", &for_all("over three hops, mended", "BF"));
    gb.one(&["--as", "ana", "assess", "correct", &id, &draft]).await;
    until("the correction is there", async || {
        let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
        (shown["version"] == 2 && shown.to_string().contains("mended")).then_some(())
    })
    .await;
    // The hub no longer talks to those behind it, but continues to talk to the originator's side.
    au.ask(&["--as", "root", "partner", "suspend", "no.example"]).await;
    recall(&gb, &id, "--withdraw").await;
    holder(&gb, &id, "au.example", "confirmed").await;
    let silent = holder(&gb, &id, "no.example", "pending").await;
    assert_eq!(silent["through"], serde_json::json!(["ecowas.example", "au.example"]), "{silent}");
    assert_eq!(no.one(&["--as", "ana", "assess", "show", &id]).await["state"], "current");
    // It is done once the hub talks again, or once anybody else hands the recall over.
    au.ask(&["--as", "root", "partner", "resume", "no.example"]).await;
    holder(&gb, &id, "no.example", "confirmed").await;
}
