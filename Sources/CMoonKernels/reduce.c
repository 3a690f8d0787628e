#include "moon_reduce.h"

#include "walk.h"

#include <math.h>
#include <string.h>

/// The more extreme of the two, or not-a-number when either is.
MOON_INLINE double lesser(double first, double second) { return (second < first || second != second) ? second : first; }
MOON_INLINE double greater(double first, double second) { return (second > first || second != second) ? second : first; }
MOON_INLINE float lesser_float(float first, float second) {
  return (second < first || second != second) ? second : first;
}
MOON_INLINE float greater_float(float first, float second) {
  return (second > first || second != second) ? second : first;
}
MOON_INLINE double plus(double first, double second) { return first + second; }

MOON_INLINE double reduce_pair(moon_reduction operation, double first, double second) {
  switch (operation) {
    case moon_reduction_minimum:
    case moon_reduction_least_magnitude: return lesser(first, second);
    case moon_reduction_maximum:
    case moon_reduction_greatest_magnitude: return greater(first, second);
    default: return first + second;
  }
}

MOON_CLONES void moon_reduce_pairs(
    moon_reduction operation, double *restrict values, const double *restrict others, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) values[i] = reduce_pair(operation, values[i], others[i]);
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

// Several running values at a time hide the latency of the additions.
#define LANES 16
#define EXTREME_LANES 32

#define ROW_LOOP(TYPE, COUNT, COMBINE, EXPRESSION, STRIDE)                 \
  for (; i + COUNT <= count; i += COUNT) {                                 \
    for (int lane = 0; lane < COUNT; lane++) {                             \
      const TYPE x = (TYPE)source[(i + lane) * (STRIDE)];                  \
      lanes[lane] = COMBINE(lanes[lane], EXPRESSION);                      \
    }                                                                      \
  }

#define ROW(TYPE, COUNT, COMBINE, EXPRESSION)                              \
  {                                                                        \
    TYPE lanes[COUNT];                                                     \
    for (int lane = 0; lane < COUNT; lane++) lanes[lane] = (TYPE)start;    \
    ptrdiff_t i = 0;                                                       \
    if (stride == 1) {                                                     \
      ROW_LOOP(TYPE, COUNT, COMBINE, EXPRESSION, 1)                        \
    } else {                                                               \
      ROW_LOOP(TYPE, COUNT, COMBINE, EXPRESSION, stride)                   \
    }                                                                      \
    for (; i < count; i++) {                                               \
      const TYPE x = (TYPE)source[i * stride];                             \
      lanes[0] = COMBINE(lanes[0], EXPRESSION);                            \
    }                                                                      \
    for (int half = COUNT / 2; half > 0; half /= 2) {                      \
      for (int lane = 0; lane < half; lane++) {                            \
        lanes[lane] = COMBINE(lanes[lane], lanes[lane + half]);            \
      }                                                                    \
    }                                                                      \
    return reduce_pair(operation, value, (double)lanes[0]);              \
  }

#define SUM_ROW(EXPRESSION) ROW(double, LANES, plus, EXPRESSION)
#define LEAST_ROW(EXPRESSION) ROW(float, EXTREME_LANES, lesser_float, EXPRESSION)
#define GREATEST_ROW(EXPRESSION) ROW(float, EXTREME_LANES, greater_float, EXPRESSION)

typedef double doubles __attribute__((ext_vector_type(4)));
typedef float floats __attribute__((ext_vector_type(4)));

/// The sum of a dense run, by vectors: compilers find this one less reliably than the other sums.
MOON_INLINE double dense_sum(const float *source, ptrdiff_t count) {
  doubles sums[4] = {0};
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int part = 0; part < 4; part++) {
      floats four;
      memcpy(&four, source + i + 4 * part, sizeof four);
      sums[part] += __builtin_convertvector(four, doubles);
    }
  }
  const doubles sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double rest = 0;
  for (; i < count; i++) rest += (double)source[i];
  return (sum.x + sum.y) + (sum.z + sum.w) + rest;
}

/// `value` and a run of elements reduced to one.
MOON_CLONES static double reduce_row(
    moon_reduction operation, double value, const float *source, ptrdiff_t stride, ptrdiff_t count, double centre,
    double power) {
  const double start = identity(operation);
  switch (operation) {
    case moon_reduction_sum:
      if (stride == 1) return value + dense_sum(source, count);
      SUM_ROW(x)
    case moon_reduction_spread: SUM_ROW((x - centre) * (x - centre))
    case moon_reduction_sum_of_squares: SUM_ROW(x * x)
    case moon_reduction_sum_of_magnitudes: SUM_ROW(fabs(x))
    case moon_reduction_sum_of_powers: SUM_ROW(pow(fabs(x), power))
    case moon_reduction_nonzero_count: SUM_ROW(x != 0.0 ? 1.0 : 0.0)
    case moon_reduction_minimum: LEAST_ROW(x)
    case moon_reduction_maximum: GREATEST_ROW(x)
    case moon_reduction_least_magnitude: LEAST_ROW(fabsf(x))
    case moon_reduction_greatest_magnitude: GREATEST_ROW(fabsf(x))
  }
}

// Four rows at a time, one after the other, so that the values are fetched and put back less often.
#define COLUMNS_LOOP(COMBINE, EXPRESSION, STRIDE)                          \
  ptrdiff_t r = 0;                                                         \
  for (; r + 4 <= rows; r += 4) {                                          \
    const float *row = source + r * row_stride;                            \
    for (ptrdiff_t c = 0; c < columns; c++) {                              \
      double value = values[c];                                            \
      for (int next = 0; next < 4; next++) {                               \
        const double x = (double)row[next * row_stride + c * (STRIDE)];    \
        value = COMBINE(value, EXPRESSION);                                \
      }                                                                    \
      values[c] = value;                                                   \
    }                                                                      \
  }                                                                        \
  for (; r < rows; r++) {                                                  \
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

/// The same for the extremes, which need no more than float: 64 columns at a time stay in registers.
#define EXTREME_COLUMNS(COMBINE, EXPRESSION)                               \
  for (ptrdiff_t first = 0; first < columns; first += 64) {                \
    const ptrdiff_t width = columns - first < 64 ? columns - first : 64;   \
    float running[64];                                                     \
    for (ptrdiff_t c = 0; c < width; c++) running[c] = (float)values[first + c]; \
    for (ptrdiff_t r = 0; r < rows; r++) {                                 \
      const float *row = source + r * row_stride + first * column_stride;  \
      if (width == 64 && column_stride == 1) {                             \
        for (int c = 0; c < 64; c++) {                                     \
          const float x = row[c];                                          \
          running[c] = COMBINE(running[c], EXPRESSION);                    \
        }                                                                  \
      } else {                                                             \
        for (ptrdiff_t c = 0; c < width; c++) {                            \
          const float x = row[c * column_stride];                          \
          running[c] = COMBINE(running[c], EXPRESSION);                    \
        }                                                                  \
      }                                                                    \
    }                                                                      \
    for (ptrdiff_t c = 0; c < width; c++) values[first + c] = (double)running[c]; \
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
    case moon_reduction_minimum: EXTREME_COLUMNS(lesser_float, x)
    case moon_reduction_maximum: EXTREME_COLUMNS(greater_float, x)
    case moon_reduction_least_magnitude: EXTREME_COLUMNS(lesser_float, fabsf(x))
    case moon_reduction_greatest_magnitude: EXTREME_COLUMNS(greater_float, fabsf(x))
  }
}

void moon_reduce_walk(
    moon_reduction operation, double *result, const float *source, const ptrdiff_t *kept, ptrdiff_t kept_begin,
    ptrdiff_t kept_end, const ptrdiff_t *reduced, ptrdiff_t begin, ptrdiff_t end, const double *centre, double power) {
  const ptrdiff_t kept_count = kept_end - kept_begin;
  const double start = identity(operation);
  for (ptrdiff_t i = 0; i < kept_count; i++) result[i] = start;
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
      const float *place = source + outer.offset[0] + inner.offset[0];
      if (by_columns) {
        reduce_columns(
            operation, result + i, place, reduced_stride, run, kept_stride, columns, centre ? centre + i : result + i,
            power);
      } else {
        result[i] = reduce_row(operation, result[i], place, reduced_stride, run, centre ? centre[i] : 0.0, power);
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
