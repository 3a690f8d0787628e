#include "moon_product.h"

#include "vectors.h"

// Floats of one line of the cache, and rows of a panel that are fetched before they are used.
#define LINE 16
#define PANEL_AHEAD 32
// Rows that are copied next to each other, at least and at most.
#define LEAST_COPIED_ROWS 12
#define COPIED_ROWS 96

typedef struct {
  float *c;
  ptrdiff_t c_stride;
  const float *const *rows;
  ptrdiff_t m, taps, first, depth;
  const float *panel;
} tile_job;

// Six rows of one panel: twelve sums of eight columns stay in registers.
#define TILE_NAME(name) name
#define TILE_TARGET MOON_CLONES
#define TILE_VECTOR moon_v8
#define TILE_LANES MOON_LANES
#define TILE_ROWS 6
#include "product_tile.h"
#undef TILE_NAME
#undef TILE_TARGET
#undef TILE_VECTOR
#undef TILE_LANES
#undef TILE_ROWS

#if defined(__x86_64__)
// With AVX-512, eight rows of two panels: sixteen sums of sixteen columns, and a register for the place of each row.
#define TILE_NAME(name) wide_##name
#define TILE_TARGET MOON_WIDE
#define TILE_VECTOR moon_v16
#define TILE_LANES 16
#define TILE_ROWS 8
#include "product_tile.h"
#undef TILE_NAME
#undef TILE_TARGET
#undef TILE_VECTOR
#undef TILE_LANES
#undef TILE_ROWS

/// One block of the depth with the widest vectors that the machine has; sums are the same with any.
static void depth_block_of_machine(const tile_job *job, ptrdiff_t n, ptrdiff_t panel_size, int accumulate) {
  if (moon_has_wide_vectors()) wide_depth_block(job, n, panel_size, accumulate);
  else depth_block(job, n, panel_size, accumulate);
}
#else
#define depth_block_of_machine depth_block
#endif

/// Whether rows are so far apart that they fall on the same places of the first cache.
static int is_crowded(const float *const *rows, ptrdiff_t m, ptrdiff_t taps) {
  if (taps != 1 || m < LEAST_COPIED_ROWS || m > COPIED_ROWS) return 0;
  const ptrdiff_t apart = (const char *)rows[1] - (const char *)rows[0];
  return apart != 0 && apart % 2048 == 0;
}

/// The panels of one product and how they are stored.
typedef struct {
  const void *elements;
  int kind;
  float *room;
  ptrdiff_t panel_size;
} panel_store;

/// Points `block` to the rows `first` and following of each panel, `count` of them, which are widened first where they
/// are halves; returns the floats of one panel there.
static ptrdiff_t open_panels(tile_job *block, const panel_store *store, ptrdiff_t n, ptrdiff_t first, ptrdiff_t count) {
  if (store->kind == moon_float32) {
    block->panel = (const float *)store->elements + first * MOON_PANEL;
    return store->panel_size;
  }
  const ptrdiff_t size = count * MOON_PANEL;
  for (ptrdiff_t panel = 0; panel * MOON_PANEL < n; panel++) {
    const uint16_t *halves = (const uint16_t *)store->elements + panel * store->panel_size + first * MOON_PANEL;
    moon_widen_halves(store->room + panel * size, halves, store->kind, size);
  }
  block->panel = store->room;
  return size;
}

/// As `moon_product` for one tap: each block of the depth is copied so that its rows lie next to each other.
static void crowded_product(const tile_job *whole, const panel_store *store, ptrdiff_t n, int accumulate) {
  float room[COPIED_ROWS][MOON_DEPTH_BLOCK + MOON_PANEL];
  const float *places[COPIED_ROWS];
  tile_job block = *whole;
  block.rows = places;
  const ptrdiff_t parts = (whole->depth + MOON_DEPTH_BLOCK - 1) / MOON_DEPTH_BLOCK;
  for (ptrdiff_t part = 0; part < parts; part++) {
    const ptrdiff_t first = whole->depth * part / parts;
    block.depth = whole->depth * (part + 1) / parts - first;
    for (ptrdiff_t i = 0; i < block.m; i++) {
      memcpy(room[i], whole->rows[i] + first, (size_t)block.depth * sizeof(float));
      places[i] = room[i];
    }
    const ptrdiff_t size = open_panels(&block, store, n, first, block.depth);
    depth_block_of_machine(&block, n, size, accumulate || part > 0);
  }
}

void moon_product(
    float *c, ptrdiff_t c_stride, const float *const *rows, ptrdiff_t m, ptrdiff_t taps, ptrdiff_t depth,
    const void *panels, int kind, float *room, ptrdiff_t n, int accumulate) {
  const panel_store store = {panels, kind, room, taps * depth * MOON_PANEL};
  tile_job block = {c, c_stride, rows, m, taps, 0, depth, NULL};
  if (taps * depth <= MOON_DEPTH_BLOCK) {
    const ptrdiff_t size = open_panels(&block, &store, n, 0, taps * depth);
    depth_block_of_machine(&block, n, size, accumulate);
    return;
  }
  if (is_crowded(rows, m, taps)) {
    crowded_product(&block, &store, n, accumulate);
    return;
  }
  const ptrdiff_t group = depth < MOON_DEPTH_BLOCK ? MOON_DEPTH_BLOCK / depth : 1;
  const ptrdiff_t parts = (depth + MOON_DEPTH_BLOCK - 1) / MOON_DEPTH_BLOCK;
  for (ptrdiff_t tap = 0; tap < taps; tap += group) {
    block.rows = rows + tap * m;
    block.taps = taps - tap < group ? taps - tap : group;
    for (ptrdiff_t part = 0; part < parts; part++) {
      block.first = depth * part / parts;
      block.depth = depth * (part + 1) / parts - block.first;
      const ptrdiff_t size = open_panels(&block, &store, n, tap * depth + block.first, block.taps * block.depth);
      depth_block_of_machine(&block, n, size, accumulate || tap > 0 || part > 0);
    }
  }
}
