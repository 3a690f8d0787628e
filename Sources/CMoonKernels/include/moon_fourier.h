// The passes of a Fourier transform in double precision, real and imaginary parts apart, several transforms at a time.
#pragma once

#include <stddef.h>

/// `cosines[i] = cos(2 pi k / n)` and `sines[i] = -sin(2 pi k / n)` for `k = begin + i`; with `is_chirp` the angle is
/// that of `k^2 / (2 n)` turns.
void moon_fourier_roots(
    double *cosines, double *sines, ptrdiff_t n, ptrdiff_t begin, ptrdiff_t end, int is_chirp);
/// One self-sorting pass of radix `radix` over `batch` interleaved transforms of length `n`, of which the factors
/// `done` are behind: units `begin..<end` of the `n / radix * batch`. The roots are those of unity of order `n`.
void moon_fourier_pass(
    ptrdiff_t radix, ptrdiff_t n, ptrdiff_t done, ptrdiff_t batch, double *to_re, double *to_im, const double *re,
    const double *im, const double *root_re, const double *root_im, ptrdiff_t begin, ptrdiff_t end);
/// `a[i] *= b[i / batch]`, complex, `b` conjugated first when `conjugates_factor`, the product when
/// `conjugates_product`. Elements `begin..<end`.
void moon_fourier_multiply(
    double *re, double *im, const double *with_re, const double *with_im, ptrdiff_t batch, int conjugates_factor,
    int conjugates_product, ptrdiff_t begin, ptrdiff_t end);
/// Gathers elements `begin..<end` of `batch` lines that lie `apart` from each other, steps of `stride`. The imaginary
/// part of an element lies `part` after the real one; with 0 there is none. `sign` multiplies imaginary parts.
void moon_fourier_load(
    double *re, double *im, ptrdiff_t batch, const float *source, ptrdiff_t apart, ptrdiff_t stride, ptrdiff_t part,
    double sign, ptrdiff_t begin, ptrdiff_t end);
/// Scatters them, the real part times `scale`, the imaginary part, right after it, times `scale * sign`.
void moon_fourier_store(
    float *destination, ptrdiff_t apart, ptrdiff_t stride, const double *re, const double *im, ptrdiff_t batch,
    double scale, double sign, ptrdiff_t begin, ptrdiff_t end);
