use super::super::{KERNEL, VDSO};
use super::*;
use abi::Call;
use abi::vdso::{STUB_SIZE, SYSCALL_END};
use object::elf::FileHeader64;
use object::read::elf::{Dyn, ElfFile, FileHeader, Sym};
use object::{Object, ObjectSection};
use std::collections::BTreeMap;

/// Where the program headers start, and the length of one.
const HEADERS: usize = 64;
const HEADER: usize = 56;
/// Offsets in a program header.
const FLAGS: usize = 4;
const OFFSET: usize = 8;
const ADDRESS: usize = 16;
const FILE_SIZE: usize = 32;
const MEMORY_SIZE: usize = 40;

fn file() -> ElfFile<'static, FileHeader64<LE>> {
    ElfFile::parse(VDSO).unwrap()
}

fn loads() -> Vec<&'static ProgramHeader64<LE>> {
    let header = FileHeader64::<LE>::parse(VDSO).unwrap();
    let headers = header.program_headers(LE, VDSO).unwrap();
    let load = |header: &&ProgramHeader64<LE>| header.p_type.get(LE) == elf::PT_LOAD;
    headers.iter().filter(load).collect()
}

/// Address, size and weakness of every symbol that it exports.
fn exports() -> BTreeMap<String, (u64, u64, bool)> {
    let file = file();
    let table = file.elf_dynamic_symbol_table();
    let symbols = table.iter().filter(|symbol| symbol.st_name(LE) != 0);
    symbols
        .map(|symbol| {
            let name = table.symbol_name(LE, symbol).unwrap();
            assert!(!symbol.is_undefined(LE), "{}", name.escape_ascii());
            assert_eq!(symbol.st_type(), elf::STT_FUNC, "{}", name.escape_ascii());
            let name = String::from_utf8(name.to_vec()).unwrap();
            let weak = symbol.st_bind() == elf::STB_WEAK;
            (name, (symbol.st_value(LE), symbol.st_size(LE), weak))
        })
        .collect()
}

fn dynamic(tag: elf::DynamicTag) -> Option<u64> {
    let file = file();
    let section = file.section_by_name(".dynamic").unwrap();
    let entries = section.data().unwrap();
    let entries: &[elf::Dyn64<LE>] =
        object::pod::slice_from_all_bytes(entries).expect("entries of 16 bytes");
    let found = entries.iter().find(|entry| entry.d_tag(LE) == tag);
    found.map(|entry| entry.d_val(LE))
}

#[test]
fn the_vdso_in_this_binary_has_a_read_only_and_a_code_segment_of_whole_pages() {
    let loads = loads();
    let [data, code] = loads.as_slice() else {
        panic!("{} segments to load", loads.len());
    };
    let range = |header: &ProgramHeader64<LE>| {
        let start = header.p_vaddr.get(LE);
        assert_eq!(start, header.p_offset.get(LE));
        assert_eq!(header.p_memsz.get(LE), header.p_filesz.get(LE));
        assert!(start.is_multiple_of(PAGE_SIZE) && header.p_memsz.get(LE) > 0);
        assert!(header.p_memsz.get(LE).is_multiple_of(PAGE_SIZE));
        start..start + header.p_memsz.get(LE)
    };
    assert_eq!(data.p_flags.get(LE), elf::PF_R);
    assert_eq!(code.p_flags.get(LE), elf::PF_R | elf::PF_X);
    assert_eq!(range(data).start, 0);
    assert_eq!(range(data).end, range(code).start);
}

#[test]
fn every_call_is_exported_under_both_names_at_its_stub() {
    let exports = exports();
    let code = loads()[1].p_vaddr.get(LE);
    for call in Call::ALL {
        let name = call.signature().name;
        let stub = code + u64::from(call.number()) * STUB_SIZE;
        let (address, size, weak) = exports[name];
        assert_eq!((address, weak), (stub, true), "{name}");
        assert!(size > SYSCALL_END && size <= STUB_SIZE, "{name}");
        assert_eq!(exports[&format!("_{name}")], (stub, size, false), "{name}");
    }
    // What else there is has both names, too.
    for (name, (address, size, weak)) in exports.iter().filter(|(name, _)| !name.starts_with('_')) {
        assert!(weak, "{name}");
        assert_eq!(exports[&format!("_{name}")], (*address, *size, false));
    }
    assert_eq!(exports.len() % 2, 0);
}

#[test]
fn exactly_the_stubs_of_calls_have_a_system_call_and_it_ends_where_the_kernel_expects_it() {
    let code = usize::try_from(loads()[1].p_offset.get(LE)).unwrap();
    let stubs = VDSO[code..].chunks(usize::try_from(STUB_SIZE).unwrap());
    for (number, stub) in (0..=Call::LAST).zip(stubs) {
        let end = usize::try_from(SYSCALL_END).unwrap();
        match Call::from_number(number) {
            Some(call) => {
                assert_eq!(stub[end - 2..end], [0x0F, 0x05], "{call:?}");
                // mov eax, number
                let load = [&[0xB8][..], &number.to_le_bytes()].concat();
                let loads = stub[..end].windows(5).filter(|bytes| *bytes == load);
                assert_eq!(loads.count(), 1, "{call:?}");
            }
            None => assert!(stub.iter().all(|byte| *byte == 0xCC), "{number}"),
        }
    }
}

#[test]
fn it_is_a_shared_object_with_a_name_and_nothing_left_to_link() {
    let file = file();
    let strings = file.section_by_name(".dynstr").unwrap().data().unwrap();
    let name = usize::try_from(dynamic(elf::DT_SONAME).unwrap()).unwrap();
    assert!(strings[name..].starts_with(b"libzircon.so\0"));
    for tag in [
        elf::DT_NEEDED,
        elf::DT_REL,
        elf::DT_RELA,
        elf::DT_RELR,
        elf::DT_JMPREL,
        elf::DT_TEXTREL,
        elf::DT_INIT,
        elf::DT_INIT_ARRAY,
        elf::DT_PLTGOT,
    ] {
        assert_eq!(dynamic(tag), None, "{tag:?}");
    }
    assert_eq!(dynamic(elf::DT_FLAGS).unwrap_or(0) & 4, 0, "DF_TEXTREL");
    assert!(dynamic(elf::DT_HASH).is_some() && dynamic(elf::DT_GNU_HASH).is_some());
    let table = file.section_by_name(".dynsym").unwrap().address();
    assert_eq!(dynamic(elf::DT_SYMTAB), Some(table));
    assert!(
        file.dynamic_relocations()
            .is_none_or(|mut all| all.next().is_none())
    );
    let path = env!("CARGO_MANIFEST_DIR").as_bytes();
    let has_path = VDSO.windows(path.len()).any(|bytes| bytes == path);
    assert!(!has_path, "it would differ from place to place");
}

#[test]
fn the_module_holds_the_image_behind_its_header() {
    let image = VdsoImage::new(VDSO).unwrap();
    let page = usize::try_from(PAGE_SIZE).unwrap();
    let [data, code] = loads()[..] else {
        panic!("not two segments");
    };
    let size = usize::try_from(data.p_memsz.get(LE) + code.p_memsz.get(LE)).unwrap();
    assert_eq!(image.bytes()[page..], VDSO[..size]);
    let (header, _) = zerocopy::FromBytes::read_from_prefix(image.bytes()).unwrap();
    let header: ProgramHeader = header;
    assert_eq!((header.magic, header.segment_count), (VDSO_MAGIC, 2));
    assert!(header.name.starts_with(b"vdso/stable\0"));
    let [first, second, third, ..] = header.segments;
    assert_eq!((first.address, first.file_offset), (0, PAGE_SIZE));
    assert_eq!(second.address, first.memory_size);
    assert_eq!(second.file_offset, PAGE_SIZE + first.memory_size);
    assert_eq!((first.permissions, second.permissions), (1, 5));
    assert_eq!(third.memory_size, 0);
}

/// The file with a field of program header `index` changed.
fn with(index: usize, field: usize, value: u64) -> Vec<u8> {
    let mut bytes = VDSO.to_vec();
    let start = HEADERS + index * HEADER + field;
    bytes[start..start + 8].copy_from_slice(&value.to_le_bytes());
    bytes
}

#[test]
fn segments_that_are_not_as_they_must_be_are_refused() {
    assert!(VdsoImage::new(&with(0, FILE_SIZE, loads()[0].p_filesz.get(LE))).is_ok());
    let code = loads()[1].p_vaddr.get(LE);
    let bad = [
        ("data", with(0, OFFSET, 4096)),
        ("data", with(0, ADDRESS, 4096)),
        ("data", with(0, FILE_SIZE, 4096)),
        ("data", with(0, MEMORY_SIZE, code - 1)),
        ("code", with(0, MEMORY_SIZE, code - 4096)),
        ("code", with(1, ADDRESS, code + 4096)),
        ("code", with(1, OFFSET, code - 4096)),
        ("code", with(1, MEMORY_SIZE, u64::MAX)),
        ("code", with(1, MEMORY_SIZE, 4097)),
    ];
    for (number, (which, mut bytes)) in bad.into_iter().enumerate() {
        if number == 4 {
            // Consistent in itself, but the code is not behind it.
            let start = HEADERS + FILE_SIZE;
            bytes[start..start + 8].copy_from_slice(&(code - 4096).to_le_bytes());
        }
        match VdsoImage::new(&bytes) {
            Err(VdsoError::Segment { which: found, .. }) => assert_eq!(found, which, "{number}"),
            other => panic!("{number}: {other:?}"),
        }
    }
    for (index, flags) in [(0, 5_u8), (0, 6), (1, 4), (1, 7)] {
        let mut bytes = VDSO.to_vec();
        bytes[HEADERS + index * HEADER + FLAGS] = flags;
        let refused = VdsoImage::new(&bytes);
        assert!(
            matches!(refused, Err(VdsoError::Segment { .. })),
            "{index} {flags}"
        );
    }
    let mut bytes = VDSO.to_vec();
    // The second PT_LOAD becomes a PT_NULL.
    bytes[HEADERS + HEADER] = 0;
    assert_eq!(
        VdsoImage::new(&bytes),
        Err(VdsoError::SegmentCount { count: 1 })
    );
    let kernel = VdsoImage::new(KERNEL).unwrap_err();
    assert_eq!(kernel, VdsoError::Elf(ElfError::NotShared { kind: 2 }));
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_the_cut_is() {
    let end = usize::try_from(loads()[1].p_offset.get(LE) + loads()[1].p_filesz.get(LE)).unwrap();
    for length in (0..end).step_by(61) {
        assert!(VdsoImage::new(&VDSO[..length]).is_err(), "{length}");
    }
}
