// All that a pager needs. Zircon has no header of this name: there the operations are in
// <zircon/types.h>, the requests in <zircon/syscalls/port.h> and what writing back needs in
// <zircon/syscalls-next.h>, and here too.

#ifndef ZIRCON_SYSCALLS_PAGER_H_
#define ZIRCON_SYSCALLS_PAGER_H_

#include <zircon/syscalls-next.h>
#include <zircon/syscalls/port.h>
#include <zircon/types.h>

#endif  // ZIRCON_SYSCALLS_PAGER_H_
