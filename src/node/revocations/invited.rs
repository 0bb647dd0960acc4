//! Revocation lists that go with invitations.

use crate::{
    domain::{fault::Fault, partner::InvitedList},
    identity::{bundle::TrustBundle, crl::Crl},
    node::revocations::RevocationLists,
    wire::invitation::MAX_LISTS,
};

impl RevocationLists {
    /// The own lists, as far as an invitation has room for them. The others come with the first hello.
    pub(in crate::node) fn invited_lists(&self) -> Vec<InvitedList> {
        let mut room = MAX_LISTS.1;
        let lists = self.lists.of(self.identity.domain()).into_iter().take(MAX_LISTS.0);
        let size = |crl: &Crl| crl.der().len() + crl.issuers().iter().map(Vec::len).sum::<usize>();
        let fitting = lists.filter(|crl| room.checked_sub(size(crl)).map(|left| room = left).is_some());
        fitting.map(|crl| InvitedList { list: crl.der().to_vec(), issuers: crl.issuers().to_vec() }).collect()
    }

    /// Takes the lists of a confirmed invitation if they are newer. The caller holds the turn to change the catalogue.
    pub(in crate::node) async fn take_invited_lists(
        &self,
        bundle: &TrustBundle,
        lists: &[InvitedList],
    ) -> Result<(), Fault> {
        let (of, now) = (bundle.domain(), self.clock.now());
        let mut is_new = false;
        for InvitedList { list, issuers } in lists {
            let crl = Crl::verify(list, bundle, issuers, now)?;
            if self.lists.require_newer(of, &crl).is_ok() {
                is_new |= self.keep_list(of, crl, vec![]).await?;
            }
        }
        if is_new {
            self.lists_changed(of);
        }
        Ok(())
    }
}
