#include "moon_product.h"

#include "moon_convert.h"
#include "vectors.h"

// Twelve sums of eight columns stay in registers: six rows of one panel.
#define TILE_ROWS 6
// Rows of a panel that are used for all rows of the left side before going on: they stay in the first cache.
#define DEPTH_BLOCK 320
// Floats of one line of the cache, and rows of a panel that are fetched before they are used.
#define LINE 16
#define PANEL_AHEAD 32
// Rows that are copied next to each other at most.
#define COPIED_ROWS 96

/// `tile_rows` x 8 `vectors` sums over `taps` runs of `depth` products. With `ahead` the rows after these are fetched
/// into the first cache meanwhile, a few lines at a time.
MOON_INLINE void tile(
    int tile_rows, int vectors, int accumulate, int ahead, float *c, ptrdiff_t c_stride, const float *const *rows,
    ptrdiff_t m, ptrdiff_t taps, ptrdiff_t first, ptrdiff_t depth, const float *panel) {
  moon_v8 sums[TILE_ROWS][2];
  for (int i = 0; i < tile_rows; i++) {
    for (int j = 0; j < vectors; j++) {
      sums[i][j] = accumulate ? *(const moon_v8 *)(c + i * c_stride + j * MOON_LANES) : (moon_v8){0};
    }
  }
  for (ptrdiff_t tap = 0; tap < taps; tap++) {
    const float *a[TILE_ROWS], *next[TILE_ROWS];
    for (int i = 0; i < tile_rows; i++) a[i] = rows[tap * m + i] + first;
    for (int i = 0; ahead && i < tile_rows; i++) next[i] = rows[tap * m + tile_rows + i] + first;
    for (ptrdiff_t k = 0; k < depth;) {
      const ptrdiff_t end = depth - k < LINE ? depth : k + LINE;
      for (int i = 0; ahead && i < tile_rows; i++) __builtin_prefetch(next[i] + k);
      for (; k < end; k++) {
        __builtin_prefetch(panel + PANEL_AHEAD * MOON_PANEL);
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

#define TILE_CASE(ROWS)                                                                                        \
  case ROWS:                                                                                                   \
    tile(                                                                                                      \
        ROWS, vectors, accumulate, ahead, c, job->c_stride, rows, job->m, job->taps, job->first, job->depth, panel); \
    break;

MOON_INLINE void any_tile(
    int tile_rows, int vectors, int accumulate, int ahead, const tile_job *job, float *c, const float *const *rows,
    const float *panel) {
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

/// All rows of one panel, or of its first half.
MOON_INLINE void panel_column(
    int vectors, int accumulate, int is_first, const tile_job *job, float *c, const float *panel) {
  const ptrdiff_t tiles = (job->m + TILE_ROWS - 1) / TILE_ROWS;
  ptrdiff_t row = 0;
  for (ptrdiff_t i = 0; i < tiles; i++) {
    // Heights differ by one at most: no thin last tile.
    const int height = (int)((job->m - row + tiles - i - 1) / (tiles - i));
    // Rows come from afar once, with the first panel; later panels find them in the second cache. The next tile is as
    // high as this one or lower by one: what is fetched too much is the row after it, if there is one.
    const int ahead = is_first && row + 2 * height <= job->m;
    if (ahead) any_tile(height, vectors, accumulate, 1, job, c + row * job->c_stride, job->rows + row, panel);
    else any_tile(height, vectors, accumulate, 0, job, c + row * job->c_stride, job->rows + row, panel);
    row += height;
  }
}

/// One block of the depth, for all rows and columns.
MOON_CLONES static void depth_block(const tile_job *job, ptrdiff_t n, ptrdiff_t panel_size, int accumulate) {
  ptrdiff_t column = 0;
  const float *panel = job->panel;
  for (; column + MOON_PANEL <= n; column += MOON_PANEL, panel += panel_size) {
    if (accumulate) panel_column(2, 1, column == 0, job, job->c + column, panel);
    else panel_column(2, 0, column == 0, job, job->c + column, panel);
  }
  if (column == n) return;
  if (n - column == MOON_LANES) {
    if (accumulate) panel_column(1, 1, column == 0, job, job->c + column, panel);
    else panel_column(1, 0, column == 0, job, job->c + column, panel);
    return;
  }
  // The last columns do not fill their vectors: they are computed beside c, six rows at a time, then copied.
  const size_t bytes = (size_t)(n - column) * sizeof(float);
  for (ptrdiff_t row = 0; row < job->m; row += TILE_ROWS) {
    float values[TILE_ROWS * MOON_PANEL] = {0};
    const int height = job->m - row < TILE_ROWS ? (int)(job->m - row) : TILE_ROWS;
    float *place = job->c + row * job->c_stride + column;
    tile_job beside = *job;
    beside.c_stride = MOON_PANEL;
    for (int i = 0; accumulate && i < height; i++) memcpy(values + i * MOON_PANEL, place + i * job->c_stride, bytes);
    if (n - column > MOON_LANES) any_tile(height, 2, 1, 0, &beside, values, job->rows + row, panel);
    else any_tile(height, 1, 1, 0, &beside, values, job->rows + row, panel);
    for (int i = 0; i < height; i++) memcpy(place + i * job->c_stride, values + i * MOON_PANEL, bytes);
  }
}

/// Whether rows are so far apart that they fall on the same places of the first cache.
static int is_crowded(const float *const *rows, ptrdiff_t m, ptrdiff_t taps) {
  if (taps != 1 || m < 2 * TILE_ROWS || m > COPIED_ROWS) return 0;
  const ptrdiff_t apart = (const char *)rows[1] - (const char *)rows[0];
  return apart != 0 && apart % 2048 == 0;
}

/// As `moon_product` for one tap: each block of the depth is copied so that its rows lie next to each other.
static void crowded_product(const tile_job *whole, ptrdiff_t n, ptrdiff_t panel_size, int accumulate) {
  float room[COPIED_ROWS][DEPTH_BLOCK + MOON_PANEL];
  const float *places[COPIED_ROWS];
  tile_job block = *whole;
  block.rows = places;
  const ptrdiff_t parts = (whole->depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK;
  for (ptrdiff_t part = 0; part < parts; part++) {
    const ptrdiff_t first = whole->depth * part / parts;
    block.depth = whole->depth * (part + 1) / parts - first;
    for (ptrdiff_t i = 0; i < block.m; i++) {
      memcpy(room[i], whole->rows[i] + first, (size_t)block.depth * sizeof(float));
      places[i] = room[i];
    }
    block.panel = whole->panel + first * MOON_PANEL;
    depth_block(&block, n, panel_size, accumulate || part > 0);
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
  if (is_crowded(rows, m, taps)) {
    crowded_product(&block, n, panel_size, accumulate);
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
