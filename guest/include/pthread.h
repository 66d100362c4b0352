/* Threads of POSIX, the common part: no cancellation, priorities or sharing with processes.
   Times are those of <time.h>: since the start of the machine. */
#ifndef VMOSCOPE_PTHREAD_H_
#define VMOSCOPE_PTHREAD_H_

#include <features.h>
#include <sched.h>
#include <time.h>
#include <vmoscope/sync.h>

typedef struct __libc_thread* pthread_t;
typedef __libc_mutex_t pthread_mutex_t;
typedef __libc_cond_t pthread_cond_t;
typedef __libc_once_t pthread_once_t;
typedef unsigned pthread_key_t;
typedef struct {
  int __type;
} pthread_mutexattr_t;
typedef struct {
  int __clock;
} pthread_condattr_t;
typedef struct {
  size_t __stack_size;
  int __detached;
} pthread_attr_t;

#define PTHREAD_MUTEX_INITIALIZER {0, 0, 0, 0}
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP {0, 1, 0, 0}
#define PTHREAD_COND_INITIALIZER {0, 0}
#define PTHREAD_ONCE_INIT __LIBC_ONCE_INIT
#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_DEFAULT 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1

__BEGIN_DECLS
int pthread_create(pthread_t* __libc_restrict out, const pthread_attr_t* __libc_restrict attributes,
                   void* (*function)(void*), void* __libc_restrict argument);
int pthread_join(pthread_t thread, void** result);
int pthread_detach(pthread_t thread);
void pthread_exit(void* result) __attribute__((__noreturn__));
pthread_t pthread_self(void);
int pthread_equal(pthread_t a, pthread_t b);
int pthread_attr_init(pthread_attr_t* attributes);
int pthread_attr_destroy(pthread_attr_t* attributes);
int pthread_attr_setstacksize(pthread_attr_t* attributes, size_t size);
int pthread_attr_getstacksize(const pthread_attr_t* __libc_restrict attributes,
                              size_t* __libc_restrict size);
int pthread_attr_setdetachstate(pthread_attr_t* attributes, int state);

int pthread_mutex_init(pthread_mutex_t* __libc_restrict mutex,
                       const pthread_mutexattr_t* __libc_restrict attributes);
int pthread_mutex_destroy(pthread_mutex_t* mutex);
int pthread_mutex_lock(pthread_mutex_t* mutex);
int pthread_mutex_trylock(pthread_mutex_t* mutex);
int pthread_mutex_timedlock(pthread_mutex_t* __libc_restrict mutex,
                            const struct timespec* __libc_restrict until);
int pthread_mutex_clocklock(pthread_mutex_t* __libc_restrict mutex, clockid_t clock,
                            const struct timespec* __libc_restrict until);
int pthread_mutex_unlock(pthread_mutex_t* mutex);
int pthread_mutexattr_init(pthread_mutexattr_t* attributes);
int pthread_mutexattr_destroy(pthread_mutexattr_t* attributes);
int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int type);

int pthread_cond_init(pthread_cond_t* __libc_restrict condition,
                      const pthread_condattr_t* __libc_restrict attributes);
int pthread_cond_destroy(pthread_cond_t* condition);
int pthread_cond_signal(pthread_cond_t* condition);
int pthread_cond_broadcast(pthread_cond_t* condition);
int pthread_cond_wait(pthread_cond_t* __libc_restrict condition,
                      pthread_mutex_t* __libc_restrict mutex);
int pthread_cond_timedwait(pthread_cond_t* __libc_restrict condition,
                           pthread_mutex_t* __libc_restrict mutex,
                           const struct timespec* __libc_restrict until);
int pthread_cond_clockwait(pthread_cond_t* __libc_restrict condition,
                           pthread_mutex_t* __libc_restrict mutex, clockid_t clock,
                           const struct timespec* __libc_restrict until);

int pthread_once(pthread_once_t* once, void (*function)(void));
int pthread_key_create(pthread_key_t* key, void (*destructor)(void*));
int pthread_key_delete(pthread_key_t key);
void* pthread_getspecific(pthread_key_t key);
int pthread_setspecific(pthread_key_t key, const void* value);

/* Declared because the C++ headers name it; a program that uses it does not link. */
int pthread_cancel(pthread_t thread);
__END_DECLS

#endif
