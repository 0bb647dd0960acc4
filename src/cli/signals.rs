//! The signals that end a program, or make a node read its files again.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{CliError, Exit};

/// The signals that arrive after this is made.
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

/// What a signal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessSignal {
    /// To end: SIGINT (Ctrl-C) or SIGTERM.
    End,
    /// SIGHUP: the terminal was closed, or the files are to be read again.
    HangUp,
}

impl Signals {
    /// Subscribes to the signals. One that can't be subscribed to has its default effect.
    pub fn new() -> Self {
        let of = |kind| signal(kind).ok();
        Self {
            interrupt: of(SignalKind::interrupt()),
            terminate: of(SignalKind::terminate()),
            hangup: of(SignalKind::hangup()),
        }
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> ProcessSignal {
        tokio::select! {
            () = one(&mut self.interrupt) => ProcessSignal::End,
            () = one(&mut self.terminate) => ProcessSignal::End,
            () = one(&mut self.hangup) => ProcessSignal::HangUp,
        }
    }
}

async fn one(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// The result of `work`. If a signal arrives first, `work` is dropped and the result is an error.
pub async fn unless_ended<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let mut signals = Signals::new();
    tokio::select! {
        done = work => done,
        _ = signals.next() => Err(CliError::new(Exit::Failed, "INTERRUPTED", "interrupted before the command was done")),
    }
}
