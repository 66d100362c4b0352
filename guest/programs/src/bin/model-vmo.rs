//! Random operations on VMOs and mappings, compared with a model: run as
//! `model-vmo -- --seed 1 --steps 1000`, with the gate of `zx_process_write_memory` open.

#![cfg_attr(target_os = "none", no_std, no_main)]

libzx::main!(guest_programs::model::run);
