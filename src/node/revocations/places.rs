//! How many lists are held of one organisation.

use crate::{
    domain::fault::{Fault, Reason},
    identity::{bundle::MAX_ROOTS, crl::Crl},
};

/// The most lists that one hello announces. As many are held of one organisation.
pub const MAX_LISTS: usize = MAX_ISSUERS + MAX_SCOPED + MAX_ROOTS;

/// The most issuing CAs below a root of which a list is held.
const MAX_ISSUERS: usize = 8;

/// The most lists that cover only a part of what their CA issued, and the most of these of one key. Whoever has a CA's key can make any
/// number of parts. These must not keep out the list that revokes that CA.
const MAX_SCOPED: usize = 8;

const MAX_SCOPED_OF_KEY: usize = 4;

/// Refuses a list for which there is no place beside those that are held. A root's list of everything that it issued always has a place.
pub fn require_place(held: &[Crl], new: &Crl) -> Result<(), Fault> {
    let others: Vec<&Crl> = held.iter().filter(|crl| !crl.is_same_series(new)).collect();
    let count = |is_like: &dyn Fn(&Crl) -> bool| others.iter().filter(|crl| is_like(crl)).count();
    let is_full = if new.is_scoped() {
        count(&Crl::is_scoped) >= MAX_SCOPED
            || count(&|crl| crl.is_scoped() && crl.issuing_key() == new.issuing_key()) >= MAX_SCOPED_OF_KEY
    } else {
        let is_of_issuer = |crl: &Crl| !crl.is_scoped() && !crl.issuers().is_empty();
        is_of_issuer(new) && count(&is_of_issuer) >= MAX_ISSUERS
    };
    if is_full {
        let what = format!(
            "at most {MAX_ISSUERS} revocation lists of issuing CAs and {MAX_SCOPED} that cover a part only ({MAX_SCOPED_OF_KEY} of one CA) \
             are held of an organisation"
        );
        return Err(Fault::new(Reason::LimitExceeded, what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        bundle::TrustBundle,
        test_ca::{Ca, bundle, now},
    };

    fn verified(fr: &TrustBundle, ca: &Ca, der: &[u8]) -> Crl {
        Crl::verify(der, fr, std::slice::from_ref(&ca.der), now()).unwrap()
    }

    #[test]
    fn issuing_cas_have_eight_places_and_a_root_has_one_always() {
        let root = Ca::root("root");
        let fr = bundle("fr.example", &[&root]);
        let issuing: Vec<Ca> = (1..=9).map(|n| root.below(&format!("issuing {n}"), n)).collect();
        let lists: Vec<Crl> = issuing.iter().map(|ca| verified(&fr, ca, &ca.list(1, &[]))).collect();
        for n in 0..MAX_ISSUERS {
            require_place(&lists[..n], &lists[n]).unwrap();
        }
        let full = &lists[..MAX_ISSUERS];
        let fault = require_place(full, &lists[MAX_ISSUERS]).unwrap_err();
        assert_eq!(fault.reason, Reason::LimitExceeded);
        assert!(fault.message.contains("at most 8 revocation lists of issuing CAs"), "{fault}");
        // A newer list takes the place of the older one. The root's list, which revokes a stolen issuing CA, is never kept out.
        require_place(full, &verified(&fr, &issuing[0], &issuing[0].list(2, &[]))).unwrap();
        require_place(full, &verified(&fr, &root, &root.list(1, &[1]))).unwrap();
    }

    #[test]
    fn lists_of_a_part_have_places_of_their_own() {
        let root = Ca::root("root");
        let fr = bundle("fr.example", &[&root]);
        let cas = [root.below("a", 1), root.below("b", 2), root.below("c", 3)];
        let of = |ca: &Ca, name: &str| verified(&fr, ca, &ca.list_of_part(1, name));
        let mut held = vec![];
        for ca in &cas[..2] {
            for name in ["1", "2", "3", "4"] {
                let list = of(ca, name);
                require_place(&held, &list).unwrap();
                held.push(list);
            }
            let fault = require_place(&held, &of(ca, "5")).unwrap_err();
            assert_eq!(fault.reason, Reason::LimitExceeded, "a fifth part of one key");
        }
        assert_eq!(held.len(), MAX_SCOPED);
        assert!(require_place(&held, &of(&cas[2], "1")).is_err(), "a ninth part");
        assert!(require_place(&held, &verified(&fr, &root, &root.list_of_part(1, "1"))).is_err());
        // Whole lists still have their places.
        require_place(&held, &verified(&fr, &cas[2], &cas[2].list(1, &[]))).unwrap();
        require_place(&held, &verified(&fr, &root, &root.list(1, &[]))).unwrap();
    }
}
