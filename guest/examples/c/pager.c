// A user pager: a VMO whose pages a thread of this program makes the moment somebody
// touches them.
//
//     scripts/zxcc -o pager guest/examples/c/pager.c && vmm run ./pager

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>

// What zx_system_get_page_size() says here.
#define PAGE ((size_t)4096)
#define PAGES 64
#define KEY 7

static void check(zx_status_t status, const char* what) {
  if (status != ZX_OK) {
    printf("%s: %s\n", what, zx_status_get_string(status));
    exit(1);
  }
}

typedef struct {
  zx_handle_t pager;
  zx_handle_t port;
  zx_handle_t vmo;
  unsigned requests;
} server_t;

// Every page says its number; that is what a file system would read from its disk.
static void fill(char* page, uint64_t number) {
  memset(page, 0, PAGE);
  snprintf(page, PAGE, "this is page %lu", number);
}

static void supply(server_t* server, uint64_t offset, uint64_t length) {
  zx_handle_t aux;
  check(zx_vmo_create(length, 0, &aux), "zx_vmo_create");
  static char page[PAGE];
  for (uint64_t at = 0; at < length; at += PAGE) {
    fill(page, (offset + at) / PAGE);
    check(zx_vmo_write(aux, page, at, sizeof(page)), "zx_vmo_write");
  }
  // The pages move: no byte is copied.
  check(zx_pager_supply_pages(server->pager, server->vmo, offset, length, aux, 0),
        "zx_pager_supply_pages");
  zx_handle_close(aux);
}

// Answers requests until the VMO has been detached.
static int serve(void* argument) {
  server_t* server = argument;
  for (;;) {
    zx_port_packet_t packet;
    check(zx_port_wait(server->port, ZX_TIME_INFINITE, &packet), "zx_port_wait");
    if (packet.type != ZX_PKT_TYPE_PAGE_REQUEST || packet.key != KEY) {
      printf("a packet of type %u that nobody expects\n", packet.type);
      return 1;
    }
    const zx_packet_page_request_t* request = &packet.page_request;
    if (request->command == ZX_PAGER_VMO_COMPLETE) {
      return 0;
    }
    if (request->command == ZX_PAGER_VMO_READ) {
      server->requests++;
      supply(server, request->offset, request->length);
    }
  }
}

int main(void) {
  server_t server = {0};
  check(zx_pager_create(0, &server.pager), "zx_pager_create");
  check(zx_port_create(0, &server.port), "zx_port_create");
  check(zx_pager_create_vmo(server.pager, 0, server.port, KEY, PAGES * PAGE, &server.vmo),
        "zx_pager_create_vmo");
  thrd_t thread;
  if (thrd_create(&thread, serve, &server) != thrd_success) {
    printf("no thread can be had\n");
    return 1;
  }

  // By a mapping: the CPU faults, and goes on when the page is there.
  zx_vaddr_t address;
  check(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, server.vmo, 0, PAGES * PAGE,
                    &address),
        "zx_vmar_map");
  const char* page = (const char*)address + 3 * PAGE;
  printf("mapped: %s\n", page);
  if (strcmp(page, "this is page 3") != 0) {
    return 1;
  }

  // By a call: the same page is there already, the other is asked for.
  char text[32];
  check(zx_vmo_read(server.vmo, text, 3 * PAGE, sizeof(text)), "zx_vmo_read");
  printf("read:   %s\n", text);
  check(zx_vmo_read(server.vmo, text, 60 * PAGE, sizeof(text)), "zx_vmo_read");
  printf("read:   %s\n", text);
  if (strcmp(text, "this is page 60") != 0) {
    return 1;
  }

  check(zx_pager_detach_vmo(server.pager, server.vmo), "zx_pager_detach_vmo");
  int result;
  thrd_join(thread, &result);
  printf("%u requests answered\n", server.requests);
  // What was never supplied never will be.
  const zx_status_t status = zx_vmo_read(server.vmo, text, 0, sizeof(text));
  printf("after the end: %s\n", zx_status_get_string(status));
  return result == 0 && status == ZX_ERR_BAD_STATE && server.requests == 2 ? 0 : 1;
}
