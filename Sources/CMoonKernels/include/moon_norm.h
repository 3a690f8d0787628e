// Normalisation over channels-last rows.
#pragma once

#include <stddef.h>

/// Adds to sums[c] and squares[c] the sum of column c over `rows` rows of `columns`, and that of its squares.
void moon_column_sums(double *sums, double *squares, const float *source, ptrdiff_t rows, ptrdiff_t columns);
/// destination = activation(source * scale + shift), scale and shift one a column; in place allowed.
void moon_scale_rows(
    float *destination, const float *source, ptrdiff_t rows, ptrdiff_t columns, const float *scale, const float *shift,
    int activation);
/// Each row less its mean, divided by sqrt(variance + epsilon), times weight plus bias (each may be null).
void moon_layer_norm_rows(
    float *destination, const float *source, ptrdiff_t rows, ptrdiff_t columns, const float *weight, const float *bias,
    float epsilon);
