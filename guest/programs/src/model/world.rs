//! The model and the machine side by side.

use super::state::{BYTES, MapState, Model, PAGES, Source, VmoState, WRITE, Window};
use crate::memory::Area;
use crate::random::Random;
use crate::suite::Failure;
use crate::text::Text;
use crate::{ensure, expect_eq, pattern, probe};
use libzx::{Call, PAGE_SIZE, Status};

/// What a step comes to: `None` if there was nothing to do it with.
pub(super) type Done = Result<Option<()>, Failure>;

/// Both of them, and a buffer for the calls.
pub(super) struct World<'a> {
    pub(super) model: &'a mut Model,
    pub(super) buffer: Area,
    /// The step and what it does, for messages.
    pub(super) step: u64,
    pub(super) what: Text,
}

/// A place and a length inside a thing of `size` bytes, or sometimes not.
pub(super) fn range(random: &mut Random, size: usize) -> (usize, usize) {
    let page = PAGE_SIZE;
    if random.once_in(8) {
        // Around the end.
        let offset = (size + random.below(3 * page)).saturating_sub(page);
        return (offset, random.below(2 * page));
    }
    let offset = random.below(size.max(1));
    let left = size - offset.min(size);
    match random.below(4) {
        0 => (offset / page * page, left.min(page) / page * page),
        1 => (offset, random.below(64).min(left)),
        2 => (offset / page * page, (left / page * page).min(3 * page)),
        _ => (offset, random.below(left + 1)),
    }
}

impl World<'_> {
    pub(super) fn say(&mut self, what: core::fmt::Arguments<'_>) {
        self.what = Text::new(what);
    }

    /// Fails unless the status is the expected one.
    pub(super) fn status(&self, found: Status, expected: Status) -> Result<(), Failure> {
        ensure!(found == expected, "gave {found}, the model says {expected}");
        Ok(())
    }

    /// Fills the buffer's first bytes with what belongs to this step.
    pub(super) fn fill(&self, length: usize) {
        self.buffer.fill(self.step, length.min(BYTES));
    }

    /// The same bytes into the model.
    pub(super) fn fill_model(&mut self, window: Window, offset: usize, length: usize) {
        let seed = self.step;
        let bytes = self.model.bytes_mut(window, offset, length);
        pattern::fill(seed, 0, bytes);
    }

    /// Fails unless the buffer's first bytes are the model's.
    pub(super) fn same(&self, window: Window, offset: usize, length: usize) -> Result<(), Failure> {
        let bytes = self.model.bytes(window, offset, length);
        expect_eq!(bytes.len(), length);
        for (at, &wanted) in bytes.iter().enumerate() {
            let found = self.buffer.map.byte(at);
            ensure!(
                found == wanted,
                "byte {:#x} is {found:#x}, the model says {wanted:#x}",
                offset + at
            );
        }
        Ok(())
    }

    /// Compares size, stream size and all bytes of a VMO that has a handle.
    pub(super) fn check_vmo(&self, index: usize) -> Result<(), Failure> {
        let Some(vmo) = self.model.vmo(index).filter(|vmo| vmo.handle != 0) else {
            return Ok(());
        };
        let Some(window) = self.model.window(&vmo) else {
            return Ok(());
        };
        self.check_vmo_inner(vmo, window)
            .map_err(|why| Failure::new(format_args!("vmo {index} differs: {why:?}")))
    }

    fn check_vmo_inner(&self, vmo: VmoState, window: Window) -> Result<(), Failure> {
        expect_eq!(probe::vmo_get_size(vmo.handle), Ok(window.size as u64));
        let mut stream = 0_u64;
        let args = [u64::from(vmo.handle), probe::out(&mut stream)];
        expect_eq!(probe::status(Call::VmoGetStreamSize, &args), Status::OK);
        let wanted = self.stream(&vmo).unwrap_or(0);
        expect_eq!(core::hint::black_box(stream), wanted as u64);
        let status = probe::vmo_read(vmo.handle, self.buffer.at(0), 0, window.size as u64);
        expect_eq!(status, Status::OK);
        self.same(window, 0, window.size)
    }

    pub(super) fn stream(&self, vmo: &VmoState) -> Option<usize> {
        match vmo.kind {
            super::state::Kind::Slice { stream, .. } => Some(stream),
            _ => self.model.stores.get(vmo.store).map(|store| store.stream),
        }
    }

    /// Compares what the program itself sees through a mapping.
    pub(super) fn check_map(&self, index: usize) -> Result<(), Failure> {
        let Some(map) = self.model.map(index) else {
            return Ok(());
        };
        let Some(window) = self.model.map_window(&map) else {
            return Ok(());
        };
        for page in 0..map.pages {
            let readable = map.permissions.get(page).is_some_and(|&now| now != 0);
            let offset = page * PAGE_SIZE;
            if !readable || offset >= window.size {
                continue;
            }
            for (at, &wanted) in self
                .model
                .bytes(window, offset, PAGE_SIZE)
                .iter()
                .enumerate()
            {
                let found = load(map.address + offset + at);
                ensure!(
                    found == wanted,
                    "map {index} byte {:#x} is {found:#x}, the model says {wanted:#x}",
                    offset + at
                );
            }
        }
        Ok(())
    }

    /// Compares everything.
    pub(super) fn check_all(&self) -> Result<(), Failure> {
        for index in 0..super::state::VMOS {
            self.check_vmo(index)?;
        }
        for index in 0..super::state::MAPS {
            self.check_map(index)?;
        }
        Ok(())
    }

    /// Compares everything that shows bytes of this store.
    pub(super) fn check_store(&self, store: usize) -> Result<(), Failure> {
        for index in 0..super::state::VMOS {
            if self.model.vmo(index).is_some_and(|vmo| vmo.store == store) {
                self.check_vmo(index)?;
            }
        }
        for index in 0..super::state::MAPS {
            let map = self.model.map(index);
            let window = map.and_then(|map| self.model.map_window(&map));
            if window.is_some_and(|window| window.store == store) {
                self.check_map(index)?;
            }
        }
        Ok(())
    }

    /// What the first byte of `length` at `offset` in a mapping that a call cannot load
    /// from, or store to, gives, and where that byte is. `None` if all are well; the outer
    /// `None` if the model does not say which of two statuses it is.
    pub(super) fn buffer_hindrance(
        &self,
        map: &MapState,
        offset: usize,
        length: usize,
        needed: u32,
    ) -> Option<Option<(usize, Status)>> {
        let window = self.model.map_window(map)?;
        let mut at = offset;
        while at < offset + length {
            let allowed = map.permissions.get(at / PAGE_SIZE).copied().unwrap_or(0);
            let denied = allowed & needed == 0;
            let beyond = at >= window.size;
            match (denied, beyond) {
                (true, true) => return None,
                (true, false) => return Some(Some((at, Status::ACCESS_DENIED))),
                (false, true) => return Some(Some((at, Status::OUT_OF_RANGE))),
                (false, false) => at = (at / PAGE_SIZE + 1) * PAGE_SIZE,
            }
        }
        Some(None)
    }

    /// A mapping chosen at random and a range inside it.
    pub(super) fn map_range(&self, random: &mut Random) -> Option<(usize, MapState, usize, usize)> {
        let index = self.model.some_map(random.below(PAGES * 8))?;
        let map = self.model.map(index)?;
        let bytes = map.pages * PAGE_SIZE;
        let offset = random.below(bytes);
        let length = match random.below(3) {
            0 => random.below(32),
            1 => random.below(2 * PAGE_SIZE),
            _ => random.below(bytes),
        };
        let length = (length + 1).min(bytes - offset);
        Some((index, map, offset, length))
    }

    /// Whether a write through the mapping from outside would change the source itself.
    pub(super) const fn writes_through(map: &MapState) -> bool {
        matches!(map.source, Source::Private(_)) || map.may_write
    }

    /// Whether this page of the mapping may be stored to by the program.
    pub(super) fn page_is_writable(map: &MapState, page: usize) -> bool {
        let now = map.permissions.get(page).copied().unwrap_or(0);
        now & WRITE != 0
    }
}

/// A byte of the own memory.
pub(super) fn load(address: usize) -> u8 {
    let place = core::ptr::with_exposed_provenance::<u8>(address);
    // SAFETY: the caller names a readable byte of one of its mappings.
    unsafe { place.read_volatile() }
}

/// Stores a byte into a mapping.
pub(super) fn store(address: usize, value: u8) {
    let place = core::ptr::with_exposed_provenance_mut::<u8>(address);
    // SAFETY: the caller names a writable byte of one of its mappings, to which nobody
    // holds a reference.
    unsafe { place.write_volatile(value) };
}
