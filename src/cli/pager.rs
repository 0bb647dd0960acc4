//! The pager: what does not fit on the terminal is shown page by page.
//!
//! The whole answer of a command is held until the command ends. An answer that fits is printed as it is.

use std::{env, process::Stdio, sync::Mutex};

use tokio::{io::AsyncWriteExt, process::Command};

use super::{Global, signals::Signals, terminal};
use crate::render::text;

/// The pager if the environment names none.
const DEFAULT: &str = "less";
/// What a shell answers if there is no such program.
const NOT_FOUND: i32 = 127;

/// What is held; `None` if every line is printed at once.
static HELD: Mutex<Option<String>> = Mutex::new(None);

/// From now on holds what is printed, if a pager is wanted and somebody could read it there.
pub fn begin(global: &Global) {
    let is_wanted = !global.json && !global.no_pager && terminal::is_terminal() && !terminal::is_dumb();
    if is_wanted && program().is_some() {
        set(Some(String::new()));
    }
}

fn set(held: Option<String>) -> Option<String> {
    match HELD.lock() {
        Ok(mut now) => std::mem::replace(&mut now, held),
        Err(_) => None,
    }
}

/// Holds a text with its newline. `false` if nothing is held, so the text must be printed.
pub fn hold(text: &str) -> bool {
    let Ok(mut held) = HELD.lock() else { return false };
    let Some(held) = held.as_mut() else { return false };
    held.push_str(text);
    held.push('\n');
    true
}

/// Shows what was held. Returns it if it is to be printed: because it fits, or because there is no such pager.
pub async fn finish() -> Option<String> {
    let held = set(None).filter(|held| !held.is_empty())?;
    let is_shown = !fits(&held) && page(&held).await;
    (!is_shown).then(|| held.trim_end_matches('\n').to_owned())
}

/// The pager's command line: `WATCHFIRE_PAGER`, or `PAGER`. An empty one, and `cat`, mean none.
fn program() -> Option<String> {
    let named = env::var("WATCHFIRE_PAGER").or_else(|_| env::var("PAGER"));
    let program = named.unwrap_or_else(|_| DEFAULT.to_owned()).trim().to_owned();
    (!program.is_empty() && program != "cat").then_some(program)
}

/// Whether a text fits on the terminal, with the line for the next command.
fn fits(text: &str) -> bool {
    let columns = terminal::columns();
    let rows = |line: &str| text::columns(&without_colors(line)).div_ceil(columns).max(1);
    terminal::lines().is_none_or(|lines| text.lines().map(rows).sum::<usize>() < lines)
}

/// A line without the colours of [`crate::render`]. Nothing else in it is an escape sequence.
fn without_colors(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').map_or("", |(_, rest)| rest))
}

/// Shows a text in the pager, until its reader leaves it. `false` if it can't be started.
async fn page(text: &str) -> bool {
    let Some(program) = program() else { return false };
    let mut command = Command::new("sh");
    command.arg("-c").arg(program).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        // Shows colours, and no other escape sequence.
        command.env("LESS", "R");
    }
    // What somebody searches for in an assessment is not written into a file, and nothing is started or written from within.
    command.env("LESSHISTFILE", "-").env("LESSSECURE", "1");
    // Ctrl-C is for the pager.
    let mut signals = Signals::new();
    let Ok(mut pager) = command.spawn() else { return false };
    if let Some(mut stdin) = pager.stdin.take() {
        // A reader who leaves early closes the pipe.
        let _ = stdin.write_all(text.as_bytes()).await;
    }
    loop {
        tokio::select! {
            ended = pager.wait() => return ended.is_ok_and(|status| status.code() != Some(NOT_FOUND)),
            _ = signals.next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_no_room() {
        assert_eq!(without_colors("\u{1b}[1;31;40mRED\u{1b}[0m and \u{1b}[2mfaint\u{1b}[0m"), "RED and faint");
        assert_eq!(without_colors("plain"), "plain");
    }

    #[test]
    fn without_a_terminal_everything_fits() {
        assert!(fits(&"line\n".repeat(10_000)));
        assert!(!hold("nothing is held"), "before it begins");
    }
}
