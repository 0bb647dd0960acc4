//! Binds listeners to their addresses.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::error::StartError;

/// Binds a listener. `key` names the address in `watchfire.toml`.
pub(super) async fn bind(key: &'static str, address: &str) -> Result<TcpListener, StartError> {
    let failed = |error| StartError::Listen { address: address.to_owned(), key, error };
    TcpListener::bind(address).await.map_err(failed)
}

/// The address of a bound listener.
pub(super) fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
}
