// One block of softmax attention with a running maximum. Scores are in units of ln 2: weights are powers of two.
#pragma once

#include <stddef.h>

/// destination = factor * source, row by row.
void moon_scale_block(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride, ptrdiff_t rows,
    ptrdiff_t columns, float factor);
/// Turns `rows` rows of scores into weights 2^(score - maximum), in place, where the maximum of each row runs over this
/// block and those before it (`maxima`, at first -infinity); adds the weights to `sums` and multiplies the row's
/// `outputs` (and its sum, first) by the power that the maximum has grown by.
/// In row r only the first `visible + r * visible_step` of `columns` count; the weights of the others are zero.
void moon_softmax_block(
    float *scores, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t visible, ptrdiff_t visible_step,
    float *maxima, float *sums, float *outputs, ptrdiff_t output_stride, ptrdiff_t width);
/// Divides each row by its sum.
void moon_divide_rows(float *values, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns, const float *sums);
