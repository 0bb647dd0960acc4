//! Certificates, keys, bundle, revocation lists and house rules, renewed without a restart.
//!
//! The files that belong together are looked at every second and taken as one set, once they hold together. Until then
//! what is in force stays, and the log says why, once.

mod files;

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use files::Digests;
pub(super) use files::Files;

use super::{
    own::load_lists,
    rules,
    seen_lists::SeenLists,
    set::{Notice, OwnSet},
};
use crate::{
    config::Config,
    domain::{fault::Fault, time::Clock},
    identity::trust::Member,
    node::{
        Node,
        rules::{FoundRules, Renewal},
    },
    transport::gate::TlsGate,
};

/// Revocation is felt within 2 seconds: half of that is for noticing the file.
const INTERVAL: Duration = Duration::from_secs(1);
/// Rules are taken up once they have been the same for so long: a directory may be half written.
const SETTLED: Duration = Duration::from_millis(200);

/// A node whose files are watched.
pub(super) struct Watched {
    pub config: Config,
    pub node: Arc<Node>,
    pub gate: Arc<TlsGate>,
    pub clock: Arc<dyn Clock>,
    /// Somebody asks for all of them to be read anew.
    pub look: Arc<Notify>,
}

/// What is known of the files.
struct State {
    /// The files of what is in force.
    in_force: Digests,
    /// The files when they did not hold together.
    refused: Option<Digests>,
    /// What the log was told of them.
    told: Option<String>,
}

/// Revocation lists (DER) whose issuers are not known yet.
type Waiting = Vec<Vec<u8>>;

/// What reading the files as a set has come to.
enum Found {
    /// All of it holds.
    Whole(Box<OwnSet>),
    /// Why it does not hold. The bundle and the lists may hold with the certificates that are in force.
    Refused(String, Option<Box<(Member, Waiting)>>),
}

impl Watched {
    /// Watches until `stop`. `files` are as they were before the node read them.
    pub(super) async fn watch(self, (mut files, in_force): (Files, Digests), stop: CancellationToken) {
        let mut state = State { in_force, refused: None, told: None };
        let mut seen_lists = SeenLists::new(&self.config);
        let mut seen_rules = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.look.notified() => {
                    files.forget();
                    seen_rules = None;
                }
            }
            self.look(&mut files, &mut state).await;
            if let Err(error) = seen_lists.keep(self.node.own_member()) {
                tracing::debug!(%error, "the lists in force could not be written beside the store; it is tried again");
            }
            if let Err(fault) = self.node.look_for_people().await {
                tracing::debug!(%fault, "the people in the directory could not be registered; it is tried again");
            }
            renew_rules(&self.config, &self.node, &mut seen_rules).await;
            self.node.tell_of_damage().await;
        }
    }

    async fn look(&self, files: &mut Files, state: &mut State) {
        let now = files.look();
        if now == state.in_force {
            if state.told.take().is_some() {
                tracing::info!("the files on disk are again those that are in force");
            }
            state.refused = None;
            return;
        }
        let found = self.read(&now, &state.in_force);
        // The files are read by their names: only where they are still the same is it known what was read.
        if files.look() != now {
            return;
        }
        match found {
            Found::Whole(set) => self.put_in_force(*set, now, state).await,
            Found::Refused(why, member) => {
                if let Some(member) = member.filter(|_| now.member != state.in_force.member) {
                    self.put_lists_in_force(*member, now, state).await;
                }
                // A tool may be between two files: it is told from the second look on.
                if state.refused == Some(now) && state.told.as_ref() != Some(&why) {
                    tracing::error!(
                        error = why,
                        "the new files are NOT in force, those before still are; they are tried again"
                    );
                    state.told = Some(why);
                }
                state.refused = Some(now);
            }
        }
    }

    /// Reads the files, and checks that they hold together.
    fn read(&self, files: &Digests, in_force: &Digests) -> Found {
        match OwnSet::load(&self.config, self.clock.now()) {
            Ok(set) => match self.worse(&set.notices, files, in_force) {
                None => Found::Whole(Box::new(set)),
                Some(notice) => Found::Refused(notice.to_string(), self.lists()),
            },
            Err(error) => Found::Refused(error.to_string(), self.lists()),
        }
    }

    /// A new certificate that can't be used takes the place of none that can.
    fn worse(&self, notices: &[Notice], files: &Digests, in_force: &Digests) -> Option<Notice> {
        let is_worse = |notice: &&Notice| match notice.file == self.config.tls.certificate {
            true => files.tls != in_force.tls && self.gate.check_own().is_ok(),
            false => files.signing != in_force.signing && self.node.good_key().is_ok(),
        };
        notices.iter().filter(|notice| notice.is_unusable).find(is_worse).cloned()
    }

    /// The bundle and the lists, where they hold with the certificates that are in force: a certificate that is copied
    /// half must not keep a revoked person in.
    fn lists(&self) -> Option<Box<(Member, Waiting)>> {
        let now = self.clock.now();
        let (member, waiting) = load_lists(&self.config, now).ok()?;
        let key = self.node.signing_chain();
        OwnSet::check(&self.config, &member, (self.gate.shown(), &key), now).ok()?;
        Some(Box::new((member, waiting)))
    }

    async fn put_in_force(&self, set: OwnSet, files: Digests, state: &mut State) {
        let OwnSet { credentials, key, member, waiting_lists, notices, .. } = set;
        let mut renewed = vec![];
        if files.member != state.in_force.member {
            match self.renew_own(member, waiting_lists).await {
                Ok(true) => renewed.push("trust bundle and revocation lists"),
                Ok(false) => {}
                Err(fault) => return not_stored(&fault, state),
            }
            state.in_force.member = files.member;
        }
        if files.tls != state.in_force.tls {
            self.gate.reload(None, Some(credentials));
            // The new chain may hold the issuer of a revocation list that waits.
            self.node.saw_chain(&self.gate.shown()).await;
            state.in_force.tls = files.tls;
            renewed.push("TLS certificate");
        }
        if files.signing != state.in_force.signing {
            if let Err(fault) = self.node.renew_key(key).await {
                return not_stored(&fault, state);
            }
            state.in_force.signing = files.signing;
            renewed.push("signing key");
        }
        let was_refused = state.told.take().is_some();
        if !renewed.is_empty() {
            tracing::info!(what = renewed.join(", "), was_refused, "renewed");
        }
        state.refused = None;
        for notice in notices {
            tracing::error!(file = %notice.file.display(), "{}", notice.message);
        }
    }

    async fn renew_own(&self, member: Member, waiting: Waiting) -> Result<bool, Fault> {
        let is_new = self.node.renew_own(member).await?;
        self.node.await_issuers(waiting).await?;
        Ok(is_new)
    }

    async fn put_lists_in_force(&self, (member, waiting): (Member, Waiting), files: Digests, state: &mut State) {
        match self.renew_own(member, waiting).await {
            Ok(true) => {
                tracing::info!(
                    what = "trust bundle and revocation lists",
                    "renewed; the certificates beside them are not"
                );
            }
            Ok(false) => {}
            Err(fault) => return not_stored(&fault, state),
        }
        state.in_force.member = files.member;
    }
}

/// It is tried again at the next look.
fn not_stored(fault: &Fault, state: &mut State) {
    let why = fault.to_string();
    if state.told.as_ref() != Some(&why) {
        tracing::error!(%fault, "the new files are NOT all in force; they are tried again");
        state.told = Some(why);
    }
}

/// By their content: they are small, and a file may change within its timestamp's grain.
async fn renew_rules(config: &Config, node: &Node, seen: &mut Option<FoundRules>) {
    let found = rules::read(&config.rules);
    if seen.as_ref() == Some(&found) {
        return;
    }
    tokio::time::sleep(SETTLED).await;
    if rules::read(&config.rules) != found {
        return;
    }
    match node.renew_rules(found.clone()).await {
        Ok(Renewal::Same) => {}
        Ok(Renewal::InForce(version)) => tracing::info!(version, "house rules in force"),
        Ok(Renewal::Refused(faults)) => {
            for fault in faults {
                tracing::error!("the house rules on disk are NOT in force, those before still are: {fault}");
            }
        }
        Err(fault) => {
            tracing::error!(%fault, "the house rules on disk are NOT in force, those before still are; they are tried again");
            return;
        }
    }
    *seen = Some(found);
}
