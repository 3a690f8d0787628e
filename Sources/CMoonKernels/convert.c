#include "moon_convert.h"

#include "dispatch.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

MOON_INLINE float widen_half(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
  uint32_t rest = half & 0x7FFFu;
  if (rest >= 0x7C00u) return float_of(sign | 0x7F800000u | ((rest & 0x3FFu) << 13));
  // 2^112 moves the exponent's bias; subnormal halves become normal floats by the same product.
  return float_of(sign | bits_of(float_of(rest << 13) * 0x1p112f));
}

MOON_INLINE uint16_t narrow_half(float value) {
  uint32_t bits = bits_of(value);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t rest = bits & 0x7FFFFFFFu;
  if (rest > 0x7F800000u) return (uint16_t)(sign | 0x7E00u | ((rest >> 13) & 0x3FFu));
  if (rest >= 0x477FF000u) return (uint16_t)(sign | 0x7C00u);
  if (rest < 0x38800000u) {
    // Below the smallest normal half: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits.
    return (uint16_t)(sign | (bits_of(float_of(rest) + 0.5f) - 0x3F000000u));
  }
  return (uint16_t)(sign | ((rest - 0x38000000u + 0xFFFu + ((rest >> 13) & 1u)) >> 13));
}

MOON_INLINE uint16_t narrow_brain(float value) {
  uint32_t bits = bits_of(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return (uint16_t)((bits >> 16) | 0x40u);
  return (uint16_t)((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

void moon_copy_f32(float *destination, const float *source, ptrdiff_t count) {
  memcpy(destination, source, (size_t)count * sizeof *source);
}

void moon_copy_strided_f32(float *destination, const float *source, ptrdiff_t stride, ptrdiff_t count) {
  if (stride == 1) {
    memcpy(destination, source, (size_t)count * sizeof *source);
    return;
  }
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = source[i * stride];
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static void widen_f16_vectors(
    float *destination, const uint16_t *source, ptrdiff_t count) {
  ptrdiff_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(destination + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(source + i))));
  }
  for (; i < count; i++) destination[i] = widen_half(source[i]);
}
#endif

void moon_widen_f16(float *destination, const uint16_t *source, ptrdiff_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("f16c")) {
    widen_f16_vectors(destination, source, count);
    return;
  }
#endif
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = widen_half(source[i]);
}

MOON_CLONES void moon_widen_bf16(float *destination, const uint16_t *source, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = float_of((uint32_t)source[i] << 16);
}

void moon_widen_strided(float *destination, const uint16_t *source, ptrdiff_t stride, ptrdiff_t count, bool is_half) {
  for (ptrdiff_t i = 0; i < count; i++) {
    uint16_t bits = source[i * stride];
    destination[i] = is_half ? widen_half(bits) : float_of((uint32_t)bits << 16);
  }
}

MOON_CLONES void moon_narrow_f16(uint16_t *destination, const float *source, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = narrow_half(source[i]);
}

MOON_CLONES void moon_narrow_bf16(uint16_t *destination, const float *source, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) destination[i] = narrow_brain(source[i]);
}
