//! Two organisations that give each other everything, and the means to harm them and wait for them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use watchfire::{
    app,
    desk::client::{self, DeskClient},
    seal::sign::SigningKey,
    telemetry::SystemClock,
};

use crate::kit::{Org, terms};

/// The longest wait for a node. It only keeps a fault from hanging the run.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A stopped pair in a directory of its own: gb.example and no.example, each giving the other everything of a note.
pub struct Template {
    dir: TempDir,
    orgs: [Org; 2],
    /// The id of their agreement.
    pub agreement: String,
}

/// Both ways.
pub fn both_ways(from: &str, to: &str) -> String {
    let back = terms(to, from, "").split_once("[[grant]]").unwrap().1.replace("\"world\"", "\"world-back\"");
    terms(from, to, &format!("\n[[grant]]{back}\n[duties]\npurge_on_recall = true\n"))
}

impl Template {
    pub async fn make() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut gb = Org::make(dir.path(), "gb.example", "state", Some("GB")).await;
        let mut no = Org::make(dir.path(), "no.example", "state", Some("NO")).await;
        gb.start().await;
        no.start().await;
        no.accept(&gb, &gb.peer).await;
        gb.accept(&no, &no.peer).await;
        let agreement = gb.agree(&no, &both_ways(gb.domain, no.domain)).await;
        for org in [&mut gb, &mut no] {
            stop(org).await;
        }
        Self { dir, orgs: [gb, no], agreement }
    }

    /// A directory next to theirs.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A copy of both at the same addresses, so only one pair can run. Not running.
    pub fn copy(&self, name: &str) -> (PathBuf, Org, Org) {
        let to = self.dir.path().join(name);
        let [gb, no] = self.orgs.each_ref().map(|org| {
            let same = (org.peer.clone(), org.desk.clone());
            org.copied(&to.join(org.domain), same)
        });
        (to, gb, no)
    }
}

/// A running pair.
pub async fn running_pair() -> (Template, Org, Org) {
    let template = Template::make().await;
    let (_, mut gb, mut no) = template.copy("run");
    gb.start().await;
    no.start().await;
    (template, gb, no)
}

/// Stops a node properly.
pub async fn stop(org: &mut Org) {
    org.signal("TERM");
    wait("it stops", async || org.ended().map(|_| ()).ok_or_else(|| "it runs on".to_owned())).await.unwrap();
    org.kill().await;
}

/// Asks again until it succeeds. Otherwise returns the last error.
pub async fn wait(what: &str, mut ask: impl AsyncFnMut() -> Result<(), String>) -> Result<(), String> {
    let started = Instant::now();
    loop {
        match ask().await {
            Ok(()) => return Ok(()),
            Err(why) if started.elapsed() > PATIENCE => {
                return Err(format!("{} s went by before this: {what}: {why}", PATIENCE.as_secs()));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Waits until everything that was queued for the partner has arrived and is acknowledged.
pub async fn settled(from: &Org, to: &Org) -> Result<(), String> {
    wait(&format!("the feed from {} to {} is at rest", from.domain, to.domain), async || {
        let (out, into) = (from.feed(to.domain, "out").await, to.feed(from.domain, "in").await);
        let at_rest = out["queued"] == 0
            && out["acknowledged"] == out["last_sequence"]
            && out["last_sequence"] == into["last_sequence"];
        if at_rest { Ok(()) } else { Err(format!("{out} {into}")) }
    })
    .await
}

/// A connection to the desk of a node that may die at any moment, as one of its people.
#[derive(Clone)]
pub struct Door {
    pub domain: &'static str,
    dir: PathBuf,
    desk: String,
}

impl Door {
    pub fn of(org: &Org) -> Self {
        Self { domain: org.domain, dir: org.dir.clone(), desk: org.desk.clone() }
    }

    pub async fn connect(&self, person: &str) -> Option<DeskClient> {
        let files = self.dir.join("persons").join(person);
        let tls = (files.join("tls.pem"), files.join("tls.key"));
        let own = self.domain.parse().unwrap();
        let bundle = self.dir.join("bundle.pem");
        client::connect(&self.desk, &own, &bundle, &tls.0, &tls.1, Arc::new(SystemClock)).await.ok()
    }

    pub fn key(&self, person: &str) -> SigningKey {
        let files = self.dir.join("persons").join(person);
        app::signing_key(&files.join("signing.pem"), &files.join("signing.key")).unwrap()
    }
}

/// Whether a program is available.
pub fn is_there(program: &str) -> bool {
    let found = |dir: &Path| dir.join(program).is_file();
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| found(&dir)))
}
