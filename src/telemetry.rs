//! The log and the metrics. They contain names, numbers and reasons, and never content or secrets.

use std::{
    fmt::{self, Debug},
    io::IsTerminal,
    time::SystemTime,
};

use tracing::field::Field;
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    fmt::format::{Writer, debug_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    config::Log,
    domain::{
        harmless::one_line,
        time::{Clock, Time},
    },
};

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Time::from_unix_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }
}

/// Starts the log on stderr.
///
/// # Errors
/// A sentence, if the level is not a valid filter.
pub fn start(log: &Log) -> Result<(), String> {
    // HTTP/2 would log a line for each connection that a peer breaks. The listener logs such faults once a minute.
    let filter = EnvFilter::try_new(format!("h2=off,{}", log.level))
        .map_err(|_| format!("log.level `{}` is not a filter; write e.g. info or watchfire=debug", log.level))?;
    let registry = tracing_subscriber::registry().with(filter);
    // Colours are for people. In a file or a pipe they would clutter every word.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(colours);
    let started = match log.json {
        true => registry.with(layer.json()).try_init(),
        false => registry.with(layer.fmt_fields(debug_fn(one_line_each).delimited(" "))).try_init(),
    };
    // If another node runs in the same process (tests, benchmarks), the log of the first one serves both.
    let _ = started;
    Ok(())
}

/// Writes a field of a log line. Whatever the field contains, it can't end the line or move the cursor. Otherwise somebody's text could pass for
/// lines of this node's log. (JSON does its own escaping.)
fn one_line_each(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    let value = one_line(&format!("{value:?}"));
    match field.name() {
        "message" => write!(writer, "{value}"),
        name => write!(writer, "{name}={value}"),
    }
}
