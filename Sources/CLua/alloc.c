// The allocator: a hard cap, exact accounting, a look at the clock, and a guard against single instructions that take long.
#include <stdlib.h>

#include "moon_internal.h"

/// Calls inside calls from which on a lack of memory is a stack overflow.
enum { DEEP_CALLS = 20000 };

int moon_period(const moon_lua *s) {
  const moon_memory *m = &s->memory;
  if (m->big_strings_overflowed) return 1;
  // Comparing strings of zero bytes takes 10 ns a byte; walking through an emptied table or copying a stack takes one for
  // each entry. At most 20 ms shall pass between two looks.
  size_t nanoseconds = m->big_string_bytes * 10 + m->big_bytes / 24;
  size_t period = 20 * 1000 * 1000 / (nanoseconds + 1);
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

// MARK: Large blocks

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

// MARK: The allocator

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
  if (moon_guard_refuses(s, moon_table_nodes(old, tag, size))) return MOON_STOP_TABLE;
  return MOON_RUNNING;
}

/// Remembers why a block was refused, and where the script was.
static void note_refusal(moon_lua *s, moon_stop reason, size_t size) {
  moon_memory *m = &s->memory;
  lua_Debug ar;
  bool is_deep = s->running != NULL && lua_getstack(s->running, DEEP_CALLS, &ar);
  if (m->is_raising) return;  // what is refused while the error unwinds is of no interest
  if (m->refused_size == size) {
    m->is_raising = true;
    return;
  }
  moon_capture_frames(s->running, s);
  m->refused_as = reason == MOON_STOP_MEMORY && is_deep ? MOON_STOP_STACK : reason;
  m->refused_size = size;
}

static void release(moon_lua *s, void *block, size_t size) {
  if (block == NULL) return;
  forget_big_block(&s->memory, block, size);
  moon_guard_remove(&s->guard, block, size);
  s->memory.used -= size;
  moon_nest_free(&s->nest, block, size);
}

void *moon_allocate(void *ud, void *ptr, size_t osize, size_t nsize) {
  moon_lua *s = ud;
  moon_memory *m = &s->memory;
  size_t old = ptr == NULL ? 0 : osize;
  if (nsize == 0) {
    release(s, ptr, old);
    return NULL;
  }
  if (nsize > old) {
    moon_stop reason = refusal(s, ptr, osize, nsize, nsize - old);
    if (reason != MOON_RUNNING) {
      note_refusal(s, reason, nsize);
      return NULL;
    }
  }
  void *block = moon_nest_move(&s->nest, ptr, old, nsize);
  if (block == NULL) {
    if (nsize > old) {
      note_refusal(s, MOON_STOP_MEMORY, nsize);
      return NULL;
    }
    block = ptr;  // shrinking never fails
  }
  if (nsize > old && nsize == m->refused_size) m->refused_size = 0;
  if (ptr != NULL) {
    forget_big_block(m, ptr, old);
    moon_guard_remove(&s->guard, ptr, old);
  }
  count_big_block(m, block, ptr == NULL && osize == LUA_TSTRING, nsize);
  moon_guard_add(&s->guard, block, moon_table_nodes(ptr, osize, nsize));
  m->used += nsize - old;
  if (m->used > m->peak) m->peak = m->used;
  if (nsize >= MOON_BIG_BLOCK) adapt_period(s);
  return block;
}
