#include "moon_activation.h"

#include "vector_math.h"

MOON_CLONES void moon_activate(float *destination, const float *source, ptrdiff_t count, int activation) {
  switch (activation) {
    case moon_activate_silu:
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < count; i++) destination[i] = moon_silu(source[i]);
      break;
    case moon_activate_gelu:
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < count; i++) destination[i] = moon_gelu(source[i]);
      break;
    case moon_activate_gelu_tanh:
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < count; i++) destination[i] = moon_gelu_tanh(source[i]);
      break;
    case moon_activate_quick_gelu:
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < count; i++) destination[i] = moon_quick_gelu(source[i]);
      break;
    default:
      if (destination != source) memcpy(destination, source, (size_t)count * sizeof *source);
  }
}

MOON_CLONES void moon_gate_rows(
    float *destination, ptrdiff_t stride, const float *values, const float *gates, ptrdiff_t source_stride,
    ptrdiff_t rows, ptrdiff_t columns, const float *value_bias, const float *gate_bias) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *to = destination + row * stride;
    const float *value = values + row * source_stride, *gate = gates + row * source_stride;
    if (value_bias && gate_bias) {
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < columns; i++) to[i] = (value[i] + value_bias[i]) * moon_gelu(gate[i] + gate_bias[i]);
    } else {
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < columns; i++) to[i] = value[i] * moon_gelu(gate[i]);
    }
  }
}

MOON_CLONES void moon_finish_rows(
    float *values, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, const float *bias, const float *residual,
    ptrdiff_t residual_stride, int activation) {
  for (ptrdiff_t row = 0; row < rows; row++) {
    float *line = values + row * stride;
    if (bias) {
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < columns; i++) line[i] += bias[i];
    }
    if (residual) {
      const float *added = residual + row * residual_stride;
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = 0; i < columns; i++) line[i] += added[i];
    }
    if (activation != moon_none) moon_activate(line, line, columns, activation);
  }
}
