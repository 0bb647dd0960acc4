//! Addresses from which too many connections were refused of late: the next ones are turned away before TLS, which is the dear
//! part of refusing. A token bucket for each address, of refusals only: whoever gets in costs nothing here.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// How many refusals at once.
const BURST: f64 = 256.0;
/// And in a second for good.
const PER_SECOND: f64 = 32.0;
/// Beyond so many addresses those that are clean again are forgotten.
const MOST: usize = 4096;

/// The refusals of late, by address.
#[derive(Debug, Default)]
pub(super) struct Strikes(Mutex<HashMap<IpAddr, (f64, Instant)>>);

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
        let mut strikes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if strikes.len() >= MOST {
            strikes.retain(|_, one| left(*one, now) < BURST);
        }
        let one = strikes.entry(network(address)).or_insert((BURST, now));
        *one = ((left(*one, now) - 1.0).max(0.0), now);
    }

    /// Whether the next one from there is turned away.
    pub fn is_out(&self, address: IpAddr, now: Instant) -> bool {
        let strikes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        strikes.get(&network(address)).is_some_and(|one| left(*one, now) < 1.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        assert_eq!(strikes.0.lock().unwrap().len(), 1);
    }
}
