//! HTTP/2 turned against the node by an enrolled partner: floods of frames, and frames that are wrong.

use std::sync::Arc;

use crate::{
    arena::{Arena, Facing, length},
    frames::*,
    hostile_kit::Rogue,
    raw::{Pieces, flood, pair_of},
};

const FETCH: &str = "/watchfire.v1.ExchangeService/FetchStatements";

/// So many connections of an attacker: what a partner may have.
const CONNECTIONS: usize = 16;

fn stream(number: u32) -> u32 {
    number * 2 + 1
}

async fn face(arena: &mut Arena, rogue: &Arc<Rogue>, facing: Facing, pieces: impl Fn(u32) -> Vec<u8> + Send + Sync + 'static) {
    let (address, shown) = (arena.gb.peer.clone(), pair_of(&rogue.tls));
    let pieces: Pieces = Arc::new(pieces);
    arena.face(facing, move || async move { flood(&address, shown, CONNECTIONS, length(), pieces).await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_http2_frames_hold_up_nobody_else() {
    let mut arena = Arena::new().await;
    let rogue = arena.enrolled("rogue.example").await;
    let call = call_headers(FETCH);
    let open = |n: u32, call: &[u8]| frame(HEADERS, END_HEADERS, stream(n), call);

    let headers = call.clone();
    let facing = Facing { name: "rapid reset (CVE-2023-44487)", answer: "GOAWAY ENHANCE_YOUR_CALM", logged: "" };
    face(&mut arena, &rogue, facing, move |n| [open(n, &headers), reset(stream(n))].concat()).await;

    let facing = Facing { name: "PING flood", answer: "", logged: "" };
    face(&mut arena, &rogue, facing, |_| frame(PING, 0, 0, &[7; 8])).await;

    let facing = Facing { name: "CONTINUATION flood", answer: "GOAWAY", logged: "" };
    let headers = call.clone();
    face(&mut arena, &rogue, facing, move |n| match n {
        0 => frame(HEADERS, 0, 1, &headers),
        _ => frame(CONTINUATION, 0, 1, &header("x", b"y")),
    })
    .await;
    arena.end().await;
}
