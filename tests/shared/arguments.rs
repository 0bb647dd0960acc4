//! The arguments after `--` of a test program with its own runner: its own options, and those of the usual runner, which are passed when all
//! test programs run at once. Unknown arguments are refused. Otherwise a misspelt argument would test nothing and pass.

use std::str::FromStr;

/// Options of the usual runner that have no effect here.
const PLAIN: &[&str] = &[
    "--nocapture",
    "--no-capture",
    "--show-output",
    "--quiet",
    "-q",
    "--include-ignored",
    "--report-time",
    "--ensure-time",
    "--shuffle",
    "--exclude-should-panic",
    "--force-run-in-process",
    "--test",
];
/// Options of the usual runner with a value that have no effect here.
const VALUED: &[&str] = &["--format", "--color", "--logfile", "-Z"];
const NUMBERED: &[&str] = &["--test-threads", "--shuffle-seed"];

/// Which tests to run.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    names: Vec<String>,
    skipped: Vec<String>,
    is_exact: bool,
    only_ignored: bool,
    /// Only list the names of the tests.
    pub list: bool,
}

/// The value of an option: after `=`, or the next argument.
pub struct Value<'a> {
    option: &'a str,
    attached: Option<String>,
    rest: &'a mut dyn Iterator<Item = String>,
}

impl Value<'_> {
    pub fn word(&mut self) -> Result<String, String> {
        let word = self.attached.take().or_else(|| self.rest.next());
        word.ok_or_else(|| format!("`{}` takes a value", self.option))
    }

    pub fn number<T: FromStr>(&mut self) -> Result<T, String> {
        let option = self.option;
        let wrong = |found: &str| format!("`{option}` takes a number, e.g. `{option} 17`, not `{found}`");
        let word = self.word().map_err(|_| wrong("nothing"))?;
        word.parse().map_err(|_| wrong(&word))
    }
}

impl Chosen {
    /// Reads the arguments. `own` takes the options that are named in `known`.
    pub fn read(
        arguments: impl IntoIterator<Item = String>,
        known: &[&str],
        mut own: impl FnMut(&str, &mut Value<'_>) -> Result<(), String>,
    ) -> Result<Self, String> {
        let mut chosen = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (option, attached) = match argument.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let mut value = Value { option, attached, rest: &mut arguments };
            match option {
                "--skip" => chosen.skipped.push(value.word()?),
                "--exact" => chosen.is_exact = true,
                "--list" => chosen.list = true,
                "--ignored" => chosen.only_ignored = true,
                _ if known.contains(&option) => own(option, &mut value)?,
                _ if PLAIN.contains(&option) => {}
                _ if VALUED.contains(&option) => drop(value.word()?),
                _ if NUMBERED.contains(&option) => drop(value.number::<u64>()?),
                _ if option.starts_with('-') => {
                    return Err(format!(
                        "`{option}` is not an option; there are {}, and those of `cargo test`",
                        known.join(", ")
                    ));
                }
                name => chosen.names.push(name.to_owned()),
            }
            if value.attached.is_some() {
                return Err(format!("`{option}` takes no value"));
            }
        }
        Ok(chosen)
    }

    /// Whether a test with that name should run. No test is ignored, so `--ignored` runs none.
    pub fn wants(&self, name: &str) -> bool {
        let is_meant = |word: &String| if self.is_exact { name == word } else { name.contains(word.as_str()) };
        let is_named = self.names.is_empty() || self.names.iter().any(is_meant);
        is_named && !self.only_ignored && !self.skipped.iter().any(is_meant)
    }
}
