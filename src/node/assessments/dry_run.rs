//! Decides about an assessment without publishing it: who would get what of it, and why.

use std::sync::Arc;

use crate::{
    domain::{
        actor::{Authorized, Write},
        fault::{Fault, Reason},
        ids::{SpiffeId, TrustDomain},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::{
        assessment_cache::{loaded::LoadedAssessment, signed::Signed},
        assessments::{Assessments, publish::check_lint},
        decisions::{PartnerDecision, plan_for_all},
        task::lost,
    },
    seal::{open::open_listed, statement},
    wire,
};

/// What an author is about to sign.
pub struct Unsigned {
    /// The encoding of the manifest.
    pub manifest: Vec<u8>,
    /// The encodings of all portions.
    pub portions: Vec<Vec<u8>>,
    /// The findings of the lint that the author accepts.
    pub accepted: Vec<String>,
}

/// What would happen if it were published now.
pub struct DryRun {
    /// For each active partner, what it would get and why.
    pub decisions: Vec<PartnerDecision>,
    /// The version that was decided about.
    pub prepared: Arc<LoadedAssessment>,
    /// Partners that hold an earlier version and would get nothing of this one, each with the latest version that it was given.
    pub left_behind: Vec<(TrustDomain, u32)>,
}

impl Assessments {
    /// What [`Assessments::publish`] would decide now, if the caller had signed the manifest. Nothing is stored, and nothing goes out.
    ///
    /// # Errors
    /// As [`Assessments::publish`], apart from what is wrong with signatures and attachments.
    pub async fn dry_run(self: &Arc<Self>, actor: &Authorized<Write>, unsigned: Unsigned) -> Result<DryRun, Fault> {
        let Unsigned { manifest, portions, accepted } = unsigned;
        let now = self.clock.now();
        let envelope = Envelope::new(StatementKind::Manifest, manifest, vec![]);
        let (node, author) = (self.clone(), actor.id().clone());
        let about = self.about_before(&envelope).await?;
        let work = move || {
            let prepared = LoadedAssessment { about, ..node.as_if_signed(&author, envelope, portions, now)? };
            check_lint(&prepared, &accepted, now)?;
            let (decisions, _) = plan_for_all(&node.directory.current(), &prepared, now);
            Ok::<_, Fault>((Arc::new(prepared), decisions))
        };
        let (prepared, decisions) = tokio::task::spawn_blocking(work).await.map_err(lost)??;
        self.require_open(&prepared.manifest).await?;
        let left_behind = self.left_behind(&prepared.manifest, &decisions).await?;
        Ok(DryRun { decisions, prepared, left_behind })
    }

    fn as_if_signed(
        &self,
        author: &SpiffeId,
        envelope: Envelope,
        portions: Vec<Vec<u8>>,
        now: Time,
    ) -> Result<LoadedAssessment, Fault> {
        let manifest = wire::manifest::decode(&envelope.payload)?;
        if manifest.originator != *self.identity.domain() {
            let what = "a node publishes only what its own organisation has signed";
            return Err(Fault::at(Reason::WrongDomain, "manifest.originator", what));
        }
        let opened = open_listed(&manifest, &portions)?;
        let signed = Signed::as_if_by(author, &envelope);
        let head = (statement::id(&envelope), manifest, Arc::new(envelope));
        Ok(LoadedAssessment { signed, ..LoadedAssessment::assemble(head, opened, portions, now) })
    }
}
