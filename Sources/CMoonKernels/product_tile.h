// The inner loops of products for one width of vectors. The file that includes this has defined
//   TILE_NAME(name)  the name of a function for this width,
//   TILE_TARGET      for which machines functions are compiled,
//   TILE_VECTOR, TILE_LANES  a vector and its floats,
//   TILE_ROWS        rows whose sums stay in registers, two vectors each.
// A vector is half a panel or a whole one; two vectors are one panel or two that lie next to each other.


/// `tile_rows` rows of one or two `vectors` of sums over `taps` runs of `depth` products; the second vector of a row of
/// the panel is `step` floats after the first. With `ahead` the rows after these are fetched into the first cache
/// meanwhile, a few lines at a time.
MOON_INLINE void TILE_NAME(tile)(
    int tile_rows, int vectors, int accumulate, int ahead, const tile_job *job, float *c, const float *const *rows,
    const float *panel, ptrdiff_t step) {
  TILE_VECTOR sums[TILE_ROWS][2];
  for (int i = 0; i < tile_rows; i++) {
    for (int j = 0; j < vectors; j++) {
      const TILE_VECTOR *place = (const TILE_VECTOR *)(c + i * job->c_stride + j * TILE_LANES);
      sums[i][j] = accumulate ? *place : (TILE_VECTOR){0};
    }
  }
  for (ptrdiff_t tap = 0; tap < job->taps; tap++) {
    const float *a[TILE_ROWS], *next[TILE_ROWS];
    for (int i = 0; i < tile_rows; i++) a[i] = rows[tap * job->m + i] + job->first;
    for (int i = 0; ahead && i < tile_rows; i++) next[i] = rows[tap * job->m + tile_rows + i] + job->first;
    for (ptrdiff_t k = 0; k < job->depth;) {
      const ptrdiff_t end = job->depth - k < LINE ? job->depth : k + LINE;
      for (int i = 0; ahead && i < tile_rows; i++) __builtin_prefetch(next[i] + k);
      for (; k < end; k++) {
        TILE_VECTOR b[2];
        for (int j = 0; j < vectors; j++) {
          if (j == 0 || TILE_LANES == MOON_PANEL) __builtin_prefetch(panel + j * step + PANEL_AHEAD * MOON_PANEL);
          b[j] = *(const TILE_VECTOR *)(panel + j * step);
        }
        for (int i = 0; i < tile_rows; i++) {
          for (int j = 0; j < vectors; j++) sums[i][j] += a[i][k] * b[j];
        }
        panel += MOON_PANEL;
      }
    }
  }
  for (int i = 0; i < tile_rows; i++) {
    for (int j = 0; j < vectors; j++) *(TILE_VECTOR *)(c + i * job->c_stride + j * TILE_LANES) = sums[i][j];
  }
}

#define TILE_CASE(ROWS)                                                                \
  case ROWS:                                                                           \
    TILE_NAME(tile)(ROWS, vectors, accumulate, ahead, job, c, rows, panel, step); \
    break;

MOON_INLINE void TILE_NAME(any_tile)(
    int tile_rows, int vectors, int accumulate, int ahead, const tile_job *job, float *c, const float *const *rows,
    const float *panel, ptrdiff_t step) {
  switch (tile_rows) {
    TILE_CASE(1)
    TILE_CASE(2)
    TILE_CASE(3)
    TILE_CASE(4)
    TILE_CASE(5)
    TILE_CASE(6)
#if TILE_ROWS > 6
    TILE_CASE(7)
    TILE_CASE(8)

#endif
    default: break;
  }
}

/// All rows of one or two vectors of columns.
MOON_INLINE void TILE_NAME(columns)(
    int vectors, int accumulate, int is_first, const tile_job *job, float *c, const float *panel, ptrdiff_t step) {
  const ptrdiff_t tiles = (job->m + TILE_ROWS - 1) / TILE_ROWS;
  ptrdiff_t row = 0;
  for (ptrdiff_t i = 0; i < tiles; i++) {
    // Heights differ by one at most: no thin last tile.
    const int height = (int)((job->m - row + tiles - i - 1) / (tiles - i));
    float *place = c + row * job->c_stride;
    // Rows come from afar once, with the first columns; later ones find them in the second cache. The next tile is as
    // high as this one or lower by one: what is fetched too much is the row after it, if there is one.
    if (is_first && row + 2 * height <= job->m) {
      TILE_NAME(any_tile)(height, vectors, accumulate, 1, job, place, job->rows + row, panel, step);
    } else {
      TILE_NAME(any_tile)(height, vectors, accumulate, 0, job, place, job->rows + row, panel, step);
    }
    row += height;
  }
}

/// One block of the depth, for all rows and columns.
TILE_TARGET static void TILE_NAME(depth_block)(
    const tile_job *job, ptrdiff_t n, ptrdiff_t panel_size, int accumulate) {
  const int is_half = TILE_LANES < MOON_PANEL;
  const ptrdiff_t step = is_half ? TILE_LANES : panel_size;
  ptrdiff_t column = 0;
  const float *panel = job->panel;
  for (; column + 2 * TILE_LANES <= n; column += 2 * TILE_LANES, panel += is_half ? panel_size : 2 * panel_size) {
    TILE_NAME(columns)(2, accumulate, column == 0, job, job->c + column, panel, step);
  }
  if (column + TILE_LANES <= n && (is_half ? column + TILE_LANES == n : 1)) {
    TILE_NAME(columns)(1, accumulate, column == 0, job, job->c + column, panel, step);
    column += TILE_LANES;
    panel += panel_size;
  }
  if (column >= n) return;
#if TILE_LANES == MOON_PANEL
  if (n - column == MOON_LANES) {
    // Half a panel fills narrow vectors.
    columns(1, accumulate, column == 0, job, job->c + column, panel, MOON_LANES);
    return;
  }
#endif
  // The last columns do not fill their vectors: they are computed beside c, some rows at a time, then copied.
  const int vectors = n - column > TILE_LANES ? 2 : 1;
  const size_t bytes = (size_t)(n - column) * sizeof(float);
  for (ptrdiff_t row = 0; row < job->m; row += TILE_ROWS) {
    float values[TILE_ROWS * MOON_PANEL] = {0};
    const int height = job->m - row < TILE_ROWS ? (int)(job->m - row) : TILE_ROWS;
    float *place = job->c + row * job->c_stride + column;
    tile_job beside = *job;
    beside.c_stride = MOON_PANEL;
    for (int i = 0; accumulate && i < height; i++) memcpy(values + i * MOON_PANEL, place + i * job->c_stride, bytes);
    if (vectors == 2) TILE_NAME(any_tile)(height, 2, 1, 0, &beside, values, job->rows + row, panel, step);
    else TILE_NAME(any_tile)(height, 1, 1, 0, &beside, values, job->rows + row, panel, step);
    for (int i = 0; i < height; i++) memcpy(place + i * job->c_stride, values + i * MOON_PANEL, bytes);
  }
}

#undef TILE_CASE
