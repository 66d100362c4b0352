// What guest/examples/cpp/debugger.cc patches: ends with 0 once its greeting has changed.

#include <stdio.h>
#include <string.h>
#include <zircon/syscalls.h>

// In pages that this program may only read.
static const char greeting[64] = "the target's greeting: nobody has touched it yet";

// Through a volatile pointer, for the compiler cannot know that somebody else does write.
static void copy(char* to) {
  const volatile char* from = greeting;
  for (size_t i = 0; i < sizeof(greeting); i++) {
    to[i] = from[i];
  }
}

int main(void) {
  char text[sizeof(greeting)];
  const zx_time_t deadline = zx_deadline_after(ZX_SEC(10));
  do {
    copy(text);
    if (strstr(text, "patched by the debugger") != NULL) {
      printf("target: now it is \"%s\"\n", text);
      return 0;
    }
    zx_nanosleep(zx_deadline_after(ZX_MSEC(1)));
  } while (zx_clock_get_monotonic() < deadline);
  printf("target: still \"%s\"\n", text);
  return 1;
}
