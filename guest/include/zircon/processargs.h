// The block that tells a process what it starts with, and the names of its handles.
//
// Zircon sends the block through a channel, whose message also carries the handles. vmoscope
// has no channels: the block is in the start-up VMO, and the handles' values stand in it too,
// for which its header is longer (<vmoscope/startup.h>). A program of the SDK need not know:
// main gets arguments and environment, zx_take_startup_handle the handles.

#ifndef ZIRCON_PROCESSARGS_H_
#define ZIRCON_PROCESSARGS_H_

#include <stdint.h>
#include <zircon/compiler.h>
#include <zircon/types.h>

__BEGIN_CDECLS

#define ZX_PROCARGS_PROTOCOL ((uint32_t)0x4150585du)
#define ZX_PROCARGS_VERSION ((uint32_t)0x0001000u)

// Offsets count bytes from the first of the block. Strings end with a NUL each and stand back
// to back.
typedef struct zx_proc_args {
  uint32_t protocol;
  uint32_t version;

  // The handles' infos, a uint32_t each.
  uint32_t handle_info_off;

  uint32_t args_off;
  uint32_t args_num;

  uint32_t environ_off;
  uint32_t environ_num;

  uint32_t names_off;
  uint32_t names_num;
} zx_proc_args_t;

// A handle's info: what it is, and which of several.
#define PA_HND(type, arg) (((type) & 0xFF) | (((arg) & 0xFFFF) << 16))
#define PA_HND_TYPE(n) ((n) & 0xFF)
#define PA_HND_ARG(n) (((n) >> 16) & 0xFFFF)

// The process itself.
#define PA_PROC_SELF 0x01u
#define PA_THREAD_SELF 0x02u
#define PA_JOB_DEFAULT 0x03u
#define PA_VMAR_ROOT 0x04u
#define PA_VMAR_LOADED 0x05u

// What was loaded into it.
#define PA_LDSVC_LOADER 0x10u
#define PA_VMO_VDSO 0x11u
#define PA_VMO_STACK 0x13u
#define PA_VMO_EXECUTABLE 0x14u
#define PA_VMO_BOOTDATA 0x1Au
#define PA_VMO_BOOTFS 0x1Bu
#define PA_VMO_KERNEL_FILE 0x1Cu
#define PA_VMO_COMPONENT_CONFIG 0x1Du

// Names, files and services.
#define PA_NS_DIR 0x20u
#define PA_FD 0x30u
#define PA_LIFECYCLE 0x3Au
#define PA_DIRECTORY_REQUEST 0x3Bu
#define PA_ESCROWED_DICTIONARY 0x3Cu
#define PA_LOG_SINK 0x3Du
#define PA_CLOCK_UTC 0x40u

// Resources.
#define PA_RESOURCE 0x3Fu
#define PA_MMIO_RESOURCE 0x50
#define PA_IRQ_RESOURCE 0x51
#define PA_IOPORT_RESOURCE 0x52
#define PA_SMC_RESOURCE 0x53
#define PA_SYSTEM_RESOURCE 0x54

// Whatever the two sides agreed on. vmoscope uses them for other programs' processes and root
// VMARs and for a BTI (<vmoscope/startup.h>).
#define PA_USER0 0xF0u
#define PA_USER1 0xF1u
#define PA_USER2 0xF2u

__END_CDECLS

#endif  // ZIRCON_PROCESSARGS_H_
