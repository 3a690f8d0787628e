#include "moon_blur.h"

#include "dispatch.h"

#include <string.h>

/// Outputs summed at a time: enough running values to hide the latency of the additions.
#define WIDTH 64

ptrdiff_t moon_mirrored(ptrdiff_t position, ptrdiff_t size) {
  if (size <= 1) return 0;
  const ptrdiff_t period = 2 * (size - 1);
  ptrdiff_t rest = position % period;
  if (rest < 0) rest += period;
  return rest < size ? rest : period - rest;
}

/// `sums[i] = sum weights[k] * source[k * step + i]`.
MOON_CLONES static void slide(
    float *restrict sums, const float *restrict source, const float *restrict weights, ptrdiff_t taps,
    ptrdiff_t count) {
  ptrdiff_t start = 0;
  for (; start + WIDTH <= count; start += WIDTH) {
    float running[WIDTH] = {0};
    for (ptrdiff_t k = 0; k < taps; k++) {
      const float weight = weights[k];
      const float *from = source + start + k;
      for (int i = 0; i < WIDTH; i++) running[i] += weight * from[i];
    }
    memcpy(sums + start, running, sizeof running);
  }
  for (; start < count; start++) {
    float running = 0;
    for (ptrdiff_t k = 0; k < taps; k++) running += weights[k] * source[start + k];
    sums[start] = running;
  }
}

void moon_blur_row(
    float *destination, const float *source, ptrdiff_t stride, ptrdiff_t size, const float *weights, ptrdiff_t taps,
    ptrdiff_t shift, ptrdiff_t begin, ptrdiff_t end, float *scratch) {
  const ptrdiff_t length = end - begin + taps - 1;
  const ptrdiff_t first = begin + shift;
  for (ptrdiff_t i = 0; i < length;) {
    const ptrdiff_t position = first + i;
    if (position >= 0 && position < size) {
      const ptrdiff_t run = size - position < length - i ? size - position : length - i;
      for (ptrdiff_t j = 0; j < run; j++) scratch[i + j] = source[(position + j) * stride];
      i += run;
    } else {
      scratch[i] = source[moon_mirrored(position, size) * stride];
      i++;
    }
  }
  slide(destination, scratch, weights, taps, end - begin);
}

MOON_CLONES static void sum_rows(
    float *restrict destination, const float *restrict source, ptrdiff_t row_stride, ptrdiff_t size,
    const float *restrict weights, ptrdiff_t taps, ptrdiff_t position, ptrdiff_t columns) {
  const ptrdiff_t period = size > 1 ? 2 * (size - 1) : 1;
  float running[WIDTH] = {0};
  for (ptrdiff_t k = 0; k < taps; k++) {
    const float *row = source + (position < size ? position : period - position) * row_stride;
    const float weight = weights[k];
    if (columns == WIDTH) {
      for (int i = 0; i < WIDTH; i++) running[i] += weight * row[i];
    } else {
      for (ptrdiff_t i = 0; i < columns; i++) running[i] += weight * row[i];
    }
    position = position + 1 < period ? position + 1 : 0;
  }
  memcpy(destination, running, (size_t)columns * sizeof *running);
}

void moon_blur_columns(
    float *destination, const float *source, ptrdiff_t row_stride, ptrdiff_t size, const float *weights, ptrdiff_t taps,
    ptrdiff_t shift, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t columns) {
  const ptrdiff_t period = size > 1 ? 2 * (size - 1) : 1;
  for (ptrdiff_t column = 0; column < columns; column += WIDTH) {
    const ptrdiff_t count = columns - column < WIDTH ? columns - column : WIDTH;
    for (ptrdiff_t row = begin; row < end; row++) {
      ptrdiff_t position = (row + shift) % period;
      if (position < 0) position += period;
      sum_rows(
          destination + row * row_stride + column, source + column, row_stride, size, weights, taps, position, count);
    }
  }
}
