//! The program on a real terminal of a given size.

use std::{
    fs::File,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Command, Stdio},
};

use rustix::{
    fs::OFlags,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// A terminal, and what the environment says about it.
#[derive(Debug, Clone)]
pub struct Terminal {
    pub columns: u16,
    pub lines: u16,
    pub color: bool,
    /// The pager; empty for none.
    pub pager: String,
}

/// What was on the terminal at the end, without carriage returns, and how the program ended.
pub struct Seen {
    pub code: i32,
    pub text: String,
}

impl Terminal {
    /// A terminal without a pager.
    pub fn of(columns: u16, color: bool) -> Self {
        Self { columns, lines: 50, color, pager: String::new() }
    }

    /// Runs the program there. Somebody has typed `typed` already.
    pub async fn run(&self, dir: &Path, arguments: &[&str], typed: &str) -> Seen {
        let (terminal, dir, typed) = (self.clone(), dir.to_owned(), typed.to_owned());
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        tokio::task::spawn_blocking(move || terminal.run_there(&dir, &arguments, &typed)).await.unwrap()
    }

    fn run_there(&self, dir: &Path, arguments: &[String], typed: &str) -> Seen {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let flags = OFlags::NOCTTY.bits().cast_signed();
        let theirs = File::options().read(true).write(true).custom_flags(flags).open(name.to_str().unwrap()).unwrap();
        let size = Winsize { ws_col: self.columns, ws_row: self.lines, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&ours, size).unwrap();
        let mut ours = File::from(ours);
        ours.write_all(typed.as_bytes()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WATCHFIRE_")) {
            command.env_remove(name);
        }
        for name in ["COLUMNS", "PAGER", "LESS", "NO_COLOR"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color").env("WATCHFIRE_PAGER", &self.pager);
        if !self.color {
            command.env("NO_COLOR", "1");
        }
        let stdio = || Stdio::from(theirs.try_clone().unwrap());
        command.arg("--dir").arg(dir).args(arguments).stdin(stdio()).stdout(stdio()).stderr(stdio());
        let mut child = command.spawn().unwrap();
        // Reading ends when nobody has the other side open any more.
        drop((theirs, command));
        let mut bytes = vec![];
        let mut chunk = [0; 4096];
        while let Ok(read) = ours.read(&mut chunk) {
            if read == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..read]);
        }
        let code = child.wait().unwrap().code().unwrap_or(-1);
        let text = String::from_utf8_lossy(&bytes).replace('\r', "");
        assert!(!text.contains("panicked"), "{arguments:?}: {text}");
        Seen { code, text }
    }
}

/// The text without colours.
pub fn plain(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').unwrap().1)
}

/// The text with a sign for each digit of a date, a time or an id, so that it is the same each time.
pub fn masked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let hex = chars[at..].iter().take_while(|c| c.is_ascii_digit() || ('a'..='f').contains(*c)).count();
        let is_word = at > 0 && chars[at - 1].is_alphanumeric();
        if hex >= 8 && !is_word {
            out.extend(std::iter::repeat_n('#', hex));
            at += hex;
        } else if let Some(length) = date(&chars[at..]).filter(|_| !is_word) {
            out.extend(chars[at..at + length].iter().map(|c| if c.is_ascii_digit() { '0' } else { *c }));
            at += length;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// The text with a 0 for the number at the beginning of a line.
pub fn unnumbered(text: &str) -> String {
    let one = |line: &str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        match line.len() - rest.len() {
            0 => format!("{line}\n"),
            digits => format!("0{}{rest}\n", " ".repeat(digits - 1)),
        }
    };
    text.lines().map(one).collect()
}

/// How long a date at the beginning is, with the time after it.
fn date(chars: &[char]) -> Option<usize> {
    let fits = |shape: &str, at: usize| {
        shape.chars().enumerate().all(|(i, wanted)| {
            chars.get(at + i).is_some_and(|c| if wanted == '0' { c.is_ascii_digit() } else { *c == wanted })
        })
    };
    let day = "0000-00-00";
    let time = "T00:00:00Z";
    fits(day, 0).then(|| if fits(time, day.len()) { day.len() + time.len() } else { day.len() })
}
