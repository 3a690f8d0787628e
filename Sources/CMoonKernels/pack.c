#include "moon_product.h"

#include "moon_convert.h"
#include "vectors.h"

// Elements of a column that are widened at a time: sixteen columns of them stay in the first cache.
#define RUN 256

void moon_widen_halves(float *destination, const uint16_t *source, int kind, ptrdiff_t count) {
  if (kind == moon_float16) moon_widen_f16(destination, source, count);
  else moon_widen_bf16(destination, source, count);
}

/// `count` elements from `start` on as floats: where they lie, or widened into `room`.
MOON_INLINE const float *widened(float *room, const void *source, int kind, ptrdiff_t start, ptrdiff_t count) {
  if (kind == moon_float32) return (const float *)source + start;
  moon_widen_halves(room, (const uint16_t *)source + start, kind, count);
  return room;
}

/// Writes `count` rows of a panel from sixteen columns; row k goes to panel row (k % taps) * inputs + k / taps.
MOON_CLONES static void turn_columns(
    float *panel, const float *const *columns, ptrdiff_t first, ptrdiff_t count, ptrdiff_t taps, ptrdiff_t inputs) {
  ptrdiff_t tap = first % taps, input = first / taps;
  ptrdiff_t k = 0;
  for (; k + MOON_LANES <= count; k += MOON_LANES) {
    moon_v8 low[8], high[8];
    for (int i = 0; i < 8; i++) low[i] = *(const moon_v8 *)(columns[i] + k);
    for (int i = 0; i < 8; i++) high[i] = *(const moon_v8 *)(columns[i + 8] + k);
    moon_transpose8(low);
    moon_transpose8(high);
    for (int i = 0; i < 8; i++) {
      float *row = panel + (tap * inputs + input) * MOON_PANEL;
      *(moon_v8 *)row = low[i];
      *(moon_v8 *)(row + MOON_LANES) = high[i];
      if (++tap == taps) {
        tap = 0;
        input++;
      }
    }
  }
  for (; k < count; k++) {
    float *row = panel + (tap * inputs + input) * MOON_PANEL;
    for (int i = 0; i < MOON_PANEL; i++) row[i] = columns[i][k];
    if (++tap == taps) {
      tap = 0;
      input++;
    }
  }
}

void moon_pack_columns(
    float *panels, const void *source, int kind, ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t taps) {
  static const float zeros[RUN];
  float room[MOON_PANEL][RUN];
  const ptrdiff_t inputs = depth / taps;
  for (ptrdiff_t column = 0; column < columns; column += MOON_PANEL, panels += depth * MOON_PANEL) {
    for (ptrdiff_t first = 0; first < depth; first += RUN) {
      const ptrdiff_t count = depth - first < RUN ? depth - first : RUN;
      const float *lines[MOON_PANEL];
      for (int i = 0; i < MOON_PANEL; i++) {
        lines[i] = column + i < columns ? widened(room[i], source, kind, (column + i) * stride + first, count) : zeros;
      }
      turn_columns(panels, lines, first, count, taps, inputs);
    }
  }
}

/// Eight elements of eight columns turned around: row k of `rows` is the elements k of the columns.
MOON_INLINE void turn_halves(moon_h8 *rows, const uint16_t *const *columns, ptrdiff_t k) {
  moon_h8 a[8], b[8];
  for (int i = 0; i < 8; i++) a[i] = *(const moon_h8 *)(columns[i] + k);
  for (int i = 0; i < 4; i++) {
    b[2 * i] = __builtin_shufflevector(a[i], a[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
  // b[2i] and b[2i + 1] hold columns i and i + 4 in turn; two more rounds of the same bring all eight together.
  for (int i = 0; i < 4; i++) {
    a[2 * i] = __builtin_shufflevector(b[i], b[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    a[2 * i + 1] = __builtin_shufflevector(b[i], b[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
  for (int i = 0; i < 4; i++) {
    rows[2 * i] = __builtin_shufflevector(a[i], a[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    rows[2 * i + 1] = __builtin_shufflevector(a[i], a[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
}

MOON_CLONES void moon_pack_half_columns(
    uint16_t *panels, const uint16_t *source, ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t taps) {
  const ptrdiff_t inputs = depth / taps;
  for (ptrdiff_t column = 0; column < columns; column += MOON_PANEL, panels += depth * MOON_PANEL) {
    const uint16_t *lines[MOON_PANEL];
    const ptrdiff_t there = columns - column < MOON_PANEL ? columns - column : MOON_PANEL;
    for (int i = 0; i < MOON_PANEL; i++) lines[i] = source + (column + (i < there ? i : 0)) * stride;
    ptrdiff_t k = 0;
    for (; k + 8 <= depth && there == MOON_PANEL; k += 8) {
      moon_h8 low[8], high[8];
      turn_halves(low, lines, k);
      turn_halves(high, lines + 8, k);
      for (int i = 0; i < 8; i++) {
        uint16_t *row = panels + ((k + i) % taps * inputs + (k + i) / taps) * MOON_PANEL;
        *(moon_h8 *)row = low[i];
        *(moon_h8 *)(row + 8) = high[i];
      }
    }
    for (; k < depth; k++) {
      uint16_t *row = panels + (k % taps * inputs + k / taps) * MOON_PANEL;
      for (int i = 0; i < MOON_PANEL; i++) row[i] = i < there ? lines[i][k] : 0;
    }
  }
}

void moon_pack_rows(
    float *panels, const void *source, int kind, ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t depth) {
  float room[RUN];
  for (ptrdiff_t k = 0; k < depth; k++) {
    for (ptrdiff_t first = 0; first < columns; first += RUN) {
      const ptrdiff_t count = columns - first < RUN ? columns - first : RUN;
      const float *line = widened(room, source, kind, k * stride + first, count);
      for (ptrdiff_t column = 0; column < count; column += MOON_PANEL) {
        float *row = panels + (first + column) * depth + k * MOON_PANEL;
        const ptrdiff_t left = count - column;
        if (left >= MOON_PANEL) {
          memcpy(row, line + column, MOON_PANEL * sizeof *row);
        } else {
          memcpy(row, line + column, (size_t)left * sizeof *row);
          memset(row + left, 0, (size_t)(MOON_PANEL - left) * sizeof *row);
        }
      }
    }
  }
}

/// Sums over a row may be taken in any order: thirty-two lanes first, then the lanes.
MOON_CLONES static float dot(const float *x, const float *y, ptrdiff_t count) {
#pragma clang fp reassociate(on)
  float sum = 0;
  for (ptrdiff_t i = 0; i < count; i++) sum += x[i] * y[i];
  return sum;
}

void moon_dot_rows(
    float *c, ptrdiff_t c_stride, const float *x, ptrdiff_t m, const void *w, int kind, ptrdiff_t n, ptrdiff_t depth) {
  float room[4 * RUN];
  for (ptrdiff_t j = 0; j < n; j++) {
    for (ptrdiff_t i = 0; i < m; i++) c[i * c_stride + j] = 0;
    for (ptrdiff_t first = 0; first < depth; first += 4 * RUN) {
      const ptrdiff_t count = depth - first < 4 * RUN ? depth - first : 4 * RUN;
      const float *line = widened(room, w, kind, j * depth + first, count);
      for (ptrdiff_t i = 0; i < m; i++) c[i * c_stride + j] += dot(x + i * depth + first, line, count);
    }
  }
}
