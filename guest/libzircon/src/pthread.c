/* <pthread.h>, in terms of thread.c, sync.c and keys.c. */
#include <pthread.h>

#include "internal.h"

int pthread_create(pthread_t* restrict out, const pthread_attr_t* restrict attributes,
                   void* (*function)(void*), void* restrict argument) {
  struct thread_options options = {0, "pthread", false};
  if (attributes != NULL) {
    options.stack_size = attributes->__stack_size;
    options.detached = attributes->__detached == PTHREAD_CREATE_DETACHED;
  }
  return __libzircon_thread_start(out, function, argument, &options);
}

int pthread_join(pthread_t thread, void** result) {
  return __libzircon_thread_join(thread, result);
}
int pthread_detach(pthread_t thread) { return __libzircon_thread_detach(thread); }
void pthread_exit(void* result) { __libzircon_thread_end(result); }
pthread_t pthread_self(void) { return self(); }
int pthread_equal(pthread_t a, pthread_t b) { return a == b; }

int pthread_attr_init(pthread_attr_t* attributes) {
  *attributes = (pthread_attr_t){__libzircon_stack_size, PTHREAD_CREATE_JOINABLE};
  return 0;
}
int pthread_attr_destroy(pthread_attr_t* attributes) {
  (void)attributes;
  return 0;
}
int pthread_attr_setstacksize(pthread_attr_t* attributes, size_t size) {
  attributes->__stack_size = size;
  return 0;
}
int pthread_attr_getstacksize(const pthread_attr_t* restrict attributes, size_t* restrict size) {
  *size = attributes->__stack_size;
  return 0;
}
int pthread_attr_setdetachstate(pthread_attr_t* attributes, int state) {
  attributes->__detached = state;
  return 0;
}

int pthread_mutex_init(pthread_mutex_t* restrict mutex,
                       const pthread_mutexattr_t* restrict attributes) {
  *mutex = (pthread_mutex_t){0, attributes == NULL ? 0 : attributes->__type, NULL, 0};
  return 0;
}
int pthread_mutex_destroy(pthread_mutex_t* mutex) {
  (void)mutex;
  return 0;
}
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  return __libzircon_lock(mutex, ZX_TIME_INFINITE);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) { return __libzircon_trylock(mutex); }
int pthread_mutex_timedlock(pthread_mutex_t* restrict mutex,
                            const struct timespec* restrict until) {
  return __libzircon_lock(mutex, __libzircon_deadline(until));
}
int pthread_mutex_clocklock(pthread_mutex_t* restrict mutex, clockid_t clock,
                            const struct timespec* restrict until) {
  (void)clock; /* they are all the same */
  return pthread_mutex_timedlock(mutex, until);
}
int pthread_mutex_unlock(pthread_mutex_t* mutex) { return __libzircon_unlock(mutex); }
int pthread_mutexattr_init(pthread_mutexattr_t* attributes) {
  attributes->__type = PTHREAD_MUTEX_NORMAL;
  return 0;
}
int pthread_mutexattr_destroy(pthread_mutexattr_t* attributes) {
  (void)attributes;
  return 0;
}
int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int type) {
  attributes->__type = type;
  return 0;
}

int pthread_cond_init(pthread_cond_t* restrict condition,
                      const pthread_condattr_t* restrict attributes) {
  (void)attributes;
  *condition = (pthread_cond_t){0, 0};
  return 0;
}
int pthread_cond_destroy(pthread_cond_t* condition) {
  (void)condition;
  return 0;
}
int pthread_cond_signal(pthread_cond_t* condition) { return __libzircon_signal(condition, 1); }
int pthread_cond_broadcast(pthread_cond_t* condition) {
  return __libzircon_signal(condition, UINT32_MAX);
}
int pthread_cond_wait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex) {
  return __libzircon_wait(condition, mutex, ZX_TIME_INFINITE);
}
int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  return __libzircon_wait(condition, mutex, __libzircon_deadline(until));
}
int pthread_cond_clockwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           clockid_t clock, const struct timespec* restrict until) {
  (void)clock;
  return pthread_cond_timedwait(condition, mutex, until);
}

int pthread_once(pthread_once_t* once, void (*function)(void)) {
  __libzircon_once(once, function);
  return 0;
}
