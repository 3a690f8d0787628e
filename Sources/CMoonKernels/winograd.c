#include "moon_winograd.h"

#include "vectors.h"
#include "winograd_points.h"

/// Six values to six points.
MOON_INLINE void to_points(moon_v8 *t, const moon_v8 *d) {
  const moon_v8 even_a = d[4] - d[2] * (B * B), odd_a = (d[3] - d[1] * (B * B)) * A;
  const moon_v8 even_b = d[4] - d[2] * (A * A), odd_b = (d[3] - d[1] * (A * A)) * B;
  t[0] = d[4] - d[2] * (A * A + B * B) + d[0] * (A * A * B * B);
  t[1] = even_a + odd_a;
  t[2] = even_a - odd_a;
  t[3] = even_b + odd_b;
  t[4] = even_b - odd_b;
  t[5] = d[5] - d[3] * (A * A + B * B) + d[1] * (A * A * B * B);
}

/// Six points to four values.
MOON_INLINE void from_points(moon_v8 *y, const moon_v8 *m) {
  const moon_v8 even_a = (m[1] + m[2]) * FOR_A, odd_a = m[1] - m[2];
  const moon_v8 even_b = (m[3] + m[4]) * FOR_B, odd_b = m[3] - m[4];
  y[0] = m[0] * FOR_ZERO + even_a + even_b;
  y[1] = odd_a * (A * FOR_A) + odd_b * (B * FOR_B);
  y[2] = even_a * (A * A) + even_b * (B * B);
  y[3] = odd_a * (A * A * A * FOR_A) + odd_b * (B * B * B * FOR_B) + m[5];
}

/// Eight channels of one tile, `pixels` being its 36 inputs.
MOON_INLINE void input_lanes(float *v, ptrdiff_t point_stride, const float *const *pixels, ptrdiff_t channel) {
  moon_v8 half[SIDE][SIDE];
  for (int x = 0; x < SIDE; x++) {
    moon_v8 d[SIDE], t[SIDE];
    for (int y = 0; y < SIDE; y++) d[y] = *(const moon_v8 *)(pixels[y * SIDE + x] + channel);
    to_points(t, d);
    for (int y = 0; y < SIDE; y++) half[y][x] = t[y];
  }
  for (int y = 0; y < SIDE; y++) {
    moon_v8 t[SIDE];
    to_points(t, half[y]);
    for (int x = 0; x < SIDE; x++) *(moon_v8 *)(v + (y * SIDE + x) * point_stride) = t[x];
  }
}

ptrdiff_t moon_winograd_stride(ptrdiff_t count) { return ((count + 15) / 16 | 1) * 16; }

/// Where the 36 inputs of a tile lie.
static void find_pixels(
    const float **pixels, const float *pictures, const moon_tiling *tiling, ptrdiff_t tile, const float *zeros) {
  const ptrdiff_t across = tile % tiling->tiles_across, rest = tile / tiling->tiles_across;
  const ptrdiff_t down = rest % tiling->tiles_down, item = rest / tiling->tiles_down;
  const ptrdiff_t height = tiling->height >> tiling->doubling, width = tiling->width >> tiling->doubling;
  for (ptrdiff_t y = 0; y < SIDE; y++) {
    const ptrdiff_t row = down * OUT - tiling->top + y;
    for (ptrdiff_t x = 0; x < SIDE; x++) {
      const ptrdiff_t column = across * OUT - tiling->left + x;
      const int is_inside = row >= 0 && row < tiling->height && column >= 0 && column < tiling->width;
      pixels[y * SIDE + x] =
          is_inside ? pictures + ((item * height + (row >> tiling->doubling)) * width + (column >> tiling->doubling)) *
                                     tiling->inputs
                    : zeros;
    }
  }
}

MOON_CLONES void moon_winograd_inputs(
    float *v, ptrdiff_t point_stride, const float *pictures, const moon_tiling *tiling, ptrdiff_t tile, ptrdiff_t tiles,
    ptrdiff_t first, ptrdiff_t count, const float *zeros) {
  for (ptrdiff_t t = 0; t < tiles; t++) {
    const float *pixels[MOON_WINOGRAD_POINTS];
    find_pixels(pixels, pictures, tiling, tile + t, zeros);
    ptrdiff_t channel = 0;
    for (; channel + MOON_LANES <= count; channel += MOON_LANES) {
      input_lanes(v + t * count + channel, point_stride, pixels, first + channel);
    }
    if (channel == count) continue;
    // The last channels, fewer than eight: beside the picture.
    const size_t left = (size_t)(count - channel) * sizeof(float);
    float lanes[MOON_WINOGRAD_POINTS][MOON_LANES] = {0}, points[MOON_WINOGRAD_POINTS][MOON_LANES];
    const float *copies[MOON_WINOGRAD_POINTS];
    for (int p = 0; p < MOON_WINOGRAD_POINTS; p++) {
      memcpy(lanes[p], pixels[p] + first + channel, left);
      copies[p] = lanes[p];
    }
    input_lanes(points[0], MOON_LANES, copies, 0);
    for (int p = 0; p < MOON_WINOGRAD_POINTS; p++) memcpy(v + p * point_stride + t * count + channel, points[p], left);
  }
}

/// Eight channels of one tile: 36 products to 4 x 4 values.
MOON_INLINE void output_lanes(float values[OUT * OUT][MOON_LANES], const float *products, ptrdiff_t point_stride) {
  moon_v8 half[OUT][SIDE];
  for (int x = 0; x < SIDE; x++) {
    moon_v8 m[SIDE], t[OUT];
    for (int y = 0; y < SIDE; y++) m[y] = *(const moon_v8 *)(products + (y * SIDE + x) * point_stride);
    from_points(t, m);
    for (int y = 0; y < OUT; y++) half[y][x] = t[y];
  }
  for (int y = 0; y < OUT; y++) {
    moon_v8 t[OUT];
    from_points(t, half[y]);
    for (int x = 0; x < OUT; x++) *(moon_v8 *)values[y * OUT + x] = t[x];
  }
}

MOON_CLONES void moon_winograd_outputs(
    float *pictures, const float *products, ptrdiff_t point_stride, const moon_tiling *tiling, ptrdiff_t tile,
    ptrdiff_t tiles, ptrdiff_t first, ptrdiff_t count, const float *shifts, const float *residual) {
  const ptrdiff_t outputs = tiling->outputs;
  for (ptrdiff_t t = 0; t < tiles; t++) {
    const ptrdiff_t across = (tile + t) % tiling->tiles_across, rest = (tile + t) / tiling->tiles_across;
    const ptrdiff_t down = rest % tiling->tiles_down, item = rest / tiling->tiles_down;
    const ptrdiff_t rows = tiling->rows - down * OUT < OUT ? tiling->rows - down * OUT : OUT;
    const ptrdiff_t columns = tiling->columns - across * OUT < OUT ? tiling->columns - across * OUT : OUT;
    const ptrdiff_t corner = ((item * tiling->rows + down * OUT) * tiling->columns + across * OUT) * outputs + first;
    const float *shift = shifts + item * outputs + first;
    for (ptrdiff_t channel = 0; channel < count; channel += MOON_LANES) {
      float values[OUT * OUT][MOON_LANES];
      const float *source = products + t * count + channel;
      const ptrdiff_t lanes = count - channel < MOON_LANES ? count - channel : MOON_LANES;
      if (lanes == MOON_LANES) {
        output_lanes(values, source, point_stride);
        const moon_v8 added = *(const moon_v8 *)(shift + channel);
        for (ptrdiff_t y = 0; y < rows; y++) {
          for (ptrdiff_t x = 0; x < columns; x++) {
            const ptrdiff_t place = corner + (y * tiling->columns + x) * outputs + channel;
            moon_v8 sum = *(const moon_v8 *)values[y * OUT + x] + added;
            if (residual) sum += *(const moon_v8 *)(residual + place);
            *(moon_v8 *)(pictures + place) = sum;
          }
        }
        continue;
      }
      float copies[MOON_WINOGRAD_POINTS][MOON_LANES] = {0};
      for (int p = 0; p < MOON_WINOGRAD_POINTS; p++) {
        memcpy(copies[p], source + p * point_stride, (size_t)lanes * sizeof(float));
      }
      output_lanes(values, copies[0], MOON_LANES);
      for (ptrdiff_t y = 0; y < rows; y++) {
        for (ptrdiff_t x = 0; x < columns; x++) {
          const ptrdiff_t place = corner + (y * tiling->columns + x) * outputs + channel;
          for (ptrdiff_t lane = 0; lane < lanes; lane++) {
            const float sum = values[y * OUT + x][lane] + shift[channel + lane];
            pictures[place + lane] = residual ? sum + residual[place + lane] : sum;
          }
        }
      }
    }
  }
}
