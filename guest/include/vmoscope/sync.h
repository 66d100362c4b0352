/* What <threads.h> and <pthread.h> are made of: locks that need no set-up and no end, each a
   futex. All zeros is a plain mutex that nobody holds. */
#ifndef VMOSCOPE_SYNC_H_
#define VMOSCOPE_SYNC_H_

#include <features.h>
#include <stdint.h>

typedef struct {
  int __state; /* 0 free, 1 held, 2 held and waited for */
  int __type;  /* 1 recursive */
  void* __owner;
  unsigned __depth;
} __libc_mutex_t;

typedef struct {
  int __turn; /* changes with each signal */
  int __waiters;
} __libc_cond_t;

/* 0 not begun, 1 running, 2 running and waited for, 3 done */
typedef int __libc_once_t;
#define __LIBC_ONCE_INIT 0

#endif
