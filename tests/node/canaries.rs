//! 1,000 marked strings through every path. None may be found in plain text in the database, log, temporary files, the nodes' own output, errors
//! to others, exports, copies of the directory or core dumps.

use std::{
    fmt::Write as _,
    io::Write as _,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
};

use tonic::Status;
use watchfire::domain::ids::StatementId;
use watchfire::domain::release::AgreementRef;

use crate::{
    hostile::Feed,
    kit::{Org, days_from_now, publication, terms, until},
};

#[path = "canaries/search.rs"]
mod search;

use search::{Canaries, Search};

const KINDS: &str = r#""headline", "subject", "judgement", "forecast", "indicator", "evidence", "source", "limitation", "alternative", "gap", "recommendation", "narrative", "attachment""#;
/// Each draft contains three. The kinds that occur once in a draft contain the others.
const BULK: usize = 60;

/// All terms, each with a canary as its purpose.
fn wide_terms(from: &str, to: &str, canaries: &mut Canaries) -> String {
    let text = terms(from, to, "\n[duties]\npurge_on_recall = true\n");
    text.replace(r#""headline", "subject", "limitation", "attachment""#, KINDS).replace("A test", &canaries.next())
}

/// A draft with canaries in every field that takes text.
fn draft(c: &mut Canaries, file: Option<&str>) -> String {
    let mut text = format!(
        r#"
[assessment]
topics  = ["sahel"]
level   = 3
expires = "{expires}"

[default.marking]
tlp    = "AMBER"
onward = "within-organisation"
"#,
        expires = days_from_now(300)
    );
    let (from, until) = (days_from_now(1), days_from_now(200));
    let mut portion = |lines: String| writeln!(text, "\n[[portion]]\n{lines}").unwrap();
    portion(format!("kind = \"headline\"\ntext = \"{}\"", c.next()));
    portion(format!(
        "kind = \"subject\"\nplaces = [\"BF\"]\nperiod = {{ from = \"{from}\", until = \"{until}\" }}\ngroups = [\"{}\"]\nactors = [{{ name = \"{}\" }}]\n\
         risk_of = [\"mass-killing\"]\ncap = {{ urgency = \"Future\", severity = \"Extreme\", certainty = \"Possible\" }}",
        c.next(),
        c.next()
    ));
    portion(format!(
        "key = \"j1\"\nkind = \"judgement\"\ntext = \"{}\"\nlikelihood = {{ lexicon = \"uk-phia-2025\", term = \"likely\" }}\n\
         confidence = {{ level = \"moderate\", why = \"{}\" }}\nrests_on = [\"e1\"]",
        c.next(),
        c.next()
    ));
    portion(format!(
        "kind = \"forecast\"\nquestion = \"{}\"\nevent = \"{}\"\nresolves = {{ source = \"{}\", by = \"{until}\", resolver = \"gb.example\" }}\n\
         window = {{ from = \"{from}\", until = \"{until}\" }}\nprobability = 0.06\nbase_rate = {{ value = 0.012, source = \"{}\" }}\nmethod = \"{}\"",
        c.next(),
        c.next(),
        c.next(),
        c.next(),
        c.next()
    ));
    portion(format!(
        "kind = \"indicator\"\nframework = \"un-foa-2014\"\nfactor = 7\nstate = \"present\"\ntrend = \"rising\"\nnote = \"{}\"",
        c.next()
    ));
    portion(format!(
        "key = \"e1\"\nkind = \"evidence\"\nwhat = \"{}\"\nwhere = \"BF-SOM\"\ngrade = \"B2\"\n\
         original = {{ sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\", custody = \"{}\" }}",
        c.next(),
        c.next()
    ));
    portion(format!("kind = \"recommendation\"\ntext = \"{}\"\naddressee = \"desk@no.example\"", c.next()));
    for kind in ["source", "limitation", "alternative", "gap", "narrative"].iter().cycle().take(BULK) {
        portion(format!("kind = \"{kind}\"\ntext = \"{} {} {}\"", c.next(), c.next(), c.next()));
    }
    if let Some(file) = file {
        portion(format!("kind = \"attachment\"\nfile = \"{file}\"\nmedia_type = \"application/octet-stream\""));
    }
    text
}

/// One run: where things are stored, and what was said.
struct Story {
    canaries: Canaries,
    search: Search,
    /// Drafts and files that people export. They are full of canaries and do not belong to the nodes.
    desk: tempfile::TempDir,
    paths: Vec<&'static str>,
}

impl Story {
    fn new() -> Self {
        let (canaries, search) = (Canaries::default(), Search::default());
        Self { canaries, search, desk: tempfile::tempdir().unwrap(), paths: vec![] }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.desk.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// A command that must succeed.
    async fn does(&mut self, path: &'static str, org: &Org, arguments: &[&str]) -> Vec<serde_json::Value> {
        self.paths.push(path);
        org.ask(arguments).await
    }

    /// A command that must be refused. Its messages may quote the author's own input.
    async fn is_refused(&mut self, path: &'static str, org: &Org, arguments: &[&str]) {
        self.paths.push(path);
        let answer = org.run(arguments).await;
        assert_ne!(answer.code, 0, "{path}: {}", answer.stdout);
    }

    /// A refusal that is sent over the wire. Neither its message nor its details may contain content.
    fn is_told(&mut self, path: &'static str, status: &Status) {
        self.paths.push(path);
        self.search.bytes(path, status.message().as_bytes());
        self.search.bytes(path, status.details());
        for value in status.metadata().iter() {
            self.search.bytes(path, format!("{value:?}").as_bytes());
        }
    }

    /// The file of a draft, and the warnings that have to be accepted for it.
    async fn publish(&mut self, org: &Org, path: &'static str, how: &[&str], file: &str) -> String {
        let findings = org.run(&["assess", "lint", file]).await;
        // What attachments tell about themselves has no code.
        let codes: Vec<String> =
            findings.lines().iter().filter_map(|found| found["code"].as_str().map(str::to_owned)).collect();
        let mut arguments = [&["--as", "ana", "assess"], how, &[file]].concat();
        arguments.extend(codes.iter().flat_map(|c| ["--accept", c]));
        let done = self.does(path, org, &arguments).await;
        done[0]["assessment"].as_str().unwrap().to_owned()
    }
}

/// A node that logs everything, with temporary files in a place that is searched, and that could dump its memory if the system permitted it.
async fn loud(domain: &'static str, country: &str, root: &Path) -> Org {
    let mut org = Org::make(root, domain, "state", Some(country)).await;
    let temporary = root.join(format!("tmp-{domain}"));
    std::fs::create_dir(&temporary).unwrap();
    org.environment = vec![
        ("WATCHFIRE_LOG_LEVEL", "trace".to_owned()),
        ("RUST_LOG", "trace".to_owned()),
        ("TMPDIR", temporary.to_string_lossy().into_owned()),
    ];
    let dumping = format!("ulimit -c unlimited; cd {}; exec \"$@\"", temporary.display());
    org.under = ["sh", "-c", &dumping, "sh"].map(str::to_owned).to_vec();
    let rules = org.dir.join("rules");
    std::fs::create_dir_all(&rules).unwrap();
    org.start().await;
    org
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_canaries_through_every_path_are_found_nowhere() {
    let root = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let (mut gb, mut no) = tokio::join!(loud("gb.example", "GB", root.path()), loud("no.example", "NO", root.path()));
    meet(&mut story, &gb, &no).await;
    let first = exchange(&mut story, &gb, &no).await;
    converse(&mut story, &gb, &no, &first).await;
    quarantined(&mut story, &no).await;
    mistakes(&mut story, &gb).await;
    // As a backup of the directory at this moment would contain it, with the log, before anything is purged.
    for org in [&gb, &no] {
        story.search.below(&org.dir);
    }
    take_back(&mut story, &gb, &no, &first).await;
    taken_out(&mut story, &gb).await;
    for org in [&gb, &no] {
        assert!(org.log().contains("TRACE"), "{}: the log is not at its most detailed", org.domain);
    }
    story.paths.push("crash with core dumps enabled");
    crash(&mut gb).await;
    crash(&mut no).await;
    story.search.below(root.path());
    let Story { canaries, search, paths, .. } = &story;
    let summary = format!(
        "{} canaries, {} paths, {} files of {:.1} MB searched, {} found",
        canaries.made,
        paths.len(),
        search.files,
        search.bytes as f64 / 1e6,
        search.found.len()
    );
    let _ = writeln!(std::io::stderr(), "\ncanaries: {summary}\n");
    assert!(canaries.made >= 1000, "{summary}");
    assert!(search.found.is_empty(), "{summary}: {:#?}", search.found);
}

async fn meet(story: &mut Story, gb: &Org, no: &Org) {
    no.accept(gb, &gb.peer).await;
    gb.accept(no, &no.peer).await;
    let text = wide_terms(gb.domain, no.domain, &mut story.canaries);
    let path = story.file("agreement.toml", &text);
    let id = story.does("propose", gb, &["--as", "root", "agreement", "propose", &path]).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    no.agreement(&id, "proposed").await;
    story.does("sign", no, &["--as", "root", "agreement", "sign", &id]).await;
    gb.agreement(&id, "in-force").await;
    let reason = story.canaries.next();
    story.does("suspend", no, &["--as", "root", "agreement", "suspend", &id, "--reason", &reason]).await;
    story.does("resume", no, &["--as", "root", "agreement", "resume", &id]).await;
    until("it is in force again", async || {
        let all = gb.ask(&["--as", "root", "agreement", "list"]).await;
        all.iter().any(|a| a["id"] == id.as_str() && a["state"] == "in-force").then_some(())
    })
    .await;
}

/// Publishes with an attachment, receives, corrects, fetches. Returns the assessment's id.
async fn exchange(story: &mut Story, gb: &Org, no: &Org) -> String {
    let name = format!("{}.bin", story.canaries.next());
    let mut bytes = String::new();
    while bytes.len() < 600_000 {
        writeln!(bytes, "{} {}", story.canaries.next(), "and what stands between ".repeat(400)).unwrap();
    }
    story.file(&name, &bytes);
    let text = draft(&mut story.canaries, Some(&name));
    cut_off_upload(story, gb, bytes.as_bytes()).await;
    let file = story.file("first.toml", &text);
    let id = story.publish(gb, "publish with an attachment", &["publish"], &file).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let shown = story.does("read", no, &["--as", "ana", "assess", "show", &id]).await;
    let canary = &text[text.find("CANARY-").unwrap()..][..24];
    assert!(shown[0].to_string().contains(canary), "what was published is not what is read: {}", shown[0]);
    let name = story.canaries.next();
    let search = ["--as", "ana", "assess", "list", "--words", canary, "--save", &name];
    assert_eq!(story.does("search in words", no, &search).await.len(), 1, "{canary} is not found");
    let digest = watchfire::domain::ids::Sha256(watchfire::seal::hash::sha256(&[bytes.as_bytes()])).to_string();
    let out = story.desk.path().join("fetched").to_string_lossy().into_owned();
    until("the attachment has come", async || {
        let answer = no.run(&["--as", "ana", "assess", "fetch", &digest, "--out", &out]).await;
        (answer.code == 0).then_some(())
    })
    .await;
    story.paths.push("fetch");
    let text = draft(&mut story.canaries, None);
    let file = story.file("second.toml", &text);
    story.publish(gb, "correct", &["correct", &id], &file).await;
    let others: Vec<String> = (0..2).map(|_| draft(&mut story.canaries, None)).collect();
    for text in &others {
        let file = story.file("other.toml", text);
        story.publish(gb, "publish", &["publish"], &file).await;
    }
    until("all versions are there", async || {
        let all = no.ask(&["--as", "ana", "assess", "list"]).await;
        (all.len() == 3 && all.iter().any(|a| a["assessment"] == id.as_str() && a["version"] == 2)).then_some(())
    })
    .await;
    id
}

/// The first chunk only. Publishing then continues from there.
async fn cut_off_upload(story: &mut Story, gb: &Org, bytes: &[u8]) {
    let sha256 = watchfire::seal::hash::sha256(&[bytes]).to_vec();
    let first = watchfire::wire::proto::UploadAttachmentRequest {
        sha256: sha256.into(),
        size: bytes.len() as u64,
        offset: 0,
        data: bytes[..256 << 10].to_vec().into(),
    };
    let mut desk = gb.connect("analyst-ana").await;
    let stored = desk.attachments.upload_attachment(tokio_stream::iter([first])).await.unwrap().into_inner().stored;
    assert_eq!(stored, 256 << 10);
    story.paths.push("an upload that is cut off and resumed");
}

/// Endorses, requests, answers, acknowledges.
async fn converse(story: &mut Story, gb: &Org, no: &Org, id: &str) {
    let words = story.canaries.next();
    story.does("endorse", no, &["--as", "olu", "assess", "endorse", id, "--text", &words]).await;
    for (number, how) in ["--text", "--decline"].into_iter().enumerate() {
        let (question, answer) = (story.canaries.next(), story.canaries.next());
        story.does("request", no, &["--as", "ana", "assess", "request", id, "--question", &question]).await;
        let waiting = until("it has come", async || {
            gb.ask(&["--as", "olu", "assess", "requests", "--open", "--incoming"]).await.pop()
        })
        .await;
        let request = waiting["id"].as_str().unwrap().to_owned();
        let path = if number == 0 { "answer" } else { "decline" };
        story.does(path, gb, &["--as", "olu", "assess", "answer", &request, how, &answer]).await;
    }
    let note = story.canaries.next();
    story.does("acknowledge", no, &["--as", "olu", "assess", "acknowledge", id, "--acting", "--note", &note]).await;
    let reason = story.canaries.next();
    story.does("decline to act", no, &["--as", "ana", "assess", "acknowledge", id, "--decline", &reason]).await;
    let rule = format!(
        "// {}\n@id(\"none\") @reason(\"it never does\")\n\
         forbid (principal == Organisation::\"nobody.example\", action, resource);\n",
        story.canaries.next()
    );
    let rules = story.file("rule.cedar", &rule);
    story.does("check of house rules", gb, &["policy", "check", &rules]).await;
    in_force(story, gb, &rule).await;
    story.does("explain", gb, &["--as", "ana", "policy", "explain", id]).await;
}

/// The node loads the rule, and shows it with its comment. What people write into `rules/` belongs to them: the file is removed before the
/// search, and the rule stays in force.
async fn in_force(story: &mut Story, gb: &Org, rule: &str) {
    std::fs::write(gb.dir.join("rules/rule.cedar"), rule).unwrap();
    until("the rule is in force", async || {
        let said = gb.run(&["--as", "ana", "policy", "rules", "--version", "1"]).await;
        (said.code == 0 && said.lines()[0]["shown"]["files"][0]["text"] == rule).then_some(())
    })
    .await;
    std::fs::remove_file(gb.dir.join("rules/rule.cedar")).unwrap();
    story.paths.push("house rules in force");
}

/// A partner that sends uncovered, damaged and unverifiable entries.
async fn quarantined(story: &mut Story, no: &Org) {
    let (mut feed, served, _stop) = Feed::to(no).await;
    let covered = feed.of(&draft(&mut story.canaries, None));
    let uncovered = feed.with(&draft(&mut story.canaries, None), |m| {
        m.release.agreement = AgreementRef { id: StatementId([3; 32]), version: 1 };
    });
    let mut torn = feed.of(&draft(&mut story.canaries, None));
    torn.portions.pop();
    served.set(vec![covered, uncovered, torn]);
    story
        .does("receive from a hostile partner", no, &["--as", "ana", "feed", "pull", "--from", crate::hostile::ROGUE])
        .await;
    let kept = no.ask(&["--as", "olu", "assess", "list", "--quarantined"]).await;
    assert!(kept.iter().any(|a| a["state"] == "quarantined"), "{kept:?}");
    story.paths.push("quarantine");
    // The answers that the partner got.
    for statement in served.submitted.lock().unwrap().iter() {
        story.search.bytes("a receipt to the hostile partner", &statement.payload);
    }
}

/// Invalid input of every kind.
async fn mistakes(story: &mut Story, gb: &Org) {
    let c = story.canaries.next();
    for (number, bad) in [
        format!("[assessment]\n{c} = \n"),
        format!("[assessment]\ntopics = [\"{c}\"\n"),
        draft(&mut story.canaries, None).replace("term = \"likely\"", &format!("term = \"{c}\"")),
        draft(&mut story.canaries, None).replace("grade = \"B2\"", &format!("grade = \"{c}\"")),
    ]
    .into_iter()
    .enumerate()
    {
        let file = story.file(&format!("bad-{number}.toml"), &bad);
        story.is_refused("a draft with a mistake", gb, &["--as", "ana", "assess", "publish", &file]).await;
    }
    let bad = wide_terms("gb.example", "no.example", &mut story.canaries).replace("M49:001", &story.canaries.next());
    let file = story.file("bad-agreement.toml", &bad);
    story.is_refused("an agreement with a mistake", gb, &["--as", "root", "agreement", "propose", &file]).await;
    let long = story.canaries.next().repeat(200);
    story
        .is_refused(
            "a reason that is too long",
            gb,
            &["--as", "olu", "--yes", "assess", "recall", "00", "--purge", "--reason", &long],
        )
        .await;

    let mut author = gb.author().await;
    let text = draft(&mut story.canaries, None);
    let whole = publication(gb.domain, &author.key, &text);
    let mut torn = whole.clone();
    torn.portions[0] = story.canaries.next().into_bytes().into();
    let mut forged = whole.clone();
    forged.manifest.as_mut().unwrap().payload = story.canaries.next().into_bytes().into();
    let mut double = whole.clone();
    double.portions.push(whole.portions[3].clone());
    let mut unaccepted = whole.clone();
    unaccepted.accepted_findings = vec![story.canaries.next()];
    for (path, request) in [
        ("a torn portion", torn),
        ("a forged manifest", forged),
        ("a portion twice", double),
        ("a finding that is none", unaccepted),
    ] {
        let answer = author.desk.assessments.publish_assessment(request).await;
        let status = answer.err().unwrap_or_else(|| panic!("{path} was published"));
        story.is_told(path, &status);
    }
    let mut other = whole.clone();
    other.manifest = publication("no.example", &author.key, &text).manifest;
    let status = author.desk.assessments.publish_assessment(other).await.unwrap_err();
    story.is_told("another's manifest", &status);
    let beginning = watchfire::wire::proto::FindAssessmentsRequest { beginning: story.canaries.next() };
    let status = author.desk.assessments.find_assessments(beginning).await.unwrap_err();
    assert!(!status.message().is_empty());
    story.paths.push("an id that is none");
}

async fn take_back(story: &mut Story, gb: &Org, no: &Org, id: &str) {
    let other = gb.ask(&["--as", "ana", "assess", "list"]).await;
    let other = other.iter().map(|a| a["assessment"].as_str().unwrap()).find(|a| *a != id).unwrap().to_owned();
    for (path, how, id) in [("withdraw", "--withdraw", other.as_str()), ("purge", "--purge", id)] {
        let reason = story.canaries.next();
        story.does(path, gb, &["--as", "olu", "--yes", "assess", "recall", id, how, "--reason", &reason]).await;
        until("the holder has confirmed it", async || {
            let all = gb.ask(&["--as", "olu", "assess", "holders", id]).await;
            all.iter().any(|h| h["holder"] == no.domain && h["state"] == "confirmed").then_some(())
        })
        .await;
    }
}

/// The ledger's export, and a copy of the whole directory.
async fn taken_out(story: &mut Story, gb: &Org) {
    let export = story.desk.path().join("export");
    let path = export.to_string_lossy().into_owned();
    until("a checkpoint covers it", async || {
        let answer = gb.run(&["--as", "root", "ledger", "export", "--out", &path]).await;
        (answer.code == 0).then_some(())
    })
    .await;
    story.paths.push("ledger export");
    story.search.bytes("the ledger's export", &std::fs::read(&export).unwrap());
    let backup: PathBuf = story.desk.path().join("backup");
    drop(gb.copied(&backup, (gb.peer.clone(), gb.desk.clone())));
    story.paths.push("copy of the directory");
    story.search.below(&backup);
}

/// Sends SIGABRT, at which the system would dump the process's memory into a file, if permitted.
async fn crash(org: &mut Org) {
    org.signal("ABRT");
    let ended = until("it has ended", async || org.ended()).await;
    assert_eq!(ended.signal(), Some(6));
    assert!(!ended.core_dumped(), "the node's memory was dumped");
    org.kill().await;
}

#[test]
fn what_forbids_core_dumps_is_not_the_system() {
    let dir = tempfile::tempdir().unwrap();
    let script = "ulimit -c unlimited && kill -s ABRT $$";
    let ended = std::process::Command::new("sh").args(["-c", script]).current_dir(dir.path()).status().unwrap();
    if !ended.core_dumped() {
        let _ = writeln!(
            std::io::stderr(),
            "\nnote: this system dumps no core of anybody, so the canaries' crash shows little\n"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_put_in_each_kind_of_place_is_found() {
    let root = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let mut org = loud("gb.example", "GB", root.path()).await;
    let canary = story.canaries.next();
    let mut clean = Search::default();
    clean.below(root.path());
    assert!(clean.found.is_empty(), "{:?}", clean.found);
    org.kill().await;
    let conn = rusqlite::Connection::open(org.dir.join("store.db")).unwrap();
    conn.execute("INSERT INTO meta (name, value) VALUES ('canary', ?1)", [canary.as_bytes()]).unwrap();
    for (place, bytes) in [
        ("node.log", canary.clone().into_bytes()),
        ("tmp-file", hex::encode(&canary).into_bytes()),
        ("core", canary.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (canary.as_str(), vec![]),
    ] {
        let mut search = Search::default();
        std::fs::write(org.dir.join(place), bytes).unwrap();
        search.below(root.path());
        // Each time, the canary that is in the database or in its log.
        assert!(search.found.iter().any(|f| f.contains("store.db")), "{:?}", search.found);
        assert!(search.found.iter().any(|f| f.contains(place)), "{place}: {:?}", search.found);
        std::fs::remove_file(org.dir.join(place)).unwrap();
    }
    story.is_told("an error", &Status::invalid_argument(format!("`{canary}` is not a word")));
    assert_eq!(story.search.found.len(), 1);
}
