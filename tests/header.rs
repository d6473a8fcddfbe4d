//! The committed header is the one that the source generates. `make header` writes it anew.

#![allow(clippy::expect_used, reason = "a test stops at what it does not expect")]

use std::path::Path;

fn generated() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/capi/mod.rs"))
        .with_src(root.join("src/report/status.rs"))
        .generate()
        .expect("a header");
    let mut header = Vec::new();
    bindings.write(&mut header);
    String::from_utf8(header).expect("UTF-8")
}

#[test]
fn the_committed_header_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/respaldo.h");
    let generated = generated();
    if std::env::var_os("RESPALDO_WRITE_HEADER").is_some() {
        std::fs::write(&path, &generated).expect("written");
    }
    let committed = std::fs::read_to_string(&path).expect("include/respaldo.h");
    let differs = committed
        .lines()
        .zip(generated.lines())
        .find(|(committed, generated)| committed != generated);
    assert_eq!(differs, None, "run `make header` and commit what it writes");
    assert_eq!(
        committed.len(),
        generated.len(),
        "run `make header` and commit what it writes"
    );
}
