#include "moon_product.h"
#include "moon_winograd.h"
#include "vectors.h"
#include "winograd_points.h"

#define TAPS 9
// Filters of a panel that are packed at a time: they stay in the first cache.
#define PACKED 16

#define FILTER_NAME(name) name
#define FILTER_TARGET MOON_CLONES
#define FILTER_VECTOR moon_v8
#define FILTER_LANES MOON_LANES
#include "winograd_filters.h"
#undef FILTER_NAME
#undef FILTER_TARGET
#undef FILTER_VECTOR
#undef FILTER_LANES

#if defined(__x86_64__)
// With AVX-512 a panel is one vector, and all 18 halfway values stay in registers.
#define FILTER_NAME(name) wide_##name
#define FILTER_TARGET MOON_WIDE
#define FILTER_VECTOR moon_v16
#define FILTER_LANES MOON_PANEL
#include "winograd_filters.h"
#undef FILTER_NAME
#undef FILTER_TARGET
#undef FILTER_VECTOR
#undef FILTER_LANES
#endif

/// Fetches `bytes` from each of `lines` places, `stride` bytes apart.
MOON_INLINE void fetch(const char *start, ptrdiff_t stride, ptrdiff_t lines, ptrdiff_t bytes) {
  for (ptrdiff_t line = 0; line < lines; line++) {
    for (ptrdiff_t at = 0; at < bytes; at += 64) __builtin_prefetch(start + line * stride + at);
  }
}

void moon_winograd_filters(
    float *u, ptrdiff_t point_stride, const void *source, int kind, ptrdiff_t stride, ptrdiff_t outputs,
    ptrdiff_t inputs) {
  float packed[PACKED * TAPS * MOON_PANEL];
  const ptrdiff_t size = kind == moon_float32 ? 4 : 2;
  for (ptrdiff_t first = 0; first < inputs; first += PACKED) {
    const ptrdiff_t count = inputs - first < PACKED ? inputs - first : PACKED;
    const char *taps = (const char *)source + first * TAPS * size;
    moon_pack_columns(packed, taps, kind, stride, outputs, count * TAPS, 1);
    // Lines of weights are too short for the processor to see what comes next.
    const ptrdiff_t ahead = inputs - first - count < PACKED ? inputs - first - count : PACKED;
    fetch(taps + count * TAPS * size, stride * size, outputs, ahead * TAPS * size);
#if defined(__x86_64__)
    if (moon_has_wide_vectors()) {
      wide_panel_to_points(u + first * MOON_PANEL, point_stride, packed, count);
      continue;
    }
#endif
    panel_to_points(u + first * MOON_PANEL, point_stride, packed, count);
  }
}
