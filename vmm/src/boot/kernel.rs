//! The kernel's ELF file: what it must be, and how it gets into RAM.

use super::BootError;
use super::elf::{Elf, ElfError};
use crate::memory::{GuestAddress, GuestRam};
use abi::layout::{KERNEL_LOAD_ADDRESS, LOW_RAM_END};
use linux_loader::loader::elf::PvhBootCapability;
use linux_loader::loader::{Elf as ElfLoader, KernelLoader};
use object::LittleEndian as LE;
use std::io::Cursor;

/// Why a kernel cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// The file is not an ELF file that can run here.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// A segment is where a kernel must not be.
    #[error(
        "its segment of {size:#x} bytes at guest-physical {address:#x} is not between \
         {KERNEL_LOAD_ADDRESS:#x} and {LOW_RAM_END:#x}"
    )]
    OutsideRam {
        /// First guest-physical address.
        address: u64,
        /// Bytes in memory.
        size: u64,
    },
    /// Two segments have bytes in common.
    #[error("its segments at guest-physical {first:#x} and {second:#x} overlap")]
    Overlap {
        /// First address of the lower one.
        first: u64,
        /// First address of the other.
        second: u64,
    },
    /// It does not say where to start it.
    #[error(
        "it has no PVH entry: an ELF note of type 18 (XEN_ELFNOTE_PHYS32_ENTRY), name Xen, \
         must give its 32-bit entry"
    )]
    NoPvhEntry,
    /// The entry is not in it.
    #[error("its PVH entry {entry:#x} is in none of its executable segments")]
    EntryOutside {
        /// Guest-physical address of the first instruction.
        entry: u64,
    },
    /// The loader found something else.
    #[error("{0}")]
    Loader(String),
}

/// A kernel whose file is right.
#[derive(Clone, Copy, Debug)]
pub struct KernelImage<'a> {
    bytes: &'a [u8],
    end: u64,
}

impl<'a> KernelImage<'a> {
    /// Checks a kernel's ELF file.
    ///
    /// # Errors
    /// [`KernelError`] for the first rule that it breaks.
    pub fn new(bytes: &'a [u8]) -> Result<Self, KernelError> {
        let elf = Elf::parse(bytes)?;
        let mut ranges = Vec::new();
        for header in elf.loads()? {
            elf.file_bytes(header)?;
            let (address, size) = (header.p_paddr.get(LE), header.p_memsz.get(LE));
            match address.checked_add(size) {
                Some(end) if address >= KERNEL_LOAD_ADDRESS && end <= LOW_RAM_END => {
                    ranges.push((address, end));
                }
                _ => return Err(KernelError::OutsideRam { address, size }),
            }
        }
        ranges.sort_unstable();
        for ((first, end), (second, _)) in ranges.iter().zip(ranges.iter().skip(1)) {
            if end > second {
                let (first, second) = (*first, *second);
                return Err(KernelError::Overlap { first, second });
            }
        }
        let end = ranges.last().map_or(KERNEL_LOAD_ADDRESS, |(_, end)| *end);
        Ok(Self { bytes, end })
    }

    /// One past its last guest-physical address.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Puts the image into RAM; returns the address of its PVH entry.
    pub(super) fn load(&self, ram: &GuestRam) -> Result<GuestAddress, BootError> {
        let mut file = Cursor::new(self.bytes);
        let loaded = ElfLoader::load(ram.guest_memory(), None, &mut file, None)
            .map_err(|error| KernelError::Loader(error.to_string()))?;
        let PvhBootCapability::PvhEntryPresent(entry) = loaded.pvh_boot_cap else {
            return Err(KernelError::NoPvhEntry.into());
        };
        let elf = Elf::parse(self.bytes).map_err(KernelError::from)?;
        let in_code = elf
            .loads()
            .map_err(KernelError::from)?
            .iter()
            .filter(|header| header.p_flags.get(LE).0 & object::elf::PF_X.0 != 0)
            .any(|header| {
                let start = header.p_paddr.get(LE);
                (start..start.saturating_add(header.p_memsz.get(LE))).contains(&entry.0)
            });
        if !in_code {
            let entry = entry.0;
            return Err(KernelError::EntryOutside { entry }.into());
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::super::KERNEL;
    use super::*;

    #[test]
    fn the_kernel_in_this_binary_can_be_used() {
        let image = KernelImage::new(KERNEL).unwrap();
        assert!(image.end() > KERNEL_LOAD_ADDRESS);
        let ram = GuestRam::new(64 << 20).unwrap();
        let entry = image.load(&ram).unwrap();
        assert!((KERNEL_LOAD_ADDRESS..image.end()).contains(&entry.0));
    }

    #[test]
    fn a_kernel_that_is_cut_off_is_refused_wherever_the_cut_is() {
        let loads = Elf::parse(KERNEL).unwrap().loads().unwrap();
        let ends = loads
            .iter()
            .map(|h| h.p_offset.get(LE) + h.p_filesz.get(LE));
        let last = usize::try_from(ends.max().unwrap()).unwrap();
        for length in (0..last).step_by(997) {
            assert!(KernelImage::new(&KERNEL[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_file_that_is_no_kernel_is_refused_with_the_reason() {
        let error = KernelImage::new(b"#!/bin/sh\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "it is not an ELF file: it starts with [23, 21, 2f, 62], not with 7f 45 4c 46"
        );
    }
}
