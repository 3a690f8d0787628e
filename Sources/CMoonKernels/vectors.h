// Vectors of eight floats in the compiler's own notation: one register with AVX, two with SSE or NEON.
#pragma once

#include "dispatch.h"

#include <stddef.h>
#include <string.h>

#define MOON_LANES 8

/// Eight floats that may lie at any address of a float. Only ever a local variable: it is never passed or returned.
typedef float moon_v8 __attribute__((vector_size(32), aligned(4), may_alias));

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
