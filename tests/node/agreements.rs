//! The life of an agreement: who must approve it, what either side does alone, its versions, and partners without a link.

use serde_json::Value;

use crate::{kit::*, surroundings};

/// Two states that know each other and have no agreement yet. `dialled` says whether they can reach each other.
async fn strangers(dialled: bool) -> (Org, Org) {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    let nowhere = format!("127.0.0.1:{}", free_port());
    no.accept(&gb, if dialled { &gb.peer } else { &nowhere }).await;
    gb.accept(&no, if dialled { &no.peer } else { &nowhere }).await;
    (gb, no)
}

fn admin(org: &Org, name: &str) -> impl Future<Output = Vec<Value>> {
    let arguments = ["person", "add", name, "--role", "admin"].map(str::to_owned);
    let dir = org.dir.clone();
    async move {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answer = watchfire(&dir, &[&["--json"], &arguments[..]].concat()).await;
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        answer.lines()
    }
}

fn id_of(agreement: &Value) -> String {
    agreement["id"].as_str().unwrap().to_owned()
}

async fn show(org: &Org, id: &str) -> Value {
    org.one(&["--as", "ana", "agreement", "show", id]).await
}

/// What the next publication gives the other side.
async fn gives(org: &Org, place: &str) -> bool {
    let answer = org.author().await.try_publish(&note("what is given", place)).await.unwrap();
    answer.decisions.iter().any(|d| d.release)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_two_administrators_two_stand_behind_an_agreement_on_each_side() {
    let (gb, no) = strangers(true).await;
    tokio::join!(admin(&gb, "rita"), admin(&no, "rolf"));
    let path = gb.file("agreement.toml", &terms("gb.example", "no.example", ""));
    let draft = gb.one(&["--as", "root", "agreement", "propose", &path]).await;
    assert_eq!((&draft["state"], &draft["approvals_needed"]), (&"awaiting-approval".into(), &2.into()), "{draft}");
    let id = id_of(&draft);
    // Nobody approves their own draft, by any command, and the partner sees nothing of it.
    let again = gb.run(&["--as", "root", "agreement", "sign", &id]).await;
    assert_eq!((again.code, again.reason().as_str()), (5, "SECOND_PERSON_REQUIRED"), "{}", again.stderr);
    assert_eq!(gb.one(&["--as", "root", "agreement", "propose", &path]).await["state"], "awaiting-approval");
    assert!(no.ask(&["--as", "root", "agreement", "list"]).await.is_empty());
    // An analyst's approval does not count.
    let analyst = gb.run(&["--as", "ana", "agreement", "sign", &id]).await;
    assert_eq!(analyst.code, 5, "{}", analyst.stderr);
    let signed = gb.one(&["--as", "rita", "agreement", "sign", &id]).await;
    assert_eq!(signed["state"], "signed-here");
    no.agreement(&id, "proposed").await;
    let first = no.one(&["--as", "root", "agreement", "sign", &id]).await;
    assert_eq!((&first["state"], first["approvals"].as_array().unwrap().len()), (&"proposed".into(), 1));
    assert!(!gives(&gb, "BF").await);
    assert_eq!(no.one(&["--as", "rolf", "agreement", "sign", &id]).await["state"], "in-force");
    gb.agreement(&id, "in-force").await;
    assert!(gives(&gb, "BF").await);
    // A person who suspends it can't lift the suspension alone.
    gb.ask(&["--as", "rita", "agreement", "suspend", &id]).await;
    let alone = gb.run(&["--as", "rita", "agreement", "resume", &id]).await;
    assert_eq!(alone.reason(), "SECOND_PERSON_REQUIRED");
    assert_eq!(gb.one(&["--as", "root", "agreement", "resume", &id]).await["state"], "in-force");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_may_ask_for_more_persons_than_there_are() {
    let (gb, _no) = strangers(false).await;
    let text = terms("gb.example", "no.example", "") + "\n[duties]\napprovals = 3\n";
    let path = gb.file("agreement.toml", &text);
    let draft = gb.one(&["--as", "root", "agreement", "propose", &path]).await;
    assert_eq!((&draft["state"], &draft["approvals_needed"]), (&"awaiting-approval".into(), &3.into()));
    // One person can withdraw it. Then it is over.
    let id = id_of(&draft);
    assert_eq!(gb.one(&["--as", "root", "--yes", "agreement", "terminate", &id]).await["state"], "ended");
    let late = gb.run(&["--as", "root", "agreement", "sign", &id]).await;
    assert_eq!(late.reason(), "CONFLICT");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_suspends_and_resumes_its_own_and_tells_the_other() {
    let (gb, no, id) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    no.ask(&["--as", "root", "agreement", "suspend", &id, "--reason", "a breach is looked into"]).await;
    gb.agreement(&id, "suspended").await;
    let seen = show(&gb, &id).await;
    assert_eq!(seen["partner_reason"], "a breach is looked into");
    assert!(seen["suspended_there"].is_string() && seen.get("suspended_here").is_none(), "{seen}");
    assert!(!gives(&gb, "BF").await);
    let not_ours = gb.run(&["--as", "root", "agreement", "resume", &id]).await;
    assert_eq!(not_ours.reason(), "CONFLICT", "{}", not_ours.stderr);
    // Both have suspended it. Each lifts its own suspension.
    gb.ask(&["--as", "root", "agreement", "suspend", &id]).await;
    assert_eq!(no.one(&["--as", "root", "agreement", "resume", &id]).await["state"], "suspended");
    until("gb hears that no has resumed", async || show(&gb, &id).await.get("suspended_there").is_none().then_some(()))
        .await;
    assert_eq!(gb.one(&["--as", "root", "agreement", "resume", &id]).await["state"], "in-force");
    no.agreement(&id, "in-force").await;
    assert!(gives(&gb, "BF").await);
    // One side can end it for both.
    no.ask(&["--as", "root", "--yes", "agreement", "terminate", &id, "--reason", "over"]).await;
    gb.agreement(&id, "ended").await;
    assert_eq!(show(&gb, &id).await["ended"], "terminated-there");
    assert!(!gives(&gb, "BF").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_proposal_is_over_on_both_sides() {
    let (gb, no) = strangers(true).await;
    let path = gb.file("agreement.toml", &terms("gb.example", "no.example", ""));
    let id = id_of(&gb.one(&["--as", "root", "agreement", "propose", &path]).await);
    no.agreement(&id, "proposed").await;
    no.ask(&["--as", "root", "--yes", "agreement", "terminate", &id, "--reason", "not now"]).await;
    gb.agreement(&id, "ended").await;
    assert_eq!(show(&gb, &id).await["partner_reason"], "not now");
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_without_a_link_agree_by_files() {
    let (gb, no) = strangers(false).await;
    let offer = gb.place("offer.txt");
    let path = gb.file("agreement.toml", &terms("gb.example", "no.example", ""));
    let id = id_of(&gb.one(&["--as", "root", "agreement", "propose", &path, "--out", &offer]).await);
    let taken = no.one(&["--as", "root", "agreement", "import", &offer]).await;
    assert_eq!((id_of(&taken), &taken["state"]), (id.clone(), &"proposed".into()));
    // A copy of its own file is not a signature of the other side.
    let own = gb.run(&["--as", "root", "agreement", "import", &offer]).await;
    assert_eq!((own.code, own.reason().as_str()), (6, "WRONG_DOMAIN"));
    let answer = no.place("answer.txt");
    assert_eq!(no.one(&["--as", "root", "agreement", "sign", &id, "--out", &answer]).await["state"], "in-force");
    assert_eq!(gb.one(&["--as", "root", "agreement", "import", &answer]).await["state"], "in-force");
    // A damaged file is refused, without effect.
    let text = std::fs::read_to_string(&answer).unwrap();
    let damaged = gb.file("damaged.txt", &text.replacen('A', "B", 3));
    let refused = gb.run(&["--as", "root", "agreement", "import", &damaged]).await;
    assert_ne!(refused.code, 0);
    let again = no.place("again.txt");
    no.ask(&["--as", "root", "agreement", "export", &id, "--out", &again]).await;
    assert_eq!(std::fs::read_to_string(&again).unwrap(), text);
    let over = no.run(&["--as", "root", "agreement", "export", &id, "--out", &again]).await;
    assert_eq!(over.code, 3, "an existing file must not be overwritten: {}", over.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_begins_later_leaves_the_one_before_in_force_until_then() {
    let (gb, no, first) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    let begins = days_from_now(40).to_string();
    let text = gb.run(&["--as", "root", "agreement", "draft", "--amends", &first]).await.stdout;
    assert!(text.contains("[[grant]]"), "{text}");
    let text: String = text
        .lines()
        .map(
            |line| {
                if line.starts_with("from    =") { format!("from    = \"{begins}\"\n") } else { format!("{line}\n") }
            },
        )
        .collect();
    let path = gb.file("second.toml", &text);
    let second = id_of(&gb.one(&["--as", "root", "agreement", "propose", &path, "--amends", &first]).await);
    no.agreement(&second, "proposed").await;
    no.ask(&["--as", "root", "agreement", "sign", &second]).await;
    // It begins later, and is not called in force before.
    gb.agreement(&second, "agreed").await;
    let before = show(&gb, &first).await;
    assert_eq!((&before["state"], &before["followed_by"]), (&"in-force".into(), &second.clone().into()), "{before}");
    assert!(before["ends_at"].as_str().unwrap().starts_with(&begins), "{before}");
    let mine = gb.author().await.publish(&note("under the first", "BF")).await;
    no.has("gb.example", &[mine]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ended_is_not_brought_back_by_a_signature_that_comes_later() {
    let (gb, no) = strangers(false).await;
    let path = gb.file("agreement.toml", &terms("gb.example", "no.example", ""));
    let mut versions: Vec<String> = vec![];
    for amends in [false, true] {
        let [offer, answer] = ["offer.txt", "answer.txt"].map(|name| gb.place(name));
        let mut propose = vec!["--as", "root", "agreement", "propose", &path, "--out", &offer];
        propose.extend(versions.first().filter(|_| amends).iter().flat_map(|id| ["--amends", id]));
        let id = id_of(&gb.one(&propose).await);
        no.ask(&["--as", "root", "agreement", "import", &offer]).await;
        no.ask(&["--as", "root", "agreement", "sign", &id, "--out", &answer]).await;
        if amends {
            gb.ask(&["--as", "root", "--yes", "agreement", "terminate", &versions[0]]).await;
        }
        gb.ask(&["--as", "root", "agreement", "import", &answer]).await;
        versions.push(id);
    }
    for id in &versions {
        assert_eq!(show(&gb, id).await["state"], "ended");
    }
    assert!(!gives(&gb, "BF").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_agreement_is_told_ahead_and_recorded() {
    let (mut gb, no) = strangers(true).await;
    let [begins, ends] = [-3, 5].map(|days| days_from_now(days).to_string());
    let text: String = terms("gb.example", "no.example", "")
        .lines()
        .map(|line| match line.split_whitespace().next() {
            Some("from") if line.contains("20") => format!("from = \"{begins}\"\n"),
            Some("until") => format!("until = \"{ends}\"\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let id = gb.agree(&no, &text).await;
    gb.kill().await;
    gb.start().await;
    until("the log tells", async || gb.log().contains("with no.example ends in 5 days").then_some(())).await;
    let list = watchfire(&gb.dir, &["--as", "root", "agreement", "list"]).await.stdout;
    assert!(list.contains("ends in 5 days"), "{list}");
    let ill = gb.run(&["--as", "root", "doctor"]).await;
    assert!(ill.code == 1 && ill.stdout.contains("ends in 5 days"), "{}", ill.stdout);
    // Seven days later it has expired: it is on record, and nothing is given any more.
    let Some(later) = surroundings::clock("+7d") else { return };
    gb.kill().await;
    gb.environment = later;
    gb.start().await;
    gb.agreement(&id, "ended").await;
    assert_eq!(show(&gb, &id).await["ended"], "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_proposals_for_a_pair_one_comes_into_force_unless_both_are_meant() {
    let (gb, no) = strangers(true).await;
    let propose = async |by: &Org, more: &[&str]| {
        let path = by.file("terms.toml", &terms("gb.example", "no.example", ""));
        by.run(&[&["--as", "root", "agreement", "propose", &path], more].concat()).await
    };
    let made = |answer: crate::kit::Answer| id_of(&answer.lines()[0]);
    let ours = made(propose(&gb, &[]).await);
    let twice = propose(&gb, &[]).await;
    assert!(twice.reason() == "CONFLICT" && twice.stderr.contains(&ours), "{}", twice.stderr);
    // The other side proposes the same at the same time.
    let theirs = made(propose(&no, &[]).await);
    no.agreement(&ours, "proposed").await;
    gb.agreement(&theirs, "proposed").await;
    for (by, id, own) in [(&gb, &theirs, &ours), (&no, &ours, &theirs)] {
        let second = by.run(&["--as", "root", "agreement", "sign", id]).await;
        assert!(second.reason() == "CONFLICT" && second.stderr.contains(own), "{}", second.stderr);
        assert_eq!(show(by, id).await["state"], "proposed");
    }
    // One proposal gives way, or both are intended.
    gb.ask(&["--as", "root", "--yes", "agreement", "terminate", &ours]).await;
    assert_eq!(gb.one(&["--as", "root", "agreement", "sign", &theirs]).await["state"], "in-force");
    let more = made(propose(&gb, &["--beside"]).await);
    no.agreement(&more, "proposed").await;
    no.agreement(&theirs, "in-force").await;
    assert_eq!(no.run(&["--as", "root", "agreement", "sign", &more]).await.reason(), "CONFLICT");
    assert_eq!(no.one(&["--as", "root", "agreement", "sign", &more, "--beside"]).await["state"], "in-force");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_version_that_is_withdrawn_leaves_the_one_in_force() {
    let (gb, no, first) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    let path = gb.file("next.toml", &terms("gb.example", "no.example", "delay = \"1h\""));
    let ours = id_of(&gb.one(&["--as", "root", "agreement", "propose", &path, "--amends", &first]).await);
    let twin = gb.run(&["--as", "root", "agreement", "propose", &path]).await;
    assert!(twin.reason() == "CONFLICT" && twin.stderr.contains("--amends"), "{}", twin.stderr);
    let early = gb.run(&["--as", "root", "agreement", "suspend", &ours]).await;
    assert_eq!(early.reason(), "CONFLICT", "a proposal is not suspended: {}", early.stderr);
    no.agreement(&ours, "proposed").await;
    // The other side also proposes a next version. Only one of them can take effect.
    let path = no.file("next.toml", &terms("gb.example", "no.example", "delay = \"2h\""));
    let theirs = id_of(&no.one(&["--as", "root", "agreement", "propose", &path, "--amends", &first]).await);
    gb.agreement(&theirs, "proposed").await;
    let both = gb.run(&["--as", "root", "agreement", "sign", &theirs]).await;
    assert!(both.reason() == "CONFLICT" && both.stderr.contains(&ours), "{}", both.stderr);
    gb.ask(&["--as", "root", "--yes", "agreement", "terminate", &ours]).await;
    no.agreement(&ours, "ended").await;
    assert_eq!(show(&gb, &first).await["state"], "in-force");
    assert_eq!(show(&no, &first).await["state"], "in-force");
    assert_eq!(gb.one(&["--as", "root", "agreement", "sign", &theirs]).await["state"], "in-force");
    no.agreement(&theirs, "in-force").await;
    no.agreement(&first, "ended").await;
}
