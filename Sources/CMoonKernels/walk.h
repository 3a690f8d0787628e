// Walking several operands of one shape: a flat range of row-major positions is cut into runs along the innermost
// dimension, so that a range may begin and end anywhere and be worked on by any thread.
//
// A layout is a flat list of integers: the rank (at least 1), the sizes, then one list of strides for each operand.
// Offsets and strides are in elements.
#pragma once

#include "dispatch.h"

#include <stddef.h>

// Twice the most dimensions of a tensor: an operation may split one of them.
#define MOON_MAX_RANK 16
#define MOON_MAX_OPERANDS 3

typedef struct {
  ptrdiff_t last;
  const ptrdiff_t *shape;
  const ptrdiff_t *strides[MOON_MAX_OPERANDS];
  ptrdiff_t index[MOON_MAX_RANK];
  ptrdiff_t offset[MOON_MAX_OPERANDS];
} moon_cursor;

/// Stands at row-major position `position`; the layout holds at least one element.
MOON_INLINE void moon_cursor_start(moon_cursor *cursor, const ptrdiff_t *layout, int operands, ptrdiff_t position) {
  ptrdiff_t rank = layout[0];
  cursor->last = rank - 1;
  cursor->shape = layout + 1;
  for (int k = 0; k < operands; k++) {
    cursor->strides[k] = layout + 1 + rank * (k + 1);
    cursor->offset[k] = 0;
  }
  for (ptrdiff_t d = rank - 1; d >= 0; d--) {
    cursor->index[d] = position % cursor->shape[d];
    position /= cursor->shape[d];
    for (int k = 0; k < operands; k++) cursor->offset[k] += cursor->index[d] * cursor->strides[k][d];
  }
}

/// Elements from here to the end of the innermost dimension, at most `limit`.
MOON_INLINE ptrdiff_t moon_cursor_run(const moon_cursor *cursor, ptrdiff_t limit) {
  ptrdiff_t left = cursor->shape[cursor->last] - cursor->index[cursor->last];
  return left < limit ? left : limit;
}

/// Moves on by `run` elements, which `moon_cursor_run` allowed.
MOON_INLINE void moon_cursor_advance(moon_cursor *cursor, int operands, ptrdiff_t run) {
  ptrdiff_t d = cursor->last;
  cursor->index[d] += run;
  for (int k = 0; k < operands; k++) cursor->offset[k] += run * cursor->strides[k][d];
  while (cursor->index[d] == cursor->shape[d] && d > 0) {
    for (int k = 0; k < operands; k++) {
      cursor->offset[k] += cursor->strides[k][d - 1] - cursor->shape[d] * cursor->strides[k][d];
    }
    cursor->index[d] = 0;
    d--;
    cursor->index[d]++;
  }
}
