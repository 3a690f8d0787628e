// Exponentials, hyperbolic tangent and the activations made of them, one element at a time and without
// branches, so that a loop over them becomes vector instructions.
//
// Largest errors: exponentials 2 units in the last place of the result (results below 2^-126 become zero), hyperbolic
// tangent 3, activations 4 (GELU and its approximation: of the argument, as their definitions cancel). The polynomials
// are weighted minimax fits made for this file.
#pragma once

#include "dispatch.h"

#include <stdint.h>
#include <string.h>

MOON_INLINE float moon_float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

MOON_INLINE uint32_t moon_bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

MOON_INLINE float moon_magnitude(float value) { return moon_float_of(moon_bits_of(value) & 0x7FFFFFFFu); }

/// `magnitude` with the sign of `sign`.
MOON_INLINE float moon_signed(float magnitude, float sign) {
  return moon_float_of((moon_bits_of(magnitude) & 0x7FFFFFFFu) | (moon_bits_of(sign) & 0x80000000u));
}

/// e^x for x <= 88; below -87 the result is zero. Not-a-number stays what it is.
MOON_INLINE float moon_exp_bounded(float x) {
  const float shifted = x * 0x1.715476p0f + 0x1.8p23f;  // round(x / ln 2) in the low bits
  const float power = shifted - 0x1.8p23f;
  // ln 2 in two parts, the first short enough that its product with the power is exact.
  const float r = (x - power * 0x1.63p-1f) - power * -0x1.bd0106p-13f;
  float p = 0x1.6a242ap-10f;
  p = p * r + 0x1.123a26p-7f;
  p = p * r + 0x1.5558f2p-5f;
  p = p * r + 0x1.555490p-3f;
  p = p * r + 0x1.fffffcp-2f;
  p = p * (r * r) + r;
  // The low bits of `shifted` are the power: they are added to the exponent.
  const float result = moon_float_of(moon_bits_of(p + 1.0f) + (moon_bits_of(shifted) << 23));
  return x < -87.0f ? 0.0f : result;
}

/// 2^x for x <= 127; below -126 the result is zero. At most 1.5 units in the last place off.
MOON_INLINE float moon_exp2_bounded(float x) {
  const float shifted = x + 0x1.8p23f;  // round(x) in the low bits
  const float f = x - (shifted - 0x1.8p23f);
  float p = 0x1.41fbccp-13f;
  p = p * f + 0x1.5f3ecep-10f;
  p = p * f + 0x1.3b2d4ep-7f;
  p = p * f + 0x1.c6aee8p-5f;
  p = p * f + 0x1.ebfbdcp-3f;
  p = p * f + 0x1.62e430p-1f;
  const float result = moon_float_of(moon_bits_of(p * f + 1.0f) + (moon_bits_of(shifted) << 23));
  return x < -126.0f ? 0.0f : result;
}

/// tanh(x): an odd polynomial below 0.63, 1 - 2 / (e^2t + 1) above.
MOON_INLINE float moon_tanh(float x) {
  const float t = moon_magnitude(x);
  const float s = x * x;
  float p = 0x1.16ae08p-9f;
  p = p * s - 0x1.0b5eb2p-7f;
  p = p * s + 0x1.636dc6p-6f;
  p = p * s - 0x1.b9ebf2p-5f;
  p = p * s + 0x1.11105ap-3f;
  p = p * s - 0x1.555554p-2f;
  const float low = p * (s * x) + x;
  const float u = t > 10.0f ? 10.0f : t;
  const float high = moon_signed(1.0f - 2.0f / (moon_exp_bounded(u + u) + 1.0f), x);
  return t < 0.63f ? low : (x != x ? x : high);
}

/// x / (1 + e^-x).
MOON_INLINE float moon_silu(float x) {
  const float bounded = x < -87.0f ? -87.0f : x;
  return bounded / (1.0f + moon_exp_bounded(-bounded));
}

/// x/2 (1 + erf(x / sqrt 2)) = max(x, 0) - t 2^P(t) with t = |x|, P being a polynomial for the binary logarithm of half
/// the complementary error function; past t = 6 the second part stays below 1e-8. Unlike 1 + erf it cancels nothing.
MOON_INLINE float moon_gelu(float x) {
  const float magnitude = moon_magnitude(x);
  const float t = magnitude > 6.0f ? 6.0f : magnitude;
  float p = 0x1.101f82p-21f;
  p = p * t - 0x1.3ddd60p-17f;
  p = p * t + 0x1.38494ap-14f;
  p = p * t - 0x1.287000p-12f;
  p = p * t + 0x1.926746p-17f;
  p = p * t + 0x1.c6729cp-8f;
  p = p * t - 0x1.ad8fbep-5f;
  p = p * t - 0x1.d63dfcp-2f;
  p = p * t - 0x1.26aec6p+0f;
  p = p * t - 1.0f;
  return (x < 0.0f ? 0.0f : x) - t * moon_exp2_bounded(p);
}

MOON_INLINE float moon_gelu_tanh(float x) {
  return 0.5f * x * (1.0f + moon_tanh(0x1.988454p-1f * (x + 0.044715f * x * x * x)));
}

MOON_INLINE float moon_quick_gelu(float x) {
  const float bounded = x < -51.0f ? -51.0f : x;
  return bounded / (1.0f + moon_exp_bounded(-1.702f * bounded));
}
