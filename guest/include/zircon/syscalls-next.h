// What Zircon does not promise to keep: of that, what vmoscope's calls take.

#ifndef ZIRCON_SYSCALLS_NEXT_H_
#define ZIRCON_SYSCALLS_NEXT_H_

#include <stdint.h>
#include <zircon/compiler.h>
#include <zircon/syscalls.h>
#include <zircon/types.h>

// The data of ZX_PAGER_OP_WRITEBACK_BEGIN: the range is written back as zeros.
#define ZX_VMO_DIRTY_RANGE_IS_ZERO ((uint64_t)1u)

#endif  // ZIRCON_SYSCALLS_NEXT_H_
