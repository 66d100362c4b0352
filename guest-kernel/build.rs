//! Hands the linker script to the linker when the kernel is built for its own target.

fn main() {
    println!("cargo::rerun-if-changed=kernel.ld");
    let none = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    if let (true, Ok(folder)) = (none, std::env::var("CARGO_MANIFEST_DIR")) {
        println!("cargo::rustc-link-arg-bins=-T{folder}/kernel.ld");
        println!("cargo::rustc-link-arg-bins=-zmax-page-size=4096");
    }
}
