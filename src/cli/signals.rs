//! The signals by which the system or the user ends a program, or asks a node to look at its files again.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{CliError, Exit};

/// The signals, as they come from the moment on in which this is made.
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To end: SIGINT (Ctrl-C) or SIGTERM.
    End,
    /// SIGHUP: the terminal is gone, or somebody wants files to be read anew.
    HangUp,
}

impl Signals {
    /// Where the system gives no notice of a signal, it ends the program as ever.
    pub fn new() -> Self {
        let of = |kind| signal(kind).ok();
        Self {
            interrupt: of(SignalKind::interrupt()),
            terminate: of(SignalKind::terminate()),
            hangup: of(SignalKind::hangup()),
        }
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            () = one(&mut self.interrupt) => Asked::End,
            () = one(&mut self.terminate) => Asked::End,
            () = one(&mut self.hangup) => Asked::HangUp,
        }
    }
}

async fn one(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// What `work` comes to, unless a signal ends the program: then it is dropped, with what it has begun.
pub async fn unless_ended<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let mut signals = Signals::new();
    tokio::select! {
        done = work => done,
        _ = signals.next() => Err(CliError::new(Exit::Failed, "INTERRUPTED", "interrupted before it was done")),
    }
}
