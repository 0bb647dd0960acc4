//! Reads Rust source as text: files, comments, paths and `use` trees.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A source file: its path from `src` on, and its text.
pub type File = (String, String);

/// The text without `//` comments. (A `//` in a string cuts that line short, which hides no import.)
pub fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

pub fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first names of all paths that begin with one: `ring` of `ring::digest`, not of `String::new` or `a::ring::b`.
pub fn heads(code: &str) -> BTreeSet<&str> {
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

/// All paths that lead through the crate's root, without `crate::`. Groups are expanded.
pub fn paths_from_the_root(file: &str, code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let begins = !code[..at].ends_with(is_name) && !code[..at].ends_with('$');
        if begins {
            paths.extend(use_tree(&code[at + "crate::".len()..]));
        }
    }
    // `super::super::x` reaches the root if it is as long as the file is deep.
    let depth = file.trim_end_matches(".rs").split('/').count();
    let ups = "super::".repeat(depth);
    for (at, _) in code.match_indices(&ups) {
        if !code[..at].ends_with("::") && !code[..at].ends_with(is_name) {
            paths.extend(use_tree(&code[at + ups.len()..]));
        }
    }
    paths.into_iter().map(|(path, _)| path).collect()
}

/// The paths of a `use` tree, each with the name that it has from then on.
pub fn use_tree(tree: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    spell_out("", tree, &mut paths);
    paths
}

/// Adds the paths of a use tree, each with the name that it has from then on. Returns what follows the tree.
fn spell_out<'a>(before: &str, tree: &'a str, paths: &mut Vec<(String, String)>) -> &'a str {
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
    let last = &tree[..end];
    let path = if before.is_empty() { last.to_owned() } else { format!("{before}::{last}") };
    if let Some(rest) = tree[end..].strip_prefix("::") {
        return spell_out(&path, rest, paths);
    }
    let rest = tree[end..].trim_start();
    let Some(renamed) = rest.strip_prefix("as ") else {
        paths.push((path, last.to_owned()));
        return rest;
    };
    let renamed = renamed.trim_start();
    let end = renamed.find(|c| !is_name(c)).unwrap_or(renamed.len());
    paths.push((path, renamed[..end].to_owned()));
    &renamed[end..]
}

pub fn read(dir: &Path, files: &mut Vec<File>, root: &Path) {
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
