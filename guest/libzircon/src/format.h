/* Formatting: what printf.c, float.c and stdio.c share. */
#ifndef LIBZIRCON_FORMAT_H_
#define LIBZIRCON_FORMAT_H_

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "internal.h"

/* Where formatted text goes. */
struct sink {
  void (*put)(struct sink* sink, const char* text, size_t size);
  size_t count;
};

/* One conversion: %[flags][width][.precision][length]letter. */
struct spec {
  bool left, plus, space, alternative, zero;
  int width;
  int precision; /* -1 if there is none */
  char letter;
};

HIDDEN void __libzircon_format(struct sink* sink, const char* format, va_list arguments);

HIDDEN void __libzircon_put(struct sink* sink, const char* text, size_t size);
HIDDEN void __libzircon_repeat(struct sink* sink, char c, size_t count);

/* Puts sign or prefix and `size` characters of text, padded to the width: with spaces, or
   if `zeros`, with zeros behind the prefix. */
struct field {
  const char* prefix;
  size_t prefix_size;
  size_t size;
  bool zeros;
};
HIDDEN void __libzircon_field_begin(struct sink* sink, const struct spec* spec,
                                    const struct field* field);
HIDDEN void __libzircon_field_end(struct sink* sink, const struct spec* spec,
                                  const struct field* field);

HIDDEN void __libzircon_format_double(struct sink* sink, const struct spec* spec, double value);

/* The exact decimal digits of a finite double above zero: 0.d0d1d2… times ten to the power
   of `exponent`. No double has more than 767 digits that count; the rest is leading zeros
   while they are found. */
struct decimal {
  int exponent;
  int count;
  char digits[1120];
};
HIDDEN void __libzircon_decimal(struct decimal* out, double value);
/* Keeps `count` digits, rounded to nearest, halves to even. */
HIDDEN void __libzircon_round(struct decimal* decimal, int count);

#endif
