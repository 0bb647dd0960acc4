//! The commented configuration contains every key, with values that the program accepts. The systemd unit ends when it should.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

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

/// The sections and keys that the program knows, from its own answer to unknown ones.
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
    // The only setting without a default.
    assert!(uncommented.advertise.take().is_some() && as_it_stands.advertise.is_none());
    assert_eq!(format!("{as_it_stands:?}"), format!("{uncommented:?}"));
}

/// Runs the program as the unit does: with the arguments of a line, in a directory of the test.
fn as_in_the_unit(line: &str, node: &Path) -> Output {
    let arguments = line.split(' ').skip(1).map(|a| if a.starts_with('/') { node.as_os_str() } else { a.as_ref() });
    Command::new(env!("CARGO_BIN_EXE_watchfire")).args(arguments).env_clear().output().unwrap()
}

fn new_node(parent: &Path) -> PathBuf {
    let node = parent.join("node");
    let init = "watchfire --dir / init --org gb.example --country GB --kind state";
    let made = as_in_the_unit(init, &node);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    node
}

#[test]
fn the_units_check_before_a_reload_runs_on_a_new_node() {
    let (check, start) = (lines("ExecReload=")[0], lines("ExecStart=")[0]);
    assert_eq!(check.strip_suffix(" config check"), start.strip_suffix(" serve"));
    let parent = tempfile::tempdir().unwrap();
    let checked = as_in_the_unit(check, &new_node(parent.path()));
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn files_at_fault_end_the_unit_for_good() {
    // systemd ignores the exit code of what runs before the start, and would try again for ever.
    assert!(lines("ExecStartPre=").is_empty() && lines("ExecCondition=").is_empty());
    let final_codes: Vec<i32> = lines("RestartPreventExitStatus=")[0].split(' ').map(|c| c.parse().unwrap()).collect();
    type Fault = (&'static str, fn(&Path));
    let faults: [Fault; 5] = [
        ("no TOML", |node| write(node, "watchfire.toml", "broken = = 1")),
        ("an unknown key", |node| write(node, "watchfire.toml", "[lsiten]\npeer = \"127.0.0.1:1\"\n")),
        ("a broken certificate", |node| write(node, "node/tls.pem", "nothing")),
        ("no signing key", |node| std::fs::remove_file(node.join("node/signing.key")).unwrap()),
        ("no store", |node| std::fs::remove_file(node.join("store.db")).unwrap()),
    ];
    for (what, fault) in faults {
        let parent = tempfile::tempdir().unwrap();
        let node = new_node(parent.path());
        fault(&node);
        let ended = as_in_the_unit(lines("ExecStart=")[0], &node);
        let code = ended.status.code().unwrap();
        assert!(final_codes.contains(&code), "{what}: {code}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

fn write(node: &Path, name: &str, text: &str) {
    std::fs::write(node.join(name), text).unwrap();
}

/// The values of a key in the unit.
fn lines(key: &str) -> Vec<&'static str> {
    include_str!("../deploy/watchfire.service").lines().filter_map(|line| line.strip_prefix(key)).collect()
}
