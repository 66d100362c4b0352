/* struct timeval, and the time since the start of the machine in it. */
#ifndef VMOSCOPE_SYS_TIME_H_
#define VMOSCOPE_SYS_TIME_H_

#include <features.h>
#include <sys/types.h>

struct timeval {
  time_t tv_sec;
  suseconds_t tv_usec;
};

__BEGIN_DECLS
int gettimeofday(struct timeval* __libc_restrict out, void* __libc_restrict zone);
__END_DECLS

#endif
