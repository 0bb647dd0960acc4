//! The signals that end a program, or make a node read its files again.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{CliError, Exit};

/// The signals that arrive after this value was created.
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// End the program: SIGINT (Ctrl-C) or SIGTERM.
    End,
    /// SIGHUP: the terminal was closed, or the files are to be read again.
    HangUp,
}

impl Signals {
    /// If the system can't report a signal, the signal ends the program as usual.
    pub fn new() -> Self {
        let of = |kind| signal(kind).ok();
        Self {
            interrupt: of(SignalKind::interrupt()),
            terminate: of(SignalKind::terminate()),
            hangup: of(SignalKind::hangup()),
        }
    }

    /// Waits for the next signal.
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

/// The result of `work`. If a signal ends the program first, `work` is dropped, with what it has begun.
pub async fn unless_ended<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let mut signals = Signals::new();
    tokio::select! {
        done = work => done,
        _ = signals.next() => Err(CliError::new(Exit::Failed, "INTERRUPTED", "interrupted before the command was done")),
    }
}
