/* The arithmetic that needs no tables. */
#include <math.h>
#include <stdint.h>
#include <string.h>

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof(bits));
  return bits;
}

static double of_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof(x));
  return x;
}

enum { MANTISSA = 52, BIAS = 1023 };

double copysign(double x, double y) {
  const uint64_t sign = 1ul << 63;
  return of_bits((bits_of(x) & ~sign) | (bits_of(y) & sign));
}
double fabs(double x) { return of_bits(bits_of(x) & ~(1ul << 63)); }

/* sqrtsd rounds correctly. */
double sqrt(double x) {
  __asm__("sqrtsd %0, %0" : "+x"(x));
  return x;
}
float sqrtf(float x) {
  __asm__("sqrtss %0, %0" : "+x"(x));
  return x;
}

double trunc(double x) {
  int exponent = (int)(bits_of(x) >> MANTISSA & 0x7ff) - BIAS;
  if (exponent >= MANTISSA) return x; /* whole, infinite or no number */
  if (exponent < 0) return copysign(0, x);
  return of_bits(bits_of(x) & ~((1ul << (MANTISSA - exponent)) - 1));
}
double floor(double x) {
  double whole = trunc(x);
  return whole > x ? whole - 1 : whole;
}
double ceil(double x) {
  double whole = trunc(x);
  return copysign(whole < x ? whole + 1 : whole, x);
}
double round(double x) {
  double whole = trunc(x);
  return copysign(fabs(x - whole) >= 0.5 ? fabs(whole) + 1 : whole, x);
}

/* In steps of the divisor shifted, each exact. */
double fmod(double x, double y) {
  if (isnan(x) || isnan(y) || isinf(x) || y == 0) return NAN;
  double rest = fabs(x), by = fabs(y);
  if (isinf(by)) return x;
  while (rest >= by) {
    double step = by;
    /* Halved, so that the double of the step cannot be infinite. */
    while (step <= rest / 2) step *= 2;
    rest -= step;
  }
  return copysign(rest, x);
}

double fmin(double x, double y) { return isnan(y) || x < y ? x : y; }
double fmax(double x, double y) { return isnan(y) || x > y ? x : y; }

/* A float's result is exact as a double. */
float copysignf(float x, float y) { return (float)copysign(x, y); }
float fabsf(float x) { return (float)fabs(x); }
float truncf(float x) { return (float)trunc(x); }
float floorf(float x) { return (float)floor(x); }
float ceilf(float x) { return (float)ceil(x); }
float roundf(float x) { return (float)round(x); }
float fmodf(float x, float y) { return (float)fmod(x, y); }
float fminf(float x, float y) { return (float)fmin(x, y); }
float fmaxf(float x, float y) { return (float)fmax(x, y); }
