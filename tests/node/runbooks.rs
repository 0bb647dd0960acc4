//! Every command in `docs/runbooks/` is known to the program and works on a real node, as a shell runs it.

use std::{fs, path::Path, process::Stdio};

use tokio::process::Command;
use watchfire::{
    domain::time::Clock,
    identity::{devca::DevCa, fingerprint::Fingerprint},
    telemetry::SystemClock,
};

use crate::kit::{Answer, Org, note, pair};

/// Commands that end with 1 if they find something to do. That is an answer, not a failure.
const MAY_FIND: &[&str] = &["watchfire doctor"];

/// The commands of a page: the lines of its fenced blocks.
fn commands(page: &str) -> Vec<String> {
    let (mut inside, mut found) = (false, vec![]);
    for line in page.lines().map(str::trim) {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            found.push(line.to_owned());
        }
    }
    found
}

/// The words of an invitation, as its sender reads them out.
fn words(fingerprint: &str) -> String {
    let mut bytes = [0; 32];
    hex::decode_to_slice(fingerprint, &mut bytes).unwrap();
    Fingerprint(bytes).words()
}

/// A line as a reader types it, in the node's directory.
async fn typed(dir: &Path, line: &str) -> Answer {
    let program = Path::new(env!("CARGO_BIN_EXE_watchfire")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WATCHFIRE_")) {
        shell.env_remove(name);
    }
    let output = shell.args(["-c", line]).current_dir(dir).env("PATH", path).stdin(Stdio::null()).output();
    let output = output.await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// The reader of the pages: gb.example, with a partner, and an organisation behind the partner.
struct Reader {
    gb: Org,
    no: Org,
    /// The words of the partner's invitation, and of the originator's.
    words: String,
    originators: String,
    _ke: Org,
    agreement: String,
    assessment: String,
}

impl Reader {
    async fn new() -> Self {
        let (gb, no) = pair().await;
        let ke = Org::found("ke.example", "state", Some("KE")).await;
        let agreement = gb.ask(&["--as", "root", "agreement", "list"]).await[0]["id"].as_str().unwrap().to_owned();
        let assessment = gb.author().await.publish(&note("a warning", "BF")).await;
        no.has("gb.example", std::slice::from_ref(&assessment)).await;
        let theirs = words(&no.invite(&gb.place("their.invitation"), None).await);
        let originators = words(&ke.invite(&gb.place("originator.invitation"), None).await);
        fs::copy(no.dir.join("crl.pem"), gb.dir.join("their.crl")).unwrap();
        gb.one(&["person", "add", "lea", "--role", "analyst"]).await;
        let ca = DevCa::create(&gb.domain.parse().unwrap(), SystemClock.now()).unwrap();
        let roots = fs::read_to_string(gb.dir.join("bundle.pem")).unwrap() + &ca.certificate_pem();
        fs::write(gb.dir.join("both-roots.pem"), roots).unwrap();
        // With two administrators, a command that does not name the administrator is refused.
        gb.one(&["person", "add", "ruth", "--role", "admin"]).await;
        Self { gb, no, words: theirs, originators, agreement, assessment, _ke: ke }
    }

    /// The line with the values of this node in place of the placeholders.
    async fn substituted(&self, line: &str) -> String {
        let status = self.gb.one(&["--as", "root", "bundle", "status"]).await;
        let proposal = status["proposed"][0]["id"].as_str().unwrap_or_default().to_owned();
        let words = if line.contains("partner know") { &self.originators } else { &self.words };
        [
            ("ADMIN", "root"),
            ("SECOND", "ruth"),
            ("LEAVER", "lea"),
            ("PROPOSAL", &*proposal),
            ("ANALYST", "ana"),
            ("AGREEMENT", &*self.agreement),
            ("ASSESSMENT", &*self.assessment),
            ("DOMAIN", self.no.domain),
            ("WORDS", &**words),
        ]
        .iter()
        .fold(line.to_owned(), |line, (from, to)| line.replace(from, to))
    }

    /// Does what the page tells the reader to do before the line, or what has happened before it.
    async fn prepare(&self, line: &str) {
        if line.contains("partner invite") {
            let ours = fs::read_dir(&self.gb.dir).unwrap().flatten().map(|e| e.path());
            let is_ours = |p: &std::path::PathBuf| p.file_name().unwrap().to_string_lossy().starts_with("our-");
            ours.filter(is_ours).for_each(|p| fs::remove_file(p).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_runbooks_does_its_work() {
    let reader = Reader::new().await;
    let mut pages: Vec<_> = fs::read_dir("docs/runbooks").unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() >= 3, "{pages:?}");
    for page in pages {
        let all = commands(&fs::read_to_string(&page).unwrap());
        assert!(!all.is_empty(), "{} names no command", page.display());
        for line in all {
            reader.prepare(&line).await;
            let answer = typed(&reader.gb.dir, &reader.substituted(&line).await).await;
            let found_something = answer.code == 1 && MAY_FIND.contains(&&*line);
            assert!(
                answer.code == 0 || found_something,
                "{}: `{line}` ended with {}: {}{}",
                page.display(),
                answer.code,
                answer.stdout,
                answer.stderr
            );
        }
    }
}

#[test]
fn commands_are_found_in_fenced_blocks_only() {
    let page = "watchfire serve\n```sh\nwatchfire doctor\n# not this\n```\nwatchfire init\n   ```sh\n   date\n   ```\n";
    assert_eq!(commands(page), ["watchfire doctor", "date"]);
}
