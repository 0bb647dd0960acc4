//! The commented configuration holds every key, and each as the program takes it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{path::Path, process::Command};

use watchfire::config::Config;

const FILE: &str = include_str!("../deploy/watchfire.toml");

fn parse(text: &str) -> Result<Config, Vec<String>> {
    Config::parse(Path::new("node"), text, vec![])
        .map_err(|e| e.faults.iter().map(|f| format!("{}: {}", f.key, f.message)).collect())
}

/// The file with its commented settings in force.
fn uncommented() -> String {
    let setting = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let (key, value) = rest.split_once(" = ")?;
        let is_key = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_key && value.starts_with(|c: char| c == '"' || c == '[' || c.is_ascii_digit())).then(|| rest.to_owned())
    };
    FILE.lines().map(|l| setting(l).unwrap_or_else(|| l.to_owned())).collect::<Vec<_>>().join("\n")
}

/// The sections with their keys that the program knows, from its own answer to unknown ones.
fn known() -> Vec<String> {
    let names = |faults: Vec<String>| -> Vec<String> {
        let all = faults.iter().find_map(|f| f.split_once("known here: ")).unwrap().1;
        all.split(", ").map(str::to_owned).collect()
    };
    let mut known = vec![];
    for section in names(parse("[qqqqqqqqqq]").unwrap_err()) {
        let keys = names(parse(&format!("[{section}]\nqqqqqqqqqqqqqqqqqq = 1")).unwrap_err());
        known.extend(keys.into_iter().map(|key| format!("{section}.{key}")));
    }
    known
}

#[test]
fn the_commented_configuration_can_be_used_as_it_stands() {
    let config = parse(FILE).unwrap();
    assert_eq!(config.organisation.domain.as_str(), "gb.example");
}

#[test]
fn every_key_that_the_program_knows_is_in_the_commented_configuration() {
    let table: toml::Table = uncommented().parse().unwrap();
    let known = known();
    assert!(known.len() > 20, "{known:?}");
    for key in known {
        let (section, name) = key.split_once('.').unwrap();
        let there = table.get(section).and_then(|s| s.get(name)).is_some();
        assert!(there, "`{key}` is missing from deploy/watchfire.toml");
    }
}

#[test]
fn what_is_commented_out_stands_there_with_its_default() {
    let (as_it_stands, mut uncommented) = (parse(FILE).unwrap(), parse(&uncommented()).unwrap());
    // The only one without a default.
    assert!(uncommented.advertise.take().is_some() && as_it_stands.advertise.is_none());
    assert_eq!(format!("{as_it_stands:?}"), format!("{uncommented:?}"));
}

#[test]
fn the_units_check_before_the_start_runs_on_a_new_node() {
    let unit = include_str!("../deploy/watchfire.service");
    let line = |key: &str| unit.lines().find_map(|l| l.strip_prefix(key)).unwrap();
    let (check, start) = (line("ExecStartPre="), line("ExecStart="));
    assert_eq!(check.strip_suffix(" config check"), start.strip_suffix(" serve"));
    let parent = tempfile::tempdir().unwrap();
    let node = parent.path().join("node");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        let done = command.args(arguments).env_clear().output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let node = node.to_str().unwrap();
    run(&["--dir", node, "init", "--org", "gb.example", "--country", "GB", "--kind", "state"]);
    let arguments: Vec<&str> = check.split(' ').skip(1).map(|a| if a.starts_with('/') { node } else { a }).collect();
    run(&arguments);
}
