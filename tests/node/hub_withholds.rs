//! What a hub must withhold is neither passed on nor revealed by what is passed on.

use prost::Message;
use watchfire::{
    domain::ids::AssessmentId,
    wire::{self, proto},
};

use crate::{
    hostile_kit::Rogue,
    hubs::{for_all, limit, link, onward},
    kit::{Org, until},
};

const READER: &str = "reader.example";
const KINDS: [&str; 3] = ["headline", "subject", "limitation"];

/// gb.example gives to ecowas.example, which passes on to a reader. Every byte that the reader gets is seen.
struct Hub {
    gb: Org,
    hub: Org,
    reader: Rogue,
    /// The agreement between the first two.
    agreement: String,
}

impl Hub {
    async fn new() -> Self {
        let (gb, hub) = tokio::join!(
            Org::found("gb.example", "state", Some("GB")),
            Org::found("ecowas.example", "regional", None),
        );
        let all = ["ecowas.example", READER];
        let to_hub = onward(gb.domain, hub.domain, &limit("group:watch", &KINDS, "AMBER", 2), &all);
        let agreement = link(&gb, &hub, &to_hub).await;
        let reader = Rogue::new(READER);
        let to_reader = onward(hub.domain, READER, "", &all);
        reader.befriend(&hub, "127.0.0.1:1", &to_reader).await;
        Self { gb, hub, reader, agreement }
    }

    async fn publish(&self, draft: &str) -> AssessmentId {
        let id = self.gb.author().await.publish(draft).await;
        until("the hub has it", async || self.hub.assessments(self.gb.domain).await.contains(&id).then_some(())).await;
        id.parse().unwrap()
    }

    /// All entries that the reader is given.
    async fn given(&self) -> Vec<proto::FeedEntry> {
        let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
        let mut stream = self.reader.exchange(&self.hub).subscribe(request).await.unwrap().into_inner();
        let mut entries = vec![];
        while let Some(entry) = stream.message().await.unwrap() {
            entries.push(entry);
        }
        entries
    }

    /// The assessments that the reader is given, without voids.
    async fn with_content(&self) -> Vec<AssessmentId> {
        self.given().await.iter().filter(|entry| entry.manifest.is_some()).map(assessment).collect()
    }

    /// The assessments that the reader is given, in the order of their arrival, once this one is among them.
    async fn given_until(&self, last: AssessmentId) -> Vec<(AssessmentId, proto::FeedEntry)> {
        until("the last one goes on", async || {
            let given = self.given().await.into_iter().filter(|entry| entry.manifest.is_some());
            let entries = given.map(|entry| (assessment(&entry), entry));
            let entries: Vec<_> = entries.collect();
            entries.iter().any(|(id, _)| *id == last).then_some(entries)
        })
        .await
    }
}

fn assessment(entry: &proto::FeedEntry) -> AssessmentId {
    wire::manifest::decode(&entry.manifest.as_ref().unwrap().payload).unwrap().assessment
}

fn holds(entry: &proto::FeedEntry, canary: &str) -> bool {
    memchr::memmem::find(&entry.encode_to_vec(), canary.as_bytes()).is_some()
}

/// One more portion.
fn with(draft: &str, portion: &str) -> String {
    format!("{draft}\n[[portion]]\n{portion}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_that_stays_at_a_hub_is_not_betrayed_by_what_the_hub_got_it_by() {
    let hub = Hub::new().await;
    let from_now = crate::kit::days_from_now;
    let (from, to) = (from_now(1), from_now(200));
    let second = format!(
        "kind = \"subject\"\nplaces = [\"NE\"]\nperiod = {{ from = \"{from}\", until = \"{to}\" }}\nrisk_of = [\"mass-killing\"]\n\
         groups = [\"CANARY-farmers\"]\ncap = {{ urgency = \"Future\", severity = \"Extreme\", certainty = \"Possible\" }}\n\
         marking = {{ onward = \"within-organisation\" }}",
    );
    let kept = hub.publish(&with(&for_all("about two states", "BF"), &second)).await;
    let open = hub.publish(&for_all("about one", "BF")).await;
    let given = hub.given_until(open).await;
    let ids: Vec<AssessmentId> = given.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        ids,
        [open],
        "nothing of the first one may go, because {kept} would reveal the state of its second subject"
    );
    for (_, entry) in &given {
        assert!(!holds(entry, "CANARY-"));
        let releases = entry.provenance.iter().chain(&entry.release);
        for release in releases {
            let barred = wire::release::decode(&release.payload).unwrap().terms.barred_states;
            assert_eq!(barred.iter().map(|state| state.code()).collect::<Vec<_>>(), ["BF"]);
        }
    }
    // Its officers see the reason.
    let why = hub.hub.run(&["--as", "root", "ledger", "list"]).await.stdout;
    assert!(why.contains("a-subject-stays"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bears_no_attribution_stays_with_whom_its_originator_gave_it() {
    let hub = Hub::new().await;
    let draft = for_all("partly unattributed", "BF");
    let unattributed =
        "kind = \"limitation\"\ntext = \"CANARY-source-is-shy\"\nmarking = { caveats = [\"no-attribution\"] }";
    let id = hub.publish(&with(&draft, unattributed)).await;
    let shown = hub.hub.run(&["--as", "ana", "assess", "show", &id.to_string()]).await.stdout;
    assert!(shown.contains("CANARY-source-is-shy"), "its first recipient has it: {shown}");
    let given = hub.given_until(id).await;
    assert_eq!(given.len(), 1);
    assert_eq!(given[0].1.portions.len(), 3);
    assert!(!holds(&given[0].1, "CANARY-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_passes_nothing_on_while_the_originator_has_suspended() {
    let hub = Hub::new().await;
    let first = hub.publish(&for_all("before", "BF")).await;
    hub.given_until(first).await;
    let second = hub.publish(&for_all("and then trust ended", "BF")).await;
    hub.gb.ask(&["--as", "root", "agreement", "suspend", &hub.agreement, "--reason", "a leak"]).await;
    hub.hub.agreement(&hub.agreement, "suspended").await;
    // The second one was queued before, and waits. The first one was sent. If the reader asks for it again, it is sent again, so that nobody
    // learns from their own feed of a suspension between others.
    assert_eq!(hub.with_content().await, [first]);
    hub.gb.ask(&["--as", "root", "agreement", "resume", &hub.agreement]).await;
    hub.hub.agreement(&hub.agreement, "in-force").await;
    hub.given_until(second).await;
    // After the agreement is terminated, what waits is dropped.
    let third = hub.publish(&for_all("and for good", "BF")).await;
    hub.gb.ask(&["--as", "root", "agreement", "terminate", &hub.agreement, "--reason", "a leak", "--yes"]).await;
    hub.hub.agreement(&hub.agreement, "ended").await;
    assert_eq!(hub.with_content().await, [first, second], "{third} was not passed on");
    let why = hub.hub.run(&["--as", "root", "ledger", "list"]).await.stdout;
    assert!(why.contains("is suspended or was terminated"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_again_does_not_learn_what_a_later_version_is_about() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (reader, no) = (Rogue::new(READER), Org::found("no.example", "state", Some("NO")).await);
    let to_reader = onward(gb.domain, READER, &limit("group:watch", &KINDS, "AMBER", 2), &[READER, "au.example"]);
    reader.befriend(&gb, "127.0.0.1:1", &to_reader).await;
    link(&gb, &no, &onward(gb.domain, no.domain, "", &[no.domain])).await;
    let feed = async || {
        let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
        let mut stream = reader.exchange(&gb).subscribe(request).await.unwrap().into_inner();
        let mut entries = vec![];
        while let Some(entry) = stream.message().await.unwrap() {
            entries.push((entry.release.unwrap().payload, entry.portions.len()));
        }
        entries
    };
    let id = gb.author().await.publish(&for_all("first about Niger", "NE")).await;
    let before = until("it is given", async || Some(feed().await).filter(|entries| entries.len() == 1)).await;
    let second =
        for_all("and then about Mali", "ML").replacen("onward =", "releasable_to = [\"no.example\"]\nonward =", 1);
    let path = gb.file("second.toml", &second);
    let findings = gb.run(&["assess", "lint", &path]).await;
    let codes: Vec<String> = findings.lines().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect();
    let mut arguments = vec!["--as", "ana", "assess", "correct", &id, &path];
    arguments.extend(codes.iter().flat_map(|c| ["--accept", c]));
    gb.one(&arguments).await;
    no.has(gb.domain, std::slice::from_ref(&id)).await;
    assert_eq!(feed().await, before, "the bytes must be the same");
}
