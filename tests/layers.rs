//! The layers hold: a module imports only what stands above it in `src/lib.rs`, and each library stays where it belongs.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A source file: its path from `src` on, and its text.
type File = (String, String);

/// Layers that speak to `node` and never to the store, and not to each other either.
const ENTRANCES: &[&str] = &["peer", "desk", "cli"];

/// Crates that only some layers (or files) may name. The right side holds beginnings of paths.
const CONFINED: &[(&str, &[&str])] = &[
    ("tonic", &["wire/", "wire.rs", "transport/", "peer/", "desk/", "app", "cli/output.rs"]),
    ("tonic_health", &["app"]),
    ("tonic_reflection", &["app"]),
    ("tonic_types", &["wire/"]),
    ("rustls", &["identity/", "transport/"]),
    ("tokio_rustls", &["transport/"]),
    ("webpki", &["identity/"]),
    ("rcgen", &["identity/"]),
    ("ring", &["seal/"]),
    ("rusqlite", &["store/sqlite"]),
    ("cedar_policy", &["policy/"]),
    ("axum", &["transport/", "app"]),
    ("socket2", &["transport/"]),
];

/// Generated protobuf types: in `wire`, and where messages of the two services are put together or taken apart.
const GENERATED: &[&str] = &["wire", "peer/", "desk/", "cli/", "app.rs"];

/// What the rules would forbid and is meant to be. The test fails where one of them is no longer needed.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    // The command line is a client of the desk: it speaks gRPC to the running node, like any other program.
    ("cli/", "desk::client", "the desk's client side"),
    // Values that `node` hands out or takes; nothing of the store is called.
    ("desk/", "store::AgreementRecord", "a value that `node` hands out"),
    ("desk/", "store::receipts", "values that `node` hands out"),
    ("desk/", "store::ListFilter", "a value that `node` takes"),
    ("desk/", "store::held", "values that `node` hands out"),
    // No node runs yet, or it could not start: there is no `node` to call.
    ("cli/init.rs", "store::sqlite::SqliteStore", "makes the empty store"),
    ("cli/output.rs", "store::StoreError", "tells why a node did not start"),
];

/// Everything that breaks a rule, as `file: what`, and the exceptions that were made use of.
fn breaches(order: &[&str], files: &[File]) -> (Vec<String>, BTreeSet<&'static str>) {
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for (file, text) in files {
        let code = without_comments(text);
        let own = file.split(['/', '.']).next().unwrap_or_default();
        let Some(own_place) = order.iter().position(|l| *l == own) else { continue };
        for path in paths_from_the_root(file, &code) {
            let layer = path.split("::").next().unwrap_or_default();
            let Some(place) = order.iter().position(|l| *l == layer) else { continue };
            if layer != own
                && let Some(what) = broken(own, own_place, layer, place, &path)
            {
                match EXCEPTIONS.iter().find(|(at, what, _)| file.starts_with(at) && path.starts_with(what)) {
                    Some((_, what, _)) => _ = used.insert(*what),
                    None => found.push(format!("{file}: {what}")),
                }
            }
            if path.starts_with("wire::proto") && !GENERATED.iter().any(|at| file.starts_with(at)) {
                found.push(format!("{file}: generated types stop in `wire`, and here is {path}"));
            }
        }
        for name in heads(&code) {
            let Some((_, places)) = CONFINED.iter().find(|(library, _)| *library == name) else { continue };
            if !places.iter().any(|at| file.starts_with(at)) {
                found.push(format!("{file}: names the library {name}, which is for {}", places.join(", ")));
            }
        }
    }
    found.sort();
    found.dedup();
    (found, used)
}

/// Which rule an import breaks.
fn broken(own: &str, own_place: usize, layer: &str, place: usize, path: &str) -> Option<String> {
    if place > own_place {
        return Some(format!("imports {path}, but `{layer}` stands below `{own}` in src/lib.rs"));
    }
    if ENTRANCES.contains(&own) && layer == "store" {
        return Some(format!("imports {path}, but `{own}` calls `node`, never the store"));
    }
    (ENTRANCES.contains(&own) && ENTRANCES.contains(&layer))
        .then(|| format!("imports {path}, but `{own}` and `{layer}` know nothing of each other"))
}

/// The text without `//` comments. (A `//` in a string cuts that line short, which hides no import.)
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first names of all paths that begin with one: `ring` of `ring::digest`, not of `String::new` or `a::ring::b`.
fn heads(code: &str) -> BTreeSet<&str> {
    let mut heads = BTreeSet::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let start =
            before.rfind(|c| !is_name(c)).map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        if !before[..start].ends_with("::") {
            heads.insert(&before[start..]);
        }
    }
    // `use ring;` and `use ring as r;` have no `::`.
    for line in code.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("use ") {
            heads.insert(rest.split(|c| !is_name(c)).next().unwrap_or_default());
        }
    }
    heads
}

/// All paths that lead through the crate's root, without `crate::`; groups are spelled out.
fn paths_from_the_root(file: &str, code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let begins = !code[..at].ends_with(is_name) && !code[..at].ends_with('$');
        if begins {
            spell_out("", &code[at + "crate::".len()..], &mut paths);
        }
    }
    // `super::super::x` reaches the root where it is as long as the file is deep.
    let depth = file.trim_end_matches(".rs").split('/').count();
    let ups = "super::".repeat(depth);
    for (at, _) in code.match_indices(&ups) {
        if !code[..at].ends_with("::") && !code[..at].ends_with(is_name) {
            spell_out("", &code[at + ups.len()..], &mut paths);
        }
    }
    paths
}

/// The paths of a use tree; returns what follows it.
fn spell_out<'a>(before: &str, tree: &'a str, paths: &mut Vec<String>) -> &'a str {
    let tree = tree.trim_start();
    if let Some(mut rest) = tree.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let after = spell_out(before, rest, paths).trim_start();
            let after = after.strip_prefix(',').unwrap_or(after);
            if after.len() == rest.len() {
                return after; // not a use tree: a group that can't be read ends here
            }
            rest = after;
        }
    }
    let end = tree.find(|c| !is_name(c) && c != '*').unwrap_or(tree.len());
    let path = if before.is_empty() { tree[..end].to_owned() } else { format!("{before}::{}", &tree[..end]) };
    match tree[end..].strip_prefix("::") {
        Some(rest) => spell_out(&path, rest, paths),
        None => {
            paths.push(path);
            let rest = tree[end..].trim_start();
            // ` as name` is part of the tree.
            rest.strip_prefix("as ").map_or(rest, |r| r.trim_start().trim_start_matches(is_name))
        }
    }
}

fn read(dir: &Path, files: &mut Vec<File>, root: &Path) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(&path, files, root);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The layers, uppermost first: the `pub mod` lines of `src/lib.rs`.
fn layers(lib: &str) -> Vec<&str> {
    lib.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect()
}

#[test]
fn each_layer_imports_only_what_stands_above_it_and_each_library_stays_where_it_belongs() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let order = layers(&lib);
    assert!(order.len() > 10 && order[0] == "domain", "the layers were not found in src/lib.rs: {order:?}");
    let mut files = Vec::new();
    read(&src, &mut files, &src);
    assert!(files.len() > 100, "only {} files were found", files.len());
    let (found, used) = breaches(&order, &files);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    let idle: Vec<_> = EXCEPTIONS.iter().filter(|(_, what, _)| !used.contains(what)).collect();
    assert!(idle.is_empty(), "exceptions that nothing needs any more: {idle:?}");
}

#[test]
fn a_breach_is_found_however_it_is_written() {
    let order = ["domain", "wire", "seal", "store", "node", "peer", "desk", "cli"];
    let bad = |file: &str, text: &str, expected: &str| {
        let (found, _) = breaches(&order, &[(file.to_owned(), text.to_owned())]);
        assert!(!found.is_empty() && found.iter().all(|f| f.contains(expected)), "{file}: {text}\ngives {found:?}");
    };
    bad("domain/ids.rs", "use crate::seal::hash::sha256;", "`seal` stands below `domain`");
    bad(
        "seal/open.rs",
        "use crate::{\n    domain::ids::Digest,\n    node::{publish::Submission, Node},\n};",
        "imports node::",
    );
    bad("seal.rs", "fn f() -> u8 { crate::store::x() }", "imports store::x");
    bad("wire/field.rs", "use super::super::node::Node;", "imports node::Node");
    bad("peer/link.rs", "use crate::{domain::{ids::A as B, time::Time}, store::Store};", "never the store");
    bad("desk/feed.rs", "use crate::peer::service::service;", "nothing of each other");
    bad("node/read.rs", "use crate::wire::proto::Manifest;", "generated types");
    bad("node/read.rs", "use ring::digest;", "library ring");
    bad("node/read.rs", "use rusqlite as sql;", "library rusqlite");
    bad("store/vault.rs", "fn f(c: &rusqlite::Connection) {}", "library rusqlite");
    bad("domain/time.rs", "#[tonic::async_trait]\nimpl X for Y {}", "library tonic");
}

#[test]
fn what_is_no_breach_is_not_reported() {
    let order = ["domain", "wire", "seal", "store", "node", "peer", "desk", "cli"];
    let good = [
        ("seal/open.rs", "use crate::domain::ids::Digest; // unlike crate::node::Node"),
        (
            "seal/open.rs",
            "//! See crate::node.\nuse super::digest; fn f() { String::new(); hiring::x(); a::ring::b(); }",
        ),
        ("cli/agreement.rs", "use super::{node, store}; use crate::desk::client::DeskClient;"),
        ("store/sqlite/open.rs", "use rusqlite::Connection; use super::super::vault::Vault;"),
        ("seal/hash.rs", "use ring::digest::{Context, SHA256};"),
    ];
    for (file, text) in good {
        let (found, _) = breaches(&order, &[(file.to_owned(), text.to_owned())]);
        assert_eq!(found, Vec::<String>::new(), "{file}: {text}");
    }
}
