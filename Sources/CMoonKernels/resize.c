#include "moon_resize.h"

#include "dispatch.h"

#pragma STDC FP_CONTRACT OFF

MOON_INLINE void nearest(
    float *restrict destination, const float *restrict source, ptrdiff_t stride, int size, float scale, ptrdiff_t first,
    ptrdiff_t count) {
  const float last = (float)(size - 1);
  for (ptrdiff_t i = 0; i < count; i++) {
    float position = (float)(int)(first + i) * scale;
    position = position < last ? position : last;
    const int column = (int)position;
    destination[i] = source[(column < size ? column : size - 1) * stride];
  }
}

MOON_CLONES void moon_resize_nearest_run(
    float *destination, const float *source, ptrdiff_t stride, ptrdiff_t size, float scale, ptrdiff_t first,
    ptrdiff_t count) {
  if (stride == 1) {
    nearest(destination, source, 1, (int)size, scale, first, count);
  } else {
    nearest(destination, source, stride, (int)size, scale, first, count);
  }
}

MOON_INLINE void bilinear(
    float *restrict destination, const float *restrict upper, const float *restrict lower, float weight, ptrdiff_t stride, int size, float scale,
    ptrdiff_t first, ptrdiff_t count) {
  const float rest = 1.0f - weight;
  const float last = (float)(size - 1);
  for (ptrdiff_t i = 0; i < count; i++) {
    float position = ((float)(int)(first + i) + 0.5f) * scale - 0.5f;
    position = position > 0.0f ? position : 0.0f;
    position = position < last ? position : last;
    int left = (int)position;
    left = left < size ? left : size - 1;
    const int right = left < size - 1 ? left + 1 : left;
    const float toward = position - (float)left;
    const float away = 1.0f - toward;
    const float above = away * upper[left * stride] + toward * upper[right * stride];
    const float below = away * lower[left * stride] + toward * lower[right * stride];
    destination[i] = rest * above + weight * below;
  }
}

MOON_CLONES void moon_resize_bilinear_run(
    float *restrict destination, const float *restrict upper, const float *restrict lower, float weight, ptrdiff_t stride, ptrdiff_t size,
    float scale, ptrdiff_t first, ptrdiff_t count) {
  if (stride == 1) {
    bilinear(destination, upper, lower, weight, 1, (int)size, scale, first, count);
  } else {
    bilinear(destination, upper, lower, weight, stride, (int)size, scale, first, count);
  }
}
