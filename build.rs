//! Linker arguments of the shared library.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" {
        // The number is RESPALDO_ABI_VERSION.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,librespaldo.so.1");
        // A thread of the library lives as long as the process, so dlclose must not unmap its code.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    if os == "windows" && std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu") {
        // Two builds are equal byte for byte.
        println!("cargo:rustc-cdylib-link-arg=-Wl,--no-insert-timestamp");
    }
    if os == "macos" {
        // Programs find it where they say, and not where it was built.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/librespaldo.dylib");
    }
}
