// Activations over whole runs of elements.
#pragma once

#include <stddef.h>

/// What is applied to each element. The order is that of the Swift enumeration `Activation`.
enum { moon_none, moon_activate_silu, moon_activate_gelu, moon_activate_gelu_tanh, moon_activate_quick_gelu };

/// destination = activation(source); the two may be the same.
void moon_activate(float *destination, const float *source, ptrdiff_t count, int activation);
/// destination = (values + value_bias) gelu(gates + gate_bias), rows of `columns` elements whose strides are given; the
/// biases, one a column, may be null.
void moon_gate_rows(
    float *destination, ptrdiff_t stride, const float *values, const float *gates, ptrdiff_t source_stride,
    ptrdiff_t rows, ptrdiff_t columns, const float *value_bias, const float *gate_bias);
/// Ends `rows` rows of a product in place: adds `bias` (one a column), then `residual` rows, then activates.
/// `bias` and `residual` may be null; row strides are in elements.
void moon_finish_rows(
    float *values, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, const float *bias, const float *residual,
    ptrdiff_t residual_stride, int activation);
