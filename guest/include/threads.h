/* Threads of C11. */
#ifndef VMOSCOPE_THREADS_H_
#define VMOSCOPE_THREADS_H_

#include <features.h>
#include <time.h>
#include <vmoscope/sync.h>

#ifndef __cplusplus
#define thread_local _Thread_local
#endif
#define TSS_DTOR_ITERATIONS 4
#define ONCE_FLAG_INIT __LIBC_ONCE_INIT

enum { thrd_success = 0, thrd_busy = 1, thrd_error = 2, thrd_nomem = 3, thrd_timedout = 4 };
enum { mtx_plain = 0, mtx_recursive = 1, mtx_timed = 2 };

typedef struct __libc_thread* thrd_t;
typedef int (*thrd_start_t)(void*);
typedef __libc_mutex_t mtx_t;
typedef __libc_cond_t cnd_t;
typedef __libc_once_t once_flag;
typedef unsigned tss_t;
typedef void (*tss_dtor_t)(void*);

__BEGIN_DECLS
/* The stack is as large as the program's first one (256 KiB, or what -z stack-size says);
   <vmoscope/thread.h> has ways to ask for another size. */
int thrd_create(thrd_t* out, thrd_start_t function, void* argument);
thrd_t thrd_current(void);
int thrd_equal(thrd_t a, thrd_t b);
int thrd_detach(thrd_t thread);
int thrd_join(thrd_t thread, int* result);
void thrd_exit(int result) __attribute__((__noreturn__));
int thrd_sleep(const struct timespec* length, struct timespec* rest);
void thrd_yield(void);

int mtx_init(mtx_t* mutex, int type);
void mtx_destroy(mtx_t* mutex);
int mtx_lock(mtx_t* mutex);
int mtx_timedlock(mtx_t* __libc_restrict mutex, const struct timespec* __libc_restrict until);
int mtx_trylock(mtx_t* mutex);
int mtx_unlock(mtx_t* mutex);

int cnd_init(cnd_t* condition);
void cnd_destroy(cnd_t* condition);
int cnd_signal(cnd_t* condition);
int cnd_broadcast(cnd_t* condition);
int cnd_wait(cnd_t* condition, mtx_t* mutex);
int cnd_timedwait(cnd_t* __libc_restrict condition, mtx_t* __libc_restrict mutex,
                  const struct timespec* __libc_restrict until);

void call_once(once_flag* flag, void (*function)(void));
int tss_create(tss_t* key, tss_dtor_t destructor);
void tss_delete(tss_t key);
void* tss_get(tss_t key);
int tss_set(tss_t key, void* value);
__END_DECLS

#endif
