//! What every typed handle can do.

use crate::handle::Handle;
use crate::info::{HandleCount, Info, InfoList, Listed};
use crate::raw::RawHandle;
use crate::{Name, Result, Rights, Signals};
use abi::info::InfoHandleBasic;
use abi::options::Property;

/// A typed handle: an owned [`Handle`] that is known to be one to a certain kind of object.
///
/// Nothing checks the kind: a handle of another kind that is wrapped all the same gets
/// `WRONG_TYPE` from the calls that mind.
pub trait Object: Sized {
    /// Takes over a handle.
    fn from_handle(handle: Handle) -> Self;

    /// The handle.
    fn handle(&self) -> &Handle;

    /// The handle without the type.
    fn into_handle(self) -> Handle;

    /// The handle's value, which stays owned.
    fn raw(&self) -> RawHandle {
        self.handle().raw()
    }

    /// A second handle to the object with these rights ([`Rights::SAME`] for those of this
    /// one).
    ///
    /// # Errors
    /// As [`Handle::duplicate`].
    fn duplicate(&self, rights: Rights) -> Result<Self> {
        self.handle().duplicate(rights).map(Self::from_handle)
    }

    /// Swaps the handle for one with these rights.
    ///
    /// # Errors
    /// As [`Handle::replace`].
    fn replace(self, rights: Rights) -> Result<Self> {
        self.into_handle().replace(rights).map(Self::from_handle)
    }

    /// Waits until the object has one of these signals, at most until `deadline`, and
    /// returns all that it has then.
    ///
    /// # Errors
    /// As [`Handle::wait_one`].
    fn wait_one(&self, signals: Signals, deadline: i64) -> Result<Signals> {
        self.handle().wait_one(signals, deadline)
    }

    /// The signals that the object has now.
    ///
    /// # Errors
    /// As [`Handle::signals`].
    fn signals(&self) -> Result<Signals> {
        self.handle().signals()
    }

    /// Clears and sets user signals of the object.
    ///
    /// # Errors
    /// As [`Handle::signal`].
    fn signal(&self, clear: Signals, set: Signals) -> Result<()> {
        self.handle().signal(clear, set)
    }

    /// What is told about the object, by the type of the record.
    ///
    /// # Errors
    /// As [`Handle::info`].
    fn info<T: Info>(&self) -> Result<T> {
        self.handle().info()
    }

    /// Records of a list that is told about the object, as many as there is room for.
    ///
    /// # Errors
    /// As [`Handle::info_list`].
    fn info_list<'a, T: InfoList>(&self, records: &'a mut [T]) -> Result<Listed<'a, T>> {
        self.handle().info_list(records)
    }

    /// The object's koid, its number for the whole life of the machine.
    ///
    /// # Errors
    /// `BAD_HANDLE`.
    fn koid(&self) -> Result<u64> {
        Ok(self.info::<InfoHandleBasic>()?.koid)
    }

    /// The rights of the handle.
    ///
    /// # Errors
    /// `BAD_HANDLE`.
    fn rights(&self) -> Result<Rights> {
        let basic: InfoHandleBasic = self.info()?;
        Ok(Rights::from_bits_retain(basic.rights))
    }

    /// How many handles to the object there are in all processes.
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right INSPECT.
    fn handle_count(&self) -> Result<u32> {
        Ok(self.info::<HandleCount>()?.0)
    }

    /// The object's name.
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right `GET_PROPERTY`, `WRONG_TYPE` for an object
    /// that has none.
    fn name(&self) -> Result<Name> {
        self.handle().property(Property::NAME).map(Name)
    }

    /// Names the object; what goes beyond 31 bytes is cut off.
    ///
    /// # Errors
    /// `ACCESS_DENIED` without the right `SET_PROPERTY`, `WRONG_TYPE` for an object
    /// that has none.
    fn set_name(&self, name: &str) -> Result<()> {
        let Name(bytes) = Name::new(name);
        self.handle().set_property(Property::NAME, &bytes)
    }
}

/// Writes [`Object`] for a type whose one field is the handle.
macro_rules! object {
    ($type:ident) => {
        impl $type {
            /// Takes over a handle.
            #[must_use]
            pub const fn from_handle(handle: $crate::Handle) -> Self {
                Self(handle)
            }

            /// The handle.
            #[must_use]
            pub const fn handle(&self) -> &$crate::Handle {
                &self.0
            }

            /// The handle's value, which stays owned.
            #[must_use]
            pub const fn raw(&self) -> $crate::raw::RawHandle {
                self.0.raw()
            }
        }

        impl $crate::Object for $type {
            fn from_handle(handle: $crate::Handle) -> Self {
                Self(handle)
            }

            fn handle(&self) -> &$crate::Handle {
                &self.0
            }

            fn into_handle(self) -> $crate::Handle {
                self.0
            }
        }
    };
}

pub(crate) use object;
