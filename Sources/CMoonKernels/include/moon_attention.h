// One block of softmax attention with a running maximum.
#pragma once

#include <stddef.h>

/// Turns `rows` rows of raw scores into weights e^(scale (score - maximum)), in place, where the maximum of each row
/// runs over this block and those before it (`maxima`, at first -infinity); adds the weights to `sums` and writes to
/// `factors` what earlier sums and outputs of the row have been multiplied by (the sums already are).
/// In row r only the first `visible + r * visible_step` columns count; the weights of the others are zero.
void moon_softmax_block(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float scale, float *maxima, float *sums, float *factors);
/// Multiplies each row by its factor.
void moon_multiply_rows(float *values, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, const float *factors);
