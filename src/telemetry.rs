//! The log and the metrics. Neither ever holds content or a secret: names, numbers and reasons only.

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

/// The computer's clock.
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
/// A sentence, where the level is no filter.
pub fn start(log: &Log) -> Result<(), String> {
    // What HTTP/2 says of its own, it says for each connection that a peer brings it to; the listener says it once a minute.
    let filter = EnvFilter::try_new(format!("h2=off,{}", log.level))
        .map_err(|_| format!("log.level `{}` is no filter; write e.g. info or watchfire=debug", log.level))?;
    let registry = tracing_subscriber::registry().with(filter);
    // Colours are for people: in a file or a pipe they would be noise around every word.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(colours);
    let started = match log.json {
        true => registry.with(layer.json()).try_init(),
        false => registry.with(layer.fmt_fields(debug_fn(one_line_each).delimited(" "))).try_init(),
    };
    // In one process with another node (tests, benchmarks) the first one's log serves both.
    let _ = started;
    Ok(())
}

/// Writes a field of a line. Whatever it holds, it ends no line and moves no cursor: else somebody's text could pass for lines of this
/// node's log. (JSON escapes by itself.)
fn one_line_each(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    let value = one_line(&format!("{value:?}"));
    match field.name() {
        "message" => write!(writer, "{value}"),
        name => write!(writer, "{name}={value}"),
    }
}
