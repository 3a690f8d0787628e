// The first small blocks of a state lie side by side in one piece of memory, the nest: they are what a script lives with and
// what each collection visits, in an order that no processor foresees. So all of it is fetched before a collection, when
// operations on large tensors have driven it out of the cache. What does not fit comes from the system, one by one.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "moon_internal.h"

static size_t slot_of(size_t size) { return (size + 15) / 16; }

static bool is_inside(const moon_nest *nest, const void *block) {
  return (uintptr_t)block - (uintptr_t)nest->base < MOON_NEST_BYTES && nest->base != NULL;
}

static void *take(moon_nest *nest, size_t size) {
  if (size > MOON_NEST_BLOCK || nest->base == NULL) return malloc(size);
  size_t slot = slot_of(size);
  void **first = nest->free[slot - 1];
  if (first != NULL) {
    nest->free[slot - 1] = *first;
    return first;
  }
  if (MOON_NEST_BYTES - nest->used < slot * 16) return malloc(size);
  void *block = nest->base + nest->used;
  nest->used += slot * 16;
  return block;
}

/// Without memory for it everything comes from the system.
void moon_nest_open(moon_nest *nest) { nest->base = aligned_alloc(64, MOON_NEST_BYTES); }

void moon_nest_close(moon_nest *nest) { free(nest->base); }

void moon_nest_free(moon_nest *nest, void *block, size_t size) {
  if (!is_inside(nest, block)) {
    free(block);
    return;
  }
  size_t slot = slot_of(size);
  *(void **)block = nest->free[slot - 1];
  nest->free[slot - 1] = block;
}

void *moon_nest_move(moon_nest *nest, void *block, size_t old, size_t size) {
  if (block == NULL) return take(nest, size);
  if (!is_inside(nest, block)) return realloc(block, size);
  if (slot_of(old) == slot_of(size)) return block;
  void *moved = take(nest, size);
  if (moved == NULL) return NULL;
  memcpy(moved, block, old < size ? old : size);
  moon_nest_free(nest, block, old);
  return moved;
}

void moon_nest_fetch(const moon_nest *nest) {
  for (size_t place = 0; place < nest->used; place += 64) __builtin_prefetch(nest->base + place, 1);
}
