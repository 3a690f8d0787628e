#include "moon_combine.h"

#include "dispatch.h"

// Products and sums round one by one, as in a chain of tensor operations, so every machine gives the same bits.
#pragma STDC FP_CONTRACT OFF

/// Elements summed before the next ones are touched, so that partial sums stay in the first-level cache.
enum { block_count = 2048 };

MOON_CLONES void moon_linear_combination_f32(
    float *destination, const float *const *sources, const float *coefficients, ptrdiff_t terms, ptrdiff_t count) {
  for (ptrdiff_t start = 0; start < count; start += block_count) {
    ptrdiff_t size = count - start < block_count ? count - start : block_count;
    float *restrict sum = destination + start;
    const float *restrict first = sources[0] + start;
    for (ptrdiff_t i = 0; i < size; i++) sum[i] = coefficients[0] * first[i];
    for (ptrdiff_t term = 1; term < terms; term++) {
      const float *restrict source = sources[term] + start;
      float coefficient = coefficients[term];
      for (ptrdiff_t i = 0; i < size; i++) sum[i] = sum[i] + coefficient * source[i];
    }
  }
}
