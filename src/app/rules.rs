//! House rules on disk: every `*.cedar` and `*.tsv` file of a directory.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    domain::rules::{MAX_BYTES, RuleFault, RuleFile},
    node::house_rules::house::FoundRules,
};

/// Reads the rules in a directory, in the order of the files' names.
///
/// # Errors
/// What can't be read, each fault with its file.
pub fn read(directory: &Path) -> FoundRules {
    match files_in(directory) {
        Ok(files) => match read_files(&files, name_of) {
            (rules, faults) if faults.is_empty() => Ok(Some(rules)),
            (_, faults) => Err(faults),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(vec![RuleFault::of_file(directory.display().to_string(), cant_be_read(&error))]),
    }
}

/// Whether the directory is missing or contains no file of rules.
pub fn is_without(directory: &Path) -> bool {
    match files_in(directory) {
        Ok(files) => files.is_empty(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Reads the rules in these files, and in those of them that are directories. Files keep the names that were given. Also returns what can't be
/// read, each fault with its file.
pub fn read_all(paths: &[PathBuf]) -> (Vec<RuleFile>, Vec<RuleFault>) {
    let (mut files, mut unreadable) = (vec![], vec![]);
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        match files_in(path) {
            Ok(found) if found.is_empty() => {
                let what = "it contains no file of rules (*.cedar, *.tsv)";
                unreadable.push(RuleFault::of_file(path.display().to_string(), what));
            }
            Ok(found) => files.extend(found),
            Err(error) => unreadable.push(RuleFault::of_file(path.display().to_string(), cant_be_read(&error))),
        }
    }
    let (rules, faults) = read_files(&files, |file| file.display().to_string());
    (rules, [unreadable, faults].concat())
}

/// The files of rules in a directory, without editors' locks and backups. A file whose type can't be read stays on the list, so that reading it
/// fails. Otherwise a link whose target has vanished would silently lift a rule.
fn files_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(directory)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    let is_one = |f: &Path| f.extension().is_some_and(|e| e == "cedar" || e == "tsv");
    files.retain(|f| is_one(f) && !name_of(f).starts_with('.') && !f.is_dir());
    files.sort();
    Ok(files)
}

fn name_of(file: &Path) -> String {
    file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn cant_be_read(error: &io::Error) -> String {
    format!("can't be read: {error}")
}

/// Reads the files. Returns the readable ones, and a fault for each of the others.
fn read_files(files: &[PathBuf], name: impl Fn(&Path) -> String) -> (Vec<RuleFile>, Vec<RuleFault>) {
    let (mut rules, mut faults, mut total) = (vec![], vec![], 0usize);
    for file in files {
        let length = match fs::metadata(file) {
            Ok(meta) => meta.len(),
            Err(error) => {
                faults.push(RuleFault::of_file(name(file), cant_be_read(&error)));
                continue;
            }
        };
        total = total.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        if total > MAX_BYTES {
            faults
                .push(RuleFault::of_file(name(file), format!("the rules are longer than {MAX_BYTES} bytes together")));
            break;
        }
        match fs::read_to_string(file) {
            // Some editors put a byte order mark at the beginning of a file.
            Ok(text) => rules.push(RuleFile { name: name(file), text: text.trim_start_matches('\u{feff}').to_owned() }),
            Err(error) => faults.push(RuleFault::of_file(name(file), cant_be_read(&error))),
        }
    }
    (rules, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_s_rules_are_its_cedar_and_tsv_files_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        assert_eq!(read(&at("missing")), Ok(None));
        assert_eq!(read(dir.path()), Ok(Some(vec![])));
        for name in ["b.cedar", "a.cedar", "a.cedar~", "c.tsv", ".c.cedar", ".c.tsv", "notes.txt"] {
            fs::write(at(name), name).unwrap();
        }
        fs::create_dir(at("d.cedar")).unwrap();
        std::os::unix::fs::symlink("nobody@nowhere", at(".#b.cedar")).unwrap();
        let names = |files: Vec<RuleFile>| files.into_iter().map(|f| f.name).collect::<Vec<_>>();
        assert_eq!(names(read(dir.path()).unwrap().unwrap()), ["a.cedar", "b.cedar", "c.tsv"]);
        let given = read_all(&[at("b.cedar"), dir.path().to_owned()]).0;
        assert_eq!(given.len(), 4);
        assert!(given.iter().all(|f| f.name.starts_with(&dir.path().display().to_string())));
        fs::write(at("b.cedar"), [0xff, 0xfe]).unwrap();
        let faults = read(dir.path()).unwrap_err();
        assert!(faults.len() == 1 && faults[0].to_string().starts_with("b.cedar: can't be read"), "{faults:?}");
        std::os::unix::fs::symlink(at("gone"), at("e.cedar")).unwrap();
        assert!(read(dir.path()).unwrap_err().iter().any(|f| f.to_string().starts_with("e.cedar: can't be read")));
        fs::write(at("b.cedar"), "x".repeat(MAX_BYTES + 1)).unwrap();
        assert!(read(dir.path()).unwrap_err()[0].message.contains("longer than"));
        fs::write(at("b.cedar"), "\u{feff}b").unwrap();
        assert_eq!(read_all(&[at("b.cedar")]).0[0].text, "b", "an editor's mark");
        fs::create_dir(at("none")).unwrap();
        assert!(read_all(&[at("none")]).1[0].to_string().ends_with("it contains no file of rules (*.cedar, *.tsv)"));
        // A file that can't be read hides no other file.
        fs::write(at("b.cedar"), "b").unwrap();
        let (rules, faults) = read_all(&[at("nowhere.cedar"), at("b.cedar")]);
        assert_eq!((rules.len(), faults.len()), (1, 1));
    }
}
