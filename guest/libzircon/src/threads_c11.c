/* <threads.h>, in terms of thread.c, sync.c and keys.c. */
#include <errno.h>
#include <threads.h>
#include <vmoscope/thread.h>

#include "internal.h"

static int outcome(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case EBUSY:
      return thrd_busy;
    case ETIMEDOUT:
      return thrd_timedout;
    case ENOMEM:
      return thrd_nomem;
    default:
      return thrd_error;
  }
}

/* A thrd_start_t returns its result where int stands in a register of the ABI: in the low
   half of what a function with a pointer would return. */
int thrd_create(thrd_t* out, thrd_start_t function, void* argument) {
  return vmoscope_thread_create(out, function, argument, 0, "thread");
}

int thrd_join(thrd_t thread, int* result) {
  void* value = NULL;
  int error = __libzircon_thread_join(thread, &value);
  if (error == 0 && result != NULL) *result = (int)(intptr_t)value;
  return outcome(error);
}

thrd_t thrd_current(void) { return self(); }
int thrd_equal(thrd_t a, thrd_t b) { return a == b; }
int thrd_detach(thrd_t thread) { return outcome(__libzircon_thread_detach(thread)); }
void thrd_exit(int result) { __libzircon_thread_end((void*)(intptr_t)result); }
int thrd_sleep(const struct timespec* length, struct timespec* rest) {
  return nanosleep(length, rest);
}
void thrd_yield(void) { zx_thread_legacy_yield(0); }

int mtx_init(mtx_t* mutex, int type) {
  *mutex = (mtx_t){0, (type & mtx_recursive) != 0, NULL, 0};
  return thrd_success;
}
void mtx_destroy(mtx_t* mutex) { (void)mutex; }
int mtx_lock(mtx_t* mutex) { return outcome(__libzircon_lock(mutex, ZX_TIME_INFINITE)); }
int mtx_timedlock(mtx_t* restrict mutex, const struct timespec* restrict until) {
  return outcome(__libzircon_lock(mutex, __libzircon_deadline(until)));
}
int mtx_trylock(mtx_t* mutex) { return outcome(__libzircon_trylock(mutex)); }
int mtx_unlock(mtx_t* mutex) { return outcome(__libzircon_unlock(mutex)); }

int cnd_init(cnd_t* condition) {
  *condition = (cnd_t){0, 0};
  return thrd_success;
}
void cnd_destroy(cnd_t* condition) { (void)condition; }
int cnd_signal(cnd_t* condition) { return outcome(__libzircon_signal(condition, 1)); }
int cnd_broadcast(cnd_t* condition) {
  return outcome(__libzircon_signal(condition, UINT32_MAX));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return outcome(__libzircon_wait(condition, mutex, ZX_TIME_INFINITE));
}
int cnd_timedwait(cnd_t* restrict condition, mtx_t* restrict mutex,
                  const struct timespec* restrict until) {
  return outcome(__libzircon_wait(condition, mutex, __libzircon_deadline(until)));
}

void call_once(once_flag* flag, void (*function)(void)) { __libzircon_once(flag, function); }
