//! Limits failed handshakes by address. When too many connections from an address were refused, further ones are closed before TLS,
//! because the handshake is the expensive part of refusing. Each address has a token bucket that only refusals empty.
//!
//! An address from which a partner has connected is not blocked for a day. Otherwise a stranger behind the same NAT could block the
//! partner.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How many refusals an address may cause at once.
const BURST: f64 = 256.0;
/// How many more it may cause each second.
const PER_SECOND: f64 = 32.0;
/// When there are more addresses than this, those with a full bucket are forgotten.
const MOST: usize = 4096;
/// How many addresses are kept for each partner, the latest ones. A partner with many addresses must not displace those of others.
const OF_ONE: usize = 16;
/// How long an address counts as a partner's after the partner has connected from it.
const KNOWN: Duration = Duration::from_secs(86_400);

/// Recent refusals by address, and from which addresses partners have connected, and when. A second process would have its own: an address may
/// cause as many refusals at each, and a partner's address is known only where the partner has connected.
#[derive(Debug, Default)]
pub(super) struct FailedHandshakes {
    refused: Mutex<HashMap<IpAddr, Bucket>>,
    known: Mutex<HashMap<String, Vec<(IpAddr, Instant)>>>,
}

/// Returns the address. An IPv6 address counts as its /64 network, because somebody who has one address of it has all 2^64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// A token bucket: how many tokens were left, and when.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn left(self, now: Instant) -> f64 {
        (self.left + now.duration_since(self.at).as_secs_f64() * PER_SECOND).min(BURST)
    }
}

impl FailedHandshakes {
    /// Records that a connection from this address was refused.
    pub fn record_failure(&self, address: IpAddr, now: Instant) {
        let mut failed = lock(&self.refused);
        if failed.len() >= MOST {
            failed.retain(|_, bucket| bucket.left(now) < BURST);
        }
        let bucket = failed.entry(network(address)).or_insert(Bucket { left: BURST, at: now });
        *bucket = Bucket { left: (bucket.left(now) - 1.0).max(0.0), at: now };
    }

    /// Records that the peer of this name has proved its identity from this address.
    pub fn record_success(&self, name: &str, address: IpAddr, now: Instant) {
        let mut known = lock(&self.known);
        let own = known.entry(name.to_owned()).or_default();
        own.retain(|(before, _)| *before != address.to_canonical());
        own.push((address.to_canonical(), now));
        if own.len() > OF_ONE {
            own.remove(0);
        }
    }

    fn is_known(&self, address: IpAddr, now: Instant) -> bool {
        let address = address.to_canonical();
        let recent = |(known, at): &(IpAddr, Instant)| *known == address && now.duration_since(*at) < KNOWN;
        lock(&self.known).values().flatten().any(recent)
    }

    /// Whether the next connection from this address is closed before TLS.
    pub fn is_blocked(&self, address: IpAddr, now: Instant) -> bool {
        lock(&self.refused).get(&network(address)).is_some_and(|bucket| bucket.left(now) < 1.0)
            && !self.is_known(address, now)
    }
}

/// Locks a map. The maps are consistent after every statement, so a lock that a panicking thread has poisoned can still be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_out_after_so_many_refusals_and_in_again_a_little_later() {
        let (failed, now) = (FailedHandshakes::default(), Instant::now());
        let [one, other]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|a| a.parse().unwrap());
        (0..255).for_each(|_| failed.record_failure(one, now));
        assert!(!failed.is_blocked(one, now));
        failed.record_failure(one, now);
        assert!(failed.is_blocked(one, now) && !failed.is_blocked(other, now));
        let later = now + Duration::from_millis(50);
        assert!(!failed.is_blocked(one, later));
        failed.record_failure(one, later);
        assert!(failed.is_blocked(one, later));
    }

    #[test]
    fn nobody_shuts_out_an_address_from_which_a_partner_came() {
        let (failed, now) = (FailedHandshakes::default(), Instant::now());
        let address = |text: &str| -> IpAddr { text.parse().unwrap() };
        failed.record_success("a", address("::ffff:192.0.2.1"), now);
        failed.record_success("b", address("2001:db8::1"), now);
        for out in ["192.0.2.1", "2001:db8::2"] {
            (0..256).for_each(|_| failed.record_failure(address(out), now));
        }
        assert!(!failed.is_blocked(address("192.0.2.1"), now) && !failed.is_blocked(address("2001:db8::1"), now));
        assert!(failed.is_blocked(address("2001:db8::2"), now), "its neighbours are strangers");
        let late = now + KNOWN;
        (0..256).for_each(|_| failed.record_failure(address("192.0.2.1"), late));
        assert!(failed.is_blocked(address("192.0.2.1"), late));
    }

    #[test]
    fn a_partner_with_many_addresses_crowds_out_its_own_alone() {
        let (failed, now) = (FailedHandshakes::default(), Instant::now());
        let address = |n: u32| IpAddr::V4(n.into());
        failed.record_success("honest", address(u32::MAX), now);
        (0..5000).for_each(|n| failed.record_success("hostile", address(n), now));
        assert!(failed.is_known(address(u32::MAX), now));
        assert!(failed.is_known(address(4999), now) && !failed.is_known(address(4999 - OF_ONE as u32), now));
        assert_eq!(failed.known.lock().unwrap().values().map(Vec::len).sum::<usize>(), OF_ONE + 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_clean_ones_are_forgotten() {
        let (failed, now) = (FailedHandshakes::default(), Instant::now());
        let address = |text: &str| -> IpAddr { text.parse().unwrap() };
        (0..256).for_each(|n| failed.record_failure(address(&format!("2001:db8::{n:x}")), now));
        assert!(failed.is_blocked(address("2001:db8::ffff"), now));
        assert!(!failed.is_blocked(address("2001:db8:0:1::1"), now));
        let mapped = address("::ffff:192.0.2.1");
        (0..256).for_each(|_| failed.record_failure(mapped, now));
        assert!(failed.is_blocked(address("192.0.2.1"), now));
        (0..MOST as u32).for_each(|n| failed.record_failure(IpAddr::V4(n.into()), now));
        failed.record_failure(mapped, now + Duration::from_secs(60));
        assert_eq!(failed.refused.lock().unwrap().len(), 1);
    }
}
