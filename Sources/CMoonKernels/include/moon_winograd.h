// Winograd's convolution F(4x4, 3x3): tiles of 4 x 4 outputs from 6 x 6 inputs by 36 products a channel pair instead of
// 144. The points are 0, +-3/4, +-3/2 and infinity: with them the error stays near a fifth of that of the usual
// 0, +-1, +-2.
#pragma once

#include <stddef.h>

#define MOON_WINOGRAD_POINTS 36

/// A picture cut into tiles, which are counted row by row through the whole batch. Channels are last.
typedef struct {
  ptrdiff_t height, width, inputs;     // of each input picture
  ptrdiff_t top, left;                 // zeros before the first row and column
  ptrdiff_t rows, columns, outputs;    // of each output picture
  ptrdiff_t tiles_down, tiles_across;  // tiles of each picture
  ptrdiff_t doubling;                  // 1 where each stored pixel is two rows and two columns of the input, else 0
} moon_tiling;

/// Floats from one point to the next when each takes `count`: an odd number of cache lines, so that the 36 points do
/// not fall on the same places of the first cache.
ptrdiff_t moon_winograd_stride(ptrdiff_t count);
/// Transforms channels `first ..< first + count` of `tiles` tiles: point p of tile t goes to
/// v[p * point_stride + t * count ...]. `zeros` holds `inputs` zeros.
void moon_winograd_inputs(
    float *v, ptrdiff_t point_stride, const float *pictures, const moon_tiling *tiling, ptrdiff_t tile, ptrdiff_t tiles,
    ptrdiff_t first, ptrdiff_t count, const float *zeros);
/// Transforms `inputs` filters of each of at most MOON_PANEL `outputs`, which lie `stride` elements of `kind` apart, nine
/// taps after nine taps. Row i of point p goes to u[p * point_stride + i * MOON_PANEL ...]; factors of the points are left
/// out, and made up for by `moon_winograd_outputs`.
void moon_winograd_filters(
    float *u, ptrdiff_t point_stride, const void *source, int kind, ptrdiff_t stride, ptrdiff_t outputs,
    ptrdiff_t inputs);
/// Turns products back into pixels of channels `first ..< first + count`: point p of tile t is at
/// products[p * point_stride + t * count ...]. Adds shifts[item * outputs + channel] and, unless null, `residual`, which has
/// the layout of `pictures`.
void moon_winograd_outputs(
    float *pictures, const float *products, ptrdiff_t point_stride, const moon_tiling *tiling, ptrdiff_t tile,
    ptrdiff_t tiles, ptrdiff_t first, ptrdiff_t count, const float *shifts, const float *residual);
