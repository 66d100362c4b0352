//! Links the programs as guest programs when they are built for the guest.

fn main() {
    println!("cargo::rerun-if-changed=../libzx/program.ld");
    let none = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    if let (true, Ok(folder)) = (none, std::env::var("CARGO_MANIFEST_DIR")) {
        println!("cargo::rustc-link-arg-bins=-T{folder}/../libzx/program.ld");
        println!("cargo::rustc-link-arg-bins=-zmax-page-size=4096");
        // The target's default is a position-independent executable; ours are fixed.
        println!("cargo::rustc-link-arg-bins=--no-pie");
    }
}
