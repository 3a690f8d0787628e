// Exponential, logarithm and their kin for whole runs. Largest errors, in units in the last place, over all exponents:
// exponential 0.98, logarithm 0.82, sine and cosine 0.57, arc cosine 0.62, hyperbolic tangent 1.33. Special values (zeros,
// infinities, not-a-number) are those of the C library.
#pragma STDC FP_CONTRACT OFF

#include "moon_elementwise.h"

#include "vector_math.h"
#include "walk.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define MOON_LOOP _Pragma("clang loop vectorize(assume_safety)") for (ptrdiff_t i = 0; i < count; i++)

/// ln 2 in two parts: products of the first with small integers are exact.
static const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;

/// x = n ln 2 + r with |r| <= ln 2 / 2; a polynomial for exp r (Cephes, expf); then the power of two in two halves, so
/// that subnormal results and the largest ones come out right.
MOON_INLINE float exponential(float x) {
  const float shift = 0x1.8p23f;
  float bounded = x > 89.0f ? 89.0f : x;
  bounded = bounded < -104.0f ? -104.0f : bounded;
  const float shifted = bounded * 1.44269504f + shift;
  const uint32_t power = moon_bits_of(shifted) - moon_bits_of(shift);
  const float n = shifted - shift;
  const float r = (bounded - n * ln2_high) - n * ln2_low;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float y = (p * (r * r) + r) + 1.0f;
  const uint32_t half = (uint32_t)((int32_t)power >> 1);
  return y * moon_float_of((half + 127u) << 23) * moon_float_of((power - half + 127u) << 23);
}

#if defined(__x86_64__)
/// `exponential` of a dense run with AVX-512, whose scaling by a power of two takes one instruction; the same bits.
MOON_WIDE static void wide_exponentials(float *destination, const float *source, ptrdiff_t count) {
  const __m512 shift = _mm512_set1_ps(0x1.8p23f);
  for (ptrdiff_t i = 0; i < count; i += 16) {
    const __mmask16 lanes = count - i < 16 ? (__mmask16)((1u << (count - i)) - 1) : (__mmask16)0xFFFF;
    const __m512 x = _mm512_maskz_loadu_ps(lanes, source + i);
    // In this order a value that is no number stays one.
    __m512 bounded = _mm512_min_ps(_mm512_set1_ps(89.0f), x);
    bounded = _mm512_max_ps(_mm512_set1_ps(-104.0f), bounded);
    const __m512 n = (bounded * 1.44269504f + shift) - shift;
    const __m512 r = (bounded - n * ln2_high) - n * ln2_low;
    __m512 p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const __m512 y = (p * (r * r) + r) + 1.0f;
    _mm512_mask_storeu_ps(destination + i, lanes, _mm512_scalef_ps(y, n));
  }
}
#endif

/// x = 2^e (1 + m) with m in sqrt(1/2) - 1 ... sqrt(2) - 1, and a polynomial in m (Cephes, logf).
MOON_INLINE float logarithm(float x) {
  const int is_subnormal = x < 0x1p-126f;
  const uint32_t bits = moon_bits_of(is_subnormal ? x * 0x1p23f : x);
  float e = (float)((int32_t)(bits >> 23) - 126) - (is_subnormal ? 23.0f : 0.0f);
  float m = moon_float_of((bits & 0x007FFFFFu) | 0x3F000000u);
  const int is_low = m < 0.707106781f;
  e = is_low ? e - 1.0f : e;
  m = is_low ? (m + m) - 1.0f : m - 1.0f;
  const float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = p * m * z;
  y = y + e * ln2_low;
  y = y - 0.5f * z;
  y = (m + y) + e * ln2_high;
  y = x == INFINITY ? INFINITY : y;
  y = x == 0.0f ? -INFINITY : y;
  return (x < 0.0f || x != x) ? NAN : y;
}

/// Sine of x (quarter 0) or cosine (quarter 1) for |x| <= 2^20, in double precision: x = n pi/2 + r, pi/2 in two parts,
/// then the polynomials of FreeBSD's sinf and cosf.
MOON_INLINE float sine(float x, uint64_t quarter) {
  const double shift = 0x1.8p52;
  const double shifted = (double)x * 0.63661977236758134308 + shift;
  uint64_t quadrant;
  memcpy(&quadrant, &shifted, sizeof quadrant);
  quadrant += quarter;
  const double n = shifted - shift;
  const double r = ((double)x - n * 1.57079632673412561417e+00) - n * 6.07710050650619224932e-11;
  const double z = r * r;
  const double s =
      r + r * z * (-0.166666666416265235595 +
                   z * (0.0083333293858894631756 + z * (-0.000198393348360966317347 + z * 0.0000027183114939898219064)));
  const double c =
      1.0 + z * (-0.499999997251031003120 +
                 z * (0.0416666233237390631894 + z * (-0.00138867637746099294692 + z * 0.0000243904487962774090654)));
  const double chosen = (quadrant & 1) ? c : s;
  return (float)((quadrant & 2) ? -chosen : chosen);
}

/// By the arc sine near 0, by that of the half angle elsewhere, in double precision; the quotient of polynomials is that
/// of FreeBSD's acosf.
MOON_INLINE float arc_cosine(float x) {
  const double wide = (double)x, size = fabs(wide);
  const int is_near = size < 0.5;
  const double z = is_near ? wide * wide : (1.0 - size) * 0.5;
  const double s = is_near ? wide : __builtin_elementwise_sqrt(z);
  const double quotient =
      z * (1.6666586697e-01 + z * (-4.2743422091e-02 + z * -8.6563630030e-03)) / (1.0 + z * -7.0662963390e-01);
  const double arc_sine = s + s * quotient;
  const double far = x < 0.0f ? 3.14159265358979323846 - 2.0 * arc_sine : 2.0 * arc_sine;
  return (float)(is_near ? 1.57079632679489661923 - arc_sine : far);
}

MOON_INLINE void sines(float *destination, const float *source, ptrdiff_t stride, ptrdiff_t count, uint64_t quarter) {
  const ptrdiff_t block = 256;
  for (ptrdiff_t start = 0; start < count; start += block) {
    const ptrdiff_t end = start + block < count ? start + block : count;
    uint32_t large = 0;
    for (ptrdiff_t i = start; i < end; i++) large |= (moon_bits_of(source[i * stride]) & 0x7FFFFFFFu) > 0x49800000u;
    if (!large && stride == 1) {
#pragma clang loop vectorize(assume_safety)
      for (ptrdiff_t i = start; i < end; i++) destination[i] = sine(source[i], quarter);
    } else if (!large) {
      for (ptrdiff_t i = start; i < end; i++) destination[i] = sine(source[i * stride], quarter);
    } else {
      for (ptrdiff_t i = start; i < end; i++) {
        destination[i] = quarter ? cosf(source[i * stride]) : sinf(source[i * stride]);
      }
    }
  }
}

#define UNARY_LOOPS(EXPRESSION)                             \
  if (stride == 1) {                                        \
    MOON_LOOP {                                             \
      const float x = source[i];                            \
      destination[i] = EXPRESSION;                          \
    }                                                       \
  } else {                                                  \
    for (ptrdiff_t i = 0; i < count; i++) {                 \
      const float x = source[i * stride];                   \
      destination[i] = EXPRESSION;                          \
    }                                                       \
  }                                                         \
  break;

MOON_CLONES static void unary_run(
    moon_unary operation, float *destination, const float *source, ptrdiff_t stride, ptrdiff_t count) {
  switch (operation) {
    case moon_unary_copy: UNARY_LOOPS(x)
    case moon_unary_negate: UNARY_LOOPS(-x)
    case moon_unary_absolute: UNARY_LOOPS(fabsf(x))
    case moon_unary_square_root: UNARY_LOOPS(__builtin_elementwise_sqrt(x))
    case moon_unary_exponential: UNARY_LOOPS(exponential(x))
    case moon_unary_logarithm: UNARY_LOOPS(logarithm(x))
    case moon_unary_sine: sines(destination, source, stride, count, 0); break;
    case moon_unary_cosine: sines(destination, source, stride, count, 1); break;
    case moon_unary_arc_cosine: UNARY_LOOPS(arc_cosine(x))
    case moon_unary_hyperbolic_tangent: UNARY_LOOPS(moon_tanh(x))
    case moon_unary_sign: UNARY_LOOPS((float)((x > 0.0f) - (x < 0.0f)))
    case moon_unary_floor: UNARY_LOOPS(__builtin_elementwise_floor(x))
    case moon_unary_ceiling: UNARY_LOOPS(__builtin_elementwise_ceil(x))
    case moon_unary_round: UNARY_LOOPS(__builtin_elementwise_roundeven(x))
  }
}

void moon_unary_run(
    moon_unary operation, float *destination, const float *source, ptrdiff_t stride, ptrdiff_t count) {
#if defined(__x86_64__)
  if (operation == moon_unary_exponential && stride == 1 && moon_has_wide_vectors()) {
    wide_exponentials(destination, source, count);
    return;
  }
#endif
  unary_run(operation, destination, source, stride, count);
}

void moon_unary_walk(
    moon_unary operation, float *destination, const float *source, const ptrdiff_t *layout, ptrdiff_t begin,
    ptrdiff_t end) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 1, begin);
  while (begin < end) {
    ptrdiff_t run = moon_cursor_run(&cursor, end - begin);
    moon_unary_run(operation, destination + begin, source + cursor.offset[0], cursor.strides[0][cursor.last], run);
    begin += run;
    moon_cursor_advance(&cursor, 1, run);
  }
}
