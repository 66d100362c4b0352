// Times and durations, in nanoseconds or ticks, and arithmetic on them that stays at the end
// of the range instead of wrapping.

#ifndef ZIRCON_TIME_H_
#define ZIRCON_TIME_H_

#include <stdint.h>
#include <zircon/compiler.h>

#if __has_include(<time.h>)
#include <time.h>
#endif

__BEGIN_CDECLS

// On the monotonic clock.
typedef int64_t zx_instant_mono_t;
typedef int64_t zx_instant_mono_ticks_t;
typedef int64_t zx_duration_mono_t;
typedef int64_t zx_duration_mono_ticks_t;

// On the clock that also counts while the machine is suspended.
typedef int64_t zx_instant_boot_t;
typedef int64_t zx_instant_boot_ticks_t;
typedef int64_t zx_duration_boot_t;
typedef int64_t zx_duration_boot_ticks_t;

// On either.
typedef int64_t zx_time_t;
typedef int64_t zx_duration_t;
typedef int64_t zx_ticks_t;

// A deadline that never comes, and one that is always over.
#define ZX_TIME_INFINITE INT64_MAX
#define ZX_TIME_INFINITE_PAST INT64_MIN

// For this header only: the three operations that all others are made of.
__CONSTEXPR static inline int64_t __zx_clamped_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (unlikely(add_overflow(a, b, &sum))) {
    return b < 0 ? ZX_TIME_INFINITE_PAST : ZX_TIME_INFINITE;
  }
  return sum;
}

__CONSTEXPR static inline int64_t __zx_clamped_sub(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (unlikely(sub_overflow(a, b, &difference))) {
    return b < 0 ? ZX_TIME_INFINITE : ZX_TIME_INFINITE_PAST;
  }
  return difference;
}

__CONSTEXPR static inline int64_t __zx_clamped_mul(int64_t a, int64_t b) {
  int64_t product = 0;
  if (unlikely(mul_overflow(a, b, &product))) {
    return (a < 0) == (b < 0) ? ZX_TIME_INFINITE : ZX_TIME_INFINITE_PAST;
  }
  return product;
}

__CONSTEXPR static inline zx_time_t zx_time_add_duration(zx_time_t time, zx_duration_t duration) {
  return __zx_clamped_add(time, duration);
}

__CONSTEXPR static inline zx_time_t zx_time_sub_duration(zx_time_t time, zx_duration_t duration) {
  return __zx_clamped_sub(time, duration);
}

__CONSTEXPR static inline zx_duration_t zx_time_sub_time(zx_time_t time1, zx_time_t time2) {
  return __zx_clamped_sub(time1, time2);
}

__CONSTEXPR static inline zx_duration_t zx_duration_add_duration(zx_duration_t dur1,
                                                                 zx_duration_t dur2) {
  return __zx_clamped_add(dur1, dur2);
}

__CONSTEXPR static inline zx_duration_t zx_duration_sub_duration(zx_duration_t dur1,
                                                                 zx_duration_t dur2) {
  return __zx_clamped_sub(dur1, dur2);
}

__CONSTEXPR static inline zx_duration_t zx_duration_mul_int64(zx_duration_t duration,
                                                              int64_t multiplier) {
  return __zx_clamped_mul(duration, multiplier);
}

__CONSTEXPR static inline zx_ticks_t zx_ticks_add_ticks(zx_ticks_t ticks1, zx_ticks_t ticks2) {
  return __zx_clamped_add(ticks1, ticks2);
}

__CONSTEXPR static inline zx_ticks_t zx_ticks_sub_ticks(zx_ticks_t ticks1, zx_ticks_t ticks2) {
  return __zx_clamped_sub(ticks1, ticks2);
}

__CONSTEXPR static inline zx_ticks_t zx_ticks_mul_int64(zx_ticks_t ticks, int64_t multiplier) {
  return __zx_clamped_mul(ticks, multiplier);
}

__CONSTEXPR static inline int64_t zx_nsec_from_duration(zx_duration_t n) { return n; }

__CONSTEXPR static inline zx_duration_t zx_duration_from_nsec(int64_t n) { return n; }

__CONSTEXPR static inline zx_duration_t zx_duration_from_usec(int64_t n) {
  return __zx_clamped_mul(n, 1000);
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_msec(int64_t n) {
  return __zx_clamped_mul(n, 1000000);
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_sec(int64_t n) {
  return __zx_clamped_mul(n, 1000000000);
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_min(int64_t n) {
  return __zx_clamped_mul(n, 60000000000);
}

__CONSTEXPR static inline zx_duration_t zx_duration_from_hour(int64_t n) {
  return __zx_clamped_mul(n, 3600000000000);
}

#if __has_include(<time.h>)

__CONSTEXPR static inline zx_duration_t zx_duration_from_timespec(struct timespec ts) {
  return __zx_clamped_add(zx_duration_from_sec(ts.tv_sec), ts.tv_nsec);
}

__CONSTEXPR static inline struct timespec zx_timespec_from_duration(zx_duration_t duration) {
  struct timespec ts = {(time_t)(duration / 1000000000), (long)(duration % 1000000000)};
  return ts;
}

__CONSTEXPR static inline zx_time_t zx_time_from_timespec(struct timespec ts) {
  return zx_duration_from_timespec(ts);
}

__CONSTEXPR static inline struct timespec zx_timespec_from_time(zx_time_t time) {
  return zx_timespec_from_duration(time);
}

#endif  // __has_include(<time.h>)

// The same conversions as macros: a constant argument makes a constant, which may stand in an
// initializer but wraps; any other is clamped as above.
#define ZX_NSEC(n) (__ISCONSTANT(n) ? ((zx_duration_t)(1LL * (n))) : (zx_duration_from_nsec(n)))
#define ZX_USEC(n) (__ISCONSTANT(n) ? ((zx_duration_t)(1000LL * (n))) : (zx_duration_from_usec(n)))
#define ZX_MSEC(n) \
  (__ISCONSTANT(n) ? ((zx_duration_t)(1000000LL * (n))) : (zx_duration_from_msec(n)))
#define ZX_SEC(n) \
  (__ISCONSTANT(n) ? ((zx_duration_t)(1000000000LL * (n))) : (zx_duration_from_sec(n)))
#define ZX_MIN(n) \
  (__ISCONSTANT(n) ? ((zx_duration_t)(60000000000LL * (n))) : (zx_duration_from_min(n)))
#define ZX_HOUR(n) \
  (__ISCONSTANT(n) ? ((zx_duration_t)(3600000000000LL * (n))) : (zx_duration_from_hour(n)))

__END_CDECLS

#endif  // ZIRCON_TIME_H_
