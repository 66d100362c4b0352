/* malloc and its family. Small blocks come in classes of sizes, each with a list of free
   ones, and are cut from chunks that are never given back; a block above 32 KiB is a mapping
   of its own, which free returns to the machine. One lock. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Stands right in front of every block, which is a multiple of 16 as it is. */
struct head {
  uint32_t kind; /* a class, BIG or ALIGNED */
  uint32_t mark;
  /* Of a class: bytes of the block. BIG: of the mapping. ALIGNED: from the block that malloc
     made to this one. */
  size_t size;
};

enum { UNIT = 16, CLASSES = 40, BIG = 100, ALIGNED = 101 };
enum { LARGEST = 32 << 10, CHUNK = 512 << 10 };
enum { IN_USE = 0x6b636f6c, FREE = 0x65657266 };

static struct head* free_blocks[CLASSES];
static uintptr_t chunk, chunk_end;
static __libc_mutex_t mutex;

/* Multiples of 16 up to 128, then four to each doubling. */
static unsigned class_of(size_t size, size_t* rounded) {
  if (size <= 128) {
    unsigned class = size <= UNIT ? 0 : (unsigned)((size - 1) / UNIT);
    *rounded = (class + 1) * UNIT;
    return class;
  }
  unsigned log = 63 - (unsigned)__builtin_clzl(size - 1);
  size_t step = (size_t)1 << (log - 2);
  *rounded = round_up(size, step);
  return 8 + (log - 7) * 4 + (unsigned)((*rounded >> (log - 2)) - 5);
}

static struct head** next_of(struct head* head) { return (struct head**)(head + 1); }

static void* no_memory(void) {
  errno = ENOMEM;
  return NULL;
}

static void* big(size_t size) {
  size_t whole = round_up(size + sizeof(struct head), PAGE);
  struct head* head = (struct head*)__libzircon_pages_map(whole, "malloc");
  if (head == NULL) return no_memory();
  *head = (struct head){BIG, IN_USE, whole};
  return head + 1;
}

void* malloc(size_t size) {
  if (size > PTRDIFF_MAX - 2 * PAGE) return no_memory();
  if (size > LARGEST) return big(size);
  unsigned class = class_of(size, &size);
  LOCK(mutex);
  struct head* head = free_blocks[class];
  if (head != NULL) {
    free_blocks[class] = *next_of(head);
  } else {
    size_t whole = size + sizeof(*head);
    if (chunk_end - chunk < whole) {
      uintptr_t fresh = __libzircon_pages_map(CHUNK, "malloc");
      if (fresh == 0) {
        UNLOCK(mutex);
        return no_memory();
      }
      chunk = fresh;
      chunk_end = fresh + CHUNK;
    }
    head = (struct head*)chunk;
    chunk += whole;
  }
  *head = (struct head){class, IN_USE, size};
  UNLOCK(mutex);
  return head + 1;
}

/* The head of a block that malloc made; `offset` is how far into it `block` is. */
static struct head* head_of(void* block, size_t* offset) {
  struct head* head = (struct head*)block - 1;
  *offset = 0;
  if (head->kind == ALIGNED && head->mark == IN_USE) {
    *offset = head->size;
    head = (struct head*)((uintptr_t)block - head->size) - 1;
  }
  if (head->mark != IN_USE) {
    __libzircon_die(head->mark == FREE ? "libzircon: a block of memory was freed twice"
                                       : "libzircon: what was freed is no block of memory, or "
                                         "the bytes in front of it were written to");
  }
  return head;
}

void free(void* block) {
  if (block == NULL) return;
  size_t offset;
  struct head* head = head_of(block, &offset);
  if (head->kind == BIG) {
    __libzircon_pages_unmap((uintptr_t)head, head->size);
    return;
  }
  LOCK(mutex);
  head->mark = FREE;
  *next_of(head) = free_blocks[head->kind];
  free_blocks[head->kind] = head;
  UNLOCK(mutex);
}

size_t malloc_usable_size(void* block) {
  if (block == NULL) return 0;
  size_t offset;
  const struct head* head = head_of(block, &offset);
  return head->size - offset - (head->kind == BIG ? sizeof(*head) : 0);
}

void* calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) return no_memory();
  void* block = malloc(bytes);
  /* A fresh mapping is zero as it is. */
  if (block != NULL && bytes <= LARGEST) memset(block, 0, bytes);
  return block;
}

void* realloc(void* block, size_t size) {
  if (block == NULL) return malloc(size);
  size_t usable = malloc_usable_size(block);
  if (size <= usable && size >= usable / 2) return block;
  void* fresh = malloc(size);
  if (fresh == NULL) return NULL;
  memcpy(fresh, block, size < usable ? size : usable);
  free(block);
  return fresh;
}

void* memalign(size_t alignment, size_t size) {
  if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > PTRDIFF_MAX / 2 ||
      size > PTRDIFF_MAX / 2) {
    errno = EINVAL;
    return NULL;
  }
  if (alignment <= UNIT) return malloc(size);
  void* block = malloc(size + alignment);
  if (block == NULL) return NULL;
  uintptr_t place = round_up((uintptr_t)block, alignment);
  if (place == (uintptr_t)block) return block;
  /* Both are multiples of 16, so that there is room for a head between them. */
  *((struct head*)place - 1) = (struct head){ALIGNED, IN_USE, place - (uintptr_t)block};
  return (void*)place;
}

void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** out, size_t alignment, size_t size) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* block = memalign(alignment, size);
  if (block == NULL) return ENOMEM;
  *out = block;
  return 0;
}
