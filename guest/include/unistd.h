/* The few parts of POSIX that have a meaning here. */
#ifndef VMOSCOPE_UNISTD_H_
#define VMOSCOPE_UNISTD_H_

#include <features.h>
#include <sys/types.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define _SC_PAGESIZE 30
#define _SC_PAGE_SIZE _SC_PAGESIZE
#define _SC_NPROCESSORS_CONF 83
#define _SC_NPROCESSORS_ONLN 84

__BEGIN_DECLS
extern char** environ;
void _exit(int code) __attribute__((__noreturn__));
unsigned sleep(unsigned seconds);
int usleep(useconds_t microseconds);
long sysconf(int name);
int getpagesize(void);
/* To descriptors 1 and 2 only: the console. */
ssize_t write(int descriptor, const void* data, size_t size);
__END_DECLS

#endif
