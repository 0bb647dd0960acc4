//! Attacks from the network: attackers use raw sockets, TLS settings and HTTP/2 frames of their own, and some are enrolled partners. Meanwhile
//! an honest pair exchanges and is measured. What is measured, and how to run it: docs/security.md.

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
