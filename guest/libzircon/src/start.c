/* From the first instruction to main. Until the thread-local storage stands, nothing here
   may be compiled with a stack protector, and until the relocations are done nothing may
   use an address from memory. */
#include <stdlib.h>

#include "elf.h"
#include "internal.h"

extern HIDDEN const struct elf_header __ehdr_start;
typedef void (*initializer)(int, char**, char**);
extern HIDDEN initializer const __preinit_array_start[], __preinit_array_end[];
extern HIDDEN initializer const __init_array_start[], __init_array_end[];

/* C++ gives it to __cxa_atexit; a program is one object, so that nobody looks at it. */
HIDDEN void* __dso_handle = &__dso_handle;

char** environ;

/* Applies the relocations of a position-independent program: all are "add the base". */
static void relocate(uintptr_t bias, const struct elf_dynamic* dynamic) {
  const struct elf_relocation* rela = NULL;
  const uint64_t* relr = NULL;
  uint64_t rela_size = 0, relr_size = 0;
  for (; dynamic->tag != DT_NULL; dynamic++) {
    if (dynamic->tag == DT_RELA) rela = (const struct elf_relocation*)(bias + dynamic->value);
    if (dynamic->tag == DT_RELASZ) rela_size = dynamic->value;
    if (dynamic->tag == DT_RELR) relr = (const uint64_t*)(bias + dynamic->value);
    if (dynamic->tag == DT_RELRSZ) relr_size = dynamic->value;
  }
  for (uint64_t i = 0; i < rela_size / sizeof(*rela); i++) {
    /* The linker leaves no other kind in a static program; of one it would, nothing says
       so better than a fault. */
    if ((uint32_t)rela[i].info != R_X86_64_RELATIVE) __builtin_trap();
    *(uint64_t*)(bias + rela[i].offset) = bias + (uint64_t)rela[i].addend;
  }
  /* An even word is a place; an odd one is a map of which of the next 63 words are. */
  uint64_t* place = NULL;
  for (uint64_t i = 0; i < relr_size / sizeof(*relr); i++) {
    if ((relr[i] & 1) == 0) {
      place = (uint64_t*)(bias + relr[i]);
      *place++ += bias;
    } else {
      for (int bit = 1; bit < 64; bit++) {
        if (relr[i] >> bit & 1) place[bit - 1] += bias;
      }
      place += 63;
    }
  }
}

/* What nobody outside can know: the time stamp counter and addresses, well mixed. The low
   byte is zero, so that a string that overflows cannot carry the whole of it. */
static uintptr_t unpredictable(uintptr_t a, uintptr_t b) {
  uint64_t mixed = __builtin_ia32_rdtsc() ^ (a << 7) ^ (b << 29);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31)) & ~(uintptr_t)0xff;
}

static void fail(const char* why) {
  if (why != NULL) __libzircon_die(why);
}

HIDDEN __attribute__((__noreturn__)) void __libzircon_start(zx_handle_t block, uintptr_t vdso,
                                                            int (*entry)(int, char**, char**)) {
  const struct elf_segment* segments =
      (const struct elf_segment*)((uintptr_t)&__ehdr_start + __ehdr_start.segments);
  const struct elf_segment* end = segments + __ehdr_start.segment_count;
  uintptr_t bias = 0;
  for (const struct elf_segment* segment = segments; segment < end; segment++) {
    if (segment->type == PT_LOAD && segment->offset == 0) {
      bias = (uintptr_t)&__ehdr_start - segment->address;
    }
  }
  for (const struct elf_segment* segment = segments; segment < end; segment++) {
    if (segment->type == PT_DYNAMIC) {
      relocate(bias, (const struct elf_dynamic*)(bias + segment->address));
    }
    if (segment->type == PT_GNU_STACK && segment->memory_size != 0) {
      __libzircon_stack_size = round_up(segment->memory_size, PAGE);
    }
  }
  __libzircon_find_calls(vdso);
  fail(__libzircon_handles(block));
  uintptr_t canary = unpredictable(vdso, (uintptr_t)&segments ^ __libzircon_own.thread);
  __libzircon_tls_init(&__ehdr_start, bias, canary);

  int argc;
  char** argv;
  fail(__libzircon_startup(block, &argc, &argv));
  for (initializer const* each = __preinit_array_start; each < __preinit_array_end; each++) {
    (*each)(argc, argv, environ);
  }
  for (initializer const* each = __init_array_start; each < __init_array_end; each++) {
    (*each)(argc, argv, environ);
  }
  exit(entry(argc, argv, environ));
}
