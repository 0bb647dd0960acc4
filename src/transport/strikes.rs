//! Addresses from which too many connections were refused of late: the next ones are turned away before TLS, which is the dear
//! part of refusing. A token bucket for each address, of refusals only: whoever gets in costs nothing here. An address from which a
//! partner came is never out for a day: a stranger beside it, or behind the same translator of addresses, must not shut it out.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How many refusals at once.
const BURST: f64 = 256.0;
/// And in a second for good.
const PER_SECOND: f64 = 32.0;
/// Beyond so many addresses those that are clean again are forgotten.
const MOST: usize = 4096;
/// How many addresses of one partner count, the last ones: whoever has many must not crowd out another's.
const OF_ONE: usize = 16;
/// How long an address counts as a partner's after it came from there.
const KNOWN: Duration = Duration::from_secs(86_400);

/// The refusals of late, by address, and when partners came from where.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    refused: Mutex<HashMap<IpAddr, (f64, Instant)>>,
    known: Mutex<HashMap<String, Vec<(IpAddr, Instant)>>>,
}

/// Who has one address of IPv6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

fn left((left, at): (f64, Instant), now: Instant) -> f64 {
    (left + now.duration_since(at).as_secs_f64() * PER_SECOND).min(BURST)
}

impl Strikes {
    /// A connection from there was refused.
    pub fn strike(&self, address: IpAddr, now: Instant) {
        let mut strikes = lock(&self.refused);
        if strikes.len() >= MOST {
            strikes.retain(|_, one| left(*one, now) < BURST);
        }
        let one = strikes.entry(network(address)).or_insert((BURST, now));
        *one = ((left(*one, now) - 1.0).max(0.0), now);
    }

    /// The peer of that name came from there, proved.
    pub fn welcome(&self, name: &str, address: IpAddr, now: Instant) {
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

    /// Whether the next one from there is turned away.
    pub fn is_out(&self, address: IpAddr, now: Instant) -> bool {
        lock(&self.refused).get(&network(address)).is_some_and(|one| left(*one, now) < 1.0)
            && !self.is_known(address, now)
    }
}

/// Whole after every statement, even where a thread has panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_out_after_so_many_refusals_and_in_again_a_little_later() {
        let (strikes, now) = (Strikes::default(), Instant::now());
        let [one, other]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|a| a.parse().unwrap());
        (0..255).for_each(|_| strikes.strike(one, now));
        assert!(!strikes.is_out(one, now));
        strikes.strike(one, now);
        assert!(strikes.is_out(one, now) && !strikes.is_out(other, now));
        let later = now + Duration::from_millis(50);
        assert!(!strikes.is_out(one, later));
        strikes.strike(one, later);
        assert!(strikes.is_out(one, later));
    }

    #[test]
    fn nobody_shuts_out_an_address_from_which_a_partner_came() {
        let (strikes, now) = (Strikes::default(), Instant::now());
        let address = |text: &str| -> IpAddr { text.parse().unwrap() };
        strikes.welcome("a", address("::ffff:192.0.2.1"), now);
        strikes.welcome("b", address("2001:db8::1"), now);
        for out in ["192.0.2.1", "2001:db8::2"] {
            (0..256).for_each(|_| strikes.strike(address(out), now));
        }
        assert!(!strikes.is_out(address("192.0.2.1"), now) && !strikes.is_out(address("2001:db8::1"), now));
        assert!(strikes.is_out(address("2001:db8::2"), now), "its neighbours are strangers");
        let late = now + KNOWN;
        (0..256).for_each(|_| strikes.strike(address("192.0.2.1"), late));
        assert!(strikes.is_out(address("192.0.2.1"), late));
    }

    #[test]
    fn a_partner_with_many_addresses_crowds_out_its_own_alone() {
        let (strikes, now) = (Strikes::default(), Instant::now());
        let address = |n: u32| IpAddr::V4(n.into());
        strikes.welcome("honest", address(u32::MAX), now);
        (0..5000).for_each(|n| strikes.welcome("hostile", address(n), now));
        assert!(strikes.is_known(address(u32::MAX), now));
        assert!(strikes.is_known(address(4999), now) && !strikes.is_known(address(4999 - OF_ONE as u32), now));
        assert_eq!(strikes.known.lock().unwrap().values().map(Vec::len).sum::<usize>(), OF_ONE + 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_clean_ones_are_forgotten() {
        let (strikes, now) = (Strikes::default(), Instant::now());
        let address = |text: &str| -> IpAddr { text.parse().unwrap() };
        (0..256).for_each(|n| strikes.strike(address(&format!("2001:db8::{n:x}")), now));
        assert!(strikes.is_out(address("2001:db8::ffff"), now));
        assert!(!strikes.is_out(address("2001:db8:0:1::1"), now));
        let mapped = address("::ffff:192.0.2.1");
        (0..256).for_each(|_| strikes.strike(mapped, now));
        assert!(strikes.is_out(address("192.0.2.1"), now));
        (0..MOST as u32).for_each(|n| strikes.strike(IpAddr::V4(n.into()), now));
        strikes.strike(mapped, now + Duration::from_secs(60));
        assert_eq!(strikes.refused.lock().unwrap().len(), 1);
    }
}
