// Threads that share a counter under a lock made of a futex.

#include "check.h"

#define THREADS 4
#define ROUNDS 1000

// 0 free, 1 held, 2 held and waited for.
static zx_futex_storage_t lock_word;
static uint64_t counter;

// The same word as the calls take it: C has an atomic type for it, C++ has not.
static const zx_futex_t* futex(void) { return (const zx_futex_t*)&lock_word; }

static void lock(void) {
  int expected = 0;
  if (__atomic_compare_exchange_n(&lock_word, &expected, 1, false, __ATOMIC_ACQUIRE,
                                  __ATOMIC_RELAXED)) {
    return;
  }
  while (__atomic_exchange_n(&lock_word, 2, __ATOMIC_ACQUIRE) != 0) {
    zx_status_t status = zx_futex_wait(futex(), 2, ZX_HANDLE_INVALID, ZX_TIME_INFINITE);
    CHECK(status == ZX_OK || status == ZX_ERR_BAD_STATE);
  }
}

static void unlock(void) {
  if (__atomic_exchange_n(&lock_word, 0, __ATOMIC_RELEASE) == 2) {
    CHECK_OK(zx_futex_wake(futex(), 1));
  }
}

static void count(uintptr_t step) {
  for (int i = 0; i < ROUNDS; i++) {
    lock();
    uint64_t before = counter;
    if (i % 100 == 0) {
      CHECK_OK(zx_thread_legacy_yield(0));
    }
    counter = before + step;
    unlock();
  }
}

int main(void) {
  zx_handle_t threads[THREADS];
  CHECK_STATUS(ZX_ERR_BAD_STATE, zx_futex_wait(futex(), 1, ZX_HANDLE_INVALID, ZX_TIME_INFINITE));
  CHECK_STATUS(ZX_ERR_TIMED_OUT,
               zx_futex_wait(futex(), 0, ZX_HANDLE_INVALID, zx_deadline_after(ZX_USEC(100))));
  for (uintptr_t i = 0; i < THREADS; i++) {
    threads[i] = start_thread("counter", count, i + 1);
  }
  for (size_t i = 0; i < THREADS; i++) {
    join_thread(threads[i]);
  }
  CHECK(counter == (1 + 2 + 3 + 4) * ROUNDS);
  CHECK(lock_word == 0);
  say("futex: all well\n");
  return 0;
}
