/* The one Linux call that C++ headers make (<syscall.h>), in terms of Zircon's. */
#include <errno.h>
#include <stdarg.h>
#include <syscall.h>

#include "internal.h"

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE = 128 };

long syscall(long number, ...) {
  va_list arguments;
  va_start(arguments, number);
  zx_futex_t* word = va_arg(arguments, zx_futex_t*);
  int operation = va_arg(arguments, int) & ~FUTEX_PRIVATE;
  int value = va_arg(arguments, int);
  va_end(arguments);
  errno = ENOSYS;
  if (number != SYS_futex) return -1;
  if (operation == FUTEX_WAIT) {
    zx_status_t status = zx_futex_wait(word, value, ZX_HANDLE_INVALID, ZX_TIME_INFINITE);
    errno = EAGAIN;
    return status == ZX_OK ? 0 : -1;
  }
  if (operation == FUTEX_WAKE) {
    zx_futex_wake(word, (uint32_t)value);
    return 0;
  }
  return -1;
}
