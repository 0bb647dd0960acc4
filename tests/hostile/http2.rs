//! Attacks on HTTP/2 by an enrolled partner: floods of frames, and faulty frames.

use std::sync::Arc;

use crate::{
    arena::{Arena, Facing, length},
    frames::*,
    raw::{Pieces, flood, pair_of},
};

const FETCH: &str = "/watchfire.v1.ExchangeService/FetchStatements";

/// The number of an attacker's connections, which is what a partner may have.
const CONNECTIONS: usize = 16;

fn stream(number: u32) -> u32 {
    number * 2 + 1
}

async fn face(arena: &mut Arena, facing: Facing, pieces: impl Fn(u32) -> Vec<u8> + Send + Sync + 'static) {
    let rogue = arena.enrolled().await;
    let (address, shown) = (arena.gb.peer.clone(), pair_of(&rogue.tls));
    let pieces: Pieces = Arc::new(pieces);
    arena.face(facing, move || async move { flood(&address, shown, CONNECTIONS, length(), pieces).await }).await;
}

/// The expected answers show what the node does: whether it ends the connection, and with which reason.
#[tokio::test(flavor = "multi_thread")]
async fn floods_of_streams_and_headers_hold_up_nobody_else() {
    let mut arena = Arena::new().await;
    let call = call_headers(FETCH);
    let open = |call: &[u8], n: u32, flags: u8| frame(HEADERS, END_HEADERS | flags, stream(n), call);

    let headers = call.clone();
    let facing = Facing {
        name: "rapid reset (CVE-2023-44487)",
        answer: "GOAWAY ENHANCE_YOUR_CALM",
        logged: "closed a connection",
    };
    face(&mut arena, facing, move |n| [open(&headers, n, 0), reset(stream(n))].concat()).await;

    let headers = call.clone();
    let facing = Facing {
        name: "resets provoked by illegal frames (MadeYouReset, CVE-2025-8671)",
        answer: "RST_STREAM FLOW_CONTROL_ERROR",
        logged: "",
    };
    // No window may grow beyond 2^31 - 1. That is a fault of the stream, which the node must reset.
    let overflow = |n: u32| frame(WINDOW_UPDATE, 0, stream(n), &[0x7f, 0xff, 0xff, 0xff]);
    face(&mut arena, facing, move |n| [open(&headers, n, 0), overflow(n)].concat()).await;

    let headers = call.clone();
    let facing =
        Facing { name: "CONTINUATION flood", answer: "GOAWAY ENHANCE_YOUR_CALM", logged: "closed a connection" };
    face(&mut arena, facing, move |n| match n {
        0 => frame(HEADERS, 0, 1, &headers),
        _ => frame(CONTINUATION, 0, 1, &header("x", b"y")),
    })
    .await;

    // Four thousand bytes are put into the table once, and named 12,000 times in each request: 48 MB out of 16 KiB.
    let headers = call.clone();
    let facing = Facing { name: "header bomb (HPACK)", answer: "GOAWAY ENHANCE_YOUR_CALM", logged: "" };
    face(&mut arena, facing, move |n| {
        let bomb = [&headers[..], &kept_header("x", &[b'y'; 4000]), &[0xbe; 12_000]].concat();
        frame(HEADERS, END_HEADERS, stream(n), &bomb[..bomb.len().min(16 << 10)])
    })
    .await;

    let headers = call.clone();
    let facing = Facing { name: "headers beyond 16 KiB", answer: "RST_STREAM PROTOCOL_ERROR", logged: "" };
    face(&mut arena, facing, move |n| {
        let more = frame(CONTINUATION, END_HEADERS, stream(n), &header("z", &[b'z'; 9000]));
        [frame(HEADERS, 0, stream(n), &[&headers[..], &header("y", &[b'y'; 9000])].concat()), more].concat()
    })
    .await;

    let headers = call.clone();
    // Refused, or answered and reset. The connection ends if too many were refused, which depends on how fast they come.
    let facing = Facing { name: "10,000 streams on one connection", answer: "RST_STREAM", logged: "" };
    face(&mut arena, facing, move |n| open(&headers, n, 0)).await;
    arena.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_frames_that_ask_for_nothing_hold_up_nobody_else() {
    let mut arena = Arena::new().await;
    let call = call_headers(FETCH);
    let facing = |name, answer| Facing { name, answer, logged: "" };

    // What is read at the pace of a share does not end the connection.
    face(&mut arena, facing("PING flood", "PING … kept"), |_| frame(PING, 0, 0, &[7; 8])).await;
    face(&mut arena, facing("SETTINGS flood", "SETTINGS … kept"), |n| settings(&[(1, n % 4096)])).await;
    // The window of the connection, increased by one byte each time.
    face(&mut arena, facing("WINDOW_UPDATE flood", "kept"), |_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).await;
    face(&mut arena, facing("PRIORITY flood", "kept"), |n| frame(PRIORITY, 0, stream(n % 1000), &[0, 0, 0, 0, 9]))
        .await;
    face(&mut arena, facing("frames of an unknown kind", "kept"), |_| frame(0xee, 0, 0, &[])).await;
    let headers = call.clone();
    face(&mut arena, facing("zero-length DATA flood", "GOAWAY ENHANCE_YOUR_CALM"), move |n| match n {
        0 => frame(HEADERS, END_HEADERS, 1, &headers),
        _ => frame(DATA, 0, 1, &[]),
    })
    .await;
    face(&mut arena, facing("DATA on a stream that was never opened", "GOAWAY PROTOCOL_ERROR"), |n| {
        frame(DATA, 0, stream(n), &[1; 100])
    })
    .await;
    let facing_size = facing("a frame beyond the limit", "GOAWAY FRAME_SIZE_ERROR");
    face(&mut arena, facing_size, |_| frame(PING, 0, 0, &[1; (16 << 10) + 1])).await;
    let facing_random = facing("random bytes", "GOAWAY");
    face(&mut arena, facing_random, |n| {
        let mut state = u64::from(n) + 0x9e37_79b9_7f4a_7c15;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..32).flat_map(|_| next().to_be_bytes()).collect()
    })
    .await;
    arena.end().await;
}
