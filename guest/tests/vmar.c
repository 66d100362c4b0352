// Address regions: mappings, permissions, regions in regions, and the list of all of them.

#include "check.h"

static void shares_pages_between_mappings(void) {
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(2 * PAGE, 0, &vmo));
  volatile uint8_t* one = map(vmo, 2 * PAGE);
  volatile uint8_t* other = map(vmo, 2 * PAGE);
  one[PAGE] = 42;
  CHECK(other[PAGE] == 42);
  uint8_t byte = 0;
  CHECK_OK(zx_vmo_read(vmo, &byte, PAGE, 1));
  CHECK(byte == 42);
  CHECK_OK(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)one, 2 * PAGE));
  CHECK(other[PAGE] == 42);
  CHECK_OK(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)other, 2 * PAGE));
  CHECK_OK(zx_handle_close(vmo));
}

static void changes_permissions(void) {
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(PAGE, 0, &vmo));
  volatile uint8_t* bytes = map(vmo, PAGE);
  zx_vaddr_t address = (zx_vaddr_t)bytes;
  bytes[0] = 1;
  CHECK_OK(zx_vmar_protect(zx_vmar_root_self(), ZX_VM_PERM_READ, address, PAGE));
  CHECK(bytes[0] == 1);
  // The kernel keeps to it when it stores on the program's behalf.
  CHECK_STATUS(ZX_ERR_ACCESS_DENIED, zx_vmo_read(vmo, (void*)address, 0, 1));
  CHECK_STATUS(ZX_ERR_ACCESS_DENIED,
               zx_vmar_protect(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, address,
                               PAGE));
  CHECK_OK(zx_vmar_unmap(zx_vmar_root_self(), address, PAGE));
  CHECK_OK(zx_handle_close(vmo));
}

static void regions_hold_mappings(void) {
  zx_handle_t vmar = ZX_HANDLE_INVALID;
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  zx_vaddr_t base = 0;
  zx_vaddr_t mapped = 0;
  const zx_vm_option_t can = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_SPECIFIC;
  CHECK_OK(zx_vmar_allocate(zx_vmar_root_self(), can, 0, 16 * PAGE, &vmar, &base));
  zx_info_vmar_t info;
  CHECK_OK(zx_object_get_info(vmar, ZX_INFO_VMAR, &info, sizeof(info), NULL, NULL));
  CHECK(info.base == base && info.len == 16 * PAGE);

  CHECK_OK(zx_vmo_create(PAGE, 0, &vmo));
  CHECK_OK(zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_SPECIFIC, 3 * PAGE, vmo, 0,
                       PAGE, &mapped));
  CHECK(mapped == base + 3 * PAGE);
  CHECK_STATUS(ZX_ERR_ALREADY_EXISTS,
               zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_SPECIFIC, 3 * PAGE, vmo, 0, PAGE, &mapped));
  CHECK_OK(zx_vmar_op_range(vmar, ZX_VMAR_OP_COMMIT, mapped, PAGE, NULL, 0));

  zx_info_maps_t maps[64];
  size_t actual = 0;
  size_t avail = 0;
  CHECK_OK(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_MAPS, maps, sizeof(maps), &actual,
                              &avail));
  CHECK(actual <= avail && actual > 0);
  CHECK(maps[0].type == ZX_INFO_MAPS_TYPE_ASPACE && maps[0].depth == 0);
  bool found = false;
  for (size_t i = 0; i < actual; i++) {
    if (maps[i].type == ZX_INFO_MAPS_TYPE_MAPPING && maps[i].base == mapped) {
      found = maps[i].u.mapping.mmu_flags == (ZX_VM_PERM_READ | ZX_VM_PERM_WRITE) &&
              maps[i].u.mapping.committed_bytes == PAGE;
    }
  }
  CHECK(found);

  CHECK_OK(zx_vmar_destroy(vmar));
  CHECK_STATUS(ZX_ERR_BAD_STATE, zx_vmar_map(vmar, ZX_VM_PERM_READ, 0, vmo, 0, PAGE, &mapped));
  CHECK_OK(zx_handle_close(vmar));
  CHECK_OK(zx_handle_close(vmo));
}

static void aligns_as_asked(void) {
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  zx_vaddr_t mapped = 0;
  CHECK_OK(zx_vmo_create(PAGE, 0, &vmo));
  CHECK_OK(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_ALIGN_2MB, 0, vmo, 0, PAGE,
                       &mapped));
  CHECK((mapped & ((1u << 21) - 1)) == 0);
  CHECK_OK(zx_vmar_unmap(zx_vmar_root_self(), mapped, PAGE));
  CHECK_OK(zx_handle_close(vmo));
}

int main(void) {
  CHECK(zx_system_get_page_size() == PAGE);
  shares_pages_between_mappings();
  changes_permissions();
  regions_hold_mappings();
  aligns_as_asked();
  say("vmar: all well\n");
  return 0;
}
