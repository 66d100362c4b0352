//! Rights of handles (reference §20.2, §20.3).

use bitflags::bitflags;

bitflags! {
    /// A `zx_rights_t`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Rights: u32 {
        /// `ZX_RIGHT_DUPLICATE`
        const DUPLICATE = 1 << 0;
        /// `ZX_RIGHT_TRANSFER`
        const TRANSFER = 1 << 1;
        /// `ZX_RIGHT_READ`
        const READ = 1 << 2;
        /// `ZX_RIGHT_WRITE`
        const WRITE = 1 << 3;
        /// `ZX_RIGHT_EXECUTE`
        const EXECUTE = 1 << 4;
        /// `ZX_RIGHT_MAP`
        const MAP = 1 << 5;
        /// `ZX_RIGHT_GET_PROPERTY`
        const GET_PROPERTY = 1 << 6;
        /// `ZX_RIGHT_SET_PROPERTY`
        const SET_PROPERTY = 1 << 7;
        /// `ZX_RIGHT_ENUMERATE`
        const ENUMERATE = 1 << 8;
        /// `ZX_RIGHT_DESTROY`
        const DESTROY = 1 << 9;
        /// `ZX_RIGHT_SET_POLICY`
        const SET_POLICY = 1 << 10;
        /// `ZX_RIGHT_GET_POLICY`
        const GET_POLICY = 1 << 11;
        /// `ZX_RIGHT_SIGNAL`
        const SIGNAL = 1 << 12;
        /// `ZX_RIGHT_SIGNAL_PEER`
        const SIGNAL_PEER = 1 << 13;
        /// `ZX_RIGHT_WAIT`
        const WAIT = 1 << 14;
        /// `ZX_RIGHT_INSPECT`
        const INSPECT = 1 << 15;
        /// `ZX_RIGHT_MANAGE_JOB`
        const MANAGE_JOB = 1 << 16;
        /// `ZX_RIGHT_MANAGE_PROCESS`
        const MANAGE_PROCESS = 1 << 17;
        /// `ZX_RIGHT_MANAGE_THREAD`
        const MANAGE_THREAD = 1 << 18;
        /// `ZX_RIGHT_APPLY_PROFILE`
        const APPLY_PROFILE = 1 << 19;
        /// `ZX_RIGHT_MANAGE_SOCKET`
        const MANAGE_SOCKET = 1 << 20;
        /// `ZX_RIGHT_OP_CHILDREN`
        const OP_CHILDREN = 1 << 21;
        /// `ZX_RIGHT_RESIZE`
        const RESIZE = 1 << 22;
        /// `ZX_RIGHT_ATTACH_VMO`
        const ATTACH_VMO = 1 << 23;
        /// `ZX_RIGHT_MANAGE_VMO`
        const MANAGE_VMO = 1 << 24;
    }
}

impl Rights {
    /// The value `ZX_RIGHT_SAME_RIGHTS`, which asks for a copy of the source's rights.
    pub const SAME_RIGHTS: u32 = 0x8000_0000;
    /// The same, as a mask.
    pub const SAME: Self = Self::from_bits_retain(Self::SAME_RIGHTS);

    /// `ZX_RIGHTS_BASIC`: TRANSFER, DUPLICATE, WAIT, INSPECT.
    pub const BASIC: Self = Self::from_bits_retain(0xC003);
    /// `ZX_RIGHTS_IO`: READ, WRITE.
    pub const IO: Self = Self::from_bits_retain(0xC);
    /// `ZX_DEFAULT_VMO_RIGHTS` (RESIZE comes on top for a resizable VMO).
    pub const DEFAULT_VMO: Self = Self::from_bits_retain(0xD0EF);
    /// `ZX_DEFAULT_PROCESS_RIGHTS`.
    pub const DEFAULT_PROCESS: Self = Self::from_bits_retain(0x6_D3CF);
    /// `ZX_DEFAULT_THREAD_RIGHTS`.
    pub const DEFAULT_THREAD: Self = Self::from_bits_retain(0x4_D2CF);
    /// `ZX_DEFAULT_JOB_RIGHTS`.
    pub const DEFAULT_JOB: Self = Self::from_bits_retain(0x7_DFCF);
    /// `ZX_DEFAULT_PORT_RIGHTS`.
    pub const DEFAULT_PORT: Self = Self::from_bits_retain(0x800F);
    /// `ZX_DEFAULT_PAGER_RIGHTS`.
    pub const DEFAULT_PAGER: Self = Self::from_bits_retain(0x180_8002);
    /// `ZX_DEFAULT_RESOURCE_RIGHTS`.
    pub const DEFAULT_RESOURCE: Self = Self::from_bits_retain(0x800B);
    /// `ZX_DEFAULT_BTI_RIGHTS`.
    pub const DEFAULT_BTI: Self = Self::from_bits_retain(0x80EF);
    /// `ZX_DEFAULT_VMAR_RIGHTS`; READ, WRITE and EXECUTE come on top as the VMAR allows.
    pub const DEFAULT_VMAR: Self = Self::from_bits_retain(0x20_8003);
    /// Of the vDSO's handle: the VMO default without WRITE, with EXECUTE (reference §18).
    pub const VDSO: Self = Self::from_bits_retain(0xD0F7);
    /// The rights of a process's root VMAR handle.
    pub const ROOT_VMAR: Self = Self::from_bits_retain(0x20_801F);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_vmo_rights_are_the_groups_of_the_reference() {
        let groups = Rights::BASIC
            | Rights::IO
            | Rights::GET_PROPERTY
            | Rights::SET_PROPERTY
            | Rights::MAP
            | Rights::SIGNAL;
        assert_eq!(groups, Rights::DEFAULT_VMO);
        assert!(!Rights::DEFAULT_VMO.contains(Rights::EXECUTE));
    }
}
