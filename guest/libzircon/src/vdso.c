/* Finds the calls in the vDSO, by name in its own symbol table (System V ABI, chapter 5). */
#include "elf.h"
#include "internal.h"

#define CALL(name) "_" #name "\0"
static const char names[] =
#include "../calls.inc"
    ;
#undef CALL

#define CALL(name) +1
enum {
  COUNT = 0
#include "../calls.inc"
};
#undef CALL

/* Where calls.S jumps to, in the order of the list. */
HIDDEN uintptr_t __libzircon_slots[COUNT];

/* What stands in for a call that this machine's vDSO does not have. */
static zx_status_t missing(void) { return ZX_ERR_NOT_SUPPORTED; }

/* The hash of a symbol's name, as DT_HASH tables count it. */
static uint32_t hash(const char* name) {
  uint32_t sum = 0;
  for (; *name != 0; name++) {
    sum = (sum << 4) + (unsigned char)*name;
    uint32_t top = sum & 0xf0000000;
    sum ^= top >> 24;
    sum &= ~top;
  }
  return sum;
}

static bool same(const char* a, const char* b) {
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

void __libzircon_find_calls(uintptr_t vdso) {
  const struct elf_header* header = (const struct elf_header*)vdso;
  const struct elf_segment* segments = (const struct elf_segment*)(vdso + header->segments);
  const struct elf_dynamic* dynamic = NULL;
  for (int i = 0; i < header->segment_count; i++) {
    if (segments[i].type == PT_DYNAMIC) {
      dynamic = (const struct elf_dynamic*)(vdso + segments[i].address);
    }
  }
  const uint32_t* table = NULL;
  const struct elf_symbol* symbols = NULL;
  const char* strings = NULL;
  for (; dynamic != NULL && dynamic->tag != DT_NULL; dynamic++) {
    if (dynamic->tag == DT_HASH) table = (const uint32_t*)(vdso + dynamic->value);
    if (dynamic->tag == DT_SYMTAB) symbols = (const struct elf_symbol*)(vdso + dynamic->value);
    if (dynamic->tag == DT_STRTAB) strings = (const char*)(vdso + dynamic->value);
  }
  const char* name = names;
  for (int i = 0; i < COUNT; i++) {
    __libzircon_slots[i] = (uintptr_t)missing;
    /* Words: number of buckets, number of symbols, buckets, chains. */
    uint32_t index = table == NULL ? 0 : table[2 + hash(name) % table[0]];
    for (; index != 0; index = table[2 + table[0] + index]) {
      const struct elf_symbol* symbol = &symbols[index];
      if (symbol->section != 0 && same(strings + symbol->name, name)) {
        __libzircon_slots[i] = vdso + symbol->value;
        break;
      }
    }
    while (*name++ != 0) {
    }
  }
}
