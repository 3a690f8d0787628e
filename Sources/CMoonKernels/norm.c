#include "moon_norm.h"

#include "moon_activation.h"
#include "vector_math.h"

#include <math.h>

#define COLUMN_BLOCK 16

MOON_CLONES void moon_column_sums(
    double *sums, double *squares, const float *source, ptrdiff_t rows, ptrdiff_t columns) {
  ptrdiff_t column = 0;
  for (; column + COLUMN_BLOCK <= columns; column += COLUMN_BLOCK) {
    double sum[COLUMN_BLOCK] = {0}, square[COLUMN_BLOCK] = {0};
    for (ptrdiff_t row = 0; row < rows; row++) {
      const float *line = source + row * columns + column;
      for (int i = 0; i < COLUMN_BLOCK; i++) {
        const double value = line[i];
        sum[i] += value;
        square[i] += value * value;
      }
    }
    for (int i = 0; i < COLUMN_BLOCK; i++) sums[column + i] += sum[i];
    for (int i = 0; i < COLUMN_BLOCK; i++) squares[column + i] += square[i];
  }
  for (; column < columns; column++) {
    double sum = 0, square = 0;
    for (ptrdiff_t row = 0; row < rows; row++) {
      const double value = source[row * columns + column];
      sum += value;
      square += value * value;
    }
    sums[column] += sum;
    squares[column] += square;
  }
}

#define SCALE_LOOP(FUNCTION)                                                                           \
  for (ptrdiff_t row = 0; row < rows; row++, source += columns, destination += columns) {              \
    _Pragma("clang loop vectorize(assume_safety)") for (ptrdiff_t i = 0; i < columns; i++) {           \
      destination[i] = FUNCTION(source[i] * scale[i] + shift[i]);                                      \
    }                                                                                                  \
  }                                                                                                    \
  break;

MOON_CLONES void moon_scale_rows(
    float *destination, const float *source, ptrdiff_t rows, ptrdiff_t columns, const float *scale, const float *shift,
    int activation) {
  switch (activation) {
    case moon_activate_silu: SCALE_LOOP(moon_silu)
    case moon_activate_gelu: SCALE_LOOP(moon_gelu)
    case moon_activate_gelu_tanh: SCALE_LOOP(moon_gelu_tanh)
    case moon_activate_quick_gelu: SCALE_LOOP(moon_quick_gelu)
    default: SCALE_LOOP()
  }
}

/// Sums over a row may be taken in any order: lanes first, then the lanes.
MOON_INLINE float row_sum(const float *line, ptrdiff_t columns, float subtracted, int is_squared) {
#pragma clang fp reassociate(on)
  float sum = 0;
  for (ptrdiff_t i = 0; i < columns; i++) {
    const float value = line[i] - subtracted;
    sum += is_squared ? value * value : value;
  }
  return sum;
}

MOON_CLONES void moon_layer_norm_rows(
    float *destination, const float *source, ptrdiff_t rows, ptrdiff_t columns, const float *weight, const float *bias,
    float epsilon) {
  for (ptrdiff_t row = 0; row < rows; row++, source += columns, destination += columns) {
    // The first element is taken off before summing, so that a large common part costs no digits.
    const float first = source[0];
    const float mean = first + row_sum(source, columns, first, 0) / (float)columns;
    const float variance = row_sum(source, columns, mean, 1) / (float)columns;
    const float scale = 1.0f / sqrtf(variance + epsilon);
    if (weight && bias) {
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < columns; i++) destination[i] = (source[i] - mean) * scale * weight[i] + bias[i];
    } else {
      for (ptrdiff_t i = 0; i < columns; i++) {
        destination[i] = (source[i] - mean) * scale * (weight ? weight[i] : 1.0f) + (bias ? bias[i] : 0.0f);
      }
    }
  }
}
