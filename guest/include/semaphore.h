/* Counting semaphores of POSIX, between the threads of a process. */
#ifndef VMOSCOPE_SEMAPHORE_H_
#define VMOSCOPE_SEMAPHORE_H_

#include <features.h>
#include <limits.h>
#include <time.h>

typedef struct {
  int __count;
  int __waiters;
} sem_t;

#define SEM_VALUE_MAX INT_MAX

__BEGIN_DECLS
int sem_init(sem_t* semaphore, int shared, unsigned count);
int sem_destroy(sem_t* semaphore);
int sem_wait(sem_t* semaphore);
int sem_trywait(sem_t* semaphore);
int sem_timedwait(sem_t* __libc_restrict semaphore, const struct timespec* __libc_restrict until);
int sem_clockwait(sem_t* __libc_restrict semaphore, clockid_t clock,
                  const struct timespec* __libc_restrict until);
int sem_post(sem_t* semaphore);
int sem_getvalue(sem_t* __libc_restrict semaphore, int* __libc_restrict count);
__END_DECLS

#endif
