//! What scripts, shells and printers get: stdin, faults one by one, completions, manual pages, a page for print, and many proposals at once.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::kit::{Answer, Org, days_from_now, free_port, note, pair, terms, until, watchfire};

/// Runs the program with this on its stdin and these variables.
fn run(dir: &Path, arguments: &[&str], stdin: &[u8], variables: &[(&str, &str)]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
    command.arg("--dir").arg(dir).args(arguments).envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_decides_as_the_publication_does_and_leaves_nothing() {
    let (gb, no) = pair().await;
    let draft = note("from a pipe", "BF");
    let publish = ["--json", "--as", "ana", "assess", "publish"];
    let tried = run(&gb.dir, &[&publish[..], &["-", "--dry-run"]].concat(), draft.as_bytes(), &[]);
    assert_eq!(tried.code, 0, "{}", tried.stderr);
    let tried = &tried.lines()[0];
    assert_eq!((&tried["dry_run"], &tried["decisions"][0]["decision"]), (&true.into(), &"release".into()));
    assert!(gb.assessments("gb.example").await.is_empty());
    let about = ["--as", "olu", "ledger", "list", "--about", "published"];
    assert!(gb.ask(&about).await.is_empty());

    let published = run(&gb.dir, &[&publish[..], &["-f", "-"]].concat(), draft.as_bytes(), &[]);
    assert_eq!(published.code, 0, "{}", published.stderr);
    let decided = &published.lines()[0]["decisions"][0];
    let reasons = |decision: &Value| -> Vec<Value> {
        decision["portions"].as_array().unwrap().iter().map(|p| p["because"].clone()).collect()
    };
    assert_eq!(reasons(decided), reasons(&tried["decisions"][0]));
    let id = published.lines()[0]["assessment"].as_str().unwrap().to_owned();
    no.has("gb.example", std::slice::from_ref(&id)).await;

    // The ledger tells in words what it has about an assessment, a person and a partner.
    let words =
        async |about: &str| watchfire(&gb.dir, &["--as", "olu", "ledger", "list", "--about", about]).await.stdout;
    let of_assessment = words(&id[..8]).await;
    for told in ["analyst ana", "published: ", "decided alike: ", "released: ", "partner no.example"] {
        assert!(of_assessment.contains(told), "{told}: {of_assessment}");
    }
    assert!(words("ana").await.contains("published: ") && words("no.example").await.contains("released: "));
    assert!(!words("olu").await.contains("published: "));
    assert!(words("nobody").await.contains("no entry matches"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_over_a_restart_of_the_node() {
    let (gb, mut no) = pair().await;
    let out = std::fs::File::create(no.dir.join("followed")).unwrap();
    let errors = std::fs::File::create(no.dir.join("followed.err")).unwrap();
    let arguments = ["--as", "ana", "feed", "follow", "--new"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
    command.arg("--dir").arg(&no.dir).args(arguments).stdin(Stdio::null()).stdout(out).stderr(errors);
    let mut follower = command.spawn().unwrap();
    let read = |name: &str| std::fs::read_to_string(no.dir.join(name)).unwrap();
    until("it follows", async || read("followed.err").contains("following").then_some(())).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = gb.author().await.publish(&note("before the restart", "BF-SOM")).await;
    until("the first is followed", async || read("followed").contains(&before).then_some(())).await;
    no.kill().await;
    let between = gb.author().await.publish(&note("while it was away", "ML")).await;
    let read = |name: &str| std::fs::read_to_string(no.dir.join(name)).unwrap();
    until("it tells", async || read("followed.err").contains("the node is away").then_some(())).await;
    no.start().await;
    let read = |name: &str| std::fs::read_to_string(no.dir.join(name)).unwrap();
    until("the second is followed", async || read("followed").contains(&between).then_some(())).await;
    assert!(follower.try_wait().unwrap().is_none(), "{}", read("followed.err"));
    follower.kill().unwrap();
    follower.wait().unwrap();
    let followed = read("followed");
    assert_eq!(followed.matches(&before).count(), 1, "{followed}");
    for told in ["gb.example #1  assessment  3 warning  TLP:AMBER  Soum (BF)", "3 warning  TLP:AMBER  Mali"] {
        assert!(followed.contains(told), "{told}: {followed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_is_that_can_t_be_read_is_told_and_each_fault_by_itself() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let draft = note("a test", "BF");
    let lint = |bytes: &[u8]| run(&org.dir, &["--json", "assess", "lint", "-"], bytes, &[]);
    let latin: Vec<u8> = draft.replace("a test", "C\u{f4}te").chars().map(|c| c as u8).collect();
    let curly = draft.replace("\"a test\"", "“a test”");
    for (bytes, words) in [
        (latin.clone(), vec!["stdin can't be read", "Latin-1", "`ô` (`Côte`)", "save it as UTF-8"]),
        (curly.into_bytes(), vec!["stdin:13", "`“` is a typographic quotation mark"]),
        (draft.replace("\"headline\"", "\"headlnie\"").into_bytes(), vec!["did you mean `headline`?"]),
        (draft.replace("AMBER", "amber").into_bytes(), vec!["did you mean `AMBER`?"]),
    ] {
        let told = lint(&bytes);
        assert_eq!((told.code, told.reason().as_str()), (3, "FILES_AT_FAULT"), "{}", told.stderr);
        for word in words {
            assert!(told.stderr.contains(word), "{word}: {}", told.stderr);
        }
    }
    let two = draft.replace("level   = 3", "level   = 9").replace("[\"mass-killing\"]", "[\"masskilling\"]");
    let told = lint(two.as_bytes());
    let error = &told.lines()[0]["error"];
    let faults = error["faults"].as_array().unwrap();
    let lines: Vec<u64> = faults.iter().map(|f| f["line"].as_u64().unwrap()).collect();
    assert!(faults.len() == 2 && lines[0] < lines[1], "{error}");
    assert_eq!(faults[0]["field"], "assessment.level");
    // The findings that block publication, too.
    let path = org.file("late.toml", &draft.replace("Written for a test; nobody is in danger.", "FILL IN"));
    let told = org.run(&["--as", "ana", "assess", "publish", &path]).await;
    let error = &told.lines()[0]["error"];
    assert_eq!(
        (&error["reason"], &error["faults"][0]["code"]),
        (&"LINT_FAILED".into(), &"placeholder".into()),
        "{error}"
    );
    // Faults of the configuration.
    let config = org.dir.join("watchfire.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("desk = ", "dekc = ").replace("peer = ", "pere = ")).unwrap();
    let told = org.run(&["config", "check"]).await;
    assert!(told.lines()[0]["error"]["faults"].as_array().unwrap().len() >= 2, "{}", told.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_before_anything_is_done() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let draft = org.file("draft.toml", &note("a test", "BF"));
    for (arguments, field) in [
        (vec!["--as", "ana", "assess", "list", "--limit", "0"], "--limit"),
        (vec!["--as", "ana", "assess", "list", "--limit", "many"], "--limit"),
        (vec!["--as", "ana", "assess", "list", "--limit", "1000000"], "--limit"),
        (vec!["--as", "ana", "assess", "show", "00112233", "--version", "0"], "--version"),
        (vec!["--as", "ana", "policy", "explain", "00112233", "--version", "0"], "--version"),
        (vec!["--as", "olu", "ledger", "list", "--limit", "0"], "--limit"),
    ] {
        let refused = org.run(&arguments).await;
        assert_eq!((refused.code, refused.reason().as_str()), (2, "USAGE"), "{arguments:?}: {}", refused.stderr);
        let told = refused.lines()[0]["error"]["field"].to_string();
        assert!(told.contains(field), "{arguments:?}: {told}");
    }
    for (finding, words) in [
        ("singel-source", "did you mean `single-source`?"),
        ("everything", "no finding is called `everything`"),
        ("no-subject", "only warnings can be accepted"),
    ] {
        let refused = org.run(&["--as", "ana", "assess", "publish", &draft, "--accept", finding]).await;
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
}

/// `watchfire.toml` can be overridden by variables, and those of the command line are none of its keys.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_line_reads_from_the_environment_is_no_setting_of_the_node() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let variables = [
        ("WATCHFIRE_LANGUAGE", "fr"),
        ("WATCHFIRE_LEXICON", "us-icd-203"),
        ("WATCHFIRE_PAGER", "more"),
        ("WATCHFIRE_AS", "ana"),
    ];
    let checked = run(&org.dir, &["config", "check"], b"", &variables);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let unknown = run(&org.dir, &["config", "check"], b"", &[("WATCHFIRE_NO_SUCH_KEY", "x")]);
    assert_eq!(unknown.code, 3, "{}", unknown.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_offers_what_the_node_has() {
    let (gb, no) = pair().await;
    let id = gb.author().await.publish(&note("to be found", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let dir = no.dir.to_string_lossy().into_owned();
    let offered = |words: &[&str]| {
        let all = [&["watchfire", "--dir", &dir], words].concat();
        let index = (all.len() - 1).to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command.arg("--").args(&all).env("WATCHFIRE_COMPLETE", "fish").env("_CLAP_COMPLETE_INDEX", index);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let ids = offered(&["--as", "ana", "assess", "show", &id[..2]]);
    assert!(ids.contains(&id[..12]) && ids.contains("to be found"), "{ids}");
    let partners = offered(&["feed", "follow", "--from", ""]);
    assert!(partners.contains("gb.example"), "{partners}");
    let places = offered(&["assess", "list", "--place", "M49:01"]);
    assert!(places.contains("M49:011") && places.contains("Western Africa"), "{places}");
    let people = offered(&["--as", "a"]);
    assert!(people.contains("ana") && !people.contains("olu"), "{people}");
    let agreements = offered(&["agreement", "show", ""]);
    assert!(agreements.contains("in-force"), "{agreements}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = watchfire(&no.dir, &["completions", shell]).await;
        assert!(script.code == 0 && script.stdout.contains("WATCHFIRE_COMPLETE"), "{shell}: {}", script.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_has_a_manual_page() {
    let root = tempfile::tempdir().unwrap();
    let pages = root.path().join("man1");
    let written = watchfire(root.path(), &["man", "--out", &pages.to_string_lossy()]).await;
    assert_eq!(written.code, 0, "{}", written.stderr);
    let names: Vec<String> =
        std::fs::read_dir(&pages).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for name in ["watchfire.1", "watchfire-assess.1", "watchfire-assess-publish.1", "watchfire-agreement-sign.1"] {
        assert!(names.iter().any(|n| n == name), "{name}: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("-help")), "{names:?}");
    let publish = std::fs::read_to_string(pages.join("watchfire-assess-publish.1")).unwrap();
    assert!(publish.starts_with(".ie") || publish.contains(".TH"), "{publish}");
    assert!(publish.contains("dry\\-run"), "{publish}");
    let first = watchfire(root.path(), &["man"]).await.stdout;
    assert!(first.contains(".TH") && first.contains("watchfire"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assessment_is_printed_as_one_page_that_fetches_and_runs_nothing() {
    let (gb, no) = pair().await;
    let evil = "<script>alert(1)</script> & \\\"quoted\\\" <img src=x onerror=y>";
    let id = gb.author().await.publish(&note(evil, "SD-KS")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let page = watchfire(&no.dir, &["--as", "ana", "assess", "show", &id[..8], "--format", "html"]).await;
    assert_eq!(page.code, 0, "{}", page.stderr);
    let page = page.stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page}");
    for told in [
        "TLP:AMBER",
        "South Kordofan (SD-KS)",
        &id,
        "made by spiffe://no.example/analyst/ana at",
        "spiffe://gb.example/analyst/ana (ed25519), verified",
        "There may be portions withheld from you",
        "default-src 'none'",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let head_and_body = page.to_lowercase();
    for refused in ["<script", "<img", "<link", "<iframe", "http://", "https://", "url(", "@import"] {
        assert!(!head_and_body.contains(refused), "{refused}: {page}");
    }
    assert!(page.contains("script&#62;alert(1)") || page.contains("script&gt;alert(1)"), "{page}");
    let title = page.split("<title>").nth(1).unwrap().split('<').next().unwrap();
    assert!(!title.contains("alert"), "what it says is not in the title: {title}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_template_is_proposed_to_many_partners() {
    let root = tempfile::tempdir().unwrap();
    let mut gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    gb.start().await;
    let mut others = vec![];
    for (domain, country) in [("no.example", "NO"), ("fr.example", "FR"), ("ke.example", "KE")] {
        let org = Org::make(root.path(), domain, "state", Some(country)).await;
        let path = gb.place(&format!("{domain}.invitation"));
        let mut org = org;
        org.start().await;
        let fingerprint = org.invite(&path, Some(&format!("127.0.0.1:{}", free_port()))).await;
        gb.ask(&["--as", "root", "partner", "accept", &path, "--fingerprint", &fingerprint]).await;
        others.push(org);
    }
    let template = terms("gb.example", "{partner}", "");
    let propose = |text: &str, more: &[&str]| {
        run(&gb.dir, &[&["--json", "--as", "root", "agreement", "propose", "-"], more].concat(), text.as_bytes(), &[])
    };
    let without = propose(&terms("gb.example", "no.example", ""), &["--for-all"]);
    assert!(without.code == 3 && without.stderr.contains("{partner}"), "{}", without.stderr);
    let made = propose(&template, &["--for", "no.example,fr.example"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let named: Vec<Value> = made.lines().iter().map(|line| line["partner"].clone()).collect();
    assert_eq!(named, ["no.example", "fr.example"]);
    assert!(made.lines().iter().all(|line| line["state"] == "signed-here"), "{}", made.stdout);
    // One that fails hides nothing of the others.
    let some = propose(&template, &["--for", "ke.example,xx.example"]);
    assert_eq!((some.code, some.reason().as_str()), (1, "SOME_FAILED"), "{}", some.stdout);
    assert_eq!(some.lines()[0]["state"], "signed-here");
    assert!(some.lines()[1]["error"]["message"].is_string(), "{}", some.stdout);
    assert_eq!(gb.ask(&["--as", "root", "agreement", "list"]).await.len(), 3);
    let draft = watchfire(&gb.dir, &["agreement", "draft", "--template"]).await.stdout;
    assert!(draft.contains("{partner}") && !draft.contains("partner.invalid"), "{draft}");
    // Partners with the same decisions share a column of the tables.
    let own = gb.file("draft.toml", &note("Nobody has agreed to anything yet", "BF"));
    let id = gb.one(&["--as", "ana", "assess", "publish", &own]).await["assessment"].as_str().unwrap().to_owned();
    for shown in [vec!["assess", "publish", "--dry-run", &own], vec!["policy", "explain", &id]] {
        let shown = watchfire(&gb.dir, &[&["--as", "ana"], &shown[..]].concat()).await.stdout;
        for told in ["3 partners [1] ┐", "[1]  fr.example, ke.example, no.example"] {
            assert!(shown.contains(told), "{told}: {shown}");
        }
    }
}

/// The shortest of many starts: it shows what the program needs, and not what else the machine does.
#[test]
fn any_command_starts_within_thirty_milliseconds() {
    let root = tempfile::tempdir().unwrap();
    let shortest = |arguments: &[&str]| {
        let once = || {
            let began = Instant::now();
            run(root.path(), arguments, b"", &[]);
            began.elapsed()
        };
        (0..20).map(|_| once()).min().unwrap()
    };
    for arguments in [["--version"].as_slice(), &["--help"], &["assess", "list", "--help"], &["config", "check"]] {
        let took = shortest(arguments);
        assert!(took <= Duration::from_millis(30), "{arguments:?} took {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_written_as_people_say_them() {
    let (gb, no) = pair().await;
    let text = note("Said in words", "BF");
    let expires = text.lines().find(|line| line.starts_with("expires")).unwrap();
    let said = |words: &str| gb.file("draft.toml", &text.replace(expires, &format!("expires = \"{words}\"")));
    let published = gb.one(&["--as", "ana", "assess", "publish", &said("in 2 weeks")]).await;
    no.has("gb.example", &[published["assessment"].as_str().unwrap().to_owned()]).await;
    let found = async |more: &[&str]| gb.ask(&[&["--as", "ana", "assess", "list"], more].concat()).await.len();
    for (more, wanted) in [
        (["--since", "yesterday"], 1),
        (["--since", "3 days"], 1),
        (["--since", "tomorrow"], 0),
        (["--until", "2 days ago"], 0),
        (["--until", "today"], 1),
        (["--expires-before", "in 3 weeks"], 1),
        (["--expires-before", "1 week"], 0),
    ] {
        assert_eq!(found(&more).await, wanted, "{more:?}");
    }
    let refused = gb.run(&["--as", "ana", "assess", "list", "--since", "next week"]).await;
    assert!(refused.code == 2 && refused.stderr.contains("`3 days ago`"), "{}", refused.stderr);
    // What has passed, and what is beyond all use, is told as that.
    let past = gb.run(&["assess", "lint", &said("yesterday")]).await;
    assert!(past.code != 0 && past.stderr.contains("has passed"), "{}{}", past.stdout, past.stderr);
    let late = gb.run(&["assess", "lint", &said("20 years")]).await;
    assert!(late.stdout.contains("expires-late"), "{}{}", late.stdout, late.stderr);

    let [today, end] = [0, 200].map(|days| days_from_now(days).to_string());
    let terms = terms(gb.domain, no.domain, "");
    let dated = |line: &str, words: &str| {
        let old = terms.lines().find(|l| l.starts_with(line)).unwrap().to_owned();
        (old, format!("{line} = \"{words}\""))
    };
    let (from, until_line) = (dated("from", "today"), dated("until", "in 200 days"));
    let path = gb.file("said.toml", &terms.replacen(&from.0, &from.1, 1).replacen(&until_line.0, &until_line.1, 1));
    let proposed = gb.one(&["--as", "root", "agreement", "propose", &path, "--beside"]).await;
    assert_eq!((&proposed["from"], &proposed["until"]), (&today.into(), &end.into()));
}
