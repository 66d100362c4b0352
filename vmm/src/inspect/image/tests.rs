//! Images that are broken, on purpose or not, and guests in them that are.

use super::super::save::layout::{NOTE_MACHINE, VMOSCOPE};
use super::super::{InspectError, Inspector, MachineState};
use crate::objects::mock::MockGuest;
use abi::RootBlock;
use std::fs;
use std::path::PathBuf;
use vm_memory::GuestAddress;

/// A file that no other test uses; it is removed with this.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let name = format!("vmm-image-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// RAM of a mock with one process.
fn ram(change: impl FnOnce(&mut MockGuest)) -> Vec<u8> {
    use crate::memory::PhysicalMemory;
    let mut guest = MockGuest::new(1 << 20).unwrap();
    guest.process("first").unwrap();
    guest.vmo("data", 4096).unwrap();
    change(&mut guest);
    let mut bytes = vec![0; 1 << 20];
    guest.ram().read_bytes(GuestAddress(0), &mut bytes).unwrap();
    bytes
}

/// A segment of a core: type, offset, physical address, bytes in the file, bytes in memory.
type Segment = (u32, u64, u64, u64, u64);

const LOAD: u32 = 1;
const NOTE: u32 = 4;

/// An ELF core of 64 bits with these segments and `body` from byte 0x1000 on.
fn core(segments: &[Segment], count: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x7FELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend(4u16.to_le_bytes()); // ET_CORE
    bytes.extend(62u16.to_le_bytes()); // EM_X86_64
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(64u64.to_le_bytes()); // e_phoff
    bytes.extend(0u64.to_le_bytes()); // e_shoff
    bytes.extend(0u32.to_le_bytes());
    for word in [64u16, 56, count, 64, 0, 0] {
        bytes.extend(word.to_le_bytes());
    }
    for (kind, offset, physical, in_file, in_memory) in segments {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(7u32.to_le_bytes());
        for word in [*offset, 0, *physical, *in_file, *in_memory, 0] {
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes.resize(bytes.len().max(0x1000), 0);
    bytes.extend(body);
    bytes
}

fn note(owner: &[u8], kind: u32, content: &[u8]) -> Vec<u8> {
    let word = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut bytes = word(owner.len() + 1).to_vec();
    bytes.extend(word(content.len()));
    bytes.extend(kind.to_le_bytes());
    bytes.extend(owner);
    bytes.push(0);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    let file = Scratch::new(name, bytes);
    let error = Inspector::image(&file.0).unwrap_err();
    assert!(matches!(error, InspectError::NotAnImage { .. }), "{error}");
    error.to_string()
}

/// Segments that are the whole of a mock's RAM, in halves.
fn halves() -> [Segment; 2] {
    [
        (LOAD, 0x1000, 0, 0x8_0000, 0x8_0000),
        (LOAD, 0x8_1000, 0x8_0000, 0x8_0000, 0x8_0000),
    ]
}

#[test]
fn a_core_of_somebody_else_is_searched_for_the_root_block() {
    let file = Scratch::new("halves", &core(&halves(), 2, &ram(|_| {})));
    let mut image = Inspector::image(&file.0).unwrap();
    assert!(image.problems().is_empty(), "{}", image.problems());
    let (survey, _) = image.survey().unwrap();
    assert!(survey.problems.is_empty(), "{}", survey.problems);
    assert_eq!(survey.processes.len(), 1);
}

#[test]
fn a_core_whose_headers_lie_is_refused_or_told_of() {
    let ram = ram(|_| {});
    assert!(refusal("none", &core(&[], 0, &ram)).contains("no memory"));
    // More segments than the file has room for; a number that stands elsewhere, which there
    // is none of.
    assert!(refusal("count", &core(&halves(), 60_000, &ram)).contains("make no sense"));
    assert!(refusal("xnum", &core(&halves(), 0xFFFF, &ram)).contains("make no sense"));

    let [first, second] = halves();
    for (name, segment, wanted) in [
        (
            "wraps",
            (LOAD, 0x1000, u64::MAX - 1, 0x1000, 0x1000),
            "wraps",
        ),
        ("behind", (LOAD, u64::MAX - 5, 1 << 30, 9, 9), "cut short"),
        ("other", (LOAD, 0, 0x4000, 0x1000, 0x1000), "other bytes"),
        (
            "huge",
            (LOAD, 0x1000, 1 << 40, u64::MAX >> 1, u64::MAX >> 1),
            "cut short",
        ),
        ("left", (LOAD, 0x1000, 1 << 40, 0, 0x1000), "were not saved"),
        ("notes", (NOTE, 0, 0, u64::MAX, 0), "bytes of notes"),
        (
            "outside",
            (NOTE, 1 << 40, 0, 0x1000, 0),
            "notes cannot be read",
        ),
    ] {
        let file = Scratch::new(name, &core(&[first, second, segment], 3, &ram));
        let mut image = Inspector::image(&file.0).unwrap();
        let problems = image.problems().to_string();
        assert!(problems.contains(wanted), "{name}: {problems}");
        let (survey, _) = image.survey().unwrap();
        assert_eq!(survey.processes.len(), 1, "{name}");
        assert_eq!(survey.problems.count(), 1, "{name}: {}", survey.problems);
    }
}

#[test]
fn segments_beyond_all_measure_are_told_of_in_part() {
    // A piece for every second byte: each would need a mapping of its own.
    let segments: Vec<_> = (0..60_000)
        .map(|number| (LOAD, 64, number * 2, 1, 1))
        .collect();
    let file = Scratch::new("pieces", &core(&segments, 60_000, &[]));
    let image = Inspector::image(&file.0).unwrap();
    let problems = image.problems().to_string();
    assert!(problems.contains("pieces"), "{problems}");
}

#[test]
fn more_segments_than_the_header_has_room_for_are_found() {
    let ram = ram(|_| {});
    let mut bytes = core(&halves(), 0xFFFF, &ram);
    // The number stands in the first section header (System V ABI, figure 4-7).
    let section = bytes.len() as u64;
    bytes[40..48].copy_from_slice(&section.to_le_bytes());
    bytes[60..62].copy_from_slice(&1u16.to_le_bytes());
    let mut header = [0; 64];
    header[44..48].copy_from_slice(&2u32.to_le_bytes());
    bytes.extend(header);
    let file = Scratch::new("many", &bytes);
    let (survey, _) = Inspector::image(&file.0).unwrap().survey().unwrap();
    assert_eq!(survey.processes.len(), 1);
    // A number out of this world.
    let at = bytes.len() - 64 + 44;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refusal("too-many", &bytes).contains("is the most"));
}

#[test]
fn the_living_root_block_counts_and_not_its_copies() {
    let guest = MockGuest::new(1 << 20).unwrap();
    let root = usize::try_from(guest.root().0).unwrap();
    let mut bytes = ram(|_| {});
    // Older states before and behind: no process yet, another size of RAM.
    let mut stale: RootBlock = guest.get(guest.root()).unwrap();
    stale.frame_count = 9;
    stale.call_page = abi::Link::new(0xF_0000);
    let stale = zerocopy::IntoBytes::as_bytes(&stale);
    for at in [0, 0xC_0000] {
        let to = bytes.get_mut(at..at + 4096).unwrap();
        to.copy_from_slice(&stale[..4096]);
    }
    let file = Scratch::new("stale", &bytes);
    let mut image = Inspector::image(&file.0).unwrap();
    let paused = image.pause().unwrap();
    assert_eq!(paused.machine().root.0, root as u64);
    assert_eq!(paused.survey().unwrap().processes.len(), 1);
}

#[test]
fn a_kernel_of_another_version_is_named_and_its_bytes_can_be_read() {
    use crate::memory::PhysicalMemory;
    let bytes = ram(|guest| {
        guest
            .edit(guest.root(), |root: &mut RootBlock| root.version = 77)
            .unwrap();
    });
    let file = Scratch::new("version", &bytes);
    let mut image = Inspector::image(&file.0).unwrap();
    let both = format!(
        "version 77, and this vmm knows version {}",
        abi::ABI_VERSION
    );
    let problems = image.problems().to_string();
    assert!(problems.contains(&both), "{problems}");
    let paused = image.pause().unwrap();
    let error = paused.survey().unwrap_err().to_string();
    assert!(error.contains(&both), "{error}");
    let word = paused
        .memory()
        .read_u64(GuestAddress(paused.machine().root.0));
    assert_eq!(word, Ok(abi::root::ROOT_MAGIC));
}

#[test]
fn what_our_note_says_is_not_trusted() {
    let state = MachineState {
        root: 0x7_F000.into(),
        ..MachineState::default()
    };
    let state = serde_json::to_vec(&state).unwrap();
    for (content, wanted) in [
        (&state[..], "no usable root block at guest-physical 0x7f000"),
        (b"{\"root\": 5", "cannot be read"),
        (&[0xFF; 40], "cannot be read"),
    ] {
        let ram = ram(|_| {});
        let note = note(VMOSCOPE, NOTE_MACHINE, content);
        let [first, second] = halves();
        let length = note.len() as u64;
        let segment = (NOTE, 0x10_1000, 0, length, length);
        let body = [ram, note].concat();
        let file = Scratch::new("note", &core(&[first, second, segment], 3, &body));
        let mut image = Inspector::image(&file.0).unwrap();
        let problems = image.problems().to_string();
        assert!(problems.contains(wanted), "{problems}");
        let (survey, _) = image.survey().unwrap();
        assert_eq!(survey.processes.len(), 1);
    }
}
