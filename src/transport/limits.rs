//! The limits of a connection. All are set explicitly. An operator may lower them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of listeners and diallers. Each default is the highest value allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections of one listener that have passed their handshake.
    pub connections: u32,
    /// Connections of one partner. On the desk: of one person or program.
    pub connections_per_peer: u32,
    /// Handshakes under way at one time. Further connections are closed at once.
    pub handshakes: u32,
    /// Seconds for a handshake, and then for the first byte after it.
    pub handshake_seconds: u32,
    /// Requests at one time on one connection.
    pub streams: u32,
    /// Bytes of the headers of a request or an answer.
    pub header_bytes: u32,
    /// Bytes of one message.
    pub message_bytes: u32,
    /// Seconds of silence after which the other end is asked whether it is still there.
    pub keepalive_seconds: u32,
    /// Seconds within which it has to answer.
    pub keepalive_answer_seconds: u32,
    /// Seconds for which a reader may block an answer by not reading it.
    pub stalled_reader_seconds: u32,
    /// Seconds that requests under way have when the node stops.
    pub drain_seconds: u32,
    /// Bytes per second that are read from one partner, over all its connections. Calls cost some bytes in addition (`app/middleware.rs`).
    pub partner_bytes_per_second: u32,
    /// Bytes that one partner may send at once.
    pub partner_burst_bytes: u32,
    /// Calls of one partner that are worked on at one time. Further calls wait.
    pub calls_per_partner: u32,
    /// Answers to one partner that may stay open, not counting its feeds.
    pub open_answers_per_partner: u32,
    /// Feeds of one partner that may be open. One of them is in use. The others allow for links that died without notice.
    pub feeds_per_partner: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_peer: 16,
            handshakes: 4096,
            handshake_seconds: 10,
            streams: 64,
            header_bytes: 16 << 10,
            message_bytes: 4 << 20,
            keepalive_seconds: 20,
            keepalive_answer_seconds: 20,
            stalled_reader_seconds: 60,
            drain_seconds: 10,
            partner_bytes_per_second: 1 << 20,
            partner_burst_bytes: 1 << 20,
            calls_per_partner: 4,
            open_answers_per_partner: 16,
            feeds_per_partner: 4,
        }
    }
}

impl Limits {
    /// One sentence for each value that is above its default or too small to work with.
    pub fn faults(&self) -> Vec<String> {
        let most = Self::default();
        let pairs = [
            ("connections", self.connections, most.connections),
            ("connections_per_peer", self.connections_per_peer, most.connections_per_peer),
            ("handshakes", self.handshakes, most.handshakes),
            ("handshake_seconds", self.handshake_seconds, most.handshake_seconds),
            ("streams", self.streams, most.streams),
            ("header_bytes", self.header_bytes, most.header_bytes),
            ("message_bytes", self.message_bytes, most.message_bytes),
            ("keepalive_seconds", self.keepalive_seconds, most.keepalive_seconds),
            ("keepalive_answer_seconds", self.keepalive_answer_seconds, most.keepalive_answer_seconds),
            ("stalled_reader_seconds", self.stalled_reader_seconds, most.stalled_reader_seconds),
            ("drain_seconds", self.drain_seconds, most.drain_seconds),
            ("partner_bytes_per_second", self.partner_bytes_per_second, most.partner_bytes_per_second),
            ("partner_burst_bytes", self.partner_burst_bytes, most.partner_burst_bytes),
            ("calls_per_partner", self.calls_per_partner, most.calls_per_partner),
            ("open_answers_per_partner", self.open_answers_per_partner, most.open_answers_per_partner),
            ("feeds_per_partner", self.feeds_per_partner, most.feeds_per_partner),
        ];
        let wrong = pairs.into_iter().filter(|(name, value, most)| !(least(name)..=*most).contains(value));
        wrong.map(|(name, value, most)| format!("limits.{name} is {value}; write {} to {most}", least(name))).collect()
    }

    pub(super) fn handshake(&self) -> Duration {
        seconds(self.handshake_seconds)
    }

    pub(super) fn keepalive(&self) -> Duration {
        seconds(self.keepalive_seconds)
    }

    pub(super) fn keepalive_answer(&self) -> Duration {
        seconds(self.keepalive_answer_seconds)
    }

    pub(super) fn stalled_reader(&self) -> Duration {
        seconds(self.stalled_reader_seconds)
    }

    pub(super) fn drain(&self) -> Duration {
        seconds(self.drain_seconds)
    }
}

/// The least value of a limit. Below it, a node could not even exchange a hello with a partner.
fn least(name: &str) -> u32 {
    match name {
        "header_bytes" => 4 << 10,
        "message_bytes" => 256 << 10,
        "partner_bytes_per_second" | "partner_burst_bytes" => 16 << 10,
        _ => 1,
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_go_down_but_not_up() {
        assert_eq!(Limits::default().faults(), Vec::<String>::new());
        let limits: Limits = toml::from_str("streams = 8\nhandshakes = 0\nmessage_bytes = 4194305").unwrap();
        assert_eq!(limits.streams, 8);
        assert_eq!(
            limits.faults(),
            ["limits.handshakes is 0; write 1 to 4096", "limits.message_bytes is 4194305; write 262144 to 4194304"]
        );
        assert!(toml::from_str::<Limits>("stream = 8").is_err());
    }
}
