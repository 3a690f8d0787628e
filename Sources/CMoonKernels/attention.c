#include "moon_attention.h"

#include "vector_math.h"

#include <math.h>

#define LANES 16

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

MOON_INLINE float row_exponentials(float *line, ptrdiff_t columns, float scale, float maximum) {
#pragma clang fp reassociate(on)
  float sum = 0;
  for (ptrdiff_t i = 0; i < columns; i++) {
    const float weight = moon_exp_bounded((line[i] - maximum) * scale);
    line[i] = weight;
    sum += weight;
  }
  return sum;
}

MOON_CLONES void moon_softmax_block(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float scale, float *maxima, float *sums, float *factors) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *line = scores + row * stride;
    ptrdiff_t seen = visible + row * visible_step;
    seen = seen < 0 ? 0 : seen > columns ? columns : seen;
    const float before = maxima[row];
    const float maximum = row_maximum(line, seen, before);
    maxima[row] = maximum;
    const float factor = before == maximum ? 1.0f : moon_exp_bounded((before - maximum) * scale);
    factors[row] = factor;
    float sum = 0;
    if (maximum > -INFINITY) sum = row_exponentials(line, seen, scale, maximum);
    else seen = 0;
    sums[row] = sums[row] * factor + sum;
    if (seen < columns) memset(line + seen, 0, (size_t)(columns - seen) * sizeof *line);
  }
}

MOON_CLONES void moon_multiply_rows(
    float *values, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, const float *factors) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *line = values + row * stride;
    const float factor = factors[row];
    if (factor == 1.0f) continue;
    for (ptrdiff_t i = 0; i < columns; i++) line[i] *= factor;
  }
}
