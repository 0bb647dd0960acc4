//! Renews certificates, keys, bundle, revocation lists and house rules without a restart.
//!
//! The files that belong together are checked every second. They are loaded as one set, once they fit together. Until then the set in force
//! stays, and the log says why, once.

mod files;

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(super) use files::FilesAtStart;
use files::{Digests, Files};

use super::{
    certificate_set::{CertificateSet, OwnChains},
    error::StartupNotice,
    lists_in_force::ListsInForceFile,
    own_lists::{OwnLists, load_lists},
    rules,
};
use crate::{
    config::Config,
    domain::{fault::Fault, time::Clock},
    identity::trust::KnownOrganisation,
    node::{
        Node,
        house_rules::{Renewal, house::FoundRules},
    },
    transport::tls_config::TlsConfig,
};

/// A revocation has to take effect within 2 seconds. Half of that time is for noticing the file.
const INTERVAL: Duration = Duration::from_secs(1);
/// Rules are read once they have not changed for this long, because an editor or tool may still be writing.
const SETTLED: Duration = Duration::from_millis(200);

/// Watches the files of a node.
pub(super) struct FileWatcher {
    pub config: Config,
    pub node: Arc<Node>,
    pub tls_config: Arc<TlsConfig>,
    pub clock: Arc<dyn Clock>,
    /// Notified when all files have to be read again. A second process would have its own, for the files of its own host.
    pub look: Arc<Notify>,
}

/// What the watcher remembers about the files. A second process would have its own, for the files of its own host.
struct State {
    /// The digests of the files that are in force.
    in_force: Digests,
    /// The digests of the files that were last refused because they did not fit together.
    refused: Option<Digests>,
    /// The message that was last logged about them.
    told: Option<String>,
}

/// The result of reading the files as a set.
enum NewSet {
    /// The set is valid.
    Valid(Box<CertificateSet>),
    /// The set is not valid, and why. The bundle and the lists may still be valid with the certificates in force; then they are here.
    Refused(String, Option<Box<OwnLists>>),
}

impl FileWatcher {
    /// Watches until `stop`. `start` is the state of the files before the node read them.
    pub(super) async fn watch(self, start: FilesAtStart, stop: CancellationToken) {
        let FilesAtStart { mut files, digests } = start;
        let mut state = State { in_force: digests, refused: None, told: None };
        let mut lists_file = ListsInForceFile::new(&self.config);
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
            if let Err(error) = lists_file.keep(self.node.revocations.own_member()) {
                tracing::debug!(%error, "the lists in force could not be written beside the store; it is tried again");
            }
            if let Err(fault) = self.node.people.look_for_people().await {
                tracing::debug!(%fault, "the people in the directory could not be registered; it is tried again");
            }
            renew_rules(&self.config, &self.node, &mut seen_rules).await;
            self.node.monitor.tell_of_damage().await;
        }
    }

    async fn look(&self, files: &mut Files, state: &mut State) {
        let now = files.look();
        if now == state.in_force {
            if state.told.take().is_some() {
                tracing::info!("the files on disk are the ones in force again");
            }
            state.refused = None;
            return;
        }
        let found = self.read(&now, &state.in_force);
        // The files are read by name. What was read is certain only if they have not changed since.
        if files.look() != now {
            return;
        }
        match found {
            NewSet::Valid(set) => self.put_in_force(*set, now, state).await,
            NewSet::Refused(why, lists) => {
                if let Some(lists) = lists.filter(|_| now.member != state.in_force.member) {
                    self.put_lists_in_force(*lists, now, state).await;
                }
                // A tool may be between writing two files, so the first time is not logged.
                if state.refused == Some(now) && state.told.as_ref() != Some(&why) {
                    tracing::error!(
                        error = why,
                        "the new files are NOT in force, the earlier ones still are; the node tries again"
                    );
                    state.told = Some(why);
                }
                state.refused = Some(now);
            }
        }
    }

    /// Reads the files and checks that they fit together.
    fn read(&self, files: &Digests, in_force: &Digests) -> NewSet {
        match CertificateSet::load(&self.config, self.clock.now()) {
            Ok(set) => match self.worse(&set.notices, files, in_force) {
                None => NewSet::Valid(Box::new(set)),
                Some(notice) => NewSet::Refused(notice.to_string(), self.lists()),
            },
            Err(error) => NewSet::Refused(error.to_string(), self.lists()),
        }
    }

    /// The notice about a new certificate that can't be used while the one in force can. Such a certificate must not replace the one in force.
    fn worse(&self, notices: &[StartupNotice], files: &Digests, in_force: &Digests) -> Option<StartupNotice> {
        let is_worse = |notice: &&StartupNotice| match notice.file == self.config.tls.certificate {
            true => files.tls != in_force.tls && self.tls_config.check_own().is_ok(),
            false => files.signing != in_force.signing && self.node.identity.good_key().is_ok(),
        };
        notices.iter().filter(|notice| notice.is_unusable).find(is_worse).cloned()
    }

    /// The bundle and the lists, if they are valid with the certificates in force. They take effect without the certificates, so that a
    /// half-copied certificate can't delay a revocation.
    fn lists(&self) -> Option<Box<OwnLists>> {
        let now = self.clock.now();
        let lists = load_lists(&self.config, now).ok()?;
        let (tls, signing) = (self.tls_config.shown(), self.node.identity.signing_chain());
        CertificateSet::check(&self.config, &lists.member, &OwnChains { tls: &tls, signing: &signing }, now).ok()?;
        Some(Box::new(lists))
    }

    async fn put_in_force(&self, set: CertificateSet, files: Digests, state: &mut State) {
        let CertificateSet { credentials, key, member, waiting_lists, notices, .. } = set;
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
            self.tls_config.reload(None, Some(credentials));
            // The new chain may hold the issuer of a revocation list that waits.
            self.node.revocations.saw_chain(&self.tls_config.shown()).await;
            state.in_force.tls = files.tls;
            renewed.push("TLS certificate");
        }
        if files.signing != state.in_force.signing {
            if let Err(fault) = self.node.identity.renew_key(key).await {
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

    async fn renew_own(&self, member: KnownOrganisation, waiting: Vec<Vec<u8>>) -> Result<bool, Fault> {
        let is_new = self.node.revocations.renew_own(member).await?;
        self.node.revocations.await_issuers(waiting).await?;
        Ok(is_new)
    }

    async fn put_lists_in_force(&self, lists: OwnLists, files: Digests, state: &mut State) {
        match self.renew_own(lists.member, lists.waiting).await {
            Ok(true) => {
                tracing::info!(
                    what = "trust bundle and revocation lists",
                    "renewed; the certificates in the same set are not"
                );
            }
            Ok(false) => {}
            Err(fault) => return not_stored(&fault, state),
        }
        state.in_force.member = files.member;
    }
}

/// Logs that the files could not be stored. The next check tries again.
fn not_stored(fault: &Fault, state: &mut State) {
    let why = fault.to_string();
    if state.told.as_ref() != Some(&why) {
        tracing::error!(%fault, "not all new files are in force; the node tries again");
        state.told = Some(why);
    }
}

/// Compares the rules by content. They are small, and a file may change without a new timestamp.
async fn renew_rules(config: &Config, node: &Node, seen: &mut Option<FoundRules>) {
    let found = rules::read(&config.rules);
    if seen.as_ref() == Some(&found) {
        return;
    }
    tokio::time::sleep(SETTLED).await;
    if rules::read(&config.rules) != found {
        return;
    }
    match node.rules.renew_rules(found.clone()).await {
        Ok(Renewal::Same) => {}
        Ok(Renewal::InForce(version)) => tracing::info!(version, "house rules in force"),
        Ok(Renewal::Refused(faults)) => {
            for fault in faults {
                tracing::error!("the house rules on disk are NOT in force, the earlier ones still are: {fault}");
            }
        }
        Err(fault) => {
            tracing::error!(%fault, "the house rules on disk are NOT in force, the earlier ones still are; the node tries again");
            return;
        }
    }
    *seen = Some(found);
}
