// Products of matrices whose right side has been packed into panels.
//
// A panel holds MOON_PANEL columns of the right side, row after row of it: `depth` rows of MOON_PANEL floats. The left
// side is not packed: it is read through one pointer a row, or one a row and tap, so that a convolution needs no
// copy of its windows. The sums of an element do not depend on how rows and columns are cut into calls.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MOON_PANEL 16
/// Rows of a panel that are used for all rows of the left side before going on: they stay in the first caches.
#define MOON_DEPTH_BLOCK 320

/// Storage of a matrix, in the order of the Swift enumeration `DType`.
enum { moon_float32, moon_float16, moon_bfloat16 };

/// Widens `count` 16-bit elements of `kind`.
void moon_widen_halves(float *destination, const uint16_t *source, int kind, ptrdiff_t count);
/// Packs `columns` columns stored one after the other, `stride` elements apart, each of `depth` elements. Element k of
/// a column goes to row (k % taps) * (depth / taps) + k / taps of its panel: taps first, as pictures are read.
/// The last panel is filled up with zeros. `source` holds elements of `kind`.
void moon_pack_columns(
    float *panels, const void *source, int kind, ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t taps);
/// Packs `depth` rows stored one after the other, `stride` elements apart, each of `columns` elements.
void moon_pack_rows(
    float *panels, const void *source, int kind, ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t depth);
/// As `moon_pack_columns` for columns of 16-bit elements, which stay as they are.
void moon_pack_half_columns(
    uint16_t *panels, const uint16_t *source, ptrdiff_t stride, ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t taps);
/// c = a b, or c += a b with `accumulate`, where c has `m` rows of `n` columns, `c_stride` elements apart.
/// Row i of a is `taps` runs of `depth` floats: run t is at rows[t * m + i]. The panels have taps * depth rows of
/// elements of `kind`; where those are halves, `room` holds MOON_DEPTH_BLOCK rows of all panels as floats.
void moon_product(
    float *c, ptrdiff_t c_stride, const float *const *rows, ptrdiff_t m, ptrdiff_t taps, ptrdiff_t depth,
    const void *panels, int kind, float *room, ptrdiff_t n, int accumulate);
/// c[i][j] = x[i] . w[j] for few rows: `m` rows of x, `n` rows of w of elements of `kind`, all contiguous, `depth` long.
void moon_dot_rows(
    float *c, ptrdiff_t c_stride, const float *x, ptrdiff_t m, const void *w, int kind, ptrdiff_t n, ptrdiff_t depth);
