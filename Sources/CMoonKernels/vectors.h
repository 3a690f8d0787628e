// Vectors of eight floats in the compiler's own notation: one register with AVX, two with SSE or NEON.
#pragma once

#include "dispatch.h"

#include <stddef.h>
#include <string.h>

#define MOON_LANES 8

/// Eight floats that may lie at any address of a float. Only ever a local variable: it is never passed or returned.
typedef float moon_v8 __attribute__((vector_size(32), aligned(4), may_alias));

/// Sixteen floats: one register with AVX-512.
typedef float moon_v16 __attribute__((vector_size(64), aligned(4), may_alias));

/// Eight elements of 16 bits.
typedef unsigned short moon_h8 __attribute__((vector_size(16), aligned(2), may_alias));

/// The bits of eight floats, and what comparing them gives: all ones for true.
typedef int moon_i8 __attribute__((vector_size(32), aligned(4), may_alias));

/// 2^x of each element, in place: as `moon_exp2_bounded` of vector_math.h, for values of at most 127.
MOON_INLINE void moon_exp2_lanes(moon_v8 *x) {
  const moon_v8 shifted = *x + 0x1.8p23f;
  const moon_v8 f = *x - (shifted - 0x1.8p23f);
  moon_v8 p = 0x1.41fbccp-13f * f + 0x1.5f3ecep-10f;
  p = p * f + 0x1.3b2d4ep-7f;
  p = p * f + 0x1.c6aee8p-5f;
  p = p * f + 0x1.ebfbdcp-3f;
  p = p * f + 0x1.62e430p-1f;
  p = p * f + 1.0f;
  *x = (moon_v8)(((moon_i8)p + ((moon_i8)shifted << 23)) & (*x >= -126.0f));
}

/// The larger of each pair; the second where one is not a number.
MOON_INLINE void moon_max_lanes(moon_v8 *x, const moon_v8 *y) {
  const moon_i8 is_larger = *x > *y;
  *x = (moon_v8)((is_larger & (moon_i8)*x) | (~is_larger & (moon_i8)*y));
}

/// Turns eight rows of eight columns around in place.
MOON_INLINE void moon_transpose8(moon_v8 *r) {
  moon_v8 a[8], b[8];
  for (int i = 0; i < 8; i += 2) {
    a[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    a[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      b[i + j] = __builtin_shufflevector(a[i + j], a[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      b[i + j + 2] = __builtin_shufflevector(a[i + j], a[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; i++) {
    r[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
