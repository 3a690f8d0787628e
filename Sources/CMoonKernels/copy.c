#include "moon_convert.h"
#include "moon_elementwise.h"

#include "vectors.h"
#include "walk.h"

#include <string.h>

MOON_INLINE void copy_run(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride, ptrdiff_t count) {
  if (destination_stride == 1 && source_stride == 1) {
    memcpy(destination, source, (size_t)count * sizeof *source);
  } else if (destination_stride == 1 && source_stride == 0) {
    const float value = *source;
    for (ptrdiff_t i = 0; i < count; i++) destination[i] = value;
  } else {
    for (ptrdiff_t i = 0; i < count; i++) destination[i * destination_stride] = source[i * source_stride];
  }
}

void moon_copy_walk(
    float *destination, const float *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 2, begin);
  while (begin < end) {
    ptrdiff_t run = moon_cursor_run(&cursor, end - begin);
    copy_run(
        destination + cursor.offset[0], cursor.strides[0][cursor.last], source + cursor.offset[1],
        cursor.strides[1][cursor.last], run);
    begin += run;
    moon_cursor_advance(&cursor, 2, run);
  }
}

MOON_INLINE void widen_run(
    float *destination, ptrdiff_t destination_stride, const uint16_t *source, ptrdiff_t source_stride, ptrdiff_t count,
    bool is_half) {
  if (destination_stride != 1) {
    for (ptrdiff_t i = 0; i < count; i++) {
      moon_widen_strided(destination + i * destination_stride, source + i * source_stride, 1, 1, is_half);
    }
  } else if (source_stride != 1) {
    moon_widen_strided(destination, source, source_stride, count, is_half);
  } else if (is_half) {
    moon_widen_f16(destination, source, count);
  } else {
    moon_widen_bf16(destination, source, count);
  }
}

void moon_widen_walk(
    float *destination, const uint16_t *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end, bool is_half) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 2, begin);
  while (begin < end) {
    ptrdiff_t run = moon_cursor_run(&cursor, end - begin);
    widen_run(
        destination + cursor.offset[0], cursor.strides[0][cursor.last], source + cursor.offset[1],
        cursor.strides[1][cursor.last], run, is_half);
    begin += run;
    moon_cursor_advance(&cursor, 2, run);
  }
}

/// Eight rows of eight elements as eight columns.
MOON_INLINE void transpose_eight(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride) {
  moon_v8 rows[8];
  for (int i = 0; i < 8; i++) rows[i] = *(const moon_v8 *)(source + i * source_stride);
  moon_transpose8(rows);
  for (int i = 0; i < 8; i++) *(moon_v8 *)(destination + i * destination_stride) = rows[i];
}

MOON_CLONES void moon_copy_transposed(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride, ptrdiff_t columns,
    ptrdiff_t begin, ptrdiff_t end) {
  enum { tile = 16 };
  for (ptrdiff_t row = begin; row < end; row += tile) {
    const ptrdiff_t row_end = row + tile < end ? row + tile : end;
    ptrdiff_t column = 0;
    for (; row_end - row == tile && column + 8 <= columns; column += 8) {
      for (ptrdiff_t r = row; r < row_end; r += 8) {
        transpose_eight(
            destination + r * destination_stride + column, destination_stride, source + r + column * source_stride,
            source_stride);
      }
    }
    for (ptrdiff_t r = row; r < row_end; r++) {
      for (ptrdiff_t c = column; c < columns; c++) {
        destination[r * destination_stride + c] = source[r + c * source_stride];
      }
    }
  }
}
