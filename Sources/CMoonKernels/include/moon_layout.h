// Moving elements between layouts.
#pragma once

#include <stddef.h>

/// destination[column][row] = source[row][column]; strides between rows of each, in elements.
void moon_transpose(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride, ptrdiff_t rows,
    ptrdiff_t columns);
