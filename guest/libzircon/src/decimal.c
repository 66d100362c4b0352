/* A double's digits, exactly: every double is a whole number times a power of two, and so
   has an end in decimal. */
#include <string.h>

#include "format.h"

enum { GROUP = 1000000000, GROUP_DIGITS = 9 };

/* Appends nine digits of `group`. */
static void append(struct decimal* out, uint32_t group) {
  for (int i = GROUP_DIGITS - 1; i >= 0; i--, group /= 10) {
    out->digits[out->count + i] = (char)('0' + group % 10);
  }
  out->count += GROUP_DIGITS;
}

/* The digits of mantissa times 2^shift, which has at most 1024 bits. */
static void whole_part(struct decimal* out, uint64_t mantissa, int shift) {
  enum { WORDS = 34, GROUPS = 36 };
  uint32_t words[WORDS] = {0}, groups[GROUPS];
  unsigned __int128 shifted = (unsigned __int128)mantissa << (shift % 32);
  for (int i = 0; i < 3; i++) words[shift / 32 + i] = (uint32_t)(shifted >> (32 * i));
  int count = 0, top = WORDS - 1;
  for (;;) {
    while (top >= 0 && words[top] == 0) top--;
    if (top < 0) break;
    uint64_t rest = 0;
    for (int i = top; i >= 0; i--) {
      rest = rest << 32 | words[i];
      words[i] = (uint32_t)(rest / GROUP);
      rest %= GROUP;
    }
    groups[count++] = (uint32_t)rest;
  }
  while (count > 0) append(out, groups[--count]);
}

/* The digits of fraction times 2^-bits, which is below 1. */
static void fraction_part(struct decimal* out, uint64_t fraction, int bits) {
  enum { WORDS = 36 };
  /* Words from the point downwards: words[0] counts 2^-32. */
  uint32_t words[WORDS] = {0};
  int count = (bits + 31) / 32;
  unsigned __int128 shifted = (unsigned __int128)fraction << (count * 32 - bits);
  for (int i = 0; i < 3 && i < count; i++) {
    words[count - 1 - i] = (uint32_t)(shifted >> (32 * i));
  }
  while (count > 0) {
    uint64_t carry = 0;
    for (int i = count - 1; i >= 0; i--) {
      carry += (uint64_t)words[i] * GROUP;
      words[i] = (uint32_t)carry;
      carry >>= 32;
    }
    append(out, (uint32_t)carry);
    while (count > 0 && words[count - 1] == 0) count--;
  }
}

void __libzircon_decimal(struct decimal* out, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof(bits));
  uint64_t mantissa = bits & ((1ul << 52) - 1);
  int exponent = (int)(bits >> 52 & 0x7ff);
  if (exponent != 0) mantissa |= 1ul << 52;
  exponent = (exponent == 0 ? 1 : exponent) - 1075;

  out->count = 0;
  if (exponent >= 0) {
    whole_part(out, mantissa, exponent);
    out->exponent = out->count;
  } else {
    uint64_t whole = exponent > -64 ? mantissa >> -exponent : 0;
    uint64_t fraction = exponent > -64 ? mantissa & ((1ul << -exponent) - 1) : mantissa;
    if (whole != 0) whole_part(out, whole, 0);
    out->exponent = out->count;
    fraction_part(out, fraction, -exponent);
  }
  int zeros = 0;
  while (zeros < out->count && out->digits[zeros] == '0') zeros++;
  memmove(out->digits, out->digits + zeros, (size_t)(out->count - zeros));
  out->count -= zeros;
  out->exponent -= zeros;
  while (out->count > 0 && out->digits[out->count - 1] == '0') out->count--;
}

void __libzircon_round(struct decimal* decimal, int count) {
  if (count >= decimal->count) return;
  if (count < 0) {
    decimal->count = 0;
    return;
  }
  char next = decimal->digits[count];
  bool odd = count > 0 && (decimal->digits[count - 1] & 1) != 0;
  /* There are no zeros at the end: more digits are more than a half. */
  bool up = next > '5' || (next == '5' && (count + 1 < decimal->count || odd));
  decimal->count = count;
  if (up) {
    while (count > 0 && decimal->digits[count - 1] == '9') count--;
    decimal->count = count;
    if (count == 0) {
      decimal->digits[0] = '1';
      decimal->count = 1;
      decimal->exponent++;
    } else {
      decimal->digits[count - 1]++;
    }
  }
  while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0') decimal->count--;
}
