#include "moon_order.h"

#include "walk.h"

#include <string.h>

MOON_INLINE uint32_t key_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != value) return MOON_KEY_NOT_A_NUMBER;
  // Minus zero and zero are one number.
  if (value == 0.0f) return 0x80000000u;
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

float moon_order_value(uint32_t key) {
  uint32_t bits = key == MOON_KEY_NOT_A_NUMBER ? 0x7FC00000u : key & 0x80000000u ? key & 0x7FFFFFFFu : ~key;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void moon_order_keys(uint32_t *keys, const float *source, const ptrdiff_t *layout, ptrdiff_t count) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 1, 0);
  for (ptrdiff_t position = 0; position < count;) {
    const ptrdiff_t run = moon_cursor_run(&cursor, count - position);
    const ptrdiff_t stride = cursor.strides[0][cursor.last];
    const float *from = source + cursor.offset[0];
    for (ptrdiff_t i = 0; i < run; i++) keys[position + i] = key_of(from[i * stride]);
    position += run;
    moon_cursor_advance(&cursor, 1, run);
  }
}

void moon_order_sort(uint32_t *keys, uint32_t *scratch, ptrdiff_t count) {
  if (count <= 64) {
    for (ptrdiff_t i = 1; i < count; i++) {
      const uint32_t key = keys[i];
      ptrdiff_t j = i;
      for (; j > 0 && keys[j - 1] > key; j--) keys[j] = keys[j - 1];
      keys[j] = key;
    }
    return;
  }
  uint32_t counts[4][256] = {{0}};
  for (ptrdiff_t i = 0; i < count; i++) {
    for (int digit = 0; digit < 4; digit++) counts[digit][keys[i] >> (8 * digit) & 255]++;
  }
  uint32_t *from = keys, *to = scratch;
  for (int digit = 0; digit < 4; digit++) {
    uint32_t next = 0;
    for (int value = 0; value < 256; value++) {
      const uint32_t here = counts[digit][value];
      counts[digit][value] = next;
      next += here;
    }
    for (ptrdiff_t i = 0; i < count; i++) to[counts[digit][from[i] >> (8 * digit) & 255]++] = from[i];
    uint32_t *other = from;
    from = to;
    to = other;
  }
}

void moon_order_count_upper(
    ptrdiff_t *counts, const float *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 1, begin);
  while (begin < end) {
    const ptrdiff_t run = moon_cursor_run(&cursor, end - begin);
    const ptrdiff_t stride = cursor.strides[0][cursor.last];
    const float *from = source + cursor.offset[0];
    for (ptrdiff_t i = 0; i < run; i++) counts[key_of(from[i * stride]) >> 16]++;
    begin += run;
    moon_cursor_advance(&cursor, 1, run);
  }
}

void moon_order_count_lower(
    ptrdiff_t *counts, const float *source, const ptrdiff_t *layout, ptrdiff_t begin, ptrdiff_t end, uint32_t upper) {
  moon_cursor cursor;
  moon_cursor_start(&cursor, layout, 1, begin);
  while (begin < end) {
    const ptrdiff_t run = moon_cursor_run(&cursor, end - begin);
    const ptrdiff_t stride = cursor.strides[0][cursor.last];
    const float *from = source + cursor.offset[0];
    for (ptrdiff_t i = 0; i < run; i++) {
      const uint32_t key = key_of(from[i * stride]);
      if (key >> 16 == upper) counts[key & 0xFFFFu]++;
    }
    begin += run;
    moon_cursor_advance(&cursor, 1, run);
  }
}
