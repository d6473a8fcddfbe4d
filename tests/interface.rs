//! `tests/conformance/interface.json`, which the bindings are made from, is what the header and the readers of requests say.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// What every binding does by hand: opening, closing, and what the library says of itself.
const NOT_IN_THE_TABLE: [&str; 6] = ["open", "close", "string_free", "version", "abi_version", "status_name"];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

fn interface() -> Value {
    serde_json::from_str(&read("tests/conformance/interface.json")).expect("JSON")
}

fn functions(interface: &Value) -> BTreeMap<String, &Map<String, Value>> {
    let functions = interface["functions"].as_array().expect("functions").iter();
    functions
        .map(|function| {
            let function = function.as_object().expect("an object");
            (function["name"].as_str().expect("a name").to_owned(), function)
        })
        .collect()
}

/// The text between `from` and `to`, and what follows.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<(&'a str, &'a str)> {
    text.split_once(from)?.1.split_once(to)
}

/// The arguments of every function of the header, by its name without prefix.
fn prototypes() -> BTreeMap<String, String> {
    let header = read("include/respaldo.h");
    let code: Vec<&str> = header.lines().filter(|line| !line.starts_with("//")).collect();
    let code = code.join("\n");
    let (_, mut rest) = code.split_once("extern \"C\" {").expect("prototypes");
    let mut found = BTreeMap::new();
    while let Some((prototype, behind)) = rest.split_once(';') {
        let (head, arguments) = prototype.split_once('(').expect("a prototype");
        let name = head.rsplit("respaldo_").next().expect("a name");
        found.insert(name.to_owned(), arguments.to_owned());
        rest = behind;
    }
    found
}

/// The strings of the first `&[...]` in a text.
fn listed(text: &str) -> BTreeSet<String> {
    let (list, _) = between(text, "&[", "]").expect("a list");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// All files of the C boundary.
fn boundary() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/capi");
    let files = fs::read_dir(folder).expect("src/capi");
    files
        .map(|file| fs::read_to_string(file.expect("an entry").path()).expect("readable"))
        .collect()
}

/// The keys that the library's reader of a function's request knows.
fn keys_read(boundary: &str, function: &str) -> BTreeSet<String> {
    let (_, body) = boundary
        .split_once(&format!("fn respaldo_{function}("))
        .expect("the function");
    let call = body
        .split_once("|store,")
        .and_then(|(before, _)| before.rsplit_once(".run"));
    let (_, call) = call.expect("a call");
    let (_, reader) = call.split_once("requests::").expect("a reader");
    // `|json| requests::switch(json, "dry_run")`: one key, told here.
    if let Some((arguments, _)) = between(reader, "(", ")") {
        return arguments.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    }
    let reader = reader.split(',').next().expect("a name");
    let (_, body) = boundary
        .split_once(&format!("pub(super) fn {reader}("))
        .expect("the reader that the function names");
    listed(body.split_once("Fields::parse(").expect("its keys").1)
}

fn keys(recorded: &Map<String, Value>) -> BTreeSet<String> {
    recorded
        .keys()
        .map(|key| key.trim_end_matches('?').to_owned())
        .collect()
}

#[test]
fn the_functions_are_those_of_the_header() {
    let interface = interface();
    let recorded = functions(&interface);
    let prototypes = prototypes();
    let mut names: BTreeSet<&str> = recorded.keys().map(String::as_str).collect();
    names.extend(NOT_IN_THE_TABLE);
    assert_eq!(names, prototypes.keys().map(String::as_str).collect());
    for (name, function) in recorded {
        let arguments = &prototypes[&name];
        assert_eq!(function["progress"], arguments.contains("progress"), "{name}: progress");
        assert_eq!(
            function["request"].is_object(),
            arguments.contains("request_json"),
            "{name}: request"
        );
    }
}

#[test]
fn the_statuses_are_those_of_the_header() {
    let interface = interface();
    let header = read("include/respaldo.h");
    let defined: BTreeMap<&str, i64> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define RESPALDO_"))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(name, number)| Some((name, number.parse().ok()?)))
        .collect();
    let mut recorded: BTreeMap<&str, i64> = BTreeMap::new();
    for (name, number) in interface["statuses"].as_object().expect("statuses") {
        recorded.insert(name, number.as_i64().expect("a number"));
    }
    recorded.insert("ABI_VERSION", interface["abi_version"].as_i64().expect("a number"));
    assert_eq!(recorded, defined);
}

#[test]
fn the_keys_of_every_request_are_those_that_the_library_reads() {
    let interface = interface();
    let boundary = boundary();
    for (name, function) in functions(&interface) {
        if let Some(request) = function["request"].as_object() {
            assert_eq!(keys(request), keys_read(&boundary, &name), "{name}");
        }
    }
}

#[test]
fn the_options_are_those_that_the_library_reads() {
    let interface = interface();
    let source = read("src/capi/open_options.rs");
    let options = interface["options"].as_object().expect("options");
    assert_eq!(
        keys(options),
        listed(source.split_once("Fields::parse(").expect("options").1)
    );
    for (key, kind) in options {
        let key = key.trim_end_matches('?');
        let kind = kind.as_str().expect("a type").trim_end_matches('?');
        if let (Some(recorded), Some((_, behind))) = (
            interface["types"][kind].as_object(),
            source.split_once(&format!("fields.object(\"{key}\", ")),
        ) {
            assert_eq!(keys(recorded), listed(behind), "{key}");
        }
    }
}
