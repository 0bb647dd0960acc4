//! Reads at the start what the store holds of partners' ledgers.

use crate::{
    domain::fault::Fault,
    ledger::note::{LogKey, Note},
    node::ledger::Ledger,
    store::ledger::LedgerRecordKind,
    wire,
};

impl Ledger {
    /// Reads what the store holds of partners' ledgers.
    pub(in crate::node) async fn watch_partners(&self) -> Result<(), Fault> {
        for partner in self.directory.current().all() {
            let of = &partner.record.organisation.domain;
            if let Some(record) = self.store.ledger_records(LedgerRecordKind::Key, Some(of), 1).await?.pop() {
                let key = wire::ledger::decode_key(&wire::envelope::decode(&record.value)?.payload)?;
                self.watch.set_key(of, LogKey { name: key.origin, public: key.public });
            }
            if let Some(record) = self.store.ledger_records(LedgerRecordKind::Head, Some(of), 1).await?.pop() {
                let head = Note::parse(&record.value)?.checkpoint;
                self.watch.view(of, |view| view.set_head(head.size));
            }
        }
        Ok(())
    }
}
