//! The layers hold: a module imports only what is above it in `src/lib.rs`, and each library is only used where it is permitted.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{collections::BTreeSet, fs, path::Path};

#[path = "layers/circles.rs"]
mod circles;
#[path = "layers/remaining.rs"]
mod remaining;
#[path = "layers/source.rs"]
mod source;

use source::{File, heads, paths_from_the_root, read, without_comments};

/// Layers that call `node`, and never the store or each other.
const ENTRANCES: &[&str] = &["peer", "desk", "console", "cli"];

/// Crates that only some layers (or files) may name. The right side contains the beginnings of paths.
const CONFINED: &[(&str, &[&str])] = &[
    ("tonic", &["wire/", "wire.rs", "transport/", "peer/", "desk/", "app", "cli/error.rs"]),
    ("tonic_health", &["app"]),
    ("tonic_reflection", &["app"]),
    ("tonic_types", &["wire/"]),
    ("rustls", &["identity/", "transport/"]),
    ("tokio_rustls", &["transport/"]),
    ("webpki", &["identity/"]),
    ("rcgen", &["identity/"]),
    ("ring", &["seal/"]),
    ("rusqlite", &["store/sqlite"]),
    ("cedar_policy", &["policy/cedar", "policy/house"]),
    ("axum", &["transport/", "console", "app"]),
    ("fluent_bundle", &["console/texts"]),
    ("fluent_langneg", &["console/texts"]),
    ("unic_langid", &["console/texts"]),
    ("form_urlencoded", &["console/"]),
    ("socket2", &["transport/"]),
    ("pulldown_cmark", &["draft/document"]),
    ("roxmltree", &["draft/document", "draft/attachment"]),
    ("zip", &["draft/document", "draft/attachment"]),
    ("exif", &["draft/attachment"]),
    ("img_parts", &["draft/attachment"]),
    ("lopdf", &["draft/attachment"]),
    ("similar", &["cli/draft", "render/changes"]),
    ("askama", &["render/html", "console/"]),
    ("terminal_size", &["cli/terminal"]),
    ("clap_mangen", &["cli/completions"]),
];

/// Generated protobuf types: in `wire`, and where messages of the two services are built or read.
const GENERATED: &[&str] = &["wire", "peer/", "desk/", "cli/", "app.rs"];

/// Deliberate exceptions from the rules. The test fails if one of them is no longer needed.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    // The command line is a client of the desk: it speaks gRPC to the running node, like any other program.
    ("cli/", "desk::client", "the desk's client side"),
    // Values that `node` returns or takes. Nothing of the store is called.
    ("desk/", "store::AgreementRecord", "a value that `node` hands out"),
    ("desk/", "store::receipts", "values that `node` hands out"),
    ("desk/", "store::ListFilter", "a value that `node` takes"),
    ("desk/", "store::unverified", "values that `node` hands out"),
    // No node runs yet, or it could not start, so there is no `node` to call.
    ("cli/init.rs", "store::sqlite::SqliteStore", "makes the empty store"),
    ("cli/error.rs", "store::StoreError", "tells why a node did not start"),
];

/// All breaches of the rules, as `file: what`, and the exceptions that were used.
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

/// The layers, the uppermost first: the `pub mod` lines of `src/lib.rs`.
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
    assert!(idle.is_empty(), "exceptions that are no longer needed: {idle:?}");
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
