/* Threads: one mapping each, which holds from the bottom a guard page, the stack, the
   thread-local storage and the library's record. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmoscope/thread.h>

#include "internal.h"

/* Of threads that ask for nothing else; start.c raises it to what the program's file says. */
size_t __libzircon_stack_size = 256 << 10;

enum { LEAST_STACK = 16 << 10 };

/* Threads that have not ended. */
static int alive = 1;
/* Detached threads that are about to end or have: somebody else has to give their stacks
   back. */
static struct __libc_thread* ended;
static __libc_mutex_t mutex;

static void give_back(struct __libc_thread* thread) {
  zx_handle_close(thread->handle);
  if (thread->memory_size != 0) __libzircon_pages_unmap(thread->memory, thread->memory_size);
}

/* Gives back what detached threads have left. */
static void reap(void) {
  LOCK(mutex);
  for (struct __libc_thread** link = &ended; *link != NULL;) {
    struct __libc_thread* thread = *link;
    if (zx_object_wait_one(thread->handle, ZX_THREAD_TERMINATED, 0, NULL) == ZX_OK) {
      *link = thread->next_ended;
      give_back(thread);
    } else {
      link = &thread->next_ended;
    }
  }
  UNLOCK(mutex);
}

static void leave(struct __libc_thread* thread) {
  LOCK(mutex);
  thread->next_ended = ended;
  ended = thread;
  UNLOCK(mutex);
}

static __attribute__((__noreturn__)) void begin(struct __libc_thread* thread) {
  __libzircon_tls_use(thread, thread->handle);
  __libzircon_thread_end(thread->function(thread->argument));
}

int __libzircon_thread_start(struct __libc_thread** out, void* (*function)(void*), void* argument,
                             const struct thread_options* options) {
  reap();
  size_t stack = options->stack_size == 0 ? __libzircon_stack_size : options->stack_size;
  if (stack < LEAST_STACK) stack = LEAST_STACK;
  if (stack > PTRDIFF_MAX / 2) return EAGAIN;
  size_t size = PAGE + round_up(stack, PAGE) + round_up(__libzircon_tls_size(), PAGE);
  zx_handle_t handle;
  zx_status_t status = zx_thread_create(__libzircon_own.process, options->name,
                                        strlen(options->name), 0, &handle);
  if (status != ZX_OK) return EAGAIN;
  uintptr_t memory = __libzircon_pages_map(size, "thread");
  if (memory == 0) {
    zx_handle_close(handle);
    return ENOMEM;
  }
  struct __libc_thread* thread = __libzircon_tls_make(memory + size);
  thread->handle = handle;
  thread->memory = memory;
  thread->memory_size = size;
  thread->function = function;
  thread->argument = argument;
  thread->state = options->detached ? DETACHED : JOINABLE;
  __atomic_fetch_add(&alive, 1, __ATOMIC_RELAXED);
  /* As behind a call: 8 below a multiple of 16. */
  uintptr_t top = memory + PAGE + round_up(stack, PAGE) - 8;
  *out = thread;
  status = zx_vmar_protect(__libzircon_own.vmar, 0, memory, PAGE);
  if (status == ZX_OK) {
    status = zx_thread_start(handle, (uintptr_t)begin, top, (uintptr_t)thread, 0);
  }
  if (status != ZX_OK) {
    __atomic_fetch_sub(&alive, 1, __ATOMIC_RELAXED);
    give_back(thread);
    return EAGAIN;
  }
  return 0;
}

int __libzircon_thread_join(struct __libc_thread* thread, void** result) {
  if (thread == self()) return EDEADLK;
  if (zx_object_wait_one(thread->handle, ZX_THREAD_TERMINATED, ZX_TIME_INFINITE, NULL) != ZX_OK) {
    return EINVAL;
  }
  if (result != NULL) *result = thread->result;
  give_back(thread);
  return 0;
}

int __libzircon_thread_detach(struct __libc_thread* thread) {
  int state = JOINABLE;
  if (__atomic_compare_exchange_n(&thread->state, &state, DETACHED, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    return 0;
  }
  if (state != ENDED) return EINVAL;
  leave(thread);
  return 0;
}

void __libzircon_thread_end(void* result) {
  struct __libc_thread* thread = self();
  __libzircon_thread_exits();
  __libzircon_keys_end();
  thread->result = result;
  if (__atomic_fetch_sub(&alive, 1, __ATOMIC_ACQ_REL) == 1) exit(0);
  if (__atomic_exchange_n(&thread->state, ENDED, __ATOMIC_ACQ_REL) == DETACHED) leave(thread);
  for (;;) zx_thread_exit();
}

int vmoscope_thread_create(thrd_t* out, thrd_start_t function, void* argument, size_t stack_size,
                           const char* name) {
  struct thread_options options = {stack_size, name, false};
  int error = __libzircon_thread_start(out, (void* (*)(void*))(uintptr_t)function, argument,
                                       &options);
  return error == 0 ? thrd_success : error == ENOMEM ? thrd_nomem : thrd_error;
}

size_t vmoscope_thread_stack_size(size_t size) {
  if (size == 0) return __atomic_load_n(&__libzircon_stack_size, __ATOMIC_RELAXED);
  return __atomic_exchange_n(&__libzircon_stack_size, size, __ATOMIC_RELAXED);
}

zx_handle_t vmoscope_thread_handle(thrd_t thread) { return thread->handle; }
