// vmoscope's start-up block: Zircon's, with the handles' values in it.
//
// A process starts with a handle of the start-up VMO in rdi and the address of the vDSO in rsi;
// the block is the VMO's content.

#ifndef VMOSCOPE_STARTUP_H_
#define VMOSCOPE_STARTUP_H_

#include <stdint.h>
#include <zircon/compiler.h>
#include <zircon/processargs.h>

__BEGIN_CDECLS

typedef struct vmoscope_proc_args {
  zx_proc_args_t args;

  // The handles' values, a zx_handle_t each, in the order of their infos.
  uint32_t handles_off;
  // Number of infos, and of values.
  uint32_t handles_num;

  // Bytes of the whole block.
  uint32_t total_size;
} vmoscope_proc_args_t;

// Given to the first program only: process and root VMAR of the program whose name is the
// arg-th of the block's names.
#define VMOSCOPE_PA_PROGRAM_PROCESS PA_USER0
#define VMOSCOPE_PA_PROGRAM_VMAR PA_USER1
// A BTI, for zx_vmo_create_contiguous.
#define VMOSCOPE_PA_BTI PA_USER2

__END_CDECLS

#endif  // VMOSCOPE_STARTUP_H_
