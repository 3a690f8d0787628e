// Filters to points, for one width of vectors. The file that includes this has defined
//   FILTER_NAME(name)  the name of a function for this width,
//   FILTER_TARGET      for which machines functions are compiled,
//   FILTER_VECTOR, FILTER_LANES  a vector and its floats.

/// Three filter taps to six points, but for the factors of winograd_points.h.
MOON_INLINE void FILTER_NAME(taps_to_points)(FILTER_VECTOR *t, const FILTER_VECTOR *g) {
  const FILTER_VECTOR even_a = g[2] * (A * A) + g[0], even_b = g[2] * (B * B) + g[0];
  t[0] = g[0];
  t[1] = g[1] * A + even_a;
  t[2] = g[1] * -A + even_a;
  t[3] = g[1] * B + even_b;
  t[4] = g[1] * -B + even_b;
  t[5] = g[2];
}

/// Transforms `inputs` filters of one panel of outputs: row i * 9 + tap of `filters` is that tap of input i.
FILTER_TARGET static void FILTER_NAME(panel_to_points)(
    float *u, ptrdiff_t point_stride, const float *filters, ptrdiff_t inputs) {
  for (ptrdiff_t i = 0; i < inputs; i++) {
    for (ptrdiff_t lanes = 0; lanes < MOON_PANEL; lanes += FILTER_LANES) {
      const float *taps = filters + i * TAPS * MOON_PANEL + lanes;
      FILTER_VECTOR half[SIDE][3];
      for (int x = 0; x < 3; x++) {
        FILTER_VECTOR g[3], t[SIDE];
        for (int y = 0; y < 3; y++) g[y] = *(const FILTER_VECTOR *)(taps + (y * 3 + x) * MOON_PANEL);
        FILTER_NAME(taps_to_points)(t, g);
        for (int y = 0; y < SIDE; y++) half[y][x] = t[y];
      }
      for (int y = 0; y < SIDE; y++) {
        FILTER_VECTOR t[SIDE];
        FILTER_NAME(taps_to_points)(t, half[y]);
        for (int x = 0; x < SIDE; x++) {
          *(FILTER_VECTOR *)(u + (y * SIDE + x) * point_stride + i * MOON_PANEL + lanes) = t[x];
        }
      }
    }
  }
}
