// <string.h> and its kin, against what the plainest loops say.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zxtest/zxtest.h>

static unsigned char a[300], b[300], model[300];

static void fill(void) {
  for (size_t i = 0; i < sizeof(a); i++) a[i] = b[i] = model[i] = (unsigned char)(i * 37 + 11);
}

// Volatile, so that no compiler knows a size.
static volatile size_t opaque;

TEST(Memory, CopiesOfEverySizeAndAlignment) {
  for (size_t size = 0; size < 80; size++) {
    for (size_t from = 0; from < 9; from++) {
      for (size_t to = 0; to < 9; to++) {
        fill();
        memset(b, 0xEE, sizeof(b));
        memset(model, 0xEE, sizeof(model));
        for (size_t i = 0; i < size; i++) model[100 + to + i] = a[50 + from + i];
        opaque = size;
        ASSERT_TRUE(memcpy(b + 100 + to, a + 50 + from, opaque) == b + 100 + to);
        ASSERT_BYTES_EQ(b, model, sizeof(b), "%zu bytes from %zu to %zu", size, from, to);
      }
    }
  }
}

TEST(Memory, MovesThatOverlap) {
  for (size_t size = 0; size < 70; size++) {
    for (int distance = -40; distance <= 40; distance++) {
      fill();
      unsigned char kept[300];
      for (size_t i = 0; i < sizeof(a); i++) kept[i] = a[i];
      for (size_t i = 0; i < size; i++) model[100 + distance + i] = kept[100 + i];
      opaque = size;
      ASSERT_TRUE(memmove(a + 100 + distance, a + 100, opaque) == a + 100 + distance);
      ASSERT_BYTES_EQ(a, model, sizeof(a), "%zu bytes by %d", size, distance);
    }
  }
}

TEST(Memory, Fills) {
  for (size_t size = 0; size < 70; size++) {
    fill();
    for (size_t i = 0; i < size; i++) model[7 + i] = 0xA5;
    opaque = size;
    ASSERT_TRUE(memset(a + 7, 0x1A5, opaque) == a + 7);
    ASSERT_BYTES_EQ(a, model, sizeof(a));
  }
}

TEST(Memory, Comparisons) {
  for (size_t size = 1; size < 40; size++) {
    for (size_t at = 0; at < size; at++) {
      fill();
      opaque = size;
      ASSERT_EQ(memcmp(a, b, opaque), 0);
      a[at] = 0x7F;
      b[at] = 0x80;
      ASSERT_LT(memcmp(a, b, opaque), 0);
      ASSERT_GT(memcmp(b, a, opaque), 0);
      ASSERT_EQ(memcmp(a, b, at), 0);
    }
  }
}

TEST(Memory, Searches) {
  const char* text = "abcabcabd";
  EXPECT_TRUE(memchr(text, 'c', 9) == text + 2);
  EXPECT_NULL(memchr(text, 'd', 8));
  EXPECT_TRUE(memrchr(text, 'c', 9) == text + 5);
  EXPECT_TRUE(memmem(text, 9, "abd", 3) == text + 6);
  EXPECT_NULL(memmem(text, 8, "abd", 3));
  EXPECT_TRUE(memmem(text, 9, "", 0) == text);
  EXPECT_NULL(memmem(text, 2, "abc", 3));
}

TEST(Strings, Lengths) {
  EXPECT_EQ(strlen(""), 0u);
  EXPECT_EQ(strlen("hello"), 5u);
  EXPECT_EQ(strnlen("hello", 3), 3u);
  opaque = 9;
  EXPECT_EQ(strnlen("hello", opaque), 5u);
}

TEST(Strings, Copies) {
  char to[16];
  EXPECT_STREQ(strcpy(to, "abc"), "abc");
  EXPECT_TRUE(stpcpy(to, "abcd") == to + 4);
  EXPECT_STREQ(strcat(to, "ef"), "abcdef");
  opaque = 2;
  EXPECT_STREQ(strncat(to, "ghijk", opaque), "abcdefgh");
  memset(to, 'x', sizeof(to));
  strncpy(to, "ab", 5);
  EXPECT_BYTES_EQ(to, "ab\0\0\0xx", 7);
  EXPECT_EQ(strlcpy(to, "0123456789", 5), 10u);
  EXPECT_STREQ(to, "0123");
  EXPECT_EQ(strlcat(to, "456", 6), 7u);
  EXPECT_STREQ(to, "01234");
  char* copy = strdup("copied");
  EXPECT_STREQ(copy, "copied");
  free(copy);
  copy = strndup("copied", 3);
  EXPECT_STREQ(copy, "cop");
  free(copy);
}

TEST(Strings, Comparisons) {
  EXPECT_EQ(strcmp("abc", "abc"), 0);
  EXPECT_LT(strcmp("abc", "abd"), 0);
  EXPECT_GT(strcmp("abc", "ab"), 0);
  EXPECT_GT(strcmp("\x80", "\x7f"), 0, "as unsigned bytes");
  EXPECT_EQ(strncmp("abcX", "abcY", 3), 0);
  EXPECT_LT(strncmp("abcX", "abcY", 4), 0);
  EXPECT_EQ(strcasecmp("HeLLo", "hEllO"), 0);
  EXPECT_NE(strncasecmp("abc", "abd", 3), 0);
}

TEST(Strings, Searches) {
  const char* text = "key=value=more";
  EXPECT_TRUE(strchr(text, '=') == text + 3);
  EXPECT_TRUE(strrchr(text, '=') == text + 9);
  EXPECT_TRUE(strchr(text, 0) == text + 14);
  EXPECT_NULL(strchr(text, '?'));
  EXPECT_TRUE(strchrnul(text, '?') == text + 14);
  EXPECT_TRUE(strstr(text, "=m") == text + 9);
  EXPECT_NULL(strstr(text, "=x"));
  EXPECT_EQ(strspn("aabbc", "ab"), 4u);
  EXPECT_EQ(strcspn("aabbc", "cb"), 2u);
  EXPECT_STREQ(strpbrk("aabbc", "cb"), "bbc");
}

TEST(Strings, Tokens) {
  char text[] = "  one two,,three ";
  char* rest;
  EXPECT_STREQ(strtok_r(text, " ,", &rest), "one");
  EXPECT_STREQ(strtok_r(NULL, " ,", &rest), "two");
  EXPECT_STREQ(strtok_r(NULL, " ,", &rest), "three");
  EXPECT_NULL(strtok_r(NULL, " ,", &rest));
  char fields[] = "a::b";
  char* left = fields;
  EXPECT_STREQ(strsep(&left, ":"), "a");
  EXPECT_STREQ(strsep(&left, ":"), "");
  EXPECT_STREQ(strsep(&left, ":"), "b");
  EXPECT_NULL(strsep(&left, ":"));
}

TEST(Numbers, FromText) {
  char* end;
  EXPECT_EQ(strtol(" -42x", &end, 10), -42);
  EXPECT_STREQ(end, "x");
  EXPECT_EQ(strtol("0x1F", NULL, 0), 31);
  EXPECT_EQ(strtol("017", NULL, 0), 15);
  EXPECT_EQ(strtol("zz", NULL, 36), 35 * 36 + 35);
  EXPECT_EQ(strtol("0x", &end, 16), 0);
  EXPECT_STREQ(end, "x");
  EXPECT_EQ(strtol("none", &end, 10), 0);
  EXPECT_STREQ(end, "none");
  errno = 0;
  EXPECT_EQ(strtol("9223372036854775808", NULL, 10), INT64_MAX);
  EXPECT_EQ(errno, ERANGE);
  errno = 0;
  EXPECT_EQ(strtol("-9223372036854775808", NULL, 10), INT64_MIN);
  EXPECT_EQ(errno, 0);
  EXPECT_EQ(strtoul("18446744073709551615", NULL, 10), UINT64_MAX);
  EXPECT_EQ(strtoul("99999999999999999999", NULL, 10), UINT64_MAX);
  EXPECT_EQ(errno, ERANGE);
  EXPECT_EQ(atoi("77"), 77);
  EXPECT_EQ(strtod("3.25e2!", &end), 325.0);
  EXPECT_STREQ(end, "!");
  EXPECT_EQ(strtod("0.1", NULL), 0.1);
  EXPECT_EQ(strtod("1e-3", NULL), 1e-3);
  EXPECT_EQ(strtod("123456789012345678", NULL), 123456789012345678.0);
  EXPECT_EQ(strtod("-.5", NULL), -0.5);
}

TEST(Characters, Classes) {
  for (int c = 0; c < 256; c++) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    ASSERT_EQ(isalpha(c) != 0, letter, "%d", c);
    ASSERT_EQ(isprint(c) != 0, c >= 32 && c < 127, "%d", c);
    ASSERT_EQ(tolower(c), c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  EXPECT_TRUE(isxdigit('F') && isspace('\v') && ispunct('!') && !ispunct('a'));
}

static int compare(const void* left, const void* right) {
  int x = *(const int*)left, y = *(const int*)right;
  return x < y ? -1 : x > y;
}

TEST(Sorting, OfEverySize) {
  static int items[600];
  for (int count = 0; count < 600; count += count < 40 ? 1 : 131) {
    long sum = 0;
    for (int i = 0; i < count; i++) sum += items[i] = rand() % 1000;
    qsort(items, (size_t)count, sizeof(int), compare);
    for (int i = 0; i < count; i++) {
      if (i > 0) ASSERT_LE(items[i - 1], items[i], "%d of %d", i, count);
      sum -= items[i];
      int* found = bsearch(&items[i], items, (size_t)count, sizeof(int), compare);
      ASSERT_NOT_NULL(found);
      ASSERT_EQ(*found, items[i]);
    }
    ASSERT_EQ(sum, 0);
  }
  int absent = 5000;
  EXPECT_NULL(bsearch(&absent, items, 500, sizeof(int), compare));
}

TEST(Stdio, Allocates) {
  char* text;
  ASSERT_EQ(asprintf(&text, "%d-%s", 5, "five"), 6);
  EXPECT_STREQ(text, "5-five");
  free(text);
}
