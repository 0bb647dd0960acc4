//! Partners that attack when they are dialled: they serve a flood.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{ServerConfig, version::TLS13};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time,
};
use tokio_rustls::TlsAcceptor;
use watchfire::identity::verifier::provider;

use crate::{
    arena::{Arena, Facing, NOTHING, length},
    feed_kit::{Feed, ROGUE},
    frames::{PING, frame, settings},
    hostile_kit::Rogue,
    kit::free_port,
    raw::pair_of,
};

/// The number of bad entries.
const POISON: u64 = 600;

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_a_flood_of_poison_holds_up_nobody_else() {
    let mut arena = Arena::new().await;
    let (mut feed, served, _stop) = Feed::to(&arena.gb).await;
    let mut entries = vec![];
    for number in 0..POISON {
        let mut entry = feed.good(&format!("poison {number}"));
        entry.portions.pop();
        entries.push(entry);
    }
    served.set(entries);
    let gb = arena.gb.clone();
    let facing = Facing { name: "a feed of 600 poisoned entries", answer: "600 taken", logged: "" };
    arena.lines(POISON as usize + 80);
    arena
        .face(facing, move || async move {
            let started = Instant::now();
            gb.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
            let taken = gb.feed(ROGUE, "in").await["last_sequence"].clone();
            format!("{taken} taken in {:.1} s, none shown", started.elapsed().as_secs_f64())
        })
        .await;
    arena.end().await;
}

/// Accepts every dialler, and sends PING frames as fast as they are read.
async fn pinging(rogue: Arc<Rogue>, listener: TcpListener, until: Instant) -> u64 {
    let (chain, key) = pair_of(&rogue.tls);
    let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let pings = frame(PING, 0, 0, &[7; 8]).repeat(500);
    let mut sent = 0;
    while Instant::now() < until {
        let left = || until.saturating_duration_since(Instant::now());
        let Ok(Ok((tcp, _))) = time::timeout(left(), listener.accept()).await else { continue };
        let Ok(stream) = acceptor.accept(tcp).await else { continue };
        let (mut read, mut write) = tokio::io::split(stream);
        let drain = tokio::spawn(async move { while read.read(&mut [0; 16 << 10]).await.is_ok_and(|n| n > 0) {} });
        let _ = write.write_all(&settings(&[])).await;
        while let Ok(Ok(())) = time::timeout(left(), write.write_all(&pings)).await {
            sent += 500;
        }
        drain.abort();
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_that_flood_whoever_dials_them_hold_up_nobody_else() {
    let mut arena = Arena::new().await;
    let mut rogues = vec![];
    for number in 0..4 {
        let rogue = Arc::new(Rogue::new(Box::leak(format!("dialled-{number}.example").into_boxed_str())));
        let listener = TcpListener::bind(("127.0.0.1", free_port())).await.unwrap();
        rogue.get_accepted(&arena.gb, &listener.local_addr().unwrap().to_string()).await;
        rogues.push((rogue, listener.into_std().unwrap()));
    }
    let facing = Facing { name: "PING flood by 4 partners that the node dials", answer: "PINGs sent", logged: "" };
    arena
        .face(facing, move || async move {
            let until = Instant::now() + length() + Duration::from_secs(2);
            let mut all = tokio::task::JoinSet::new();
            for (rogue, listener) in rogues {
                all.spawn(pinging(rogue, TcpListener::from_std(listener).unwrap(), until));
            }
            // Each of the four must have been dialled and have sent frames.
            let sent = all.join_all().await;
            if sent.contains(&0) { NOTHING.to_owned() } else { format!("{} PINGs sent", sent.iter().sum::<u64>()) }
        })
        .await;
    arena.end().await;
}
