// Checks for programs that need nothing but the vDSO: a check that fails says where and ends
// the process with 1.

#ifndef GUEST_TESTS_CHECK_H_
#define GUEST_TESTS_CHECK_H_

#include <stddef.h>
#include <stdint.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>

#define PAGE ((size_t)4096)

static inline size_t length(const char* text) {
  size_t length = 0;
  while (text[length] != '\0') {
    length++;
  }
  return length;
}

static inline void say(const char* text) { (void)zx_debug_write(text, length(text)); }

static inline void say_number(uint64_t number) {
  char digits[20];
  size_t at = sizeof(digits);
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  (void)zx_debug_write(digits + at, sizeof(digits) - at);
}

__NO_RETURN static inline void failed(const char* file, int line, const char* text) {
  say(file);
  say(":");
  say_number((uint64_t)line);
  say(": ");
  say(text);
  zx_process_exit(1);
}

static inline void check_status(const char* file, int line, const char* call, zx_status_t expected,
                                zx_status_t actual) {
  if (actual != expected) {
    say(zx_status_get_string(actual));
    say(" instead of ");
    say(zx_status_get_string(expected));
    say("\n");
    failed(file, line, call);
  }
}

#define CHECK(condition)                                   \
  do {                                                     \
    if (!(condition)) {                                    \
      failed(__FILE__, __LINE__, #condition "\n");         \
    }                                                      \
  } while (0)
#define CHECK_STATUS(expected, call) \
  check_status(__FILE__, __LINE__, #call "\n", (expected), (call))
#define CHECK_OK(call) CHECK_STATUS(ZX_OK, call)

// Maps a whole VMO of that many bytes, readable and writable.
static inline volatile uint8_t* map(zx_handle_t vmo, size_t size) {
  zx_vaddr_t address = 0;
  CHECK_OK(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, vmo, 0, size,
                       &address));
  return (volatile uint8_t*)address;
}

// A packet with that key and nothing else.
static inline zx_port_packet_t user_packet(uint64_t key) {
  zx_port_packet_t packet;
  packet.key = key;
  packet.type = ZX_PKT_TYPE_USER;
  packet.status = ZX_OK;
  for (size_t i = 0; i < countof(packet.user.u64); i++) {
    packet.user.u64[i] = 0;
  }
  return packet;
}

// What a thread needs to start, at the lowest address of its stack. Its FS base points there:
// compilers that protect the stack look for a value at 40 bytes from it, and zero will do.
struct start {
  uint64_t for_compilers[8];
  zx_handle_t thread;
  void (*entry)(uintptr_t argument);
  uintptr_t argument;
};

// Where every thread starts. It has no FS base yet, and so must not be protected itself.
__attribute__((no_stack_protector)) __NO_RETURN static inline void enter(uintptr_t address,
                                                                         uintptr_t unused) {
  (void)unused;
  struct start* start = (struct start*)address;
  if (zx_object_set_property(start->thread, ZX_PROP_REGISTER_FS, &address, sizeof(address)) !=
      ZX_OK) {
    __builtin_trap();
  }
  start->entry(start->argument);
  zx_thread_exit();
}

// Starts a thread of this process on a stack of its own.
static inline zx_handle_t start_thread(const char* name, void (*entry)(uintptr_t),
                                       uintptr_t argument) {
  const size_t stack_size = 16 * PAGE;
  zx_handle_t stack = ZX_HANDLE_INVALID;
  zx_handle_t thread = ZX_HANDLE_INVALID;
  CHECK_OK(zx_vmo_create(stack_size, 0, &stack));
  struct start* start = (struct start*)map(stack, stack_size);
  CHECK_OK(zx_handle_close(stack));
  CHECK_OK(zx_thread_create(zx_process_self(), name, length(name), 0, &thread));
  start->thread = thread;
  start->entry = entry;
  start->argument = argument;
  // The ABI wants the stack 8 below a multiple of 16 at a function's first instruction.
  zx_vaddr_t top = (zx_vaddr_t)start + stack_size - 8;
  CHECK_OK(zx_thread_start(thread, (zx_vaddr_t)enter, top, (uintptr_t)start, 0));
  return thread;
}

// Waits for the thread's end.
static inline void join_thread(zx_handle_t thread) {
  zx_signals_t observed = ZX_SIGNAL_NONE;
  CHECK_OK(zx_object_wait_one(thread, ZX_THREAD_TERMINATED, ZX_TIME_INFINITE, &observed));
  CHECK((observed & ZX_THREAD_TERMINATED) != 0);
  CHECK_OK(zx_handle_close(thread));
}

#endif  // GUEST_TESTS_CHECK_H_
