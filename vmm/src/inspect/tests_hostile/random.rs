//! Random bytes at random places, of RAM and of image files.

use super::guest::Rich;
use super::looks::{at_everything, of};
use crate::inspect::{DumpFormat, Inspector, Output};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;

/// A place, as a part of all of them, and what is put there.
type Damage = (f64, Vec<u8>);

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    vec((0.0..1.0, vec(any::<u8>(), 1..16)), 1..40)
}

/// The place in `length` bytes.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "any place will do"
)]
fn place(part: f64, length: usize) -> usize {
    (part * length as f64) as usize
}

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// An image of the guest that has everything.
fn image(name: &str) -> (Scratch, Vec<u8>) {
    let name = format!("vmm-hostile-{}-{name}", std::process::id());
    let file = Scratch(std::env::temp_dir().join(name));
    let rich = Rich::new();
    let mut inspector = rich.inspector();
    let paused = inspector.pause().unwrap();
    let mut output = Output::create(&file.0, true).unwrap();
    paused
        .dump(DumpFormat::Elf, &mut output, &mut |_, _| {})
        .unwrap();
    output.finish().unwrap();
    let bytes = fs::read(&file.0).unwrap();
    (file, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn random_damage_to_structures_is_borne(damage in damage()) {
        let rich = Rich::new();
        let end = usize::try_from(rich.end()).unwrap() - 0x1000 - 16;
        for (part, bytes) in damage {
            let at = 0x1000 + place(part, end);
            let at = vm_memory::GuestAddress(at as u64);
            crate::memory::BulkMemory::write_bytes(&**rich.guest.ram(), at, &bytes).unwrap();
        }
        at_everything(&rich);
    }

    #[test]
    fn random_damage_to_an_image_is_borne(damage in damage(), cut in 0.0..2.0) {
        let (file, mut bytes) = image("damaged");
        // Half of it goes into the headers and notes, which are small.
        for (index, (part, new)) in damage.into_iter().enumerate() {
            let length = if index % 2 == 0 { 0x4000 } else { bytes.len() };
            let at = place(part, length - 16);
            bytes[at..at + new.len()].copy_from_slice(&new);
        }
        bytes.truncate(place(cut, bytes.len()));
        fs::write(&file.0, &bytes).unwrap();
        if let Ok(mut inspector) = Inspector::image(&file.0) {
            of(&mut inspector);
        }
    }
}
