//! What happens in the demo, in order.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde_json::{Value, json};

use super::{
    CliError, Teller, after, input,
    link::Link,
    organisation::{Cast, Organisation, text},
    report, wrong,
};

/// The publisher first.
const CAST: [Cast; 5] = [
    Cast { domain: "gb.example", kind: "state", country: Some("GB") },
    Cast { domain: "ecowas.example", kind: "regional", country: None },
    Cast { domain: "no.example", kind: "state", country: Some("NO") },
    Cast { domain: "witness.example", kind: "ngo", country: None },
    Cast { domain: "sd.example", kind: "state", country: Some("SD") },
];

/// How long anything may take to come true.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that runs.
pub struct World {
    /// The one that publishes.
    pub publisher: Organisation,
    /// The others, in the order of the cast.
    pub partners: Vec<Organisation>,
    /// The relay on the way to the first partner.
    pub link: Link,
    /// What was published: for each assessment, who was to get which portions.
    pub published: Vec<Published>,
}

/// One assessment of the demo.
pub struct Published {
    /// Its id.
    pub assessment: String,
    /// For each partner, the portions that go (handles), or why none does.
    pub decisions: BTreeMap<String, Value>,
}

impl Published {
    /// From the answer of a publication.
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
        self.partners.iter().find(|p| p.domain == domain).ok_or_else(|| wrong(format!("{domain} is missing")))
    }

    fn partner(&mut self, domain: &str) -> Result<&mut Organisation, CliError> {
        self.partners.iter_mut().find(|p| p.domain == domain).ok_or_else(|| wrong(format!("{domain} is missing")))
    }
}

/// Runs the whole story.
pub async fn run(teller: &Teller<'_>, dir: &Path) -> Result<World, CliError> {
    let mut world = found(teller, dir).await?;
    agree(teller, &world, dir).await?;
    let [first, second, third] = input::in_three_parts();
    publish(teller, &mut world, dir, first).await?;
    cut_the_link(teller, &mut world, dir, second).await?;
    kill_nodes(teller, &mut world, dir, third).await?;
    report::settle(&world, PATIENCE).await?;
    report::tell(teller, &world).await?;
    after::play(teller, &mut world, dir).await?;
    Ok(world)
}

async fn found(teller: &Teller<'_>, dir: &Path) -> Result<World, CliError> {
    let mut organisations = vec![];
    for cast in &CAST {
        organisations.push(Organisation::found(dir, cast).await?);
    }
    let names: Vec<&str> = organisations.iter().map(|o| o.domain).collect();
    teller.step(
        "nodes",
        &format!("five nodes are up, each with its own CA and store: {}", names.join(", ")),
        json!({ "nodes": names }),
    );
    let publisher = organisations.remove(0);
    let link = Link::to(publisher.peer.clone()).await?;
    for (i, partner) in organisations.iter().enumerate() {
        // The first partner dials through the relay, so that its link can be cut.
        let endpoint = if i == 0 { &link.address } else { &publisher.peer };
        partner.accept(&publisher, endpoint).await?;
        publisher.accept(partner, &partner.peer).await?;
    }
    teller.step(
        "partners",
        "each has accepted the other's trust bundle by its fingerprint; from now on mutual TLS 1.3",
        json!({}),
    );
    Ok(World { publisher, partners: organisations, link, published: vec![] })
}

async fn agree(teller: &Teller<'_>, world: &World, dir: &Path) -> Result<(), CliError> {
    for partner in &world.partners {
        propose(&world.publisher, input::agreement(partner.domain)?, partner, dir).await?;
    }
    for partner in &world.partners {
        sign(partner).await?;
    }
    until("all agreements are in force", async || {
        let all = world.publisher.ask(&["--as", "root", "agreement", "list"]).await?;
        let in_force = all.iter().filter(|a| a.get("state").and_then(Value::as_str) == Some("in-force")).count();
        Ok((in_force == world.partners.len()).then_some(()))
    })
    .await?;
    teller.step(
        "agreements",
        "four agreements are signed by both sides and in force; the one with sd.example covers Sudan",
        json!({}),
    );
    Ok(())
}

async fn propose(giver: &Organisation, terms: &str, taker: &Organisation, dir: &Path) -> Result<(), CliError> {
    let path = dir.join(format!("agreement-{}.toml", taker.domain));
    std::fs::write(&path, terms).map_err(|e| wrong(e.to_string()))?;
    giver.ask(&["--as", "root", "agreement", "propose", &path.to_string_lossy()]).await?;
    Ok(())
}

/// Signs the proposal that arrives. Gives its id.
async fn sign(taker: &Organisation) -> Result<String, CliError> {
    let proposed = until("a proposal arrives", async || {
        let all = taker.ask(&["--as", "root", "agreement", "list"]).await?;
        Ok(all.into_iter().find(|a| is(a, "state", "proposed")))
    });
    let id = text(&proposed.await?, "id")?;
    taker.ask(&["--as", "root", "agreement", "sign", &id]).await?;
    Ok(id)
}

/// Both sign these terms; on return they are in force where they were proposed.
pub async fn agree_on(giver: &Organisation, taker: &Organisation, terms: &str, dir: &Path) -> Result<(), CliError> {
    propose(giver, terms, taker, dir).await?;
    let id = sign(taker).await?;
    until("the agreement is in force", async || {
        let all = giver.ask(&["--as", "root", "agreement", "list"]).await?;
        Ok(all.iter().any(|a| is(a, "id", &id) && is(a, "state", "in-force")).then_some(()))
    })
    .await
}

/// Asks again until there is an answer.
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
            return Err(wrong(format!("{} seconds went by before {what}", PATIENCE.as_secs())));
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

async fn publish(teller: &Teller<'_>, world: &mut World, dir: &Path, drafts: &[input::Draft]) -> Result<(), CliError> {
    for (name, draft) in drafts {
        let path = dir.join(format!("{name}.toml"));
        std::fs::write(&path, draft).map_err(|e| wrong(e.to_string()))?;
        let path = path.to_string_lossy();
        let mut arguments = vec!["assess", "publish", &*path];
        arguments.extend(input::ACCEPTED.iter().flat_map(|code| ["--accept", code]));
        let answer = world.publisher.ask_one(&arguments).await?;
        world.published.push(Published::new(&answer)?);
    }
    let total = world.published.len();
    let words =
        format!("gb.example has published {} more assessments, made from real warnings ({total} so far)", drafts.len());
    teller.step("publish", &words, json!({ "published": total }));
    Ok(())
}

async fn cut_the_link(
    teller: &Teller<'_>,
    world: &mut World,
    dir: &Path,
    drafts: &[input::Draft],
) -> Result<(), CliError> {
    world.link.cut();
    teller.step("cut", "the link between ecowas.example and gb.example is cut", json!({}));
    publish(teller, world, dir, drafts).await?;
    let status = world.publisher.ask(&["--as", "root", "feed", "status"]).await?;
    let waiting = status.iter().find(|s| is(s, "partner", "ecowas.example") && is(s, "direction", "out"));
    let waiting = waiting.and_then(|s| s.get("lag")).and_then(Value::as_u64).unwrap_or_default();
    if waiting == 0 {
        return Err(wrong("nothing waits for ecowas.example although its link is cut"));
    }
    world.link.mend();
    teller.step(
        "mend",
        &format!("the link is mended; {waiting} entries wait for ecowas.example"),
        json!({ "waiting": waiting }),
    );
    Ok(())
}

/// Whether an answer says so.
pub fn is(value: &Value, key: &str, wanted: &str) -> bool {
    value.get(key).and_then(Value::as_str) == Some(wanted)
}

async fn kill_nodes(
    teller: &Teller<'_>,
    world: &mut World,
    dir: &Path,
    drafts: &[input::Draft],
) -> Result<(), CliError> {
    world.partner("no.example")?.kill().await?;
    teller.step("kill", "no.example's node is killed (SIGKILL)", json!({}));
    publish(teller, world, dir, drafts).await?;
    world.publisher.kill().await?;
    teller.step("kill", "gb.example's node is killed right after its last publish was acknowledged", json!({}));
    world.publisher.start().await?;
    world.partner("no.example")?.start().await?;
    teller.step("restart", "both nodes are started again", json!({}));
    Ok(())
}
