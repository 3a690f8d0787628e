// The guard against colliding table keys. When the hash part of a table is full, Lua moves all its keys into a larger one
// inside a single instruction, and walks one chain for each key. A script that picks its integers or floats well makes
// 32,000 such steps take 1.4 s, and no hook runs meanwhile. So before the larger part is handed out, the keys of the large
// tables are looked at in memory, and the request is refused when they would fall on too few places.
//
// This reads Lua's own layout of a table's entries. It is checked when a state is made; where it does not hold, growth is
// refused instead when the time left could not cover the worst case.
#include <math.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "moon_internal.h"

enum {
  LEAST_NODES = 4096,         // below, the worst case takes 25 ms
  MOST_STEPS = 10 * 1000 * 1000,  // of all chains together: about 25 ms
  TEST_NODES = 64,
  INTEGER_KEY = LUA_TNUMBER,
  FLOAT_KEY = LUA_TNUMBER | 1 << 4
};

/// One entry of a table's hash part, as Lua 5.4 lays it out on 64-bit machines.
typedef struct node {
  uint64_t value;
  uint8_t value_type;
  uint8_t key_type;
  int32_t next;
  union {
    int64_t integer;
    double number;
  } key;
} node;

_Static_assert(sizeof(node) == 24, "the layout that this file knows");

size_t moon_table_nodes(const void *old, size_t tag, size_t size) {
  if (old != NULL || tag != 0 || size % sizeof(node) != 0) return 0;
  size_t nodes = size / sizeof(node);
  return (nodes & (nodes - 1)) == 0 ? nodes : 0;
}

/// Lua's hash of a float.
static unsigned float_hash(double number) {
  int exponent;
  lua_Integer integer;
  number = frexp(number, &exponent) * -(double)INT_MIN;
  if (!lua_numbertointeger(number, &integer)) return 0;
  unsigned hash = (unsigned)exponent + (unsigned)integer;
  return hash <= (unsigned)INT_MAX ? hash : ~hash;
}

/// The place of a number in a table of `nodes` entries, or -1 for other keys and empty entries.
static int64_t place(const node *n, size_t nodes) {
  uint64_t modulus = (uint64_t)(nodes - 1) | 1;
  if ((n->value_type & 0x0F) == LUA_TNIL) return -1;
  if (n->key_type == INTEGER_KEY) return (int64_t)((uint64_t)n->key.integer % modulus);
  if (n->key_type == FLOAT_KEY) return (int64_t)(float_hash(n->key.number) % modulus);
  return -1;
}

// MARK: The large tables

void moon_guard_add(moon_guard *g, void *block, size_t nodes) {
  if (nodes < g->least) return;
  if (g->count == MOON_GUARDED_TABLES) {
    g->is_overflowed = true;
    return;
  }
  g->tables[g->count++] = (moon_guarded_table){block, nodes};
}

void moon_guard_remove(moon_guard *g, const void *block, size_t size) {
  if (g->least > size / sizeof(node) || moon_table_nodes(NULL, 0, size) == 0) return;
  for (size_t i = g->count; i > 0; i--) {
    if (g->tables[i - 1].block == block) {
      g->tables[i - 1] = g->tables[--g->count];
      return;
    }
  }
}

/// Steps that Lua would take to put the keys of `table` into a table of `nodes` entries, all chains together.
static uint64_t chain_steps(const moon_guarded_table *table, size_t nodes, uint16_t *counts) {
  const node *entries = table->block;
  uint64_t steps = 0;
  memset(counts, 0, nodes * sizeof *counts);
  for (size_t i = 0; i < table->nodes; i++) {
    int64_t at = place(&entries[i], nodes);
    if (at < 0) continue;
    steps += counts[at];
    if (counts[at] < UINT16_MAX) counts[at]++;
  }
  return steps;
}

static bool finds_collisions(const moon_guard *g, size_t nodes) {
  uint16_t *counts = malloc(nodes * sizeof *counts);
  bool is_found = counts == NULL;
  for (size_t i = 0; i < g->count && !is_found; i++) {
    is_found = chain_steps(&g->tables[i], nodes, counts) > MOST_STEPS;
  }
  free(counts);
  return is_found;
}

bool moon_guard_refuses(moon_lua *s, size_t nodes) {
  const moon_guard *g = &s->guard;
  if (nodes <= LEAST_NODES || s->time.deadline == INT64_MAX) return false;
  if (nodes > 1u << 26) return true;
  if (g->is_verified && !g->is_overflowed) return finds_collisions(g, nodes);
  // Three nanoseconds for each step that the worst case takes.
  return (int64_t)nodes * (int64_t)nodes / 2 * 3 > s->time.deadline - moon_now();
}

// MARK: The check of the layout

/// Whether the entry at `index` is in the chain that begins at its own place.
static bool is_in_its_chain(const node *entries, size_t index) {
  int64_t at = place(&entries[index], TEST_NODES);
  for (int steps = 0; at >= 0 && at < TEST_NODES && steps < TEST_NODES; steps++) {
    if ((size_t)at == index) return true;
    if (entries[at].next == 0) return false;
    at += entries[at].next;
  }
  return false;
}

/// Fills a table with numbers and looks whether they lie in memory as this file believes.
void moon_open_guard(lua_State *L, moon_lua *s) {
  moon_guard *g = &s->guard;
  g->least = TEST_NODES;
  g->count = 0;
  lua_createtable(L, 0, TEST_NODES);
  for (int i = 0; i < TEST_NODES / 2; i++) {
    lua_pushinteger(L, (lua_Integer)i * 7919 * 1000003 - 500000);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    lua_pushnumber(L, i * 1.25e3 + 0.3);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
  bool is_good = g->count == 1 && g->tables[0].nodes == TEST_NODES;
  for (size_t i = 0; i < TEST_NODES && is_good; i++) is_good = is_in_its_chain(g->tables[0].block, i);
  g->is_verified = is_good;
  g->count = 0;
  g->least = LEAST_NODES;
  lua_pop(L, 1);
}
