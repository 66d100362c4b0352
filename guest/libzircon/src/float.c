/* %f, %e, %g and %a, from a double's exact digits. */
#include <string.h>

#include "format.h"

/* `count` digits from the `from`-th on; where there is none there are zeros. */
static void put_digits(struct sink* sink, const struct decimal* decimal, int from, int count) {
  if (from < 0) {
    int zeros = count < -from ? count : -from;
    __libzircon_repeat(sink, '0', (size_t)zeros);
    from += zeros;
    count -= zeros;
  }
  int there = decimal->count - from;
  if (there > count) there = count;
  if (there > 0 && count > 0) {
    __libzircon_put(sink, decimal->digits + from, (size_t)there);
    count -= there;
  }
  if (count > 0) __libzircon_repeat(sink, '0', (size_t)count);
}

static void put_fixed(struct sink* sink, const struct spec* spec, struct field* field,
                      const struct decimal* decimal, int precision) {
  int whole = decimal->exponent > 0 ? decimal->exponent : 1;
  bool point = precision > 0 || spec->alternative;
  field->size = (size_t)whole + point + (size_t)precision;
  __libzircon_field_begin(sink, spec, field);
  put_digits(sink, decimal, decimal->exponent - whole, whole);
  if (point) __libzircon_put(sink, ".", 1);
  put_digits(sink, decimal, decimal->exponent, precision);
  __libzircon_field_end(sink, spec, field);
}

static void put_scientific(struct sink* sink, const struct spec* spec, struct field* field,
                           const struct decimal* decimal, int precision, char letter) {
  int exponent = decimal->count == 0 ? 0 : decimal->exponent - 1;
  char tail[6] = {letter, exponent < 0 ? '-' : '+'};
  size_t tail_size = 2;
  if (exponent < 0) exponent = -exponent;
  if (exponent >= 100) tail[tail_size++] = (char)('0' + exponent / 100);
  tail[tail_size++] = (char)('0' + exponent / 10 % 10);
  tail[tail_size++] = (char)('0' + exponent % 10);
  bool point = precision > 0 || spec->alternative;
  field->size = 1 + point + (size_t)precision + tail_size;
  __libzircon_field_begin(sink, spec, field);
  put_digits(sink, decimal, 0, 1);
  if (point) __libzircon_put(sink, ".", 1);
  put_digits(sink, decimal, 1, precision);
  __libzircon_put(sink, tail, tail_size);
  __libzircon_field_end(sink, spec, field);
}

static void put_general(struct sink* sink, const struct spec* spec, struct field* field,
                        struct decimal* decimal, bool upper) {
  int digits = spec->precision < 0 ? 6 : spec->precision == 0 ? 1 : spec->precision;
  __libzircon_round(decimal, digits);
  int exponent = decimal->count == 0 ? 0 : decimal->exponent - 1;
  bool fixed = exponent >= -4 && exponent < digits;
  /* Zeros at the end are left out, unless `#`: of the digits, as many count as there are. */
  int kept = spec->alternative ? digits : decimal->count;
  if (fixed) {
    int precision = kept - 1 - exponent;
    put_fixed(sink, spec, field, decimal, precision > 0 ? precision : 0);
  } else {
    put_scientific(sink, spec, field, decimal, kept > 1 ? kept - 1 : 0, upper ? 'E' : 'e');
  }
}

static void put_hexadecimal(struct sink* sink, const struct spec* spec, struct field* field,
                            double value, bool upper) {
  const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  uint64_t bits;
  memcpy(&bits, &value, sizeof(bits));
  uint64_t mantissa = bits & ((1ul << 52) - 1);
  int exponent = (int)(bits >> 52 & 0x7ff);
  if (exponent != 0) {
    mantissa |= 1ul << 52;
  } else {
    exponent = mantissa == 0 ? 1023 : 1;
  }
  exponent -= 1023;
  int precision = spec->precision;
  if (precision < 0) {
    precision = 13;
    while (precision > 0 && (mantissa >> (4 * (13 - precision)) & 15) == 0) precision--;
  } else if (precision < 13) {
    int dropped = 4 * (13 - precision);
    uint64_t half = 1ul << (dropped - 1), rest = mantissa & ((half << 1) - 1);
    mantissa >>= dropped;
    if (rest > half || (rest == half && (mantissa & 1) != 0)) mantissa++;
    mantissa <<= dropped;
  }
  char tail[8] = {upper ? 'P' : 'p', exponent < 0 ? '-' : '+'};
  size_t tail_size = 2;
  unsigned rest = (unsigned)(exponent < 0 ? -exponent : exponent);
  for (unsigned unit = 1000; unit > 0; unit /= 10) {
    if (rest >= unit || unit == 1 || tail_size > 2) {
      tail[tail_size++] = (char)('0' + rest / unit % 10);
    }
  }
  bool point = precision > 0 || spec->alternative;
  field->size = 1 + point + (size_t)precision + tail_size;
  __libzircon_field_begin(sink, spec, field);
  __libzircon_put(sink, &digits[mantissa >> 52], 1);
  if (point) __libzircon_put(sink, ".", 1);
  for (int i = 1; i <= precision && i <= 13; i++) {
    __libzircon_put(sink, &digits[mantissa >> (52 - 4 * i) & 15], 1);
  }
  if (precision > 13) __libzircon_repeat(sink, '0', (size_t)(precision - 13));
  __libzircon_put(sink, tail, tail_size);
  __libzircon_field_end(sink, spec, field);
}

void __libzircon_format_double(struct sink* sink, const struct spec* spec, double value) {
  bool upper = spec->letter < 'a';
  char prefix[4];
  struct field field = {prefix, 0, 0, spec->zero && !spec->left};
  bool negative = __builtin_signbit(value) != 0;
  if (negative) prefix[field.prefix_size++] = '-';
  if (!negative && spec->plus) prefix[field.prefix_size++] = '+';
  if (!negative && !spec->plus && spec->space) prefix[field.prefix_size++] = ' ';
  if (negative) value = -value;

  if (__builtin_isnan(value) || __builtin_isinf(value)) {
    const char* text = __builtin_isnan(value) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf");
    field.size = 3;
    field.zeros = false;
    __libzircon_field_begin(sink, spec, &field);
    __libzircon_put(sink, text, 3);
    __libzircon_field_end(sink, spec, &field);
    return;
  }
  char letter = (char)(spec->letter | 32);
  if (letter == 'a') {
    prefix[field.prefix_size++] = '0';
    prefix[field.prefix_size++] = upper ? 'X' : 'x';
    put_hexadecimal(sink, spec, &field, value, upper);
    return;
  }
  struct decimal decimal;
  __libzircon_decimal(&decimal, value);
  int precision = spec->precision < 0 ? 6 : spec->precision;
  if (letter == 'g') {
    put_general(sink, spec, &field, &decimal, upper);
  } else if (letter == 'e') {
    __libzircon_round(&decimal, precision < 2000 ? precision + 1 : 2000);
    put_scientific(sink, spec, &field, &decimal, precision, upper ? 'E' : 'e');
  } else {
    __libzircon_round(&decimal, precision < 2000 ? decimal.exponent + precision : 2000);
    if (decimal.count == 0) decimal.exponent = 0;
    put_fixed(sink, spec, &field, &decimal, precision);
  }
}
