//! Compiles the counter through which libFuzzer sees SQLite's branches.

fn main() {
    println!("cargo:rerun-if-changed=src/coverage.c");
    cc::Build::new().file("src/coverage.c").compile("coverage");
    // libFuzzer has a function of this name that does nothing.
    println!("cargo:rustc-link-arg-bins=-Wl,--wrap=__sanitizer_cov_trace_pc");
}
