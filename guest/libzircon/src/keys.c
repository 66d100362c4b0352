/* Values that each thread has of its own: keys with destructors, and errno. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

#include "internal.h"

static struct {
  bool used;
  void (*destructor)(void*);
} keys[KEYS];
static __libc_mutex_t mutex;

int pthread_key_create(pthread_key_t* out, void (*destructor)(void*)) {
  LOCK(mutex);
  int error = EAGAIN;
  for (unsigned key = 0; key < KEYS; key++) {
    if (!keys[key].used) {
      keys[key].used = true;
      keys[key].destructor = destructor;
      *out = key;
      error = 0;
      break;
    }
  }
  UNLOCK(mutex);
  return error;
}

int pthread_key_delete(pthread_key_t key) {
  if (key >= KEYS) return EINVAL;
  LOCK(mutex);
  keys[key].used = false;
  keys[key].destructor = NULL;
  UNLOCK(mutex);
  return 0;
}

void* pthread_getspecific(pthread_key_t key) { return key < KEYS ? self()->keys[key] : NULL; }

int pthread_setspecific(pthread_key_t key, const void* value) {
  if (key >= KEYS) return EINVAL;
  self()->keys[key] = (void*)value;
  return 0;
}

/* libstdc++ looks for this name to find out whether there can be threads. */
int __pthread_key_create(pthread_key_t* key, void (*destructor)(void*))
    __attribute__((__alias__("pthread_key_create")));

int tss_create(tss_t* key, tss_dtor_t destructor) {
  return pthread_key_create(key, destructor) == 0 ? thrd_success : thrd_error;
}
void tss_delete(tss_t key) { pthread_key_delete(key); }
void* tss_get(tss_t key) { return pthread_getspecific(key); }
int tss_set(tss_t key, void* value) {
  return pthread_setspecific(key, value) == 0 ? thrd_success : thrd_error;
}

void __libzircon_keys_end(void) {
  struct __libc_thread* thread = self();
  bool again = true;
  for (int round = 0; again && round < TSS_DTOR_ITERATIONS; round++) {
    again = false;
    for (unsigned key = 0; key < KEYS; key++) {
      void* value = thread->keys[key];
      thread->keys[key] = NULL;
      void (*destructor)(void*) = keys[key].destructor;
      if (value != NULL && destructor != NULL) {
        again = true;
        destructor(value);
      }
    }
  }
}

int* __errno_location(void) { return &self()->error; }

/* Destructors of C++'s thread_local objects. */
int __cxa_thread_atexit(void (*function)(void*), void* object, void* program);
int __cxa_thread_atexit(void (*function)(void*), void* object, void* program) {
  (void)program;
  struct thread_exit* entry = malloc(sizeof(*entry));
  if (entry == NULL) return -1;
  *entry = (struct thread_exit){self()->exits, function, object};
  self()->exits = entry;
  return 0;
}

void __libzircon_thread_exits(void) {
  struct __libc_thread* thread = self();
  while (thread->exits != NULL) {
    struct thread_exit* entry = thread->exits;
    thread->exits = entry->next;
    entry->function(entry->object);
    free(entry);
  }
}
