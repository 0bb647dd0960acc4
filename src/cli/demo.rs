//! `watchfire demo`: six real nodes on this machine and a real exchange between them.

mod input;
mod link;
mod narrator;
mod organisation;
mod reasons;
mod report;
mod second_act;
mod side_by_side;
mod story;
mod world;

use std::path::PathBuf;

use clap::Args;

use narrator::{Narrator, failed};
use world::World;

use super::{CliError, Global, output, signals};

/// Starts five nodes as separate processes, each with its own CA and store: a state that publishes, a regional
/// organisation, a second state, an NGO, and a state that some assessments are about. Publishes assessments made from 29
/// real warnings, cuts a link and kills two nodes in the middle, and prints what each partner received and why. Then a sixth node joins behind
/// the regional organisation. A warning goes on to it, is endorsed, corrected and recalled, and a partner checks the ledger.
/// Exits with an error if anything is not as it should be.
#[derive(Args)]
pub struct Demo {
    /// Leave the nodes running, and print commands to try
    #[arg(long)]
    keep: bool,
}

impl Demo {
    /// Runs it.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let narrator = Narrator::new(global);
        let dir = new_directory()?;
        let story = signals::unless_ended(story::run(&narrator, &dir)).await;
        let ended = match story {
            Ok(world) if self.keep => return stay(&narrator, &dir, world).await,
            Ok(world) => {
                world.stop().await;
                Ok(())
            }
            Err(error) => Err(error),
        };
        if ended.is_ok() {
            let _ = std::fs::remove_dir_all(&dir);
            output::result(global, &serde_json::json!({ "demo": "ok" }), || "The demo succeeded.".to_owned());
        } else {
            output::note(global, &format!("the nodes' files are in {}", dir.display()));
        }
        ended
    }
}

fn new_directory() -> Result<PathBuf, CliError> {
    let random: [u8; 4] = crate::seal::random::bytes().map_err(|e| failed(e.to_string()))?;
    let dir = std::env::temp_dir().join(format!("watchfire-demo-{}", hex::encode(random)));
    crate::identity::files::private_directory(&dir)?;
    Ok(dir)
}

/// Who opens a console, and what for.
const PERSONAS: &[(&str, &str, &str)] = &[
    ("ecowas.example", "ana", "an analyst of the regional organisation, who reads and acknowledges"),
    ("ecowas.example", "root", "its administrator"),
    ("gb.example", "ana", "the author of the warnings"),
    ("sd.example", "ana", "an analyst of a state that some warnings are about: those are not there"),
];

/// A link for each persona.
async fn links(world: &World) -> Result<String, CliError> {
    let mut lines = String::new();
    for (domain, who, what) in PERSONAS {
        let organisation =
            if *domain == world.publisher.domain { &world.publisher } else { world.partner_named(domain)? };
        let (link, dir) = (organisation.sign_in_link(who).await?, organisation.dir.display());
        lines.push_str(&format!(
            "  {who} of {domain}, {what}:\n    {link}\n    (a new one: watchfire --dir {dir} --as {who} console link)\n"
        ));
    }
    Ok(lines)
}

/// Leaves the nodes running until Ctrl-C.
async fn stay(narrator: &Narrator<'_>, dir: &std::path::Path, world: World) -> Result<(), CliError> {
    let at = dir.display();
    narrator.words(&format!(
        "\nOpen the consoles in a browser. Each link signs in once, within five minutes:\n{}",
        links(&world).await?
    ));
    narrator.words(&format!(
        "\nThe nodes keep running until Ctrl-C. Try, in another terminal:\n  \
         watchfire --dir {at}/ecowas.example --as ana assess list\n  \
         watchfire --dir {at}/ecowas.example --as ana feed follow\n  \
         watchfire --dir {at}/gb.example --as ana feed status\n  \
         watchfire --dir {at}/gb.example --as ana policy explain {} --partner sd.example\n  \
         watchfire --dir {at}/gb.example --as root partner suspend ecowas.example",
        world.an_assessment(),
    ));
    output::result(narrator.global(), &serde_json::json!({ "demo": "ok", "dir": dir }), || {
        "The demo succeeded.".to_owned()
    });
    signals::Signals::new().next().await;
    world.stop().await;
    let _ = std::fs::remove_dir_all(dir);
    Ok(())
}
