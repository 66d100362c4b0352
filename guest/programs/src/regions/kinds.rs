//! One VMO of every kind, with a pattern in it.

use crate::given::resource;
use crate::memory::PAGE;
use crate::probe::replace;
use crate::subject::Subject;
use crate::subject::make::replace_as_executable;
use abi::options::ChildOptions;
use core::ops::Deref;
use libzx::{Result, Rights, VmoOptions};

/// What a VMO is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anonymous memory of a fixed size.
    Anonymous,
    /// Anonymous memory that can be resized.
    Resizable,
    /// Anonymous memory that memory pressure may take.
    Discardable,
    /// As large as can be.
    Unbounded,
    /// Physically contiguous.
    Contiguous,
    /// A range of guest-physical addresses, not cached.
    Physical,
    /// Anonymous memory whose cache policy is UNCACHED.
    Uncached,
    /// A slice of anonymous memory.
    Slice,
    /// A reference to anonymous memory.
    Reference,
    /// A snapshot of anonymous memory.
    Snapshot,
    /// A slice of contiguous memory.
    ContiguousSlice,
}

/// A VMO of a kind, its handle at hand; closed when dropped, and what it is a child of with
/// it. What a [`Subject`] can do, it can.
#[derive(Debug)]
pub struct Object {
    /// Its handle.
    pub handle: u32,
    subject: Subject,
    /// What it is a child of, if it was made with it.
    parent: Option<Subject>,
}

impl Deref for Object {
    type Target = Subject;

    fn deref(&self) -> &Subject {
        &self.subject
    }
}

impl From<Subject> for Object {
    fn from(subject: Subject) -> Self {
        Self {
            handle: subject.id(),
            subject,
            parent: None,
        }
    }
}

impl Object {
    /// Anonymous memory of so many pages.
    ///
    /// # Errors
    /// The call's status.
    pub fn new(pages: u64) -> Result<Self> {
        Self::of(Kind::Anonymous, pages)
    }

    /// Takes over a handle value.
    ///
    /// # Errors
    /// `BAD_HANDLE` for `ZX_HANDLE_INVALID`.
    pub fn own(handle: u32) -> Result<Self> {
        Subject::own(handle).map(Self::from)
    }

    /// A VMO of that kind and so many pages, nothing written.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn of(kind: Kind, pages: u64) -> Result<Self> {
        let size = pages * PAGE;
        let plain = |options| Subject::create(size, options).map(Self::from);
        let child = |kind, options, size| {
            let parent = Self::of(kind, pages)?.subject;
            let mut child = Self::from(parent.child(options, 0, size)?);
            child.parent = Some(parent);
            Ok(child)
        };
        match kind {
            Kind::Anonymous => plain(VmoOptions::empty()),
            Kind::Resizable => plain(VmoOptions::RESIZABLE),
            Kind::Discardable => plain(VmoOptions::DISCARDABLE),
            Kind::Unbounded => plain(VmoOptions::UNBOUNDED),
            Kind::Contiguous => Subject::contiguous(pages).map(Self::from),
            Kind::Physical => Subject::physical(0, pages).map(Self::from),
            Kind::Uncached => {
                let made = plain(VmoOptions::empty())?;
                made.set_policy(1).ok()?;
                Ok(made)
            }
            Kind::Slice => child(Kind::Anonymous, ChildOptions::SLICE, size),
            Kind::Reference => child(Kind::Anonymous, ChildOptions::REFERENCE, 0),
            Kind::Snapshot => child(Kind::Anonymous, ChildOptions::SNAPSHOT, size),
            Kind::ContiguousSlice => child(Kind::Contiguous, ChildOptions::SLICE, size),
        }
    }

    /// The same with a pattern in it, as far as it can be written.
    ///
    /// # Errors
    /// The status of the call that failed.
    pub fn patterned(kind: Kind, pages: u64, seed: u64) -> Result<Self> {
        if kind == Kind::Uncached {
            let made = Self::patterned(Kind::Anonymous, pages, seed)?;
            made.set_policy(1).ok()?;
            return Ok(made);
        }
        let made = Self::of(kind, pages)?;
        if kind != Kind::Physical {
            made.fill(pages, seed)?;
        }
        Ok(made)
    }

    /// What it is a child of, if it was made with it.
    #[must_use]
    pub const fn parent(&self) -> Option<&Subject> {
        self.parent.as_ref()
    }

    /// Writes the pattern with that seed into the first pages.
    ///
    /// # Errors
    /// The call's status.
    pub fn fill(&self, pages: u64, seed: u64) -> Result<()> {
        self.put(seed, 0, pages * PAGE)
    }

    /// Where the first pages first differ from the pattern.
    ///
    /// # Errors
    /// The call's status.
    pub fn mismatch(&self, pages: u64, seed: u64) -> Result<Option<u64>> {
        self.differs(seed, 0, pages * PAGE)
    }

    /// A child of it.
    ///
    /// # Errors
    /// As reference §10.
    pub fn child(&self, options: ChildOptions, offset: u64, size: u64) -> Result<Self> {
        let child = self.subject.child(options, offset, size);
        child.map(Self::from)
    }

    /// A second handle with the default rights but for those.
    ///
    /// # Errors
    /// As reference §14.
    pub fn without(&self, rights: Rights) -> Result<Self> {
        self.with(Rights::DEFAULT_VMO.difference(rights))
    }

    /// A second handle with these rights.
    ///
    /// # Errors
    /// As reference §14.
    pub fn with(&self, rights: Rights) -> Result<Self> {
        self.with_rights(rights).map(Self::from)
    }

    /// A second handle that may be mapped as code.
    ///
    /// # Errors
    /// As reference §8.4.
    pub fn executable(&self) -> Result<Self> {
        let copy = self.with_rights(Rights::SAME)?.give_up();
        replace_as_executable(copy, resource()).and_then(Self::own)
    }

    /// The same VMO by a handle with those rights instead.
    ///
    /// # Errors
    /// As reference §14.
    pub fn narrowed(self, rights: Rights) -> Result<Self> {
        let handle = replace(self.subject.give_up(), rights.bits())?;
        let parent = self.parent;
        Ok(Self {
            parent,
            ..Self::own(handle)?
        })
    }
}
