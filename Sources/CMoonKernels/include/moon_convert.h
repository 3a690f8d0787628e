// Copies between float32 and the two 16-bit formats, contiguous and strided.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Copies `count` floats; the ranges do not overlap.
void moon_copy_f32(float *destination, const float *source, ptrdiff_t count);
/// Copies `count` floats that lie `stride` elements apart; a stride of 0 repeats one.
void moon_copy_strided_f32(float *destination, const float *source, ptrdiff_t stride, ptrdiff_t count);
/// Widens IEEE half precision, exactly.
void moon_widen_f16(float *destination, const uint16_t *source, ptrdiff_t count);
/// Widens bfloat16, exactly.
void moon_widen_bf16(float *destination, const uint16_t *source, ptrdiff_t count);
/// Widens half precision (`is_half`) or bfloat16 elements that lie `stride` apart.
void moon_widen_strided(float *destination, const uint16_t *source, ptrdiff_t stride, ptrdiff_t count, bool is_half);
/// Narrows to half precision, to nearest even.
void moon_narrow_f16(uint16_t *destination, const float *source, ptrdiff_t count);
/// Narrows to bfloat16, to nearest even.
void moon_narrow_bf16(uint16_t *destination, const float *source, ptrdiff_t count);
