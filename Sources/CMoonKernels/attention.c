#include "moon_attention.h"

#include "vector_math.h"
#include "vectors.h"

#include <math.h>
#include <stddef.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

MOON_CLONES void moon_scale_block(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride, ptrdiff_t rows,
    ptrdiff_t columns, float factor) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *to = destination + row * destination_stride;
    const float *from = source + row * source_stride;
#pragma clang loop vectorize(assume_safety)
    for (ptrdiff_t i = 0; i < columns; i++) to[i] = from[i] * factor;
  }
}

MOON_INLINE float row_maximum(const float *line, ptrdiff_t columns, float start) {
  float maximum = start;
  ptrdiff_t column = 0;
  if (columns >= 4 * MOON_LANES) {
    moon_v8 lanes[4];
    for (int i = 0; i < 4; i++) lanes[i] = *(const moon_v8 *)(line + i * MOON_LANES);
    for (column = 4 * MOON_LANES; column + 4 * MOON_LANES <= columns; column += 4 * MOON_LANES) {
      for (int i = 0; i < 4; i++) moon_max_lanes(&lanes[i], (const moon_v8 *)(line + column + i * MOON_LANES));
    }
    for (int i = 1; i < 4; i++) moon_max_lanes(&lanes[0], &lanes[i]);
    for (int i = 0; i < MOON_LANES; i++) maximum = lanes[0][i] > maximum ? lanes[0][i] : maximum;
  }
  for (; column < columns; column++) maximum = line[column] > maximum ? line[column] : maximum;
  return maximum;
}

/// Replaces scores by weights and returns their sum: lanes first, then the lanes.
MOON_INLINE float row_powers(float *line, ptrdiff_t columns, float maximum) {
  moon_v8 sums[2] = {{0}, {0}};
  ptrdiff_t column = 0;
  for (; column + 2 * MOON_LANES <= columns; column += 2 * MOON_LANES) {
    for (int i = 0; i < 2; i++) {
      moon_v8 *place = (moon_v8 *)(line + column + i * MOON_LANES);
      moon_v8 weights = *place - maximum;
      moon_exp2_lanes(&weights);
      *place = weights;
      sums[i] += weights;
    }
  }
  sums[0] += sums[1];
  float sum = 0;
  for (int i = 0; i < MOON_LANES; i++) sum += sums[0][i];
  for (; column < columns; column++) {
    line[column] = moon_exp2_bounded(line[column] - maximum);
    sum += line[column];
  }
  return sum;
}

typedef float row_maximum_of(const float *line, ptrdiff_t columns, float start);
typedef float row_powers_of(float *line, ptrdiff_t columns, float maximum);

/// The rows of a block, one after the other.
MOON_INLINE void softmax_rows(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float *maxima, float *sums, float *outputs, ptrdiff_t output_stride, ptrdiff_t width,
    row_maximum_of *maximum_of, row_powers_of *powers_of) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *line = scores + row * stride;
    ptrdiff_t seen = visible + row * visible_step;
    seen = seen < 0 ? 0 : seen > columns ? columns : seen;
    const float before = maxima[row];
    const float maximum = maximum_of(line, seen, before);
    if (maximum > before) {
      const float factor = moon_exp2_bounded(before - maximum);
      maxima[row] = maximum;
      sums[row] *= factor;
      float *output = outputs + row * output_stride;
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < width; i++) output[i] *= factor;
    }
    if (seen > 0) sums[row] += powers_of(line, seen, maximum);
    if (seen < columns) memset(line + seen, 0, (size_t)(columns - seen) * sizeof *line);
  }
}

MOON_CLONES static void narrow_softmax_block(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float *maxima, float *sums, float *outputs, ptrdiff_t output_stride, ptrdiff_t width) {
  softmax_rows(
      scores, stride, rows, columns, visible, visible_step, maxima, sums, outputs, output_stride, width, row_maximum,
      row_powers);
}

#if defined(__x86_64__)
MOON_WIDE static inline float wide_row_maximum(const float *line, ptrdiff_t columns, float start) {
  __m512 lanes[2] = {_mm512_set1_ps(start), _mm512_set1_ps(start)};
  ptrdiff_t column = 0;
  // The second operand is what comes out where one is not a number: here what was there before.
  for (; column + 32 <= columns; column += 32) {
    for (int i = 0; i < 2; i++) lanes[i] = _mm512_max_ps(_mm512_loadu_ps(line + column + 16 * i), lanes[i]);
  }
  float maximum = _mm512_reduce_max_ps(_mm512_max_ps(lanes[0], lanes[1]));
  for (; column < columns; column++) maximum = line[column] > maximum ? line[column] : maximum;
  return maximum;
}

/// As `row_powers`, to the bit: lane i is lane i of its first vector, and i + 8 of its second.
MOON_WIDE static inline float wide_row_powers(float *line, ptrdiff_t columns, float maximum) {
  const __m512 least = _mm512_set1_ps(-126.0f);
  __m512 sums = _mm512_setzero_ps();
  ptrdiff_t column = 0;
  for (; column + 16 <= columns; column += 16) {
    const __m512 x = _mm512_sub_ps(_mm512_loadu_ps(line + column), _mm512_set1_ps(maximum));
    const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 f = _mm512_sub_ps(x, n);
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(0x1.41fbccp-13f), f, _mm512_set1_ps(0x1.5f3ecep-10f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.3b2d4ep-7f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.c6aee8p-5f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.ebfbdcp-3f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.62e430p-1f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0f));
    const __m512 weights = _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, least, _CMP_GE_OQ), p, n);
    _mm512_storeu_ps(line + column, weights);
    sums = _mm512_add_ps(sums, weights);
  }
  float lanes[16], sum = 0;
  _mm512_storeu_ps(lanes, sums);
  for (int i = 0; i < MOON_LANES; i++) sum += lanes[i] + lanes[i + MOON_LANES];
  for (; column < columns; column++) {
    line[column] = moon_exp2_bounded(line[column] - maximum);
    sum += line[column];
  }
  return sum;
}

MOON_WIDE static void wide_softmax_block(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float *maxima, float *sums, float *outputs, ptrdiff_t output_stride, ptrdiff_t width) {
  softmax_rows(
      scores, stride, rows, columns, visible, visible_step, maxima, sums, outputs, output_stride, width,
      wide_row_maximum, wide_row_powers);
}
#endif

void moon_softmax_block(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float *maxima, float *sums, float *outputs, ptrdiff_t output_stride, ptrdiff_t width) {
#if defined(__x86_64__)
  if (moon_has_wide_vectors()) {
    wide_softmax_block(
        scores, stride, rows, columns, visible, visible_step, maxima, sums, outputs, output_stride, width);
    return;
  }
#endif
  narrow_softmax_block(
      scores, stride, rows, columns, visible, visible_step, maxima, sums, outputs, output_stride, width);
}

MOON_CLONES void moon_divide_rows(
    float *values, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, const float *sums) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *line = values + row * stride;
    const float factor = 1 / sums[row];
#pragma clang loop vectorize(assume_safety)
    for (ptrdiff_t i = 0; i < columns; i++) line[i] *= factor;
  }
}
