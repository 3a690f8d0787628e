// The allocator: a hard cap, exact accounting, a look at the clock, and a guard against single instructions that take long.
#include <stdlib.h>

#include "moon_internal.h"

enum {
  NODE_BYTES = 24,        // of one entry in the hash part of a table
  FREE_TABLE_NODES = 4096  // a table of this size rehashes in 25 ms at worst
};

/// The worst time to rebuild a table of `nodes` entries whose keys all collide: Lua walks one chain for each entry, and no
/// hook runs meanwhile. Three nanoseconds a link were measured.
static int64_t worst_rehash_nanoseconds(size_t nodes) {
  if (nodes > (1u << 24)) return INT64_MAX;
  return (int64_t)nodes * (int64_t)nodes / 2 * 3;
}

/// Whether a new block of `size` bytes is the hash part of a table, by its size; 0 or the number of its entries.
static size_t table_nodes(const void *old, size_t tag, size_t size) {
  if (old != NULL || tag != 0 || size % NODE_BYTES != 0) return 0;
  size_t nodes = size / NODE_BYTES;
  return (nodes & (nodes - 1)) == 0 ? nodes : 0;
}

int moon_period(const moon_lua *s) {
  const moon_memory *m = &s->memory;
  if (m->big_strings_overflowed) return 1;
  // Comparing strings of zero bytes takes 10 ns a byte, walking through a table or a stack an eighth of one.
  size_t nanoseconds = m->big_string_bytes * 10 + m->big_bytes / 8;
  size_t period = 10 * 1000 * 1000 / (nanoseconds + 1);
  if (period < 1) return 1;
  return period > MOON_PERIOD ? MOON_PERIOD : (int)period;
}

/// Looks at the clock more often as soon as an instruction can take long.
static void adapt_period(moon_lua *s) {
  if (s->running == NULL || s->is_closing) return;
  int period = moon_period(s);
  if (period < s->time.period) {
    s->time.period = period;
    lua_sethook(s->running, moon_hook, LUA_MASKCOUNT, period);
  }
}

static void count_big_block(moon_memory *m, void *block, bool is_string, size_t size) {
  if (size < MOON_BIG_BLOCK) return;
  if (!is_string) {
    m->big_bytes += size;
  } else if (m->big_string_count < MOON_BIG_STRINGS) {
    m->big_strings[m->big_string_count++] = block;
    m->big_string_bytes += size;
  } else {
    m->big_strings_overflowed = true;
    m->big_bytes += size;
  }
}

static void forget_big_block(moon_memory *m, void *block, size_t size) {
  if (size < MOON_BIG_BLOCK) return;
  for (size_t i = m->big_string_count; i > 0; i--) {
    if (m->big_strings[i - 1] == block) {
      m->big_strings[i - 1] = m->big_strings[--m->big_string_count];
      m->big_string_bytes -= size;
      return;
    }
  }
  m->big_bytes -= size;
}

/// The limit that refuses to grow a block by `extra` bytes to `size`, or `MOON_RUNNING` when nothing does.
static moon_stop refusal(moon_lua *s, void *old, size_t tag, size_t size, size_t extra) {
  moon_memory *m = &s->memory;
  uint64_t number = m->allocations++;
  if (number >= m->refuse_after && number - m->refuse_after < m->refuse_count) return MOON_STOP_MEMORY;
  if (m->cap == SIZE_MAX) return MOON_RUNNING;
  if (++m->calls >= 64 || size >= 64 * 1024) {
    m->calls = 0;
    moon_check_clock(s);
  }
  // A script that has ended still unwinds; the reserve spares it a full collection on the way.
  size_t cap = s->stop == MOON_RUNNING ? m->cap - m->reserve : m->cap;
  if (extra > cap || m->used > cap - extra) return MOON_STOP_MEMORY;
  if (old == NULL && tag == LUA_TSTRING && size > s->limits.string_bytes + 64) return MOON_STOP_STRING;
  size_t nodes = table_nodes(old, tag, size);
  if (nodes > FREE_TABLE_NODES && s->time.deadline != INT64_MAX &&
      worst_rehash_nanoseconds(nodes) > s->time.deadline - moon_now()) {
    return MOON_STOP_TABLE;
  }
  return MOON_RUNNING;
}

void *moon_allocate(void *ud, void *ptr, size_t osize, size_t nsize) {
  moon_lua *s = ud;
  moon_memory *m = &s->memory;
  size_t old = ptr == NULL ? 0 : osize;
  if (nsize == 0) {
    if (ptr == NULL) return NULL;
    forget_big_block(m, ptr, old);
    m->used -= old;
    free(ptr);
    return NULL;
  }
  if (nsize > old) {
    moon_stop reason = refusal(s, ptr, osize, nsize, nsize - old);
    if (reason != MOON_RUNNING) {
      if (!m->refused) moon_capture_frames(s->running, s);
      m->refused = true;
      m->refused_as = reason;
      return NULL;
    }
  }
  void *block = realloc(ptr, nsize);
  if (block == NULL) {
    if (nsize > old) {
      m->refused = true;
      m->refused_as = MOON_STOP_MEMORY;
      return NULL;
    }
    block = ptr;  // shrinking never fails
  }
  if (nsize > old) m->refused = false;
  if (ptr != NULL) forget_big_block(m, ptr, old);
  count_big_block(m, block, ptr == NULL && osize == LUA_TSTRING, nsize);
  m->used += nsize - old;
  if (m->used > m->peak) m->peak = m->used;
  if (nsize >= MOON_BIG_BLOCK) adapt_period(s);
  return block;
}
