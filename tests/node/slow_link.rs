//! A link between two nodes with an adjustable speed, in the direction in which the dialled node sends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// How many bytes the link itself buffers at most.
const HOLDS: u32 = 16 << 10;

/// The address to dial instead of the node.
#[derive(Clone)]
pub struct SlowLink {
    pub address: String,
    /// Bytes per second. 0 means unlimited.
    pace: Arc<AtomicU64>,
    passed: Arc<AtomicU64>,
}

impl SlowLink {
    /// A link to the node at that address, unlimited at first.
    pub async fn to(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let link = Self { address, pace: Arc::default(), passed: Arc::default() };
        let (here, node) = (link.clone(), node.parse().unwrap());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_recv_buffer_size(HOLDS).unwrap();
                // If the node is down, the link is down too.
                if let Ok(far) = socket.connect(node).await {
                    tokio::spawn(here.clone().carry(near, far));
                }
            }
        });
        link
    }

    async fn carry(self, near: TcpStream, far: TcpStream) {
        let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.into_split(), far.into_split());
        let back = async {
            let mut piece = [0; 4 << 10];
            while let Ok(length @ 1..) = from_far.read(&mut piece).await {
                let bytes = u64::try_from(length).unwrap();
                if let Some(millis) = (bytes * 1_000).checked_div(self.pace.load(Relaxed)) {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                }
                if to_near.write_all(&piece[..length]).await.is_err() {
                    return;
                }
                self.passed.fetch_add(bytes, Relaxed);
            }
        };
        tokio::select! {
            _ = copy(&mut from_near, &mut to_far) => {}
            () = back => {}
        }
    }

    /// Sets the speed in bytes per second. 0 means unlimited.
    pub fn set_pace(&self, pace: u64) {
        self.pace.store(pace, Relaxed);
    }

    /// How many bytes have passed.
    pub fn passed(&self) -> u64 {
        self.passed.load(Relaxed)
    }
}
