//! The layers of `src/`: each uses only those below it, and no two files use each other in a circle.
//!
//! The order stands here and nowhere else. Every `crate::` path in the code of a file counts, in tests too; comments do not.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the top to the bottom. A name is a folder of `src/` or a file in it.
///
/// `store` stands below the operations and not above them: each of them is a method of `Store`, written in its own file.
const LAYERS: [&str; 16] = [
    "lib",
    "capi",
    "operations",
    "steps",
    "archive",
    "catalog",
    "store",
    "database",
    "pages",
    "block_io",
    "files",
    "options",
    "clock",
    "report",
    "failpoint",
    "beside",
];

#[test]
fn every_file_uses_only_its_own_layer_and_those_below_it() {
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(tree.files.len() > 40, "the sources were not found");
    let uses: usize = tree.files.values().map(BTreeSet::len).sum();
    assert!(uses > 200, "only {uses} uses were found: is the reader still right?");
    assert_eq!(tree.faults(), Vec::<String>::new());
}

#[test]
fn a_use_upwards_is_found_and_names_both_files() {
    let faults = faults_of(&[
        ("report/error.rs", "use crate::files::paths::parent;"),
        ("files/paths.rs", "pub fn parent() {}"),
    ]);
    assert_eq!(faults, ["report/error.rs uses files/paths.rs, which is above it"]);
}

#[test]
fn a_use_upwards_in_the_middle_of_a_line_or_of_a_group_is_found() {
    let faults = faults_of(&[
        (
            "database/header.rs",
            "fn f() { let _ = crate::steps::snapshot::take(); }",
        ),
        (
            "database/shape.rs",
            "use crate::{\n    report::error::Error,\n    catalog::{\n        names,\n        scan::Scan,\n    },\n};",
        ),
        ("steps/snapshot.rs", ""),
        ("catalog/names.rs", ""),
        ("catalog/scan.rs", ""),
        ("report/error.rs", ""),
    ]);
    assert_eq!(
        faults,
        [
            "database/header.rs uses steps/snapshot.rs, which is above it",
            "database/shape.rs uses catalog/names.rs, which is above it",
            "database/shape.rs uses catalog/scan.rs, which is above it",
        ]
    );
}

#[test]
fn a_circle_is_found_and_a_comment_is_no_use() {
    let faults = faults_of(&[
        ("files/a.rs", "use crate::files::b;"),
        ("files/b.rs", "use super::c::C;"),
        ("files/c.rs", "use crate::files::{a, d};"),
        ("files/d.rs", "// use crate::files::a;\n//! [`crate::capi`]"),
        ("capi/mod.rs", "use crate::files::a;"),
    ]);
    assert_eq!(
        faults,
        ["files/a.rs, files/b.rs, files/c.rs use each other in a circle"]
    );
}

#[test]
fn a_folder_that_no_layer_names_is_a_fault() {
    let faults = faults_of(&[("helpers/mod.rs", "")]);
    assert_eq!(faults, ["helpers/mod.rs is in no layer"]);
}

/// The faults of a tree that is made of these files.
fn faults_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    Tree::read(folder.path()).faults()
}

/// Each file below `src/`, with the files that it uses. Paths have forward slashes.
struct Tree {
    files: BTreeMap<String, BTreeSet<String>>,
}

impl Tree {
    fn read(root: &Path) -> Tree {
        let paths = rust_files(root);
        let name = |path: &Path| {
            let relative = path.strip_prefix(root).expect("below the root");
            relative.to_string_lossy().replace('\\', "/")
        };
        let names: BTreeSet<String> = paths.iter().map(|path| name(path)).collect();
        let files = paths.iter().map(|path| {
            let own = name(path);
            let code = without_comments(&fs::read_to_string(path).expect("readable"));
            let uses = used_paths(&code, &own);
            let mut used: BTreeSet<String> = uses.iter().filter_map(|used| file_of(used, &names)).collect();
            used.remove(&own);
            (own, used)
        });
        Tree { files: files.collect() }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (file, used) in &self.files {
            let Some(own) = layer(file) else {
                faults.push(format!("{file} is in no layer"));
                continue;
            };
            let above = used.iter().filter(|used| layer(used).is_some_and(|layer| layer < own));
            faults.extend(above.map(|used| format!("{file} uses {used}, which is above it")));
        }
        faults.extend(self.circles());
        faults
    }

    /// Files that reach each other, once for each such set.
    fn circles(&self) -> BTreeSet<String> {
        let reached = |from: &String| {
            let mut reached = BTreeSet::new();
            let mut open = vec![from];
            while let Some(file) = open.pop() {
                for used in self.files.get(file).into_iter().flatten() {
                    // `mod.rs` lists its folder's files; only what it takes from them is a use.
                    if reached.insert(used) {
                        open.push(used);
                    }
                }
            }
            reached
        };
        let reach: BTreeMap<&String, BTreeSet<&String>> = self.files.keys().map(|file| (file, reached(file))).collect();
        let mut circles = BTreeSet::new();
        for (file, reached) in &reach {
            if reached.contains(file) {
                let others = reached.iter().filter(|other| reach[**other].contains(file));
                let circle: BTreeSet<&str> = others.map(|other| other.as_str()).collect();
                let circle: Vec<&str> = circle.into_iter().collect();
                circles.insert(format!("{} use each other in a circle", circle.join(", ")));
            }
        }
        circles
    }
}

/// The place of a file's layer in the order, from the top.
fn layer(file: &str) -> Option<usize> {
    let first = file.split('/').next().unwrap_or(file).trim_end_matches(".rs");
    LAYERS.iter().position(|layer| *layer == first)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn without_comments(text: &str) -> String {
    let code = text
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    code.collect::<Vec<_>>().join("\n")
}

/// Every path below the crate's root that `code` names, as `files::paths::parent`. Groups in braces are taken apart.
fn used_paths(code: &str, own: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let module = own.trim_end_matches(".rs").trim_end_matches("/mod");
    let parent = module
        .rsplit_once('/')
        .map_or("", |(parent, _)| parent)
        .replace('/', "::");
    for (start, prefix) in [("crate::", String::new()), ("super::", parent)] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            // In a module inside a file `super` is the file itself.
            let nested = start == "super::" && code[..at].rsplit('\n').next().is_some_and(|line| line.starts_with(' '));
            if before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':') || nested {
                continue;
            }
            let prefix = if prefix.is_empty() {
                String::new()
            } else {
                format!("{prefix}::")
            };
            take_apart(&code[at + start.len()..], &prefix, &mut paths);
        }
    }
    paths
}

/// Adds the path at the beginning of `text`, or each path of the group there; what is left of `text`.
fn take_apart<'a>(text: &'a str, prefix: &str, paths: &mut BTreeSet<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            match rest.strip_prefix('}') {
                Some(behind) => return behind,
                None if rest.is_empty() => return rest,
                None => {
                    let behind = take_apart(rest, prefix, paths);
                    // An alias, or whatever else is no path.
                    let end = behind.find([',', '}']).unwrap_or(behind.len());
                    rest = &behind[end..];
                }
            }
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match rest.strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{') => {
            take_apart(rest, &format!("{prefix}{name}::"), paths)
        }
        _ => {
            paths.insert(format!("{prefix}{name}"));
            rest
        }
    }
}

/// The file that holds what a path names: the longest beginning of the path that is a file.
fn file_of(path: &str, files: &BTreeSet<String>) -> Option<String> {
    let mut parts: Vec<&str> = path.split("::").collect();
    while !parts.is_empty() {
        let joined = parts.join("/");
        let candidates = [format!("{joined}.rs"), format!("{joined}/mod.rs")];
        if let Some(found) = candidates.into_iter().find(|candidate| files.contains(candidate)) {
            return Some(found);
        }
        parts.pop();
    }
    None
}
