// The shortest guest: says who it is and what it was started with.
//
//     scripts/zxcc -o hello guest/examples/c/hello.c
//     vmm run --env COLOUR=blue ./hello -- one two

#include <stdio.h>
#include <stdlib.h>
#include <zircon/syscalls.h>

int main(int argc, char** argv) {
  printf("hello from %s\n", argv[0]);
  for (int i = 1; i < argc; i++) {
    printf("argument %d: %s\n", i, argv[i]);
  }
  const char* colour = getenv("COLOUR");
  if (colour != NULL) {
    printf("my colour is %s\n", colour);
  }
  printf("a page has %u bytes here\n", zx_system_get_page_size());
  return 0;
}
