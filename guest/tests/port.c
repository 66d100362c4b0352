// Ports: packets come out as they went in, in their order; waits end in time. And user signals.

#include "check.h"

static void delivers_in_order(void) {
  zx_handle_t port = ZX_HANDLE_INVALID;
  CHECK_OK(zx_port_create(0, &port));
  for (uint64_t i = 0; i < 10; i++) {
    zx_port_packet_t packet = user_packet(i);
    packet.status = ZX_ERR_NEXT;
    packet.user.u64[0] = i * i;
    packet.user.c8[31] = 0xFF;
    CHECK_OK(zx_port_queue(port, &packet));
  }
  for (uint64_t i = 0; i < 10; i++) {
    zx_port_packet_t packet;
    CHECK_OK(zx_port_wait(port, ZX_TIME_INFINITE, &packet));
    CHECK(packet.key == i && ZX_PKT_IS_USER(packet.type) && packet.status == ZX_ERR_NEXT);
    CHECK(packet.user.u64[0] == i * i && packet.user.c8[31] == 0xFF);
  }
  CHECK_OK(zx_handle_close(port));
}

static void waits_no_longer_than_asked(void) {
  zx_handle_t port = ZX_HANDLE_INVALID;
  zx_port_packet_t packet;
  CHECK_OK(zx_port_create(0, &port));
  zx_instant_mono_t deadline = zx_deadline_after(ZX_MSEC(2));
  CHECK_STATUS(ZX_ERR_TIMED_OUT, zx_port_wait(port, deadline, &packet));
  CHECK(zx_clock_get_monotonic() >= deadline);
  CHECK_STATUS(ZX_ERR_TIMED_OUT, zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet));
  CHECK_OK(zx_handle_close(port));
}

static void queue_one(uintptr_t port) {
  zx_port_packet_t packet = user_packet(99);
  CHECK_OK(zx_nanosleep(zx_deadline_after(ZX_MSEC(1))));
  CHECK_OK(zx_port_queue((zx_handle_t)port, &packet));
}

static void wakes_who_waits(void) {
  zx_handle_t port = ZX_HANDLE_INVALID;
  zx_port_packet_t packet;
  CHECK_OK(zx_port_create(0, &port));
  zx_handle_t thread = start_thread("queuer", queue_one, port);
  CHECK_OK(zx_port_wait(port, ZX_TIME_INFINITE, &packet));
  CHECK(packet.key == 99);
  join_thread(thread);
  CHECK_OK(zx_handle_close(port));
}

static void signals_are_set_and_cleared(void) {
  zx_handle_t vmo = ZX_HANDLE_INVALID;
  zx_signals_t observed = ZX_SIGNAL_NONE;
  CHECK_OK(zx_vmo_create(PAGE, 0, &vmo));
  CHECK_OK(zx_object_signal(vmo, 0, ZX_USER_SIGNAL_3));
  CHECK_OK(zx_object_wait_one(vmo, ZX_USER_SIGNAL_3, 0, &observed));
  CHECK((observed & ZX_USER_SIGNAL_ALL) == ZX_USER_SIGNAL_3);
  CHECK_OK(zx_object_signal(vmo, ZX_USER_SIGNAL_3, 0));
  CHECK_STATUS(ZX_ERR_TIMED_OUT, zx_object_wait_one(vmo, ZX_USER_SIGNAL_3, 0, &observed));
  CHECK_STATUS(ZX_ERR_INVALID_ARGS, zx_object_signal(vmo, 0, ZX_VMO_ZERO_CHILDREN));
  CHECK_OK(zx_handle_close(vmo));
}

int main(void) {
  delivers_in_order();
  waits_no_longer_than_asked();
  wakes_who_waits();
  signals_are_set_and_cleared();
  say("port: all well\n");
  return 0;
}
