//! The end of a history of roots: everybody is back, and the final checks.

use watchfire::domain::ids::Role;

use crate::{
    book::{Broken, broken},
    cast::Org,
    rotation::{ADMINS, ALONE, Chain, FIRST, OTHERS},
};

/// How often everybody connects and does its work, until everything has arrived.
const ROUNDS: usize = 6;

impl Chain {
    /// Everybody is back, and everything comes to rest. A node that can't recognise the first organisation any more gets its bundles by a file.
    pub async fn end(&mut self) -> Result<(), Broken> {
        self.trace.line("all is put right");
        self.net.heal();
        self.publish()
            .await
            .map_err(|fault| Broken { invariant: "with everything put right, all works", what: fault.to_string() })?;
        for _ in 0..ROUNDS {
            self.rounds(1).await;
            self.check().await?;
            self.by_file().await?;
            // A statement that a partner could not verify is offered again after a day.
            self.wait(1).await.unwrap();
        }
        self.check_the_end().await
    }

    /// Only a partner may need one. An organisation that knows it through a hub gets its bundles from the hub.
    async fn by_file(&mut self) -> Result<(), Broken> {
        for of in [Org::Ecowas, ALONE] {
            let node = self.node(of);
            if node.bundles.held_sequence(&FIRST.domain()) == self.node(FIRST).bundles.own_sequence() {
                continue;
            }
            if self.connect((of, FIRST), &[]).await.is_ok() {
                continue;
            }
            let status = self.node(FIRST).bundles.bundle_status(&FIRST.administrator(ADMINS[0])).await.unwrap();
            self.trace.line(format!("{of} gets a file"));
            self.files += 1;
            node.bundles.take_bundles_by_hand(&of.administrator(ADMINS[0]), &status.chain).await.map_err(|fault| {
                Broken { invariant: "a file brings back who was away", what: format!("{of}: {fault}") }
            })?;
        }
        Ok(())
    }

    async fn check_the_end(&self) -> Result<(), Broken> {
        let newest = self.node(FIRST).bundles.own_sequence();
        for of in OTHERS {
            let node = self.node(of);
            let held = node.bundles.held_sequence(&FIRST.domain());
            if held != newest {
                return broken("everybody follows", format!("{of} holds bundle {held} of {newest}"));
            }
            for made in &self.published {
                let read = node.assessments.read(&of.actor(Role::Analyst), &made.assessment, None, false).await;
                if let Err(fault) = read {
                    let kept = node.assessments.read(&of.actor(Role::Officer), &made.assessment, None, true).await;
                    let why = kept.map(|view| view.quarantines.iter().map(|q| format!("{q:?}")).collect::<Vec<_>>());
                    self.trace.line(format!("{of}: {why:?}"));
                    return broken(
                        "what was verified stays so, and what waited comes",
                        format!("{of}: {}: {fault}", made.name),
                    );
                }
            }
        }
        Ok(())
    }
}
