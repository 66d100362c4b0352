/* Locks, conditions and once, each on a futex: no set-up, no end, usable before there are
   threads. */
#include <errno.h>
#include <pthread.h>
#include <threads.h>

#include "internal.h"

static bool swap(int* word, int* expected, int wanted) {
  return __atomic_compare_exchange_n(word, expected, wanted, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}

static zx_status_t wait(int* word, int value, zx_time_t deadline) {
  return zx_futex_wait((zx_futex_t*)word, value, ZX_HANDLE_INVALID, deadline);
}

static void wake(int* word, uint32_t most) { zx_futex_wake((zx_futex_t*)word, most); }

int __libzircon_trylock(__libc_mutex_t* mutex) {
  if (mutex->__type == 1 && __atomic_load_n(&mutex->__owner, __ATOMIC_RELAXED) == self()) {
    mutex->__depth++;
    return 0;
  }
  int state = 0;
  if (!swap(&mutex->__state, &state, 1)) return EBUSY;
  if (mutex->__type == 1) {
    __atomic_store_n(&mutex->__owner, self(), __ATOMIC_RELAXED);
    mutex->__depth = 1;
  }
  return 0;
}

int __libzircon_lock(__libc_mutex_t* mutex, zx_time_t deadline) {
  if (__libzircon_trylock(mutex) == 0) return 0;
  /* Whoever has waited leaves 2 behind: there may be others. */
  while (__atomic_exchange_n(&mutex->__state, 2, __ATOMIC_ACQUIRE) != 0) {
    zx_status_t status = wait(&mutex->__state, 2, deadline);
    if (status == ZX_ERR_TIMED_OUT) return ETIMEDOUT;
  }
  if (mutex->__type == 1) {
    __atomic_store_n(&mutex->__owner, self(), __ATOMIC_RELAXED);
    mutex->__depth = 1;
  }
  return 0;
}

int __libzircon_unlock(__libc_mutex_t* mutex) {
  if (mutex->__type == 1) {
    if (__atomic_load_n(&mutex->__owner, __ATOMIC_RELAXED) != self()) return EPERM;
    if (--mutex->__depth > 0) return 0;
    __atomic_store_n(&mutex->__owner, NULL, __ATOMIC_RELAXED);
  }
  if (__atomic_exchange_n(&mutex->__state, 0, __ATOMIC_RELEASE) == 2) {
    wake(&mutex->__state, 1);
  }
  return 0;
}

int __libzircon_wait(__libc_cond_t* condition, __libc_mutex_t* mutex, zx_time_t deadline) {
  __atomic_fetch_add(&condition->__waiters, 1, __ATOMIC_SEQ_CST);
  int turn = __atomic_load_n(&condition->__turn, __ATOMIC_SEQ_CST);
  __libzircon_unlock(mutex);
  /* A signal between the two changes the turn, and the wait does not begin. */
  zx_status_t status = wait(&condition->__turn, turn, deadline);
  __atomic_fetch_sub(&condition->__waiters, 1, __ATOMIC_SEQ_CST);
  __libzircon_lock(mutex, ZX_TIME_INFINITE);
  return status == ZX_ERR_TIMED_OUT ? ETIMEDOUT : 0;
}

int __libzircon_signal(__libc_cond_t* condition, uint32_t most) {
  __atomic_fetch_add(&condition->__turn, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&condition->__waiters, __ATOMIC_SEQ_CST) != 0) {
    wake(&condition->__turn, most);
  }
  return 0;
}

void __libzircon_once(__libc_once_t* once, void (*function)(void)) {
  enum { NEW, RUNNING, WAITED_FOR, DONE };
  for (;;) {
    int state = __atomic_load_n(once, __ATOMIC_ACQUIRE);
    if (state == DONE) return;
    if (state == NEW) {
      if (!swap(once, &state, RUNNING)) continue;
      function();
      if (__atomic_exchange_n(once, DONE, __ATOMIC_RELEASE) == WAITED_FOR) {
        wake(once, UINT32_MAX);
      }
      return;
    }
    if (state == RUNNING && !swap(once, &state, WAITED_FOR)) continue;
    wait(once, WAITED_FOR, ZX_TIME_INFINITE);
  }
}

zx_time_t __libzircon_deadline(const struct timespec* until) {
  zx_time_t time;
  if (__builtin_mul_overflow(until->tv_sec, 1000000000l, &time) ||
      __builtin_add_overflow(time, until->tv_nsec, &time)) {
    return ZX_TIME_INFINITE;
  }
  return time;
}
