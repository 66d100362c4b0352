/* Whole pages, each range a VMO and a mapping of its own. */
#include "internal.h"

uintptr_t __libzircon_pages_map(size_t size, const char* name) {
  zx_handle_t vmo;
  if (zx_vmo_create(size, 0, &vmo) != ZX_OK) return 0;
  size_t length = 0;
  while (name[length] != 0) length++;
  zx_object_set_property(vmo, ZX_PROP_NAME, name, length);
  zx_vaddr_t address = 0;
  zx_status_t status = zx_vmar_map(__libzircon_own.vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
                                   vmo, 0, size, &address);
  zx_handle_close(vmo);
  return status == ZX_OK ? address : 0;
}

void __libzircon_pages_unmap(uintptr_t address, size_t size) {
  zx_vmar_unmap(__libzircon_own.vmar, address, size);
}
