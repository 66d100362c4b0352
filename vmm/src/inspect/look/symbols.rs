//! Names for the addresses of a program, from its ELF file.

use super::unwind::FrameInformation;
use super::user_memory;
use crate::inspect::{InspectedRam, ProcessRecord, Survey};
use crate::objects::MappingView;
use abi::layout::PAGE_SIZE;
use abi::objects::{MappingFlags, Permissions};
use addr2line::gimli::{self, EndianSlice, LittleEndian, Section};
use object::read::elf::ElfFile64;
use object::{Object, ObjectKind, ObjectSection, ObjectSegment, SymbolMap, SymbolMapName};

type Reader<'f> = EndianSlice<'f, LittleEndian>;

/// Bytes of code that are compared to tell whether a process runs a file.
const COMPARED: usize = 4096;

/// The names in a program's ELF file.
pub struct ProgramSymbols<'f> {
    names: SymbolMap<SymbolMapName<'f>>,
    /// `None` if the file has no debug information that can be used.
    lines: Option<addr2line::Context<Reader<'f>>>,
    /// Address in the file and bytes of the code.
    code: Option<(u64, &'f [u8])>,
    position_independent: bool,
    pub(super) frames: FrameInformation<'f>,
}

impl std::fmt::Debug for ProgramSymbols<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgramSymbols")
            .field("names", &self.names.symbols().len())
            .field("lines", &self.lines.is_some())
            .finish_non_exhaustive()
    }
}

/// What is known of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    /// The function, or another symbol before the address.
    pub(super) name: Option<String>,
    /// Bytes from there to the address.
    pub(super) offset: Option<u64>,
    /// `file:line`.
    pub(super) location: Option<String>,
}

impl<'f> ProgramSymbols<'f> {
    /// Those of an ELF file.
    ///
    /// # Errors
    /// A sentence's end that says what is wrong with the file.
    pub fn parse(file: &'f [u8]) -> Result<Self, String> {
        let elf = ElfFile64::<object::LittleEndian>::parse(file)
            .map_err(|error| format!("no ELF file that can be used: {error}"))?;
        let dwarf = gimli::Dwarf::load(|section| -> Result<_, gimli::Error> {
            let found = elf.section_by_name(section.name());
            // Compressed sections cannot be used; the names can all the same.
            let data = found.and_then(|section| section.data().ok());
            Ok(EndianSlice::new(data.unwrap_or_default(), LittleEndian))
        });
        let lines = dwarf.ok().and_then(|dwarf| {
            let has_any = !dwarf.debug_info.reader().is_empty();
            has_any.then(|| addr2line::Context::from_dwarf(dwarf).ok())?
        });
        let executable =
            |segment: &<ElfFile64<'f, object::LittleEndian> as Object<'f>>::Segment<'_>| {
                segment.permissions().executable()
            };
        let code = elf.segments().find(executable);
        Ok(Self {
            names: elf.symbol_map(),
            lines,
            code: code.and_then(|segment| Some((segment.address(), segment.data().ok()?))),
            position_independent: elf.kind() == ObjectKind::Dynamic,
            frames: FrameInformation::new(&elf),
        })
    }

    /// What must be added to the file's addresses to get the process's; `None` if the process
    /// does not run this file: its code is another.
    #[must_use]
    pub fn bias(
        &self,
        memory: &InspectedRam,
        survey: &Survey,
        process: &ProcessRecord,
    ) -> Option<u64> {
        let (address, code) = self.code?;
        let bias = if self.position_independent {
            let mapping = process.mappings().find(|mapping| is_program(mapping))?;
            mapping.base().wrapping_sub(address & !(PAGE_SIZE - 1))
        } else {
            0
        };
        let code = code.get(..COMPARED.min(code.len()))?;
        let mut bytes = vec![0; code.len()];
        let at = address.wrapping_add(bias);
        user_memory::read(memory, survey, process, at, &mut bytes)?;
        (bytes == code).then_some(bias)
    }

    /// What is known of an address of the file; of a return address, `address` is that of the
    /// last byte of the call.
    pub(super) fn find(&self, address: u64) -> Symbol {
        let named = self.names.before(address);
        let location = self.lines.as_ref().and_then(|lines| {
            let found = lines.find_location(address).ok()??;
            Some(match (found.file?, found.line) {
                (file, Some(line)) => format!("{file}:{line}"),
                (file, None) => file.to_owned(),
            })
        });
        Symbol {
            // The hash that ends a Rust name helps nobody.
            name: named.map(|symbol| format!("{:#}", rustc_demangle::demangle(symbol.name()))),
            offset: named.map(|symbol| address.saturating_sub(symbol.address())),
            location,
        }
    }
}

/// Whether a mapping can be a program's code: executable, and not the vDSO's.
fn is_program(mapping: &MappingView) -> bool {
    let permissions = Permissions::from_bits_truncate(mapping.raw().permissions);
    permissions.contains(Permissions::EXECUTE) && !mapping.flags().contains(MappingFlags::VDSO)
}
