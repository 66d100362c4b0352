/* The end of the program. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zircon/assert.h>
#include <zircon/syscalls.h>

#include "internal.h"

struct entry {
  void (*function)(void*);
  void* argument;
  /* Of at_quick_exit, and not of atexit. */
  bool quick;
};

/* Blocks of entries, the newest first; the first block needs no memory. */
struct block {
  struct block* older;
  unsigned count;
  struct entry entries[32];
};

static struct block oldest;
static struct block* newest = &oldest;
static __libc_mutex_t mutex;

static int add(void (*function)(void*), void* argument, bool quick) {
  LOCK(mutex);
  if (newest->count == sizeof(newest->entries) / sizeof(newest->entries[0])) {
    struct block* fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL) {
      UNLOCK(mutex);
      return -1;
    }
    fresh->older = newest;
    newest = fresh;
  }
  newest->entries[newest->count++] = (struct entry){function, argument, quick};
  UNLOCK(mutex);
  return 0;
}

/* Calls the functions, the latest first; one may add others. */
static void run(bool quick) {
  LOCK(mutex);
  for (;;) {
    while (newest->count == 0 && newest->older != NULL) newest = newest->older;
    if (newest->count == 0) break;
    struct entry entry = newest->entries[--newest->count];
    if (entry.quick != quick) continue;
    UNLOCK(mutex);
    entry.function(entry.argument);
    LOCK(mutex);
  }
  UNLOCK(mutex);
}

int __cxa_atexit(void (*function)(void*), void* argument, void* object) {
  (void)object;
  return add(function, argument, false);
}

void __cxa_finalize(void* object) { (void)object; }

static void call_plain(void* function) { ((void (*)(void))function)(); }

int atexit(void (*function)(void)) { return add(call_plain, (void*)function, false); }
int at_quick_exit(void (*function)(void)) { return add(call_plain, (void*)function, true); }

typedef void (*finisher)(void);
extern HIDDEN finisher const __fini_array_start[], __fini_array_end[];

void _Exit(int code) {
  for (;;) zx_process_exit(code);
}

void _exit(int code) { _Exit(code); }

void exit(int code) {
  __libzircon_thread_exits();
  run(false);
  for (finisher const* each = __fini_array_end; each > __fini_array_start;) (*--each)();
  __libzircon_flush();
  _Exit(code);
}

void quick_exit(int code) {
  run(true);
  __libzircon_flush();
  _Exit(code);
}

HIDDEN void (*__libzircon_last_words)(const char* file, int line, const char* text);

/* Tells the harness, once: the reason comes before the abort that it leads to. */
static void last_words(const char* file, int line, const char* text) {
  void (*tell)(const char*, int, const char*) = __libzircon_last_words;
  __libzircon_last_words = NULL;
  if (tell != NULL) tell(file, line, text);
}

void abort(void) {
  last_words(NULL, 0, "abort() was called");
  __libzircon_flush();
  __builtin_trap();
}

void __libzircon_die(const char* text) {
  char line[128];
  size_t length = strnlen(text, sizeof(line) - 1);
  memcpy(line, text, length);
  line[length] = '\n';
  zx_debug_write(line, length + 1);
  __builtin_trap();
}

void __assert_fail(const char* condition, const char* file, int line, const char* function) {
  fflush(stdout);
  fprintf(stderr, "%s:%d: %s: `%s` does not hold\n", file, line, function, condition);
  char text[512];
  snprintf(text, sizeof(text), "`%s` does not hold in %s", condition, function);
  last_words(file, line, text);
  abort();
}

/* Where -fstack-protector goes when the canary is dead: nothing can be trusted any more,
   stdio's buffers included. */
void __stack_chk_fail(void) __attribute__((__noreturn__));
void __stack_chk_fail(void) { __libzircon_die("libzircon: a function wrote beyond its stack frame"); }
void __stack_chk_fail_local(void) __attribute__((__alias__("__stack_chk_fail"), __noreturn__));

void __zx_panic(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  char text[1024];
  vsnprintf(text, sizeof(text), format, arguments);
  fprintf(stderr, "%s\n", text);
  last_words(NULL, 0, text);
  abort();
}
