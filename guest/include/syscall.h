/* libstdc++'s std::atomic waits and notifies by this Linux call where it was built for Linux.
   It is the only one here; everything else is ENOSYS. */
#ifndef VMOSCOPE_SYSCALL_H_
#define VMOSCOPE_SYSCALL_H_

#include <features.h>

#define SYS_futex 202

__BEGIN_DECLS
/* SYS_futex, address, operation (wait while the value is, wake so many), value. */
long syscall(long number, ...);
__END_DECLS

#endif
