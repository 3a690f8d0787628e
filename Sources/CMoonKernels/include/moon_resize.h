// Runs of one output row of a resized picture, pixel centres at half-integers (PyTorch's align_corners=False).
// Rows are shorter than 2^30.
#pragma once

#include <stddef.h>

/// Output columns `first..<first + count`: the nearest of `size` source columns, `scale` of them to an output column.
void moon_resize_nearest_run(
    float *destination, const float *source, ptrdiff_t stride, ptrdiff_t size, float scale, ptrdiff_t first,
    ptrdiff_t count);
/// The same by linear interpolation in the row `upper`, with `weight` of the row `lower` mixed in.
void moon_resize_bilinear_run(
    float *destination, const float *upper, const float *lower, float weight, ptrdiff_t stride, ptrdiff_t size,
    float scale, ptrdiff_t first, ptrdiff_t count);
