//! What administrators do: agreements and partners.

use watchfire::{
    domain::{agreement::AgreementState, approval::Matter, fault::Fault, ids::Role, statement::StatementKind},
    draft::Lineage,
    node::partnerships::{accept::Invited, invitation::fingerprint_of},
    seal::{compose::new_assessment_id, statement::id_of, subject},
    store::AgreementRecord,
    wire,
};

use crate::{
    cast::{Org, PAIRS},
    content,
    foes::FOE_PAIRS,
    plan::{Act, Halt},
    world::World,
};

impl World {
    pub async fn agree(&mut self, act: &Act) -> Result<String, Fault> {
        match act {
            Act::Propose { by, with, terms } => {
                let (node, now) = (self.node(*by), self.machines[by].now());
                let held = node.agreements.agreements().await?;
                let open = |r: &&AgreementRecord| {
                    r.partner == with.domain()
                        && matches!(r.state(now), AgreementState::InForce | AgreementState::Suspended)
                };
                let last = held.iter().filter(open).max_by_key(|r| r.agreement.version);
                let lineage = match last {
                    Some(last) => {
                        Lineage { series: last.agreement.series, previous: Some((last.agreement.version, last.id)) }
                    }
                    None => Lineage { series: new_assessment_id().unwrap(), previous: None },
                };
                let (a, b) = if PAIRS.contains(&(*by, *with)) { (*by, *with) } else { (*with, *by) };
                let payload = wire::agreement::encode(&content::agreement(a, b, terms, lineage));
                let subject = subject::statement(&id_of(StatementKind::Agreement, &payload));
                let approval = by.keys().approval(Matter::Agreement, subject, now);
                let record = node.agreements.propose(&by.actor(Role::Admin), payload, &approval, true).await?;
                Ok(format!("version {} is {}", record.agreement.version, record.state(now)))
            }
            Act::Sign { by, with } => {
                let (node, now) = (self.node(*by), self.machines[by].now());
                let held = node.agreements.agreements().await?;
                let waits =
                    held.iter().find(|r| r.partner == with.domain() && r.state(now) == AgreementState::Proposed);
                let Some(waits) = waits else { return Ok("nothing waits".to_owned()) };
                let approval = by.keys().approval(Matter::Agreement, subject::statement(&waits.id), now);
                let record = node.agreements.sign_agreement(&by.actor(Role::Admin), &waits.id, &approval, true).await?;
                Ok(format!("version {} is {}", record.agreement.version, record.state(now)))
            }
            Act::Stop { by, with, halt } => self.stop(*by, *with, *halt).await,
            _ => unreachable!(),
        }
    }

    async fn stop(&mut self, by: Org, with: Org, halt: Halt) -> Result<String, Fault> {
        let (node, now) = (self.node(by), self.machines[&by].now());
        let held = node.agreements.agreements().await?;
        let stands = |r: &&AgreementRecord| {
            r.partner == with.domain() && r.standing.is_signed_by_both() && r.state(now) != AgreementState::Ended
        };
        let Some(last) = held.iter().filter(stands).max_by_key(|r| r.agreement.version) else {
            return Ok("nothing to stop".to_owned());
        };
        let (caller, id) = (by.actor(Role::Admin), last.id);
        let record = match halt {
            Halt::Suspend => node.agreements.suspend_agreement(&caller, &id, "simulated").await?,
            Halt::Resume => {
                let approval = by.keys().approval(Matter::Resumption, subject::statement(&id), now);
                node.agreements.resume_agreement(&caller, &id, &approval).await?
            }
            Halt::Terminate => node.agreements.terminate_agreement(&caller, &id, "simulated").await?,
        };
        Ok(format!("version {} is {}", record.agreement.version, record.state(now)))
    }

    pub async fn change_partner(&mut self, act: &Act) -> Result<String, Fault> {
        let admin = |org: &Org| org.actor(Role::Admin);
        match act {
            Act::SuspendPartner { by, of } => {
                drop(self.node(*by).partnerships.suspend(&admin(by), &of.domain()).await?)
            }
            Act::ResumePartner { by, of } => drop(self.node(*by).partnerships.resume(&admin(by), &of.domain()).await?),
            Act::Forget { by, of } => drop(self.node(*by).partnerships.forget(&admin(by), &of.domain()).await?),
            Act::Know { by, of } => {
                let invited = self.invited(*by, *of).await?;
                drop(self.node(*by).partnerships.know(&admin(by), &invited).await?);
            }
            Act::Confirm { by, of } => {
                let invited = self.invited(*by, *of).await?;
                let is_pair = |a, b| PAIRS.contains(&(a, b)) || FOE_PAIRS.contains(&(a, b));
                let is_partner = is_pair(*by, *of) || is_pair(*of, *by);
                let node = self.node(*by);
                let done = if is_partner {
                    node.partnerships.accept(&admin(by), &invited).await
                } else {
                    node.partnerships.know(&admin(by), &invited).await
                };
                drop(done?);
            }
            _ => unreachable!(),
        }
        Ok("so it is".to_owned())
    }

    /// An organisation's invitation, with its fingerprint as people read it out.
    async fn invited(&self, by: Org, of: Org) -> Result<Invited, Fault> {
        let invitation = self.node(of).partnerships.invite(&of.actor(Role::Admin), None).await?;
        let fingerprint = fingerprint_of(&invitation).to_string();
        let subject = subject::statement(&id_of(StatementKind::Invitation, &invitation.payload));
        let approval = by.keys().approval(Matter::Partner, subject, self.machines[&by].now());
        Ok(Invited { invitation, fingerprint, change_confirmed: false, approval })
    }
}
