/* Time since the start of the machine, and waiting. */
#include <errno.h>
#include <sched.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum { SECOND = 1000000000 };

static struct timespec parts(zx_time_t time) {
  return (struct timespec){time / SECOND, time % SECOND};
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
    errno = EINVAL;
    return -1;
  }
  *out = parts(zx_clock_get_monotonic());
  return 0;
}

int clock_getres(clockid_t clock, struct timespec* out) {
  (void)clock;
  if (out != NULL) *out = parts(1);
  return 0;
}

int timespec_get(struct timespec* out, int base) {
  if (base != TIME_UTC) return 0;
  *out = parts(zx_clock_get_monotonic());
  return base;
}

int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  (void)zone;
  struct timespec now = parts(zx_clock_get_monotonic());
  *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) {
  time_t now = zx_clock_get_monotonic() / SECOND;
  if (out != NULL) *out = now;
  return now;
}

clock_t clock(void) { return zx_clock_get_monotonic() / (SECOND / CLOCKS_PER_SEC); }
double difftime(time_t end, time_t begin) { return (double)(end - begin); }

int nanosleep(const struct timespec* length, struct timespec* rest) {
  if (length->tv_nsec < 0 || length->tv_nsec >= SECOND || length->tv_sec < 0) {
    errno = EINVAL;
    return -1;
  }
  zx_nanosleep(zx_deadline_after(__libzircon_deadline(length)));
  if (rest != NULL) *rest = parts(0);
  return 0;
}

int usleep(useconds_t microseconds) {
  zx_nanosleep(zx_deadline_after((zx_duration_t)microseconds * 1000));
  return 0;
}

unsigned sleep(unsigned seconds) {
  zx_nanosleep(zx_deadline_after((zx_duration_t)seconds * SECOND));
  return 0;
}

int sched_yield(void) {
  zx_thread_legacy_yield(0);
  return 0;
}

int getpagesize(void) { return (int)PAGE; }

long sysconf(int name) {
  switch (name) {
    case _SC_PAGESIZE:
      return (long)PAGE;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
      return 1;
    default:
      errno = EINVAL;
      return -1;
  }
}
