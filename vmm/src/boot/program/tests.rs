//! Good files laid out as promised, bad ones refused for the right reason, and no file
//! at all that makes the checks panic.

use super::*;
use crate::boot::PROGRAMS;
use abi::objects::Permissions;
use proptest::prelude::*;
use zerocopy::FromBytes;

const CODE: u32 = 5;
const DATA: u32 = 6;

/// A segment of a file made by hand.
#[derive(Clone)]
struct Load {
    flags: u32,
    address: u64,
    data: Vec<u8>,
    memory_size: u64,
}

fn load(flags: u32, address: u64, data: &[u8], memory_size: u64) -> Load {
    let data = data.to_vec();
    Load {
        flags,
        address,
        data,
        memory_size,
    }
}

/// An ELF file with these segments; each one's bytes follow the headers.
fn file(entry: u64, loads: &[Load]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    for half in [2u16, 62] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(1u32.to_le_bytes());
    for word in [entry, 64, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0u32.to_le_bytes());
    let count = u16::try_from(loads.len()).unwrap();
    for half in [64u16, 56, count, 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    let mut offset = (64 + 56 * loads.len()) as u64;
    for load in loads {
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(load.flags.to_le_bytes());
        let size = load.data.len() as u64;
        for word in [
            offset,
            load.address,
            load.address,
            size,
            load.memory_size,
            4096,
        ] {
            bytes.extend(word.to_le_bytes());
        }
        offset += size;
    }
    for load in loads {
        bytes.extend(&load.data);
    }
    bytes
}

fn image(elf: Vec<u8>) -> Result<ProgramImage, ProgramError> {
    let program = Program {
        name: "victim".into(),
        elf,
        args: vec!["one".into()],
        env: vec!["A=1".into()],
    };
    ProgramImage::new(&program, &[])
}

fn good() -> [Load; 2] {
    [
        load(CODE, 0x100_0010, &[0x90; 100], 100),
        load(DATA, 0x100_2FF8, &[7; 16], 0x5000),
    ]
}

fn header(image: &ProgramImage) -> ProgramHeader {
    ProgramHeader::read_from_prefix(image.bytes()).unwrap().0
}

#[test]
fn segments_lie_in_whole_pages_with_zeros_around_their_bytes() {
    let image = image(file(0x100_0010, &good())).unwrap();
    let header = header(&image);
    assert_eq!(image.bytes().len() % 4096, 0);
    assert_eq!(header.segment_count, 2);
    assert_eq!(header.entry, 0x100_0010);
    assert_eq!(header.stack_size, 256 << 10);
    assert_eq!(&header.name[..7], b"victim\0");
    let [code, data] = [header.segments[0], header.segments[1]];
    assert_eq!(
        (code.address, code.memory_size, code.file_size),
        (0x100_0000, 4096, 4096)
    );
    assert_eq!(
        code.permissions,
        (Permissions::READ | Permissions::EXECUTE).bits()
    );
    // From 8 bytes before a page boundary on: two pages of the file, six in memory.
    assert_eq!(
        (data.address, data.memory_size, data.file_size),
        (0x100_2000, 0x6000, 0x2000)
    );
    assert_eq!(
        data.permissions,
        (Permissions::READ | Permissions::WRITE).bits()
    );

    let pages = |segment: ProgramSegment| {
        let start = usize::try_from(segment.file_offset).unwrap();
        let length = usize::try_from(segment.file_size).unwrap();
        &image.bytes()[start..][..length]
    };
    let page = pages(code);
    assert!(page[0x10..0x10 + 100].iter().all(|byte| *byte == 0x90));
    assert!(
        page[..0x10]
            .iter()
            .chain(&page[0x74..])
            .all(|byte| *byte == 0)
    );
    let page = pages(data);
    assert!(page[0xFF8..0x1008].iter().all(|byte| *byte == 7));
    assert!(
        page[..0xFF8]
            .iter()
            .chain(&page[0x1008..])
            .all(|byte| *byte == 0)
    );
}

#[test]
fn every_program_in_this_binary_can_be_laid_out() {
    for (name, elf) in PROGRAMS {
        if let Err(error) = image(elf.to_vec()) {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn a_file_of_another_kind_is_refused_for_that() {
    let good = file(0x100_0010, &good());
    let with = |offset: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[offset] = value;
        image(bytes).unwrap_err()
    };
    assert!(matches!(
        with(1, b'x'),
        ProgramError::Elf(ElfError::NotElf { .. })
    ));
    assert_eq!(with(4, 1), ElfError::Not64Bit { class: 1 }.into());
    assert_eq!(with(5, 2), ElfError::NotLittleEndian { data: 2 }.into());
    assert_eq!(with(16, 1), ElfError::NotExecutable { kind: 1 }.into());
    assert_eq!(
        with(18, 183),
        ElfError::WrongMachine { machine: 183 }.into()
    );
    assert_eq!(image(file(0, &[])), Err(ElfError::NoSegments.into()));
    // A program header becomes one of type PT_INTERP.
    let ProgramError::Interpreter { path } = with(64, 3) else {
        panic!("no interpreter found");
    };
    assert_eq!(path.chars().count(), 64);
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_the_cut_is() {
    let good = file(0x100_0010, &good());
    for length in 0..good.len() {
        let error = image(good[..length].to_vec()).unwrap_err();
        let expected = if length == 0 {
            error == ElfError::Empty.into()
        } else if length < 4 {
            matches!(error, ProgramError::Elf(ElfError::NotElf { .. }))
        } else if length < 6 {
            // Class or byte order are missing.
            matches!(error, ProgramError::Elf(_))
        } else {
            matches!(error, ProgramError::Elf(ElfError::Truncated { .. }))
        };
        assert!(expected, "{length}: {error}");
    }
}

#[test]
fn segments_outside_the_user_range_are_refused() {
    for (address, size) in [
        (0, 16),
        (USER_BASE - 1, 16),
        (USER_TOP - 8, 16),
        (USER_TOP, 1),
        (0xFFFF_FFFF_8000_0000, 16),
        (u64::MAX - 7, 16),
        (USER_BASE, u64::MAX),
    ] {
        let elf = file(address, &[load(CODE, address, &[0x90], size)]);
        assert_eq!(
            image(elf),
            Err(ProgramError::OutsideUserRange { address, size })
        );
    }
    let top = USER_TOP - 16;
    assert!(image(file(top, &[load(CODE, top, &[0x90], 16)])).is_ok());
}

#[test]
fn segments_that_overlap_or_share_a_page_are_told_apart() {
    let (first, second) = (0x100_0000, 0x100_0800);
    let pair = |size| {
        let upper = load(DATA, second, &[1], 1);
        image(file(first, &[upper, load(CODE, first, &[0x90], size)]))
    };
    assert_eq!(pair(0x801), Err(ProgramError::Overlap { first, second }));
    let page = first;
    assert_eq!(
        pair(0x800),
        Err(ProgramError::SharedPage {
            first,
            second,
            page
        })
    );
}

/// The same file as one that runs anywhere.
fn movable(mut elf: Vec<u8>) -> Vec<u8> {
    elf[16] = 3;
    elf
}

/// Sets a word of the program header with that index.
fn set_header(elf: &mut [u8], index: usize, offset: usize, value: u64) {
    let at = 64 + 56 * index + offset;
    elf[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn a_program_at_no_fixed_address_counts_from_where_it_is_put() {
    let image = image(movable(file(0x100_0010, &good()))).unwrap();
    let header = header(&image);
    assert_eq!((header.alignment, header.entry), (4096, 0x10));
    let [code, data] = [header.segments[0], header.segments[1]];
    assert_eq!((code.address, data.address), (0, 0x2000));

    // The largest alignment counts, and nothing moves within it.
    let mut elf = movable(file(0x100_0010, &good()));
    set_header(&mut elf, 1, 48, 0x20_0000);
    let header = self::header(&self::image(elf).unwrap());
    assert_eq!((header.alignment, header.entry), (0x20_0000, 0x10));
    let elf = movable(file(0x10, &[load(CODE, 0, &[0x90; 32], 32)]));
    let header = self::header(&self::image(elf).unwrap());
    assert_eq!((header.segments[0].address, header.entry), (0, 0x10));
    // At a fixed address, alignment is the linker's affair.
    let header = self::header(&self::image(file(0x100_0010, &good())).unwrap());
    assert_eq!(header.alignment, 0);
}

#[test]
fn a_program_that_can_be_put_nowhere_is_refused() {
    for own in [3, 1 << 31, u64::MAX] {
        let mut elf = movable(file(0x10, &[load(CODE, 0, &[0x90; 32], 32)]));
        set_header(&mut elf, 0, 48, own);
        let address = 0;
        assert_eq!(image(elf), Err(ProgramError::Alignment { address, own }));
    }
    for (address, size) in [((1 << 40) + 0x1000, 1), (u64::MAX, 1), (0x1000, u64::MAX)] {
        let far = load(DATA, address, &[], size);
        let elf = movable(file(0x10, &[load(CODE, 0, &[0x90; 32], 32), far]));
        assert_eq!(image(elf), Err(ProgramError::TooFarApart { address, size }));
    }
    let entry = 0xFFF;
    let elf = movable(file(entry, &[load(CODE, 0x1000, &[0x90; 32], 32)]));
    assert_eq!(image(elf), Err(ProgramError::EntryOutside { entry }));
}

#[test]
fn a_file_says_how_large_a_stack_it_wants() {
    let wanting = |size| {
        let stack = load(DATA, 0, &[], size);
        let mut elf = file(0x100_0010, &[good().to_vec(), vec![stack]].concat());
        elf[64 + 56 * 2..][..4].copy_from_slice(&0x6474_E551_u32.to_le_bytes());
        image(elf).map(|image| header(&image).stack_size)
    };
    assert_eq!(wanting(0), Ok(256 << 10));
    assert_eq!(wanting(1), Ok(4096));
    assert_eq!(wanting((1 << 20) + 1), Ok((1 << 20) + 4096));
    assert_eq!(wanting(MAX_STACK_SIZE), Ok(MAX_STACK_SIZE));
    for size in [MAX_STACK_SIZE + 1, u64::MAX] {
        assert_eq!(wanting(size), Err(ProgramError::Stack { size }));
    }
}

#[test]
fn ram_that_nobody_chose_grows_with_the_programs() {
    let program = |elf| Program {
        name: String::new(),
        elf,
        args: vec![],
        env: vec![],
    };
    let small = || program(file(0x100_0010, &good()));
    let large = |size| program(file(0x100_0010, &[load(DATA, 0x100_0000, &[], size)]));
    assert_eq!(default_ram(&[]), 64 << 20);
    assert_eq!(default_ram(&[small(), program(b"none".to_vec())]), 64 << 20);
    let both = [large(80 << 20), small(), large(7 << 19), large(1 << 19)];
    assert_eq!(default_ram(&both), (64 + 80 + 4) << 20);
    assert_eq!(default_ram(&[large(u64::MAX), large(9)]), (64 + 2048) << 20);
}

#[test]
fn an_entry_must_be_in_code() {
    for entry in [0, 0x100_0010 + 100, 0x100_2FF8] {
        assert_eq!(
            image(file(entry, &good())),
            Err(ProgramError::EntryOutside { entry })
        );
    }
}

#[test]
fn segments_are_limited_in_number_and_in_bytes() {
    let at = |index: u64| load(CODE, USER_BASE + index * 4096, &[0x90], 1);
    let loads = |count: u64| (0..count).map(at).collect::<Vec<_>>();
    assert!(image(file(USER_BASE, &loads(32))).is_ok());
    assert_eq!(
        image(file(USER_BASE, &loads(33))),
        Err(ProgramError::TooManySegments { count: 33 })
    );
    // Many segments made of the same bytes of the file, so that the file stays small.
    let size = 32 << 20;
    let far = |index: u64| load(CODE, USER_BASE + index * size, &[], size);
    let mut elf = file(USER_BASE, &(0..17).map(far).collect::<Vec<_>>());
    for index in 0..17 {
        let header = 64 + 56 * index;
        elf[header + 8..header + 16].fill(0);
        elf[header + 32..header + 40].copy_from_slice(&size.to_le_bytes());
    }
    elf.resize(usize::try_from(size).unwrap(), 0);
    assert_eq!(image(elf), Err(ProgramError::TooBig { size: 17 * size }));
}

#[test]
fn more_bytes_in_the_file_than_in_memory_are_refused() {
    let elf = file(0x100_0000, &[load(CODE, 0x100_0000, &[0x90; 8], 7)]);
    assert!(matches!(
        image(elf),
        Err(ProgramError::Elf(ElfError::Malformed(_)))
    ));
}

#[test]
fn a_long_name_is_cut_between_two_characters() {
    let field = process_name(&"ä".repeat(20));
    assert_eq!(&field[..30], "ä".repeat(15).as_bytes());
    assert_eq!(field[30..], [0, 0]);
    assert_eq!(process_name(&"x".repeat(40))[30..], [b'x', 0]);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = image(bytes);
    }

    #[test]
    fn a_file_with_changed_bytes_never_panics_and_keeps_its_promises(
        changes in proptest::collection::vec((0usize..176, any::<u8>()), 1..8)
    ) {
        let mut elf = file(0x100_0010, &good());
        for (at, value) in changes {
            elf[at] = value;
        }
        let _ = default_ram(&[Program {
            name: String::new(),
            elf: elf.clone(),
            args: vec![],
            env: vec![],
        }]);
        if let Ok(image) = image(elf) {
            let header = header(&image);
            let mut lowest = if header.alignment == 0 { USER_BASE } else { 0 };
            for segment in &header.segments[..header.segment_count as usize] {
                prop_assert!(segment.address >= lowest);
                lowest = segment.address + segment.memory_size;
                prop_assert!(lowest <= USER_TOP);
                prop_assert!(segment.file_size <= segment.memory_size);
                prop_assert!(
                    segment.file_offset + segment.file_size <= image.bytes().len() as u64
                );
            }
        }
    }
}
