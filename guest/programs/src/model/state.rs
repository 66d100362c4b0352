//! What the machine should hold: bytes in plain arrays.
//!
//! A *store* is what holds bytes. A *VMO* shows the bytes of a store: all of them, or, a
//! slice, some. A *map* is one mapping. A snapshot is a new store with a copy of the bytes;
//! that is all there is to it, and what makes the model simple enough to be trusted.

use libzx::PAGE_SIZE;

/// The most pages of anything.
pub(super) const PAGES: usize = 8;
/// The same in bytes.
pub(super) const BYTES: usize = PAGES * PAGE_SIZE;

pub(super) const STORES: usize = 28;
pub(super) const VMOS: usize = 14;
pub(super) const MAPS: usize = 10;

/// What holds bytes.
pub(super) struct Store {
    pub(super) live: bool,
    /// A multiple of the page size.
    pub(super) size: usize,
    pub(super) stream: usize,
    pub(super) resizable: bool,
    /// Stores that snapshots have made of one another, directly or not, have the same.
    pub(super) family: usize,
    pub(super) bytes: [u8; BYTES],
}

/// Which bytes of the store a VMO shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Whole,
    Reference,
    /// From `offset` on `size` bytes, with a stream size of its own.
    Slice {
        offset: usize,
        size: usize,
        stream: usize,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct VmoState {
    pub(super) store: usize,
    pub(super) kind: Kind,
    /// 0 once closed; the VMO lives on while it is mapped.
    pub(super) handle: u32,
    /// Whether the handle has the right WRITE.
    pub(super) writable: bool,
    /// Whether it has the right RESIZE.
    pub(super) resizes: bool,
}

/// What a page of a mapping allows: bits of `ZX_VM_PERM_*`.
pub(super) const READ: u32 = 1;
pub(super) const WRITE: u32 = 2;

#[derive(Clone, Copy, Debug)]
pub(super) struct MapState {
    pub(super) address: usize,
    pub(super) pages: usize,
    /// The VMO, or the store that a write from outside has made for this mapping alone.
    pub(super) source: Source,
    /// Where in the source the mapping begins, in bytes.
    pub(super) offset: usize,
    pub(super) permissions: [u32; PAGES],
    /// Whether it may ever be writable.
    pub(super) may_write: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Vmo(usize),
    Private(usize),
}

/// Bytes of a store: where they begin and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) store: usize,
    pub(super) offset: usize,
    pub(super) size: usize,
}

/// Everything.
pub(super) struct Model {
    pub(super) stores: [Store; STORES],
    pub(super) vmos: [Option<VmoState>; VMOS],
    pub(super) maps: [Option<MapState>; MAPS],
    pub(super) next_family: usize,
}

impl Model {
    pub(super) const fn new() -> Self {
        Self {
            stores: [const {
                Store {
                    live: false,
                    size: 0,
                    stream: 0,
                    resizable: false,
                    family: 0,
                    bytes: [0; BYTES],
                }
            }; STORES],
            vmos: [None; VMOS],
            maps: [None; MAPS],
            next_family: 1,
        }
    }

    /// A new store of zeros, of a family of its own; `None` if there are too many.
    pub(super) fn new_store(&mut self, stream: usize, resizable: bool) -> Option<usize> {
        let index = self.stores.iter().position(|store| !store.live)?;
        let family = self.next_family;
        self.next_family += 1;
        let store = self.stores.get_mut(index)?;
        store.live = true;
        store.size = stream.next_multiple_of(PAGE_SIZE);
        store.stream = stream;
        store.resizable = resizable;
        store.family = family;
        store.bytes.fill(0);
        Some(index)
    }

    /// A new store with a copy of `window` from `offset` on, zeros beyond its end.
    pub(super) fn snapshot(
        &mut self,
        window: Window,
        offset: usize,
        stream: usize,
        resizable: bool,
    ) -> Option<usize> {
        let index = self.new_store(stream, resizable)?;
        let family = self.stores.get(window.store)?.family;
        let size = self.stores.get(index)?.size;
        for at in 0..size.min(window.size.saturating_sub(offset)) {
            let from = self.stores.get(window.store)?;
            let byte = *from.bytes.get(window.offset + offset + at)?;
            *self.stores.get_mut(index)?.bytes.get_mut(at)? = byte;
        }
        self.stores.get_mut(index)?.family = family;
        Some(index)
    }

    pub(super) fn free_vmo(&self) -> Option<usize> {
        self.vmos.iter().position(Option::is_none)
    }

    pub(super) fn free_map(&self) -> Option<usize> {
        self.maps.iter().position(Option::is_none)
    }

    pub(super) fn vmo(&self, index: usize) -> Option<VmoState> {
        self.vmos.get(index).copied().flatten()
    }

    pub(super) fn map(&self, index: usize) -> Option<MapState> {
        self.maps.get(index).copied().flatten()
    }

    /// The `n`th VMO that has a handle, counted round and round.
    pub(super) fn some_vmo(&self, n: usize) -> Option<usize> {
        let open = |vmo: &(usize, &Option<VmoState>)| vmo.1.is_some_and(|vmo| vmo.handle != 0);
        let count = self.vmos.iter().enumerate().filter(open).count();
        let n = n.checked_rem(count)?;
        self.vmos
            .iter()
            .enumerate()
            .filter(open)
            .nth(n)
            .map(|(index, _)| index)
    }

    /// The `n`th mapping, counted round and round.
    pub(super) fn some_map(&self, n: usize) -> Option<usize> {
        let count = self.maps.iter().flatten().count();
        let n = n.checked_rem(count)?;
        let there = |map: &(usize, &Option<MapState>)| map.1.is_some();
        self.maps
            .iter()
            .enumerate()
            .filter(there)
            .nth(n)
            .map(|(index, _)| index)
    }

    /// The bytes that a VMO shows.
    pub(super) fn window(&self, vmo: &VmoState) -> Option<Window> {
        let store = self.stores.get(vmo.store)?;
        Some(match vmo.kind {
            Kind::Whole | Kind::Reference => Window {
                store: vmo.store,
                offset: 0,
                size: store.size,
            },
            Kind::Slice { offset, size, .. } => Window {
                store: vmo.store,
                offset,
                size,
            },
        })
    }

    /// The bytes that a mapping's source has from the mapping's start on; the mapping may
    /// be shorter or longer.
    pub(super) fn map_window(&self, map: &MapState) -> Option<Window> {
        let whole = match map.source {
            Source::Vmo(vmo) => self.window(&self.vmo(vmo)?)?,
            Source::Private(store) => Window {
                store,
                offset: 0,
                size: self.stores.get(store)?.size,
            },
        };
        Some(Window {
            store: whole.store,
            offset: whole.offset + map.offset,
            size: whole.size.saturating_sub(map.offset),
        })
    }

    /// `length` bytes of a window from `offset` on; fewer if it ends before.
    pub(super) fn bytes(&self, window: Window, offset: usize, length: usize) -> &[u8] {
        let start = window.offset + offset.min(window.size);
        let end = window.offset + (offset + length).min(window.size);
        let store = self.stores.get(window.store);
        store
            .and_then(|store| store.bytes.get(start..end))
            .unwrap_or_default()
    }

    /// The same to be changed.
    pub(super) fn bytes_mut(&mut self, window: Window, offset: usize, length: usize) -> &mut [u8] {
        let start = window.offset + offset.min(window.size);
        let end = window.offset + (offset + length).min(window.size);
        let store = self.stores.get_mut(window.store);
        store
            .and_then(|store| store.bytes.get_mut(start..end))
            .unwrap_or_default()
    }

    /// Live stores of the family of this store.
    pub(super) fn family_size(&self, store: usize) -> usize {
        let family = self.stores.get(store).map_or(0, |store| store.family);
        let kin = |other: &&Store| other.live && other.family == family;
        self.stores.iter().filter(kin).count()
    }

    /// Forgets VMOs that have neither handle nor mapping, and stores that nothing shows.
    pub(super) fn sweep(&mut self) {
        let maps = self.maps;
        let mapped = |index| {
            let mut all = maps.iter().flatten();
            all.any(|map| map.source == Source::Vmo(index))
        };
        for (index, slot) in self.vmos.iter_mut().enumerate() {
            if slot.is_some_and(|vmo| vmo.handle == 0) && !mapped(index) {
                *slot = None;
            }
        }
        let vmos = self.vmos;
        for (index, store) in self.stores.iter_mut().enumerate() {
            let shown = vmos.iter().flatten().any(|vmo| vmo.store == index);
            let private = maps.iter().flatten();
            let private = private.map(|map| map.source == Source::Private(index));
            store.live = store.live && (shown || private.into_iter().any(|is| is));
        }
    }
}
