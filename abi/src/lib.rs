//! The contract between the guest kernel and the host.
//!
//! Everything that both sides must agree on stands here and nowhere else: status
//! codes, rights, call numbers, the call page, the format of program modules and the
//! layout of every object that lives in guest memory. Both sides compile against this
//! crate, so its documentation is the ABI reference. Sizes and offsets are asserted at
//! compile time; a change to one of them is a change of [`ABI_VERSION`].
//!
//! Rules that hold for every structure here:
//!
//! * Little endian, `repr(C)`, no implicit padding, every field naturally aligned.
//! * An address of an object is its **guest-physical** address ([`Link`]); zero is
//!   "none". The kernel adds [`layout::PHYSMAP_BASE`] to reach it, the host reads guest
//!   RAM at it.
//! * The kernel owns all of it. The host writes only data pages, the fields of
//!   [`CallPage`] that say so, and nothing else.

#![cfg_attr(not(test), no_std)]

pub mod call_page;
pub mod calls;
pub mod cmdline;
pub mod entry;
pub mod info;
pub mod layout;
mod link;
pub mod objects;
pub mod options;
pub mod program;
pub mod rights;
pub mod root;
pub mod startup;
pub mod status;
pub mod vdso;

pub use call_page::CallPage;
pub use calls::Call;
pub use link::Link;
pub use rights::Rights;
pub use root::RootBlock;
pub use status::Status;

/// The version of everything in this crate; the kernel publishes it in
/// [`RootBlock::version`] and the host refuses a guest of another version.
pub const ABI_VERSION: u32 = 4;

/// Asserts the size of a type and the offsets of its fields at compile time.
macro_rules! assert_layout {
    ($type:ty, size = $size:expr $(, $field:ident @ $offset:expr)* $(,)?) => {
        const _: () = {
            assert!(core::mem::size_of::<$type>() == $size);
            $(assert!(core::mem::offset_of!($type, $field) == $offset);)*
        };
    };
}
pub(crate) use assert_layout;
