/* Thread-local storage of variant II: %fs points to the thread's own record, and the
   program's thread_local variables stand right below it. */
#include <string.h>

#include "elf.h"
#include "internal.h"

static struct {
  const void* image;
  size_t image_size;
  /* Bytes below the record: what is not in the image is zero. */
  size_t size;
  size_t alignment;
} tls;

/* Room for the first thread; a program with more needs a mapping. */
static _Alignas(64) unsigned char first_room[1024 + sizeof(struct __libc_thread)];
struct __libc_thread* __libzircon_first;
static uintptr_t the_canary;

/* Bytes of storage and record together, whatever the alignment of their end. */
size_t __libzircon_tls_size(void) {
  return round_up(tls.size, tls.alignment) + tls.alignment +
         round_up(sizeof(struct __libc_thread), tls.alignment);
}

/* Makes storage and record in the bytes that end at `end` and are zero. */
struct __libc_thread* __libzircon_tls_make(uintptr_t end) {
  uintptr_t place = (end - sizeof(struct __libc_thread)) & ~(uintptr_t)(tls.alignment - 1);
  memcpy((void*)(place - tls.size), tls.image, tls.image_size);
  struct __libc_thread* thread = (struct __libc_thread*)place;
  thread->self = thread;
  thread->canary = the_canary;
  return thread;
}

/* Makes `thread` the calling thread's record. */
void __libzircon_tls_use(struct __libc_thread* thread, zx_handle_t handle) {
  uintptr_t address = (uintptr_t)thread;
  thread->handle = handle;
  zx_status_t status =
      zx_object_set_property(handle, ZX_PROP_REGISTER_FS, &address, sizeof(address));
  if (status != ZX_OK) __builtin_trap();
}

void __libzircon_tls_init(const void* file_header, uintptr_t bias, uintptr_t canary) {
  const struct elf_header* header = file_header;
  const struct elf_segment* segments =
      (const struct elf_segment*)((uintptr_t)header + header->segments);
  tls.alignment = 64;
  for (int i = 0; i < header->segment_count; i++) {
    if (segments[i].type != PT_TLS) continue;
    tls.image = (const void*)(bias + segments[i].address);
    tls.image_size = segments[i].file_size;
    if (segments[i].alignment > tls.alignment) tls.alignment = segments[i].alignment;
    /* As linkers count: the end of the variables is aligned as they are, and so is %fs. */
    size_t alignment = segments[i].alignment > 0 ? segments[i].alignment : 1;
    tls.size = segments[i].memory_size;
    tls.size += -(tls.size + segments[i].address) & (alignment - 1);
  }
  the_canary = canary;
  uintptr_t end = (uintptr_t)first_room + sizeof(first_room);
  size_t need = __libzircon_tls_size();
  if (need > sizeof(first_room)) {
    need = round_up(need, PAGE);
    uintptr_t pages = __libzircon_pages_map(need, "tls");
    if (pages == 0) __builtin_trap();
    end = pages + need;
  }
  __libzircon_first = __libzircon_tls_make(end);
  __libzircon_tls_use(__libzircon_first, __libzircon_own.thread);
}
