//! Pagers, and what connects them with their VMOs.

use super::load::{check_header, load};
use super::{List, ViewError};
use crate::memory::PhysicalMemory;
use abi::objects::{ObjectType, PageSource, Pager, StandingRequest};
use vm_memory::GuestAddress;

/// The most entries of one of these lists that are looked at.
const MAX_ENTRIES: usize = 1 << 20;

/// A pager.
#[derive(Clone, Copy, Debug)]
pub struct PagerView {
    address: GuestAddress,
    raw: Pager,
}

impl PagerView {
    /// The pager at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: Pager = load(memory, "pager", address)?;
        check_header("pager", address, &raw.header, ObjectType::PAGER)?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &Pager {
        &self.raw
    }

    /// The sources of its VMOs.
    pub fn sources<'m, M: PhysicalMemory>(&self, memory: &'m M) -> List<'m, M, PageSourceView> {
        let first = self.raw.first_source.address();
        let next = |entry: &PageSourceView| entry.raw.next.address();
        List::new(
            memory,
            "page source",
            first,
            MAX_ENTRIES,
            PageSourceView::read::<M>,
            next,
        )
    }
}

/// What connects a VMO with its pager.
#[derive(Clone, Copy, Debug)]
pub struct PageSourceView {
    address: GuestAddress,
    raw: PageSource,
}

impl PageSourceView {
    /// The page source at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: PageSource = load(memory, "page source", address)?;
        check_header("page source", address, &raw.header, ObjectType::PAGE_SOURCE)?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &PageSource {
        &self.raw
    }

    /// The requests that stand.
    pub fn requests<'m, M: PhysicalMemory>(&self, memory: &'m M) -> List<'m, M, RequestView> {
        let first = self.raw.first_request.address();
        let next = |entry: &RequestView| entry.raw.next.address();
        List::new(
            memory,
            "standing request",
            first,
            MAX_ENTRIES,
            RequestView::read::<M>,
            next,
        )
    }
}

/// A request to a pager that is not answered.
#[derive(Clone, Copy, Debug)]
pub struct RequestView {
    address: GuestAddress,
    raw: StandingRequest,
}

impl RequestView {
    /// The request at `address`.
    ///
    /// # Errors
    /// [`ViewError`] if there is none.
    pub fn read<M: PhysicalMemory>(memory: &M, address: GuestAddress) -> Result<Self, ViewError> {
        let raw: StandingRequest = load(memory, "standing request", address)?;
        Ok(Self { address, raw })
    }

    /// Where it stands.
    #[must_use]
    pub const fn address(&self) -> GuestAddress {
        self.address
    }

    /// All of its fields.
    #[must_use]
    pub const fn raw(&self) -> &StandingRequest {
        &self.raw
    }
}
