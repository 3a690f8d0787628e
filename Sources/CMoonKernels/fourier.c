#include "moon_fourier.h"

#include "dispatch.h"

#include <math.h>

/// cos and -sin of `numerator / denominator` turns, 0 <= numerator < denominator, reduced to an eighth of a turn first.
static void root(double *re, double *im, unsigned long long numerator, unsigned long long denominator) {
  const unsigned long long eighths = 8 * numerator / denominator;
  // Distance to the nearest quarter turn, exact.
  const unsigned long long quarter = (eighths + 1) / 2;
  const double rest = (double)(4 * (long long)numerator - (long long)(quarter * denominator));
  const double angle = rest / (double)denominator * 1.57079632679489661923;
  const double c = cos(angle), s = sin(angle);
  switch (quarter & 3) {
    case 0: *re = c, *im = -s; break;
    case 1: *re = -s, *im = -c; break;
    case 2: *re = -c, *im = s; break;
    default: *re = s, *im = c; break;
  }
}

void moon_fourier_roots(
    double *cosines, double *sines, ptrdiff_t n, ptrdiff_t begin, ptrdiff_t end, int is_chirp) {
  const unsigned long long order = is_chirp ? 2ull * (unsigned long long)n : (unsigned long long)n;
  for (ptrdiff_t k = begin; k < end; k++) {
    unsigned long long turns = (unsigned long long)k;
    if (is_chirp) turns = turns * turns;
    root(cosines + (k - begin), sines + (k - begin), turns % order, order);
  }
}

/// The units `k..<k_end` of one group, which share their roots: inputs lie `apart` from each other, outputs `t`.
MOON_INLINE void radix2(
    double *restrict yr, double *restrict yi, const double *restrict xr, const double *restrict xi, ptrdiff_t apart,
    ptrdiff_t t, const double *wr, const double *wi, ptrdiff_t count) {
  const double cr = wr[1], ci = wi[1];
  for (ptrdiff_t k = 0; k < count; k++) {
    const double ar = xr[k], ai = xi[k], br = xr[k + apart], bi = xi[k + apart];
    const double dr = ar - br, di = ai - bi;
    yr[k] = ar + br;
    yi[k] = ai + bi;
    yr[k + t] = dr * cr - di * ci;
    yi[k + t] = dr * ci + di * cr;
  }
}

MOON_INLINE void radix3(
    double *restrict yr, double *restrict yi, const double *restrict xr, const double *restrict xi, ptrdiff_t apart,
    ptrdiff_t t, const double *wr, const double *wi, ptrdiff_t count) {
  const double half = 0.86602540378443864676;
  for (ptrdiff_t k = 0; k < count; k++) {
    const double ar = xr[k], ai = xi[k];
    const double sr = xr[k + apart] + xr[k + 2 * apart], si = xi[k + apart] + xi[k + 2 * apart];
    const double dr = half * (xr[k + apart] - xr[k + 2 * apart]), di = half * (xi[k + apart] - xi[k + 2 * apart]);
    const double mr = ar - 0.5 * sr, mi = ai - 0.5 * si;
    const double pr = mr + di, pi = mi - dr, qr = mr - di, qi = mi + dr;
    yr[k] = ar + sr;
    yi[k] = ai + si;
    yr[k + t] = pr * wr[1] - pi * wi[1];
    yi[k + t] = pr * wi[1] + pi * wr[1];
    yr[k + 2 * t] = qr * wr[2] - qi * wi[2];
    yi[k + 2 * t] = qr * wi[2] + qi * wr[2];
  }
}

MOON_INLINE void radix4(
    double *restrict yr, double *restrict yi, const double *restrict xr, const double *restrict xi, ptrdiff_t apart,
    ptrdiff_t t, const double *wr, const double *wi, ptrdiff_t count) {
  const double w1r = wr[1], w1i = wi[1], w2r = wr[2], w2i = wi[2], w3r = wr[3], w3i = wi[3];
  for (ptrdiff_t k = 0; k < count; k++) {
    const double acr = xr[k] + xr[k + 2 * apart], aci = xi[k] + xi[k + 2 * apart];
    const double amr = xr[k] - xr[k + 2 * apart], ami = xi[k] - xi[k + 2 * apart];
    const double bdr = xr[k + apart] + xr[k + 3 * apart], bdi = xi[k + apart] + xi[k + 3 * apart];
    const double bmr = xr[k + apart] - xr[k + 3 * apart], bmi = xi[k + apart] - xi[k + 3 * apart];
    const double pr = amr + bmi, pi = ami - bmr, qr = acr - bdr, qi = aci - bdi, rr = amr - bmi, ri = ami + bmr;
    yr[k] = acr + bdr;
    yi[k] = aci + bdi;
    yr[k + t] = pr * w1r - pi * w1i;
    yi[k + t] = pr * w1i + pi * w1r;
    yr[k + 2 * t] = qr * w2r - qi * w2i;
    yi[k + 2 * t] = qr * w2i + qi * w2r;
    yr[k + 3 * t] = rr * w3r - ri * w3i;
    yi[k + 3 * t] = rr * w3i + ri * w3r;
  }
}

/// Any radix, by the definition; `ur` and `ui` are the roots of unity of the radix' order.
MOON_INLINE void radix_any(
    ptrdiff_t radix, double *restrict yr, double *restrict yi, const double *restrict xr, const double *restrict xi,
    ptrdiff_t apart, ptrdiff_t t, const double *wr, const double *wi, const double *ur, const double *ui,
    ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < radix; i++) {
    for (ptrdiff_t k = 0; k < count; k++) {
      double sr = xr[k], si = xi[k];
      ptrdiff_t turn = 0;
      for (ptrdiff_t j = 1; j < radix; j++) {
        turn = turn + i < radix ? turn + i : turn + i - radix;
        sr += xr[k + j * apart] * ur[turn] - xi[k + j * apart] * ui[turn];
        si += xr[k + j * apart] * ui[turn] + xi[k + j * apart] * ur[turn];
      }
      yr[k + i * t] = sr * wr[i] - si * wi[i];
      yi[k + i * t] = sr * wi[i] + si * wr[i];
    }
  }
}

#define LARGEST_RADIX 32

MOON_CLONES void moon_fourier_pass(
    ptrdiff_t radix, ptrdiff_t n, ptrdiff_t done, ptrdiff_t batch, double *to_re, double *to_im, const double *re,
    const double *im, const double *root_re, const double *root_im, ptrdiff_t begin, ptrdiff_t end) {
  const ptrdiff_t t = done * batch;
  const ptrdiff_t groups = n / done / radix;
  const ptrdiff_t apart = groups * t;
  double wr[LARGEST_RADIX], wi[LARGEST_RADIX], ur[LARGEST_RADIX], ui[LARGEST_RADIX];
  for (ptrdiff_t i = 0; i < radix; i++) {
    ur[i] = root_re[n / radix * i];
    ui[i] = root_im[n / radix * i];
  }
  while (begin < end) {
    const ptrdiff_t group = begin / t, k = begin % t;
    const ptrdiff_t count = t - k < end - begin ? t - k : end - begin;
    for (ptrdiff_t i = 0; i < radix; i++) {
      wr[i] = root_re[group * i * done];
      wi[i] = root_im[group * i * done];
    }
    double *yr = to_re + group * radix * t + k, *yi = to_im + group * radix * t + k;
    const double *xr = re + begin, *xi = im + begin;
    switch (radix) {
      case 2: radix2(yr, yi, xr, xi, apart, t, wr, wi, count); break;
      case 3: radix3(yr, yi, xr, xi, apart, t, wr, wi, count); break;
      case 4: radix4(yr, yi, xr, xi, apart, t, wr, wi, count); break;
      default: radix_any(radix, yr, yi, xr, xi, apart, t, wr, wi, ur, ui, count);
    }
    begin += count;
  }
}

MOON_CLONES void moon_fourier_multiply(
    double *re, double *im, const double *with_re, const double *with_im, ptrdiff_t batch, int conjugates_factor,
    int conjugates_product, ptrdiff_t begin, ptrdiff_t end) {
  const double sign = conjugates_product ? -1.0 : 1.0;
  while (begin < end) {
    const ptrdiff_t k = begin / batch;
    const ptrdiff_t stop = (k + 1) * batch < end ? (k + 1) * batch : end;
    const double c = with_re[k], s = conjugates_factor ? -with_im[k] : with_im[k];
    for (ptrdiff_t i = begin; i < stop; i++) {
      const double a = re[i], b = im[i];
      re[i] = a * c - b * s;
      im[i] = sign * (a * s + b * c);
    }
    begin = stop;
  }
}

void moon_fourier_load(
    double *re, double *im, ptrdiff_t batch, const float *source, ptrdiff_t apart, ptrdiff_t stride, ptrdiff_t part,
    double sign, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t k = begin; k < end; k++) {
    const float *from = source + k * stride;
    for (ptrdiff_t line = 0; line < batch; line++) {
      re[k * batch + line] = (double)from[line * apart];
      im[k * batch + line] = part ? sign * (double)from[line * apart + part] : 0.0;
    }
  }
}

void moon_fourier_store(
    float *destination, ptrdiff_t apart, ptrdiff_t stride, const double *re, const double *im, ptrdiff_t batch,
    double scale, double sign, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t k = begin; k < end; k++) {
    float *to = destination + k * stride;
    for (ptrdiff_t line = 0; line < batch; line++) {
      to[line * apart] = (float)(re[k * batch + line] * scale);
      to[line * apart + 1] = (float)(im[k * batch + line] * scale * sign);
    }
  }
}
