//! The register of people in force.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    domain::{fault::Fault, person::Register},
    ledger::heads::AlarmKind,
    node::alarms::Alarms,
    store::{Store, damage::Damage},
};

/// The register of this organisation's people.
pub struct RegisterInForce {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) alarms: Arc<Alarms>,
    /// The register. The store decides: a change names the version of the catalogue that it was decided on, and so does every decision that
    /// takes several people.
    pub(crate) current: ArcSwap<Register>,
    /// Held during a change of the register, so that this process makes one at a time. The store decides; this only saves work.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

impl RegisterInForce {
    /// An empty register.
    pub(crate) fn new(store: Arc<dyn Store>, alarms: Arc<Alarms>) -> Self {
        Self { store, alarms, current: ArcSwap::default(), changing: tokio::sync::Mutex::default() }
    }

    /// Reads the register from the store.
    pub(in crate::node) async fn reload(&self) -> Result<(), Fault> {
        let _changing = self.changing.lock().await;
        self.reload_in_turn().await
    }

    /// Like [`Self::reload`], for the holder of `changing`.
    pub(in crate::node) async fn reload_in_turn(&self) -> Result<(), Fault> {
        let mut register = Register::new(self.store.people().await?);
        // There may be an administrator among the people whose entries can't be read any more.
        let is_anybody_lost = self.store.damages().iter().any(|damage| matches!(damage, Damage::Person(_)));
        if is_anybody_lost || self.current.load().remembers_two() || self.remembers_two().await? {
            register.remember_two();
        }
        self.current.store(Arc::new(register));
        Ok(())
    }

    /// Whether partners have said, since this store was put in its place, that there were two administrators.
    pub(in crate::node) async fn remembers_two(&self) -> Result<bool, Fault> {
        Ok(self.alarms.alarms_about(None).await?.iter().any(|alarm| alarm.kind == AlarmKind::FewerPersons))
    }
}
