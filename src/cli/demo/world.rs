//! The organisations of the demo, what they have published, and steps that both acts use.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde_json::Value;

use super::{
    link::Link,
    narrator::failed,
    organisation::{Organisation, text},
};
use crate::cli::CliError;

/// The longest time for each step.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that runs in the demo.
pub struct World {
    /// The organisation that publishes.
    pub publisher: Organisation,
    /// The others, in the order of the cast.
    pub partners: Vec<Organisation>,
    /// The relay on the way to the first partner.
    pub link: Link,
    /// What was published: for each assessment, which partner should get which portions.
    pub published: Vec<Published>,
}

/// One assessment of the demo.
pub struct Published {
    /// Its id.
    pub assessment: String,
    /// For each partner, the handles of the portions that it should get, or why it gets none.
    pub decisions: BTreeMap<String, Value>,
}

impl Published {
    /// Reads the answer of a publication.
    pub fn new(answer: &Value) -> Result<Self, CliError> {
        let decisions = answer.get("decisions").and_then(Value::as_array).cloned().unwrap_or_default();
        let decisions =
            decisions.into_iter().map(|d| Ok((text(&d, "partner")?, d))).collect::<Result<_, CliError>>()?;
        Ok(Self { assessment: text(answer, "assessment")?, decisions })
    }
}

impl World {
    /// Stops all nodes.
    pub async fn stop(mut self) {
        for organisation in std::iter::once(&mut self.publisher).chain(&mut self.partners) {
            let _ = organisation.kill().await;
        }
    }

    /// The last assessment, for examples.
    pub fn an_assessment(&self) -> &str {
        self.published.last().map(|p| p.assessment.as_str()).unwrap_or_default()
    }

    /// A partner, by its name.
    pub fn partner_named(&self, domain: &str) -> Result<&Organisation, CliError> {
        self.partners.iter().find(|p| p.domain == domain).ok_or_else(|| failed(format!("{domain} is missing")))
    }

    /// A partner, by its name, to be changed.
    pub fn partner_mut(&mut self, domain: &str) -> Result<&mut Organisation, CliError> {
        self.partners.iter_mut().find(|p| p.domain == domain).ok_or_else(|| failed(format!("{domain} is missing")))
    }
}

/// Proposes these terms to the partner.
pub async fn propose(giver: &Organisation, terms: &str, taker: &Organisation, dir: &Path) -> Result<(), CliError> {
    let path = dir.join(format!("agreement-{}.toml", taker.domain));
    std::fs::write(&path, terms).map_err(|e| failed(e.to_string()))?;
    giver.ask(&["--as", "root", "agreement", "propose", &path.to_string_lossy()]).await?;
    Ok(())
}

/// Signs the proposal that arrives, and returns its id.
pub async fn sign(taker: &Organisation) -> Result<String, CliError> {
    let proposed = until("a proposal arrives", async || {
        let all = taker.ask(&["--as", "root", "agreement", "list"]).await?;
        Ok(all.into_iter().find(|a| is(a, "state", "proposed")))
    });
    let id = text(&proposed.await?, "id")?;
    taker.ask(&["--as", "root", "agreement", "sign", &id]).await?;
    Ok(id)
}

/// Has both sides sign these terms. When this returns, they are in force on the side that proposed them.
pub async fn agree_on(giver: &Organisation, taker: &Organisation, terms: &str, dir: &Path) -> Result<(), CliError> {
    propose(giver, terms, taker, dir).await?;
    let id = sign(taker).await?;
    until("the agreement is in force", async || {
        let all = giver.ask(&["--as", "root", "agreement", "list"]).await?;
        Ok(all.iter().any(|a| is(a, "id", &id) && is(a, "state", "in-force")).then_some(()))
    })
    .await
}

/// Asks again and again until there is an answer, or too much time has passed.
pub async fn until<T, F>(what: &str, mut ask: F) -> Result<T, CliError>
where
    F: AsyncFnMut() -> Result<Option<T>, CliError>,
{
    let started = std::time::Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if started.elapsed() > PATIENCE {
            return Err(failed(format!("{} seconds passed before {what}", PATIENCE.as_secs())));
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// Whether a field of an answer has this value.
pub fn is(value: &Value, key: &str, wanted: &str) -> bool {
    value.get(key).and_then(Value::as_str) == Some(wanted)
}
