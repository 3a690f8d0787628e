// Order statistics. Floats are compared as 32-bit keys whose unsigned order is the order of the numbers, with every
// not-a-number as the greatest key.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MOON_KEY_NOT_A_NUMBER UINT32_MAX

/// The keys of one row: the reduced positions `0..<count` of a layout of one operand.
void moon_order_keys(uint32_t *keys, const float *source, const ptrdiff_t *layout, ptrdiff_t count);
/// The number of a key.
float moon_order_value(uint32_t key);
/// Sorts up to 2^16 keys; `scratch` is as long as `keys`.
void moon_order_sort(uint32_t *keys, uint32_t *scratch, ptrdiff_t count);
/// Adds to the 65,536 `counts` the upper halves of the keys of positions `begin..<end`.
void moon_order_count_upper(
    ptrdiff_t *counts, const float *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end);
/// Adds to the 65,536 `counts` the lower halves of those keys whose upper half is `upper`.
void moon_order_count_lower(
    ptrdiff_t *counts, const float *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end, uint32_t upper);
