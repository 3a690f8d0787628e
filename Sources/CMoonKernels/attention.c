#include "moon_attention.h"

#include "vector_math.h"

#include <math.h>
#include <stddef.h>

#define LANES 32

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
  float lanes[LANES];
  for (int i = 0; i < LANES; i++) lanes[i] = start;
  ptrdiff_t column = 0;
  for (; column + LANES <= columns; column += LANES) {
    for (int i = 0; i < LANES; i++) lanes[i] = line[column + i] > lanes[i] ? line[column + i] : lanes[i];
  }
  float maximum = start;
  for (int i = 0; i < LANES; i++) maximum = lanes[i] > maximum ? lanes[i] : maximum;
  for (; column < columns; column++) maximum = line[column] > maximum ? line[column] : maximum;
  return maximum;
}

/// The sum may be taken in any order.
MOON_INLINE float row_powers(float *line, ptrdiff_t columns, float maximum) {
#pragma clang fp reassociate(on)
  float sum = 0;
  for (ptrdiff_t i = 0; i < columns; i++) {
    const float weight = moon_exp2_bounded(line[i] - maximum);
    line[i] = weight;
    sum += weight;
  }
  return sum;
}

MOON_CLONES void moon_softmax_block(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float *maxima, float *sums, float *outputs, ptrdiff_t output_stride, ptrdiff_t width) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *line = scores + row * stride;
    ptrdiff_t seen = visible + row * visible_step;
    seen = seen < 0 ? 0 : seen > columns ? columns : seen;
    const float before = maxima[row];
    const float maximum = row_maximum(line, seen, before);
    if (maximum > before) {
      const float factor = moon_exp2_bounded(before - maximum);
      maxima[row] = maximum;
      sums[row] *= factor;
      float *output = outputs + row * output_stride;
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < width; i++) output[i] *= factor;
    }
    if (seen > 0) sums[row] += row_powers(line, seen, maximum);
    if (seen < columns) memset(line + seen, 0, (size_t)(columns - seen) * sizeof *line);
  }
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
