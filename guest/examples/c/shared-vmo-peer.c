// The other half of shared-vmo.c: answers questions in pages that it has no handle to.

#include "shared-vmo.h"

#include <stdio.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>

#define QUESTIONS 5

// Waits until somebody has mapped the shared pages here. To look at them before would be a
// page fault; to have them read by a call is only an error.
static zx_status_t wait_for_pages(void) {
  zx_handle_t scratch;
  zx_status_t status = zx_vmo_create(sizeof(shared_t), 0, &scratch);
  if (status != ZX_OK) {
    return status;
  }
  const zx_time_t deadline = zx_deadline_after(ZX_SEC(10));
  do {
    status = zx_vmo_write(scratch, (const void*)SHARED_ADDRESS, 0, sizeof(shared_t));
    if (status == ZX_OK) {
      break;
    }
    zx_nanosleep(zx_deadline_after(ZX_USEC(100)));
  } while (zx_clock_get_monotonic() < deadline);
  zx_handle_close(scratch);
  return status;
}

int main(void) {
  const zx_status_t status = wait_for_pages();
  if (status != ZX_OK) {
    printf("nobody shares pages with me: %s\n", zx_status_get_string(status));
    return 1;
  }
  shared_t* shared = (shared_t*)SHARED_ADDRESS;
  for (uint32_t i = 1; i <= QUESTIONS; i++) {
    while (atomic_load(&shared->questions) != i) {
      zx_nanosleep(zx_deadline_after(ZX_USEC(100)));
    }
    shared->square = shared->number * shared->number;
    atomic_store(&shared->answers, i);
  }
  return 0;
}
