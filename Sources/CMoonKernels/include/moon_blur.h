// Weighted sums of neighbours along one axis of a picture whose edges mirror it (the edge pixel itself not repeated).
#pragma once

#include <stddef.h>

/// The index in `0..<size` that position `position` of the mirrored axis shows; any position, size at least 1.
ptrdiff_t moon_mirrored(ptrdiff_t position, ptrdiff_t size);
/// Outputs `begin..<end` of one row: `sum weights[k] * source[mirrored(i + shift + k) * stride]`. `scratch` has room for
/// `end - begin + taps` elements.
void moon_blur_row(
    float *destination, const float *source, ptrdiff_t stride, ptrdiff_t size, const float *weights, ptrdiff_t taps,
    ptrdiff_t shift, ptrdiff_t begin, ptrdiff_t end, float *scratch);
/// Rows `begin..<end` of `columns` columns: the same sums down the rows. Rows lie `row_stride` elements apart in both.
void moon_blur_columns(
    float *destination, const float *source, ptrdiff_t row_stride, ptrdiff_t size, const float *weights, ptrdiff_t taps,
    ptrdiff_t shift, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t columns);
