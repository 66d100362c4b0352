// A program for debuggers: nested functions, variables, two threads. The first thread spins in
// `innermost`; the other waits for a lock that is never opened.
#include <stdint.h>
#include <stdio.h>
#include <threads.h>

struct point {
  int x;
  int y;
};

volatile uint64_t global_counter = 7;
struct point global_point = {11, -12};
const char *global_text = "text that a debugger reads";
uint64_t zeros[2048];
volatile int go = 1;

__attribute__((noinline)) int innermost(int depth, const char *label) {
  volatile int local_value = depth * 11;
  volatile double local_fraction = 0.75;
  global_counter = 1000;
  while (go) {
  }
  return local_value + label[0] + (int)local_fraction;
}

__attribute__((noinline)) int middle(int depth) {
  volatile int twice = depth * 2;
  return innermost(twice, "label of innermost") + twice;
}

__attribute__((noinline)) int outer(int depth) { return middle(depth + 1) + 1; }

static int waiter(void *lock) {
  mtx_lock(lock);
  return 3;
}

int main(void) {
  mtx_t lock;
  thrd_t other;
  if (mtx_init(&lock, mtx_plain) != thrd_success || mtx_lock(&lock) != thrd_success ||
      thrd_create(&other, waiter, &lock) != thrd_success)
    return 1;
  struct timespec nap = {0, 5000000};
  thrd_sleep(&nap, NULL);
  puts("about to spin");
  return outer(20);
}
