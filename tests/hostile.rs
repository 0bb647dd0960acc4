//! The network at its worst: attackers on raw sockets, with TLS settings and HTTP/2 frames of their own, some of them enrolled
//! partners, while an honest pair goes on exchanging and a watch is held on it. What is measured, and how to run it:
//! docs/security.md.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "hostile/arena.rs"]
mod arena;
#[path = "shared/asked.rs"]
mod asked;
#[path = "hostile/control.rs"]
mod control;
#[path = "hostile/existence.rs"]
mod existence;
#[allow(dead_code, reason = "shared with the tests of nodes")]
#[path = "node/feed_kit.rs"]
mod feed_kit;
#[path = "hostile/feeds.rs"]
mod feeds;
#[path = "hostile/frames.rs"]
mod frames;
#[path = "hostile/grpc.rs"]
mod grpc;
#[path = "hostile/http2.rs"]
mod http2;
#[allow(dead_code, reason = "shared with the tests of nodes")]
#[path = "node/hostile_kit.rs"]
mod hostile_kit;
#[allow(dead_code, reason = "shared with the tests of nodes")]
#[path = "node/kit.rs"]
mod kit;
#[path = "hostile/raw.rs"]
mod raw;
#[path = "hostile/tls.rs"]
mod tls;
#[path = "hostile/watch.rs"]
mod watch;
