//! The house rules in force.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::Sha256,
        rules::{RuleFault, RuleFile, RulesVersion},
        time::Time,
    },
    policy::HouseRules,
    seal::hash::sha256,
};

/// What is on disk: the files by name; `None` if there is no directory; or why they can't be read.
pub type FoundRules = Result<Option<Vec<RuleFile>>, Vec<RuleFault>>;

/// The rules in force.
pub(crate) struct HouseInForce {
    /// The version; 0 means that there never were any rules.
    pub version: u32,
    pub(in crate::node) digest: Sha256,
    pub(in crate::node) since: Option<Time>,
    pub rules: HouseRules,
    /// Whether the rules in force can't be read any more. Nothing may go out then.
    pub(in crate::node) is_closed: bool,
    /// Why what is on disk is not in force.
    pub(in crate::node) faults: Vec<RuleFault>,
}

impl Default for HouseInForce {
    fn default() -> Self {
        Self {
            version: 0,
            digest: digest(&[]),
            since: None,
            rules: HouseRules::none(),
            is_closed: false,
            faults: vec![],
        }
    }
}

/// The digest over names and texts, each preceded by its length.
pub(in crate::node) fn digest(files: &[RuleFile]) -> Sha256 {
    let mut bytes = vec![];
    for part in files.iter().flat_map(|f| [&f.name, &f.text]) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Sha256(sha256(&[&bytes]))
}

impl HouseInForce {
    pub(in crate::node) fn of(
        version: &RulesVersion,
        read: impl FnOnce(&[RuleFile]) -> Result<HouseRules, Vec<RuleFault>>,
    ) -> Result<Self, Vec<RuleFault>> {
        let rules = read(&version.files)?;
        let RulesVersion { version, digest, at, .. } = *version;
        Ok(Self { version, digest, since: Some(at), rules, is_closed: false, faults: vec![] })
    }

    /// Rules under which nothing goes out, because a version can't be read. The files on disk may or may not be what that version held,
    /// so a person has to confirm them by changing one.
    pub(in crate::node) fn closed(version: u32, on_disk: &FoundRules, now: Time) -> Result<Self, Fault> {
        const WHY: &str = "the house rules in force can't be read any more, so that nothing goes out";
        let files = on_disk.as_ref().ok().and_then(Option::as_deref).unwrap_or_default();
        let what = format!(
            "version {version} can't be read any more, so that nothing goes out: change a file while the node runs, a comment is enough, or restore a backup"
        );
        let faults = vec![RuleFault::of_file("rules", &what)];
        let rules = HouseRules::forbid_all(WHY)?;
        Ok(Self { version, digest: digest(files), since: Some(now), rules, is_closed: true, faults })
    }

    pub(in crate::node) fn with(&self, faults: Vec<RuleFault>) -> Self {
        Self { faults, rules: self.rules.clone(), ..*self }
    }
}

pub(in crate::node) fn refused(what: &str, faults: &[RuleFault]) -> Fault {
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Fault::new(Reason::InvalidArgument, format!("{what} can't be put in force: {}", all.join("; ")))
}
