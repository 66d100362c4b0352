// The system calls: every one that the vDSO has, under Zircon's name and with Zircon's
// prototype. Each also has a name with an underscore in front that no program replaces:
// zx_handle_close is weak, _zx_handle_close is not.
//
// What differs from Zircon is that calls which vmoscope does not have are not declared, so
// that their absence is an error of the compiler and not of the linker.

#ifndef ZIRCON_SYSCALLS_H_
#define ZIRCON_SYSCALLS_H_

#include <zircon/compiler.h>
#include <zircon/string_view.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/types.h>
#include <zircon/types.h>

__BEGIN_CDECLS

#define _ZX_CALL(type, name, parameters) \
  extern type zx_##name parameters;      \
  extern type _zx_##name parameters

// Handles.
_ZX_CALL(zx_status_t, handle_close, (zx_handle_t handle));
_ZX_CALL(zx_status_t, handle_close_many, (const zx_handle_t* handles, size_t num_handles));
_ZX_CALL(zx_status_t, handle_duplicate,
         (zx_handle_t handle, zx_rights_t rights, zx_handle_t* out));
_ZX_CALL(zx_status_t, handle_replace, (zx_handle_t handle, zx_rights_t rights, zx_handle_t* out));

// Objects of any type.
_ZX_CALL(zx_status_t, object_get_info,
         (zx_handle_t handle, uint32_t topic, void* buffer, size_t buffer_size, size_t* actual,
          size_t* avail));
_ZX_CALL(zx_status_t, object_get_property,
         (zx_handle_t handle, uint32_t property, void* value, size_t value_size));
_ZX_CALL(zx_status_t, object_set_property,
         (zx_handle_t handle, uint32_t property, const void* value, size_t value_size));
_ZX_CALL(zx_status_t, object_signal,
         (zx_handle_t handle, uint32_t clear_mask, uint32_t set_mask));
_ZX_CALL(zx_status_t, object_wait_one,
         (zx_handle_t handle, zx_signals_t signals, zx_instant_mono_t deadline,
          zx_signals_t* observed));

// Virtual memory objects.
_ZX_CALL(zx_status_t, vmo_create, (uint64_t size, uint32_t options, zx_handle_t* out));
_ZX_CALL(zx_status_t, vmo_create_child,
         (zx_handle_t handle, uint32_t options, uint64_t offset, uint64_t size,
          zx_handle_t* out));
_ZX_CALL(zx_status_t, vmo_create_contiguous,
         (zx_handle_t bti, size_t size, uint32_t alignment_log2, zx_handle_t* out));
_ZX_CALL(zx_status_t, vmo_create_physical,
         (zx_handle_t resource, zx_paddr_t paddr, size_t size, zx_handle_t* out));
_ZX_CALL(zx_status_t, vmo_replace_as_executable,
         (zx_handle_t handle, zx_handle_t vmex, zx_handle_t* out));
_ZX_CALL(zx_status_t, vmo_read,
         (zx_handle_t handle, void* buffer, uint64_t offset, size_t buffer_size));
_ZX_CALL(zx_status_t, vmo_write,
         (zx_handle_t handle, const void* buffer, uint64_t offset, size_t buffer_size));
_ZX_CALL(zx_status_t, vmo_get_size, (zx_handle_t handle, uint64_t* size));
_ZX_CALL(zx_status_t, vmo_set_size, (zx_handle_t handle, uint64_t size));
_ZX_CALL(zx_status_t, vmo_get_stream_size, (zx_handle_t handle, uint64_t* size));
_ZX_CALL(zx_status_t, vmo_set_stream_size, (zx_handle_t handle, uint64_t size));
_ZX_CALL(zx_status_t, vmo_op_range,
         (zx_handle_t handle, uint32_t op, uint64_t offset, uint64_t size, void* buffer,
          size_t buffer_size));
_ZX_CALL(zx_status_t, vmo_set_cache_policy, (zx_handle_t handle, uint32_t cache_policy));
_ZX_CALL(zx_status_t, vmo_transfer_data,
         (zx_handle_t dst_vmo, uint32_t options, uint64_t offset, uint64_t length,
          zx_handle_t src_vmo, uint64_t src_offset));

// Address regions.
_ZX_CALL(zx_status_t, vmar_allocate,
         (zx_handle_t parent_vmar, zx_vm_option_t options, size_t offset, size_t size,
          zx_handle_t* child_vmar, zx_vaddr_t* child_addr));
_ZX_CALL(zx_status_t, vmar_destroy, (zx_handle_t handle));
_ZX_CALL(zx_status_t, vmar_map,
         (zx_handle_t handle, zx_vm_option_t options, size_t vmar_offset, zx_handle_t vmo,
          uint64_t vmo_offset, size_t len, zx_vaddr_t* mapped_addr));
_ZX_CALL(zx_status_t, vmar_op_range,
         (zx_handle_t handle, uint32_t op, zx_vaddr_t address, size_t size, void* buffer,
          size_t buffer_size));
_ZX_CALL(zx_status_t, vmar_protect,
         (zx_handle_t handle, zx_vm_option_t options, zx_vaddr_t addr, size_t len));
_ZX_CALL(zx_status_t, vmar_unmap, (zx_handle_t handle, zx_vaddr_t addr, size_t len));

// Processes and threads.
_ZX_CALL(zx_status_t, process_create,
         (zx_handle_t job, const char* name, size_t name_size, uint32_t options,
          zx_handle_t* proc_handle, zx_handle_t* vmar_handle));
_ZX_CALL(zx_status_t, process_start,
         (zx_handle_t handle, zx_handle_t thread, zx_vaddr_t entry, zx_vaddr_t stack,
          zx_handle_t arg1, uintptr_t arg2));
_ZX_CALL(zx_status_t, process_read_memory,
         (zx_handle_t handle, zx_vaddr_t vaddr, void* buffer, size_t buffer_size,
          size_t* actual));
_ZX_CALL(zx_status_t, process_write_memory,
         (zx_handle_t handle, zx_vaddr_t vaddr, const void* buffer, size_t buffer_size,
          size_t* actual));
_ZX_CALL(__NO_RETURN void, process_exit, (int64_t retcode));
_ZX_CALL(zx_status_t, thread_create,
         (zx_handle_t process, const char* name, size_t name_size, uint32_t options,
          zx_handle_t* out));
_ZX_CALL(zx_status_t, thread_start,
         (zx_handle_t handle, zx_vaddr_t thread_entry, zx_vaddr_t stack, uintptr_t arg1,
          uintptr_t arg2));
_ZX_CALL(zx_status_t, thread_legacy_yield, (uint32_t options));
_ZX_CALL(__NO_RETURN void, thread_exit, (void));
_ZX_CALL(zx_status_t, task_kill, (zx_handle_t handle));

// Futexes.
_ZX_CALL(zx_status_t, futex_wait,
         (const zx_futex_t* value_ptr, int32_t current_value, zx_handle_t new_futex_owner,
          zx_instant_mono_t deadline));
_ZX_CALL(zx_status_t, futex_wake, (const zx_futex_t* value_ptr, uint32_t wake_count));

// Ports.
_ZX_CALL(zx_status_t, port_create, (uint32_t options, zx_handle_t* out));
_ZX_CALL(zx_status_t, port_queue, (zx_handle_t handle, const zx_port_packet_t* packet));
_ZX_CALL(zx_status_t, port_wait,
         (zx_handle_t handle, zx_instant_mono_t deadline, zx_port_packet_t* packet));

// Pagers.
_ZX_CALL(zx_status_t, pager_create, (uint32_t options, zx_handle_t* out));
_ZX_CALL(zx_status_t, pager_create_vmo,
         (zx_handle_t pager, uint32_t options, zx_handle_t port, uint64_t key, uint64_t size,
          zx_handle_t* out));
_ZX_CALL(zx_status_t, pager_detach_vmo, (zx_handle_t pager, zx_handle_t vmo));
_ZX_CALL(zx_status_t, pager_supply_pages,
         (zx_handle_t pager, zx_handle_t pager_vmo, uint64_t offset, uint64_t length,
          zx_handle_t aux_vmo, uint64_t aux_offset));
_ZX_CALL(zx_status_t, pager_op_range,
         (zx_handle_t pager, uint32_t op, zx_handle_t pager_vmo, uint64_t offset,
          uint64_t length, uint64_t data));

// Bus transaction initiators: the call is there, and always ZX_ERR_NOT_SUPPORTED.
_ZX_CALL(zx_status_t, bti_pin,
         (zx_handle_t handle, uint32_t options, zx_handle_t vmo, uint64_t offset, uint64_t size,
          zx_paddr_t* addrs, size_t num_addrs, zx_handle_t* pmt));

// Time.
_ZX_CALL(zx_instant_mono_t, clock_get_monotonic, (void));
_ZX_CALL(zx_instant_mono_ticks_t, ticks_get, (void));
_ZX_CALL(zx_status_t, nanosleep, (zx_instant_mono_t deadline));

// The console.
_ZX_CALL(zx_status_t, debug_write, (const char* buffer, size_t buffer_size));

// Answered by the vDSO itself.
_ZX_CALL(__CONST zx_ticks_t, ticks_per_second, (void));
_ZX_CALL(zx_instant_mono_t, deadline_after, (zx_duration_mono_t nanoseconds));
_ZX_CALL(__CONST uint32_t, system_get_page_size, (void));

#undef _ZX_CALL

__END_CDECLS

#endif  // ZIRCON_SYSCALLS_H_
