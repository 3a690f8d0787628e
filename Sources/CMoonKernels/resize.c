#include "moon_resize.h"

#include "dispatch.h"

#pragma STDC FP_CONTRACT OFF

MOON_CLONES void moon_resize_nearest_run(
    float *destination, const float *source, ptrdiff_t stride, ptrdiff_t size, float scale, ptrdiff_t first,
    ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) {
    const ptrdiff_t position = (ptrdiff_t)((float)(first + i) * scale);
    destination[i] = source[(position < size ? position : size - 1) * stride];
  }
}

MOON_CLONES void moon_resize_bilinear_run(
    float *destination, const float *upper, const float *lower, float weight, ptrdiff_t stride, ptrdiff_t size,
    float scale, ptrdiff_t first, ptrdiff_t count) {
  const float rest = 1.0f - weight;
  for (ptrdiff_t i = 0; i < count; i++) {
    float position = ((float)(first + i) + 0.5f) * scale - 0.5f;
    position = position > 0.0f ? position : 0.0f;
    ptrdiff_t left = (ptrdiff_t)position;
    left = left < size ? left : size - 1;
    const ptrdiff_t right = left < size - 1 ? left + 1 : left;
    float toward = position - (float)left;
    toward = toward < 1.0f ? toward : 1.0f;
    const float away = 1.0f - toward;
    const float above = away * upper[left * stride] + toward * upper[right * stride];
    const float below = away * lower[left * stride] + toward * lower[right * stride];
    destination[i] = rest * above + weight * below;
  }
}
