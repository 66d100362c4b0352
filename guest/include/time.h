/* Time since the start of the machine: there is no other clock, so that every clock here is
   that one, and nothing knows the date. */
#ifndef VMOSCOPE_TIME_H_
#define VMOSCOPE_TIME_H_

#include <features.h>
#include <sys/types.h>

struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
struct tm {
  int tm_sec;
  int tm_min;
  int tm_hour;
  int tm_mday;
  int tm_mon;
  int tm_year;
  int tm_wday;
  int tm_yday;
  int tm_isdst;
};

#define CLOCKS_PER_SEC 1000000L
#define TIME_UTC 1
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1

__BEGIN_DECLS
int clock_gettime(clockid_t clock, struct timespec* out);
int clock_getres(clockid_t clock, struct timespec* out);
int timespec_get(struct timespec* out, int base);
time_t time(time_t* out);
clock_t clock(void);
double difftime(time_t end, time_t begin);
int nanosleep(const struct timespec* length, struct timespec* rest);

/* Declared because the C++ headers name them; a program that uses one does not link. */
time_t mktime(struct tm* parts);
char* asctime(const struct tm* parts);
char* ctime(const time_t* when);
struct tm* gmtime(const time_t* when);
struct tm* localtime(const time_t* when);
size_t strftime(char* __libc_restrict to, size_t size, const char* __libc_restrict format,
                const struct tm* __libc_restrict parts);
__END_DECLS

#endif
