#include "moon_layout.h"

#include "dispatch.h"

#define TILE 16

MOON_CLONES void moon_transpose(
    float *destination, ptrdiff_t destination_stride, const float *source, ptrdiff_t source_stride, ptrdiff_t rows,
    ptrdiff_t columns) {
  for (ptrdiff_t row = 0; row < rows; row += TILE) {
    const ptrdiff_t last_row = row + TILE < rows ? row + TILE : rows;
    for (ptrdiff_t column = 0; column < columns; column += TILE) {
      const ptrdiff_t last_column = column + TILE < columns ? column + TILE : columns;
      for (ptrdiff_t j = column; j < last_column; j++) {
        for (ptrdiff_t i = row; i < last_row; i++) {
          destination[j * destination_stride + i] = source[i * source_stride + j];
        }
      }
    }
  }
}
