#pragma STDC FP_CONTRACT OFF

#include "moon_elementwise.h"

#include "vector_math.h"
#include "walk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// In place, an element is read before it is written and no other element is touched, so the loops are safe to vectorise.
#define MOON_LOOP _Pragma("clang loop vectorize(assume_safety)") for (ptrdiff_t i = 0; i < count; i++)

/// One loop for each pair of strides that vectorises, and one for the rest.
#define BINARY_LOOPS(EXPRESSION)                                \
  if (left_stride == 1 && right_stride == 1) {                  \
    MOON_LOOP {                                                 \
      const float x = left[i], y = right[i];                    \
      destination[i] = EXPRESSION;                              \
    }                                                           \
  } else if (left_stride == 1 && right_stride == 0) {           \
    const float y = *right;                                     \
    MOON_LOOP {                                                 \
      const float x = left[i];                                  \
      destination[i] = EXPRESSION;                              \
    }                                                           \
  } else if (left_stride == 0 && right_stride == 1) {           \
    const float x = *left;                                      \
    MOON_LOOP {                                                 \
      const float y = right[i];                                 \
      destination[i] = EXPRESSION;                              \
    }                                                           \
  } else {                                                      \
    for (ptrdiff_t i = 0; i < count; i++) {                     \
      const float x = left[i * left_stride];                    \
      const float y = right[i * right_stride];                  \
      destination[i] = EXPRESSION;                              \
    }                                                           \
  }                                                             \
  break;

/// The exponents that PyTorch takes a short cut for; false when there is none.
MOON_INLINE int short_power(float *destination, const float *source, float exponent, ptrdiff_t count) {
  if (exponent == 2.0f) {
    MOON_LOOP { destination[i] = source[i] * source[i]; }
  } else if (exponent == 3.0f) {
    MOON_LOOP { destination[i] = source[i] * source[i] * source[i]; }
  } else if (exponent == 0.5f) {
    MOON_LOOP { destination[i] = __builtin_elementwise_sqrt(source[i]); }
  } else if (exponent == -0.5f) {
    MOON_LOOP { destination[i] = 1.0f / __builtin_elementwise_sqrt(source[i]); }
  } else if (exponent == -1.0f) {
    MOON_LOOP { destination[i] = 1.0f / source[i]; }
  } else if (exponent == -2.0f) {
    MOON_LOOP { destination[i] = 1.0f / (source[i] * source[i]); }
  } else {
    return 0;
  }
  return 1;
}

MOON_INLINE uint64_t double_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

MOON_INLINE double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// x^y = 2^(y log2 x) for positive, finite, normal x, in double precision: the logarithm from its series in
/// (m - 1) / (m + 1), the power of two by its Taylor series.
MOON_INLINE float positive_power(float x, float y) {
  const uint64_t bits = double_bits((double)x);
  // The exponent that leaves a mantissa in sqrt(1/2)...sqrt(2), plus 1024; as a double by way of 2^52.
  const uint64_t e = (bits - 0x3FE6A09E667F3BCDull + (1024ull << 52)) >> 52;
  const double exponent = double_of(e | 0x4330000000000000ull) - (0x1p52 + 1024.0);
  const double m = double_of(bits - ((e - 1024ull) << 52));
  const double s = (m - 1.0) / (m + 1.0), z = s * s, zz = z * z;
  const double p = ((1.0 + z * (1.0 / 3)) + zz * (1.0 / 5 + z * (1.0 / 7))) +
                   zz * zz * ((1.0 / 9 + z * (1.0 / 11)) + zz * (1.0 / 13 + z * (1.0 / 15)));
  double t = (exponent + s * p * 2.8853900817779268) * (double)y;
  t = t > 160.0 ? 160.0 : t;
  t = t < -160.0 ? -160.0 : t;
  const double shifted = t + 0x1.8p52;
  const double r = (t - (shifted - 0x1.8p52)) * 0.69314718055994531, rr = r * r;
  const double q = ((1.0 + r) + rr * (1.0 / 2 + r * (1.0 / 6))) +
                   rr * rr * ((1.0 / 24 + r * (1.0 / 120)) + rr * ((1.0 / 720 + r * (1.0 / 5040)) + rr * (1.0 / 40320)));
  return (float)double_of(double_bits(q) + (double_bits(shifted) << 52));
}

/// Powers: blocks of ordinary numbers by vectors, blocks with a special one in them by the C library.
MOON_INLINE void powers(
    float *destination, const float *left, ptrdiff_t left_stride, const float *right, ptrdiff_t right_stride,
    ptrdiff_t count) {
  enum { block = 256 };
  float x[block], y[block];
  for (ptrdiff_t start = 0; start < count; start += block) {
    const ptrdiff_t length = count - start < block ? count - start : block;
    for (ptrdiff_t i = 0; i < length; i++) x[i] = left[(start + i) * left_stride];
    for (ptrdiff_t i = 0; i < length; i++) y[i] = right[(start + i) * right_stride];
    // Positive, finite and normal; finite: by the bits, which compare quickest.
    uint32_t special = 0;
    for (ptrdiff_t i = 0; i < length; i++) {
      special |= (uint32_t)(moon_bits_of(x[i]) - 0x00800000u >= 0x7F000000u);
      special |= (uint32_t)((moon_bits_of(y[i]) & 0x7F800000u) == 0x7F800000u);
    }
    float *to = destination + start;
    if (!special) {
      for (ptrdiff_t i = 0; i < length; i++) to[i] = positive_power(x[i], y[i]);
    } else {
      for (ptrdiff_t i = 0; i < length; i++) to[i] = powf(x[i], y[i]);
    }
  }
}

MOON_CLONES void moon_binary_run(
    moon_binary operation, float *destination, const float *left, ptrdiff_t left_stride, const float *right,
    ptrdiff_t right_stride, ptrdiff_t count) {
  switch (operation) {
    case moon_binary_add: BINARY_LOOPS(x + y)
    case moon_binary_subtract: BINARY_LOOPS(x - y)
    case moon_binary_multiply: BINARY_LOOPS(x * y)
    case moon_binary_divide: BINARY_LOOPS(x / y)
    case moon_binary_power:
      if (left_stride == 1 && right_stride == 0 && short_power(destination, left, *right, count)) break;
      powers(destination, left, left_stride, right, right_stride, count);
      break;
    case moon_binary_minimum: BINARY_LOOPS((x < y || x != x) ? x : y)
    case moon_binary_maximum: BINARY_LOOPS((x > y || x != x) ? x : y)
    case moon_binary_less: BINARY_LOOPS(x < y ? 1.0f : 0.0f)
    case moon_binary_less_equal: BINARY_LOOPS(x <= y ? 1.0f : 0.0f)
    case moon_binary_greater: BINARY_LOOPS(x > y ? 1.0f : 0.0f)
    case moon_binary_greater_equal: BINARY_LOOPS(x >= y ? 1.0f : 0.0f)
    case moon_binary_equal: BINARY_LOOPS(x == y ? 1.0f : 0.0f)
    case moon_binary_not_equal: BINARY_LOOPS(x != y ? 1.0f : 0.0f)
  }
}

void moon_binary_walk(
    moon_binary operation, float *destination, const float *left, const float *right, const ptrdiff_t *layout,
    ptrdiff_t begin, ptrdiff_t end) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 2, begin);
  while (begin < end) {
    ptrdiff_t run = moon_cursor_run(&cursor, end - begin);
    moon_binary_run(
        operation, destination + begin, left + cursor.offset[0], cursor.strides[0][cursor.last],
        right + cursor.offset[1], cursor.strides[1][cursor.last], run);
    begin += run;
    moon_cursor_advance(&cursor, 2, run);
  }
}

/// One loop for operands that are dense or repeated, and one for the rest.
#define TERNARY_LOOPS(EXPRESSION)                                                  \
  if (a_stride == 1 && b_stride == 1 && c_stride == 1) {                           \
    MOON_LOOP {                                                                    \
      const float x = a[i], y = b[i], z = c[i];                                    \
      destination[i] = EXPRESSION;                                                 \
    }                                                                              \
  } else if (a_stride == 1 && b_stride == 0 && c_stride == 0) {                    \
    const float y = *b, z = *c;                                                    \
    MOON_LOOP {                                                                    \
      const float x = a[i];                                                        \
      destination[i] = EXPRESSION;                                                 \
    }                                                                              \
  } else if (a_stride == 1 && b_stride == 1 && c_stride == 0) {                    \
    const float z = *c;                                                            \
    MOON_LOOP {                                                                    \
      const float x = a[i], y = b[i];                                              \
      destination[i] = EXPRESSION;                                                 \
    }                                                                              \
  } else {                                                                         \
    for (ptrdiff_t i = 0; i < count; i++) {                                        \
      const float x = a[i * a_stride], y = b[i * b_stride], z = c[i * c_stride];   \
      destination[i] = EXPRESSION;                                                 \
    }                                                                              \
  }                                                                                \
  break;

/// Exact at both ends, as in PyTorch.
MOON_INLINE float lerp(float start, float end, float weight) {
  return fabsf(weight) < 0.5f ? start + weight * (end - start) : end - (end - start) * (1.0f - weight);
}

/// `low` wins over `value`, then `high` over both; not-a-number anywhere is the result.
MOON_INLINE float clamp(float value, float low, float high) {
  float raised = (value < low || low != low) ? low : value;
  return (raised > high || high != high) ? high : raised;
}

MOON_CLONES static void ternary_run(
    moon_ternary operation, float *destination, const float *a, ptrdiff_t a_stride, const float *b, ptrdiff_t b_stride,
    const float *c, ptrdiff_t c_stride, ptrdiff_t count) {
  switch (operation) {
    case moon_ternary_where: TERNARY_LOOPS(x != 0.0f ? y : z)
    case moon_ternary_lerp: TERNARY_LOOPS(lerp(x, y, z))
    case moon_ternary_clamp:
      if (a_stride == 1 && b_stride == 0 && c_stride == 0 && *b == *b && *c == *c) {
        const float low = *b, high = *c;
        MOON_LOOP {
          const float raised = low > a[i] ? low : a[i];
          destination[i] = high < raised ? high : raised;
        }
        break;
      }
      TERNARY_LOOPS(clamp(x, y, z))
  }
}

void moon_ternary_walk(
    moon_ternary operation, float *destination, const float *first, const float *second, const float *third,
    const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 3, begin);
  while (begin < end) {
    ptrdiff_t run = moon_cursor_run(&cursor, end - begin);
    ternary_run(
        operation, destination + begin, first + cursor.offset[0], cursor.strides[0][cursor.last],
        second + cursor.offset[1], cursor.strides[1][cursor.last], third + cursor.offset[2],
        cursor.strides[2][cursor.last], run);
    begin += run;
    moon_cursor_advance(&cursor, 3, run);
  }
}

MOON_CLONES void moon_fill(float *destination, float value, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = value;
}

MOON_CLONES void moon_arange(float *destination, double start, double step, ptrdiff_t first, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = (float)(start + (double)(first + i) * step);
}

MOON_CLONES ptrdiff_t moon_first_not_finite(const float *source, ptrdiff_t count) {
  const uint32_t mask = 0x7F800000u;
  ptrdiff_t start = 0;
  while (start < count) {
    ptrdiff_t length = count - start < 1024 ? count - start : 1024;
    uint32_t found = 0;
    for (ptrdiff_t i = 0; i < length; i++) found |= (moon_bits_of(source[start + i]) & mask) == mask;
    if (found) {
      for (ptrdiff_t i = start; i < start + length; i++) {
        if (!isfinite(source[i])) return i;
      }
    }
    start += length;
  }
  return count;
}
