// A pager: a thread that supplies pages as others touch them, and fails some.

#include "check.h"

#include <zircon/syscalls/pager.h>

#define PAGES 16
// The page that cannot be had.
#define BAD_PAGE 11

struct pager {
  zx_handle_t pager;
  zx_handle_t port;
  zx_handle_t vmo;
  // How often each page was asked for.
  volatile uint8_t asked[PAGES];
};

// What the pager puts at the start of a page.
static uint64_t content(uint64_t page) { return 0xABCD0000u + page; }

static void supply(struct pager* self, uint64_t page) {
  zx_handle_t aux = ZX_HANDLE_INVALID;
  uint64_t word = content(page);
  CHECK_OK(zx_vmo_create(PAGE, 0, &aux));
  CHECK_OK(zx_vmo_write(aux, &word, 0, sizeof(word)));
  CHECK_OK(zx_pager_supply_pages(self->pager, self->vmo, page * PAGE, PAGE, aux, 0));
  CHECK_OK(zx_handle_close(aux));
}

static void serve(uintptr_t argument) {
  struct pager* self = (struct pager*)argument;
  for (;;) {
    zx_port_packet_t packet;
    CHECK_OK(zx_port_wait(self->port, ZX_TIME_INFINITE, &packet));
    if (ZX_PKT_IS_USER(packet.type)) {
      return;
    }
    CHECK(ZX_PKT_IS_PAGE_REQUEST(packet.type) && packet.key == 7);
    if (packet.page_request.command != ZX_PAGER_VMO_READ) {
      continue;
    }
    uint64_t first = packet.page_request.offset / PAGE;
    uint64_t count = packet.page_request.length / PAGE;
    for (uint64_t page = first; page < first + count; page++) {
      // Before the answer, as who waits for it reads the count.
      self->asked[page] = (uint8_t)(self->asked[page] + 1);
      if (page == BAD_PAGE) {
        CHECK_OK(zx_pager_op_range(self->pager, ZX_PAGER_OP_FAIL, self->vmo, page * PAGE, PAGE,
                                   (uint64_t)(int64_t)ZX_ERR_IO_DATA_INTEGRITY));
      } else {
        supply(self, page);
      }
    }
  }
}

int main(void) {
  static struct pager self;
  CHECK_OK(zx_port_create(0, &self.port));
  CHECK_OK(zx_pager_create(0, &self.pager));
  CHECK_OK(zx_pager_create_vmo(self.pager, 0, self.port, 7, PAGES * PAGE, &self.vmo));
  zx_info_vmo_t info;
  CHECK_OK(zx_object_get_info(self.vmo, ZX_INFO_VMO, &info, sizeof(info), NULL, NULL));
  CHECK((info.flags & ZX_INFO_VMO_PAGER_BACKED) != 0 && info.committed_bytes == 0);
  zx_handle_t thread = start_thread("pager", serve, (uintptr_t)&self);

  // By a call, and by touching a mapping.
  uint64_t word = 0;
  CHECK_OK(zx_vmo_read(self.vmo, &word, 3 * PAGE, sizeof(word)));
  CHECK(word == content(3));
  volatile uint8_t* bytes = map(self.vmo, PAGES * PAGE);
  CHECK(*(volatile uint64_t*)(bytes + 5 * PAGE) == content(5));
  // What is there is not asked for again.
  CHECK_OK(zx_vmo_read(self.vmo, &word, 5 * PAGE, sizeof(word)));
  CHECK(word == content(5));
  CHECK(self.asked[3] == 1 && self.asked[5] == 1);

  CHECK_STATUS(ZX_ERR_IO_DATA_INTEGRITY,
               zx_vmo_read(self.vmo, &word, BAD_PAGE * PAGE, sizeof(word)));
  CHECK(self.asked[BAD_PAGE] == 1);

  CHECK_OK(zx_pager_detach_vmo(self.pager, self.vmo));
  CHECK_STATUS(ZX_ERR_BAD_STATE, zx_vmo_read(self.vmo, &word, BAD_PAGE * PAGE, sizeof(word)));

  zx_port_packet_t stop = user_packet(0);
  CHECK_OK(zx_port_queue(self.port, &stop));
  join_thread(thread);
  const zx_handle_t all[] = {self.vmo, self.pager, self.port};
  CHECK_OK(zx_handle_close_many(all, countof(all)));
  say("pager: all well\n");
  return 0;
}
