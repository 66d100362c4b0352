// A VMO shared between two processes: this one maps it into its own address space and into
// that of its peer, asks questions in it and reads the answers.
//
//     scripts/zxcc -o shared-vmo guest/examples/c/shared-vmo.c
//     scripts/zxcc -o shared-vmo-peer guest/examples/c/shared-vmo-peer.c
//     vmm run ./shared-vmo ./shared-vmo-peer

#include "shared-vmo.h"

#include <stdio.h>
#include <stdlib.h>
#include <zircon/process.h>
#include <zircon/processargs.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>

#define QUESTIONS 5

static void check(zx_status_t status, const char* what) {
  if (status != ZX_OK) {
    printf("%s: %s\n", what, zx_status_get_string(status));
    exit(1);
  }
}

int main(void) {
  // The first program gets a handle to each other program's process and root VMAR.
  zx_handle_t peer = zx_take_startup_handle(PA_HND(PA_USER0, 0));
  zx_handle_t peer_vmar = zx_take_startup_handle(PA_HND(PA_USER1, 0));
  if (peer == ZX_HANDLE_INVALID || peer_vmar == ZX_HANDLE_INVALID) {
    printf("start me with shared-vmo-peer as second program\n");
    return 1;
  }

  zx_handle_t vmo;
  check(zx_vmo_create(SHARED_SIZE, 0, &vmo), "zx_vmo_create");
  const zx_vm_option_t options = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
  zx_vaddr_t own;
  check(zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, 0, SHARED_SIZE, &own), "zx_vmar_map");

  // The peer's root VMAR does not start at 0: an offset counts from its base.
  zx_info_vmar_t region;
  check(zx_object_get_info(peer_vmar, ZX_INFO_VMAR, &region, sizeof(region), NULL, NULL),
        "zx_object_get_info");
  zx_vaddr_t theirs;
  check(zx_vmar_map(peer_vmar, options | ZX_VM_SPECIFIC, SHARED_ADDRESS - region.base, vmo, 0,
                    SHARED_SIZE, &theirs),
        "zx_vmar_map into the peer");

  shared_t* shared = (shared_t*)own;
  for (uint32_t i = 1; i <= QUESTIONS; i++) {
    shared->number = 10 + i;
    atomic_store(&shared->questions, i);
    while (atomic_load(&shared->answers) != i) {
      zx_nanosleep(zx_deadline_after(ZX_USEC(100)));
    }
    printf("%lu squared is %lu\n", shared->number, shared->square);
    if (shared->square != shared->number * shared->number) {
      printf("the peer is wrong\n");
      return 1;
    }
  }

  // The handle shows the same pages as the mappings do.
  uint64_t square;
  check(zx_vmo_read(vmo, &square, offsetof(shared_t, square), sizeof(square)), "zx_vmo_read");
  printf("the VMO says %lu, too\n", square);

  check(zx_object_wait_one(peer, ZX_TASK_TERMINATED, zx_deadline_after(ZX_SEC(10)), NULL),
        "waiting for the peer");
  zx_info_process_t info;
  check(zx_object_get_info(peer, ZX_INFO_PROCESS, &info, sizeof(info), NULL, NULL),
        "zx_object_get_info");
  printf("the peer has ended with %ld\n", info.return_code);
  return square == 15 * 15 && info.return_code == 0 ? 0 : 1;
}
