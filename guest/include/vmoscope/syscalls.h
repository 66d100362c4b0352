// System calls that vmoscope has and Zircon has not.

#ifndef VMOSCOPE_SYSCALLS_H_
#define VMOSCOPE_SYSCALLS_H_

#include <zircon/compiler.h>
#include <zircon/types.h>

__BEGIN_CDECLS

// Does nothing in the host and returns ZX_OK: what a call that the host serves costs by
// itself.
zx_status_t vmoscope_null(void);
zx_status_t _vmoscope_null(void);

// Has the host check every structure of the kernel's. ZX_OK, or ZX_ERR_INTERNAL after it said
// on the console what is wrong.
zx_status_t vmoscope_check(void);
zx_status_t _vmoscope_check(void);

// Discards every discardable VMO that is unlocked, as a lack of memory would.
zx_status_t vmoscope_reclaim(void);
zx_status_t _vmoscope_reclaim(void);

__END_CDECLS

#endif  // VMOSCOPE_SYSCALLS_H_
