// Element-wise arithmetic. Results are contiguous; inputs have any strides, in elements. A destination may be the very
// memory of an input (in place), but must not overlap one otherwise.
//
// Products and sums are never fused, so the same bits come out on every processor.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum __attribute__((enum_extensibility(closed))) moon_binary : int {
  moon_binary_add,
  moon_binary_subtract,
  moon_binary_multiply,
  moon_binary_divide,
  moon_binary_power,
  moon_binary_minimum,
  moon_binary_maximum,
  moon_binary_less,
  moon_binary_less_equal,
  moon_binary_greater,
  moon_binary_greater_equal,
  moon_binary_equal,
  moon_binary_not_equal,
} moon_binary;

typedef enum __attribute__((enum_extensibility(closed))) moon_unary : int {
  moon_unary_copy,
  moon_unary_negate,
  moon_unary_absolute,
  moon_unary_square_root,
  moon_unary_exponential,
  moon_unary_logarithm,
  moon_unary_sine,
  moon_unary_cosine,
  moon_unary_arc_cosine,
  moon_unary_hyperbolic_tangent,
  /// 1 above 0, -1 below, else 0: of not-a-number too.
  moon_unary_sign,
  moon_unary_floor,
  moon_unary_ceiling,
  /// To the nearest whole number, halves to the even one.
  moon_unary_round,
} moon_unary;

typedef enum __attribute__((enum_extensibility(closed))) moon_ternary : int {
  /// The second operand where the first is not 0, else the third.
  moon_ternary_where,
  /// From the first to the second by the third.
  moon_ternary_lerp,
  /// The first, kept between the second and the third.
  moon_ternary_clamp,
} moon_ternary;

/// `destination[i] = left[i * left_stride] op right[i * right_stride]`; comparisons give 1 and 0.
void moon_binary_run(
    moon_binary operation, float *destination, const float *left, ptrdiff_t left_stride, const float *right,
    ptrdiff_t right_stride, ptrdiff_t count);
/// Positions `begin..<end` of `destination`, with a layout of two operands (see walk.h).
void moon_binary_walk(
    moon_binary operation, float *destination, const float *left, const float *right, const ptrdiff_t *layout,
    ptrdiff_t begin, ptrdiff_t end);

/// `destination[i] = op(source[i * stride])`.
void moon_unary_run(moon_unary operation, float *destination, const float *source, ptrdiff_t stride, ptrdiff_t count);
/// Positions `begin..<end` of `destination`, with a layout of one operand.
void moon_unary_walk(
    moon_unary operation, float *destination, const float *source, const ptrdiff_t *layout, ptrdiff_t begin,
    ptrdiff_t end);

/// Positions `begin..<end` of `destination`, with a layout of three operands.
void moon_ternary_walk(
    moon_ternary operation, float *destination, const float *first, const float *second, const float *third,
    const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end);

/// Copies positions `begin..<end` of a layout of two operands, destination then source.
void moon_copy_walk(
    float *destination, const float *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end);
/// The same from 16-bit elements, IEEE half precision (`is_half`) or bfloat16.
void moon_widen_walk(
    float *destination, const uint16_t *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end, bool is_half);
/// Copies rows `begin..<end` of a transposed matrix, `destination[r * destination_stride + c] =
/// source[r + c * source_stride]`, in tiles that suit the cache.
void moon_copy_transposed(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride, ptrdiff_t columns,
    ptrdiff_t begin, ptrdiff_t end);

/// Sets `count` elements to `value`.
void moon_fill(float *destination, float value, ptrdiff_t count);
/// `destination[i] = start + (first + i) * step`, in double precision, rounded once.
void moon_arange(float *destination, double start, double step, ptrdiff_t first, ptrdiff_t count);
/// The first index whose element is infinite or not a number, or `count`.
ptrdiff_t moon_first_not_finite(const float *source, ptrdiff_t count);
