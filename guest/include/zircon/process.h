// What a process knows of itself from its start: the handles in its start-up block.

#ifndef ZIRCON_PROCESS_H_
#define ZIRCON_PROCESS_H_

#include <stdint.h>
#include <zircon/compiler.h>
#include <zircon/types.h>

__BEGIN_CDECLS

// The start-up handle with that info (PA_HND of <zircon/processargs.h>), which from then on
// belongs to the caller: a second call for the same info gives ZX_HANDLE_INVALID, as does
// the first for an info that the process did not get.
zx_handle_t zx_take_startup_handle(uint32_t hnd_info);

// Handles that stay the runtime's: do not close them. ZX_HANDLE_INVALID if the process did
// not get one.
zx_handle_t zx_thread_self(void);
zx_handle_t _zx_thread_self(void);
zx_handle_t zx_process_self(void);
zx_handle_t _zx_process_self(void);
zx_handle_t zx_vmar_root_self(void);
zx_handle_t _zx_vmar_root_self(void);
zx_handle_t zx_job_default(void);
zx_handle_t _zx_job_default(void);

__END_CDECLS

#endif  // ZIRCON_PROCESS_H_
