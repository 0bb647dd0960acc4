//! What a preview shows equals, byte for byte of text, what the partner reads afterwards.

use prost::bytes::Bytes;
use watchfire::{
    domain::{
        assessment::Portion,
        lexicon::Lexicon,
        lint::{REPEATED, Severity, lint},
        statement::StatementKind,
        time::{Clock, Time},
    },
    draft::{self, Format},
    render::{self, AssessmentText, Options, SignatureLine},
    seal::compose::{Composed, ManifestHead, UnsealedPortion, compose, new_assessment_id},
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hubs::link,
    kit::{Author, Org, days_from_now, note, pair, pair_by, terms, until, watchfire},
    splitmix::SplitMix,
};

/// How many random drafts are previewed, published and read.
const DRAFTS: usize = 500;

const WORDS: &[&str] = &[
    "patrols",
    "à Ménaka",
    "安全",
    "العنف",
    "were seen",
    "near the market",
    "on two days",
    "averyveryverylongwordthatnolineofthepagehasroomforsothatitisbrokensomewhereorstandsout",
];

/// A random draft: any number of portions of any kind that needs no other, under any marking.
fn random(random: &mut SplitMix) -> String {
    let mut pick = |n: usize| usize::try_from(random.next() % n as u64).unwrap();
    let place = ["BF", "ML", "NE", "NO", "BF-SOM"][pick(5)];
    let mut text = note(&format!("Draft {}", pick(1_000_000)), place);
    if pick(3) == 0 {
        text = text.replace("[assessment]", "[assessment]\nexercise = true");
    }
    let expires = text.lines().find(|line| line.starts_with("expires")).unwrap().to_owned();
    let span = ["", "90 days", "36h", "2y"][pick(4)];
    if !span.is_empty() {
        text = text.replace(&expires, &format!("expires = \"{span}\""));
    }
    for _ in 0..pick(12) {
        let words: Vec<&str> = (0..=pick(60)).map(|_| WORDS[pick(WORDS.len())]).collect();
        let said = format!("{}.{}", words.join(" "), if pick(3) == 0 { "\\n\\nA second paragraph." } else { "" });
        let tlp = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"][pick(4)];
        let to = ["", ", releasable_to = [\"no.example\"]", ", releasable_to = [\"se.example\"]"][pick(3)];
        let body = match pick(7) {
            0 => format!("kind = \"headline\"\ntext = \"A {} headline\"", words[0]),
            1 => format!("kind = \"limitation\"\ntext = \"{said}\""),
            2 => format!("kind = \"alternative\"\ntext = \"{said}\""),
            3 => format!("kind = \"gap\"\ntext = \"{said}\""),
            4 => format!("kind = \"evidence\"\nwhat = \"{said}\"\nwhen = \"{}\"\ngrade = \"B2\"", days_from_now(-9)),
            5 => format!("kind = \"narrative\"\nlanguage = \"fr\"\ntext = \"{said}\""),
            _ => format!("kind = \"narrative\"\ntext = \"{said}\""),
        };
        text.push_str(&format!("\n[[portion]]\n{body}\nmarking = {{ tlp = \"{tlp}\", onward = \"none\"{to} }}\n"));
    }
    text
}

fn has_errors(text: &str) -> bool {
    let draft = draft::parse(text, Format::Toml, SystemClock.now().day()).unwrap_or_else(|e| panic!("{text}\n{e}"));
    lint(&draft, SystemClock.now()).iter().any(|f| f.severity == Severity::Error)
}

/// A draft as an author composes it, without a signature.
fn composed(text: &str) -> (Composed, Vec<String>) {
    let draft = draft::parse(text, Format::Toml, SystemClock.now().day()).unwrap_or_else(|e| panic!("{text}\n{e}"));
    let findings = lint(&draft, SystemClock.now());
    let accepted = findings.iter().map(|f| f.code).chain([REPEATED]).map(str::to_owned).collect();
    let piece = |p: &watchfire::domain::draft::DraftPortion| UnsealedPortion {
        marking: p.marking.clone(),
        body: p.body.clone(),
        rests_on: draft.rests_on(p),
        language: p.language.clone(),
        translates: draft.translates(p),
    };
    let issued = SystemClock.now();
    let head = ManifestHead {
        assessment: new_assessment_id().unwrap(),
        version: 1,
        previous: None,
        originator: "gb.example".parse().unwrap(),
        issued,
        expires: draft.expires.of(issued),
        exercise: draft.exercise,
    };
    (compose(head, draft.portions.iter().map(piece).collect()).unwrap(), accepted)
}

/// The text of an assessment as the desk of a node answers with it. What was not published there came from somebody else.
fn text(view: proto::AssessmentView) -> String {
    let manifest = wire::manifest::decode(&view.manifest.unwrap().payload).unwrap();
    let portions: Vec<Portion> = view.portions.iter().map(|bytes| wire::portion::decode(bytes).unwrap()).collect();
    let signature = |s: proto::SignatureView| SignatureLine {
        id: s.id,
        suite: s.suite,
        valid: s.valid,
        note: (!s.reason.is_empty()).then_some(s.reason),
    };
    let text = AssessmentText {
        manifest: &manifest,
        portions: &portions,
        signatures: &view.signatures.into_iter().map(signature).collect::<Vec<_>>(),
        endorsements: &[],
        state: &view.state,
        via: &[],
        is_own: false,
        language: None,
        acknowledge: None,
    };
    let lexicon = Lexicon::by_id("uk-phia-2025").unwrap();
    render::assessment(&text, &Options { lexicon, width: 80, color: false })
}

/// Previews a random draft and publishes it: its id, and the text that the partner would read, if it would read any.
async fn previewed(author: &mut Author, random_draft: &str) -> (String, Option<String>) {
    let (Composed { manifest, portions }, accepted_findings) = composed(random_draft);
    let payload = author.key.payload(wire::manifest::encode(&manifest));
    let portions: Vec<Bytes> = portions.into_iter().map(Into::into).collect();
    let request = proto::PreviewAssessmentRequest {
        manifest: payload.clone().into(),
        portions: portions.clone(),
        certificates: author.key.chain().iter().map(|c| c.clone().into()).collect(),
        partner: String::new(),
    };
    let answer = author.desk.drafts.preview_assessment(request).await.unwrap().into_inner();
    let told = (answer.readers.len(), answer.nothing.len());
    assert!(matches!(told, (1, 0) | (0, 1)), "there is one partner: {told:?}");
    let shown = answer.readers.into_iter().next().map(|readers| {
        assert_eq!((readers.partners.as_slice(), readers.steps.len()), (&["no.example".to_owned()][..], 1));
        let step = &readers.steps[0];
        assert!(step.from.is_none(), "nothing is delayed");
        let portions = step.portions.iter().map(|place| portions[*place as usize].clone()).collect();
        text(proto::AssessmentView { portions, ..answer.view.unwrap() })
    });
    let envelope = author.key.envelope(StatementKind::Manifest, payload).unwrap();
    let manifest = Some(wire::envelope::to_proto(&envelope));
    let request = proto::PublishAssessmentRequest { manifest, portions, accepted_findings };
    let published = author.desk.assessments.publish_assessment(request).await.unwrap().into_inner();
    (hex::encode(published.assessment_id), shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_random_drafts_read_there_as_the_preview_shows_them() {
    let kinds = r#"
[[grant]]
id      = "more"
from    = "gb.example"
to      = "no.example"
places  = ["M49:001"]
kinds   = ["narrative", "gap", "evidence"]
max_tlp = "GREEN"
"#;
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), kinds).await;
    // The random texts repeat each other, which only an officer accepts.
    let (mut author, mut numbers) = (gb.author_as("officer-olu").await, SplitMix::new(18));
    let mut all = vec![];
    while all.len() < DRAFTS {
        let draft = random(&mut numbers);
        // What the lint refuses is neither shown nor published.
        if has_errors(&draft) {
            continue;
        }
        all.push(previewed(&mut author, &draft).await);
    }
    let wanted: Vec<String> = all.iter().filter(|(_, shown)| shown.is_some()).map(|(id, _)| id.clone()).collect();
    assert!(wanted.len() > DRAFTS / 2 && wanted.len() < DRAFTS, "{} have something to read", wanted.len());
    no.has("gb.example", &wanted).await;
    let mut reader = no.connect("analyst-ana").await;
    for (id, shown) in all.iter().filter_map(|(id, shown)| Some((id, shown.as_ref()?))) {
        let assessment_id = hex::decode(id).unwrap().into();
        let request = proto::GetAssessmentRequest { assessment_id, version: 0, quarantined: false };
        let view = reader.assessments.get_assessment(request).await.unwrap().into_inner().assessment.unwrap();
        assert!(!view.ways.is_empty());
        assert_eq!(text(view), *shown, "{id}");
    }
    let lengths: std::collections::BTreeSet<usize> = all.iter().flat_map(|(_, shown)| shown).map(String::len).collect();
    assert!(lengths.len() > DRAFTS / 4, "the texts differ");
}

/// The output of a command as a person sees it.
async fn seen(org: &Org, arguments: &[&str]) -> String {
    let answer = watchfire(&org.dir, arguments).await;
    assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.stderr);
    answer.stdout
}

/// The text without the line of the time of issue.
fn undated(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("issued ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_show_before_what_the_partner_s_command_prints_afterwards() {
    let (gb, no) = pair().await;
    let ana = ["--as", "ana"];
    let draft = gb.file("draft.toml", &note("Patrols near Djibo", "BF"));
    // Composed, signed by itself, published: even the time of issue is the same.
    let [composed, signed] = ["composed.json", "signed.json"].map(|name| gb.place(name));
    let made = gb.one(&[&ana[..], &["assess", "compose", &draft, "--out", &composed]].concat()).await;
    let id = made["assessment"].as_str().unwrap().to_owned();
    let preview = ["assess", "preview", "--composed", &composed, "--partner", "no.example"];
    let before = seen(&gb, &[&ana[..], &preview].concat()).await;
    gb.ask(&[&ana[..], &["--yes", "assess", "sign", &composed, "--out", &signed]].concat()).await;
    let accept = ["--accept", "no-alternative"];
    let published = gb.one(&[&ana[..], &["assess", "publish", "--signed", &signed], &accept[..]].concat()).await;
    assert_eq!(published["assessment"].as_str(), Some(id.as_str()));
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let after = seen(&no, &[&ana[..], &["assess", "show", &id]].concat()).await;
    assert_eq!(before, after);
    assert!(before.contains("Patrols near Djibo") && before.contains("There may be portions withheld from you"));
    // From a draft that the node keeps: the id is the draft's.
    let kept = gb.one(&[&ana[..], &["draft", "save", &draft, "--name", "Djibo"]].concat()).await;
    let kept = kept["id"].as_str().unwrap();
    let preview = ["assess", "preview", "--draft", kept, "--partner", "no.example"];
    let before = seen(&gb, &[&ana[..], &preview].concat()).await;
    let published = gb.one(&[&ana[..], &["assess", "publish", "--draft", kept], &accept[..]].concat()).await;
    assert_eq!(published["assessment"].as_str(), Some(kept));
    no.has("gb.example", &[id, kept.to_owned()]).await;
    let after = seen(&no, &[&ana[..], &["assess", "show", kept]].concat()).await;
    assert_eq!(undated(&before), undated(&after));
    // It is published once.
    let again = gb.run(&[&ana[..], &["assess", "publish", "--draft", kept], &accept[..]].concat()).await;
    assert_eq!(again.reason(), "REPLAY_DIFFERS", "{}", again.stderr);
    let list = gb.ask(&[&ana[..], &["draft", "list"]].concat()).await;
    assert_eq!((list.len(), &list[0]["published"]), (1, &serde_json::json!(true)));
}

/// The issue and the expiry that a text states.
fn times(text: &str) -> (Time, Time) {
    let line = text.lines().find(|line| line.starts_with("issued ")).unwrap();
    let (issued, expires) = line.trim_start_matches("issued").split_once(", expires").unwrap();
    (issued.trim().parse().unwrap(), expires.trim().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expiry_that_counts_from_the_issue_counts_from_the_day_of_publication() {
    let (gb, no) = pair().await;
    let ana = ["--as", "ana"];
    let text = note("Patrols near Djibo", "BF");
    let expires = text.lines().find(|line| line.starts_with("expires")).unwrap();
    let draft = gb.file("draft.toml", &text.replace(expires, "expires = \"90 days\""));
    let is_counted = |text: &str| {
        let (issued, expires) = times(text);
        assert_eq!(expires, issued.day().plus_days(90).end(), "{text}");
    };
    // What is composed is issued by that, however late it is signed and published.
    let [composed, signed] = ["composed.json", "signed.json"].map(|name| gb.place(name));
    gb.one(&[&ana[..], &["assess", "compose", &draft, "--out", &composed]].concat()).await;
    let preview = ["assess", "preview", "--composed", &composed, "--partner", "no.example"];
    let before = seen(&gb, &[&ana[..], &preview].concat()).await;
    is_counted(&before);
    gb.ask(&[&ana[..], &["--yes", "assess", "sign", &composed, "--out", &signed]].concat()).await;
    let accept = ["--accept", "no-alternative"];
    let published = gb.one(&[&ana[..], &["assess", "publish", "--signed", &signed], &accept[..]].concat()).await;
    let first = published["assessment"].as_str().unwrap().to_owned();
    // A kept draft counts from its publication, and not from the day on which it was saved or shown.
    let kept = gb.one(&[&ana[..], &["draft", "save", &draft, "--name", "Djibo"]].concat()).await;
    let kept = kept["id"].as_str().unwrap();
    let preview = ["assess", "preview", "--draft", kept, "--partner", "no.example"];
    is_counted(&seen(&gb, &[&ana[..], &preview].concat()).await);
    gb.one(&[&ana[..], &["assess", "publish", "--draft", kept], &accept[..]].concat()).await;
    no.has("gb.example", &[first.clone(), kept.to_owned()]).await;
    assert_eq!(before, seen(&no, &[&ana[..], &["assess", "show", &first]].concat()).await);
    is_counted(&seen(&no, &[&ana[..], &["assess", "show", kept]].concat()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_who_gets_nothing_and_what_must_be_changed_first() {
    let (gb, no) = pair().await;
    let preview = async |text: &str, more: &[&str]| {
        let draft = gb.file("draft.toml", text);
        gb.run(&[&["--as", "ana", "assess", "preview", &draft], more].concat()).await
    };
    let about_norway = preview(&note("About Norway", "NO"), &[]).await.lines().pop().unwrap();
    assert_eq!(about_norway["readers"], serde_json::json!([]));
    assert_eq!(about_norway["nothing"][0]["partner"], "no.example");
    assert!(about_norway["nothing"][0]["because"][0].as_str().unwrap().starts_with("subject"), "{about_norway}");
    let unfinished = note("FILL IN: who is at risk", "BF");
    let refused = preview(&unfinished, &[]).await;
    assert_eq!((refused.code, refused.reason().as_str()), (1, "LINT_FAILED"));
    assert_eq!(preview(&note("x", "BF"), &["--partner", "fr.example"]).await.reason(), "NOT_FOUND");
    // It is legal to keep it unfinished. Nobody has got or recorded anything.
    let unfinished = gb.file("unfinished.toml", &unfinished);
    let kept = gb.one(&["--as", "ana", "draft", "save", &unfinished]).await;
    let refused = gb.run(&["--as", "ana", "assess", "publish", "--draft", kept["id"].as_str().unwrap()]).await;
    assert_eq!(refused.reason(), "LINT_FAILED");
    gb.ask(&["--as", "root", "partner", "suspend", "no.example"]).await;
    let suspended = preview(&note("x", "BF"), &[]).await.lines().pop().unwrap();
    assert!(suspended["nothing"][0]["because"][0].as_str().unwrap().starts_with("partner-suspended"), "{suspended}");
    no.has("gb.example", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_openssl_has_made_is_published() {
    if std::process::Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: there is no `openssl` here, so no signature of another program was tried");
        return;
    }
    let (gb, no) = pair().await;
    let draft = gb.file("draft.toml", &note("Signed elsewhere", "BF"));
    let [composed, to_sign, signature, signed] =
        ["composed.json", "to-sign", "signature", "signed.json"].map(|name| gb.place(name));
    let compose = ["assess", "compose", &draft, "--out", &composed, "--to-sign", &to_sign];
    let made = gb.one(&[&["--as", "ana"], &compose[..]].concat()).await;
    let [key, certificate] = ["signing.key", "signing.pem"].map(|name| {
        let path = gb.dir.join("persons/analyst-ana").join(name);
        path.to_string_lossy().into_owned()
    });
    let openssl = ["pkeyutl", "-sign", "-rawin", "-inkey", &key, "-in", &to_sign, "-out", &signature];
    let ended = std::process::Command::new("openssl").args(openssl).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let sign =
        ["assess", "sign", &composed, "--out", &signed, "--signature", &signature, "--certificate", &certificate];
    gb.one(&[&["--as", "ana"], &sign[..]].concat()).await;
    let publish = ["assess", "publish", "--signed", &signed, "--accept", "no-alternative"];
    gb.one(&[&["--as", "ana"], &publish[..]].concat()).await;
    no.has("gb.example", &[made["assessment"].as_str().unwrap().to_owned()]).await;

    // A signature over other bytes is refused, and nothing goes out.
    std::fs::write(&signature, [7; 64]).unwrap();
    gb.place("signed.json");
    gb.one(&[&["--as", "ana"], &sign[..]].concat()).await;
    let refused = gb.run(&[&["--as", "ana"], &publish[..]].concat()).await;
    assert_eq!(refused.reason(), "SIGNATURE_INVALID", "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_that_read_the_same_stand_together_and_a_misspelt_one_is_recognised() {
    let (gb, _no) = pair().await;
    let (fr, se, de) = tokio::join!(
        Org::found("fr.example", "state", Some("FR")),
        Org::found("se.example", "state", Some("SE")),
        Org::found("de.example", "state", Some("DE")),
    );
    for partner in [&fr, &se, &de] {
        link(&gb, partner, &terms(gb.domain, partner.domain, "")).await;
    }
    let draft = gb.file("draft.toml", &note("Read by all four", "BF"));
    let preview = ["--as", "ana", "assess", "preview", &draft];
    let shown = seen(&gb, &preview).await;
    assert_eq!(shown.matches("Read by all four").count(), 1, "{shown}");
    assert!(shown.contains("== de.example, fr.example and 2 others read at once"), "{shown}");
    assert!(shown.contains("the others: no.example, se.example\n"), "{shown}");
    let refused = gb.run(&[&preview[..], &["--partner", "se.exmaple"]].concat()).await;
    assert!(refused.stderr.contains("did you mean `se.example`?"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_sees_the_text_and_how_much_is_withheld_and_no_reasons() {
    let (gb, no) = pair().await;
    gb.one(&["person", "add", "feeder", "--role", "service"]).await;
    let draft = gb.file("norway.toml", &note("About Norway", "NO"));
    let preview = |who: &'static str| ["--as", who, "assess", "preview", &draft].map(str::to_owned);
    let told = async |who: &'static str| {
        let arguments = preview(who);
        let answer = until(&format!("{who} is registered"), async || {
            let answer = gb.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
            (answer.code == 0).then_some(answer)
        })
        .await;
        answer.lines().pop().unwrap()
    };
    let (ana, feeder) = (told("ana").await, told("feeder").await);
    assert!(ana["nothing"][0]["because"].to_string().contains("subject-rule"), "{ana}");
    assert!(!feeder.to_string().contains("subject-rule"), "{feeder}");
    assert_eq!(feeder["nothing"][0]["partner"], "no.example");
    let withheld = |told: &serde_json::Value| {
        let portions = told["decisions"][0]["portions"].as_array().unwrap().clone();
        portions.iter().map(|p| p["decision"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(withheld(&ana), withheld(&feeder));
    assert!(feeder.to_string().contains("reasons-not-shown"), "{feeder}");
    no.has("gb.example", &[]).await;
}
