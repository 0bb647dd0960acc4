//! The house rules in force. New files are checked first, and each set is kept as a version and recorded in the ledger. Files with
//! mistakes change nothing.

pub mod house;

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        actor::{Authorized, Explain},
        event::{Deed, Event},
        fault::{Fault, Reason},
        rules::{RuleFault, RuleFile, RulesVersion},
        time::{Clock, Time},
    },
    node::{
        directory::PartnerDirectory,
        house_rules::house::{FoundRules, HouseInForce, digest, refused},
        own_identity::OwnIdentity,
        task::lost,
    },
    policy::{self, HouseRules, KnownNames},
    store::{Store, StoreError, catalogue::CatalogueChange, damage::Damage},
};

/// How many versions are listed.
pub(in crate::node) const LISTED: u32 = 100;

/// The result of looking at the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// They are in force already, or their mistakes were reported before.
    Same,
    /// They are in force from now on, as this version.
    InForce(u32),
    /// They have mistakes; what was in force stays.
    Refused(Vec<RuleFault>),
}

/// What a person sees of the rules.
pub struct RulesView {
    /// The version in force; 0 means that there never were any rules.
    pub in_force: u32,
    /// Since when it is in force.
    pub since: Option<Time>,
    /// Each rule of the version asked for: its id, as decisions name it, and its words.
    pub rules: Vec<policy::PolicyReason>,
    /// The version asked for, with its files; the one in force if none was named.
    pub shown: Option<RulesVersion>,
    /// The versions, newest first, without their files' texts.
    pub versions: Vec<RulesVersion>,
    /// Why the files on disk are not in force.
    pub faults: Vec<RuleFault>,
}

/// Checks new house rules, stores them and puts them in force.
pub struct Rules {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) directory: Arc<PartnerDirectory>,
}

impl Rules {
    /// Loads the partners and rules that a node starts with. The rules are those on disk or, if these have mistakes, those that were in
    /// force before. A node that does not start warns nobody, and the earlier rules still forbid what they forbade.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` where the files have mistakes and nothing was ever in force; store faults.
    pub(crate) async fn begin_rules(&self, found: FoundRules) -> Result<(), Fault> {
        let last = match self.store.rules(None).await {
            Err(StoreError::Damaged(Damage::Rules(version))) => {
                self.directory.house.store(Arc::new(HouseInForce::closed(version, &found, self.clock.now())?));
                return self.directory.reload_directory().await;
            }
            last => last?,
        };
        if let Some(last) = &last {
            // Rules that came into force once were valid. A program that reads them differently must not run without them.
            let house = HouseInForce::of(last, HouseRules::compile_accepted).map_err(|faults| {
                refused(&format!("version {} of the house rules, kept in the store,", last.version), &faults)
            })?;
            self.directory.house.store(Arc::new(house));
        }
        match self.renew_rules(found).await? {
            Renewal::Refused(faults) if last.is_none() => return Err(refused("the house rules", &faults)),
            Renewal::Refused(faults) => {
                let version = self.directory.house.load().version;
                for fault in faults {
                    tracing::error!(
                        version,
                        "the house rules on disk are NOT in force, this version still is: {fault}"
                    );
                }
            }
            Renewal::InForce(version) => tracing::info!(version, "house rules in force"),
            Renewal::Same => {}
        }
        self.directory.reload_directory().await
    }

    /// Puts the rules on disk in force: for every partner, and on live streams before anything more is sent.
    ///
    /// # Errors
    /// Store faults; what was in force stays then, and the call may be repeated.
    pub async fn renew_rules(&self, found: FoundRules) -> Result<Renewal, Fault> {
        let _changing = self.directory.begin_change().await?;
        let before = self.directory.house.load_full();
        let files = match found {
            // A directory that is gone, or empty for a moment while files are copied, lifts no rule.
            Ok(found) if found.as_ref().is_none_or(Vec::is_empty) && !before.rules.is_empty() => {
                let what = "no file with house rules is left; to lift them all, leave one that holds only a comment";
                return Ok(self.refuse(&before, vec![RuleFault::of_file("rules", what)]));
            }
            Ok(Some(files)) => files,
            Ok(None) => vec![],
            Err(faults) => return Ok(self.refuse(&before, faults)),
        };
        let digest = digest(&files);
        if digest == before.digest {
            if !before.faults.is_empty() && !before.is_closed {
                self.directory.house.store(Arc::new(before.with(vec![])));
            }
            return Ok(Renewal::Same);
        }
        let next = RulesVersion { version: before.version.saturating_add(1), at: self.clock.now(), digest, files };
        // Damage elsewhere must not keep rules from coming into force.
        let known = self.known_names().await.ok();
        let mut doubts = vec![];
        let checked = |files: &[RuleFile]| {
            let (rules, found) = HouseRules::check(files, known.as_ref());
            doubts = found;
            rules
        };
        let house = match HouseInForce::of(&next, checked) {
            Ok(house) => Arc::new(house),
            Err(faults) => return Ok(self.refuse(&before, faults)),
        };
        let version = next.version;
        // Everything that can fail comes first. So rules come into force for every partner or for none.
        let partners = self.directory.compile_all(&house).await?;
        let deed = Deed::RulesChanged { version, digest };
        let event = Event::of_node(next.at, deed);
        let moved = self.directory.catalogue.change(CatalogueChange::Rules { rules: next, event }).await?;
        self.directory.house.store(house);
        self.directory.put_in_force(partners);
        self.directory.catalogue.follow(&moved);
        for doubt in doubts {
            tracing::warn!(version, "a house rule in force may be a mistake: {doubt}");
        }
        Ok(Renewal::InForce(version))
    }

    /// The organisations and groups that rules may name.
    async fn known_names(&self) -> Result<KnownNames, Fault> {
        let partners = self.store.partners().await?.into_iter().map(|record| record.organisation.domain);
        let mut known = KnownNames {
            own: self.identity.domain().clone(),
            organisations: partners.collect(),
            groups: BTreeSet::new(),
        };
        self.store.agreements().await?.iter().for_each(|record| known.add_agreement(&record.agreement));
        Ok(known)
    }

    fn refuse(&self, before: &HouseInForce, faults: Vec<RuleFault>) -> Renewal {
        if before.faults == faults {
            return Renewal::Same;
        }
        self.directory.house.store(Arc::new(before.with(faults.clone())));
        Renewal::Refused(faults)
    }

    /// The rules, for the organisation's own people.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` for a version that never was; store faults.
    pub async fn rules(&self, _actor: &Authorized<Explain>, version: Option<u32>) -> Result<RulesView, Fault> {
        let house = self.directory.house.load_full();
        let shown = match (version, house.version) {
            (None, 0) => None,
            (None, _) if house.is_closed => None,
            (wanted, in_force) => {
                let number = wanted.unwrap_or(in_force);
                let what = || format!("there is no version {number} of the house rules; `policy rules` lists them");
                let found = self.store.rules(Some(number)).await?;
                Some(found.ok_or_else(|| Fault::new(Reason::NotFound, what()))?)
            }
        };
        let rules = match &shown {
            Some(shown) if shown.version != house.version => {
                let files = shown.files.clone();
                let compiled =
                    tokio::task::spawn_blocking(move || HouseRules::compile_accepted(&files)).await.map_err(lost)?;
                // An old version may use names that the schema no longer has. Its texts are shown all the same.
                compiled.unwrap_or_else(|_| HouseRules::none())
            }
            _ => house.rules.clone(),
        };
        let mut versions = self.store.rules_versions(LISTED).await?;
        versions.iter_mut().flat_map(|v| &mut v.files).for_each(|f| f.text.clear());
        Ok(RulesView {
            in_force: house.version,
            since: house.since,
            rules: rules.reasons().cloned().collect(),
            shown,
            versions,
            faults: house.faults.clone(),
        })
    }
}
