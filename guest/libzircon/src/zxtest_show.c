/* Values as zxtest's messages show them. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zxtest/runner.h>

#define SHOW(...)                                       \
  struct zxtest_value shown;                            \
  snprintf(shown.text, sizeof(shown.text), __VA_ARGS__); \
  return shown

struct zxtest_value zxtest_show_bool(bool value) { SHOW("%s", value ? "true" : "false"); }

struct zxtest_value zxtest_show_char(char value) {
  if (value >= ' ' && value <= '~') {
    SHOW("'%c'", value);
  }
  SHOW("'\\x%02x'", (unsigned char)value);
}

/* Large numbers are often addresses or masks: in hexadecimal too. */
struct zxtest_value zxtest_show_signed(long long value) {
  if (value >= 0) return zxtest_show_unsigned((unsigned long long)value);
  SHOW("%lld", value);
}

struct zxtest_value zxtest_show_unsigned(unsigned long long value) {
  if (value >= 1024) {
    SHOW("%llu (0x%llx)", value, value);
  }
  SHOW("%llu", value);
}

struct zxtest_value zxtest_show_double(double value) { SHOW("%.17g", value); }

struct zxtest_value zxtest_show_string(const char* value) {
  if (value == NULL) {
    SHOW("null");
  }
  return zxtest_show_characters(value, strlen(value));
}

struct zxtest_value zxtest_show_characters(const char* value, size_t size) {
  const size_t most = 80;
  SHOW("\"%.*s\"%s", (int)(size < most ? size : most), value, size > most ? "..." : "");
}

struct zxtest_value zxtest_show_pointer(const volatile void* value) {
  if (value == NULL) {
    SHOW("null");
  }
  SHOW("%p", (const void*)(uintptr_t)value);
}

struct zxtest_value zxtest_show_bytes(const void* value, size_t size) {
  const unsigned char* bytes = value;
  struct zxtest_value shown = {"bytes"};
  size_t length = strlen(shown.text);
  for (size_t i = 0; i < size && length + 8 < sizeof(shown.text); i++) {
    length += (size_t)snprintf(shown.text + length, sizeof(shown.text) - length, " %02x", bytes[i]);
    if (i + 1 < size && length + 8 >= sizeof(shown.text)) strcat(shown.text, " ...");
  }
  return shown;
}
