//! One organisation of the demo: a directory, a process, and the commands that its people run.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::narrator::failed;
use crate::cli::CliError;

/// An organisation that takes part.
pub struct Cast {
    /// The trust domain.
    pub domain: &'static str,
    /// The kind of organisation.
    pub kind: &'static str,
    /// Its country.
    pub country: Option<&'static str>,
}

/// An organisation with its node.
pub struct Organisation {
    /// The trust domain.
    pub domain: &'static str,
    /// The node's directory.
    pub dir: PathBuf,
    /// The address at which partners reach it.
    pub peer: String,
    /// The address of its console.
    console: String,
    process: Option<Child>,
}

/// A free port on loopback. If another process takes it before the node does, the node fails to start.
fn free_port() -> Result<u16, CliError> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|e| failed(e.to_string()))?;
    Ok(listener.local_addr().map_err(|e| failed(e.to_string()))?.port())
}

impl Organisation {
    /// Makes a node with an analyst and an administrator, and starts it.
    pub async fn found(root: &Path, cast: &Cast) -> Result<Self, CliError> {
        let dir = root.join(cast.domain);
        let (peer, desk) = (format!("127.0.0.1:{}", free_port()?), format!("127.0.0.1:{}", free_port()?));
        let mut arguments = vec!["init", "--org", cast.domain, "--kind", cast.kind, "--peer", &peer, "--desk", &desk];
        arguments.extend(["--ops", "off", "--advertise", &peer]);
        if let Some(country) = cast.country {
            arguments.extend(["--country", country]);
        }
        let console = format!("http://127.0.0.1:{}", free_port()?);
        let mut organisation = Self { domain: cast.domain, dir, peer: peer.clone(), console, process: None };
        organisation.ask_one(&arguments).await?;
        organisation.ask_one(&["person", "add", "ana", "--role", "analyst"]).await?;
        organisation.ask_one(&["person", "add", "root", "--role", "admin"]).await?;
        organisation.start().await?;
        Ok(organisation)
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, CliError> {
        let program = std::env::current_exe().map_err(|e| failed(e.to_string()))?;
        let mut command = Command::new(program);
        // The caller's environment must not override the configuration of the demo's nodes.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WATCHFIRE_")) {
            command.env_remove(name);
        }
        command.arg("--dir").arg(&self.dir).arg("--json").args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        Ok(command)
    }

    /// Starts the node and waits until it is ready.
    pub async fn start(&mut self) -> Result<(), CliError> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.dir.join("node.log"));
        let log = log.map_err(|e| failed(e.to_string()))?;
        let mut command = self.command(&["serve"])?;
        // A checkpoint is signed each second. The default is a minute.
        command.env("WATCHFIRE_LEDGER_INTERVAL_SECONDS", "1");
        command.env("WATCHFIRE_LISTEN_CONSOLE", &self.console);
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().map_err(|e| failed(e.to_string()))?;
        let stdout = process.stdout.take().ok_or_else(|| failed("a node has no output"))?;
        let line = BufReader::new(stdout).lines().next_line().await.map_err(|e| failed(e.to_string()))?;
        let ready = line.and_then(|l| serde_json::from_str::<Value>(&l).ok());
        if ready.as_ref().and_then(|r| r.get("ready")) != Some(&Value::Bool(true)) {
            return Err(failed(format!("{} did not start: {}", self.domain, ready.unwrap_or_default())));
        }
        self.process = Some(process);
        Ok(())
    }

    /// Kills the node with SIGKILL.
    pub async fn kill(&mut self) -> Result<(), CliError> {
        if let Some(mut process) = self.process.take() {
            process.kill().await.map_err(|e| failed(e.to_string()))?;
        }
        Ok(())
    }

    /// A link with which a person signs in to the console. Each person has a host name of their own, so that one browser can have several of
    /// them signed in.
    pub async fn sign_in_link(&self, who: &str) -> Result<String, CliError> {
        let made = self.ask_one(&["--as", who, "console", "link"]).await?;
        let name = self.domain.split('.').next().unwrap_or(self.domain);
        Ok(text(&made, "url")?.replacen("127.0.0.1", &format!("{who}.{name}.localhost"), 1))
    }

    /// Runs a command, and returns its JSON objects.
    pub async fn ask(&self, arguments: &[&str]) -> Result<Vec<Value>, CliError> {
        let output = self.command(arguments)?.output().await.map_err(|e| failed(e.to_string()))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(failed(format!("{}: `{}`: {}", self.domain, arguments.join(" "), why.trim())));
        }
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        lines.lines().map(|l| serde_json::from_str(l).map_err(|e| failed(e.to_string()))).collect()
    }

    /// Runs a command that prints one JSON object.
    pub async fn ask_one(&self, arguments: &[&str]) -> Result<Value, CliError> {
        let mut answers = self.ask(arguments).await?;
        answers.pop().ok_or_else(|| failed(format!("{}: `{}` printed nothing", self.domain, arguments.join(" "))))
    }

    /// Makes another organisation known to this one, by its invitation.
    pub async fn know(&self, other: &Self) -> Result<(), CliError> {
        let file = self.dir.join(format!("known-{}.txt", other.domain));
        let path = file.to_string_lossy().into_owned();
        let made = other.ask_one(&["--as", "root", "partner", "invite", "--out", &path]).await?;
        let fingerprint = text(&made, "fingerprint")?;
        self.ask(&["--as", "root", "partner", "know", &path, "--fingerprint", &fingerprint]).await?;
        Ok(())
    }

    /// Accepts another organisation as a partner, by its invitation. `endpoint` is where its node is dialled.
    pub async fn accept(&self, other: &Self, endpoint: &str) -> Result<(), CliError> {
        let file = self.dir.join(format!("invitation-of-{}.txt", other.domain));
        let path = file.to_string_lossy().into_owned();
        let invite = ["--as", "root", "partner", "invite", "--out", &path, "--endpoint", endpoint];
        let fingerprint = text(&other.ask_one(&invite).await?, "fingerprint")?;
        self.ask(&["--as", "root", "partner", "accept", &path, "--fingerprint", &fingerprint]).await?;
        Ok(())
    }
}

/// A text in an answer.
pub fn text(value: &Value, key: &str) -> Result<String, CliError> {
    value.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| failed(format!("an answer has no `{key}`")))
}
