// Registers of a thread, as Zircon's calls for debuggers hand them over. vmoscope does not
// have those calls.

#ifndef ZIRCON_SYSCALLS_DEBUG_H_
#define ZIRCON_SYSCALLS_DEBUG_H_

#include <stdint.h>
#include <zircon/compiler.h>

__BEGIN_CDECLS

// What to read or write, and the type that holds it.
typedef uint32_t zx_thread_state_topic_t;
#define ZX_THREAD_STATE_GENERAL_REGS ((uint32_t)0)  // zx_thread_state_general_regs_t
#define ZX_THREAD_STATE_FP_REGS ((uint32_t)1)       // zx_thread_state_fp_regs_t
#define ZX_THREAD_STATE_VECTOR_REGS ((uint32_t)2)   // zx_thread_state_vector_regs_t
#define ZX_THREAD_STATE_DEBUG_REGS ((uint32_t)4)    // zx_thread_state_debug_regs_t
#define ZX_THREAD_STATE_SINGLE_STEP ((uint32_t)5)   // zx_thread_state_single_step_t

typedef struct zx_x86_64_thread_state_general_regs {
  uint64_t rax;
  uint64_t rbx;
  uint64_t rcx;
  uint64_t rdx;
  uint64_t rsi;
  uint64_t rdi;
  uint64_t rbp;
  uint64_t rsp;
  uint64_t r8;
  uint64_t r9;
  uint64_t r10;
  uint64_t r11;
  uint64_t r12;
  uint64_t r13;
  uint64_t r14;
  uint64_t r15;
  uint64_t rip;
  uint64_t rflags;
  uint64_t fs_base;
  uint64_t gs_base;
} zx_x86_64_thread_state_general_regs_t;

// x87 and MMX: control, status and tag words, the last instruction, and the stack, of which an
// x87 register takes 80 bits and an MMX one 64.
typedef struct zx_x86_64_thread_state_fp_regs {
  uint16_t fcw;
  uint16_t fsw;
  uint8_t ftw;
  uint8_t reserved;
  uint16_t fop;
  uint64_t fip;
  uint64_t fdp;
  uint8_t padding1[8];
  __ALIGNED(16)
  struct {
    uint64_t low;
    uint64_t high;
  } st[8];
} zx_x86_64_thread_state_fp_regs_t;

// SSE and AVX: what the CPU lacks is zero.
typedef struct zx_x86_64_thread_state_vector_regs {
  struct {
    uint64_t v[8];
  } zmm[32];
  uint64_t opmask[8];
  uint32_t mxcsr;
  uint8_t padding1[4];
} zx_x86_64_thread_state_vector_regs_t;

typedef struct zx_x86_64_thread_state_debug_regs {
  uint64_t dr[4];
  uint64_t dr6;
  uint64_t dr7;
} zx_x86_64_thread_state_debug_regs_t;

typedef zx_x86_64_thread_state_general_regs_t zx_thread_state_general_regs_t;
typedef zx_x86_64_thread_state_fp_regs_t zx_thread_state_fp_regs_t;
typedef zx_x86_64_thread_state_vector_regs_t zx_thread_state_vector_regs_t;
typedef zx_x86_64_thread_state_debug_regs_t zx_thread_state_debug_regs_t;

// 1 while single-stepping, otherwise 0.
typedef uint32_t zx_thread_state_single_step_t;

__END_CDECLS

#endif  // ZIRCON_SYSCALLS_DEBUG_H_
