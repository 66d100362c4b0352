/* What the files of the library share. */
#ifndef LIBZIRCON_INTERNAL_H_
#define LIBZIRCON_INTERNAL_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <threads.h>
#include <zircon/syscalls.h>
#include <zircon/types.h>

#define HIDDEN __attribute__((__visibility__("hidden")))
#define PAGE ((size_t)4096)

static inline size_t round_up(size_t value, size_t to) { return (value + to - 1) & ~(to - 1); }

#define KEYS 64

/* What a thread_local object with a destructor leaves with its thread. */
struct thread_exit {
  struct thread_exit* next;
  void (*function)(void*);
  void* object;
};

/* A thread of this library. It stands where %fs points, behind the thread's static
   thread-local storage (System V, variant II). The ABI of compilers fixes the first fields:
   the pointer to itself, and the stack protector's canary 40 bytes in. */
struct __libc_thread {
  struct __libc_thread* self;
  void* unused[4];
  uintptr_t canary;

  zx_handle_t handle;
  int error;
  /* The memory of the thread: guard, stack, storage and this; none for the first one. */
  uintptr_t memory;
  size_t memory_size;
  void* (*function)(void*);
  void* argument;
  void* result;
  /* JOINABLE, then DETACHED or ENDED, whichever comes first. */
  int state;
  void* keys[KEYS];
  struct thread_exit* exits;
  struct __libc_thread* next_ended;
};
enum { JOINABLE, DETACHED, ENDED };

static inline struct __libc_thread* self(void) {
  struct __libc_thread* thread;
  __asm__("mov %%fs:0, %0" : "=r"(thread));
  return thread;
}

/* Handles that the library keeps (start.c). */
struct own_handles {
  zx_handle_t process, thread, vmar, job;
};
extern HIDDEN struct own_handles __libzircon_own;

/* What a harness wants to be told before abort ends the process; `file` is null if nobody
   knows the place. Null, or set while a case runs. */
extern HIDDEN void (*__libzircon_last_words)(const char* file, int line, const char* text);

/* vdso.c: finds every call. */
HIDDEN void __libzircon_find_calls(uintptr_t vdso);

/* tls.c: thread-local storage. */
HIDDEN void __libzircon_tls_init(const void* file_header, uintptr_t bias, uintptr_t canary);
HIDDEN size_t __libzircon_tls_size(void);
HIDDEN struct __libc_thread* __libzircon_tls_make(uintptr_t end);
HIDDEN void __libzircon_tls_use(struct __libc_thread* thread, zx_handle_t handle);
extern HIDDEN struct __libc_thread* __libzircon_first;

/* args.c: the start-up block. */
HIDDEN const char* __libzircon_startup(zx_handle_t block, int* argc, char*** argv);
HIDDEN const char* __libzircon_handles(zx_handle_t block);

/* pages.c: whole pages, as mappings of their own. 0 if there are none. */
HIDDEN uintptr_t __libzircon_pages_map(size_t size, const char* name);
HIDDEN void __libzircon_pages_unmap(uintptr_t address, size_t size);

/* exit.c, thread.c, stdio.c: the steps of an end. */
HIDDEN void __libzircon_thread_exits(void);
HIDDEN void __libzircon_flush(void);
HIDDEN void __libzircon_write(const char* text, size_t size);
/* Flushes stdout, and ends its line if something stands in it. */
HIDDEN void __libzircon_end_line(void);
/* Writes a line without stdio and aborts. */
HIDDEN void __libzircon_die(const char* text) __attribute__((__noreturn__, __cold__));

/* thread.c */
struct thread_options {
  size_t stack_size;
  const char* name;
  bool detached;
};
HIDDEN int __libzircon_thread_start(struct __libc_thread** out, void* (*function)(void*),
                                    void* argument, const struct thread_options* options);
HIDDEN int __libzircon_thread_join(struct __libc_thread* thread, void** result);
HIDDEN int __libzircon_thread_detach(struct __libc_thread* thread);
HIDDEN void __libzircon_thread_end(void* result) __attribute__((__noreturn__));
extern HIDDEN size_t __libzircon_stack_size;

/* keys.c */
HIDDEN void __libzircon_keys_end(void);

/* sync.c: 0 or an error of <errno.h>; a deadline is the kernel's. */
HIDDEN int __libzircon_lock(__libc_mutex_t* mutex, zx_time_t deadline);
HIDDEN int __libzircon_trylock(__libc_mutex_t* mutex);
HIDDEN int __libzircon_unlock(__libc_mutex_t* mutex);
HIDDEN int __libzircon_wait(__libc_cond_t* condition, __libc_mutex_t* mutex, zx_time_t deadline);
HIDDEN int __libzircon_signal(__libc_cond_t* condition, uint32_t most);
HIDDEN void __libzircon_once(__libc_once_t* once, void (*function)(void));
HIDDEN zx_time_t __libzircon_deadline(const struct timespec* until);

/* A lock of the library's own, which anybody may take before there are threads. */
#define LOCK(mutex) ((void)__libzircon_lock(&(mutex), ZX_TIME_INFINITE))
#define UNLOCK(mutex) ((void)__libzircon_unlock(&(mutex)))

/* float.c: see there. */
struct decimal;

#endif
