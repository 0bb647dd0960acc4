//! What people see on a terminal: at each width, in colour and without, what they are asked, and the pager.

use watchfire::render::text;

use crate::{
    kit::{Org, note, pair, until, watchfire},
    terminal_kit::{Terminal, masked, plain},
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
        (&gb, vec!["--as", "olu", "ledger", "list", "--about", &demo_id[..8]]),
        (&no, vec!["--as", "root", "agreement", "list"]),
    ];
    for columns in WIDTHS {
        let mut all = String::new();
        for (org, arguments) in &commands {
            let seen = Terminal::of(columns, false).run(&org.dir, arguments, "").await;
            assert_eq!(seen.code, 0, "{arguments:?}: {}", seen.text);
            let in_colour = Terminal::of(columns, true).run(&org.dir, arguments, "").await;
            assert!(!seen.text.contains('\u{1b}'), "{arguments:?}: {}", seen.text);
            assert_eq!(masked(&plain(&in_colour.text)), masked(&seen.text), "{arguments:?}");
            for line in seen.text.lines() {
                assert!(text::columns(line) <= usize::from(columns), "{columns} columns, {arguments:?}: {line}");
            }
            let words = arguments.iter().map(|word| match *word {
                word if demo_id.starts_with(word) => "ID",
                word if word == demo => "demo.toml",
                word => word,
            });
            all.push_str(&format!("$ watchfire {}\n{}\n", words.collect::<Vec<_>>().join(" "), masked(&seen.text)));
        }
        insta::assert_snapshot!(format!("{columns}_columns"), all);
    }
    // What is pasted from the table is found.
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
