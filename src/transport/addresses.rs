//! Tries the addresses behind a name in such a way that a silent address does not delay the others.

use std::{collections::VecDeque, future::Future, io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{self, Instant};

/// How many addresses of a name are tried at most.
const MOST: usize = 8;
/// How long an address is tried alone. After that, the next one is tried in parallel.
const ALONE: Duration = Duration::from_secs(1);

/// Resolves `address` (`host:port`) and returns the result of `connect` for the first address that answers. The attempts begin one after the
/// other and run in parallel, until `patience` is over.
///
/// # Errors
/// The name server's fault, or the fault of an attempt. A fault that says more than silence is preferred.
pub(super) async fn first<T, F: Future<Output = io::Result<T>>>(
    address: &str,
    patience: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let end = Instant::now() + patience;
    let silent = |what: String| io::Error::new(io::ErrorKind::TimedOut, what);
    let seconds = patience.as_secs();
    let found = time::timeout_at(end, tokio::net::lookup_host(address)).await;
    let found =
        found.map_err(|_| silent(format!("the name of `{address}` was not resolved in {seconds} seconds")))??;
    let addresses: VecDeque<SocketAddr> = found.take(MOST).collect();
    let tried = addresses.len();
    match time::timeout_at(end, race(addresses, patience, connect)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(Some(fault))) => Err(fault),
        Ok(Err(None)) => Err(io::Error::new(io::ErrorKind::NotFound, format!("`{address}` has no address"))),
        Err(_) => Err(silent(format!("none of the {tried} addresses of `{address}` answered in {seconds} seconds"))),
    }
}

async fn race<T, F: Future<Output = io::Result<T>>>(
    mut waiting: VecDeque<SocketAddr>,
    patience: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<T, Option<io::Error>> {
    // At least half of the time is left for the last address.
    let alone = ALONE.min(patience / (2 * waiting.len().max(1) as u32));
    let mut under_way = FuturesUnordered::new();
    let mut fault: Option<io::Error> = None;
    loop {
        match waiting.pop_front() {
            Some(address) => under_way.push(connect(address)),
            None if under_way.is_empty() => return Err(fault),
            None => {}
        }
        tokio::select! {
            Some(done) = under_way.next() => match done {
                Ok(done) => return Ok(done),
                Err(error) => fault = Some(telling(fault.take(), error)),
            },
            () = time::sleep(alone), if !waiting.is_empty() => {}
        }
    }
}

/// Returns the fault that says more: a refusal by somebody who answered, rather than a timeout.
fn telling(before: Option<io::Error>, error: io::Error) -> io::Error {
    match before {
        Some(before) if before.get_ref().is_some() && error.get_ref().is_none() => before,
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(2_000);

    fn address(n: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, n], 1))
    }

    /// Address 1 never answers, 2 refuses, 3 works.
    async fn connect(to: SocketAddr) -> io::Result<u8> {
        match to {
            to if to == address(1) => std::future::pending().await,
            to if to == address(2) => Err(io::ErrorKind::ConnectionRefused.into()),
            _ => Ok(3),
        }
    }

    async fn raced(order: &[u8]) -> Result<u8, Option<io::ErrorKind>> {
        let addresses = order.iter().map(|n| address(*n)).collect();
        let done = time::timeout(PATIENCE, race(addresses, PATIENCE, connect)).await.expect("it ends in time");
        done.map_err(|e| e.map(|e| e.kind()))
    }

    #[tokio::test]
    async fn a_dead_address_does_not_take_the_time_of_the_others() {
        for order in [&[3][..], &[1, 3], &[2, 3], &[1, 2, 3], &[1, 1, 1, 1, 1, 1, 1, 3]] {
            assert_eq!(raced(order).await, Ok(3), "{order:?}");
        }
        assert_eq!(raced(&[2, 2]).await, Err(Some(io::ErrorKind::ConnectionRefused)));
        assert_eq!(raced(&[]).await, Err(None));
    }

    #[tokio::test]
    async fn silence_ends_with_the_patience() {
        let never = |_| std::future::pending::<io::Result<()>>();
        let error = first("127.0.0.1:1", Duration::from_millis(50), never).await.unwrap_err();
        assert!(error.kind() == io::ErrorKind::TimedOut && error.to_string().contains("answered in"), "{error}");
    }

    #[test]
    fn a_refusal_says_more_than_silence() {
        let refused = io::Error::other("the partner refuses");
        let told = telling(Some(refused), io::ErrorKind::ConnectionRefused.into());
        assert_eq!(told.to_string(), "the partner refuses");
    }
}
