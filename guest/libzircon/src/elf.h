/* ELF for x86-64, as far as the start of a program needs it (System V ABI, chapters 4, 5). */
#ifndef LIBZIRCON_ELF_H_
#define LIBZIRCON_ELF_H_

#include <stdint.h>

struct elf_header {
  unsigned char ident[16];
  uint16_t type;
  uint16_t machine;
  uint32_t version;
  uint64_t entry;
  uint64_t segments;
  uint64_t sections;
  uint32_t flags;
  uint16_t header_size;
  uint16_t segment_size;
  uint16_t segment_count;
};

struct elf_segment {
  uint32_t type;
  uint32_t flags;
  uint64_t offset;
  uint64_t address;
  uint64_t physical;
  uint64_t file_size;
  uint64_t memory_size;
  uint64_t alignment;
};

struct elf_dynamic {
  uint64_t tag;
  uint64_t value;
};

struct elf_symbol {
  uint32_t name;
  uint8_t info;
  uint8_t other;
  uint16_t section;
  uint64_t value;
  uint64_t size;
};

struct elf_relocation {
  uint64_t offset;
  uint64_t info;
  int64_t addend;
};

enum { ET_DYN = 3 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_TLS = 7, PT_GNU_STACK = 0x6474e551 };
enum {
  DT_NULL = 0,
  DT_HASH = 4,
  DT_STRTAB = 5,
  DT_SYMTAB = 6,
  DT_RELA = 7,
  DT_RELASZ = 8,
  DT_RELRSZ = 35,
  DT_RELR = 36
};
enum { R_X86_64_RELATIVE = 8 };

#endif
