//! A link that can be cut: a relay between a subscriber and the node that it dials.

use std::sync::Arc;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::narrator::failed;
use crate::cli::CliError;

/// A relay on loopback.
pub struct Link {
    /// The address that the subscriber dials.
    pub address: String,
    whole: Arc<watch::Sender<bool>>,
}

impl Link {
    /// A relay to `target`.
    pub async fn to(target: String) -> Result<Self, CliError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| failed(e.to_string()))?;
        let address = listener.local_addr().map_err(|e| failed(e.to_string()))?.to_string();
        let whole = Arc::new(watch::Sender::new(true));
        let state = whole.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (target, state) = (target.clone(), state.subscribe());
                tokio::spawn(relay(near, target, state));
            }
        });
        Ok(Self { address, whole })
    }

    /// Cuts the link. Open connections end, and new ones fail.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Restores the link.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn relay(mut near: TcpStream, target: String, mut whole: watch::Receiver<bool>) {
    if !*whole.borrow_and_update() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = whole.changed() => {}
    }
}
