// Weighted sums of several arrays in one pass.
#pragma once

#include <stddef.h>

/// Writes the sum of `coefficients[k] * sources[k][i]` over `terms` arrays, at least one, added up in their order.
/// `destination` overlaps no source.
void moon_linear_combination_f32(
    float *destination, const float *const *sources, const float *coefficients, ptrdiff_t terms, ptrdiff_t count);
