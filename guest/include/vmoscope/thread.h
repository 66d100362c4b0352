/* Threads with a stack of another size, and their handles. */
#ifndef VMOSCOPE_THREAD_H_
#define VMOSCOPE_THREAD_H_

#include <features.h>
#include <stddef.h>
#include <threads.h>
#include <zircon/types.h>

__BEGIN_DECLS
/* As thrd_create, with a stack of at least that many bytes and with a name for the kernel. */
int vmoscope_thread_create(thrd_t* out, thrd_start_t function, void* argument, size_t stack_size,
                           const char* name);
/* The size of the stacks of threads that do not ask for one; 0 asks and changes nothing.
   Returns the size before. */
size_t vmoscope_thread_stack_size(size_t size);
/* The kernel's handle of the thread, which stays the library's. */
zx_handle_t vmoscope_thread_handle(thrd_t thread);
__END_DECLS

#endif
