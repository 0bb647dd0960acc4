//! Organisations with a directory and a process each, the commands of their people, and a way to publish fast.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use tonic::Status;
use watchfire::{
    app,
    desk::client::{self, DeskClient},
    domain::{
        draft::Draft,
        lint::lint,
        statement::StatementKind,
        time::{Clock, Day},
    },
    draft::{self, Format},
    seal::{
        compose::{Composed, ManifestHead, UnsealedPortion, compose, new_assessment_id},
        sign::SigningKey,
    },
    telemetry::SystemClock,
    wire::{self, proto},
};

/// How long anything may take to become true, so that a fault does not hang the tests.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// An unused port on loopback, below the ports that the system gives to outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 11_000 + (std::process::id().wrapping_mul(61) + step) % 20_000;
        let port = u16::try_from(port).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

pub fn days_from_now(days: i64) -> Day {
    SystemClock.now().plus_seconds(days * 86_400).day()
}

/// The outcome of a command.
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// The reason of the error on stdout.
    pub fn reason(&self) -> String {
        let last = self.lines().pop().unwrap_or_default();
        last["error"]["reason"].as_str().unwrap_or_default().to_owned()
    }
}

/// Runs the program. No command may ever show a panic.
pub async fn watchfire(dir: &Path, arguments: &[&str]) -> Answer {
    let output = command(dir, arguments).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    for word in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
        assert!(!stderr.contains(word), "{arguments:?}: {stderr}");
    }
    Answer { code: output.status.code().unwrap_or(-1), stdout, stderr }
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    command_under(&[], dir, arguments)
}

/// The program, run by another one if `under` names one.
fn command_under(under: &[String], dir: &Path, arguments: &[&str]) -> Command {
    let program = env!("CARGO_BIN_EXE_watchfire").to_owned();
    let mut words = under.iter().chain([&program]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WATCHFIRE_")) {
        command.env_remove(name);
    }
    command.arg("--dir").arg(dir).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// One organisation: a directory with a node, an analyst `ana`, an officer `olu` and an administrator `root`.
pub struct Org {
    pub domain: &'static str,
    pub dir: PathBuf,
    pub peer: String,
    pub desk: String,
    /// Set for the node's process, e.g. for a clock of its own.
    pub environment: Vec<(&'static str, String)>,
    /// A program that runs the node's, with its options, such as a tracer. Empty means none.
    pub under: Vec<String>,
    process: Option<Child>,
    _root: Option<Arc<TempDir>>,
}

impl Org {
    /// A running node in a temporary directory.
    pub async fn found(domain: &'static str, kind: &str, country: Option<&str>) -> Self {
        let root = Arc::new(tempfile::tempdir().unwrap());
        let mut org = Self::make(root.path(), domain, kind, country).await;
        org._root = Some(root);
        org.start().await;
        org
    }

    /// A node in `root` that is not running.
    pub async fn make(root: &Path, domain: &'static str, kind: &str, country: Option<&str>) -> Self {
        let dir = root.join(domain);
        let [peer, desk] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let mut arguments = vec!["--json", "init", "--org", domain, "--kind", kind, "--peer", &peer, "--desk", &desk];
        arguments.extend(["--ops", "off", "--advertise", &peer]);
        arguments.extend(country.iter().flat_map(|c| ["--country", c]));
        let made = watchfire(&dir, &arguments).await;
        assert_eq!(made.code, 0, "{}", made.stderr);
        // Readings are reported soon, so that tests see them.
        let environment = vec![("WATCHFIRE_RECEIPTS_READINGS_EVERY_SECONDS", "1".to_owned())];
        let under = vec![];
        let org = Self { domain, dir, peer, desk, environment, under, process: None, _root: None };
        for (name, role) in [("ana", "analyst"), ("olu", "officer"), ("root", "admin")] {
            org.one(&["person", "add", name, "--role", role]).await;
        }
        org
    }

    /// Two free addresses, for partners and for the desk.
    pub fn free_ports() -> (String, String) {
        [(); 2].map(|()| format!("127.0.0.1:{}", free_port())).into()
    }

    /// A copy of the whole directory, not running, that listens on other ports: two nodes that each believe to be the only one.
    pub fn copied(&self, to: &Path, (peer, desk): (String, String)) -> Self {
        copy_directory(&self.dir, to);
        let config = to.join("watchfire.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace(&self.peer, &peer).replace(&self.desk, &desk)).unwrap();
        let (dir, environment) = (to.to_owned(), self.environment.clone());
        Self { domain: self.domain, dir, peer, desk, environment, under: vec![], process: None, _root: None }
    }

    /// Starts the node and waits until it is ready.
    pub async fn start(&mut self) {
        let started = self.try_start().await;
        assert!(started.is_ok(), "{} did not start: {started:?}", self.domain);
    }

    /// Starts the node. If it does not become ready, returns its output.
    pub async fn try_start(&mut self) -> Result<(), String> {
        let mut process = self.begun();
        let stdout = process.stdout.take().unwrap();
        let line = BufReader::new(stdout).lines().next_line().await.unwrap().unwrap_or_default();
        if line.contains("\"ready\":true") {
            self.process = Some(process);
            return Ok(());
        }
        process.wait().await.unwrap();
        Err(line)
    }

    /// A process of the node, at the beginning of its start.
    pub fn begun(&self) -> Child {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.dir.join("node.log")).unwrap();
        let mut command = command_under(&self.under, &self.dir, &["--json", "serve"]);
        command.envs(self.environment.iter().map(|(k, v)| (k, v)));
        command.stdout(Stdio::piped()).stderr(log).spawn().unwrap()
    }

    /// How the node's process ended, if it has ended.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.process.as_mut().and_then(|p| p.try_wait().unwrap())
    }

    /// The id of the running process.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().and_then(Child::id).unwrap_or_else(|| panic!("{} does not run", self.domain))
    }

    /// Sends it a signal, by its name.
    pub fn signal(&self, name: &str) {
        let kill = ["-s", name, &self.process_id().to_string()];
        let sent = std::process::Command::new("kill").args(kill).status();
        assert!(sent.is_ok_and(|s| s.success()), "{name} could not be sent to {}", self.domain);
    }

    /// Kills it with SIGKILL, without any clean-up.
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.unwrap();
        }
    }

    pub async fn run(&self, arguments: &[&str]) -> Answer {
        watchfire(&self.dir, &[&["--json"], arguments].concat()).await
    }

    /// A command that must succeed.
    pub async fn ask(&self, arguments: &[&str]) -> Vec<Value> {
        let answer = self.run(arguments).await;
        assert_eq!(answer.code, 0, "{}: {arguments:?}: {}", self.domain, answer.stderr);
        answer.lines()
    }

    /// A command that must succeed and print one object.
    pub async fn one(&self, arguments: &[&str]) -> Value {
        self.ask(arguments).await.pop().unwrap()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("node.log")).unwrap_or_default()
    }

    /// Writes a file next to the node's directory and returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// The path of a file next to the node's directory that does not exist (any more).
    pub fn place(&self, name: &str) -> String {
        let path = self.dir.join(name);
        let _ = std::fs::remove_file(&path);
        path.to_string_lossy().into_owned()
    }

    /// Accepts another organisation. `endpoint` is where it is dialled.
    pub async fn accept(&self, other: &Self, endpoint: &str) {
        let path = self.place(&format!("invitation-of-{}.txt", other.domain));
        let fingerprint = other.invite(&path, Some(endpoint)).await;
        self.ask(&["--as", "root", "partner", "accept", &path, "--fingerprint", &fingerprint]).await;
    }

    /// Writes an invitation. Returns its fingerprint, as people read it out.
    pub async fn invite(&self, path: &str, endpoint: Option<&str>) -> String {
        let endpoint: Vec<&str> = endpoint.iter().flat_map(|endpoint| ["--endpoint", endpoint]).collect();
        let made = self.one(&[&["--as", "root", "partner", "invite", "--out", path], &endpoint[..]].concat()).await;
        made["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Proposes terms, and the other side signs. Both then have them in force.
    pub async fn agree(&self, other: &Self, terms: &str) -> String {
        let path = self.file("agreement.toml", terms);
        let id = self.one(&["--as", "root", "agreement", "propose", &path, "--beside"]).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        other.agreement(&id, "proposed").await;
        other.ask(&["--as", "root", "agreement", "sign", &id, "--beside"]).await;
        self.agreement(&id, "in-force").await;
        id
    }

    /// Waits until an agreement is in that state.
    pub async fn agreement(&self, id: &str, state: &str) {
        until(&format!("{}: the agreement is {state}", self.domain), async || {
            let all = self.ask(&["--as", "root", "agreement", "list"]).await;
            all.iter().any(|a| a["id"] == id && a["state"] == state).then_some(())
        })
        .await;
    }

    /// The state of one feed.
    pub async fn feed(&self, partner: &str, direction: &str) -> Value {
        let all = self.ask(&["--as", "root", "feed", "status"]).await;
        let found = all.into_iter().find(|s| s["partner"] == partner && s["direction"] == direction);
        found.unwrap_or_else(|| panic!("{} has no feed with {partner}", self.domain))
    }

    /// The ids of the assessments of `from` that its analysts see.
    pub async fn assessments(&self, from: &str) -> Vec<String> {
        let all = self.ask(&["--as", "ana", "assess", "list", "--from", from, "--limit", "1000"]).await;
        all.iter().map(|a| a["assessment"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the analysts see exactly these, in any order, each once.
    pub async fn has(&self, from: &str, wanted: &[String]) {
        let mut wanted = wanted.to_vec();
        wanted.sort();
        let mut seen = vec![];
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            seen = self.assessments(from).await;
            seen.sort();
            if seen == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{} sees {} assessments of {from}, but {} were expected", self.domain, seen.len(), wanted.len());
    }

    /// A connection to the desk as one of the persons (`analyst-ana`).
    pub async fn connect(&self, person: &str) -> DeskClient {
        self.try_connect(person).await.unwrap()
    }

    pub async fn try_connect(&self, person: &str) -> Result<DeskClient, client::ConnectError> {
        let files = self.dir.join("persons").join(person);
        let tls = (files.join("tls.pem"), files.join("tls.key"));
        let own = self.domain.parse().unwrap();
        let bundle = self.dir.join("bundle.pem");
        client::connect(&self.desk, &own, &bundle, &tls.0, &tls.1, Arc::new(SystemClock)).await
    }

    /// The analyst, connected.
    pub async fn author(&self) -> Author {
        self.author_as("analyst-ana").await
    }

    /// One of the persons (`officer-olu`) who writes and publishes, connected.
    pub async fn author_as(&self, person: &str) -> Author {
        let files = self.dir.join("persons").join(person);
        let key = app::signing_key(&files.join("signing.pem"), &files.join("signing.key")).unwrap();
        Author { domain: self.domain, desk: self.connect(person).await, key }
    }
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|e| (e.path(), e.file_name())).unwrap();
        if path.is_dir() {
            copy_directory(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

impl Drop for Org {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(!self.log().contains("panicked"), "{}: {}", self.domain, self.log());
        }
    }
}

/// An analyst whose program stays connected.
pub struct Author {
    pub domain: &'static str,
    pub desk: DeskClient,
    pub key: SigningKey,
}

impl Author {
    /// Publishes a draft. Returns the assessment's id.
    pub async fn publish(&mut self, text: &str) -> String {
        hex::encode(self.try_publish(text).await.unwrap().assessment_id)
    }

    pub async fn try_publish(&mut self, text: &str) -> Result<proto::PublishAssessmentResponse, Status> {
        let request = publication(self.domain, &self.key, text);
        self.desk.assessments.publish_assessment(request).await.map(tonic::Response::into_inner)
    }
}

/// A draft, sealed and signed.
pub fn publication(domain: &str, key: &SigningKey, text: &str) -> proto::PublishAssessmentRequest {
    let draft =
        draft::parse(text, Format::Toml, SystemClock.now().day()).unwrap_or_else(|e| panic!("{}", e.in_file("draft")));
    let accepted_findings = lint(&draft, SystemClock.now()).iter().map(|f| f.code.to_owned()).collect();
    let Composed { manifest, portions } = sealed(domain, &draft);
    let envelope = key.statement(StatementKind::Manifest, wire::manifest::encode(&manifest)).unwrap();
    proto::PublishAssessmentRequest {
        manifest: Some(wire::envelope::to_proto(&envelope)),
        portions: portions.into_iter().map(Into::into).collect(),
        accepted_findings,
    }
}

pub fn sealed(domain: &str, draft: &Draft) -> Composed {
    let piece = |p: &watchfire::domain::draft::DraftPortion| UnsealedPortion {
        language: None,
        translates: None,
        marking: p.marking.clone(),
        body: p.body.clone(),
        rests_on: draft.rests_on(p),
    };
    let issued = SystemClock.now();
    let head = ManifestHead {
        assessment: new_assessment_id().unwrap(),
        version: 1,
        previous: None,
        originator: domain.parse().unwrap(),
        issued,
        expires: draft.expires.of(issued),
        exercise: draft.exercise,
    };
    compose(head, draft.portions.iter().map(piece).collect()).unwrap()
}

/// A small assessment about a place.
pub fn note(headline: &str, place: &str) -> String {
    format!(
        r#"
[assessment]
topics  = ["sahel"]
level   = 3
expires = "{expires}"

[default.marking]
tlp    = "AMBER"
onward = "within-organisation"

[[portion]]
kind = "headline"
text = "{headline}"

[[portion]]
kind    = "subject"
places  = ["{place}"]
period  = {{ from = "{from}", until = "{until}" }}
risk_of = ["mass-killing"]
cap     = {{ urgency = "Future", severity = "Extreme", certainty = "Possible" }}

[[portion]]
kind = "limitation"
text = "Written for a test; nobody is in danger."
"#,
        expires = days_from_now(300),
        from = days_from_now(1),
        until = days_from_now(200),
    )
}

/// Terms by which `from` gives `to` everything, with further lines for its grant.
pub fn terms(from: &str, to: &str, more: &str) -> String {
    format!(
        r#"
[agreement]
parties = ["{from}", "{to}"]
from    = "{start}"
until   = "{end}"
purpose = "A test"
notice  = "90 days"

[[grant]]
id      = "world"
from    = "{from}"
to      = "{to}"
places  = ["M49:001"]
kinds   = ["headline", "subject", "limitation", "attachment"]
max_tlp = "AMBER+STRICT"
{more}
"#,
        start = days_from_now(-30),
        end = days_from_now(700),
    )
}

/// Two states that know each other. The first gives the second everything. `endpoint` is where the second dials.
pub async fn pair_by(endpoint: impl AsyncFnOnce(&Org) -> String, more: &str) -> (Org, Org, String) {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    let endpoint = endpoint(&gb).await;
    no.accept(&gb, &endpoint).await;
    gb.accept(&no, &no.peer).await;
    let id = gb.agree(&no, &terms(gb.domain, no.domain, more)).await;
    (gb, no, id)
}

pub async fn pair() -> (Org, Org) {
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    (gb, no)
}

/// Asks again until there is an answer.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("this did not happen within {} seconds: {what}", PATIENCE.as_secs());
}
