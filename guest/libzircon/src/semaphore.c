/* <semaphore.h>: the count is the futex. */
#include <errno.h>
#include <semaphore.h>

#include "internal.h"

int sem_init(sem_t* semaphore, int shared, unsigned count) {
  if (shared != 0 || count > SEM_VALUE_MAX) {
    errno = shared != 0 ? ENOSYS : EINVAL;
    return -1;
  }
  *semaphore = (sem_t){(int)count, 0};
  return 0;
}

int sem_destroy(sem_t* semaphore) {
  (void)semaphore;
  return 0;
}

static bool take(sem_t* semaphore) {
  int count = __atomic_load_n(&semaphore->__count, __ATOMIC_SEQ_CST);
  while (count > 0) {
    if (__atomic_compare_exchange_n(&semaphore->__count, &count, count - 1, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
      return true;
    }
  }
  return false;
}

static int wait_until(sem_t* semaphore, zx_time_t deadline) {
  __atomic_fetch_add(&semaphore->__waiters, 1, __ATOMIC_SEQ_CST);
  zx_status_t status = ZX_OK;
  bool taken;
  while (!(taken = take(semaphore)) && status != ZX_ERR_TIMED_OUT) {
    status = zx_futex_wait((zx_futex_t*)&semaphore->__count, 0, ZX_HANDLE_INVALID, deadline);
  }
  __atomic_fetch_sub(&semaphore->__waiters, 1, __ATOMIC_SEQ_CST);
  if (taken) return 0;
  errno = ETIMEDOUT;
  return -1;
}

int sem_wait(sem_t* semaphore) { return wait_until(semaphore, ZX_TIME_INFINITE); }

int sem_trywait(sem_t* semaphore) {
  if (take(semaphore)) return 0;
  errno = EAGAIN;
  return -1;
}

int sem_timedwait(sem_t* restrict semaphore, const struct timespec* restrict until) {
  return wait_until(semaphore, __libzircon_deadline(until));
}

int sem_clockwait(sem_t* restrict semaphore, clockid_t clock,
                  const struct timespec* restrict until) {
  (void)clock; /* they are all the same */
  return sem_timedwait(semaphore, until);
}

int sem_post(sem_t* semaphore) {
  __atomic_fetch_add(&semaphore->__count, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&semaphore->__waiters, __ATOMIC_SEQ_CST) > 0) {
    zx_futex_wake((zx_futex_t*)&semaphore->__count, 1);
  }
  return 0;
}

int sem_getvalue(sem_t* restrict semaphore, int* restrict count) {
  *count = __atomic_load_n(&semaphore->__count, __ATOMIC_SEQ_CST);
  return 0;
}
