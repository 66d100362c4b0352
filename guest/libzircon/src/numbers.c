/* Numbers: in text, their parts, random ones. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

static int digit(char c) {
  if (isdigit(c)) return c - '0';
  if (isalpha(c)) return tolower(c) - 'a' + 10;
  return INT_MAX;
}

/* The sign and the size of the number at the start of `text`; *end is behind it, or `text`
   if there is none. */
static uint64_t parse(const char* text, char** end, int base, bool* negative, bool* over) {
  const char* at = text;
  const char* behind = text;
  while (isspace((unsigned char)*at)) at++;
  *negative = *at == '-';
  *over = false;
  if (*at == '-' || *at == '+') at++;
  if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 32) == 'x' && digit(at[2]) < 16) {
    at += 2;
    base = 16;
  }
  if (base == 0) base = *at == '0' ? 8 : 10;
  uint64_t value = 0;
  for (; digit(*at) < base; at++) {
    if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
        __builtin_add_overflow(value, (uint64_t)digit(*at), &value)) {
      *over = true;
    }
    behind = at + 1;
  }
  if (end != NULL) *end = (char*)behind;
  return value;
}

long strtol(const char* restrict text, char** restrict end, int base) {
  bool negative, over;
  uint64_t value = parse(text, end, base, &negative, &over);
  uint64_t most = (uint64_t)LONG_MAX + negative;
  if (over || value > most) {
    errno = ERANGE;
    value = most;
  }
  return (long)(negative ? -value : value);
}

unsigned long strtoul(const char* restrict text, char** restrict end, int base) {
  bool negative, over;
  uint64_t value = parse(text, end, base, &negative, &over);
  if (over) {
    errno = ERANGE;
    return ULONG_MAX;
  }
  return negative ? -value : value;
}

long long strtoll(const char* restrict text, char** restrict end, int base) {
  return strtol(text, end, base);
}
unsigned long long strtoull(const char* restrict text, char** restrict end, int base) {
  return strtoul(text, end, base);
}
intmax_t strtoimax(const char* text, char** end, int base) { return strtol(text, end, base); }
uintmax_t strtoumax(const char* text, char** end, int base) { return strtoul(text, end, base); }
int atoi(const char* text) { return (int)strtol(text, NULL, 10); }
long atol(const char* text) { return strtol(text, NULL, 10); }
long long atoll(const char* text) { return strtol(text, NULL, 10); }

/* Exact for what 64 bits and 10^27 hold; beyond, the last bit of a double can be wrong. */
long double strtold(const char* restrict text, char** restrict end) {
  const char* at = text;
  if (end != NULL) *end = (char*)text;
  while (isspace((unsigned char)*at)) at++;
  bool negative = *at == '-';
  if (*at == '-' || *at == '+') at++;
  long double value = 0;
  if (strncasecmp(at, "inf", 3) == 0) {
    at += strncasecmp(at, "infinity", 8) == 0 ? 8 : 3;
    value = __builtin_infl();
  } else if (strncasecmp(at, "nan", 3) == 0) {
    at += 3;
    value = __builtin_nanl("");
  } else {
    uint64_t mantissa = 0;
    int exponent = 0;
    bool any = false, point = false;
    for (; isdigit(*at) || (*at == '.' && !point); at++) {
      if (*at == '.') {
        point = true;
        continue;
      }
      any = true;
      if (mantissa < UINT64_MAX / 10 - 1) {
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
        exponent -= point;
      } else {
        exponent += !point;
      }
    }
    if (!any) return 0;
    if ((*at | 32) == 'e') {
      char* behind;
      long power = strtol(at + 1, &behind, 10);
      if (behind != at + 1 && !isspace((unsigned char)at[1])) {
        if (power > 20000) power = 20000;
        if (power < -20000) power = -20000;
        exponent += (int)power;
        at = behind;
      }
    }
    value = mantissa;
    long double power = 1, ten = 10;
    for (unsigned rest = (unsigned)abs(exponent); rest != 0; rest >>= 1, ten *= ten) {
      if (rest & 1) power *= ten;
    }
    if (mantissa != 0) value = exponent < 0 ? value / power : value * power;
  }
  if (end != NULL) *end = (char*)at;
  return negative ? -value : value;
}

double strtod(const char* restrict text, char** restrict end) {
  long double exact = strtold(text, end);
  double value = (double)exact;
  if (__builtin_isinf(value) && !__builtin_isinf(exact)) errno = ERANGE;
  return value;
}
float strtof(const char* restrict text, char** restrict end) {
  long double exact = strtold(text, end);
  float value = (float)exact;
  if (__builtin_isinf(value) && !__builtin_isinf(exact)) errno = ERANGE;
  return value;
}
double atof(const char* text) { return strtod(text, NULL); }

int abs(int value) { return value < 0 ? -value : value; }
long labs(long value) { return value < 0 ? -value : value; }
long long llabs(long long value) { return value < 0 ? -value : value; }
intmax_t imaxabs(intmax_t value) { return value < 0 ? -value : value; }
div_t div(int value, int by) { return (div_t){value / by, value % by}; }
ldiv_t ldiv(long value, long by) { return (ldiv_t){value / by, value % by}; }
lldiv_t lldiv(long long value, long long by) { return (lldiv_t){value / by, value % by}; }
imaxdiv_t imaxdiv(intmax_t value, intmax_t by) { return (imaxdiv_t){value / by, value % by}; }

/* A linear congruence of 64 bits, of which the upper ones are given out. */
static uint64_t random_state = 1;
static int next(uint64_t* state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (int)(*state >> 33);
}
int rand(void) {
  uint64_t before = __atomic_load_n(&random_state, __ATOMIC_RELAXED), after;
  int value;
  do {
    after = before;
    value = next(&after);
  } while (!__atomic_compare_exchange_n(&random_state, &before, after, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  return value;
}
void srand(unsigned seed) { __atomic_store_n(&random_state, seed, __ATOMIC_RELAXED); }
int rand_r(unsigned* seed) {
  uint64_t state = *seed;
  int value = next(&state);
  *seed = (unsigned)(state >> 16);
  return value;
}
