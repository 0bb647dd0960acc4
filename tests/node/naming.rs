//! A warning that names a state which is no subject is stopped where that state's organisation would receive it, whoever says how it is named.

use crate::{
    hubs::{know, limit, link, onward, to_watch, watched_by},
    kit::{Answer, Org, note, terms, until},
};

const FINDING: &str = "names-a-recipient";

/// How people name Sudan in a text about Chad.
const NAMES: [&str; 4] = [
    "The shells come from El Fasher",
    "Khartoum has ordered it",
    "Les armes viennent au Soudan par avion",
    "وصل المقاتلون من السودان",
];

/// Publishes as this person, who accepts the finding or does not.
async fn publish(org: &Org, who: &str, text: &str, accepts: bool) -> Answer {
    let draft = org.file("draft.toml", text);
    let mut arguments = vec!["--as", who, "assess", "publish", &draft];
    arguments.extend(if accepts { vec!["--accept", FINDING] } else { vec![] });
    org.run(&arguments).await
}

/// The id of what was published.
fn id(answer: &Answer) -> String {
    assert_eq!(answer.code, 0, "{} {}", answer.stdout, answer.stderr);
    answer.lines().last().unwrap()["assessment"].as_str().unwrap().to_owned()
}

/// Sudan's organisation, and one that gives it everything.
async fn with_sudan() -> (Org, Org) {
    let (gb, sd) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("sd.example", "state", Some("SD")),);
    link(&gb, &sd, &terms(gb.domain, sd.domain, "")).await;
    (gb, sd)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_alone_does_not_send_a_state_what_names_it() {
    let (gb, sd) = with_sudan().await;
    for name in NAMES {
        let text = note(name, "TD");
        let refused = publish(&gb, "ana", &text, false).await;
        assert_eq!(refused.reason(), "LINT_FAILED", "{name}: {}", refused.stdout);
        let refused = publish(&gb, "ana", &text, true).await;
        assert_eq!(refused.reason(), "SECOND_PERSON_REQUIRED", "{name}: {}", refused.stdout);
        let told = "sd.example would receive this and learn what it says about Sudan";
        assert!(refused.stdout.contains(told), "{name}: {}", refused.stdout);
    }
    // A client that does not check the draft itself is refused by the node.
    let refused = gb.author().await.try_publish(&note(NAMES[0], "TD")).await.unwrap_err();
    assert!(refused.message().contains(FINDING) && refused.message().contains("an officer must publish it"));
    assert_eq!(gb.assessments(gb.domain).await, Vec::<String>::new());

    let by_officer = id(&publish(&gb, "olu", &note(NAMES[0], "TD"), true).await);
    sd.has(gb.domain, std::slice::from_ref(&by_officer)).await;
    let ledger = gb.run(&["--as", "root", "ledger", "list"]).await.stdout;
    let entry = ledger.lines().find(|line| line.contains(FINDING)).unwrap_or_else(|| panic!("{ledger}"));
    assert!(entry.contains("officer/olu"), "{entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_a_marking_and_a_state_without_a_partner_need_no_officer() {
    let (gb, sd) = with_sudan().await;
    let about_both = id(&publish(&gb, "ana", &note(NAMES[1], "TD\", \"SD"), false).await);
    let withheld = note(NAMES[1], "TD").replacen(
        "kind = \"headline\"",
        "kind = \"headline\"\nmarking = { releasable_to = [\"no.example\"] }",
        1,
    ) + "\n[[portion]]\nkind = \"headline\"\ntext = \"Two villages may be attacked\"\n";
    let withheld = id(&publish(&gb, "ana", &withheld, true).await);
    let refused = publish(&gb, "ana", &note("Bamako has ordered it", "TD"), false).await;
    assert_eq!(refused.reason(), "LINT_FAILED", "{}", refused.stdout);
    let of_nobody = id(&publish(&gb, "ana", &note("Bamako has ordered it", "TD"), true).await);
    sd.has(gb.domain, &[withheld.clone(), of_nobody]).await;
    let shown = sd.run(&["--as", "ana", "assess", "show", &withheld]).await.stdout;
    assert!(shown.contains("Two villages") && !shown.contains("Khartoum"), "{shown}");
    assert!(!sd.assessments(gb.domain).await.contains(&about_both));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_behind_a_hub_counts_as_well() {
    let (gb, hub, sd) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("sd.example", "state", Some("SD")),
    );
    let members = [hub.domain, sd.domain];
    let kinds = ["headline", "subject", "limitation"];
    link(&gb, &hub, &onward(gb.domain, hub.domain, &limit("group:watch", &kinds, "AMBER", 2), &members)).await;
    link(&hub, &sd, &onward(hub.domain, sd.domain, "", &members)).await;
    let text = |headline: &str| watched_by(&to_watch(headline, "TD"), &members);
    let refused = publish(&gb, "ana", &text(NAMES[0]), true).await;
    assert_eq!(refused.reason(), "SECOND_PERSON_REQUIRED", "{}", refused.stdout);
    assert!(refused.stdout.contains("sd.example (whose state is not known here), by way of ecowas.example"));
    tokio::join!(know(&gb, &sd), know(&sd, &gb));
    for name in NAMES {
        let refused = publish(&gb, "ana", &text(name), true).await;
        assert_eq!(refused.reason(), "SECOND_PERSON_REQUIRED", "{name}: {}", refused.stdout);
        let told = "sd.example, by way of ecowas.example, would receive this";
        assert!(refused.stdout.contains(told), "{name}: {}", refused.stdout);
    }
    // What the hub may not pass on stays with it.
    let kept = id(&publish(&gb, "ana", &note(NAMES[0], "TD"), true).await);
    let sent = id(&publish(&gb, "olu", &text(NAMES[0]), true).await);
    until("the hub passes it on", async || {
        let there = sd.assessments(gb.domain).await;
        assert!(!there.contains(&kept));
        there.contains(&sent).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisation_s_own_words_name_states_too() {
    let (gb, _sd) = with_sudan().await;
    let text = note("Operation Thistle goes on", "TD");
    std::fs::create_dir_all(gb.dir.join("rules")).unwrap();
    let version = async |rows: &str| {
        std::fs::write(gb.dir.join("rules/names.tsv"), rows).unwrap();
        gb.run(&["--as", "root", "policy", "check"]).await
    };
    let wrong = version("# names\tstates\twhat they are\nOperation Thistle\tSUD\ta deployment\n").await;
    let fault = &wrong.lines()[0];
    assert_eq!((wrong.code != 0, &fault["line"], &fault["column"]), (true, &2.into(), &19.into()), "{fault}");
    assert!(fault["file"].as_str().unwrap().ends_with("names.tsv"));
    assert!(fault["message"].as_str().unwrap().starts_with("`SUD` is no state"), "{fault}");
    let right = version("Operation Thistle\tSD\ta deployment of Sudan's army\n").await;
    assert_eq!(right.code, 0, "{} {}", right.stdout, right.stderr);
    until("the words are in force", async || {
        let refused = publish(&gb, "ana", &text, true).await;
        (refused.reason() == "SECOND_PERSON_REQUIRED").then_some(())
    })
    .await;
}
