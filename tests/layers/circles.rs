//! No two files import each other, directly or through others.
//!
//! A file imports another when its code names an item that the other defines. The check reads paths as text:
//!
//! - `crate::`, `super::` and `self::` paths, in `use` trees and elsewhere, and paths that begin with a child module
//!   or with an imported module.
//! - Each path is followed through the module files, and through names that a module imports or re-exports, to the file that contains the item.
//!   So `pub use child::X` in `parent.rs` is no import by `parent.rs`: code that names `parent::X` imports `parent/child.rs`. It counts for
//!   `parent.rs` only if its own code names `X` again.
//! - `mod child;` is no import.
//! - An imported module counts as the items that are named through it, or as its file if none is.
//! - Code under `#[cfg(test)]` is left out: a unit test imports what it tests.
//!
//! Not seen are method calls, whose type needs no import, and paths inside macros that begin with `$crate`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    remaining::REMAINING,
    source::{File, is_name, read, use_tree, without_comments},
};

/// The files of a crate, and what each declares and imports.
struct Files {
    files: Vec<Module>,
    /// The index in `files` of each module's path.
    modules: BTreeMap<Vec<String>, usize>,
}

struct Module {
    file: String,
    path: Vec<String>,
    /// The code without comments, tests and `use` declarations.
    code: String,
    imports: Vec<Import>,
}

struct Import {
    name: String,
    /// The path from the root of the crate.
    target: Vec<String>,
    /// Whether the declaration begins with `pub`.
    exported: bool,
}

impl Files {
    /// `root` is the file of the crate's root. The other files are modules: `a/b.rs` in `folder` is `crate::a::b`.
    fn new(root: &str, folder: &str, files: &[File]) -> Self {
        let tests = test_modules(files);
        let mut modules = Vec::new();
        for (file, text) in files {
            let path: Vec<String> = match file == root {
                true => Vec::new(),
                false => module_path(file.strip_prefix(folder).unwrap_or(file)),
            };
            if (0..=path.len()).any(|end| tests.contains(&path[..end])) {
                continue;
            }
            let code = without_tests(&without_comments(text)).replace("pub(in crate::", "pub(in ");
            let (code, declarations) = without_uses(&code);
            modules.push((file.clone(), path, code, declarations));
        }
        let places = modules.iter().enumerate().map(|(i, (_, path, ..))| (path.clone(), i)).collect();
        let mut files = Self { files: Vec::new(), modules: places };
        for (file, path, code, declarations) in modules {
            let imports = declarations.iter().flat_map(|d| files.imports(&path, d)).collect();
            files.files.push(Module { file, path, code, imports });
        }
        files
    }

    /// The names that one `use` declaration of the module brings in from the crate.
    fn imports(&self, module: &[String], declaration: &str) -> Vec<Import> {
        let exported = declaration.starts_with("pub");
        let Some((_, tree)) = declaration.split_once("use ") else { return Vec::new() };
        let mut found = Vec::new();
        for (path, name) in use_tree(tree) {
            let path = path.strip_suffix("::self").unwrap_or(&path);
            let name = if name == "self" { path.rsplit("::").next().unwrap_or_default().to_owned() } else { name };
            if let Some(target) = self.absolute(module, path) {
                found.push(Import { name, target, exported });
            }
        }
        found
    }

    /// The path from the root, if it begins with `crate`, `super`, `self` or a child of the module.
    fn absolute(&self, module: &[String], path: &str) -> Option<Vec<String>> {
        let mut segments = path.split("::").peekable();
        let mut target = module.to_vec();
        match segments.peek() {
            Some(&"crate") => {
                segments.next();
                target.clear();
            }
            Some(&"self") => _ = segments.next(),
            Some(&"super") => {
                while segments.next_if_eq(&"super").is_some() {
                    target.pop();
                }
            }
            Some(first) => {
                target.push((*first).to_owned());
                if !self.modules.contains_key(&target) {
                    return None;
                }
                target.pop();
            }
            None => return None,
        }
        target.extend(segments.map(str::to_owned));
        Some(target)
    }

    /// The module that defines what `path` names, and whether `path` names the module itself.
    fn defined_in(&self, path: &[String], steps: usize) -> Option<(usize, bool)> {
        let mut end = path.len();
        while !self.modules.contains_key(&path[..end]) {
            end = end.checked_sub(1)?;
        }
        let place = *self.modules.get(&path[..end])?;
        let Some(name) = path.get(end) else { return Some((place, true)) };
        match self.files[place].imports.iter().find(|i| i.name == *name) {
            Some(import) if steps > 0 => {
                let onward: Vec<String> = import.target.iter().chain(&path[end + 1..]).cloned().collect();
                self.defined_in(&onward, steps - 1)
            }
            _ => Some((place, false)),
        }
    }

    /// The files that this one imports, with the names that it takes.
    fn imported_by(&self, module: &Module) -> BTreeMap<usize, BTreeSet<String>> {
        let mut targets = Vec::new();
        let paths = paths_in(&module.code);
        for import in &module.imports {
            let through: Vec<_> = paths
                .iter()
                .filter_map(|p| p.strip_prefix(import.name.as_str())?.strip_prefix("::"))
                .map(|rest| import.target.iter().cloned().chain(rest.split("::").map(str::to_owned)).collect())
                .collect();
            let is_module = self.defined_in(&import.target, 9).is_some_and(|(_, whole)| whole);
            if is_module && !through.is_empty() {
                targets.extend(through);
            } else if !import.exported || names(&module.code, &import.name) {
                targets.push(import.target.clone());
            }
        }
        for path in &paths {
            if !module.imports.iter().any(|i| path.split("::").next() == Some(&i.name)) {
                targets.extend(self.absolute(&module.path, path));
            }
        }
        let mut imported: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for target in targets {
            if let Some((place, _)) = self.defined_in(&target, 9)
                && self.files[place].path != module.path
            {
                imported.entry(place).or_default().insert(target.join("::"));
            }
        }
        imported
    }

    /// The circles: the files of each, and the imports that connect them.
    fn circles(&self) -> Vec<(Vec<&str>, String)> {
        let imported: Vec<_> = self.files.iter().map(|m| self.imported_by(m)).collect();
        let reached: Vec<BTreeSet<usize>> = (0..imported.len()).map(|from| reached_from(from, &imported)).collect();
        let mut circles = Vec::new();
        for (first, others) in reached.iter().enumerate() {
            let circle: Vec<usize> = others.iter().copied().filter(|o| reached[*o].contains(&first)).collect();
            if circle.first() != Some(&first) {
                continue; // no circle, or one that was found from its first file
            }
            let mut ties = String::new();
            for from in &circle {
                for (to, names) in imported[*from].iter().filter(|(to, _)| circle.contains(to)) {
                    let (from, to) = (&self.files[*from].file, &self.files[*to].file);
                    ties += &format!("\n  {from} imports {to}: {names:?}");
                }
            }
            circles.push((circle.iter().map(|i| self.files[*i].file.as_str()).collect(), ties));
        }
        circles
    }
}

/// `a/b.rs` as the path of a module.
fn module_path(file: &str) -> Vec<String> {
    file.trim_end_matches(".rs").split('/').map(str::to_owned).collect()
}

/// All files that can be reached from one, over one import or more.
fn reached_from(from: usize, imported: &[BTreeMap<usize, BTreeSet<String>>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<usize> = imported[from].keys().copied().collect();
    while let Some(next) = left.pop() {
        if reached.insert(next) {
            left.extend(imported[next].keys());
        }
    }
    reached
}

/// The modules that are declared under `#[cfg(test)]`.
fn test_modules(files: &[File]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (file, text) in files {
        for (at, mark) in text.match_indices("#[cfg(test)]\n") {
            let declaration = text[at + mark.len()..].lines().find(|l| !l.trim_start().starts_with("#["));
            let name = declaration.and_then(|l| l.split_once("mod ")?.1.strip_suffix(';'));
            let mut path = module_path(file);
            found.extend(name.map(|name| {
                path.push(name.to_owned());
                path
            }));
        }
    }
    found
}

/// The code without the items under `#[cfg(test)]`. It relies on rustfmt: an item ends at the first line with the same
/// indentation that closes a brace or, before any brace, a statement.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim() != "#[cfg(test)]" {
            kept += line;
            kept.push('\n');
            continue;
        }
        let close = format!("{indent}}}");
        let mut opened = false;
        for line in lines.by_ref() {
            opened |= line.ends_with('{');
            if line.starts_with(&close) || !opened && line.ends_with([';', ',', '}']) {
                break;
            }
        }
    }
    kept
}

/// The code without its `use` and `mod` declarations, and the `use` declarations.
fn without_uses(code: &str) -> (String, Vec<String>) {
    let mut kept = String::new();
    let mut uses: Vec<String> = Vec::new();
    let mut open = false;
    for line in code.lines() {
        let start = line.trim_start();
        let begins = start.strip_prefix("pub").map_or(start, |rest| match rest.strip_prefix('(') {
            Some(rest) => rest.split_once(") ").map_or(rest, |(_, rest)| rest),
            None => rest.trim_start(),
        });
        if open {
            uses.last_mut().unwrap().push_str(start);
        } else if begins.starts_with("use ") {
            uses.push(start.to_owned());
        } else {
            if !(begins.starts_with("mod ") && begins.ends_with(';')) {
                kept += line;
                kept.push('\n');
            }
            continue;
        }
        open = !line.trim_end().ends_with(';');
    }
    (kept, uses)
}

/// All paths of two names and more: `crate::a::B`, `module::f`, `Type::new`.
fn paths_in(code: &str) -> BTreeSet<&str> {
    let part = |c: char| is_name(c) || c == ':';
    let mut paths = BTreeSet::new();
    for word in code.split(|c| !part(c)) {
        let word = word.trim_matches(':');
        if word.contains("::") {
            paths.insert(word);
        }
    }
    paths
}

/// Whether the code has this name, as a whole word.
fn names(code: &str, name: &str) -> bool {
    code.split(|c| !is_name(c)).any(|word| word == name)
}

/// The circles of a crate: the files of each, and the imports that connect them.
fn circles_in(dir: &str, root: &str, folder: &str) -> Vec<(Vec<String>, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let mut files = Vec::new();
    read(&dir, &mut files, &dir);
    files.retain(|(file, _)| file != "main.rs"); // a crate of its own
    let all = Files::new(root, folder, &files);
    all.circles().into_iter().map(|(c, ties)| (c.into_iter().map(str::to_owned).collect(), ties)).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut circles = circles_in("src", "lib.rs", "");
    circles.extend(circles_in("benches", "figures.rs", "figures/"));
    let is_within = |circle: &[String], known: &[&str]| circle.iter().all(|file| known.contains(&file.as_str()));
    let new: Vec<String> = circles
        .iter()
        .filter(|(circle, _)| !REMAINING.iter().any(|known| is_within(circle, known)))
        .map(|(circle, ties)| format!("{circle:?}{ties}"))
        .collect();
    assert!(new.is_empty(), "{} circles:\n{}", new.len(), new.join("\n"));
    let gone: Vec<_> =
        REMAINING.iter().filter(|known| !circles.iter().any(|(circle, _)| is_within(circle, known))).collect();
    assert!(gone.is_empty(), "circles that no longer exist; remove them from the list: {gone:?}");
}

/// The circles among made-up files.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let files: Vec<File> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let all = Files::new("lib.rs", "", &files);
    all.circles().into_iter().map(|(circle, _)| circle.into_iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let found = |files: &[(&str, &str)], expected: &[&str]| {
        assert_eq!(circles_of(files), vec![expected.to_vec()], "{files:?}");
    };
    let pair = ["a.rs", "b.rs"];
    found(&[("a.rs", "use crate::b::B;"), ("b.rs", "use super::a::A;")], &pair);
    found(&[("a.rs", "fn f() { crate::b::g(); }"), ("b.rs", "use crate::{a::{self, A}, c};")], &pair);
    found(
        &[("a.rs", "use crate::b;\nfn f() { b::g() }"), ("b.rs", "pub(crate) use crate::a::f;\nfn g() { f() }")],
        &pair,
    );
    // Through a third file.
    found(
        &[("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "use crate::a::A;")],
        &["a.rs", "b.rs", "c.rs"],
    );
    // A parent whose own code uses its child, and the child uses the parent.
    let child = ("a/b.rs", "use super::Shared;");
    found(&[("a.rs", "mod b;\nstruct Shared;\nfn f() { b::g() }"), child], &["a.rs", "a/b.rs"]);
    found(&[("a.rs", "mod b;\npub use b::g;\nstruct Shared;\nfn f() { g() }"), child], &["a.rs", "a/b.rs"]);
    // A name that a third file re-exports is defined in the circle.
    found(&[("a.rs", "use crate::c::B;"), ("b.rs", "use crate::a::A;"), ("c.rs", "pub use crate::b::B;")], &pair);
}

#[test]
fn what_is_no_circle_is_not_reported() {
    let none = |files: &[(&str, &str)]| assert_eq!(circles_of(files), Vec::<Vec<String>>::new(), "{files:?}");
    none(&[("a.rs", "use crate::b::B;"), ("b.rs", "use std::fmt; // unlike crate::a::A")]);
    // A parent that declares its children and re-exports their names.
    none(&[
        ("a.rs", "mod b;\nmod c;\npub use b::B;\npub use c::C;"),
        ("a/b.rs", "use super::C;"),
        ("a/c.rs", "use crate::domain::D;"),
    ]);
    none(&[("a.rs", "mod b;\nmod c;\nuse b::B;\nuse c::C;"), ("a/b.rs", "use super::C;"), ("a/c.rs", "")]);
    // Unit tests import what they test.
    none(&[("a.rs", "use crate::b::B;"), ("b.rs", "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n")]);
    none(&[("a.rs", "use crate::b::B;\n#[cfg(test)]\nmod tests;\n"), ("a/tests.rs", "use super::A;"), ("b.rs", "")]);
}
