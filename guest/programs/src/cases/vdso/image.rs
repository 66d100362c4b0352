//! The image as an ELF file (reference §18; System V ABI, chapters 4 and 5).

use super::{access, image, segments, stub, symbol, vmo};
use crate::memory::{Area, PAGE};
use crate::probe::process_read;
use crate::suite::Outcome;
use crate::text::Text;
use crate::{ensure, expect_eq};
use libzx::{Call, Status};

/// What the file header starts with: 64 bits, little endian, version 1.
const IDENT: [u8; 7] = [0x7F, b'E', b'L', b'F', 2, 1, 1];
/// `ET_DYN`, `EM_X86_64`, as they stand in the header.
const TYPE_AND_MACHINE: [u8; 4] = [3, 0, 62, 0];
const PT_LOAD: u32 = 1;
/// Bytes of the file header, and of a program header behind it.
const FILE_HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// A number of four or eight bytes in the image.
fn number<const N: usize>(data: &[u8], offset: usize) -> u64 {
    let mut bytes = [0; 8];
    let found = data.get(offset..offset + N).unwrap_or_default();
    bytes
        .iter_mut()
        .zip(found)
        .for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(bytes)
}

pub(super) fn it_is_an_elf_shared_object_of_two_segments() -> Outcome {
    let data = image()?.data();
    expect_eq!(data.get(..IDENT.len()), Some(&IDENT[..]));
    expect_eq!(data.get(16..20), Some(&TYPE_AND_MACHINE[..]));
    expect_eq!(number::<8>(data, 32), FILE_HEADER as u64);
    let count = number::<2>(data, 56);
    ensure!((2..16).contains(&count), "{count} program headers");

    let headers = (0..16).map(|index| FILE_HEADER + index * PROGRAM_HEADER);
    let headers = headers.take(usize::try_from(count).unwrap_or(0));
    let mut loads = headers.filter(|&at| number::<4>(data, at) == u64::from(PT_LOAD));
    let [(base, data_size), (code, code_size)] = segments()?;
    for (flags, start, size) in [(4, 0, data_size), (5, code - base, code_size)] {
        let at = loads.next().unwrap_or(usize::MAX >> 1);
        expect_eq!(number::<4>(data, at + 4), flags);
        expect_eq!(number::<8>(data, at + 8), start);
        expect_eq!(number::<8>(data, at + 16), start);
        expect_eq!(number::<8>(data, at + 32), size);
        expect_eq!(number::<8>(data, at + 40), size);
        ensure!(size > 0, "a segment is empty");
        expect_eq!((start % PAGE, size % PAGE), (0, 0));
    }
    expect_eq!(loads.next(), None);
    expect_eq!(code, base + data_size);
    // There is nothing else in the VMO.
    expect_eq!(vmo()?.size()?, data_size + code_size);
    expect_eq!(image()?.soname(), Some("libzircon.so"));
    Ok(())
}

pub(super) fn every_call_has_two_names_for_its_stub() -> Outcome {
    for &call in Call::ALL {
        let name = call.signature().name;
        let wanted = stub(call)?;
        expect_eq!(symbol(name)? as u64, wanted);
        let strong = Text::new(format_args!("_{name}"));
        expect_eq!(symbol(strong.as_str())? as u64, wanted);
    }
    for name in ["zx_vmo", "zx_vmo_readx", "", "__zx_vmo_read"] {
        expect_eq!(libzx::vdso::symbol(name), None);
    }
    Ok(())
}

/// What another process would find there is what the program itself sees.
pub(super) fn its_base_is_the_address_that_the_program_is_given() -> Outcome {
    let [(base, _), (code, _)] = segments()?;
    expect_eq!((base % PAGE, code % PAGE), (0, 0));
    let process = access::process()?;
    expect_eq!(access::base_of(process)?, base);
    let buffer = Area::touched(1)?;
    let given = process_read(process, base, buffer.at(0), IDENT.len() as u64);
    expect_eq!(given, (Status::OK, IDENT.len() as u64));
    let mut start = [0; IDENT.len()];
    buffer.map.load(0, &mut start);
    expect_eq!(start, IDENT);
    // The page before is not its.
    let (status, _) = process_read(process, base - 1, buffer.at(0), 1);
    expect_eq!(status, Status::NO_MEMORY);
    Ok(())
}
