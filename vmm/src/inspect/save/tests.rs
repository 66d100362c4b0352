//! What is saved of a made-up guest and opened again gives the same answers.

use super::super::{
    Hex, InspectError, Inspector, MachineState, Origin, Output, Place, Segment, VcpuState,
};
use super::DumpFormat;
use crate::memory::PhysicalMemory;
use crate::objects::mock::MockGuest;
use abi::Rights;
use abi::layout::PAGE_SIZE;
use std::fs;
use std::path::PathBuf;
use vm_memory::GuestAddress;

/// A file that no other test uses; it is removed with this.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let name = format!("vmm-save-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Where the program has memory.
const ADDRESS: u64 = 0x2000_0000;

fn guest() -> MockGuest {
    let mut guest = MockGuest::new(4 << 20).unwrap();
    let process = guest.process("first").unwrap();
    guest.thread(process, "main").unwrap();
    let vmo = guest.user_memory(process, ADDRESS, 2 * PAGE_SIZE).unwrap();
    guest.write_user(process, ADDRESS, b"here it is").unwrap();
    guest.handle(process, vmo, Rights::READ).unwrap();
    guest
}

/// All that a survey holds, as text.
fn survey(inspector: &mut Inspector) -> String {
    let (mut survey, _) = inspector.survey().unwrap();
    assert!(survey.problems.is_empty(), "{}", survey.problems);
    // A raw image holds nothing of the machine but its RAM.
    survey.machine = MachineState::default();
    format!(
        "{:#?} {:#?} {:#?} {:#?}",
        survey.root, survey.processes, survey.vmos, survey.job
    )
}

#[test]
fn an_image_of_a_mock_answers_as_the_mock() {
    let guest = guest();
    let mut inspector = Inspector::mock(&guest);
    let expected = survey(&mut inspector);
    let paused = inspector.pause().unwrap();
    for (format, name) in [(DumpFormat::Elf, "elf"), (DumpFormat::Raw, "raw")] {
        let file = Scratch::new(name);
        let mut output = Output::create(&file.0, false).unwrap();
        let mut steps = Vec::new();
        let dump = paused
            .dump(format, &mut output, &mut |done, all| {
                steps.push((done, all))
            })
            .unwrap();
        output.finish().unwrap();
        assert_eq!(dump.bytes, fs::metadata(&file.0).unwrap().len());
        assert_eq!(dump.ram, 4 << 20);
        assert_eq!(steps.last(), Some(&(4 << 20, 4 << 20)));

        let mut image = Inspector::image(&file.0).unwrap();
        assert!(matches!(image.origin(), Origin::Image { format, .. } if *format == name));
        assert_eq!(survey(&mut image), expected, "{name}");
        let again = image.pause().unwrap();
        for page in (0..4 << 20).step_by(4096) {
            let (mut there, mut here) = ([0; 4096], [0; 4096]);
            let at = GuestAddress(page);
            paused.memory().read_bytes(at, &mut there).unwrap();
            again.memory().read_bytes(at, &mut here).unwrap();
            assert!(there == here, "{name}: page at {page:#x}");
        }
    }
}

/// A state in which every field is another.
fn state() -> MachineState {
    let mut next = 0x1000;
    let mut hex = || {
        next += 0x1111_1111;
        Hex(next)
    };
    let mut vcpu = VcpuState {
        place: Place::Program,
        cr0: hex(),
        cr2: hex(),
        cr4: hex(),
        fxsave: "ab".repeat(512),
        cs: Segment {
            selector: 0x33,
            base: hex(),
            limit: 0xFFFF_FFFF,
            flags: 0xA0_FB00,
        },
        ..VcpuState::default()
    };
    vcpu.general.rip = hex();
    vcpu.general.rsp = hex();
    vcpu.general.r15 = hex();
    vcpu.fs.base = hex();
    vcpu.gdt.base = hex();
    vcpu.gdt.limit = 0x7F;
    MachineState {
        ram: 4 << 20,
        command_line: "a b".to_owned(),
        programs: vec!["first".to_owned()],
        elapsed_ns: 77,
        vcpus: vec![vcpu],
        ..MachineState::default()
    }
}

#[test]
fn the_machines_state_is_saved_with_it_and_for_others_too() {
    let guest = guest();
    let mut expected = state();
    expected.root = Hex(guest.root().0);
    let mut inspector = Inspector::mock_machine(&guest, expected.clone());
    let paused = inspector.pause().unwrap();
    let file = Scratch::new("state");
    let mut output = Output::create(&file.0, false).unwrap();
    let dump = paused
        .dump(DumpFormat::Elf, &mut output, &mut |_, _| {})
        .unwrap();
    output.finish().unwrap();
    assert_eq!(dump.vcpus, 1);
    let mut image = Inspector::image(&file.0).unwrap();
    assert_eq!(image.pause().unwrap().machine(), &expected);

    // Without our own note, the notes of QEMU and Linux tell the same registers.
    let mut bytes = fs::read(&file.0).unwrap();
    let own = bytes
        .windows(9)
        .position(|word| word == b"VMOSCOPE\0")
        .unwrap();
    bytes[own] = b'v';
    fs::write(&file.0, bytes).unwrap();
    let mut image = Inspector::image(&file.0).unwrap();
    let paused = image.pause().unwrap();
    let machine = paused.machine();
    assert_eq!(machine.vcpus, expected.vcpus);
    assert_eq!(
        machine.root, expected.root,
        "the root block is searched for"
    );
}

#[test]
fn what_is_missing_at_the_end_is_told_and_the_rest_can_be_read() {
    let guest = guest();
    let mut inspector = Inspector::mock(&guest);
    let paused = inspector.pause().unwrap();
    let file = Scratch::new("short");
    let mut output = Output::create(&file.0, false).unwrap();
    paused
        .dump(DumpFormat::Elf, &mut output, &mut |_, _| {})
        .unwrap();
    output.finish().unwrap();
    let whole = fs::metadata(&file.0).unwrap().len();
    let cut = fs::OpenOptions::new().write(true).open(&file.0).unwrap();
    cut.set_len(whole - (1 << 20)).unwrap();
    let mut image = Inspector::image(&file.0).unwrap();
    assert_eq!(image.problems().count(), 1, "{}", image.problems());
    assert!(image.problems().told()[0].contains("1048576 bytes"));
    let (survey, _) = image.survey().unwrap();
    assert_eq!(survey.problems.count(), 1);
    assert_eq!(survey.processes.len(), 1);

    // Cut within its head, it is no image any more; never a panic.
    for length in [5, 63, 64, 100, 500] {
        cut.set_len(length).unwrap();
        let error = Inspector::image(&file.0).unwrap_err();
        assert!(
            matches!(error, InspectError::NotAnImage { .. }),
            "{length}: {error}"
        );
    }
}
