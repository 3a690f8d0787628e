// Reductions over any set of dimensions. Sums are kept in double precision, so they are exact to about the last bit of
// the float result, in whatever order the elements come.
#pragma once

#include <stddef.h>

typedef enum __attribute__((enum_extensibility(closed))) moon_reduction : int {
  moon_reduction_sum,
  /// Sum of squared distances from a centre.
  moon_reduction_spread,
  moon_reduction_sum_of_squares,
  moon_reduction_sum_of_magnitudes,
  /// Sum of magnitudes to a power.
  moon_reduction_sum_of_powers,
  moon_reduction_nonzero_count,
  /// The least and the greatest; not-a-number when any element is.
  moon_reduction_minimum,
  moon_reduction_maximum,
  moon_reduction_least_magnitude,
  moon_reduction_greatest_magnitude,
} moon_reduction;

/// Reduces the reduced positions `begin..<end`, at least one, for each of the kept positions `kept_begin..<kept_end`.
/// Both layouts are those of one operand (see walk.h). `centre` holds one value for each of these kept positions and is
/// read by `spread` alone; `power` by `sum_of_powers` alone.
void moon_reduce_walk(
    moon_reduction operation, double *result, const float *source, const ptrdiff_t *kept, ptrdiff_t kept_begin,
    ptrdiff_t kept_end, const ptrdiff_t *reduced, ptrdiff_t begin, ptrdiff_t end, const double *centre, double power);
/// Joins `count` results with those of other parts.
void moon_reduce_pairs(
    moon_reduction operation, double *restrict values, const double *restrict others, ptrdiff_t count);
/// The sum of products of two runs.
double moon_dot_run(
    const float *left, ptrdiff_t left_stride, const float *right, ptrdiff_t right_stride, ptrdiff_t count);
