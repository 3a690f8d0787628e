#include "moon_product.h"

#include "moon_convert.h"
#include "vectors.h"

// Twelve sums of eight columns stay in registers: six rows of one panel.
#define TILE_ROWS 6
// Rows of a panel that are used for all rows of the left side before going on: they stay in the first cache.
#define DEPTH_BLOCK 512

/// `rows` x 8 `vectors` sums over `taps` runs of `depth` products.
MOON_INLINE void tile(
    int tile_rows, int vectors, int accumulate, float *c, ptrdiff_t c_stride, const float *const *rows, ptrdiff_t m,
    ptrdiff_t taps, ptrdiff_t first, ptrdiff_t depth, const float *panel) {
  moon_v8 sums[TILE_ROWS][2];
  for (int i = 0; i < tile_rows; i++) {
    for (int j = 0; j < vectors; j++) {
      sums[i][j] = accumulate ? *(const moon_v8 *)(c + i * c_stride + j * MOON_LANES) : (moon_v8){0};
    }
  }
  for (ptrdiff_t tap = 0; tap < taps; tap++) {
    const float *a[TILE_ROWS];
    for (int i = 0; i < tile_rows; i++) a[i] = rows[tap * m + i] + first;
    for (ptrdiff_t k = 0; k < depth; k++) {
      moon_v8 b[2];
      for (int j = 0; j < vectors; j++) b[j] = *(const moon_v8 *)(panel + j * MOON_LANES);
      for (int i = 0; i < tile_rows; i++) {
        const float s = a[i][k];
        const moon_v8 repeated = {s, s, s, s, s, s, s, s};
        for (int j = 0; j < vectors; j++) sums[i][j] += repeated * b[j];
      }
      panel += MOON_PANEL;
    }
  }
  for (int i = 0; i < tile_rows; i++) {
    for (int j = 0; j < vectors; j++) *(moon_v8 *)(c + i * c_stride + j * MOON_LANES) = sums[i][j];
  }
}

typedef struct {
  float *c;
  ptrdiff_t c_stride;
  const float *const *rows;
  ptrdiff_t m, taps, first, depth;
  const float *panel;
} tile_job;

#define TILE_CASE(ROWS)                                                                                             \
  case ROWS:                                                                                                        \
    if (accumulate) {                                                                                               \
      tile(ROWS, vectors, 1, job.c, job.c_stride, job.rows, job.m, job.taps, job.first, job.depth, job.panel);      \
    } else {                                                                                                        \
      tile(ROWS, vectors, 0, job.c, job.c_stride, job.rows, job.m, job.taps, job.first, job.depth, job.panel);      \
    }                                                                                                               \
    break;

MOON_INLINE void any_tile(int tile_rows, int vectors, int accumulate, tile_job job) {
  switch (tile_rows) {
    TILE_CASE(1)
    TILE_CASE(2)
    TILE_CASE(3)
    TILE_CASE(4)
    TILE_CASE(5)
    TILE_CASE(6)
    default: break;
  }
}

MOON_CLONES static void full_tile(int tile_rows, int accumulate, const tile_job *job) {
  any_tile(tile_rows, 2, accumulate, *job);
}

MOON_CLONES static void half_tile(int tile_rows, int accumulate, const tile_job *job) {
  any_tile(tile_rows, 1, accumulate, *job);
}

/// A tile of the last columns, fewer than a panel: computed beside c, then copied.
static void edge_tile(int tile_rows, int accumulate, const tile_job *job, ptrdiff_t columns) {
  float values[TILE_ROWS * MOON_PANEL];
  tile_job beside = *job;
  beside.c = values;
  beside.c_stride = MOON_PANEL;
  if (accumulate) {
    memset(values, 0, sizeof values);
    for (int i = 0; i < tile_rows; i++) {
      memcpy(values + i * MOON_PANEL, job->c + i * job->c_stride, (size_t)columns * sizeof *values);
    }
  }
  if (columns <= MOON_LANES) half_tile(tile_rows, accumulate, &beside);
  else full_tile(tile_rows, accumulate, &beside);
  for (int i = 0; i < tile_rows; i++) {
    memcpy(job->c + i * job->c_stride, values + i * MOON_PANEL, (size_t)columns * sizeof *values);
  }
}

/// One block of the depth, for all rows and columns.
static void depth_block(const tile_job *block, ptrdiff_t n, ptrdiff_t panel_size, int accumulate) {
  const ptrdiff_t tiles = (block->m + TILE_ROWS - 1) / TILE_ROWS;
  for (ptrdiff_t column = 0; column < n; column += MOON_PANEL) {
    ptrdiff_t row = 0;
    for (ptrdiff_t i = 0; i < tiles; i++) {
      // Heights differ by one at most: no thin last tile.
      const int height = (int)((block->m - row + tiles - i - 1) / (tiles - i));
      tile_job job = *block;
      job.c += row * job.c_stride + column;
      job.rows += row;
      job.panel += column / MOON_PANEL * panel_size;
      if (n - column >= MOON_PANEL) full_tile(height, accumulate, &job);
      else if (n - column == MOON_LANES) half_tile(height, accumulate, &job);
      else edge_tile(height, accumulate, &job, n - column);
      row += height;
    }
  }
}

void moon_product(
    float *c, ptrdiff_t c_stride, const float *const *rows, ptrdiff_t m, ptrdiff_t taps, ptrdiff_t depth,
    const float *panels, ptrdiff_t n, int accumulate) {
  const ptrdiff_t panel_size = taps * depth * MOON_PANEL;
  tile_job block = {c, c_stride, rows, m, taps, 0, depth, panels};
  if (taps * depth <= DEPTH_BLOCK) {
    depth_block(&block, n, panel_size, accumulate);
    return;
  }
  const ptrdiff_t group = depth < DEPTH_BLOCK ? DEPTH_BLOCK / depth : 1;
  const ptrdiff_t parts = (depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK;
  for (ptrdiff_t tap = 0; tap < taps; tap += group) {
    block.rows = rows + tap * m;
    block.taps = taps - tap < group ? taps - tap : group;
    for (ptrdiff_t part = 0; part < parts; part++) {
      block.first = depth * part / parts;
      block.depth = depth * (part + 1) / parts - block.first;
      block.panel = panels + (tap * depth + block.first) * MOON_PANEL;
      depth_block(&block, n, panel_size, accumulate || tap > 0 || part > 0);
    }
  }
}
