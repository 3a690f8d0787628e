#include "moon_reduce.h"

#include "walk.h"

#include <math.h>

/// The more extreme of the two, or not-a-number when either is.
MOON_INLINE double lesser(double first, double second) { return (second < first || second != second) ? second : first; }
MOON_INLINE double greater(double first, double second) { return (second > first || second != second) ? second : first; }
MOON_INLINE double plus(double first, double second) { return first + second; }

double moon_reduce_pair(moon_reduction operation, double first, double second) {
  switch (operation) {
    case moon_reduction_minimum:
    case moon_reduction_least_magnitude: return lesser(first, second);
    case moon_reduction_maximum:
    case moon_reduction_greatest_magnitude: return greater(first, second);
    default: return first + second;
  }
}

MOON_INLINE double identity(moon_reduction operation) {
  switch (operation) {
    case moon_reduction_minimum:
    case moon_reduction_least_magnitude: return INFINITY;
    case moon_reduction_maximum:
    case moon_reduction_greatest_magnitude: return -INFINITY;
    default: return 0.0;
  }
}

// Sixteen running values at a time hide the latency of the additions.
#define LANES 16

#define ROW_LOOP(COMBINE, EXPRESSION, STRIDE)                              \
  for (; i + LANES <= count; i += LANES) {                                 \
    for (int lane = 0; lane < LANES; lane++) {                             \
      const double x = (double)source[(i + lane) * (STRIDE)];              \
      lanes[lane] = COMBINE(lanes[lane], EXPRESSION);                      \
    }                                                                      \
  }

#define ROW(COMBINE, EXPRESSION)                                           \
  if (stride == 1) {                                                       \
    ROW_LOOP(COMBINE, EXPRESSION, 1)                                       \
  } else {                                                                 \
    ROW_LOOP(COMBINE, EXPRESSION, stride)                                  \
  }                                                                        \
  for (; i < count; i++) {                                                 \
    const double x = (double)source[i * stride];                           \
    lanes[0] = COMBINE(lanes[0], EXPRESSION);                              \
  }                                                                        \
  for (int half = LANES / 2; half > 0; half /= 2) {                        \
    for (int lane = 0; lane < half; lane++) {                              \
      lanes[lane] = COMBINE(lanes[lane], lanes[lane + half]);              \
    }                                                                      \
  }                                                                        \
  return COMBINE(value, lanes[0]);

/// `value` and a run of elements reduced to one.
MOON_CLONES static double reduce_row(
    moon_reduction operation, double value, const float *source, ptrdiff_t stride, ptrdiff_t count, double centre,
    double power) {
  double lanes[LANES];
  const double start = identity(operation);
  for (int lane = 0; lane < LANES; lane++) lanes[lane] = start;
  ptrdiff_t i = 0;
  switch (operation) {
    case moon_reduction_sum: ROW(plus, x)
    case moon_reduction_spread: ROW(plus, (x - centre) * (x - centre))
    case moon_reduction_sum_of_squares: ROW(plus, x * x)
    case moon_reduction_sum_of_magnitudes: ROW(plus, fabs(x))
    case moon_reduction_sum_of_powers: ROW(plus, pow(fabs(x), power))
    case moon_reduction_nonzero_count: ROW(plus, x != 0.0 ? 1.0 : 0.0)
    case moon_reduction_minimum: ROW(lesser, x)
    case moon_reduction_maximum: ROW(greater, x)
    case moon_reduction_least_magnitude: ROW(lesser, fabs(x))
    case moon_reduction_greatest_magnitude: ROW(greater, fabs(x))
  }
}

#define COLUMNS_LOOP(COMBINE, EXPRESSION, STRIDE)                          \
  for (ptrdiff_t r = 0; r < rows; r++) {                                   \
    const float *row = source + r * row_stride;                            \
    for (ptrdiff_t c = 0; c < columns; c++) {                              \
      const double x = (double)row[c * (STRIDE)];                          \
      values[c] = COMBINE(values[c], EXPRESSION);                          \
    }                                                                      \
  }

#define COLUMNS(COMBINE, EXPRESSION)                                       \
  if (column_stride == 1) {                                                \
    COLUMNS_LOOP(COMBINE, EXPRESSION, 1)                                   \
  } else {                                                                 \
    COLUMNS_LOOP(COMBINE, EXPRESSION, column_stride)                       \
  }                                                                        \
  break;

/// `rows` elements reduced into each of `columns` values at once.
MOON_CLONES static void reduce_columns(
    moon_reduction operation, double *restrict values, const float *restrict source, ptrdiff_t row_stride,
    ptrdiff_t rows, ptrdiff_t column_stride, ptrdiff_t columns, const double *restrict centre, double power) {
  switch (operation) {
    case moon_reduction_sum: COLUMNS(plus, x)
    case moon_reduction_spread: COLUMNS(plus, (x - centre[c]) * (x - centre[c]))
    case moon_reduction_sum_of_squares: COLUMNS(plus, x * x)
    case moon_reduction_sum_of_magnitudes: COLUMNS(plus, fabs(x))
    case moon_reduction_sum_of_powers: COLUMNS(plus, pow(fabs(x), power))
    case moon_reduction_nonzero_count: COLUMNS(plus, x != 0.0 ? 1.0 : 0.0)
    case moon_reduction_minimum: COLUMNS(lesser, x)
    case moon_reduction_maximum: COLUMNS(greater, x)
    case moon_reduction_least_magnitude: COLUMNS(lesser, fabs(x))
    case moon_reduction_greatest_magnitude: COLUMNS(greater, fabs(x))
  }
}

void moon_reduce_walk(
    moon_reduction operation, double *result, const float *source, const ptrdiff_t *kept, ptrdiff_t kept_begin,
    ptrdiff_t kept_end, const ptrdiff_t *reduced, ptrdiff_t begin, ptrdiff_t end, const double *centre, double power) {
  const ptrdiff_t kept_count = kept_end - kept_begin;
  for (ptrdiff_t i = 0; i < kept_count; i++) result[i] = identity(operation);
  moon_cursor outer, inner;
  moon_cursor_start(&outer, kept, 1, kept_begin);
  const ptrdiff_t kept_stride = outer.strides[0][outer.last];
  const ptrdiff_t reduced_stride = reduced[2 * reduced[0]];
  const int by_columns = kept_stride < reduced_stride && outer.shape[outer.last] >= 4;
  for (ptrdiff_t i = 0; i < kept_count;) {
    const ptrdiff_t columns = by_columns ? moon_cursor_run(&outer, kept_count - i) : 1;
    moon_cursor_start(&inner, reduced, 1, begin);
    for (ptrdiff_t position = begin; position < end;) {
      const ptrdiff_t run = moon_cursor_run(&inner, end - position);
      const float *start = source + outer.offset[0] + inner.offset[0];
      if (by_columns) {
        reduce_columns(
            operation, result + i, start, reduced_stride, run, kept_stride, columns, centre ? centre + i : result + i,
            power);
      } else {
        result[i] = reduce_row(operation, result[i], start, reduced_stride, run, centre ? centre[i] : 0.0, power);
      }
      position += run;
      moon_cursor_advance(&inner, 1, run);
    }
    i += columns;
    moon_cursor_advance(&outer, 1, columns);
  }
}

MOON_CLONES double moon_dot_run(
    const float *left, ptrdiff_t left_stride, const float *right, ptrdiff_t right_stride, ptrdiff_t count) {
  double lanes[LANES] = {0};
  ptrdiff_t i = 0;
  if (left_stride == 1 && right_stride == 1) {
    for (; i + LANES <= count; i += LANES) {
      for (int lane = 0; lane < LANES; lane++) lanes[lane] += (double)left[i + lane] * (double)right[i + lane];
    }
  }
  for (; i < count; i++) lanes[0] += (double)left[i * left_stride] * (double)right[i * right_stride];
  for (int half = LANES / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}
