/* Giving way to other threads. */
#ifndef VMOSCOPE_SCHED_H_
#define VMOSCOPE_SCHED_H_

#include <features.h>
#include <time.h>

__BEGIN_DECLS
int sched_yield(void);
__END_DECLS

#endif
