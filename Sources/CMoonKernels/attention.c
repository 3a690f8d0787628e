#include "moon_attention.h"

#include "vector_math.h"
#include "vectors.h"

#include <math.h>
#include <stddef.h>

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
