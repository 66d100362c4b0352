/* Runs the cases of <zxtest/zxtest.h>, and reports them: in the records of
   docs/test-protocol.md if `vmm test` asks for them, otherwise for people. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zxtest/runner.h>

#include "internal.h"

/* The cases of all object files: the linker defines these if the section is there. */
extern HIDDEN struct zxtest_case* const __start_zxtest_cases[] __attribute__((__weak__));
extern HIDDEN struct zxtest_case* const __stop_zxtest_cases[] __attribute__((__weak__));

/* The longest record that there may be, its newline included. */
enum { LONGEST = 4096 };

static bool records;
static unsigned number; /* of the case that runs */
static bool failed, fatal_failed, skipped;
static __libc_mutex_t mutex;

/* --- Records -------------------------------------------------------------------------- */

struct record {
  size_t length;
  char text[LONGEST];
};

/* Appends with newlines and backslashes escaped, and spaces if asked; what is too long is cut
   off. */
static void append(struct record* record, const char* text, bool spaces) {
  for (; *text != 0 && record->length + 4 < LONGEST; text++) {
    char escape = *text == '\n' ? 'n' : *text == '\\' ? '\\' : *text == ' ' && spaces ? 's' : 0;
    if (escape != 0) {
      record->text[record->length++] = '\\';
      record->text[record->length++] = escape;
    } else {
      record->text[record->length++] = *text;
    }
  }
}

/* Starts a record. What printf has not written yet goes first, and ends its line. */
static void start(struct record* record, const char* format, ...) {
  __libzircon_end_line();
  va_list arguments;
  va_start(arguments, format);
  record->length = (size_t)vsnprintf(record->text, LONGEST, format, arguments);
  va_end(arguments);
}

static void finish(struct record* record) {
  record->text[record->length++] = '\n';
  zx_debug_write(record->text, record->length);
}

static void report(const char* kind, unsigned k, const struct zxtest_case* the_case) {
  struct record record;
  start(&record, "%%TEST %s %u ", kind, k);
  append(&record, the_case->suite, false);
  append(&record, ".", false);
  append(&record, the_case->name, false);
  finish(&record);
}

/* --- Failures ------------------------------------------------------------------------- */

static void failure(const char* file, int line, const char* text) {
  if (!records) {
    __libzircon_end_line();
    printf("%s:%d: %s\n", file, line, text);
    return;
  }
  char place[512] = "-";
  if (file != NULL) snprintf(place, sizeof(place), "%s:%d", file, line);
  struct record record;
  start(&record, "%%TEST fail %u ", number);
  append(&record, place, true);
  record.text[record.length++] = ' ';
  append(&record, text, false);
  finish(&record);
}

/* Notes a failure: what was checked, then the check's own message. */
static void fail(const char* file, int line, bool fatal, const char* what, const char* format,
                 va_list arguments) {
  char text[2048];
  size_t length = (size_t)snprintf(text, sizeof(text), "%s", what);
  if (length >= sizeof(text)) length = sizeof(text) - 1;
  if (*format != 0) {
    if (length > 0 && length + 3 < sizeof(text)) {
      memcpy(text + length, ": ", 3);
      length += 2;
    }
    vsnprintf(text + length, sizeof(text) - length, format, arguments);
  }
  LOCK(mutex);
  failed = true;
  if (fatal) fatal_failed = true;
  failure(file, line, *text == 0 ? "failed" : text);
  UNLOCK(mutex);
}

#define FAIL_WITH(...)                                 \
  char what[1024];                                     \
  snprintf(what, sizeof(what), __VA_ARGS__);           \
  va_list arguments;                                   \
  va_start(arguments, format);                         \
  fail(file, line, fatal, what, format, arguments);    \
  va_end(arguments)

void zxtest_fail(const char* file, int line, bool fatal, const char* format, ...) {
  FAIL_WITH("%s", "");
}

void zxtest_fail_compare(const char* file, int line, bool fatal, const char* a,
                         const char* operation, const char* b, struct zxtest_value a_value,
                         struct zxtest_value b_value, const char* format, ...) {
  FAIL_WITH("%s %s %s does not hold: %s, %s", a, operation, b, a_value.text, b_value.text);
}

void zxtest_fail_truth(const char* file, int line, bool fatal, const char* a, bool wanted,
                       const char* format, ...) {
  FAIL_WITH("%s is %s", a, wanted ? "false" : "true");
}

void zxtest_fail_null(const char* file, int line, bool fatal, const char* a,
                      const volatile void* value, const char* format, ...) {
  FAIL_WITH("%s is %s", a, zxtest_show_pointer(value).text);
}

void zxtest_fail_status(const char* file, int line, bool fatal, const char* a, bool equal,
                        zx_status_t found, zx_status_t other, const char* format, ...) {
  if (equal) {
    FAIL_WITH("%s is %d (%s), not %d (%s)", a, found, zx_status_get_string(found), other,
              zx_status_get_string(other));
  } else {
    FAIL_WITH("%s is %d (%s)", a, found, zx_status_get_string(found));
  }
}

void zxtest_fail_bytes(const char* file, int line, bool fatal, const char* a, const char* b,
                       const void* a_bytes, const void* b_bytes, size_t size,
                       const char* format, ...) {
  const unsigned char *left = a_bytes, *right = b_bytes;
  size_t first = 0;
  while (first < size && left[first] == right[first]) first++;
  if (first == size) {
    FAIL_WITH("%s and %s have the same %zu bytes", a, b, size);
    return;
  }
  const size_t most = 16;
  size_t shown = size - first < most ? size - first : most;
  FAIL_WITH("%s and %s differ from byte %zu of %zu on: %s, %s", a, b, first, size,
            zxtest_show_bytes(left + first, shown).text,
            zxtest_show_bytes(right + first, shown).text);
}

void zxtest_note(const char* file, int line, const char* statement, const char* format, ...) {
  bool fatal = true;
  FAIL_WITH("a fatal failure in %s", statement);
}

void zxtest_skip(const char* format, ...) {
  char why[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why, sizeof(why), format, arguments);
  va_end(arguments);
  LOCK(mutex);
  skipped = true;
  const char* reason = *why == 0 ? "skipped" : why;
  if (records) {
    struct record record;
    start(&record, "%%TEST skip %u ", number);
    append(&record, reason, false);
    finish(&record);
  } else {
    printf("skipped: %s\n", reason);
  }
  UNLOCK(mutex);
}

bool zxtest_has_failure(void) { return failed; }
bool zxtest_has_fatal_failure(void) { return fatal_failed; }
bool zxtest_is_skipped(void) { return skipped; }

/* --- The run -------------------------------------------------------------------------- */

/* Whether a list such as 2-4,9,12- has the number. */
static bool in_list(const char* list, unsigned wanted) {
  while (*list != 0) {
    char* end;
    unsigned long first = strtoul(list, &end, 10), last = first;
    if (*end == '-') {
      const char* behind = end + 1;
      last = strtoul(behind, &end, 10);
      if (end == behind) last = ~0ul;
    }
    if (first <= wanted && wanted <= last) return true;
    if (*end != ',') return false;
    list = end + 1;
  }
  return false;
}

static bool same_suite(const struct zxtest_case* a, const struct zxtest_case* b) {
  return strcmp(a->suite, b->suite) == 0;
}

/* The section's order, with the cases of each file by their lines: compilers may turn the
   order of variables around. */
static struct zxtest_case** in_order(unsigned* count) {
  *count = (unsigned)(__stop_zxtest_cases - __start_zxtest_cases);
  struct zxtest_case** cases = malloc((*count + 1) * sizeof(*cases));
  if (cases == NULL) __libzircon_die("zxtest: no memory for the list of cases");
  for (unsigned i = 0; i < *count; i++) {
    struct zxtest_case* the_case = __start_zxtest_cases[i];
    unsigned place = i;
    while (place > 0 && strcmp(cases[place - 1]->file, the_case->file) == 0 &&
           cases[place - 1]->line > the_case->line) {
      cases[place] = cases[place - 1];
      place--;
    }
    cases[place] = the_case;
  }
  return cases;
}

/* Runs a case and reports it; whether it failed. `suite_failed` if the start of its suite
   did. */
static void run_case(const struct zxtest_case* the_case, void (*before)(void),
                     void (*after)(void)) {
  failed = fatal_failed = skipped = false;
  const char *suite = the_case->suite, *name = the_case->name;
  if (records) {
    report("begin", number, the_case);
    // By hand, whoever aborts has said why already.
    __libzircon_last_words = failure;
  } else {
    printf("[ RUN      ] %s.%s\n", suite, name);
  }
  zx_time_t begin = zx_clock_get_monotonic();
  if (before != NULL) before();
  if (!fatal_failed && !skipped) the_case->run();
  if (after != NULL) after();
  zx_duration_t took = zx_clock_get_monotonic() - begin;
  __libzircon_last_words = NULL;
  if (records) {
    struct record record;
    start(&record, "%%TEST end %u %ld", number, (long)took);
    finish(&record);
  } else {
    __libzircon_end_line();
    const char* outcome = failed ? "[  FAILED  ]" : skipped ? "[  SKIPPED ]" : "[       OK ]";
    printf("%s %s.%s (%ld us)\n", outcome, suite, name, (long)(took / 1000));
  }
}

int zxtest_run(int argc, char** argv) {
  (void)argc;
  (void)argv;
  const char* version = getenv("VMOSCOPE_TEST");
  const char* list = getenv("VMOSCOPE_TEST_LIST");
  const char* wanted = getenv("VMOSCOPE_TEST_CASES");
  records = version != NULL && strcmp(version, "1") == 0;
  bool list_only = records && list != NULL && strcmp(list, "1") == 0;

  unsigned count;
  struct zxtest_case** cases = in_order(&count);
  struct record record;
  if (records) {
    start(&record, "%%TEST plan %u", count);
    finish(&record);
    for (unsigned k = 1; k <= count; k++) report("case", k, cases[k - 1]);
  }

  unsigned sums[3] = {0, 0, 0}; /* passed, failed, skipped */
  const struct zxtest_case* before = NULL;
  for (unsigned k = 1; k <= count && !list_only; k++) {
    if (wanted != NULL && !in_list(wanted, k)) continue;
    const struct zxtest_case* the_case = cases[k - 1];
    const struct zxtest_case* next = NULL;
    for (unsigned later = k + 1; later <= count && next == NULL; later++) {
      if (wanted == NULL || in_list(wanted, later)) next = cases[later - 1];
    }
    bool first = before == NULL || !same_suite(before, the_case);
    bool last = next == NULL || !same_suite(next, the_case);
    number = k;
    run_case(the_case, first ? the_case->set_up_suite : NULL,
             last ? the_case->tear_down_suite : NULL);
    sums[failed ? 1 : skipped ? 2 : 0]++;
    before = the_case;
  }
  free(cases);
  if (records) {
    start(&record, "%%TEST done");
    finish(&record);
  } else {
    printf("%u passed, %u failed, %u skipped\n", sums[0], sums[1], sums[2]);
  }
  /* A program without cases is a mistake, and so is one of which none was asked for. */
  bool none = sums[0] + sums[1] + sums[2] == 0 && !list_only;
  return sums[1] > 0 || (none && !records) ? 1 : 0;
}
