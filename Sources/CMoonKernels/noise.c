#include "moon_noise.h"

#include "dispatch.h"

#include <math.h>
#include <string.h>

// Each rounding below is part of the result: fused steps are written as fmaf, all others round twice.
#pragma STDC FP_CONTRACT OFF

enum { twist_distance = 397, pairs = 8 };

void moon_twister_seed(uint32_t *state, uint32_t seed) {
  state[0] = seed;
  for (uint32_t i = 1; i < moon_twister_size; i++) {
    state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
  }
}

MOON_INLINE uint32_t twisted(uint32_t upper, uint32_t lower, uint32_t far) {
  uint32_t mixed = (upper & 0x80000000u) | (lower & 0x7FFFFFFFu);
  return far ^ (mixed >> 1) ^ ((lower & 1u) ? 0x9908B0DFu : 0u);
}

static void twist(uint32_t *state) {
  ptrdiff_t i = 0;
  for (; i < moon_twister_size - twist_distance; i++) {
    state[i] = twisted(state[i], state[i + 1], state[i + twist_distance]);
  }
  for (; i < moon_twister_size - 1; i++) {
    state[i] = twisted(state[i], state[i + 1], state[i + twist_distance - moon_twister_size]);
  }
  state[i] = twisted(state[i], state[0], state[twist_distance - 1]);
}

MOON_INLINE uint32_t next_word(uint32_t *state, ptrdiff_t *position) {
  if (*position >= moon_twister_size) {
    twist(state);
    *position = 0;
  }
  uint32_t word = state[(*position)++];
  word ^= word >> 11;
  word ^= (word << 7) & 0x9D2C5680u;
  word ^= (word << 15) & 0xEFC60000u;
  return word ^ (word >> 18);
}

void moon_twister_words(uint32_t *state, ptrdiff_t *position, uint32_t *words, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) words[i] = next_word(state, position);
}

void moon_twister_uniform(uint32_t *state, ptrdiff_t *position, float *values, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) values[i] = (float)(next_word(state, position) & 0xFFFFFFu) * 0x1p-24f;
}

MOON_INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

MOON_INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Natural logarithm of a positive normal number: Cephes' logf, with the fused steps of the AVX2 build of PyTorch.
MOON_INLINE float cephes_log(float value) {
  uint32_t bits = bits_of(value);
  float exponent = (float)((int32_t)(bits >> 23) - 126);
  float x = float_of((bits & 0x007FFFFFu) | 0x3F000000u);
  float below = x < 0.707106781186547524f ? 1.0f : 0.0f;
  exponent = exponent - below;
  x = (x - 1.0f) + x * below;
  float square = x * x;
  float y = 7.0376836292E-2f;
  y = fmaf(y, x, -1.1514610310E-1f);
  y = fmaf(y, x, 1.1676998740E-1f);
  y = fmaf(y, x, -1.2420140846E-1f);
  y = fmaf(y, x, 1.4249322787E-1f);
  y = fmaf(y, x, -1.6668057665E-1f);
  y = fmaf(y, x, 2.0000714765E-1f);
  y = fmaf(y, x, -2.4999993993E-1f);
  y = fmaf(y, x, 3.3333331174E-1f);
  y = y * x;
  y = fmaf(y, square, exponent * -2.12194440e-4f);
  y = fmaf(square, -0.5f, y);
  return fmaf(exponent, 0.693359375f, x + y);
}

/// Sine and cosine of an angle in [0, 2 pi]: Cephes' sinf and cosf, fused likewise.
MOON_INLINE void cephes_sine_cosine(float angle, float *sine, float *cosine) {
  uint32_t octant = ((uint32_t)(int32_t)(angle * 1.27323954473516f) + 1u) & ~1u;
  float turns = (float)(int32_t)octant;
  float x = fmaf(turns, -0.78515625f, angle);
  x = fmaf(turns, -2.4187564849853515625e-4f, x);
  x = fmaf(turns, -3.77489497744594108e-8f, x);
  float square = x * x;
  float even = fmaf(2.443315711809948E-005f, square, -1.388731625493765E-003f);
  even = fmaf(even, square, 4.166664568298827E-002f);
  even = even * square;
  even = fmaf(even, square, -(square * 0.5f)) + 1.0f;
  float odd = fmaf(-1.9515295891E-4f, square, 8.3321608736E-3f);
  odd = fmaf(odd, square, -1.6666654611E-1f);
  odd = odd * square;
  odd = fmaf(odd, x, x);
  int swapped = (octant & 2u) != 0;
  uint32_t sine_sign = (octant & 4u) << 29;
  uint32_t cosine_sign = (~(octant - 2u) & 4u) << 29;
  *sine = float_of(bits_of(swapped ? even : odd) ^ sine_sign);
  *cosine = float_of(bits_of(swapped ? odd : even) ^ cosine_sign);
}

MOON_CLONES void moon_normal_from_uniform(float *values, ptrdiff_t blocks) {
  for (ptrdiff_t block = 0; block < blocks; block++, values += 2 * pairs) {
    for (int i = 0; i < pairs; i++) {
      float radius = __builtin_elementwise_sqrt(-2.0f * cephes_log(1.0f - values[i]));
      float sine, cosine;
      cephes_sine_cosine(6.283185307179586f * values[i + pairs], &sine, &cosine);
      // Adding 0 makes a negative zero positive.
      values[i] = radius * cosine + 0.0f;
      values[i + pairs] = radius * sine + 0.0f;
    }
  }
}
