//! What people see on a terminal: at each width, in colour and without, what they are asked, and the pager.

use watchfire::render::text;

use crate::{
    kit::{Org, note, pair, pair_by, until, watchfire},
    terminal_kit::{Terminal, masked, plain, unnumbered},
};

const WIDTHS: [u16; 4] = [60, 80, 120, 200];

/// A draft of the demo, and another one about Burkina Faso.
fn drafts(org: &Org) -> (String, String) {
    let demo = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo/r03.toml")).unwrap();
    (
        org.file("demo.toml", &demo),
        org.file("note.toml", &note("Attacks on villages in the north are likely", "BF-SOM")),
    )
}

/// Publishes a draft as a script does. Returns the assessment's id.
async fn publish(org: &Org, draft: &str) -> String {
    let published = org.one(&["--as", "ana", "assess", "publish", draft]).await;
    published["assessment"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_fits_each_width_and_reads_the_same_in_colour() {
    let (gb, no) = pair().await;
    let (demo, small) = drafts(&gb);
    let mut ids = vec![publish(&gb, &demo).await, publish(&gb, &small).await];
    no.has("gb.example", &ids).await;
    ids.sort();
    let first = publish(&no, &no.file("own.toml", &note("A note of its own", "ML"))).await;
    let demo_id = until("the demo's assessment is listed", async || {
        let all = no.ask(&["--as", "ana", "assess", "list", "--place", "SD"]).await;
        all.first().map(|a| a["assessment"].as_str().unwrap().to_owned())
    })
    .await;
    let commands: [(&Org, Vec<&str>); 6] = [
        (&no, vec!["--as", "ana", "assess", "list", "--sort", "level"]),
        (&no, vec!["--as", "ana", "assess", "show", &demo_id[..8]]),
        (&gb, vec!["--as", "ana", "assess", "publish", "--dry-run", &demo]),
        (&gb, vec!["--as", "ana", "policy", "explain", &demo_id[..8]]),
        (&gb, vec!["--as", "olu", "ledger", "list", "--about", "published"]),
        (&no, vec!["--as", "root", "agreement", "list"]),
    ];
    let mut too_wide = vec![];
    for columns in WIDTHS {
        let mut all = String::new();
        for (org, arguments) in &commands {
            let seen = Terminal::of(columns, false).run(&org.dir, arguments, "").await;
            assert_eq!(seen.code, 0, "{arguments:?}: {}", seen.text);
            let in_colour = Terminal::of(columns, true).run(&org.dir, arguments, "").await;
            assert!(!seen.text.contains('\u{1b}'), "{arguments:?}: {}", seen.text);
            assert_eq!(masked(&plain(&in_colour.text)), masked(&seen.text), "{arguments:?}");
            let wide = seen.text.lines().filter(|line| text::columns(line) > usize::from(columns));
            too_wide.extend(wide.map(|line| format!("{columns} columns, {arguments:?}: {line}")));
            let words = arguments.iter().map(|word| match *word {
                word if demo_id.starts_with(word) => "ID",
                word if word == demo => "demo.toml",
                word => word,
            });
            let text = masked(&seen.text);
            let text = if arguments.contains(&"ledger") { unnumbered(&text) } else { text };
            all.push_str(&format!("$ watchfire {}\n{text}\n", words.collect::<Vec<_>>().join(" ")));
        }
        insta::assert_snapshot!(format!("{columns}_columns"), all);
    }
    assert!(too_wide.is_empty(), "{}", too_wide.join("\n"));
    what_is_pasted_from_the_table_is_found(&no, &first).await;
}

async fn what_is_pasted_from_the_table_is_found(no: &Org, first: &str) {
    let listed = Terminal::of(80, false).run(&no.dir, &["--as", "ana", "assess", "list"], "").await.text;
    let shown: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(shown.len(), 3, "{listed}");
    for id in shown {
        assert_eq!(id.len(), 8, "{listed}");
        no.one(&["--as", "ana", "assess", "show", id]).await;
    }
    assert!(listed.contains(&first[..8]), "{listed}");
    // In a pipe nothing is cut.
    let piped = watchfire(&no.dir, &["--as", "ana", "assess", "list"]).await.stdout;
    assert!(piped.contains("Mass killing in South Kordofan and Blue Nile determined to have ended"), "{piped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_is_shown_before_it_is_asked_about_and_no_means_no() {
    let (gb, no) = pair().await;
    let (demo, _) = drafts(&gb);
    let terminal = Terminal::of(100, false);
    let publish = ["--as", "ana", "assess", "publish", &demo];
    let refused = terminal.run(&gb.dir, &publish, "n\n").await;
    assert_eq!(refused.code, 1, "{}", refused.text);
    for told in ["gets it now    no.example", "Publish it? This can't be unsent. [y/N]", "nothing was published"] {
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    assert!(gb.assessments("gb.example").await.is_empty());
    let taken = terminal.run(&gb.dir, &publish, "y\n").await;
    assert_eq!(taken.code, 0, "{}", taken.text);
    assert_eq!(taken.text.matches("● gets it").count(), 1, "the table is not repeated: {}", taken.text);
    let published = gb.assessments("gb.example").await;
    no.has("gb.example", &published).await;
    // --yes asks nothing.
    let unasked = terminal.run(&gb.dir, &[&publish[..], &["--yes"]].concat(), "").await;
    assert!(unasked.code == 0 && !unasked.text.contains("[y/N]"), "{}", unasked.text);

    // What nobody would get is said first.
    let own = gb.file("no.toml", &note("About the only partner", "NO"));
    let nobody = terminal.run(&gb.dir, &["--as", "ana", "assess", "publish", &own], "n\n").await;
    for told in ["NOBODY GETS THIS", "gets nothing   no.example", "Nobody gets this. Publish it all the same? [y/N]"] {
        assert!(nobody.text.contains(told), "{told}: {}", nobody.text);
    }
    corrections_and_recalls_are_asked_about(&gb, &no, &published[0]).await;
}

async fn corrections_and_recalls_are_asked_about(gb: &Org, no: &Org, id: &str) {
    let terminal = Terminal::of(100, false);
    let demo = std::fs::read_to_string(gb.dir.join("demo.toml")).unwrap();
    let corrected = gb.file("corrected.toml", &demo.replace("determined to have ended", "said to have ended"));
    let correct = ["--as", "ana", "assess", "correct", &id[..8], &corrected, "--reason", "A commander disputes it."];
    let refused = terminal.run(&gb.dir, &correct, "n\n").await;
    assert_eq!(refused.code, 1, "{}", refused.text);
    for told in [
        "headline 1: changed",
        "− Mass killing in South Kordofan and Blue Nile determined to have ended",
        "+ Mass killing in South Kordofan and Blue Nile said to have ended",
        "limitation 2: added",
        "Corrects version 1: A commander disputes it.",
        "nothing was published",
    ] {
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    assert_eq!(terminal.run(&gb.dir, &correct, "y\n").await.code, 0);
    until("the partner reads why", async || {
        let shown = watchfire(&no.dir, &["--as", "ana", "assess", "show", id]).await.stdout;
        shown.contains("Corrects version 1: A commander disputes it.").then_some(())
    })
    .await;

    let recall = ["--as", "olu", "assess", "recall", &id[..8], "--withdraw", "--reason", "It was wrong."];
    let refused = terminal.run(&gb.dir, &recall, "\n").await;
    assert_eq!(refused.code, 1, "{}", refused.text);
    for told in ["said to have ended", "no.example (version 1, 2)", "Each of them reads: It was wrong.", "Withdraw it?"]
    {
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    assert_eq!(gb.one(&["--as", "ana", "assess", "show", id]).await["state"], "current");
    assert_eq!(terminal.run(&gb.dir, &recall, "y\n").await.code, 0);
    assert_eq!(gb.one(&["--as", "ana", "assess", "show", id]).await["state"], "withdrawn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_draft_and_a_signed_file_are_shown_and_asked_about_as_a_file_is() {
    const SHOWN: [&str; 4] = [
        "gets it now    no.example",
        "`watchfire assess preview` shows the exact text",
        "Publish it? This can't be unsent. [y/N]",
        "nothing was published",
    ];
    let (gb, no) = pair().await;
    let terminal = Terminal::of(100, false);
    let file = gb.file("kept.toml", &note("Kept on the node", "BF-SOM"));
    let kept = gb.one(&["--as", "ana", "draft", "save", &file]).await["id"].as_str().unwrap().to_owned();
    let publish = ["--as", "ana", "assess", "publish", "--draft", &kept[..8]];
    let refused = terminal.run(&gb.dir, &publish, "n\n").await;
    assert!(refused.code == 1 && SHOWN.iter().all(|told| refused.text.contains(told)), "{}", refused.text);
    let dry = gb.one(&[&publish[..], &["--dry-run"]].concat()).await;
    assert_eq!((&dry["dry_run"], &dry["decisions"][0]["decision"]), (&true.into(), &"release".into()));
    assert!(gb.assessments("gb.example").await.is_empty());
    assert_eq!(terminal.run(&gb.dir, &publish, "y\n").await.code, 0);
    no.has("gb.example", std::slice::from_ref(&kept)).await;

    // What was signed before, as the next version.
    let next = gb.file("next.toml", &note("Kept on the node, and corrected", "BF-SOM"));
    let [composed, signed] = ["composed.json", "signed.json"].map(|name| gb.place(name));
    gb.ask(&["--as", "ana", "assess", "compose", &next, "--corrects", &kept, "--out", &composed]).await;
    let sign = ["--as", "ana", "assess", "sign", &composed, "--out", &signed];
    assert_eq!(terminal.run(&gb.dir, &sign, "y\n").await.code, 0);
    let publish = ["--as", "ana", "assess", "publish", "--signed", &signed];
    let refused = terminal.run(&gb.dir, &publish, "n\n").await;
    assert!(refused.code == 1 && SHOWN.iter().all(|told| refused.text.contains(told)), "{}", refused.text);
    assert!(refused.text.contains("+ Kept on the node, and corrected"), "{}", refused.text);
    let dry = gb.one(&[&publish[..], &["--dry-run"]].concat()).await;
    assert_eq!((&dry["version"], &dry["changes"][0]["change"]), (&2.into(), &"changed".into()));

    // A correction with another kept draft.
    let again = gb.file("again.toml", &note("Kept again", "BF-SOM"));
    let again = gb.one(&["--as", "ana", "draft", "save", &again]).await["id"].as_str().unwrap().to_owned();
    let correct = ["--as", "ana", "assess", "correct", &kept[..8], "--draft", &again[..8]];
    let refused = terminal.run(&gb.dir, &correct, "n\n").await;
    assert!(refused.code == 1 && SHOWN.iter().all(|told| refused.text.contains(told)), "{}", refused.text);
    assert!(refused.text.contains("− Kept on the node\n  + Kept again"), "{}", refused.text);
    assert_eq!(gb.one(&["--as", "ana", "assess", "show", &kept]).await["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_say_what_must_be_acknowledged_and_come_in_the_order_that_is_asked_for() {
    let duties = "\n[duties]\nacknowledge = [{ min_level = 3, within = \"2d\" }]\n";
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), duties).await;
    let level =
        |level: u8| note(&format!("Of level {level}"), "BF").replace("level   = 3", &format!("level   = {level}"));
    let [minor, urgent] = [2, 4].map(|n| gb.file(&format!("{n}.toml"), &level(n)));
    let urgent = publish(&gb, &urgent).await;
    let minor = publish(&gb, &minor).await;
    no.has("gb.example", &[urgent.clone(), minor.clone()]).await;
    let terminal = Terminal::of(120, false);
    let list = async |more: &[&str]| {
        let listed = terminal.run(&no.dir, &[&["--as", "ana", "assess", "list"], more].concat(), "").await;
        assert_eq!(listed.code, 0, "{}", listed.text);
        listed.text
    };
    let ids = |text: &str| -> Vec<String> {
        text.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let (urgent_short, minor_short) = (urgent[..8].to_owned(), minor[..8].to_owned());
    for (more, wanted) in [
        (vec![], [&minor_short, &urgent_short]),
        (vec!["--reverse"], [&urgent_short, &minor_short]),
        (vec!["--sort", "level"], [&urgent_short, &minor_short]),
        (vec!["--sort", "acknowledge"], [&urgent_short, &minor_short]),
        (vec!["--sort", "level", "--reverse"], [&minor_short, &urgent_short]),
    ] {
        let listed = list(&more).await;
        assert_eq!(ids(&listed).iter().collect::<Vec<_>>(), wanted, "{more:?}: {listed}");
    }
    let listed = list(&[]).await;
    for told in ["ACKNOWLEDGE", "in 47 h", "4 imminent", "Burkina Faso", "EXPIRES"] {
        assert!(listed.contains(told), "{told}: {listed}");
    }
    let show = ["--as", "ana", "assess", "show", &urgent_short];
    let shown = terminal.run(&no.dir, &show, "").await.text;
    assert!(shown.contains("acknowledge by ") && shown.contains("watchfire assess acknowledge"), "{shown}");
    // It was read, and reading acknowledges at the end of the interval at the latest.
    no.ask(&["--as", "ana", "assess", "acknowledge", &urgent]).await;
    assert!(!list(&[]).await.contains("ACKNOWLEDGE"), "nothing is left to acknowledge");
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_are_shown_before_they_are_signed() {
    let (gb, no) = pair().await;
    let path = gb.file("second.toml", &crate::kit::terms(gb.domain, no.domain, ""));
    let proposed = gb.one(&["--as", "root", "agreement", "propose", &path, "--beside"]).await;
    let id = proposed["id"].as_str().unwrap();
    no.agreement(id, "proposed").await;
    let sign = ["--as", "root", "agreement", "sign", &id[..12], "--beside"];
    let terminal = Terminal::of(80, false);
    let refused = terminal.run(&no.dir, &sign, "n\n").await;
    assert_eq!(refused.code, 1, "{}", refused.text);
    for told in ["gb.example gives no.example", "Sign exactly these terms", "nothing was signed"] {
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    assert_eq!(terminal.run(&no.dir, &sign, "y\n").await.code, 0);
    no.agreement(id, "in-force").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_goes_through_the_pager() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let paged = Terminal { lines: 10, pager: "sed s/^/PAGE:/".to_owned(), ..Terminal::of(80, true) };
    let long = paged.run(&org.dir, &["policy", "schema"], "").await;
    assert!(long.code == 0 && long.text.lines().all(|line| line.starts_with("PAGE:")), "{}", long.text);
    let whole = paged.run(&org.dir, &["policy", "schema", "--no-pager"], "").await;
    assert_eq!(long.text.replace("PAGE:", ""), whole.text);
    // What fits is printed as it is.
    let tall = Terminal { lines: 2_000, ..paged.clone() };
    assert_eq!(tall.run(&org.dir, &["policy", "schema"], "").await.text, whole.text);
    // A reader who leaves early, and a pager that is not there, are no errors.
    let early = Terminal { pager: "head -n 1".to_owned(), ..paged.clone() };
    assert_eq!(early.run(&org.dir, &["policy", "schema"], "").await.code, 0);
    let absent = Terminal { pager: "no-such-pager-here".to_owned(), ..paged };
    let shown = absent.run(&org.dir, &["policy", "schema"], "").await;
    assert!(shown.code == 0 && shown.text.ends_with(&whole.text), "{}", shown.text);
}
