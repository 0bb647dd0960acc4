//! The options that are set on the sockets of connections.

use std::io;

#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::net::TcpStream;

/// How many unsent bytes the operating system accepts in addition to those in flight. A more urgent warning can't overtake bytes that the system
/// has accepted.
#[cfg(target_os = "linux")]
const NOT_SENT: u32 = 16 << 10;

/// Sets the options: bytes are sent at once, and the system asks for more only when it can send them.
///
/// # Errors
/// What the operating system says.
pub(super) fn sends_what_can_go(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    // Other systems lack this option or have a different one.
    #[cfg(target_os = "linux")]
    SockRef::from(tcp).set_tcp_notsent_lowat(NOT_SENT)?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    #[tokio::test]
    async fn little_waits_in_the_system_that_was_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        sends_what_can_go(&sender).unwrap();
        assert_eq!(SockRef::from(&sender).tcp_notsent_lowat().unwrap(), NOT_SENT);
        assert!(sender.nodelay().unwrap());
        sender.write_all(b"a word").await.unwrap();
    }
}
