//! What partners are told about how decisions are made here. Partners remember it, while a store that was restored forgets it.

use crate::{
    domain::{bundle::HeldBundle, fault::Fault, ids::TrustDomain, person::TWO, time::Time},
    ledger::heads::AlarmKind,
    node::ledger::Ledger,
    store::PartnerRecord,
};

/// How many partners must say that decisions took more persons before. One partner alone may lie. One is enough if this node already
/// knows that its store is older than what it has signed.
const WITNESSES: usize = 2;

impl Ledger {
    /// When somebody was last made to count (`person add --recover`) on the stopped node.
    pub fn recovered_at(&self) -> Option<Time> {
        self.people.register().recovered_at()
    }

    /// Raises an alarm because a partner says when somebody there was last made to count on the stopped node. Its administrators may not
    /// be the ones who were agreed with. Each such time is reported once.
    ///
    /// # Errors
    /// Store faults.
    pub async fn partner_recovered(&self, partner: &TrustDomain, at: Time) -> Result<(), Fault> {
        let what = format!(
            "on {} {partner} made somebody count among its administrators from the machine itself, without the others (`person add --recover`); ask there by telephone whether that was meant",
            at.day()
        );
        self.alarms
            .alarm(Some(partner), AlarmKind::Recovered, what, vec![format!("recovered {at}").into_bytes()])
            .await?;
        Ok(())
    }

    /// How many persons a decision takes here. Partners are told this number.
    pub fn own_persons_needed(&self) -> u32 {
        u32::try_from(self.people.register().needed()).unwrap_or(u32::MAX)
    }

    /// The most persons that a partner has said its decisions take.
    pub fn held_persons_needed(&self, partner: &TrustDomain) -> u32 {
        self.directory.current().get(partner).map_or(0, |known| known.record.bundle.persons_needed)
    }

    /// Takes what a partner says: how many persons its decisions take, and the most that this organisation has told it of its own.
    ///
    /// # Errors
    /// Store faults.
    pub async fn named_persons_needed(&self, partner: &TrustDomain, theirs: u32, ours: u32) -> Result<(), Fault> {
        self.sessions.of(partner).bundles.set_persons_needed(ours);
        let most = u32::try_from(TWO).unwrap_or(u32::MAX);
        if theirs.min(most) > self.held_persons_needed(partner) {
            let needed = theirs.min(most);
            self.directory.decide_in_turn_again(|| Box::pin(self.note_persons_needed(partner, needed))).await?;
        }
        if self.people.register().needed() >= TWO || ours < most {
            return Ok(());
        }
        let directory = self.directory.current();
        let all: Vec<&TrustDomain> = directory.all_active().map(|p| &p.record.organisation.domain).collect();
        let say_so = |of: &&&TrustDomain| self.sessions.of(of).bundles.persons_needed() >= most;
        let mut witnesses: Vec<String> = all.iter().filter(say_so).map(ToString::to_string).collect();
        let enough = if self.is_behind() { WITNESSES.min(all.len()).max(1) } else { WITNESSES };
        if witnesses.len() < enough {
            return Ok(());
        }
        self.people.remember_two().await;
        witnesses.sort_unstable();
        let what = format!(
            "{} know that there were two administrators here, and this store does not: an older one was put in its place. Decisions take two \
             again; where one is left, an officer and this one confirm a second (`watchfire person confirm`)",
            witnesses.join(" and ")
        );
        self.alarms.alarm(None, AlarmKind::FewerPersons, what, vec![witnesses.join("\n").into_bytes()]).await?;
        self.people.move_catalogue().await
    }

    async fn note_persons_needed(&self, partner: &TrustDomain, needed: u32) -> Result<(), Fault> {
        let _changing = self.directory.begin_change().await?;
        let Some(known) = self.directory.current().get(partner).cloned() else { return Ok(()) };
        let bundle = HeldBundle { persons_needed: needed, ..known.record.bundle.clone() };
        self.bundles.note_of(PartnerRecord { bundle, ..known.record.clone() }).await
    }
}
