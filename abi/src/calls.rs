//! System call numbers and their signatures.
//!
//! A program puts the number into `rax` and the arguments into `rdi, rsi, rdx, r10,
//! r8, r9, r12, r13`, executes `syscall` and finds the result in `rax` (reference
//! §19.1). The numbers are private to a build, as in Zircon; programs call them by name
//! through the vDSO, the only place from which the kernel accepts them.

/// Who answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The host, in one exit.
    Host,
    /// The guest kernel, in none.
    Kernel,
}

/// What an argument means, so that a trace can print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// A handle value (32 bits).
    Handle,
    /// A user address in the caller.
    Pointer,
    /// A user address in another process, or an offset, printed in hexadecimal.
    Address,
    /// A number of bytes or of things, printed in decimal.
    Size,
    /// A rights mask (32 bits).
    Rights,
    /// Option bits, or a mask of signals (32 bits).
    Options,
    /// The number of an operation, topic, property or policy, or of threads (32 bits).
    Number,
    /// A time in nanoseconds, signed.
    Time,
    /// A signed number.
    Signed,
}

/// What a call gives back in `rax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// A `zx_status_t`.
    Status,
    /// A time in nanoseconds.
    Time,
    /// It does not return.
    Never,
}

/// The signature of a call.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The name as the vDSO exports it.
    pub name: &'static str,
    /// Name and meaning of each argument, in order; at most eight.
    pub arguments: &'static [(&'static str, ArgKind)],
    /// What comes back.
    pub returns: Returns,
}

macro_rules! calls {
    ($($(#[$note:meta])* $call:ident = $number:literal, $name:literal
       ($($argument:ident: $kind:ident),*) -> $returns:ident;)*) => {
        /// A system call, by number.
        ///
        /// Numbers up to [`Call::LAST_SERVED`] are served by the host in one exit; the
        /// rest is answered by the guest kernel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum Call {
            $($(#[$note])* $call = $number,)*
        }

        impl Call {
            /// Every call there is, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$call,)*];

            /// The call with that number.
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                Some(match number {
                    $($number => Self::$call,)*
                    _ => return None,
                })
            }

            /// Its name and arguments.
            #[must_use]
            pub const fn signature(self) -> Signature {
                match self {
                    $(Self::$call => Signature {
                        name: $name,
                        arguments: &[$((stringify!($argument), ArgKind::$kind)),*],
                        returns: Returns::$returns,
                    },)*
                }
            }
        }
    };
}

calls! {
    /// Does nothing and returns `ZX_OK`: the price of a served call itself.
    Null = 0, "vmoscope_null"() -> Status;
    /// `zx_vmo_read` (reference §4).
    VmoRead = 1, "zx_vmo_read"(
        handle: Handle, buffer: Pointer, offset: Address, buffer_size: Size
    ) -> Status;
    /// `zx_vmo_write` (reference §4).
    VmoWrite = 2, "zx_vmo_write"(
        handle: Handle, buffer: Pointer, offset: Address, buffer_size: Size
    ) -> Status;
    /// `zx_process_read_memory` (reference §5).
    ProcessReadMemory = 3, "zx_process_read_memory"(
        handle: Handle, vaddr: Address, buffer: Pointer, buffer_size: Size, actual: Pointer
    ) -> Status;
    /// `zx_process_write_memory` (reference §6).
    ProcessWriteMemory = 4, "zx_process_write_memory"(
        handle: Handle, vaddr: Address, buffer: Pointer, buffer_size: Size, actual: Pointer
    ) -> Status;
    /// Checks every invariant of the kernel's structures (frame and reference counts, page
    /// lists, lists): `ZX_OK`, or `ZX_ERR_INTERNAL` after the host has reported what is
    /// wrong.
    DebugCheck = 5, "vmoscope_check"() -> Status;
    /// `zx_handle_close` (reference §14).
    HandleClose = 16, "zx_handle_close"(handle: Handle) -> Status;
    /// `zx_handle_duplicate` (reference §14).
    HandleDuplicate = 17, "zx_handle_duplicate"(
        handle: Handle, rights: Rights, out: Pointer
    ) -> Status;
    /// `zx_handle_replace` (reference §14).
    HandleReplace = 18, "zx_handle_replace"(
        handle: Handle, rights: Rights, out: Pointer
    ) -> Status;
    /// `zx_vmo_create` (reference §8.1).
    VmoCreate = 19, "zx_vmo_create"(size: Size, options: Options, out: Pointer) -> Status;
    /// `zx_vmo_get_size` (reference §9.1).
    VmoGetSize = 20, "zx_vmo_get_size"(handle: Handle, size: Pointer) -> Status;
    /// `zx_vmar_map` (reference §13.1).
    VmarMap = 21, "zx_vmar_map"(
        handle: Handle, options: Options, vmar_offset: Address, vmo: Handle,
        vmo_offset: Address, len: Size, mapped_addr: Pointer
    ) -> Status;
    /// `zx_vmar_unmap` (reference §13.3).
    VmarUnmap = 22, "zx_vmar_unmap"(handle: Handle, addr: Address, len: Size) -> Status;
    /// `zx_process_exit` (reference §16).
    ProcessExit = 23, "zx_process_exit"(retcode: Signed) -> Never;
    /// `zx_thread_legacy_yield`.
    ThreadYield = 24, "zx_thread_legacy_yield"(options: Options) -> Status;
    /// `zx_nanosleep`.
    Nanosleep = 25, "zx_nanosleep"(deadline: Time) -> Status;
    /// `zx_clock_get_monotonic`.
    ClockGetMonotonic = 26, "zx_clock_get_monotonic"() -> Time;
    /// `zx_debug_write`.
    DebugWrite = 27, "zx_debug_write"(buffer: Pointer, buffer_size: Size) -> Status;
    /// `zx_handle_close_many` (reference §14).
    HandleCloseMany = 28, "zx_handle_close_many"(handles: Pointer, num_handles: Size) -> Status;
    /// `zx_vmo_create_contiguous` (reference §8.2).
    VmoCreateContiguous = 29, "zx_vmo_create_contiguous"(
        bti: Handle, size: Size, alignment_log2: Number, out: Pointer
    ) -> Status;
    /// `zx_vmo_create_physical` (reference §8.3).
    VmoCreatePhysical = 30, "zx_vmo_create_physical"(
        resource: Handle, paddr: Address, size: Size, out: Pointer
    ) -> Status;
    /// `zx_vmo_replace_as_executable` (reference §8.4).
    VmoReplaceAsExecutable = 31, "zx_vmo_replace_as_executable"(
        handle: Handle, vmex: Handle, out: Pointer
    ) -> Status;
    /// `zx_vmo_set_size` (reference §9.2).
    VmoSetSize = 32, "zx_vmo_set_size"(handle: Handle, size: Size) -> Status;
    /// `zx_vmo_get_stream_size` (reference §9.1).
    VmoGetStreamSize = 33, "zx_vmo_get_stream_size"(handle: Handle, size: Pointer) -> Status;
    /// `zx_vmo_set_stream_size` (reference §9.3).
    VmoSetStreamSize = 34, "zx_vmo_set_stream_size"(handle: Handle, size: Size) -> Status;
    /// `zx_vmo_create_child` (reference §10).
    VmoCreateChild = 35, "zx_vmo_create_child"(
        handle: Handle, options: Options, offset: Address, size: Size, out: Pointer
    ) -> Status;
    /// `zx_vmo_op_range` (reference §11).
    VmoOpRange = 36, "zx_vmo_op_range"(
        handle: Handle, op: Number, offset: Address, size: Size, buffer: Pointer,
        buffer_size: Size
    ) -> Status;
    /// `zx_vmo_set_cache_policy` (reference §12.1).
    VmoSetCachePolicy = 37, "zx_vmo_set_cache_policy"(
        handle: Handle, cache_policy: Number
    ) -> Status;
    /// `zx_vmo_transfer_data` (reference §12.2).
    VmoTransferData = 38, "zx_vmo_transfer_data"(
        dst_vmo: Handle, options: Options, offset: Address, length: Size, src_vmo: Handle,
        src_offset: Address
    ) -> Status;
    /// `zx_vmar_allocate` (reference §13.2).
    VmarAllocate = 39, "zx_vmar_allocate"(
        parent_vmar: Handle, options: Options, offset: Address, size: Size,
        child_vmar: Pointer, child_addr: Pointer
    ) -> Status;
    /// `zx_vmar_protect` (reference §13.4).
    VmarProtect = 40, "zx_vmar_protect"(
        handle: Handle, options: Options, addr: Address, len: Size
    ) -> Status;
    /// `zx_vmar_op_range` (reference §13.5).
    VmarOpRange = 41, "zx_vmar_op_range"(
        handle: Handle, op: Number, address: Address, size: Size, buffer: Pointer,
        buffer_size: Size
    ) -> Status;
    /// `zx_vmar_destroy` (reference §13.6).
    VmarDestroy = 42, "zx_vmar_destroy"(handle: Handle) -> Status;
    /// `zx_object_get_info` (reference §15).
    ObjectGetInfo = 43, "zx_object_get_info"(
        handle: Handle, topic: Number, buffer: Pointer, buffer_size: Size, actual: Pointer,
        avail: Pointer
    ) -> Status;
    /// `zx_object_get_property`.
    ObjectGetProperty = 44, "zx_object_get_property"(
        handle: Handle, property: Number, value: Pointer, value_size: Size
    ) -> Status;
    /// `zx_object_set_property`.
    ObjectSetProperty = 45, "zx_object_set_property"(
        handle: Handle, property: Number, value: Pointer, value_size: Size
    ) -> Status;
    /// `zx_object_wait_one`.
    ObjectWaitOne = 46, "zx_object_wait_one"(
        handle: Handle, signals: Options, deadline: Time, observed: Pointer
    ) -> Status;
    /// `zx_object_signal`.
    ObjectSignal = 47, "zx_object_signal"(
        handle: Handle, clear_mask: Options, set_mask: Options
    ) -> Status;
    /// `zx_process_create` (reference §16).
    ProcessCreate = 48, "zx_process_create"(
        job: Handle, name: Pointer, name_size: Size, options: Options, proc_handle: Pointer,
        vmar_handle: Pointer
    ) -> Status;
    /// `zx_process_start` (reference §16).
    ProcessStart = 49, "zx_process_start"(
        handle: Handle, thread: Handle, entry: Address, stack: Address, arg1: Handle,
        arg2: Address
    ) -> Status;
    /// `zx_thread_create`.
    ThreadCreate = 50, "zx_thread_create"(
        process: Handle, name: Pointer, name_size: Size, options: Options, out: Pointer
    ) -> Status;
    /// `zx_thread_start`.
    ThreadStart = 51, "zx_thread_start"(
        handle: Handle, thread_entry: Address, stack: Address, arg1: Address, arg2: Address
    ) -> Status;
    /// `zx_thread_exit`.
    ThreadExit = 52, "zx_thread_exit"() -> Never;
    /// `zx_task_kill` (reference §16).
    TaskKill = 53, "zx_task_kill"(handle: Handle) -> Status;
    /// `zx_futex_wait`.
    FutexWait = 54, "zx_futex_wait"(
        value_ptr: Pointer, current_value: Signed, new_futex_owner: Handle, deadline: Time
    ) -> Status;
    /// `zx_futex_wake`.
    FutexWake = 55, "zx_futex_wake"(value_ptr: Pointer, wake_count: Number) -> Status;
    /// `zx_ticks_get`.
    TicksGet = 56, "zx_ticks_get"() -> Time;
    /// `zx_port_create`.
    PortCreate = 57, "zx_port_create"(options: Options, out: Pointer) -> Status;
    /// `zx_port_queue`.
    PortQueue = 58, "zx_port_queue"(handle: Handle, packet: Pointer) -> Status;
    /// `zx_port_wait`.
    PortWait = 59, "zx_port_wait"(handle: Handle, deadline: Time, packet: Pointer) -> Status;
    /// `zx_pager_create` (reference §17.1).
    PagerCreate = 60, "zx_pager_create"(options: Options, out: Pointer) -> Status;
    /// `zx_pager_create_vmo` (reference §17.2).
    PagerCreateVmo = 61, "zx_pager_create_vmo"(
        pager: Handle, options: Options, port: Handle, key: Address, size: Size, out: Pointer
    ) -> Status;
    /// `zx_pager_supply_pages` (reference §17.4).
    PagerSupplyPages = 62, "zx_pager_supply_pages"(
        pager: Handle, pager_vmo: Handle, offset: Address, length: Size, aux_vmo: Handle,
        aux_offset: Address
    ) -> Status;
    /// `zx_pager_detach_vmo` (reference §17.6).
    PagerDetachVmo = 63, "zx_pager_detach_vmo"(pager: Handle, vmo: Handle) -> Status;
    /// `zx_pager_op_range` (reference §17.5).
    PagerOpRange = 64, "zx_pager_op_range"(
        pager: Handle, op: Number, pager_vmo: Handle, offset: Address, length: Size,
        data: Address
    ) -> Status;
    /// `zx_bti_pin`: always `ZX_ERR_NOT_SUPPORTED`.
    BtiPin = 65, "zx_bti_pin"(
        handle: Handle, options: Options, vmo: Handle, offset: Address, size: Size,
        addrs: Pointer, num_addrs: Size, pmt: Pointer
    ) -> Status;
    /// Discards every discardable VMO that was unlocked, as memory pressure would.
    Reclaim = 66, "vmoscope_reclaim"() -> Status;
}

impl Call {
    /// The highest number that the host serves.
    pub const LAST_SERVED: u32 = 5;
    /// The highest number of all.
    pub const LAST: u32 = 66;

    /// The call's number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Who answers it.
    #[must_use]
    pub const fn server(self) -> Server {
        if self.number() <= Self::LAST_SERVED {
            Server::Host
        } else {
            Server::Kernel
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_calls_convert_both_ways() {
        for &call in Call::ALL {
            assert_eq!(Call::from_number(call.number()), Some(call));
        }
        assert_eq!(Call::from_number(6), None);
        assert_eq!(Call::from_number(u32::MAX), None);
    }

    #[test]
    fn the_numbers_ascend_up_to_the_last() {
        let numbers: Vec<_> = Call::ALL.iter().map(|call| call.number()).collect();
        assert!(numbers.is_sorted());
        assert_eq!(numbers.last(), Some(&Call::LAST));
    }

    #[test]
    fn exactly_the_calls_up_to_last_served_are_the_hosts() {
        for &call in Call::ALL {
            let host = call.server() == Server::Host;
            assert_eq!(host, call.number() <= Call::LAST_SERVED, "{call:?}");
        }
    }

    #[test]
    fn no_call_has_more_arguments_than_there_are_registers() {
        for &call in Call::ALL {
            assert!(call.signature().arguments.len() <= 8, "{call:?}");
        }
    }
}
