//! Every system call under its name, with Zircon's order and types of arguments.

use super::{RawHandle, RawStatus, call, status_of};
use abi::Call;
use abi::info::PortPacket;

/// Something that travels in a register.
trait Word {
    fn word(self) -> u64;
}

impl Word for u64 {
    fn word(self) -> u64 {
        self
    }
}

impl Word for usize {
    fn word(self) -> u64 {
        self as u64
    }
}

impl Word for u32 {
    fn word(self) -> u64 {
        u64::from(self)
    }
}

impl Word for i32 {
    fn word(self) -> u64 {
        u64::from(self.cast_unsigned())
    }
}

impl Word for i64 {
    fn word(self) -> u64 {
        self.cast_unsigned()
    }
}

impl<T> Word for *const T {
    fn word(self) -> u64 {
        self.expose_provenance() as u64
    }
}

impl<T> Word for *mut T {
    fn word(self) -> u64 {
        self.expose_provenance() as u64
    }
}

macro_rules! status_calls {
    ($($(#[$note:meta])* $name:ident = $call:ident($($arg:ident: $type:ty),*);)*) => {
        $(
            $(#[$note])*
            ///
            /// # Safety
            /// See [`crate::raw`].
            #[allow(clippy::too_many_arguments, reason = "Zircon's signature")]
            pub unsafe fn $name($($arg: $type),*) -> RawStatus {
                let given = [$($arg.word()),*];
                let mut args = [0; 8];
                for (to, from) in args.iter_mut().zip(given) {
                    *to = from;
                }
                // SAFETY: the caller's promise.
                status_of(unsafe { call(Call::$call, args) })
            }
        )*
    };
}

status_calls! {
    /// `zx_vmo_read`
    zx_vmo_read = VmoRead(handle: RawHandle, buffer: *mut u8, offset: u64, buffer_size: usize);
    /// `zx_vmo_write`
    zx_vmo_write = VmoWrite(
        handle: RawHandle, buffer: *const u8, offset: u64, buffer_size: usize
    );
    /// `zx_process_read_memory`
    zx_process_read_memory = ProcessReadMemory(
        handle: RawHandle, vaddr: usize, buffer: *mut u8, buffer_size: usize, actual: *mut usize
    );
    /// `zx_process_write_memory`
    zx_process_write_memory = ProcessWriteMemory(
        handle: RawHandle, vaddr: usize, buffer: *const u8, buffer_size: usize,
        actual: *mut usize
    );
    /// `zx_handle_close`
    zx_handle_close = HandleClose(handle: RawHandle);
    /// `zx_handle_duplicate`
    zx_handle_duplicate = HandleDuplicate(handle: RawHandle, rights: u32, out: *mut RawHandle);
    /// `zx_handle_replace`
    zx_handle_replace = HandleReplace(handle: RawHandle, rights: u32, out: *mut RawHandle);
    /// `zx_vmo_create`
    zx_vmo_create = VmoCreate(size: u64, options: u32, out: *mut RawHandle);
    /// `zx_vmo_get_size`
    zx_vmo_get_size = VmoGetSize(handle: RawHandle, size: *mut u64);
    /// `zx_vmar_map`
    zx_vmar_map = VmarMap(
        handle: RawHandle, options: u32, vmar_offset: usize, vmo: RawHandle,
        vmo_offset: u64, len: usize, mapped_addr: *mut usize
    );
    /// `zx_vmar_unmap`
    zx_vmar_unmap = VmarUnmap(handle: RawHandle, addr: usize, len: usize);
    /// `zx_thread_legacy_yield`
    zx_thread_legacy_yield = ThreadYield(options: u32);
    /// `zx_nanosleep`
    zx_nanosleep = Nanosleep(deadline: i64);
    /// `zx_debug_write`
    zx_debug_write = DebugWrite(buffer: *const u8, buffer_size: usize);
    /// `zx_handle_close_many`
    zx_handle_close_many = HandleCloseMany(handles: *const RawHandle, num_handles: usize);
    /// `zx_vmo_create_contiguous`
    zx_vmo_create_contiguous = VmoCreateContiguous(
        bti: RawHandle, size: u64, alignment_log2: u32, out: *mut RawHandle
    );
    /// `zx_vmo_create_physical`
    zx_vmo_create_physical = VmoCreatePhysical(
        resource: RawHandle, paddr: u64, size: u64, out: *mut RawHandle
    );
    /// `zx_vmo_replace_as_executable`
    zx_vmo_replace_as_executable = VmoReplaceAsExecutable(
        handle: RawHandle, vmex: RawHandle, out: *mut RawHandle
    );
    /// `zx_vmo_set_size`
    zx_vmo_set_size = VmoSetSize(handle: RawHandle, size: u64);
    /// `zx_vmo_get_stream_size`
    zx_vmo_get_stream_size = VmoGetStreamSize(handle: RawHandle, size: *mut u64);
    /// `zx_vmo_set_stream_size`
    zx_vmo_set_stream_size = VmoSetStreamSize(handle: RawHandle, size: u64);
    /// `zx_vmo_create_child`
    zx_vmo_create_child = VmoCreateChild(
        handle: RawHandle, options: u32, offset: u64, size: u64, out: *mut RawHandle
    );
    /// `zx_vmo_op_range`
    zx_vmo_op_range = VmoOpRange(
        handle: RawHandle, op: u32, offset: u64, size: u64, buffer: *mut u8, buffer_size: usize
    );
    /// `zx_vmo_set_cache_policy`
    zx_vmo_set_cache_policy = VmoSetCachePolicy(handle: RawHandle, cache_policy: u32);
    /// `zx_vmo_transfer_data`
    zx_vmo_transfer_data = VmoTransferData(
        dst_vmo: RawHandle, options: u32, offset: u64, length: u64, src_vmo: RawHandle,
        src_offset: u64
    );
    /// `zx_vmar_allocate`
    zx_vmar_allocate = VmarAllocate(
        parent_vmar: RawHandle, options: u32, offset: usize, size: usize,
        child_vmar: *mut RawHandle, child_addr: *mut usize
    );
    /// `zx_vmar_protect`
    zx_vmar_protect = VmarProtect(handle: RawHandle, options: u32, addr: usize, len: usize);
    /// `zx_vmar_op_range`
    zx_vmar_op_range = VmarOpRange(
        handle: RawHandle, op: u32, address: usize, size: usize, buffer: *mut u8,
        buffer_size: usize
    );
    /// `zx_vmar_destroy`
    zx_vmar_destroy = VmarDestroy(handle: RawHandle);
    /// `zx_object_get_info`
    zx_object_get_info = ObjectGetInfo(
        handle: RawHandle, topic: u32, buffer: *mut u8, buffer_size: usize,
        actual: *mut usize, avail: *mut usize
    );
    /// `zx_object_get_property`
    zx_object_get_property = ObjectGetProperty(
        handle: RawHandle, property: u32, value: *mut u8, value_size: usize
    );
    /// `zx_object_set_property`
    zx_object_set_property = ObjectSetProperty(
        handle: RawHandle, property: u32, value: *const u8, value_size: usize
    );
    /// `zx_object_wait_one`
    zx_object_wait_one = ObjectWaitOne(
        handle: RawHandle, signals: u32, deadline: i64, observed: *mut u32
    );
    /// `zx_object_signal`
    zx_object_signal = ObjectSignal(handle: RawHandle, clear_mask: u32, set_mask: u32);
    /// `zx_process_create`
    zx_process_create = ProcessCreate(
        job: RawHandle, name: *const u8, name_size: usize, options: u32,
        proc_handle: *mut RawHandle, vmar_handle: *mut RawHandle
    );
    /// `zx_process_start`
    zx_process_start = ProcessStart(
        handle: RawHandle, thread: RawHandle, entry: usize, stack: usize, arg1: RawHandle,
        arg2: usize
    );
    /// `zx_thread_create`
    zx_thread_create = ThreadCreate(
        process: RawHandle, name: *const u8, name_size: usize, options: u32, out: *mut RawHandle
    );
    /// `zx_thread_start`
    zx_thread_start = ThreadStart(
        handle: RawHandle, thread_entry: usize, stack: usize, arg1: usize, arg2: usize
    );
    /// `zx_task_kill`
    zx_task_kill = TaskKill(handle: RawHandle);
    /// `zx_futex_wait`
    zx_futex_wait = FutexWait(
        value_ptr: *const i32, current_value: i32, new_futex_owner: RawHandle, deadline: i64
    );
    /// `zx_futex_wake`
    zx_futex_wake = FutexWake(value_ptr: *const i32, wake_count: u32);
    /// `zx_port_create`
    zx_port_create = PortCreate(options: u32, out: *mut RawHandle);
    /// `zx_port_queue`
    zx_port_queue = PortQueue(handle: RawHandle, packet: *const PortPacket);
    /// `zx_port_wait`
    zx_port_wait = PortWait(handle: RawHandle, deadline: i64, packet: *mut PortPacket);
    /// `zx_pager_create`
    zx_pager_create = PagerCreate(options: u32, out: *mut RawHandle);
    /// `zx_pager_create_vmo`
    zx_pager_create_vmo = PagerCreateVmo(
        pager: RawHandle, options: u32, port: RawHandle, key: u64, size: u64,
        out: *mut RawHandle
    );
    /// `zx_pager_supply_pages`
    zx_pager_supply_pages = PagerSupplyPages(
        pager: RawHandle, pager_vmo: RawHandle, offset: u64, length: u64,
        aux_vmo: RawHandle, aux_offset: u64
    );
    /// `zx_pager_detach_vmo`
    zx_pager_detach_vmo = PagerDetachVmo(pager: RawHandle, vmo: RawHandle);
    /// `zx_pager_op_range`
    zx_pager_op_range = PagerOpRange(
        pager: RawHandle, op: u32, pager_vmo: RawHandle, offset: u64, length: u64, data: u64
    );
    /// `zx_bti_pin`
    zx_bti_pin = BtiPin(
        handle: RawHandle, options: u32, vmo: RawHandle, offset: u64, size: u64,
        addrs: *mut u64, num_addrs: usize, pmt: *mut RawHandle
    );
}

/// The null call: served by the host, does nothing, `ZX_OK`.
#[must_use]
pub fn vmoscope_null() -> RawStatus {
    bare(Call::Null)
}

/// Has the host check every invariant of the kernel's structures: `ZX_OK`, or
/// `ZX_ERR_INTERNAL` after it has reported what is wrong.
#[must_use]
pub fn vmoscope_check() -> RawStatus {
    bare(Call::DebugCheck)
}

/// Discards every discardable VMO that was unlocked, as memory pressure would.
pub fn vmoscope_reclaim() -> RawStatus {
    bare(Call::Reclaim)
}

fn bare(which: Call) -> RawStatus {
    // SAFETY: the call touches no memory of the program's.
    status_of(unsafe { call(which, [0; 8]) })
}

/// `zx_clock_get_monotonic`: nanoseconds since the machine started.
#[must_use]
pub fn zx_clock_get_monotonic() -> i64 {
    // SAFETY: the call touches no memory.
    unsafe { call(Call::ClockGetMonotonic, [0; 8]) }.cast_signed()
}

/// `zx_ticks_get`: ticks are nanoseconds.
#[must_use]
pub fn zx_ticks_get() -> i64 {
    // SAFETY: the call touches no memory.
    unsafe { call(Call::TicksGet, [0; 8]) }.cast_signed()
}

/// `zx_process_exit`
pub fn zx_process_exit(retcode: i64) -> ! {
    loop {
        // SAFETY: the call touches no memory, and it does not return; the loop is for
        // the host's stub.
        unsafe { call(Call::ProcessExit, [retcode.word(), 0, 0, 0, 0, 0, 0, 0]) };
    }
}

/// `zx_thread_exit`
pub fn zx_thread_exit() -> ! {
    loop {
        // SAFETY: as above.
        unsafe { call(Call::ThreadExit, [0; 8]) };
    }
}
