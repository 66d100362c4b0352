// The functions behind the macros of <zxtest/zxtest.h>; programs use the macros.

#ifndef ZXTEST_RUNNER_H_
#define ZXTEST_RUNNER_H_

#include <stdbool.h>
#include <stddef.h>
#include <zircon/compiler.h>
#include <zircon/types.h>

__BEGIN_CDECLS

// One case. Its address stands in the section zxtest_cases.
struct zxtest_case {
  const char* suite;
  const char* name;
  const char* file;
  int line;
  void (*run)(void);
  // Before the first and after the last case of a suite, or null.
  void (*set_up_suite)(void);
  void (*tear_down_suite)(void);
};

// Runs the cases: the exit code of the program.
int zxtest_run(int argc, char** argv);

// A value as a message shows it.
struct zxtest_value {
  char text[96];
};
struct zxtest_value zxtest_show_bool(bool value);
struct zxtest_value zxtest_show_char(char value);
struct zxtest_value zxtest_show_signed(long long value);
struct zxtest_value zxtest_show_unsigned(unsigned long long value);
struct zxtest_value zxtest_show_double(double value);
struct zxtest_value zxtest_show_string(const char* value);
struct zxtest_value zxtest_show_characters(const char* value, size_t size);
struct zxtest_value zxtest_show_pointer(const volatile void* value);
struct zxtest_value zxtest_show_bytes(const void* value, size_t size);

// What failed where, and the check's own message.
void zxtest_fail(const char* file, int line, bool fatal, const char* format, ...)
    __PRINTFLIKE(4, 5);
void zxtest_fail_compare(const char* file, int line, bool fatal, const char* a,
                         const char* operation, const char* b, struct zxtest_value a_value,
                         struct zxtest_value b_value, const char* format, ...)
    __PRINTFLIKE(9, 10);
void zxtest_fail_truth(const char* file, int line, bool fatal, const char* a, bool wanted,
                       const char* format, ...) __PRINTFLIKE(6, 7);
void zxtest_fail_null(const char* file, int line, bool fatal, const char* a,
                      const volatile void* value, const char* format, ...) __PRINTFLIKE(6, 7);
void zxtest_fail_status(const char* file, int line, bool fatal, const char* a, bool equal,
                        zx_status_t found, zx_status_t other, const char* format, ...)
    __PRINTFLIKE(8, 9);
void zxtest_fail_bytes(const char* file, int line, bool fatal, const char* a, const char* b,
                       const void* a_bytes, const void* b_bytes, size_t size,
                       const char* format, ...) __PRINTFLIKE(9, 10);
// Where a failure came from.
void zxtest_note(const char* file, int line, const char* statement, const char* format, ...)
    __PRINTFLIKE(4, 5);
void zxtest_skip(const char* format, ...) __PRINTFLIKE(1, 2);
bool zxtest_has_failure(void);
bool zxtest_has_fatal_failure(void);
bool zxtest_is_skipped(void);

__END_CDECLS

#endif  // ZXTEST_RUNNER_H_
