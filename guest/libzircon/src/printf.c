/* The conversions of printf. */
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "format.h"

void __libzircon_put(struct sink* sink, const char* text, size_t size) {
  sink->count += size;
  sink->put(sink, text, size);
}

void __libzircon_repeat(struct sink* sink, char c, size_t count) {
  char block[32];
  memset(block, c, sizeof(block));
  while (count > 0) {
    size_t part = count < sizeof(block) ? count : sizeof(block);
    __libzircon_put(sink, block, part);
    count -= part;
  }
}

static size_t missing(const struct spec* spec, const struct field* field) {
  size_t size = field->prefix_size + field->size;
  return (size_t)spec->width > size ? (size_t)spec->width - size : 0;
}

void __libzircon_field_begin(struct sink* sink, const struct spec* spec,
                             const struct field* field) {
  size_t padding = missing(spec, field);
  if (!spec->left && !field->zeros) __libzircon_repeat(sink, ' ', padding);
  __libzircon_put(sink, field->prefix, field->prefix_size);
  if (!spec->left && field->zeros) __libzircon_repeat(sink, '0', padding);
}

void __libzircon_field_end(struct sink* sink, const struct spec* spec,
                           const struct field* field) {
  if (spec->left) __libzircon_repeat(sink, ' ', missing(spec, field));
}

static void put_text(struct sink* sink, const struct spec* spec, const char* text, size_t size) {
  struct field field = {"", 0, size, false};
  __libzircon_field_begin(sink, spec, &field);
  __libzircon_put(sink, text, size);
  __libzircon_field_end(sink, spec, &field);
}

static void put_number(struct sink* sink, const struct spec* spec, uint64_t value,
                       bool negative) {
  unsigned base = 10;
  const char* digits = "0123456789abcdef";
  switch (spec->letter) {
    case 'o':
      base = 8;
      break;
    case 'b':
      base = 2;
      break;
    case 'X':
      digits = "0123456789ABCDEF";
      base = 16;
      break;
    case 'x':
    case 'p':
      base = 16;
      break;
    default:
      break;
  }
  char text[64];
  size_t start = sizeof(text);
  for (uint64_t rest = value; rest != 0; rest /= base) text[--start] = digits[rest % base];
  size_t size = sizeof(text) - start;

  char prefix[2];
  struct field field = {prefix, 0, size, false};
  bool is_signed = spec->letter == 'd' || spec->letter == 'i';
  if (negative) prefix[field.prefix_size++] = '-';
  if (is_signed && !negative && spec->plus) prefix[field.prefix_size++] = '+';
  if (is_signed && !negative && !spec->plus && spec->space) prefix[field.prefix_size++] = ' ';
  if (spec->letter == 'p' || (spec->alternative && value != 0 && (base == 16 || base == 2))) {
    prefix[field.prefix_size++] = '0';
    prefix[field.prefix_size++] = spec->letter == 'p' ? 'x' : spec->letter;
  }
  /* The precision is the least number of digits, and switches padding with zeros off. */
  size_t least = spec->precision < 0 ? 1 : (size_t)spec->precision;
  if (spec->letter == 'o' && spec->alternative && least <= size) least = size + 1;
  size_t zeros = least > size ? least - size : 0;
  field.size += zeros;
  field.zeros = spec->zero && !spec->left && spec->precision < 0;
  __libzircon_field_begin(sink, spec, &field);
  __libzircon_repeat(sink, '0', zeros);
  __libzircon_put(sink, text + start, size);
  __libzircon_field_end(sink, spec, &field);
}

enum length { INT, CHAR, SHORT, LONG, LONG_DOUBLE };

static int64_t next_signed(va_list* arguments, enum length length) {
  switch (length) {
    case LONG:
      return va_arg(*arguments, int64_t);
    case SHORT:
      return (short)va_arg(*arguments, int);
    case CHAR:
      return (signed char)va_arg(*arguments, int);
    default:
      return va_arg(*arguments, int);
  }
}

static uint64_t next_unsigned(va_list* arguments, enum length length) {
  switch (length) {
    case LONG:
      return va_arg(*arguments, uint64_t);
    case SHORT:
      return (unsigned short)va_arg(*arguments, unsigned);
    case CHAR:
      return (unsigned char)va_arg(*arguments, unsigned);
    default:
      return va_arg(*arguments, unsigned);
  }
}

/* A width or precision: digits, or * for an argument. */
static int number(const char** format, va_list* arguments) {
  if (**format == '*') {
    (*format)++;
    return va_arg(*arguments, int);
  }
  int value = 0;
  for (; **format >= '0' && **format <= '9'; (*format)++) {
    if (value < 100000000) value = value * 10 + (**format - '0');
  }
  return value;
}

static void flags(const char** format, struct spec* spec) {
  for (;; (*format)++) {
    switch (**format) {
      case '-':
        spec->left = true;
        break;
      case '+':
        spec->plus = true;
        break;
      case ' ':
        spec->space = true;
        break;
      case '#':
        spec->alternative = true;
        break;
      case '0':
        spec->zero = true;
        break;
      default:
        return;
    }
  }
}

static enum length length(const char** format) {
  enum length length = INT;
  for (;; (*format)++) {
    switch (**format) {
      case 'h':
        length = length == SHORT ? CHAR : SHORT;
        break;
      case 'l':
      case 'j':
      case 'z':
      case 't':
        length = LONG;
        break;
      case 'L':
        length = LONG_DOUBLE;
        break;
      default:
        return length;
    }
  }
}

static void convert(struct sink* sink, struct spec* spec, enum length length,
                    va_list* arguments) {
  switch (spec->letter) {
    case 'd':
    case 'i': {
      int64_t value = next_signed(arguments, length);
      put_number(sink, spec, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
      break;
    }
    case 'u':
    case 'o':
    case 'x':
    case 'X':
    case 'b':
      put_number(sink, spec, next_unsigned(arguments, length), false);
      break;
    case 'p': {
      void* pointer = va_arg(*arguments, void*);
      if (pointer == NULL) {
        put_text(sink, spec, "(nil)", 5);
      } else {
        put_number(sink, spec, (uintptr_t)pointer, false);
      }
      break;
    }
    case 'c': {
      char c = (char)va_arg(*arguments, int);
      put_text(sink, spec, &c, 1);
      break;
    }
    case 's': {
      const char* text = va_arg(*arguments, const char*);
      if (text == NULL) text = "(null)";
      put_text(sink, spec, text,
               spec->precision < 0 ? strlen(text) : strnlen(text, (size_t)spec->precision));
      break;
    }
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
      __libzircon_format_double(sink, spec,
                                length == LONG_DOUBLE ? (double)va_arg(*arguments, long double)
                                                      : va_arg(*arguments, double));
      break;
    case 'n': {
      void* out = va_arg(*arguments, void*);
      if (length == LONG) *(int64_t*)out = (int64_t)sink->count;
      if (length == INT) *(int*)out = (int)sink->count;
      if (length == SHORT) *(short*)out = (short)sink->count;
      if (length == CHAR) *(signed char*)out = (signed char)sink->count;
      break;
    }
    default:
      /* As it stands: `%%`, and what is no conversion. */
      __libzircon_put(sink, "%", 1);
      if (spec->letter != '%' && spec->letter != 0) __libzircon_put(sink, &spec->letter, 1);
      break;
  }
}

void __libzircon_format(struct sink* sink, const char* format, va_list passed) {
  va_list arguments;
  va_copy(arguments, passed);
  for (;;) {
    const char* plain = format;
    format = strchrnul(format, '%');
    if (format != plain) __libzircon_put(sink, plain, (size_t)(format - plain));
    if (*format == 0) break;
    format++;
    struct spec spec = {.precision = -1};
    flags(&format, &spec);
    spec.width = number(&format, &arguments);
    if (spec.width < 0) {
      spec.left = true;
      spec.width = -spec.width;
    }
    if (*format == '.') {
      format++;
      spec.precision = number(&format, &arguments);
    }
    enum length size = length(&format);
    spec.letter = *format;
    if (*format != 0) format++;
    convert(sink, &spec, size, &arguments);
  }
  va_end(arguments);
}
