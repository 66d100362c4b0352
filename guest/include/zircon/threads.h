// C11 threads, seen as the kernel's.

#ifndef ZIRCON_THREADS_H_
#define ZIRCON_THREADS_H_

#include <threads.h>
#include <zircon/compiler.h>
#include <zircon/types.h>

__BEGIN_CDECLS

// Of <vmoscope/thread.h>.
zx_handle_t vmoscope_thread_handle(thrd_t thread);

// The thread's handle, which stays the library's and goes with the thread.
static inline zx_handle_t thrd_get_zx_handle(thrd_t t) { return vmoscope_thread_handle(t); }

// What a function of <threads.h> returned, as a status.
static inline zx_status_t thrd_status_to_zx_status(int thrd_status) {
  switch (thrd_status) {
    case thrd_success:
      return ZX_OK;
    case thrd_nomem:
      return ZX_ERR_NO_MEMORY;
    case thrd_timedout:
      return ZX_ERR_TIMED_OUT;
    case thrd_busy:
      return ZX_ERR_SHOULD_WAIT;
    default:
      return ZX_ERR_INTERNAL;
  }
}

__END_CDECLS

#endif  // ZIRCON_THREADS_H_
